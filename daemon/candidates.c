/* SPDX-License-Identifier: Apache-2.0 */
#include "candidates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

#define BY_NAME_MOST "50" /* children looked at for one event, the likeliest first */

/* Two names are alike for the trigram index from here on: one slip in either part, whatever it does to the sound. */
static const struct pg_statement ALIKE = {
    "candidates_alike", "SELECT set_config('pg_trgm.similarity_threshold', '0.5', true)", 0};

/* By name: born on the same day, sounding alike in both parts (nobody does: alike as a whole), or living in the same
 * place. One part of a name alone is half a town's.
 *
 * q: what is asked, s: the part that is searched by name, i: identifiers, f: who is found. Then all that is known of those,
 * a kind of row for each thing: c the child, d an answer, i an identifier, n a name, p a postcode. */
static const struct pg_statement FIND = {
    "candidates_find",
    "WITH q AS MATERIALIZED (SELECT n, event_id, digest, family, given, born_on, postcode, by_name,"
    "  CASE WHEN by_name THEN btrim(family || ' ' || given) END AS whole, told.name_codes(family) AS family_codes,"
    "  told.name_codes(given) AS given_codes"
    "  FROM unnest($1::int[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::date[], $7::text[], $8::boolean[])"
    "  u (n, event_id, digest, family, given, born_on, postcode, by_name)),"
    " s AS MATERIALIZED (SELECT n, whole, born_on, postcode, family_codes, given_codes FROM q WHERE by_name),"
    " sounds AS MATERIALIZED (SELECT s.n, d.child_id, similarity(d.whole, s.whole)"
    "   + coalesce((d.postcode = s.postcode)::int, 0) AS worth FROM s, LATERAL (SELECT * FROM told.child_detail d"
    "   WHERE d.codes && s.family_codes AND d.codes && s.given_codes AND d.withdrawn_at IS NULL OFFSET 0) d),"
    " named AS (SELECT s.n, c.child_id, 1 AS worth FROM s JOIN told.child c ON c.born_on = s.born_on"
    "  UNION ALL SELECT n, child_id, worth FROM sounds"
    "  UNION ALL SELECT s.n, d.child_id, similarity(d.whole, s.whole) FROM s, LATERAL (SELECT * FROM told.child_detail d"
    "   WHERE d.whole % s.whole AND d.withdrawn_at IS NULL OFFSET 0) d WHERE NOT EXISTS (SELECT FROM sounds o WHERE o.n = s.n)"
    "  UNION ALL SELECT s.n, d.child_id, similarity(d.whole, s.whole) + 1 FROM s JOIN told.child_detail d ON"
    "   d.postcode = s.postcode WHERE d.withdrawn_at IS NULL),"
    " best AS (SELECT n, child_id, row_number() OVER (PARTITION BY n ORDER BY max(worth) DESC, child_id) AS place"
    "   FROM named GROUP BY n, child_id),"
    " f AS (SELECT i.n, k.child_id FROM unnest($9::int[], $10::text[], $11::text[]) i (n, scheme, value)"
    "   JOIN told.child_identifier k ON k.scheme = i.scheme AND k.value = i.value"
    "  UNION SELECT q.n, m.child_id FROM q JOIN told.match_decision m ON m.event_id = q.event_id WHERE m.forgotten_at IS NULL"
    "  UNION SELECT q.n, m.child_id FROM q JOIN told.match_decision m ON m.digest = q.digest WHERE m.forgotten_at IS NULL"
    "  UNION SELECT n, child_id FROM best WHERE place <= " BY_NAME_MOST ")"
    " SELECT f.n, f.child_id, 'c' AS kind, c.born_on::text AS a, NULL AS b, NULL::boolean AS flag, NULL::int AS x1,"
    "  NULL::int AS x2, NULL::int AS x3, NULL::int AS x4, NULL::boolean AS y1, NULL::boolean AS y2"
    "  FROM f JOIN told.child c USING (child_id)"
    " UNION ALL SELECT f.n, f.child_id, 'd', m.review_id::text, NULL, m.is_same, m.decision_id::int, NULL, NULL, NULL, NULL,"
    "  NULL FROM f JOIN q USING (n) JOIN told.match_decision m ON m.child_id = f.child_id"
    "  AND (m.event_id = q.event_id OR m.digest = q.digest) WHERE m.forgotten_at IS NULL"
    " UNION ALL SELECT f.n, f.child_id, 'i', k.scheme, k.value, NULL, NULL, NULL, NULL, NULL, NULL, NULL"
    "  FROM f JOIN told.child_identifier k USING (child_id)"
    " UNION ALL SELECT f.n, f.child_id, 'n', d.family, d.given, d.origin <> 'event',"
    "  round(similarity(d.family, q.family) * 100)::int, round(similarity(d.given, q.given) * 100)::int,"
    "  levenshtein(d.family, q.family), levenshtein(d.given, q.given), d.family_codes && q.family_codes,"
    "  d.given_codes && q.given_codes FROM f JOIN q USING (n) JOIN told.child_detail d USING (child_id)"
    "  WHERE d.withdrawn_at IS NULL AND d.whole <> ''"
    " UNION ALL SELECT DISTINCT f.n, f.child_id, 'p', d.postcode, NULL, d.origin <> 'event', NULL::int, NULL::int, NULL::int,"
    "  NULL::int, NULL::boolean, NULL::boolean FROM f JOIN told.child_detail d USING (child_id)"
    "  WHERE d.withdrawn_at IS NULL AND d.postcode IS NOT NULL"
    " ORDER BY 1, 2, 3, 7",
    11};

