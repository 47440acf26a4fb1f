/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_crowd.h"

#include <stdio.h>
#include <stdlib.h>

#include "told/mem.h"

void bench_crowd_ccd(long child, char out[40])
{
    snprintf(out, 40, "00000000-0000-4000-8000-%012ld", child);
}

void bench_crowd_born(long child, char out[16])
{
    snprintf(out, 16, "2010-%02d-%02d", (int)(1 + child % 12), (int)(1 + child % 28));
}

static void import(struct harness *h, const char *what, const char *name, struct buf *text)
{
    char *path = harness_path(h, name);
    const char *argv[] = {"import", what, path, NULL};
    struct buf out = {0}, err = {0};

    harness_write(h, name, buf_string(text));
    if (harness_toldctl(h, NULL, argv, &out, &err) != 0) {
        fprintf(stderr, "bench: import %s: %s%s\n", what, buf_string(&out), buf_string(&err));
        abort();
    }
    buf_release(&out);
    buf_release(&err);
    buf_release(text);
    free(path);
}

/* Like the first child, whom toldctl has imported: a file of thousands would take longer than what is measured. */
static const char CROWD[] =
    "WITH like_first AS (SELECT child_id, created_at FROM told.child JOIN told.child_identifier USING (child_id)"
    "  WHERE scheme = 'lcs' AND value = 'LCS-1'),"
    " made AS (INSERT INTO told.child (born_on, created_at) SELECT make_date(2010, 1 + n %% 12, 1 + n %% 28), created_at"
    "  FROM like_first, generate_series(2, %d) n ORDER BY n RETURNING child_id),"
    " child AS (SELECT child_id, 1 + row_number() OVER (ORDER BY child_id) AS n FROM made),"
    " ids AS (INSERT INTO told.child_identifier (scheme, value, child_id, recorded_at)"
    "  SELECT scheme, CASE scheme WHEN 'lcs' THEN 'LCS-' || n ELSE '00000000-0000-4000-8000-' || lpad(n::text, 12, '0') END,"
    "  child.child_id, recorded_at FROM child, told.child_identifier i JOIN like_first USING (child_id)),"
    " status AS (INSERT INTO told.child_status (child_id, field, value, valid_from, recorded_at, origin)"
    "  SELECT child.child_id, field, value, valid_from, recorded_at, origin"
    "  FROM child, told.child_status s JOIN like_first USING (child_id))"
    " INSERT INTO told.child_allocation (child_id, role, person_id, valid_from, recorded_at, origin)"
    " SELECT child.child_id, role, 'p-' || (300 + n %% 10), valid_from, recorded_at, origin"
    " FROM child, told.child_allocation a JOIN like_first USING (child_id)";

static void import_first(struct harness *h)
{
    struct buf list = {0}, held = {0};
    char ccd[40], born[16];

    bench_crowd_ccd(1, ccd);
    bench_crowd_born(1, born);
    buf_printf(&list,
               "lcs,ccd,born_on,looked_after_basis,in_need,protection_plan,care_leaver,open_to_social_care,"
               "open_to_yos,home_authority,placement_authority,in_custody,sentenced,vulnerable,estranged\n"
               "LCS-1,%s,%s,s20,true,false,none,true,true,southwark,southwark,false,false,false,false\n",
               ccd, born);
    buf_text(&held, "scheme,identifier,role,person,from\nlcs,LCS-1,social-worker,p-301,2020-01-01\n");
    import(h, "children", "children.csv", &list);
    import(h, "allocations", "allocations.csv", &held);
}

void bench_crowd_people(struct harness *h, enum bench_crowd_reach reach)
{
    struct buf people = {0};

    buf_text(&people, "person,name,email,team,posts,webhook,login,left_on\n");
    for (int i = 0; i < 10; i++) {
        buf_printf(&people, "p-%d,Bench Worker,", 300 + i);
        if (reach == BENCH_CROWD_EMAIL)
            buf_printf(&people, "worker%d@southwark.example", i);
        buf_printf(&people, ",north,,%s,,\n", reach == BENCH_CROWD_WEBHOOK ? "case-system" : "");
    }
    import(h, "directory", "people.csv", &people);
}

void bench_crowd_import(struct harness *h, int children)
{
    char *sql = mem_printf(CROWD, children);

    bench_crowd_people(h, BENCH_CROWD_EMAIL);
    import_first(h);
    PQclear(harness_query(h, sql));
    free(sql);
}

void bench_crowd_charge(struct buf *out, const char *source, long number, uint64_t sequence)
{
    char born[16];

    bench_crowd_born(number, born);
    buf_printf(
        out,
        "{\"specversion\":\"1.0\",\"id\":\"b%ld\",\"source\":\"%s\",\"type\":\"police.charge\",\"sequence\":\"%020llu\","
        "\"time\":\"2026-01-05T09:30:00Z\",\"datacontenttype\":\"application/json\",\"data\":{\"person\":{"
        "\"identifiers\":{\"lcs\":\"LCS-%ld\"},\"born_on\":\"%s\"},\"case\":\"01MB%06ld\","
        "\"charged_on\":\"2026-01-05\",\"offences\":[{\"code\":\"TH68010\",\"title\":\"Theft from a shop\"},"
        "{\"code\":\"CJ88001\",\"title\":\"Common assault\"}],\"authority\":\"southwark\",\"bail_objected\":false,"
        "\"exploitation_indicator\":false,\"drug_supply\":false}}",
        number, source, (unsigned long long)sequence, number, born, number);
}

/* Of the format: round, count, children, channel. */
static const char QUEUE[] =
    "WITH made AS (INSERT INTO told.duty (kind, child_id, case_ref, rule, key, duty, title, says, immediate, received_at, due_at,"
    "   shows, closes, because, protocol_hash, calendar_hash, opened_at, next_at)"
    "  SELECT 'duty', c.child_id, 'B%d-' || n, 'D41', '[\"police.charge\",\"' || n || '\"]', 'D41',"
    "   'Tell the allocated social worker of the charge, appearance or report request',"
    "   'Read the case and act for the child', false, now(),"
    "   now() + interval '2 days', '-', 'ack', '{}', 'bench', 'bench', now(), now() + interval '2 days'"
    "  FROM generate_series(1, %d) n JOIN told.child_identifier c ON c.scheme = 'lcs' AND c.value = 'LCS-' || (1 + n %% %d)"
    "  RETURNING duty_id),"
    " lines AS (INSERT INTO told.duty_line (duty_id, line, role, above, next_at)"
    "  SELECT duty_id, 0, 'social-worker', '{social-work-team-manager,social-work-service-manager}',"
    "   now() + interval '2 days' FROM made)"
    " INSERT INTO told.notification (duty_id, telling, line, step, kind, role, channel, created_at)"
    " SELECT duty_id, 1, 0, 0, 'tell', 'social-worker', '%s', now() FROM made ORDER BY duty_id";

void bench_crowd_queue(struct harness *h, const char *channel, int count, int children, int round)
{
    char *sql = mem_printf(QUEUE, round, count, children, channel);

    PQclear(harness_query(h, "BEGIN"));
    PQclear(harness_query(h, sql));
    PQclear(harness_query(h, "NOTIFY told_dispatch"));
    PQclear(harness_query(h, "COMMIT"));
    free(sql);
}
