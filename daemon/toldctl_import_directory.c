/* SPDX-License-Identifier: Apache-2.0 */
/* person, name, email, team, posts (roles with ; between), webhook, login, left_on: who is not in the file
 * stays as they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/mem.h"
#include "toldctl_import.h"

static const struct pg_statement upsert_team = {
    "import_team", "INSERT INTO told.team (team_id, name) VALUES ($1, $1) ON CONFLICT DO NOTHING", 1};
/* Logins may change hands within one file: they are all let go first. */
static const struct pg_statement release_login = {
    "import_logins",
    "UPDATE told.person SET login = NULL WHERE person_id = ANY ($1::text[]) AND login IS NOT NULL", 1};
static const struct pg_statement find_login = {
    "import_login", "SELECT 1 FROM told.person WHERE login = $1 AND person_id <> $2", 2};
static const struct pg_statement upsert_person = {
    "import_person",
    "INSERT INTO told.person (person_id, name, email, team_id, webhook, login, left_at) VALUES ($1, $2, $3, "
    "$4, $5, $6, $7)"
    " ON CONFLICT (person_id) DO UPDATE SET name = EXCLUDED.name, email = EXCLUDED.email, team_id = "
    "EXCLUDED.team_id,"
    " webhook = EXCLUDED.webhook, login = EXCLUDED.login, left_at = EXCLUDED.left_at",
    7};
static const struct pg_statement drop_posts = {
    "import_drop_posts", "DELETE FROM told.post WHERE person_id = $1 AND role <> ALL ($2::text[])", 2};
static const struct pg_statement insert_posts = {
    "import_posts",
    "INSERT INTO told.post (person_id, role) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING", 2};

enum { TEXT_MOST = 200 }; /* bytes of an id, a name, a team */

struct columns {
    int person, name, email, team, posts, webhook, login, left_on;
};

static bool is_role(const struct config *config, const char *role)
{
    for (size_t i = 0; i < config->role_count; i++)
        if (strcmp(config->roles[i].name, role) == 0)
            return true;
    return false;
}

static bool is_endpoint(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->endpoint_count; i++)
        if (strcmp(config->endpoints[i].name, name) == 0)
            return true;
    return false;
}

/* The roles of a cell as an array for the database; names those that are none. */
static void read_posts(struct toldctl *ctl, struct import *import, const struct csv_row *row, int column,
                       struct buf *ret)
{
    char *text = mem_copy(csv_cell(row, column)), *rest = text, *role;
    while (rest && (role = strsep(&rest, ";"))) {
        role += strspn(role, " ");
        for (size_t len = strlen(role); len > 0 && role[len - 1] == ' '; len--)
            role[len - 1] = 0;
        if (!*role)
            continue;
        if (is_role(ctl->config, role))
            pg_array_add(ret, role);
        else
            toldctl_import_row_fault(import, row->line,
                                     "posts names a role that the configuration lacks; correct it");
    }
    free(text);
}

/* What stands in notices and listings. */
static bool is_one_line(const char *text)
{
    for (const char *p = text; p && *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f || p - text >= TEXT_MOST)
            return false;
    return true;
}

static void check_row(struct toldctl *ctl, struct import *import, const struct columns *c,
                      const struct csv_row *row)
{
    const char *email = csv_cell(row, c->email), *webhook = csv_cell(row, c->webhook);
    const char *reason = email ? config_refuses_mail(ctl->config, email) : NULL;
    if (!csv_cell(row, c->person))
        toldctl_import_row_fault(import, row->line, "person is empty; give each an id that never changes");
    if (!csv_cell(row, c->name))
        toldctl_import_row_fault(import, row->line, "name is empty; fill it in");
    if (!is_one_line(csv_cell(row, c->person)) || !is_one_line(csv_cell(row, c->name)) || !is_one_line(csv_cell(row, c->team)))
        toldctl_import_row_fault(import, row->line, "person, name or team is longer than %d bytes or more than one line; shorten it",
                                 TEXT_MOST);
    if (reason)
        toldctl_import_row_fault(import, row->line, "email: %s; correct the address", reason);
    if (webhook && !is_endpoint(ctl->config, webhook))
        toldctl_import_row_fault(import, row->line,
                                 "webhook names no endpoint of the configuration; correct it");
}

struct key {
    const char *text;
    size_t line;
};

static int by_text(const void *a_, const void *b_)
{
    const struct key *a = a_, *b = b_;
    int order = strcmp(a->text, b->text);
    return order ? order : (a->line > b->line) - (a->line < b->line);
}

