/* SPDX-License-Identifier: Apache-2.0 */
#include "identity_weigh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "told/mem.h"

/* How much of a field's weight a partial agreement is worth, in percent. */
enum {
    FULL = 100,
    CROSSED = 90,  /* given and family name in each other's place */
    SHARED = 80,   /* a word in common: double-barrelled, one of several given names */
    ALIKE = 75,    /* a slip of the keyboard, or it sounds the same */
    SWAPPED = 70,  /* day and month */
    MISTYPED = 65, /* a digit */
    UNLIKE = -60,  /* stated on both sides, and another one */
    UNSTATED = 0,
};
enum {
    ALIKE_FROM = 50,      /* similarity() in percent */
    EDIT_LEAST = 4,       /* shorter names are other names after one edit */
    TWO_EDITS_LEAST = 7,
    OTHER_NUMBER = -20,   /* points: a trusted identifier is another one */
    LIST_MOST = 12,       /* words of a name that are compared */
};

struct words {
    const char *at[LIST_MOST];
    size_t len[LIST_MOST], count;
};

static struct words split(const char *name)
{
    struct words w = {.count = 0};

    while (*name != '\0' && w.count < LIST_MOST) {
        size_t len = strcspn(name, " ");

        w.at[w.count] = name;
        w.len[w.count++] = len;
        name += len + (name[len] == ' ');
    }
    return w;
}

static bool has_word(const struct words *w, const char *word, size_t len)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->len[i] == len && memcmp(w->at[i], word, len) == 0)
            return true;
    return false;
}

static bool is_subset(const struct words *small, const struct words *large)
{
    for (size_t i = 0; i < small->count; i++)
        if (!has_word(large, small->at[i], small->len[i]))
            return false;
    return small->count > 0;
}

/* Equal without the blanks: "o neill" and "oneill", "mary jane" and "maryjane". */
static bool is_equal(const char *a, const char *b)
{
    while (*a != '\0' || *b != '\0') {
        a += *a == ' ';
        b += *b == ' ';
        if (*a != *b)
            return false;
        if (*a != '\0')
            a++, b++;
    }
    return true;
}

/* What one part of a name (family or given) is worth in percent. */
static int part(const char *theirs, const char *ours, int alike, int edits, bool sounds)
{
    struct words t = split(theirs), o = split(ours);
    size_t len = strlen(theirs) < strlen(ours) ? strlen(theirs) : strlen(ours);

    if (*theirs == '\0' || *ours == '\0')
        return UNSTATED;
    if (is_equal(theirs, ours) || (is_subset(&t, &o) && is_subset(&o, &t)))
        return FULL;
    for (size_t i = 0; i < t.count; i++)
        if (t.len[i] > 1 && has_word(&o, t.at[i], t.len[i]))
            return SHARED;
    if ((edits <= 1 && len >= EDIT_LEAST) || (edits <= 2 && len >= TWO_EDITS_LEAST) || alike >= ALIKE_FROM || sounds)
        return ALIKE;
    return UNLIKE;
}

/* The same given names to trust in: equal, all of the shorter list in the longer, or the first of each. A slip of the
 * keyboard is not enough where a number agrees: twins are called Jane and Jade, Daniel and Danielle. */
static bool given_agrees(const char *theirs, const char *ours)
{
    struct words t = split(theirs), o = split(ours);

    return is_equal(theirs, ours) || is_subset(&t, &o) || is_subset(&o, &t) ||
           (t.count > 0 && o.count > 0 && t.len[0] == o.len[0] && t.len[0] > 1 && memcmp(t.at[0], o.at[0], t.len[0]) == 0);
}

static bool is_crossed(const struct person *p, const struct identity_name *n)
{
    return p->family[0] != '\0' && p->given[0] != '\0' && n->family[0] != '\0' && n->given[0] != '\0' &&
           is_equal(p->family, n->given) && is_equal(p->given, n->family);
}

enum in_one { NOT_IN_ONE, ALL_IN_ONE, ANOTHER_IN_ONE };

/* All of a name in one field, and the other one empty: the words that are not the family's are given names. */
static enum in_one compare_in_one(const struct person *p, const struct identity_name *n)
{
    struct words stated = split(p->family[0] != '\0' ? p->family : p->given), family = split(n->family), given = split(n->given);
    size_t families = 0, givens = 0;

    if ((p->family[0] == '\0') == (p->given[0] == '\0') || family.count == 0 || given.count == 0)
        return NOT_IN_ONE;
    for (size_t i = 0; i < stated.count; i++)
        if (has_word(&family, stated.at[i], stated.len[i]))
            families++;
        else if (has_word(&given, stated.at[i], stated.len[i]))
            givens++;
    if (families == 0 || families == stated.count)
        return NOT_IN_ONE;
    return givens == 0 ? ANOTHER_IN_ONE : ALL_IN_ONE;
}

