/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema.h"
#include "store.h"
#include "told/mem.h"
#include "toldctl.h"

/* Changing a big table takes longer than any question of a stage. */
#define MIGRATE_DEADLINE_MS (10 * 60 * 1000)

static void say(void *cookie, const char *text)
{
    (void)cookie;
    printf("%s\n", text);
}

static int migrate(struct toldctl *ctl)
{
    char *reason = schema_migrate(ctl->pg, say, NULL);
    int code =
        reason ? toldctl_refuse(pg_status(ctl->pg) == PG_AWAY ? EX_UNAVAILABLE : EX_CONFIG, "%s", reason) : 0;
    free(reason);
    return code;
}

int toldctl_migrate(struct toldctl *ctl, int argc, char **argv)
{
    const char *owner = "told_owner";
    const struct toldctl_option options[] = {{.name = "owner", .ret_text = &owner}, {.name = NULL}};
    if (toldctl_options(ctl, argc, argv, options, 0, 0) < 0)
        return EX_USAGE;
    int code = toldctl_open_config(ctl);
    if (code)
        return code;
    ctl->as = ctl->as ? ctl->as : owner;
    ctl->pg = pg_new(ctl->config->database, ctl->as, MIGRATE_DEADLINE_MS);
    return pg_is_up(ctl->pg) ? migrate(ctl) : toldctl_database_code(ctl);
}

struct init {
    const char *authority, *demonstration, *rate;
    const char *operators[TOLDCTL_LIST_MOST];
    struct instant told_from;
    char *database; /* owned: its name */
};

/* The conninfo with another database name; *ret_name is the one it had (caller frees both). NULL if it is no
 * conninfo. */
static char *conninfo_for(const char *conninfo, const char *database, char **ret_name)
{
    PQconninfoOption *list = PQconninfoParse(conninfo, NULL);
    struct buf b = {0};
    *ret_name = NULL;
    for (PQconninfoOption *one = list; one && one->keyword; one++) {
        bool is_name = strcmp(one->keyword, "dbname") == 0;
        if (is_name && one->val)
            *ret_name = mem_copy(one->val);
        if (is_name || !one->val)
            continue;
        buf_printf(&b, "%s='", one->keyword);
        for (const char *p = one->val; *p; p++)
            buf_printf(&b, "%s%c", *p == '\'' || *p == '\\' ? "\\" : "", *p);
        buf_text(&b, "' ");
    }
    buf_printf(&b, "dbname=%s", database);
    PQconninfoFree(list);
    if (!list || !*ret_name) {
        buf_release(&b);
        free(*ret_name);
        *ret_name = NULL;
        return NULL;
    }
    return buf_take(&b);
}

/* Runs a statement with a name put in as an identifier, `format` having one %s for each time it stands. */
static bool run_with_name(struct pg *pg, const char *format, const char *name)
{
    char *quoted = PQescapeIdentifier(pg_conn(pg), name, strlen(name));
    if (!quoted)
        return false;
    struct buf sql = {0};
    for (const char *p = format; *p; p++) {
        if (*p == '%')
            buf_text(&sql, quoted);
        else
            buf_char(&sql, *p);
    }
    bool good = pg_text(pg, buf_string(&sql));
    buf_release(&sql);
    PQfreemem(quoted);
    return good;
}

static bool is_found(struct pg *pg, const struct pg_statement *statement, const char *name, bool *ret)
{
    PGresult *rows = pg_run(pg, statement, &name);
    if (!rows)
        return false;
    *ret = PQntuples(rows) > 0;
    PQclear(rows);
    return true;
}

/* An operator is a login of its own that is a member of told_operator: who did it is then the database's own
 * word. */
static bool create_operator(struct pg *pg, const char *login)
{
    static const struct pg_statement find = {"init_role", "SELECT 1 FROM pg_roles WHERE rolname = $1", 1};
    bool exists = false;
    if (!is_found(pg, &find, login, &exists))
        return false;
    if (!exists && !run_with_name(pg, "CREATE ROLE % LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE", login))
        return false;
    if (!run_with_name(pg, "GRANT told_operator TO %", login))
        return false;
    printf("%s is an operator\n", login);
    return true;
}

static bool create_database(struct pg *pg, const char *database)
{
    static const struct pg_statement find = {"init_database", "SELECT 1 FROM pg_database WHERE datname = $1",
                                             1};
    bool exists = false;
    if (!is_found(pg, &find, database, &exists) || exists)
        return exists;
    if (!run_with_name(pg, "CREATE DATABASE % OWNER told_owner ENCODING 'UTF8' TEMPLATE template0",
                       database) ||
        !run_with_name(
            pg,
            "REVOKE ALL ON DATABASE % FROM PUBLIC; GRANT CONNECT ON DATABASE % TO told_ingest, told_decide,"
            " told_dispatch, told_console, told_operator, told_reader",
            database))
        return false;
    printf("created the database %s\n", database);
    return true;
}

/* Whatever the server is set to: its log keeps no value of a statement, neither as a parameter nor in the text or detail of
 * an error. What failed and where told logs itself, with the SQLSTATE. Only a superuser may set these. */
