/* SPDX-License-Identifier: Apache-2.0 */
#include "told/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity_weigh.h"
#include "told/mem.h"

enum { EVIDENCE_MOST = 10 }; /* candidates that are kept on record */

struct judging {
    const struct identity_policy *policy;
    const struct person *person;
    struct weighed *list;
    size_t count;
    struct identity_result *result;
};

/* ---- combinations ---- */

static const char *const FIELDS[] = {"family", "given", "born", "postcode", "asn", "urn"};
enum { FAMILY, GIVEN, BORN, POSTCODE, ASN, URN, FIELD_COUNT };

/* The set of fields as bits; 0 where a word is none of them or stands twice. */
static unsigned read_combination(const char *text)
{
    unsigned set = 0;

    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        unsigned bit = 0;

        for (unsigned i = 0; i < FIELD_COUNT; i++)
            if (strlen(FIELDS[i]) == len && memcmp(FIELDS[i], text, len) == 0)
                bit = 1U << i;
        if (len > 0 && (bit == 0 || (set & bit) != 0))
            return 0;
        set |= bit;
        text += len + (text[len] == ' ');
    }
    return set;
}

static int size_of(unsigned set)
{
    int size = 0;

    for (; set != 0; set &= set - 1)
        size++;
    return size;
}

const char *identity_combination_validate(const char *combination)
{
    unsigned set = read_combination(combination);

    if (set == 0)
        return "holds what is no field, or one twice, write words of: family given born postcode asn urn";
    if ((set & 1U << BORN) == 0)
        return "lacks born, add it: without a date of birth nobody is known for certain";
    if ((set & (1U << FAMILY | 1U << GIVEN)) == 0)
        return "names neither family nor given, add them: a date of birth and a place are shared by twins";
    if (size_of(set) < 3)
        return "has fewer than three fields, add one: namesakes share two";
    if ((set & 1U << GIVEN) == 0 && (set & 1U << ASN) == 0)
        return "would take twins for each other, add given or asn";
    return NULL;
}

static bool fits_combination(const struct weighed *w, unsigned set)
{
    const bool agrees[FIELD_COUNT] = {w->family, w->given, w->born == WEIGH_BORN_AGREES, w->postcode, w->asn, w->urn};

    for (unsigned i = 0; i < FIELD_COUNT; i++)
        if ((set & 1U << i) != 0 && !agrees[i])
            return false;
    return set != 0;
}

/* The first configured combination that this candidate fits, or NULL. */
static const char *find_combination(const struct identity_policy *policy, const struct weighed *w)
{
    for (size_t i = 0; policy->certain != NULL && policy->certain[i] != NULL; i++)
        if (identity_combination_validate(policy->certain[i]) == NULL && fits_combination(w, read_combination(policy->certain[i])))
            return policy->certain[i];
    return NULL;
}

/* ---- the verdict ---- */

static void settle(struct judging *j, enum identity_verdict verdict, const struct weighed *child)
{
    j->result->verdict = verdict;
    j->result->child_id = verdict == IDENTITY_CERTAIN ? child->candidate->child_id : 0;
}

static void doubt(struct judging *j, const char *because)
{
    snprintf(j->result->because, sizeof j->result->because, "%s", because);
    settle(j, IDENTITY_DOUBTFUL, NULL);
}

static bool is_ruled_out(const struct weighed *w)
{
    return w->candidate->memory == IDENTITY_NEVER;
}

/* What a person answered holds as long as nobody else has come up since. */
static bool judge_by_memory(struct judging *j)
{
    const struct weighed *same = NULL;

    for (size_t i = 0; i < j->count; i++)
        if (j->list[i].candidate->memory == IDENTITY_SAME) {
            if (same != NULL) {
                doubt(j, "two children were said to be the same person");
                return true;
            }
            same = &j->list[i];
        }
    if (same == NULL)
        return false;
    for (size_t i = 0; i < j->count; i++) {
        const struct weighed *w = &j->list[i];

        if (w != same && !is_ruled_out(w) && (w->agrees != NULL || w->points >= j->policy->doubtful)) {
            doubt(j, "another child fits too since a person answered");
            return true;
        }
    }
    settle(j, IDENTITY_CERTAIN, same);
    j->result->review_id = same->candidate->review_id;
    j->result->is_corroborated = true;
    snprintf(j->result->because, sizeof j->result->because, "a person said so of the same details (D-%lld)",
             (long long)same->candidate->review_id);
    return true;
}

static bool somebody_else_fits(const struct judging *j, const struct weighed *one)
{
    for (size_t i = 0; i < j->count; i++)
        if (&j->list[i] != one && !is_ruled_out(&j->list[i]) && j->list[i].contradicts == NULL && j->list[i].fits)
            return true;
    return false;
}

