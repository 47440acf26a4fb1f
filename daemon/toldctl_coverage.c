/* SPDX-License-Identifier: Apache-2.0 */
/* coverage: every role that a rule can tell, and the lines above them, in the days ahead; what reaches nobody. */
#include "toldctl_coverage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directory_load.h"
#include "told/mem.h"
#include "toldctl.h"

#define DAYS "28"
#define DAYS_MOST 366
#define LADDER_MOST 32

/* Types of PostgreSQL, from its catalogue. */
enum {
    TYPE_BOOL = 16,
    TYPE_INT8 = 20,
    TYPE_TEXT = 25,
};

struct roles {
    struct coverage_role *list;
    size_t count;
};

static void add_role(struct roles *roles, const char *name, bool immediate)
{
    size_t place = 0;
    while (place < roles->count && strcmp(roles->list[place].role, name) != 0)
        place++;
    if (place == roles->count) {
        roles->list = mem_grow(roles->list, roles->count + 1, sizeof *roles->list);
        roles->list[roles->count++] = (struct coverage_role){.role = name};
    }
    roles->list[place].immediate |= immediate;
}

/* And everybody above it: what nobody answers climbs. */
static void add_line(struct roles *roles, const struct directory *directory, const char *role, const char *line, bool immediate)
{
    const char *above[LADDER_MOST];
    size_t count = directory_ladder(directory, role, line, above, LADDER_MOST);
    add_role(roles, role, immediate);
    for (size_t i = 0; i < count; i++)
        add_role(roles, above[i], immediate);
}

/* Reviews and alarms are told as duties are. */
static struct roles find_roles(const struct config *config, const struct directory *directory)
{
    struct roles roles = {0};
    for (size_t i = 0; i < protocol_count(config->protocol); i++) {
        const struct rule *rule = protocol_rule(config->protocol, i);
        for (size_t k = 0; rule_is_enabled(rule) && k < rule_role_count(rule); k++)
            add_line(&roles, directory, rule_role(rule, k), rule_ladder(rule), rule_is_immediate(rule));
    }
    add_line(&roles, directory, config->review_role, "", false);
    add_line(&roles, directory, config->operators_role, "", false);
    return roles;
}

/* ---- what is shown ---- */

static void set_text(PGresult *rows, int row, int column, const char *text)
{
    char *copy = mem_copy(text);
    PQsetvalue(rows, row, column, copy, copy ? (int)strlen(copy) : -1);
    free(copy);
}

static void set_row(PGresult *rows, int row, const struct coverage_gap *gap)
{
    char child[24], from[INSTANT_TEXT_SIZE], until[INSTANT_TEXT_SIZE];
    snprintf(child, sizeof child, "%" PRId64, gap->child_id);
    const char *const cells[] = {gap->child_id ? child : NULL,
                                 gap->role,
                                 gap->immediate ? "t" : "f",
                                 instant_print(gap->from, from),
                                 instant_print(gap->until, until),
                                 gap->comes_to.id,
                                 gap->comes_to.because};
    for (int i = 0; i < (int)(sizeof cells / sizeof *cells); i++)
        set_text(rows, row, i, cells[i]);
}

/* Rows of our own in the form in which every listing is printed. NULL when memory ran out. */
static PGresult *make_rows(const struct coverage *coverage)
{
    static const struct {
        const char *name;
        Oid type;
    } columns[] = {{"child", TYPE_INT8},    {"role", TYPE_TEXT},     {"immediate", TYPE_BOOL}, {"from_at", TYPE_TEXT},
                   {"until_at", TYPE_TEXT}, {"comes_to", TYPE_TEXT}, {"because", TYPE_TEXT}};
    enum { COLUMNS = sizeof columns / sizeof *columns };
    PGresAttDesc described[COLUMNS] = {0};
    PGresult *rows = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    char *names[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++) {
        names[i] = mem_copy(columns[i].name);
        described[i] = (PGresAttDesc){.name = names[i], .typid = columns[i].type, .typlen = -1, .atttypmod = -1};
    }
    PQsetResultAttrs(rows, COLUMNS, described);
    for (size_t i = 0; i < COLUMNS; i++)
        free(names[i]);
    for (size_t i = 0; i < coverage->gap_count; i++)
        set_row(rows, (int)i, &coverage->gaps[i]);
    return rows;
}

static const struct pg_statement count_marked = {
    "coverage_marked", "SELECT count(*) FROM told.address_state WHERE cleared_at IS NULL", 0};

/* Who has one of these is nobody above; whoever is told in their place does not show. */
static int say_marked(struct toldctl *ctl)
{
    PGresult *row = pg_run(ctl->pg, &count_marked, NULL);
    if (!row)
        return toldctl_database_code(ctl);
    if (pg_column_int(row, 0, 0) > 0)
        printf("%s %s marked by mail that came back: toldctl address\n", pg_column(row, 0, 0),
               pg_column_int(row, 0, 0) == 1 ? "address is" : "addresses are");
    PQclear(row);
    return 0;
}

static void print(const struct toldctl *ctl, const struct coverage *coverage, size_t role_count, size_t child_count,
                  struct instant until)
{
    char end[TOLDCTL_TIME_SIZE];
    if (ctl->json || coverage->gap_count > 0) {
        PGresult *rows = make_rows(coverage);
        toldctl_print(ctl, rows);
        PQclear(rows);
    }
    if (!ctl->json)
        printf("%s%zu roles, %zu children, %zu instants until %s: %zu would reach nobody\n", coverage->gap_count > 0 ? "\n" : "",
               role_count, child_count, coverage->instants, toldctl_local_time(until, end), coverage->gap_count);
}

/* ---- all of it ---- */

static int look(struct toldctl *ctl, struct instant from, struct instant until)
{
    int64_t version;
    int code;
    struct coverage_children children = {0};
    struct directory *directory = directory_load(ctl->pg, ctl->config, &version);
    if (!directory || !toldctl_coverage_children_load(&children, ctl->pg, from, until)) {
        code = toldctl_database_code(ctl);
    } else {
        struct coverage coverage;
        struct roles roles = find_roles(ctl->config, directory);
        coverage_look(directory, ctl->config->calendar, roles.list, roles.count, children.list, children.count, from, until,
                      &coverage);
        print(ctl, &coverage, roles.count, children.count, until);
        code = ctl->json ? 0 : say_marked(ctl);
        if (!code && coverage.gap_count > 0)
            code = 1;
        coverage_release(&coverage);
        free(roles.list);
    }
    toldctl_coverage_children_release(&children);
    directory_free(directory);
    return code;
}

int toldctl_coverage(struct toldctl *ctl, int argc, char **argv)
{
    const char *days = DAYS;
    int64_t count;
    const struct toldctl_option options[] = {{.name = "days", .ret_text = &days}, {0}};
    if (toldctl_options(ctl, argc, argv, options, 0, 0) < 0)
        return EX_USAGE;
    if (!toldctl_number(days, &count) || count > DAYS_MOST)
        return toldctl_refuse(EX_USAGE, "--days is no number from 1 to %d", DAYS_MOST);
    int code = toldctl_open_database(ctl);
    if (code)
        return code;
    struct instant now = toldctl_now(ctl);
    /* Civil days: the end is at the same time by the clock on the wall. */
    struct civil_day last = civil_add_days(civil_day_of(now), (int)count);
    int minute = civil_minute_of(now);
    return look(ctl, now, civil_instant(last, minute / 60, minute % 60));
}