static bool quiet_database(struct pg *pg, const char *database)
{
    static const char *const SETTINGS[] = {
        "log_parameter_max_length = 0",     "log_parameter_max_length_on_error = 0",
        "log_min_error_statement = panic",  "log_min_messages = log",
        "log_error_verbosity = terse",
    };
    bool good = true;
    for (size_t i = 0; good && i < sizeof SETTINGS / sizeof *SETTINGS; i++) {
        char sql[96];
        snprintf(sql, sizeof sql, "ALTER DATABASE %% SET %s", SETTINGS[i]);
        good = run_with_name(pg, sql, database);
    }
    return good;
}

/* What a cluster has once: roles, operators, the database. As a superuser, in any database of it. */
static int prepare_cluster(struct toldctl *ctl, struct init *init)
{
    char *conninfo = conninfo_for(ctl->config->database, "postgres", &init->database);
    if (!conninfo)
        return toldctl_refuse(EX_CONFIG, "`database` in %s names no database; add dbname=…",
                              ctl->config->file);
    ctl->pg = pg_new(conninfo, ctl->as, ctl->config->database_deadline_ms);
    free(conninfo);
    bool good = pg_is_up(ctl->pg) && pg_text(ctl->pg, SCHEMA_ROLES);
    for (size_t i = 0; good && init->operators[i]; i++)
        good = create_operator(ctl->pg, init->operators[i]);
    good = good && create_database(ctl->pg, init->database) && quiet_database(ctl->pg, init->database);
    return good ? 0 : toldctl_database_code(ctl);
}

/* The one row that says whose database it is; never taken over from another authority. */
static int claim(struct toldctl *ctl, const struct init *init)
{
    static const struct pg_statement insert = {
        "init_installation",
        "INSERT INTO told.installation (authority, demonstration, told_from, real_from, rate)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING 1",
        5};
    static const struct pg_statement look = {"init_look",
                                             "SELECT authority, demonstration FROM told.installation", 0};
    bool story = init->demonstration != NULL;
    char from[INSTANT_TEXT_SIZE], real[INSTANT_TEXT_SIZE];
    const char *const values[] = {
        init->authority, story ? "true" : "false", story ? instant_print(init->told_from, from) : NULL,
        story ? instant_print(clock_real(), real) : NULL, story ? init->rate : NULL};
    if (!pg_do(ctl->pg, &insert, values))
        return toldctl_database_code(ctl);
    PGresult *row = pg_run(ctl->pg, &look, NULL);
    if (!row)
        return toldctl_database_code(ctl);
    int code = 0;
    if (strcmp(pg_column(row, 0, 0), init->authority) != 0)
        code = toldctl_refuse(EX_CONFIG, "the database belongs to the authority %s; choose another database",
                              pg_column(row, 0, 0));
    else if (story && !pg_column_bool(row, 0, 1))
        code = toldctl_refuse(EX_CONFIG,
                              "the database is a real installation; a demonstration needs one of its own");
    PQclear(row);
    return code;
}

/* Everything in the database itself is done and owned by told_owner, who need not be able to log in for it.
 */
static int prepare_database(struct toldctl *ctl, const struct init *init)
{
    pg_free(ctl->pg);
    ctl->pg = pg_new(ctl->config->database, ctl->as, MIGRATE_DEADLINE_MS);
    if (!pg_is_up(ctl->pg) || !pg_text(ctl->pg, "SET SESSION AUTHORIZATION told_owner"))
        return toldctl_database_code(ctl);
    int code = migrate(ctl);
    return code ? code : claim(ctl, init);
}

static int check(struct toldctl *ctl, struct init *init)
{
    if (!init->authority)
        return toldctl_usage(ctl->command);
    if (strcmp(init->authority, ctl->config->authority) != 0)
        return toldctl_refuse(
            EX_CONFIG,
            "the configuration is of the authority %s; give that name, or correct `authority` in %s",
            ctl->config->authority, ctl->config->file);
    if (init->demonstration && !instant_parse(init->demonstration, &init->told_from))
        return toldctl_refuse(EX_USAGE, "--demonstration takes an instant as in 2024-05-31T17:00:00Z");
    char *end;
    if (strtod(init->rate, &end) < 0 || *end || end == init->rate)
        return toldctl_refuse(EX_USAGE,
                              "--rate takes a number from 0: seconds of the story for each real one");
    return 0;
}

int toldctl_init(struct toldctl *ctl, int argc, char **argv)
{
    struct init init = {.rate = "1"};
    const struct toldctl_option options[] = {{.name = "authority", .ret_text = &init.authority},
                                             {.name = "demonstration", .ret_text = &init.demonstration},
                                             {.name = "rate", .ret_text = &init.rate},
                                             {.name = "operator", .ret_list = init.operators},
                                             {.name = NULL}};
    if (toldctl_options(ctl, argc, argv, options, 0, 0) < 0)
        return EX_USAGE;
    int code = toldctl_open_config(ctl);
    if (!code)
        code = check(ctl, &init);
    if (!code)
        code = prepare_cluster(ctl, &init);
    if (!code)
        code = prepare_database(ctl, &init);
    if (!code)
        printf("ready: give `told -n` to check the configuration, then start told\n");
    free(init.database);
    return code;
}