struct name_fit {
    int family, given; /* percent */
    bool crossed;
    bool agrees;
    const struct identity_name *name;
};

/* A family name may change; given names and date of birth then have to agree. */
static struct name_fit fit_name(const struct person *p, const struct identity_name *n, bool born_agrees)
{
    struct name_fit f = {.name = n, .crossed = is_crossed(p, n)};
    bool given_stated = p->given[0] != '\0' && n->given[0] != '\0', family_stated = p->family[0] != '\0' && n->family[0] != '\0';
    enum in_one in_one = compare_in_one(p, n);
    bool given_ok = in_one != ANOTHER_IN_ONE && (!given_stated || given_agrees(p->given, n->given));

    f.family = f.crossed ? CROSSED : part(p->family, n->family, n->family_alike, n->family_edits, n->family_sounds);
    f.given = f.crossed ? CROSSED : part(p->given, n->given, n->given_alike, n->given_edits, n->given_sounds);
    if (in_one == ALL_IN_ONE)
        f.family = f.given = SHARED;
    f.agrees = f.crossed || ((given_stated || family_stated) && given_ok &&
                             (!family_stated || f.family > 0 || (given_stated && born_agrees)));
    return f;
}

static void say(struct weighed *w, const char *words)
{
    json_array_append_new(w->evidence, json_string(words));
}

static void say_of(struct weighed *w, const char *what, const char *words)
{
    char *text = mem_printf("%s %s", what, words);

    say(w, text);
    free(text);
}

static int worth(int percent, int weight)
{
    return percent * weight / 100;
}

static void say_part(struct weighed *w, const char *what, int percent)
{
    if (percent == FULL)
        say_of(w, what, "agrees");
    else if (percent == SHARED)
        say_of(w, what, "agrees in part");
    else if (percent == ALIKE)
        say_of(w, what, "is alike");
    else if (percent == UNLIKE)
        say_of(w, what, "is another one");
}

static void weigh_names(const struct identity_policy *policy, const struct person *p, struct weighed *w)
{
    const struct identity_candidate *c = w->candidate;
    struct name_fit best = {0};
    int most = 0;
    bool record = false, stated = false;

    for (size_t i = 0; i < c->name_count; i++)
        record |= c->names[i].is_record;
    for (size_t i = 0; i < c->name_count; i++) {
        const struct identity_name *n = &c->names[i];
        struct name_fit f = fit_name(p, n, w->born == WEIGH_BORN_AGREES);
        int points = worth(f.given, policy->given_weight) + worth(f.family > 0 ? f.family : 0, policy->family_weight);

        stated |= (p->family[0] != '\0' && n->family[0] != '\0') || (p->given[0] != '\0' && n->given[0] != '\0');
        /* What a publisher called the child cannot overrule what the record says. */
        w->name_agrees |= f.agrees && (n->is_record || !record);
        w->family |= n->is_record && f.family == FULL;
        w->given |= n->is_record && f.given == FULL;
        w->fits |= f.family == FULL && f.given == FULL && w->born == WEIGH_BORN_AGREES;
        if (best.name == NULL || points > most) {
            best = f;
            most = points;
        }
    }
    w->name_contradicts = stated && !w->name_agrees;
    w->points += most;
    if (best.name == NULL)
        return;
    if (best.crossed) {
        say(w, "given and family name stand in each other's place");
    } else {
        say_part(w, "family name", best.family);
        say_part(w, "given names", best.given);
    }
    if (!best.name->is_record && (best.family > 0 || best.given > 0))
        say(w, "by an alias");
}

static void digits_of(struct civil_day day, char out[9])
{
    int year, month, day_of_month;

    civil_split(day, &year, &month, &day_of_month);
    snprintf(out, 9, "%04u%02u%02u", (unsigned)year % 10000, (unsigned)month % 100, (unsigned)day_of_month % 100);
}

static bool is_mistyped(const char *a, const char *b)
{
    int first = -1, last = -1, count = 0;

    for (int i = 0; i < 8; i++)
        if (a[i] != b[i]) {
            first = count++ == 0 ? i : first;
            last = i;
        }
    return count == 1 || (count == 2 && last == first + 1 && a[first] == b[last] && a[last] == b[first]);
}

static enum weigh_born compare_born(const struct person *p, const char *born_on)
{
    struct civil_day ours;
    char a[9], b[9];

