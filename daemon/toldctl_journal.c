/* SPDX-License-Identifier: Apache-2.0 */
/* journal verify: the chain is computed again from the rows as they stand; what is unsealed is named. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/hashchain.h"
#include "toldctl.h"

static const struct pg_statement read_sealed = {
    "journal_sealed",
    "SELECT s.seal_number, s.journal_id, encode(s.link, 'hex'),"
    " CASE WHEN j.journal_id IS NOT NULL THEN told.journal_text(j) END"
    " FROM told.journal_seal s LEFT JOIN told.journal j USING (journal_id)"
    " WHERE s.seal_number > $1 ORDER BY s.seal_number LIMIT 2000",
    1};
static const struct pg_statement read_unsealed = {
    "journal_unsealed",
    "SELECT journal_id FROM told.journal j WHERE NOT EXISTS (SELECT FROM told.journal_seal s WHERE "
    "s.journal_id = j.journal_id)"
    " ORDER BY journal_id LIMIT 1001",
    0};

struct chain {
    uint8_t link[HASHCHAIN_SIZE]; /* of the last row; zeros before the first */
    int64_t number;
    char broken[200]; /* what is wrong, or "" */
};

static void check_row(struct chain *chain, const PGresult *rows, int row)
{
    char hex[2 * HASHCHAIN_SIZE + 1];
    int64_t number = pg_column_int(rows, row, 0), journal = pg_column_int(rows, row, 1);
    const char *text = pg_column(rows, row, 3);
    if (number != chain->number + 1) {
        snprintf(chain->broken, sizeof chain->broken, "seal %" PRId64 " is missing: the chain has a hole",
                 chain->number + 1);
        return;
    }
    if (!text) {
        snprintf(chain->broken, sizeof chain->broken, "journal row %" PRId64 " (seal %" PRId64 ") is gone",
                 journal, number);
        return;
    }
    hashchain_link(chain->link, text, strlen(text), chain->link);
    for (size_t i = 0; i < HASHCHAIN_SIZE; i++)
        snprintf(hex + 2 * i, 3, "%02x", chain->link[i]);
    if (strcmp(hex, pg_column(rows, row, 2)) != 0)
        snprintf(chain->broken, sizeof chain->broken,
                 "journal row %" PRId64 " (seal %" PRId64
                 ") is not what was sealed: it or a row before it was changed",
                 journal, number);
    else
        chain->number = number;
}

/* False when the database failed. */
static bool check_chain(struct toldctl *ctl, struct chain *chain)
{
    char after[24];
    int count = 1;
    while (count > 0 && !*chain->broken) {
        snprintf(after, sizeof after, "%" PRId64, chain->number);
        const char *const values[] = {after};
        PGresult *rows = pg_run(ctl->pg, &read_sealed, values);
        if (!rows)
            return false;
        count = PQntuples(rows);
        for (int i = 0; i < count && !*chain->broken; i++)
            check_row(chain, rows, i);
        PQclear(rows);
    }
    return true;
}

static void print_verdict(const struct toldctl *ctl, const struct chain *chain, const PGresult *unsealed)
{
    int count = PQntuples(unsealed);
    if (ctl->json) {
        json_t *verdict =
            json_pack("{s:b, s:I, s:s?, s:[]}", "intact", !*chain->broken, "sealed",
                      (json_int_t)chain->number, "broken", *chain->broken ? chain->broken : NULL, "unsealed");
        for (int i = 0; i < count; i++)
            json_array_append_new(json_object_get(verdict, "unsealed"),
                                  json_integer(pg_column_int(unsealed, i, 0)));
        toldctl_print_json(verdict);
        json_decref(verdict);
        return;
    }
    if (*chain->broken)
        printf("BROKEN after seal %" PRId64 ": %s\n", chain->number, chain->broken);
    else
        printf("intact: %" PRId64 " rows are sealed and are what was sealed\n", chain->number);
    if (count > 0)
        printf("not sealed yet: %s%d, from journal row %s on\n", count > 1000 ? "more than " : "",
               count > 1000 ? 1000 : count, pg_column(unsealed, 0, 0));
}

int toldctl_journal(struct toldctl *ctl, int argc, char **argv)
{
    struct chain chain = {0};
    int at = toldctl_options(ctl, argc, argv, NULL, 1, 1);
    if (at < 0)
        return EX_USAGE;
    if (strcmp(argv[at], "verify") != 0)
        return toldctl_usage(ctl->command);
    int code = toldctl_open_database(ctl);
    if (code)
        return code;
    PGresult *unsealed = check_chain(ctl, &chain) ? pg_run(ctl->pg, &read_unsealed, NULL) : NULL;
    if (!unsealed)
        return toldctl_database_code(ctl);
    print_verdict(ctl, &chain, unsealed);
    PQclear(unsealed);
    return *chain.broken ? 1 : 0;
}
