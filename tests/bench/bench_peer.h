/* SPDX-License-Identifier: Apache-2.0 */
/* Servers and a sender that are not ours, each a private process on 127.0.0.1: Postfix's smtp-sink and smtp-source, nginx. */
#ifndef TOLD_BENCH_PEER_H
#define TOLD_BENCH_PEER_H

struct bench_peer;

struct bench_peer *bench_peer_smtp_sink(void);
struct bench_peer *bench_peer_nginx(void); /* 204 to whatever is posted; keeps nothing */
int bench_peer_port(const struct bench_peer *peer);
void bench_peer_stop(struct bench_peer *peer);

/* smtp-source: so many mails of so many bytes over so many kept connections; returns mails per second. */
double bench_peer_smtp_source(const struct bench_peer *sink, int sessions, int mails, long len);

#endif