enum { COLUMN_COUNT = 11 };

static void ask_identifiers(struct buf columns[COLUMN_COUNT], const char *number, const struct person *person)
{
    for (size_t i = 0; i < person->identifier_count; i++) {
        if (!person->is_trusted[i])
            continue;
        pg_array_add(&columns[8], number);
        pg_array_add(&columns[9], person->identifiers[i].scheme);
        pg_array_add(&columns[10], person->identifiers[i].value);
    }
}

static void ask(struct buf columns[COLUMN_COUNT], size_t n, const struct candidates_asked *asked)
{
    const struct person *p = asked->person;
    char number[24], event[24], born[CIVIL_TEXT_SIZE];
    bool is_born = p->is_born_stated && !p->is_born_wrong;

    snprintf(number, sizeof number, "%zu", n);
    snprintf(event, sizeof event, "%lld", (long long)asked->event_id);
    pg_array_add(&columns[0], number);
    pg_array_add(&columns[1], event);
    pg_array_add(&columns[2], p->is_memorable ? p->digest : NULL);
    pg_array_add(&columns[3], p->family);
    pg_array_add(&columns[4], p->given);
    pg_array_add(&columns[5], is_born ? civil_print(p->born_on, born) : NULL);
    pg_array_add(&columns[6], p->postcode);
    pg_array_add(&columns[7], asked->by_name ? "true" : "false");
    ask_identifiers(columns, number, p);
}

/* Of two answers about the same details and child the later holds. */
static void take_answer(struct identity_candidate *c, const PGresult *rows, int i)
{
    c->memory = pg_column_bool(rows, i, 5) ? IDENTITY_SAME : IDENTITY_NEVER;
    c->review_id = pg_column_int(rows, i, 3);
}

static struct identity_name name_of(const PGresult *rows, int i)
{
    return (struct identity_name){.family = pg_column(rows, i, 3),
                                  .given = pg_column(rows, i, 4),
                                  .is_record = pg_column_bool(rows, i, 5),
                                  .family_alike = (int)pg_column_int(rows, i, 6),
                                  .given_alike = (int)pg_column_int(rows, i, 7),
                                  .family_edits = (int)pg_column_int(rows, i, 8),
                                  .given_edits = (int)pg_column_int(rows, i, 9),
                                  .family_sounds = pg_column_bool(rows, i, 10),
                                  .given_sounds = pg_column_bool(rows, i, 11)};
}

/* Rows of one child stand together, kind by kind, and the child's own comes first. */
static void read_rows(struct candidates_found *found)
{
    size_t identifiers = 0, names = 0, postcodes = 0, rows = (size_t)PQntuples(found->rows);
    struct identity_candidate *c = NULL;

    found->identifiers = mem_new((rows + 1) * sizeof *found->identifiers);
    found->names = mem_new((rows + 1) * sizeof *found->names);
    found->postcodes = mem_new((rows + 1) * sizeof *found->postcodes);
    for (int i = 0; i < (int)rows; i++) {
        struct candidates *of = &found->of[pg_column_int(found->rows, i, 0)];
        char kind = pg_column(found->rows, i, 2)[0];

        if (kind == 'c') {
            of->list = mem_grow(of->list, of->count + 1, sizeof *of->list);
            c = &of->list[of->count++];
            *c = (struct identity_candidate){.child_id = pg_column_int(found->rows, i, 1),
                                             .born_on = pg_column(found->rows, i, 3),
                                             .identifiers = &found->identifiers[identifiers],
                                             .names = &found->names[names],
                                             .postcodes = &found->postcodes[postcodes]};
        } else if (kind == 'd' && c != NULL) {
            take_answer(c, found->rows, i);
        } else if (kind == 'i' && c != NULL) {
            found->identifiers[identifiers++] =
                (struct match_identifier){pg_column(found->rows, i, 3), pg_column(found->rows, i, 4)};
            c->identifier_count++;
        } else if (kind == 'n' && c != NULL) {
            found->names[names++] = name_of(found->rows, i);
            c->name_count++;
        } else if (kind == 'p' && c != NULL) {
            found->postcodes[postcodes++] =
                (struct identity_postcode){pg_column(found->rows, i, 3), pg_column_bool(found->rows, i, 5)};
            c->postcode_count++;
        }
    }
}

bool candidates_find(struct pg *pg, const struct candidates_asked *asked, size_t count, struct candidates_found *ret)
{
    struct buf columns[COLUMN_COUNT] = {{0}};
    const char *values[COLUMN_COUNT];
    bool any = false;

    *ret = (struct candidates_found){.of = mem_new((count + 1) * sizeof *ret->of)};
    for (size_t i = 0; i < count; i++) {
        ask(columns, i, &asked[i]);
        any |= asked[i].by_name;
    }
    for (int i = 0; i < COLUMN_COUNT; i++)
        values[i] = pg_array_end(&columns[i]);
    if (!any || pg_do(pg, &ALIKE, NULL))
        ret->rows = pg_run(pg, &FIND, values);
    for (int i = 0; i < COLUMN_COUNT; i++)
        buf_release(&columns[i]);
    if (ret->rows != NULL)
        read_rows(ret);
    return ret->rows != NULL;
}

void candidates_release(struct candidates_found *found, size_t count)
{
    for (size_t i = 0; i < count && found->of != NULL; i++)
        free(found->of[i].list);
    free(found->of);
    free(found->identifiers);
    free(found->names);
    free(found->postcodes);
    PQclear(found->rows);
}
