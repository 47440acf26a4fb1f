/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A made-up childhood from the first worries to the end of an order, in the order of happening, and the orders in which
 * it may arrive: by seed, the same on every machine. JSON stands here with single quotes in place of double ones.
 */
#ifndef TOLD_TESTS_CHILDHOOD_H
#define TOLD_TESTS_CHILDHOOD_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "told/buf.h"
#include "told/instant.h"
#include "told/mem.h"

#define CHILDHOOD_BORN "2008-09-14"

struct childhood_event {
    const char *feed, *type, *id, *time;
    const char *data; /* members beside person and case */
    const char *amends, *retracts;
    const char *case_ref;
};

#define CHARGE_1                                                                                                  \
    "'charged_on':'2023-01-20','offences':[{'code':'TH68010','title':'Theft'}],'authority':'croydon'," \
    "'bail_objected':false,'exploitation_indicator':true,'drug_supply':false"
#define CAMBERWELL "'court':'camberwell-youth-court'"

static const struct childhood_event CHILDHOOD[] = {
    {"care", "care.status", "in-need", "2021-03-01T10:00:00Z",
     "'on':'2021-03-01','in_need':true,'protection_plan':false,'looked_after_basis':'none','open_to_social_care':true,"
     "'home_authority':'southwark','placement_authority':'southwark','care_leaver':'none'", NULL, NULL, NULL},
    {"care", "care.allocation", "worker-1", "2021-03-02T09:00:00Z",
     "'on':'2021-03-02','role':'social-worker','practitioner':'p-ash'", NULL, NULL, NULL},
    {"care", "care.assessment", "single-1", "2021-04-20T15:00:00Z", "'state':'completed','kind':'single'", NULL, NULL, NULL},
    {"police", "police.concern", "concern-1", "2021-10-05T12:00:00Z",
     "'via':'school','kind':'antisocial-behaviour','risk':'low'", NULL, NULL, NULL},
    {"police", "police.arrest", "arrest-1", "2022-02-10T21:30:00Z",
     "'gravity':'low','admits':true,'significant_history':false,'detained':true,'authority':'southwark'", NULL, NULL, NULL},
    {"police", "police.disposal", "disposal-1", "2022-02-14T11:00:00Z", "'outcome':'triage','gravity':'low'", NULL, NULL, NULL},
    {"care", "care.status", "plan-1", "2022-05-03T10:00:00Z", "'on':'2022-05-01','protection_plan':true", NULL, NULL, NULL},
    {"care", "care.status", "plan-2", "2022-05-06T10:00:00Z", "'on':'2022-05-04','protection_plan':true", "plan-1", NULL, NULL},
    {"care", "care.accommodation-proposed", "proposed-1", "2022-08-30T10:00:00Z", "'section':20", NULL, NULL, NULL},
    {"care", "care.status", "looked-after", "2022-09-05T16:00:00Z", "'on':'2022-09-05','looked_after_basis':'s20'", NULL, NULL, NULL},
    {"care", "care.placement", "placed-1", "2022-09-06T10:00:00Z", "'authority':'croydon','on':'2022-09-06'", NULL, NULL, NULL},
    {"yos", "care.status", "open-1", "2022-10-01T10:00:00Z", "'on':'2022-10-01','open_to_yos':true,'vulnerable':true", NULL, NULL, NULL},
    {"care", "care.allocation", "yos-1", "2022-10-03T10:00:00Z",
     "'on':'2022-10-03','role':'yos-worker','practitioner':'p-gorse'", NULL, NULL, NULL},
    {"police", "police.charge", "charge-1", "2023-01-20T18:20:00Z",
     CHARGE_1 ",'first_hearing':{'court':'camberwell-youth-court','at':'2023-02-10T10:00:00Z'}", NULL, NULL, "01MP3A"},
    {"court", "court.hearing-listed", "listed-1", "2023-01-24T09:00:00Z",
     "'hearing':'h-1'," CAMBERWELL ",'at':'2023-02-10T10:00:00Z','purpose':'first'", NULL, NULL, "01MP3A"},
    {"court", "court.hearing-listed", "listed-1a", "2023-02-01T09:00:00Z",
     "'hearing':'h-1'," CAMBERWELL ",'at':'2023-02-17T10:00:00Z','purpose':'first'", "listed-1", NULL, "01MP3A"},
    {"court", "court.hearing-listed", "listed-1b", "2023-02-03T09:00:00Z",
     "'hearing':'h-1'," CAMBERWELL ",'at':'2023-02-20T13:00:00Z','purpose':'first'", "listed-1a", NULL, "01MP3A"},
    {"court", "court.appearance", "appeared-1", "2023-02-20T13:40:00Z", "'hearing':'h-1'," CAMBERWELL ",'on':'2023-02-20'", NULL, NULL, "01MP3A"},
    {"court", "court.bail", "bail-1", "2023-02-20T14:00:00Z",
     "'hearing':'h-1'," CAMBERWELL ",'decision':'conditional','objected':false,'reside_as_directed':true,"
     "'return_home_prohibited':true,'parents':'absent'", NULL, NULL, "01MP3A"},
    {"court", "court.appearance", "appeared-1-again", "2023-02-21T08:00:00Z", "'hearing':'h-1'," CAMBERWELL ",'on':'2023-02-20'", NULL, NULL, NULL},
    {"yos", "yos.assessment", "assessed-1", "2023-02-22T10:00:00Z", "'state':'started','found':['need']", NULL, NULL, NULL},
    {"police", "police.charge", "charge-2", "2023-03-01T18:20:00Z", CHARGE_1, NULL, NULL, "01MP3B"},
    {"police", "police.charge", "charge-2-never", "2023-03-03T09:00:00Z", CHARGE_1, NULL, "charge-2", "01MP3B"},
    {"yos", "yos.assessment", "assessed-2", "2023-03-10T10:00:00Z", "'state':'completed','found':['need','safeguarding']", NULL, NULL, NULL},
    {"court", "court.hearing-listed", "listed-2", "2023-03-13T09:00:00Z",
     "'hearing':'h-2'," CAMBERWELL ",'at':'2023-04-05T09:00:00Z','purpose':'trial'", NULL, NULL, "01MP3A"},
    {"yos", "care.status", "wrong-1", "2023-03-20T10:00:00Z", "'on':'2023-03-20','open_to_yos':false", NULL, NULL, NULL},
    {"yos", "care.status", "wrong-1-never", "2023-03-22T10:00:00Z", "'on':'2023-03-22'", NULL, "wrong-1", NULL},
    {"court", "court.conviction", "convicted-1", "2023-04-05T11:00:00Z", "'hearing':'h-2'," CAMBERWELL ",'on':'2023-04-05'", NULL, NULL, "01MP3A"},
    {"court", "court.remand", "remand-1", "2023-04-05T11:30:00Z",
     "'hearing':'h-2'," CAMBERWELL ",'to':'youth-detention-accommodation','on':'2023-04-05','designated_authority':'southwark'", NULL, NULL, "01MP3A"},
    {"custody", "custody.reception", "received-1", "2023-04-05T18:00:00Z",
     "'establishment':'feltham','establishment_kind':'yoi','on':'2023-04-05','sentenced':false", NULL, NULL, NULL},
    {"yos", "yos.concern", "gang-1", "2023-04-12T10:00:00Z",
     "'kind':'gang','significant':true,'after_sentence':false,'risk':'high'", NULL, NULL, NULL},
    {"care", "care.meeting-arranged", "review-1", "2023-04-14T10:00:00Z", "'meeting':'looked-after-review','at':'2023-04-28T13:00:00Z'", NULL, NULL, NULL},
    {"care", "care.meeting-arranged", "review-1a", "2023-04-18T10:00:00Z", "'meeting':'looked-after-review','at':'2023-05-02T13:00:00Z'", "review-1", NULL, NULL},
    {"court", "court.hearing-listed", "listed-3", "2023-04-20T09:00:00Z",
     "'hearing':'h-3'," CAMBERWELL ",'at':'2023-05-10T09:00:00Z','purpose':'sentence'", NULL, NULL, "01MP3A"},
    {"court", "court.sentence", "sentence-1", "2023-05-10T11:00:00Z",
     "'hearing':'h-3'," CAMBERWELL ",'on':'2023-05-10','kind':'custody','order':'dto','term_months':12", NULL, NULL, "01MP3A"},
    {"custody", "custody.release-dates", "dates-1", "2023-05-16T09:00:00Z",
     "'early_on':'2023-09-10','mandatory_on':'2023-11-10','early_entitled':true", NULL, NULL, NULL},
    {"custody", "custody.meeting-arranged", "plan-meeting-1", "2023-05-18T09:00:00Z", "'meeting':'sentence-plan-first','at':'2023-05-24T10:00:00Z'", NULL, NULL, NULL},
    {"care", "care.visit", "visit-1", "2023-05-22T15:00:00Z", "'on':'2023-05-22','by':'p-ash'", NULL, NULL, NULL},
    {"care", "care.allocation", "worker-2", "2023-06-05T09:00:00Z",
     "'on':'2023-06-01','role':'social-worker','practitioner':'p-birch'", NULL, NULL, NULL},
    {"custody", "custody.transfer", "moved-1", "2023-07-03T12:00:00Z", "'from':'feltham','to':'werrington','on':'2023-07-03'", NULL, NULL, NULL},
    {"custody", "custody.meeting-arranged", "plan-meeting-2", "2023-07-10T09:00:00Z", "'meeting':'sentence-plan-review','at':'2023-07-20T10:00:00Z'", NULL, NULL, NULL},
    {"custody", "custody.release-dates", "dates-2", "2023-07-21T09:00:00Z",
     "'early_on':'2023-09-24','mandatory_on':'2023-11-10','early_entitled':true", "dates-1", NULL, NULL},
    {"custody", "custody.meeting-held", "prepared-1", "2023-08-01T15:00:00Z", "'meeting':'release-preparation','on':'2023-08-01','placement_identified':false", NULL, NULL, NULL},
    {"custody", "custody.release-dates", "dates-3", "2023-08-10T09:00:00Z",
     "'early_on':'2023-10-01','mandatory_on':'2023-11-10','early_entitled':true", NULL, NULL, NULL},
    {"care", "care.status", "leaver", "2023-08-20T09:00:00Z", "'on':'2023-08-20','care_leaver':'relevant'", NULL, NULL, NULL},
    {"yos", "yos.governor-informed", "informed-1", "2023-08-21T09:00:00Z", "'address':true,'monitoring_suitable':true", NULL, NULL, NULL},
    {"custody", "custody.release-dates", "dates-4", "2023-08-25T09:00:00Z",
     "'early_on':'2023-10-03','mandatory_on':'2023-11-10','early_entitled':true", NULL, NULL, NULL},
    {"custody", "custody.release-dates", "dates-5", "2023-08-28T09:00:00Z",
     "'early_on':'2023-10-20','mandatory_on':'2023-11-10','early_entitled':true", NULL, NULL, NULL},
    {"custody", "custody.release-dates", "dates-5-never", "2023-08-29T09:00:00Z",
     "'early_on':'2023-10-20','mandatory_on':'2023-11-10','early_entitled':true", NULL, "dates-5", NULL},
    {"custody", "custody.meeting-held", "pre-release-1", "2023-09-12T15:00:00Z", "'meeting':'pre-release','on':'2023-09-12','address_available':false", NULL, NULL, NULL},
    {"custody", "custody.meeting-held", "prepared-2", "2023-09-15T15:00:00Z", "'meeting':'release-preparation','on':'2023-09-15','placement_identified':true", NULL, NULL, NULL},
    {"custody", "custody.release", "released-1", "2023-10-01T09:00:00Z", "'on':'2023-10-01','reason':'released','supervised':true", NULL, NULL, NULL},
    {"yos", "yos.meeting-arranged", "panel-1", "2023-10-10T09:00:00Z", "'meeting':'custody-scrutiny-panel','at':'2023-10-20T09:00:00Z'", NULL, NULL, NULL},
    {"police", "police.charge", "charge-3", "2023-12-01T18:20:00Z",
     "'charged_on':'2023-12-01','authority':'southwark','bail_objected':false,'exploitation_indicator':false,'drug_supply':false", NULL, NULL, "01MP3C"},
    {"court", "court.proceedings-ended", "ended-1", "2024-01-15T12:00:00Z", "'hearing':'h-4'," CAMBERWELL ",'on':'2024-01-15','outcome':'withdrawn'", NULL, NULL, "01MP3C"},
    {"yos", "yos.order-ended", "order-over", "2024-05-10T09:00:00Z", "'on':'2024-05-10'", NULL, NULL, NULL},
};

