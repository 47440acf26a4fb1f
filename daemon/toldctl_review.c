/* SPDX-License-Identifier: Apache-2.0 */
/* reviews, and answer: what told could not decide is decided again once a person has said what was missing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "told/event_answer.h"
#include "told/facts.h"
#include "told/mem.h"
#include "toldctl_answerer.h"
#include "toldctl_event.h"

/* clang-format off */
static const struct pg_statement list_open = {
    "reviews_open",
    "SELECT duty_id AS review, kind, child_id AS child, event_id AS event, case_ref AS \"case\", state,"
    " " PG_INSTANT("due_at") " AS due_at,"
    " title, because - 'candidates' AS because, (SELECT string_agg(c->>'child', ' ') FROM jsonb_array_elements("
    "because->'candidates') c) AS candidates FROM told.duty WHERE kind IN ('review', 'match') AND state <> 'closed' ORDER BY"
    " due_at, duty_id",
    0};
static const struct pg_statement list_all = {
    "reviews_all",
    "SELECT duty_id AS review, kind, child_id AS child, event_id AS event, case_ref AS \"case\","
    " coalesce(closed_as, state) AS state, " PG_INSTANT("due_at") " AS due_at, title,"
    " because - 'candidates' AS because, (SELECT string_agg(c->>'child', ' ') FROM jsonb_array_elements("
    "because->'candidates') c) AS candidates FROM told.duty WHERE kind IN ('review', 'match') ORDER BY duty_id DESC LIMIT 1000",
    0};
/* clang-format on */
static const struct pg_statement find_review = {
    "answer_review", "SELECT kind, child_id, event_id FROM told.duty WHERE duty_id = $1", 1};
static const struct pg_statement lock_child = {
    "answer_child", "SELECT child_id FROM told.child WHERE child_id = $1 FOR UPDATE", 1};
static const struct pg_statement insert_status = {
    "answer_status",
    "INSERT INTO told.child_status (child_id, field, value, valid_from, recorded_at, origin, event_id)"
    " VALUES ($1, $2, $3, $4, $5, 'answer', $6)",
    6};
static const struct pg_statement insert_allocation = {
    "answer_allocation",
    "INSERT INTO told.child_allocation (child_id, role, person_id, valid_from, recorded_at, origin, event_id)"
    " VALUES ($1, $2, $3, $4, $5, 'answer', $6)",
    6};
static const struct pg_statement set_born = {
    "answer_born",
    "UPDATE told.child SET born_on = $2 WHERE child_id = $1 AND (born_on IS NULL OR born_on = $2)", 2};
static const struct pg_statement find_person = {"answer_person",
                                                "SELECT 1 FROM told.person WHERE person_id = $1", 1};

int toldctl_reviews(struct toldctl *ctl, int argc, char **argv)
{
    bool all = false;
    const struct toldctl_option options[] = {{.name = "all", .ret_flag = &all}, {.name = NULL}};
    if (toldctl_options(ctl, argc, argv, options, 0, 0) < 0)
        return EX_USAGE;
    int code = toldctl_open_database(ctl);
    return code ? code : toldctl_list(ctl, all ? &list_all : &list_open, NULL);
}

/* One FIELD=VALUE. */
struct statement {
    char *field; /* of facts_set, or of the event itself ("event.at"); or the role of an allocation */
    bool is_allocation, is_of_event;
    char *value; /* JSON text; of the event itself as it was written; or the person, NULL for nobody */
    char *json;  /* of the event itself: JSON text, once the event is known */
};

struct answer_step {
    int64_t review_id;
    struct answerer who;
    struct answered_duty duty;
    struct statement *statements;
    size_t count;
};

/* "true", "17", ["a"] stand for themselves; any other word is a word. */
static json_t *value_of(const char *text)
{
    json_t *value = NULL;
    char *reason = NULL;
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return json_boolean(*text == 't');
    if (*text == '[' || (*text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 10))
        value = *text == '[' ? json_parse(text, strlen(text), &reason) : json_integer(atoi(text));
    free(reason);
    return value ? value : json_string(text);
}

/* "gang,county-lines" for a field that is a set. */
static json_t *words_of(const char *text)
{
    json_t *list = json_array();
    while (*text) {
        size_t len = strcspn(text, ",");
        if (len > 0)
            json_array_append_new(list, json_stringn(text, len));
        text += len + (text[len] == ',');
    }
    return list;
}

static int read_status(const char *field, const char *text, struct facts *scratch, struct statement *ret)
{
    json_t *value = value_of(text);
    const char *reason = facts_set(scratch, field, value);
    if (reason) {
        json_t *words = words_of(text);
        if (!facts_set(scratch, field, words)) {
            json_decref(value);
            value = json_incref(words);
            reason = NULL;
        }
        json_decref(words);
    }
    if (!reason)
        *ret = (struct statement){.field = mem_copy(field),
                                  .value = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT)};
    json_decref(value);
    return reason
               ? toldctl_refuse(EX_DATAERR, "%s: %s; see `toldctl reviews` for what is asked", field, reason)
               : 0;
}