/* A value that may stand once in a column. */
static void check_unique(struct import *import, int column, const char *what)
{
    size_t count = 0;
    struct key *keys = mem_new((import->csv->row_count + 1) * sizeof *keys);
    for (size_t i = 0; i < import->csv->row_count; i++) {
        const char *text = csv_cell(&import->csv->rows[i], column);
        if (text)
            keys[count++] = (struct key){text, import->csv->rows[i].line};
    }
    qsort(keys, count, sizeof *keys, by_text);
    for (size_t i = 1; i < count; i++)
        if (strcmp(keys[i].text, keys[i - 1].text) == 0)
            toldctl_import_row_fault(import, keys[i].line,
                                     "the %s of this row stands in line %zu as well; keep one", what,
                                     keys[i - 1].line);
    free(keys);
}

static int check_login(struct toldctl *ctl, struct import *import, const char *login, const char *person,
                       size_t line)
{
    const char *const values[] = {login, person};
    PGresult *rows = login ? pg_run(ctl->pg, &find_login, values) : NULL;
    if (login && !rows)
        return TOLDCTL_DATABASE;
    if (rows && PQntuples(rows))
        toldctl_import_row_fault(
            import, line, "the login belongs to somebody who is not in this file; add their row without it");
    PQclear(rows);
    return 0;
}

static int write_row(struct toldctl *ctl, struct import *import, const struct columns *c,
                     const struct csv_row *row)
{
    char text[INSTANT_TEXT_SIZE];
    const char *person = csv_cell(row, c->person), *team = csv_cell(row, c->team),
               *login = csv_cell(row, c->login);
    struct instant left;
    struct buf posts = {0};
    toldctl_import_row_instant(import, row, c->left_on, INSTANT_NONE, &left);
    read_posts(ctl, import, row, c->posts, &posts);
    const char *const row_values[] = {person,
                                      csv_cell(row, c->name),
                                      csv_cell(row, c->email),
                                      team,
                                      csv_cell(row, c->webhook),
                                      login,
                                      instant_is_none(left) ? NULL : instant_print(left, text)};
    const char *const post_values[] = {person, pg_array_end(&posts)};
    int code = check_login(ctl, import, login, person, row->line);
    if (!code && import->faults == 0) {
        bool good = (!team || pg_do(ctl->pg, &upsert_team, &team)) &&
                    pg_do(ctl->pg, &upsert_person, row_values) && pg_do(ctl->pg, &drop_posts, post_values) &&
                    pg_do(ctl->pg, &insert_posts, post_values);
        import->changed++;
        code = good ? 0 : TOLDCTL_DATABASE;
    }
    buf_release(&posts);
    return code;
}

static bool release_logins(struct toldctl *ctl, struct import *import, int column)
{
    struct buf persons = {0};
    for (size_t i = 0; i < import->csv->row_count; i++)
        if (csv_cell(&import->csv->rows[i], column))
            pg_array_add(&persons, csv_cell(&import->csv->rows[i], column));
    const char *const values[] = {pg_array_end(&persons)};
    bool good = pg_do(ctl->pg, &release_login, values);
    buf_release(&persons);
    return good;
}

int toldctl_import_directory(struct toldctl *ctl, struct import *import)
{
    static const char *const needed[] = {"person", "name", NULL};
    static const char *const known[] = {"person",  "name",  "email",   "team", "posts",
                                        "webhook", "login", "left_on", NULL};
    if (!toldctl_import_row_header(import, needed, known))
        return 0;
    const struct csv *csv = import->csv;
    struct columns c = {csv_column(csv, "person"), csv_column(csv, "name"),   csv_column(csv, "email"),
                        csv_column(csv, "team"),   csv_column(csv, "posts"),  csv_column(csv, "webhook"),
                        csv_column(csv, "login"),  csv_column(csv, "left_on")};
    for (size_t i = 0; i < csv->row_count; i++)
        check_row(ctl, import, &c, &csv->rows[i]);
    check_unique(import, c.person, "person");
    check_unique(import, c.login, "login");
    if (!release_logins(ctl, import, c.person))
        return TOLDCTL_DATABASE;
    int code = 0;
    for (size_t i = 0; i < csv->row_count && !code; i++)
        if (csv_cell(&csv->rows[i], c.person) && csv_cell(&csv->rows[i], c.name))
            code = write_row(ctl, import, &c, &csv->rows[i]);
    return code;
}