enum { CHILDHOOD_COUNT = sizeof CHILDHOOD / sizeof *CHILDHOOD };

/* Where each feed's events come from. */
static inline const char *childhood_source(const struct childhood_event *e)
{
    static const char *const SOURCES[][2] = {{"care", "care/southwark"}, {"police", "police/mps"},
                                             {"court", "court/camberwell-youth"}, {"custody", "custody/feltham"},
                                             {"yos", "yos/southwark"}};

    for (size_t i = 0; i < sizeof SOURCES / sizeof *SOURCES; i++)
        if (strcmp(SOURCES[i][0], e->feed) == 0)
            return SOURCES[i][1];
    return NULL;
}

/* Its JSON, about that child (ids are the child's own); the caller frees. */
static inline char *childhood_body(const struct childhood_event *e, int child)
{
    struct buf b = {0};

    buf_printf(&b, "{'specversion':'1.0','id':'%d-%s','source':'%s','type':'%s','time':'%s','data':{'person':{'identifiers':"
                   "{'lcs':'LCS-%d'},'born_on':'" CHILDHOOD_BORN "'}", child, e->id, childhood_source(e), e->type, e->time, child);
    if (e->case_ref != NULL)
        buf_printf(&b, ",'case':'%s%d'", e->case_ref, child);
    if (e->amends != NULL)
        buf_printf(&b, ",'amends':'%d-%s'", child, e->amends);
    if (e->retracts != NULL)
        buf_printf(&b, ",'retracts':'%d-%s'", child, e->retracts);
    buf_printf(&b, ",%s}}", e->data);
    for (size_t i = 0; i < b.len; i++)
        b.bytes[i] = b.bytes[i] == '\'' ? '"' : b.bytes[i];
    return buf_take(&b);
}

