/* SPDX-License-Identifier: Apache-2.0 */
/* One defendant of a case the police sent to court, in whichever format, as events. Private to the adapters.
 */
#ifndef TOLD_POLICE_CASE_H
#define TOLD_POLICE_CASE_H

#include "adapted_list.h"
#include "told/civil.h"

struct police_defendant {
    const struct adapter_origin *origin;
    struct adapted_list *list;
    const char *part; /* where it stands in the message */
    size_t case_index, index;

    const char *case_reference;  /* borrowed, as all text here; NULL: not stated */
    const char *born;            /* as written */
    bool is_charged;             /* else summonsed or brought before a court in another way */
    const char *remand_status;   /* one of S C L R P B U A, or NULL */
    bool has_objection;          /* to bail */
    const char *court;           /* its name or its code */
    const char *purpose;         /* of the hearing, or NULL */
    struct instant hearing_at;   /* of the first hearing; none: not stated */
    struct civil_day charged_on; /* the latest; none: not stated */
    struct instant written_at;   /* by the sender; none: not stated */
    json_t *person;              /* owned */
    json_t *offences;            /* owned list of {code, title} */
};

void police_defendant_init(struct police_defendant *defendant, struct adapted_list *list, const char *part,
                           const struct adapter_origin *origin);
void police_defendant_release(struct police_defendant *defendant);
/* Adds an offence; either text may be NULL or empty. */
void police_defendant_add_offence(struct police_defendant *defendant, const char *code, const char *title);
/* A charge date of one offence, as written. False if it is no date. */
bool police_defendant_add_charged_on(struct police_defendant *defendant, const char *text);
/* A fault beside the events: "PART: what", without a value. */
void police_defendant_fault(struct police_defendant *defendant, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/*
 * Adds police.charge, with the first hearing in it; or court.hearing-listed for one who was not charged; or
 * says why there is nothing. An arrest is never made of an arrest date: it is known only with the charge, and
 * too late.
 */
void police_defendant_finish(struct police_defendant *defendant);

#endif
