/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP server that answers wrongly in every way a byte stream allows. The path of a request says how: /STATUS/FAULT with
 *   none        that status, with a short body       redirect   the same with a Location
 *   oversized   the same with a mebibyte of body     garbage    bytes that are no HTTP
 *   reset       the connection is reset              drip       the reply comes a byte at a time, too slowly
 *   stall       nothing comes                        half-close the head, a tenth of the body, and the end
 * Listens on 127.0.0.1 in threads of its own.
 */
#ifndef TOLD_HTTP_FAULT_H
#define TOLD_HTTP_FAULT_H

#include "sink_tls.h"

struct http_fault;

/* tls: NULL for clear text; taken over. NULL if it cannot listen. */
struct http_fault *http_fault_start(struct sink_tls *tls);
void http_fault_stop(struct http_fault *server); /* ends every connection, and frees; NULL is fine */
int http_fault_port(const struct http_fault *server);
long http_fault_requests(struct http_fault *server); /* read whole, whatever was answered */

#endif
