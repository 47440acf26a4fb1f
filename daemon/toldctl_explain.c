/* SPDX-License-Identifier: Apache-2.0 */
/* explain, test and protocol: the rules tried on paper, without a database. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/decide.h"
#include "toldctl.h"

#define ABOVE_MOST 16

int toldctl_protocol(struct toldctl *ctl, int argc, char **argv)
{
    if (toldctl_options(ctl, argc, argv, NULL, 0, 0) < 0)
        return EX_USAGE;
    int code = toldctl_open_local_config(ctl);
    if (code)
        return code;
    json_t *table = protocol_json(ctl->config->protocol);
    if (ctl->json) {
        toldctl_print_json(table);
    } else {
        printf("protocol %s, calendar %d–%d\n", protocol_hash(ctl->config->protocol),
               calendar_first_year(ctl->config->calendar), calendar_last_year(ctl->config->calendar));
        for (size_t i = 0; i < protocol_count(ctl->config->protocol); i++) {
            const struct rule *rule = protocol_rule(ctl->config->protocol, i);
            printf("\n%s  %s\n  when    %s\n  within  %s\n  closes  %s\n  tells   ", rule_name(rule),
                   rule_title(rule), rule_when(rule), rule_within(rule), rule_closes(rule));
            for (size_t k = 0; k < rule_role_count(rule); k++)
                printf("%s%s", k ? " " : "", rule_role(rule, k));
            printf("\n  cites   %s (%s:%d)\n", rule_cites(rule), rule_file(rule), rule_line(rule));
        }
    }
    json_decref(table);
    return 0;
}

/* The case in a file; NULL after saying why. */
static struct decide_case *read_case(const char *path)
{
    char *bytes, *reason = NULL;
    size_t len;
    if (!toldctl_read(path, &bytes, &len))
        return NULL;
    struct decide_case *one = decide_case_parse(bytes, len, &reason);
    if (!one)
        toldctl_refuse(EX_DATAERR, "%s: %s", path, reason);
    free(reason);
    free(bytes);
    return one;
}

/* Who it would come to as far as the case itself names people, and who stands above. */
static void add_people(const struct directory *roles, const struct decide_input *input,
                       const struct decided_duty *duty, json_t *ret)
{
    json_t *recipients = json_array(), *ladder = json_array();
    for (size_t i = 0; i < duty->tell_count; i++) {
        const char *person = facts_allocated(input->facts, duty->tell[i]), *above[ABOVE_MOST];
        if (person)
            json_array_append_new(recipients, json_string(person));
        size_t count = directory_role(roles, duty->tell[i])
                           ? directory_ladder(roles, duty->tell[i], duty->ladder, above, ABOVE_MOST)
                           : 0;
        json_t *line = json_array();
        json_array_append_new(line, json_string(duty->tell[i]));
        for (size_t k = 0; k < count; k++)
            json_array_append_new(line, json_string(above[k]));
        json_array_append_new(ladder, line);
    }
    json_object_set_new(ret, "recipients", recipients);
    json_object_set_new(ret, "ladder", ladder);
}

static void print_list(const char *label, const json_t *list)
{
    const json_t *one;
    size_t i;
    if (json_array_size(list) == 0)
        return;
    printf("    %-11s", label);
    json_array_foreach(list, i, one)
        printf("%s%s", i ? " " : "", json_is_string(one) ? json_string_value(one) : "");
    printf("\n");
}

static void print_duty(const struct decided_duty *duty, const json_t *said)
{
    char local[TOLDCTL_TIME_SIZE];
    const json_t *one;
    size_t i;
    printf("%s  %s\n", rule_name(duty->rule), rule_title(duty->rule));
    print_list("tell", json_object_get(said, "tell"));
    print_list("recipients", json_object_get(said, "recipients"));
    json_array_foreach(json_object_get(said, "ladder"), i, one) print_list(i ? "" : "climbs", one);
    printf("    %-11s%s%s%s\n", "due", toldctl_local_time(duty->due_at, local),
           duty->immediate ? ", immediate" : "", duty->provisional ? ", provisional" : "");
    printf("    %-11s%s\n", "closes", rule_closes(duty->rule));
    json_array_foreach(duty->because, i, one)
        printf("    %-11s%s\n", i ? "" : "because", json_string_value(one));
}

static void print_decision(const struct decision *decision, const json_t *said)
{
    for (size_t i = 0; i < decision->duty_count; i++)
        print_duty(&decision->duties[i], json_array_get(json_object_get(said, "duties"), i));
    for (size_t i = 0; i < decision->review_count; i++) {
        const struct decided_review *review = &decision->reviews[i];
        char local[TOLDCTL_TIME_SIZE];
        printf("%s  review by %s; not known:", review->duty, toldctl_local_time(review->due_at, local));
        for (size_t k = 0; k < review->unknown_count; k++)
            printf(" %s", review->unknown[k]);
        printf("\n");
    }
    for (size_t i = 0; i < decision->not_count; i++)
        printf("%s  no: %s\n", decision->nots[i].duty, decision->nots[i].because);
}

static json_t *explain(struct toldctl *ctl, const struct decide_case *one, const struct directory *roles,
                       struct decision *decision)
{
    const struct decide_input *input = decide_case_input(one);
    decide(ctl->config->protocol, ctl->config->calendar, input, decision);
    json_t *said = decision_json(decision);
    for (size_t i = 0; i < decision->duty_count; i++)
        add_people(roles, input, &decision->duties[i], json_array_get(json_object_get(said, "duties"), i));
    return said;
}

int toldctl_explain(struct toldctl *ctl, int argc, char **argv)
{
    int at = toldctl_options(ctl, argc, argv, NULL, 1, -1);
    if (at < 0)
        return EX_USAGE;
    int code = toldctl_open_local_config(ctl);
    struct directory *roles = code ? NULL : config_directory(ctl->config);
    for (int i = at; i < argc && !code; i++) {
        struct decide_case *one = read_case(argv[i]);
        if (!one) {
            code = EX_DATAERR;
            break;
        }
        struct decision decision = {0};
        json_t *said = explain(ctl, one, roles, &decision);
        if (ctl->json) {
            toldctl_print_json(said);
        } else {
            printf("%s%s\n", i > at ? "\n" : "", decide_case_name(one));
            print_decision(&decision, said);
        }
        json_decref(said);
        decision_release(&decision);
        decide_case_free(one);
    }
    directory_free(roles);
    return code;
}

/* NULL if the case comes out as it expects; else what differs (caller frees). */
static char *try_case(struct toldctl *ctl, const struct decide_case *one)
{
    struct decision decision = {0};
    decide(ctl->config->protocol, ctl->config->calendar, decide_case_input(one), &decision);
    char *differs = decide_case_compare(one, &decision);
    decision_release(&decision);
    return differs;
}

int toldctl_test(struct toldctl *ctl, int argc, char **argv)
{
    int passed = 0, failed = 0;
    int at = toldctl_options(ctl, argc, argv, NULL, 1, -1);
    if (at < 0)
        return EX_USAGE;
    int code = toldctl_open_local_config(ctl);
    if (code)
        return code;
    for (int i = at; i < argc; i++) {
        struct decide_case *one = read_case(argv[i]);
        char *differs = one ? try_case(ctl, one) : NULL;
        if (!one || differs)
            failed++;
        else
            passed++;
        if (differs)
            printf("FAIL %s: %s: %s\n", argv[i], decide_case_name(one), differs);
        free(differs);
        decide_case_free(one);
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