/* child.has(ROLE)=PERSON|nobody */
static int read_allocation(const char *field, const char *text, struct statement *ret)
{
    size_t len = strlen(field);
    if (field[len - 1] != ')' || len < 6)
        return toldctl_refuse(EX_USAGE,
                              "%s: a role stands in brackets, as in has(social-worker)=PERSON|nobody", field);
    *ret = (struct statement){.field = mem_copy_n(field + 4, len - 5),
                              .is_allocation = true,
                              .value = strcmp(text, "nobody") == 0 ? NULL : mem_copy(text)};
    return 0;
}

static bool is_said_twice(const struct answer_step *a)
{
    const struct statement *last = &a->statements[a->count - 1];
    for (size_t i = 0; i + 1 < a->count; i++)
        if (a->statements[i].is_allocation == last->is_allocation && strcmp(a->statements[i].field, last->field) == 0)
            return true;
    return false;
}

static int read_statement(const char *word, struct facts *scratch, struct statement *ret)
{
    const char *equals = strchr(word, '=');
    if (!equals || equals == word || !equals[1])
        return toldctl_refuse(EX_USAGE, "%s: give FIELD=VALUE, as in looked_after=true", word);
    if (strncmp(word, "child.", 6) == 0)
        word += 6;
    char *field = mem_copy_n(word, (size_t)(equals - word));
    if (event_answer_is_name(field)) { /* read once the event is known */
        *ret = (struct statement){.field = field, .is_of_event = true, .value = mem_copy(equals + 1)};
        return 0;
    }
    int code = strcmp(field, "allocations") == 0
                   ? toldctl_refuse(EX_USAGE, "give allocations one by one: has(ROLE)=PERSON|nobody")
               : strncmp(field, "has(", 4) == 0 ? read_allocation(field, equals + 1, ret)
                                                : read_status(field, equals + 1, scratch, ret);
    free(field);
    return code;
}

static int check_person(struct toldctl *ctl, const struct statement *one)
{
    const char *const values[] = {one->value};
    if (!one->value)
        return 0;
    PGresult *rows = pg_run(ctl->pg, &find_person, values);
    if (!rows)
        return TOLDCTL_DATABASE;
    int count = PQntuples(rows);
    PQclear(rows);
    return count ? 0
                 : toldctl_refuse(
                       EX_DATAERR,
                       "has(%s)=%s: nobody has that id; `toldctl import directory` first, or say nobody",
                       one->field, one->value);
}

static struct event *try_answer(const struct event *event, const char *name, json_t *value, char **ret_reason)
{
    json_t *answers = json_pack("{s{sO}}", name, "value", value);
    struct event *answered = event_answer(event, answers, ret_reason);
    json_decref(answers);
    return answered;
}

/* What was said of the event becomes JSON of the kind that its field has. */
static int read_of_event(const struct event *event, struct statement *one)
{
    char *reason = NULL, *again = NULL;
    json_t *value = value_of(one->value), *words = words_of(one->value);
    struct event *answered = try_answer(event, one->field, value, &reason);
    struct event *as_words = answered ? NULL : try_answer(event, one->field, words, &again);
    int code = answered || as_words
                   ? 0
                   : toldctl_refuse(EX_DATAERR, "%s: %s; see `toldctl reviews` for what is asked", one->field, reason);
    if (!code) {
        free(one->json);
        one->json = json_dumps(answered ? value : words, JSON_ENCODE_ANY | JSON_COMPACT);
    }
    event_free(answered);
    event_free(as_words);
    json_decref(value);
    json_decref(words);
    free(reason);
    free(again);
    return code;
}

static int write_statement(struct toldctl *ctl, const struct answer_step *a, const struct statement *one,
                           struct instant valid_from)
{
    char child[24], event[24], from[INSTANT_TEXT_SIZE], now[INSTANT_TEXT_SIZE];
    snprintf(child, sizeof child, "%" PRId64, a->duty.child_id);
    snprintf(event, sizeof event, "%" PRId64, a->duty.event_id);
    const char *const values[] = {
        child, one->field, one->is_of_event ? one->json : one->value, instant_print(valid_from, from), instant_print(a->who.now, now),
        event};
    if (one->is_allocation) {
        int code = check_person(ctl, one);
        return code ? code : pg_do(ctl->pg, &insert_allocation, values) ? 0 : TOLDCTL_DATABASE;
    }
    if (strcmp(one->field, "born_on") != 0)
        return pg_do(ctl->pg, &insert_status, values) ? 0 : TOLDCTL_DATABASE;
    char *day = mem_copy_n(one->value + 1, strlen(one->value) - 2); /* without the quotes of JSON */
    const char *const born[] = {child, day};
    PGresult *done = pg_run(ctl->pg, &set_born, born);
    int code = !done ? TOLDCTL_DATABASE
               : strcmp(PQcmdTuples(done), "1") == 0
                   ? 0
                   : toldctl_refuse(
                         EX_DATAERR,
                         "born_on: another date of birth is stored for this child; it is not changed here");
    PQclear(done);
    free(day);
    return code;
}