    if (!p->is_born_stated || born_on == NULL)
        return WEIGH_BORN_UNSTATED;
    /* A date that cannot be read contradicts: it says something, and it is not what we know. */
    if (p->is_born_wrong || !civil_parse(born_on, &ours))
        return WEIGH_BORN_OTHER;
    if (p->born_on.number == ours.number)
        return WEIGH_BORN_AGREES;
    if (person_born_is_filled(p->born_on))
        return WEIGH_BORN_FILLED;
    digits_of(p->born_on, a);
    digits_of(ours, b);
    if (memcmp(a, b, 4) == 0 && memcmp(a + 4, b + 6, 2) == 0 && memcmp(a + 6, b + 4, 2) == 0)
        return WEIGH_BORN_SWAPPED;
    return is_mistyped(a, b) ? WEIGH_BORN_MISTYPED : WEIGH_BORN_OTHER;
}

static void weigh_born(const struct identity_policy *policy, struct weighed *w)
{
    static const struct {
        int percent;
        const char *words;
    } BORN[] = {[WEIGH_BORN_UNSTATED] = {0, NULL},
                [WEIGH_BORN_AGREES] = {FULL, "date of birth agrees"},
                [WEIGH_BORN_SWAPPED] = {SWAPPED, "date of birth: day and month stand in each other's place"},
                [WEIGH_BORN_MISTYPED] = {MISTYPED, "date of birth: a digit is another one"},
                [WEIGH_BORN_OTHER] = {UNLIKE, "date of birth is another one"},
                [WEIGH_BORN_FILLED] = {UNSTATED, "date of birth is none that somebody has"}};

    w->points += worth(BORN[w->born].percent, policy->born_weight);
    if (BORN[w->born].words != NULL)
        say(w, BORN[w->born].words);
}

static void weigh_postcode(const struct identity_policy *policy, const struct person *p, struct weighed *w)
{
    const struct identity_candidate *c = w->candidate;
    bool any = false;

    for (size_t i = 0; i < c->postcode_count && p->postcode != NULL; i++) {
        bool same = strcmp(c->postcodes[i].postcode, p->postcode) == 0;

        any |= same;
        w->postcode |= same && c->postcodes[i].is_record;
    }
    w->points += any ? policy->postcode_weight : 0;
    if (p->postcode != NULL && c->postcode_count > 0)
        say(w, any ? "postcode agrees" : "postcode is another one"); /* people move: no point is lost */
}

/* One child may have several numbers of a scheme (a record merged with another); one that agrees is enough. */
static void weigh_identifier(const struct identity_policy *policy, const struct match_identifier *theirs, bool trusted,
                             struct weighed *w)
{
    const struct identity_candidate *c = w->candidate;
    bool agrees = false, other = false;

    for (size_t i = 0; i < c->identifier_count; i++)
        if (strcmp(c->identifiers[i].scheme, theirs->scheme) == 0) {
            agrees |= strcmp(c->identifiers[i].value, theirs->value) == 0;
            other = true;
        }
    if (agrees)
        say_of(w, theirs->scheme, "agrees");
    else if (other && trusted)
        say_of(w, theirs->scheme, "is another one");
    if (agrees && trusted)
        json_array_append_new(w->schemes, json_string(theirs->scheme));
    if (agrees && trusted && w->agrees == NULL)
        w->agrees = theirs->scheme;
    if (!agrees && other && trusted && w->contradicts == NULL)
        w->contradicts = theirs->scheme;
    w->asn |= agrees && strcmp(theirs->scheme, "asn") == 0;
    w->urn |= agrees && strcmp(theirs->scheme, "urn") == 0;
    w->points += agrees && strcmp(theirs->scheme, "asn") == 0 ? policy->asn_weight : 0;
}

void identity_weigh(const struct identity_policy *policy, const struct person *p, const struct identity_candidate *candidate,
                    struct weighed *ret)
{
    *ret = (struct weighed){.candidate = candidate, .schemes = json_array(), .evidence = json_array()};
    for (size_t i = 0; i < p->identifier_count; i++)
        weigh_identifier(policy, &p->identifiers[i], p->is_trusted[i], ret);
    ret->points += ret->contradicts != NULL ? OTHER_NUMBER : 0;
    ret->born = compare_born(p, candidate->born_on);
    weigh_names(policy, p, ret);
    weigh_born(policy, ret);
    weigh_postcode(policy, p, ret);
    if (candidate->memory == IDENTITY_SAME)
        say(ret, "a person said: the same");
    else if (candidate->memory == IDENTITY_NEVER)
        say(ret, "a person said: never the same");
}

void identity_weigh_release(struct weighed *w)
{
    json_decref(w->schemes);
    json_decref(w->evidence);
}
