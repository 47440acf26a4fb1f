/* SPDX-License-Identifier: Apache-2.0 */
/* What was said to somebody, byte for byte: the text stands since the first attempt, and later ones may only say besides
 * that they may be a repeat. It can name a child: only who may read it in the database sees it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch.h"
#include "toldctl.h"
#include "told/mem.h"

/* An attempt says "may be a repeat" when an earlier one may have arrived. */
static const struct pg_statement READ_NOTICE = {
    "notice",
    "SELECT n.notification_id AS notification, n.duty_id AS duty, n.message_id AS message, m.uid, m.channel, m.recipient,"
    " m.address, m.content, m.template, m.template_hash, m.subject, m.body_text AS text, m.body_html AS html, a.number AS attempt,"
    " " PG_INSTANT("a.started_at") " AS said_at, a.outcome, m.channel = 'email' AND EXISTS (SELECT FROM told.attempt e"
    " WHERE e.message_id = m.message_id AND e.number BETWEEN 1 AND a.number - 1 AND e.uncertain) AS repeat,"
    " coalesce(m.frozen, false) AS frozen, n.state FROM told.notification n LEFT JOIN told.message m USING (message_id)"
    " LEFT JOIN LATERAL (SELECT * FROM told.attempt WHERE message_id = m.message_id AND number > 0"
    " AND ($2::bigint IS NULL OR number = $2) ORDER BY number DESC LIMIT 1) a ON true WHERE n.notification_id = $1",
    2};

enum { SUBJECT = 10, TEXT, HTML, ATTEMPT, REPEAT = 16, FROZEN, STATE };

static struct dispatch_text said(const PGresult *row)
{
    const char *subject = pg_column(row, 0, SUBJECT), *text = pg_column(row, 0, TEXT), *html = pg_column(row, 0, HTML);
    struct dispatch_text said = {.subject = mem_copy(subject), .text = mem_copy(text), .html = mem_copy(html)};

    if (pg_column_bool(row, 0, REPEAT))
        dispatch_text_repeat(&said);
    return said;
}

static void print_json(const PGresult *row, const struct dispatch_text *text)
{
    json_t *notice = toldctl_row(row, 0);

    json_object_set_new(notice, "text", json_string(text->text));
    json_object_set_new(notice, "html", text->html != NULL ? json_string(text->html) : json_null());
    toldctl_print_json(notice);
    json_decref(notice);
}

static int print(const struct toldctl *ctl, const PGresult *row, bool html)
{
    struct dispatch_text text = said(row);
    int code = 0;

    if (ctl->json)
        print_json(row, &text);
    else if (html && text.html == NULL)
        code = toldctl_refuse(EX_DATAERR, "this was said without HTML, leave --html out");
    else if (html)
        fputs(text.html, stdout);
    else {
        if (text.subject != NULL)
            printf("Subject: %s\n\n", text.subject);
        fputs(text.text, stdout);
    }
    dispatch_text_release(&text);
    return code;
}

static int show(const struct toldctl *ctl, const PGresult *row, const char *number, const char *attempt, bool html)
{
    if (PQntuples(row) == 0)
        return toldctl_refuse(EX_DATAERR, "there is no notification %s", number);
    if (!pg_column_bool(row, 0, FROZEN))
        return toldctl_refuse(EX_UNAVAILABLE, "notification %s is %s, and nothing has been said yet", number,
                              pg_column(row, 0, STATE));
    if (attempt != NULL && pg_column(row, 0, ATTEMPT) == NULL)
        return toldctl_refuse(EX_DATAERR, "there was no attempt %s; `toldctl duty %s` lists them", attempt,
                              pg_column(row, 0, 1));
    return print(ctl, row, html);
}

int toldctl_notice(struct toldctl *ctl, int argc, char **argv)
{
    const char *attempt = NULL;
    bool html = false;
    const struct toldctl_option options[] = {{.name = "attempt", .ret_text = &attempt}, {.name = "html", .ret_flag = &html}, {0}};
    int word = toldctl_options(ctl, argc, argv, options, 1, 1), code;
    int64_t number, nth;
    char id[24];
    PGresult *row;

    if (word < 0)
        return EX_USAGE;
    if (!toldctl_number(argv[word], &number) || (attempt != NULL && !toldctl_number(attempt, &nth)))
        return toldctl_usage(ctl->command);
    if ((code = toldctl_open_database(ctl)) != 0)
        return code;
    snprintf(id, sizeof id, "%lld", (long long)number);
    row = pg_run(ctl->pg, &READ_NOTICE, (const char *[]){id, attempt});
    code = row != NULL ? show(ctl, row, id, attempt, html) : toldctl_database_code(ctl);
    PQclear(row);
    return code;
}