static bool judge_by_identifier(struct judging *j)
{
    const struct weighed *one = NULL;

    for (size_t i = 0; i < j->count; i++) {
        if (j->list[i].agrees == NULL || is_ruled_out(&j->list[i]))
            continue;
        if (one != NULL) {
            doubt(j, "two children share an identifier with the event");
            return true;
        }
        one = &j->list[i];
    }
    if (one == NULL)
        return false;
    if (one->contradicts != NULL) {
        settle(j, IDENTITY_DOUBTFUL, NULL);
        snprintf(j->result->because, sizeof j->result->because, "the %s is another one", one->contradicts);
    } else if (one->born > WEIGH_BORN_AGREES) {
        doubt(j, "the date of birth is another one");
    } else if (one->name_contradicts) {
        doubt(j, "the name is another one");
    } else if (!one->name_agrees && somebody_else_fits(j, one)) {
        doubt(j, "the name and date of birth are another child's");
    } else {
        settle(j, IDENTITY_CERTAIN, one);
        j->result->is_corroborated = one->name_agrees || (j->person->family[0] == '\0' && j->person->given[0] == '\0');
        snprintf(j->result->because, sizeof j->result->because, "one child shares the %s, and nothing contradicts", one->agrees);
    }
    return true;
}

/* Nobody but `one` has points that come near it. Twins and namesakes do. */
static bool is_alone(const struct judging *j, const struct weighed *one)
{
    for (size_t i = 0; i < j->count; i++)
        if (&j->list[i] != one && !is_ruled_out(&j->list[i]) && j->list[i].points >= one->points - j->policy->margin)
            return false;
    return true;
}

static bool judge_by_combination(struct judging *j)
{
    for (size_t i = 0; i < j->count; i++) {
        const struct weighed *w = &j->list[i];
        const char *combination = is_ruled_out(w) || w->contradicts != NULL ? NULL : find_combination(j->policy, w);

        if (combination == NULL)
            continue;
        if (!is_alone(j, w)) {
            doubt(j, "a combination agrees, and another child comes near");
        } else {
            settle(j, IDENTITY_CERTAIN, w);
            j->result->is_corroborated = true;
            snprintf(j->result->because, sizeof j->result->because, "of one child agree: %.80s; nothing contradicts", combination);
        }
        return true;
    }
    return false;
}

static void judge_by_points(struct judging *j)
{
    size_t doubtful = 0;

    for (size_t i = 0; i < j->count; i++)
        doubtful += !is_ruled_out(&j->list[i]) && j->list[i].points >= j->policy->doubtful;
    if (doubtful == 0) {
        snprintf(j->result->because, sizeof j->result->because, "no known child fits");
        return;
    }
    settle(j, IDENTITY_DOUBTFUL, NULL);
    snprintf(j->result->because, sizeof j->result->because, doubtful == 1 ? "one child may be meant" : "%zu children may be meant",
             doubtful);
}

/* ---- what is kept of it ---- */

static int by_points(const void *a_, const void *b_)
{
    const struct weighed *a = a_, *b = b_;
    int order = (a->agrees == NULL) - (b->agrees == NULL);

    if (order == 0)
        order = (a->points < b->points) - (a->points > b->points);
    if (order == 0)
        order = (a->candidate->child_id > b->candidate->child_id) - (a->candidate->child_id < b->candidate->child_id);
    return order;
}

/* Whoever was found by a sound alone and has nothing else is no evidence. */
static json_t *evidence_of(const struct judging *j)
{
    json_t *all = json_array();

    for (size_t i = 0; i < j->count && json_array_size(all) < EVIDENCE_MOST; i++) {
        const struct weighed *w = &j->list[i];

        if (w->agrees == NULL && w->points < j->policy->doubtful && w->candidate->memory == IDENTITY_UNDECIDED)
            continue;
        json_array_append_new(all, json_pack("{s:I, s:i, s:O, s:O}", "child", (json_int_t)w->candidate->child_id, "points",
                                             w->points, "schemes", w->schemes, "evidence", w->evidence));
    }
    return all;
}

void identity_judge(const struct identity_policy *policy, const struct person *person,
                    const struct identity_candidate *candidates, size_t count, struct identity_result *ret)
{
    struct judging j = {.policy = policy, .person = person, .count = count, .result = ret};

    *ret = (struct identity_result){.verdict = IDENTITY_NONE};
    j.list = mem_new((count + 1) * sizeof *j.list);
    for (size_t i = 0; i < count; i++)
        identity_weigh(policy, person, &candidates[i], &j.list[i]);
    qsort(j.list, count, sizeof *j.list, by_points);
    if (!judge_by_memory(&j) && !judge_by_identifier(&j) && !judge_by_combination(&j))
        judge_by_points(&j);
    ret->evidence = evidence_of(&j);
    for (size_t i = 0; i < count; i++)
        identity_weigh_release(&j.list[i]);
    free(j.list);
}

void identity_release(struct identity_result *result)
{
    json_decref(result->evidence);
    result->evidence = NULL;
}
