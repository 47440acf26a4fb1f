/* SPDX-License-Identifier: Apache-2.0 */
/* keys: CURVE pairs of feeds and of told itself. */
#ifndef TOLD_TOLDCTL_KEYS_H
#define TOLD_TOLDCTL_KEYS_H

/* argv[0] is the command: `keys new NAME [--dir DIR]`, `keys list`, `keys revoke FEED`. */
int toldctl_keys(int argc, char **argv, const char *config_path);

#endif
