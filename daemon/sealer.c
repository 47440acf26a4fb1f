/* SPDX-License-Identifier: Apache-2.0 */
#include "sealer.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "store.h"
#include "told/hashchain.h"

/* Numbers are taken early and commit late (trap 32), so "above the last sealed" would lose rows. Each step looks back a
 * little behind the highest sealed one, and once in so many seals at a slice of the whole journal, the next each time: nothing
 * stays unsealed for ever, and no step looks at more than this, however long the journal is. The thread that seals is that of
 * the clocks; 20,000 rows take it 18 ms (measured). */
#define SEALER_LOOK_BACK 1000
#define SEALER_SLICE 20000
#define SEALER_SLICE_EVERY 250

static const struct pg_statement take_lock = {"sealer_lock", "SELECT pg_try_advisory_xact_lock(" STORE_LOCK_SEALER ")", 0};
static const struct pg_statement read_head = {
    "sealer_head",
    "SELECT seal_number, encode(link, 'hex'), (SELECT max(journal_id) FROM told.journal_seal)"
    " FROM told.journal_seal ORDER BY seal_number DESC LIMIT 1",
    0};
#define UNSEALED "NOT EXISTS (SELECT FROM told.journal_seal s WHERE s.journal_id = j.journal_id)"
static const struct pg_statement read_rows = {
    "sealer_rows",
    "SELECT u.journal_id, (SELECT told.journal_text(j) FROM told.journal j WHERE j.journal_id = u.journal_id) FROM ("
    " (SELECT journal_id FROM told.journal j WHERE journal_id > $1::bigint AND " UNSEALED " ORDER BY journal_id LIMIT $4::int)"
    " UNION ALL (SELECT journal_id FROM told.journal j WHERE journal_id >= $2::bigint AND journal_id < $3::bigint"
    " AND journal_id <= $1::bigint AND " UNSEALED " ORDER BY journal_id LIMIT $4::int)"
    " ORDER BY journal_id LIMIT $4::int) u ORDER BY u.journal_id",
    4};
static const struct pg_statement write_seals = {
    "sealer_write",
    "INSERT INTO told.journal_seal (seal_number, journal_id, link)"
    " SELECT n, i, decode(l, 'hex') FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS seal (n, i, l)",
    3};

struct head {
    int64_t number;  /* of the last seal; 0: none yet */
    int64_t highest; /* journal_id sealed so far */
    uint8_t link[HASHCHAIN_SIZE];
};

/* The chain begins at 32 zero bytes. */
static bool sealer_head(struct pg *pg, struct head *ret)
{
    PGresult *row = pg_run(pg, &read_head, NULL);
    struct head head = {0};
    size_t len = 0;
    bool is_good = row != NULL;

    if (row != NULL && PQntuples(row) == 1) {
        const char *hex = pg_column(row, 0, 1);

        head.number = pg_column_int(row, 0, 0);
        head.highest = pg_column_int(row, 0, 2);
        is_good = sodium_hex2bin(head.link, sizeof head.link, hex, strlen(hex), NULL, &len, NULL) == 0 &&
                  len == sizeof head.link;
    }
    PQclear(row);
    if (is_good)
        *ret = head;
    return is_good;
}

/* A step ends where the next slice is due, so that none is stepped over. */
static int sealer_most(const struct head *head, int most)
{
    int64_t left = SEALER_SLICE_EVERY - head->number % SEALER_SLICE_EVERY;

    return left < most ? (int)left : most;
}

static PGresult *sealer_rows(struct pg *pg, const struct head *head, int most)
{
    bool is_due = head->number % SEALER_SLICE_EVERY == 0;
    int64_t slices = head->highest / SEALER_SLICE + 1, slice = head->number / SEALER_SLICE_EVERY % slices;
    char floor_text[24], from_text[24], to_text[24], most_text[16];

    (void)snprintf(floor_text, sizeof floor_text, "%" PRId64, head->highest > SEALER_LOOK_BACK ? head->highest - SEALER_LOOK_BACK : 0);
    (void)snprintf(from_text, sizeof from_text, "%" PRId64, is_due ? slice * SEALER_SLICE : 0);
    (void)snprintf(to_text, sizeof to_text, "%" PRId64, is_due ? (slice + 1) * SEALER_SLICE : 0);
    (void)snprintf(most_text, sizeof most_text, "%d", sealer_most(head, most));
    return pg_run(pg, &read_rows, (const char *const[]){floor_text, from_text, to_text, most_text});
}

static bool sealer_write(struct pg *pg, struct head *head, const PGresult *rows)
{
    struct buf numbers = {0}, ids = {0}, links = {0};
    bool is_written;

    for (int i = 0; i < PQntuples(rows); i++) {
        const char *text = pg_column(rows, i, 1);
        char number[24], hex[2 * HASHCHAIN_SIZE + 1];

        hashchain_link(head->link, text, strlen(text), head->link);
        (void)snprintf(number, sizeof number, "%" PRId64, ++head->number);
        pg_array_add(&numbers, number);
        pg_array_add(&ids, pg_column(rows, i, 0));
        pg_array_add(&links, sodium_bin2hex(hex, sizeof hex, head->link, sizeof head->link));
    }
    is_written = pg_do(pg, &write_seals, (const char *const[]){pg_array_end(&numbers), pg_array_end(&ids),
                                                               pg_array_end(&links)});
    buf_release(&numbers);
    buf_release(&ids);
    buf_release(&links);
    return is_written;
}

/* Inside the transaction. Each statement sees what the sealer before us committed: the lock comes in one of its own. */
static bool sealer_chain(struct pg *pg, int most)
{
    PGresult *lock = pg_run(pg, &take_lock, NULL), *rows = NULL;
    struct head head;
    bool is_good = lock != NULL;

    if (lock == NULL || !pg_column_bool(lock, 0, 0))
        goto done;
    is_good = sealer_head(pg, &head) && (rows = sealer_rows(pg, &head, most)) != NULL &&
              (PQntuples(rows) == 0 || sealer_write(pg, &head, rows));
done:
    PQclear(lock);
    PQclear(rows);
    return is_good;
}

bool sealer_step(struct pg *pg, int most)
{
    if (!pg_begin(pg))
        return false;
    if (!sealer_chain(pg, most)) {
        pg_rollback(pg);
        return false;
    }
    return pg_commit(pg);
}
