/* SPDX-License-Identifier: Apache-2.0 */
#include "return_path.h"

#include <sodium.h>
#include <string.h>

static const struct pg_statement READ = {"return_path", "SELECT encode(key, 'hex') FROM told.return_path", 0};

bool return_path_load(struct pg *pg, struct return_path *path)
{
    PGresult *row;
    size_t len = 0;

    if (path->is_known)
        return true;
    row = pg_run(pg, &READ, NULL);
    if (row == NULL)
        return false;
    if (PQntuples(row) == 1)
        path->is_known = sodium_hex2bin(path->key, sizeof path->key, pg_column(row, 0, 0), strlen(pg_column(row, 0, 0)), NULL, &len,
                                        NULL) == 0 &&
                         len == sizeof path->key;
    PQclear(row);
    return path->is_known;
}

void return_path_wipe(struct return_path *path)
{
    sodium_memzero(path, sizeof *path);
}
