/* SPDX-License-Identifier: Apache-2.0 */
/* publish: the reference publisher of the confirmed feed, from NDJSON or, on a feed with an adapter, whole files. */
#ifndef TOLD_TOLDCTL_PUBLISH_H
#define TOLD_TOLDCTL_PUBLISH_H

/* argv[0] is the command. Ends 0 when everything was acknowledged, 65 when something was refused, 69 when told could not
 * be reached, 75 when it stayed busy (wire.md). config_path NULL: the usual places. */
int toldctl_publish(int argc, char **argv, const char *config_path);

#endif
