/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_crowd.h"

#include <stdio.h>
#include <stdlib.h>

#include "told/mem.h"

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

void bench_crowd_import(struct harness *h, int children)
{
    struct buf people = {0}, list = {0}, held = {0};

    buf_text(&people, "person,name,email,team,posts,webhook,login,left_on\n");
    for (int i = 0; i < 10; i++)
        buf_printf(&people, "p-%d,Bench Worker,worker%d@southwark.example,north,,,,\n", 300 + i, i);
    buf_text(&list,
             "lcs,born_on,looked_after_basis,in_need,protection_plan,care_leaver,open_to_social_care,"
             "open_to_yos,home_authority,placement_authority,in_custody,sentenced,vulnerable,estranged\n");
    buf_text(&held, "scheme,identifier,role,person,from\n");
    for (int i = 1; i <= children; i++) {
        buf_printf(
            &list,
            "LCS-%d,2010-%02d-%02d,s20,true,false,none,true,true,southwark,southwark,false,false,false,false\n",
            i, 1 + i % 12, 1 + i % 28);
        buf_printf(&held, "lcs,LCS-%d,social-worker,p-%d,2020-01-01\n", i, 300 + i % 10);
    }
    import(h, "directory", "people.csv", &people);
    import(h, "children", "children.csv", &list);
    import(h, "allocations", "allocations.csv", &held);
}

void bench_crowd_charge(struct buf *out, const char *source, long number, uint64_t sequence)
{
    long child = number;

    buf_printf(
        out,
        "{\"specversion\":\"1.0\",\"id\":\"b%ld\",\"source\":\"%s\",\"type\":\"police.charge\",\"sequence\":\"%020llu\","
        "\"time\":\"2026-01-05T09:30:00Z\",\"datacontenttype\":\"application/json\",\"data\":{\"person\":{"
        "\"identifiers\":{\"lcs\":\"LCS-%ld\"},\"born_on\":\"2010-%02ld-%02ld\"},\"case\":\"01MB%06ld\","
        "\"charged_on\":\"2026-01-05\",\"offences\":[{\"code\":\"TH68010\",\"title\":\"Theft from a shop\"},"
        "{\"code\":\"CJ88001\",\"title\":\"Common assault\"}],\"authority\":\"southwark\",\"bail_objected\":false,"
        "\"exploitation_indicator\":false,\"drug_supply\":false}}",
        number, source, (unsigned long long)sequence, child, 1 + child % 12, 1 + child % 28, number);
}

/* $1 of the format: round; then count and children. */
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
    " SELECT duty_id, 1, 0, 0, 'tell', 'social-worker', 'email', now() FROM made ORDER BY duty_id";

void bench_crowd_queue(struct harness *h, int count, int children, int round)
{
    char *sql = mem_printf(QUEUE, round, count, children);

    PQclear(harness_query(h, "BEGIN"));
    PQclear(harness_query(h, sql));
    PQclear(harness_query(h, "NOTIFY told_dispatch"));
    PQclear(harness_query(h, "COMMIT"));
    free(sql);
}