/* One arrival: which event of the childhood, and when it was received. */
struct childhood_arrival {
    size_t event;
    struct instant received_at;
};

static inline unsigned childhood_roll(unsigned long long *state, unsigned below)
{
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(*state >> 33) % below;
}

/* Received a minute after it happened, and never before what arrived ahead of it. */
static inline void childhood_receive(struct childhood_arrival *order, size_t count)
{
    struct instant last = INSTANT_NONE;

    for (size_t i = 0; i < count; i++) {
        struct instant at;

        if (!instant_parse(CHILDHOOD[order[i].event].time, &at))
            abort();
        if (i > 0 && instant_compare(at, last) < 0)
            at = last;
        order[i].received_at = last = instant_add_ms(at, 60 * 1000);
    }
}

static inline void childhood_swap(struct childhood_arrival *a, struct childhood_arrival *b)
{
    size_t kept = a->event;

    a->event = b->event;
    b->event = kept;
}

/* The first `count` events, in the order of that seed. 0: as they happened. Odd: each may be overtaken by a few that
 * happened later. Even: any order at all. */
static inline void childhood_order(unsigned seed, size_t count, struct childhood_arrival *ret)
{
    unsigned long long state = seed * 2654435761ULL + 1;
    unsigned reach = seed % 2 == 0 ? 1 : 2 + childhood_roll(&state, 12);
    unsigned rank[CHILDHOOD_COUNT];

    for (size_t i = 0; i < count; i++) {
        ret[i].event = i;
        rank[i] = (unsigned)i + childhood_roll(&state, reach);
    }
    for (size_t i = count; seed != 0 && seed % 2 == 0 && i > 1; i--)
        childhood_swap(&ret[i - 1], &ret[childhood_roll(&state, (unsigned)i)]);
    for (size_t i = 1; i < count && seed % 2 == 1; i++)
        for (size_t k = i; k > 0 && rank[ret[k].event] < rank[ret[k - 1].event]; k--)
            childhood_swap(&ret[k], &ret[k - 1]);
    childhood_receive(ret, count);
}

/* How far into the childhood the order of that seed goes: every third stops somewhere in its last half. */
static inline size_t childhood_until(unsigned seed)
{
    return seed % 3 == 0 ? CHILDHOOD_COUNT - seed / 3 % (CHILDHOOD_COUNT / 2) : CHILDHOOD_COUNT;
}

#endif