/* The child is locked before the duty. */
static int lock(struct toldctl *ctl, struct answer_step *a)
{
    char id[24];
    snprintf(id, sizeof id, "%" PRId64, a->review_id);
    const char *values[] = {id};
    PGresult *row = pg_run(ctl->pg, &find_review, values);
    if (!row)
        return TOLDCTL_DATABASE;
    int code = 0;
    if (PQntuples(row) == 0 || strcmp(pg_column(row, 0, 0), "review") != 0)
        code =
            toldctl_refuse(EX_DATAERR, "%s is no review of missing fields; `toldctl reviews` lists them", id);
    else if (!pg_column(row, 0, 1) || !pg_column(row, 0, 2))
        code = toldctl_refuse(EX_DATAERR, "review %s is about no known child; `toldctl match` first", id);
    else {
        values[0] = pg_column(row, 0, 1);
        code = pg_do(ctl->pg, &lock_child, values) ? toldctl_answerer_lock(ctl, a->review_id, &a->duty)
                                                   : TOLDCTL_DATABASE;
    }
    PQclear(row);
    if (!code && !a->duty.asks_fields)
        code = toldctl_refuse(EX_DATAERR, "review %s asks for no fields; give `toldctl done %s --note TEXT`",
                              id, id);
    return code;
}

static char *names_of(const struct answer_step *a)
{
    struct buf names = {0};
    for (size_t i = 0; i < a->count; i++)
        buf_printf(&names, "%s%s%s", names.len ? " " : "",
                   a->statements[i].is_allocation ? "allocation:" : "", a->statements[i].field);
    return buf_take(&names);
}

static int step_answer(struct toldctl *ctl, void *step)
{
    struct answer_step *a = step;
    struct instant valid_from = INSTANT_NONE;
    struct event *event = NULL;
    int code = toldctl_answerer_find(ctl, &a->who);
    if (!code)
        code = lock(ctl, a);
    if (!code)
        code = toldctl_event_load(ctl, a->duty.event_id, &event);
    if (!code)
        valid_from = event_valid_from(event);
    for (size_t i = 0; !code && i < a->count; i++)
        if (a->statements[i].is_of_event)
            code = read_of_event(event, &a->statements[i]);
    event_free(event);
    for (size_t i = 0; !code && i < a->count; i++)
        code = write_statement(ctl, a, &a->statements[i], valid_from);
    if (code)
        return code;
    char *names = names_of(a);
    char *detail = store_detail("for", a->who.person, "fields", names, NULL);
    bool good = toldctl_answerer_record(ctl, &a->who, &a->duty, "answer", names, detail) &&
                toldctl_answerer_close(ctl, &a->who, &a->duty, "done", "answered") &&
                toldctl_answerer_again(ctl, a->duty.child_id, valid_from) &&
                toldctl_event_again(ctl, a->duty.event_id, "a review was answered");
    free(detail);
    free(names);
    return good ? 0 : TOLDCTL_DATABASE;
}

static int read_words(int argc, char **argv, int at, struct answer_step *a)
{
    if (!toldctl_number(argv[at], &a->review_id))
        return toldctl_refuse(EX_USAGE, "%s is no number of a review; `toldctl reviews` lists them",
                              argv[at]);
    struct facts *scratch = facts_new();
    int code = 0;
    a->statements = mem_new((size_t)(argc - at) * sizeof *a->statements);
    for (int i = at + 1; i < argc && !code; i++) {
        code = read_statement(argv[i], scratch, &a->statements[a->count++]);
        if (!code && is_said_twice(a))
            code = toldctl_refuse(EX_USAGE, "%s: said twice; say it once", argv[i]);
    }
    facts_free(scratch);
    return code;
}

int toldctl_answer(struct toldctl *ctl, int argc, char **argv)
{
    struct answer_step a = {0};
    const struct toldctl_option options[] = {{.name = "for", .ret_text = &a.who.asked}, {.name = NULL}};
    int at = toldctl_options(ctl, argc, argv, options, 2, -1);
    if (at < 0)
        return EX_USAGE;
    int code = read_words(argc, argv, at, &a);
    if (!code)
        code = toldctl_open_database(ctl);
    if (!code)
        code = toldctl_step(ctl, step_answer, &a);
    if (!code) {
        toldctl_kick(ctl);
        printf("review %" PRId64 ": answered; event %" PRId64 " is decided again\n", a.review_id,
               a.duty.event_id);
    }
    for (size_t i = 0; i < a.count; i++) {
        free(a.statements[i].field);
        free(a.statements[i].value);
        free(a.statements[i].json);
    }
    free(a.statements);
    toldctl_answerer_release(&a.who);
    answer_store_release(&a.duty);
    return code;
}
