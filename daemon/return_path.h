/* SPDX-License-Identifier: Apache-2.0 */
/* The key of this installation's return paths (verp.h), as the database keeps it. */
#ifndef TOLD_RETURN_PATH_H
#define TOLD_RETURN_PATH_H

#include "pg.h"
#include "told/verp.h"

struct return_path {
    bool is_known;
    unsigned char key[VERP_KEY_SIZE];
};

/* Reads the key unless it is known already: it never changes. False when the database failed. */
bool return_path_load(struct pg *pg, struct return_path *path);
void return_path_wipe(struct return_path *path);

#endif
