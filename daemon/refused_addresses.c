/* SPDX-License-Identifier: Apache-2.0 */
#include "refused_addresses.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "told/mem.h"

/* In the order of strcasecmp, for the search. */
static const struct pg_statement READ = {
    "refused_addresses",
    "SELECT address FROM told.address_state WHERE cleared_at IS NULL ORDER BY address COLLATE \"C\"", 0};

struct refused_addresses {
    PGresult *rows;
    const char **list;
    size_t count;
};

struct refused_addresses *refused_addresses_load(struct pg *pg)
{
    PGresult *rows = pg_run(pg, &READ, NULL);
    struct refused_addresses *refused;

    if (rows == NULL)
        return NULL;
    refused = mem_new(sizeof *refused);
    refused->rows = rows;
    refused->count = (size_t)PQntuples(rows);
    refused->list = mem_new((refused->count + 1) * sizeof *refused->list);
    for (size_t i = 0; i < refused->count; i++)
        refused->list[i] = pg_column(rows, (int)i, 0);
    return refused;
}

void refused_addresses_free(struct refused_addresses *refused)
{
    if (refused == NULL)
        return;
    PQclear(refused->rows);
    free(refused->list);
    free(refused);
}

static int compare(const void *address, const void *entry)
{
    return strcasecmp(address, *(const char *const *)entry);
}

bool refused_addresses_has(const struct refused_addresses *refused, const char *address)
{
    return refused != NULL && refused->count > 0 &&
           bsearch(address, refused->list, refused->count, sizeof *refused->list, compare) != NULL;
}
