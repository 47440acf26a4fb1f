/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte chooses the type of event; the rest is a condition, and a clock. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/deadline.h"
#include "../../lib/expr.h"
#include "told/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void count_line(void *cookie, const char *text, size_t len)
{
    size_t *count = cookie;

    assert(strlen(text) == len && len > 0);
    ++*count;
}

static void check_expr(const struct expr *expr, struct term_scope *scope)
{
    enum truth truth = expr_eval(expr, scope);
    struct buf scratch = {0};
    size_t missing = 0;
    size_t lines = 0;

    assert(truth == expr_eval(expr, scope));
    expr_unknown(expr, scope, count_line, &missing);
    assert((truth == TRUTH_UNKNOWN) == (missing > 0));
    expr_explain(expr, scope, &scratch, count_line, &lines);
    buf_release(&scratch);
}

static void check_deadline(const struct deadline *deadline, struct term_scope *scope)
{
    static const char holidays[] = "{\"england-and-wales\":{\"division\":\"england-and-wales\",\"events\":["
                                   "{\"title\":\"x\",\"date\":\"2024-12-25\"}]}}";
    char *reason = NULL;
    struct calendar *calendar = calendar_parse(holidays, strlen(holidays), &reason);
    struct deadline_due due;
    struct buf text = {0};
    size_t missing = 0;

    assert(calendar != NULL);
    deadline_compute(deadline, calendar, scope, &due);
    deadline_unknown(deadline, scope, count_line, &missing);
    assert(due.known == (missing == 0));
    if (due.known)
        deadline_explain(deadline, calendar, scope, &due, &text);
    buf_release(&text);
    calendar_free(calendar);
}

static void check_text(const char *text, int type_index, const struct decide_input *input)
{
    struct term_scope scope;
    char *reason = NULL;
    struct expr *expr = expr_parse(text, type_index, TERM_REACH_ALL, &reason);
    struct deadline *deadline;

    assert((expr == NULL) == (reason != NULL));
    free(reason);
    reason = NULL;
    deadline = deadline_parse(text, type_index, &reason);
    assert((deadline == NULL) == (reason != NULL));
    free(reason);
    term_scope_init(&scope, input);
    if (expr != NULL)
        check_expr(expr, &scope);
    if (deadline != NULL)
        check_deadline(deadline, &scope);
    expr_free(expr);
    deadline_free(deadline);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    int type_index = len == 0 ? 0 : (int)(bytes[0] % field_type_count());
    char *rest = mem_copy_n(len == 0 ? "" : (const char *)bytes + 1, len == 0 ? 0 : len - 1);
    char *json = mem_printf(
        "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"%s\",\"time\":\"2024-05-31T10:00:00Z\","
        "\"data\":{\"person\":{},\"on\":\"2024-05-31\",\"at\":\"2024-06-03T09:00:00Z\",\"objected\":true}}",
        field_type_at((size_t)type_index)->name);
    enum event_fault fault;
    char *reason = NULL;
    struct event *event = event_parse(json, strlen(json), &fault, &reason);
    struct facts *facts = facts_new();
    struct decide_input input = {.authority = "southwark", .event = event, .facts = facts};

    assert(event != NULL);
    instant_parse("2024-05-31T18:20:00Z", &input.received_at);
    facts_allocate(facts, "social-worker", "p-1");
    check_text(rest, type_index, &input);
    facts_free(facts);
    event_free(event);
    free(json);
    free(rest);
    return 0;
}
