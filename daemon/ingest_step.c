/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest_step.h"

#include <stdlib.h>
#include <string.h>

#include "ingest_alarm.h"
#include "ingest_lookup.h"
#include "ingest_sql.h"
#include "told/mem.h"

static void begin_params(struct param *params, const enum param_kind *kinds, int count)
{
    for (int i = 0; i < count; i++)
        param_begin(&params[i], kinds[i]);
}

static void put_value(struct param *param, const char *text)
{
    param_begin(param, PARAM_TEXT);
    param_put_text(param, text);
}

static bool has_kind(const struct ingest_batch *batch, enum arrival_kind kind)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->arrivals[i]->kind == kind)
            return true;
    return false;
}

static void put_epoch_and_sequence(const struct ingest_batch *batch, const struct arrival *arrival, struct param *params)
{
    if (arrival->has_sequence && !arrival->nameless) {
        param_put_integer(&params[0], ingest_lookup_epoch(batch, arrival));
        param_put_integer(&params[1], arrival->sequence);
    } else {
        param_put_null(&params[0]);
        param_put_null(&params[1]);
    }
}

/* ---- clock, begin, notify, commit ---- */

static bool clock_is_due(struct ingest_batch *batch)
{
    return !batch->clock_asked || batch->is_story;
}

static enum step_verdict clock_take(struct ingest_batch *batch, const PGresult *answer)
{
    batch->clock_asked = true;
    batch->is_story = PQntuples(answer) > 0;
    if (batch->is_story)
        clock_follow(batch->clock, pg_column_instant(answer, 0, 0), pg_column_instant(answer, 0, 1),
                     strtod(PQgetvalue(answer, 0, 2), NULL));
    return STEP_ON;
}

static bool always_is_due(struct ingest_batch *batch)
{
    (void)batch;
    return true;
}

static void begin_fill(struct ingest_batch *batch, struct param *params)
{
    (void)params;
    instant_print(clock_told(batch->clock), batch->at);
}

static bool notify_is_due(struct ingest_batch *batch)
{
    return batch->notify && batch->stored > 0;
}

/* ---- a careful look before anything is inserted ---- */

static bool classify_is_due(struct ingest_batch *batch)
{
    return batch->careful && has_kind(batch, ARRIVAL_EVENT);
}

static void classify_fill(struct ingest_batch *batch, struct param *params)
{
    static const enum param_kind KINDS[] = {PARAM_TEXTS,    PARAM_TEXTS, PARAM_TEXTS, PARAM_INTEGERS,
                                            PARAM_INTEGERS, PARAM_TEXTS, PARAM_TEXTS};

    begin_params(params, KINDS, 7);
    for (size_t i = 0; i < batch->count; i++) {
        const struct arrival *arrival = batch->arrivals[i];

        if (arrival->kind != ARRIVAL_EVENT)
            continue;
        param_put_text(&params[0], arrival->source);
        param_put_text(&params[1], arrival->id);
        param_put_text(&params[2], arrival->feed);
        put_epoch_and_sequence(batch, arrival, &params[3]);
        param_put_text(&params[5], arrival->digest);
        param_put_text(&params[6], arrival->sha256);
    }
}

static enum step_verdict classify_take(struct ingest_batch *batch, const PGresult *answer)
{
    ingest_lookup_judge(batch, answer);
    return STEP_ON;
}

/* ---- a greeting ---- */

static bool greet_is_due(struct ingest_batch *batch)
{
    return has_kind(batch, ARRIVAL_GREETING);
}

static void ranges_fill(struct ingest_batch *batch, struct param *params)
{
    put_value(&params[0], batch->arrivals[0]->source);
    put_value(&params[1], batch->arrivals[0]->feed);
}

static enum step_verdict ranges_take(struct ingest_batch *batch, const PGresult *answer)
{
    struct batch_greeting *greeting = &batch->greeting;

    greeting->range_count = (size_t)PQntuples(answer);
    greeting->ranges = mem_grow(greeting->ranges, greeting->range_count + 1, sizeof *greeting->ranges);
    for (size_t i = 0; i < greeting->range_count; i++) {
        greeting->ranges[i].first = pg_column_int(answer, (int)i, 0);
        greeting->ranges[i].last = pg_column_int(answer, (int)i, 1);
    }
    return STEP_ON;
}

static void greet_fill(struct ingest_batch *batch, struct param *params)
{
    const struct arrival *arrival = batch->arrivals[0];
    char *epoch = mem_printf("%lld", (long long)(arrival->epoch < 0 ? 0 : arrival->epoch));
    char *first = mem_printf("%lld", (long long)arrival->sequence);

    put_value(&params[0], arrival->source);
    put_value(&params[1], arrival->feed);
    put_value(&params[2], epoch);
    put_value(&params[3], first);
    put_value(&params[4], batch->at);
    put_value(&params[5], arrival->peer == 0 && !arrival->has_replay ? "true" : "false");
    free(epoch);
    free(first);
}

static enum step_verdict greet_take(struct ingest_batch *batch, const PGresult *answer)
{
    struct batch_greeting *greeting = &batch->greeting;

    greeting->epoch = pg_column_int(answer, 0, 0);
    greeting->settled = pg_column_int(answer, 0, 1);
    greeting->was_known = pg_column(answer, 0, 2) != NULL;
    greeting->was_epoch = pg_column_int(answer, 0, 2);
    greeting->was_settled = pg_column_int(answer, 0, 3);
    return STEP_ON;
}

static bool roll_is_due(struct ingest_batch *batch)
{
    return has_kind(batch, ARRIVAL_ROLL);
}

static void roll_fill(struct ingest_batch *batch, struct param *params)
{
    put_value(&params[0], batch->arrivals[0]->feed);
}

static enum step_verdict roll_take(struct ingest_batch *batch, const PGresult *answer)
{
    struct arrival *arrival = batch->arrivals[0];
    size_t count = (size_t)PQntuples(answer);

    arrival->names = mem_new((count + 1) * sizeof(char *));
    for (size_t i = 0; i < count; i++)
        arrival->names[i] = mem_copy(PQgetvalue(answer, (int)i, 0));
    return STEP_ON;
}

/* ---- events and what was refused ---- */

static bool events_is_due(struct ingest_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->arrivals[i]->kind == ARRIVAL_EVENT && batch->fresh[i])
            return true;
    return false;
}

static void events_fill(struct ingest_batch *batch, struct param *params)
{
    static const enum param_kind KINDS[] = {PARAM_TEXTS,    PARAM_TEXTS,    PARAM_TEXTS, PARAM_TEXTS, PARAM_INTEGERS,
                                            PARAM_INTEGERS, PARAM_INSTANTS, PARAM_TEXTS, PARAM_BYTES, PARAM_INSTANTS};

    begin_params(params, KINDS, 10);
    for (size_t i = 0; i < batch->count; i++) {
        const struct arrival *arrival = batch->arrivals[i];

        if (arrival->kind != ARRIVAL_EVENT || !batch->fresh[i])
            continue;
        param_put_text(&params[0], arrival->source);
        param_put_text(&params[1], arrival->id);
        param_put_text(&params[2], arrival->feed);
        param_put_text(&params[3], arrival->type);
        put_epoch_and_sequence(batch, arrival, &params[4]);
        param_put_instant(&params[6], arrival->occurred_at);
        param_put_text(&params[7], arrival->digest);
        param_put_bytes(&params[8], arrival->bytes, arrival->len);
        param_put_instant(&params[9], arrival->received_at);
    }
    put_value(&params[10], batch->at);
}

static enum step_verdict events_take(struct ingest_batch *batch, const PGresult *answer)
{
    batch->stored = (size_t)pg_column_int(answer, 0, 0);
    return batch->stored == batch->params[0].count ? STEP_ON : STEP_AGAIN;
}

static bool refused_is_due(struct ingest_batch *batch)
{
    return has_kind(batch, ARRIVAL_REFUSED);
}

static void refused_fill(struct ingest_batch *batch, struct param *params)
{
    static const enum param_kind KINDS[] = {PARAM_TEXTS,    PARAM_TEXTS, PARAM_TEXTS, PARAM_INTEGERS,
                                            PARAM_INTEGERS, PARAM_TEXTS, PARAM_TEXTS, PARAM_BYTES, PARAM_INSTANTS};

    begin_params(params, KINDS, 9);
    for (size_t i = 0; i < batch->count; i++) {
        const struct arrival *arrival = batch->arrivals[i];

        if (arrival->kind != ARRIVAL_REFUSED)
            continue;
        param_put_text(&params[0], arrival->feed);
        param_put_text(&params[1], arrival->nameless ? NULL : arrival->source);
        param_put_text(&params[2], arrival->nameless ? NULL : arrival->id);
        put_epoch_and_sequence(batch, arrival, &params[3]);
        param_put_text(&params[5], arrival->sha256);
        param_put_text(&params[6], arrival->reason);
        param_put_bytes(&params[7], arrival->bytes, arrival->len);
        param_put_instant(&params[8], arrival->received_at);
    }
    put_value(&params[9], batch->at);
}

/* ---- what follows from it ---- */

static const struct arrival *freezing(const struct ingest_batch *batch)
{
    const struct arrival *last = batch->count > 0 ? batch->arrivals[batch->count - 1] : NULL;

    return last != NULL && last->freezes ? last : NULL; /* it always ends its batch */
}

static bool freeze_is_due(struct ingest_batch *batch)
{
    return freezing(batch) != NULL;
}

static void freeze_fill(struct ingest_batch *batch, struct param *params)
{
    put_value(&params[0], freezing(batch)->feed);
    put_value(&params[1], freezing(batch)->reason);
    put_value(&params[2], batch->at);
}

static bool alarms_is_due(struct ingest_batch *batch)
{
    ingest_alarm_collect(batch);
    return batch->alarms.count > 0;
}

static void alarms_fill(struct ingest_batch *batch, struct param *params)
{
    static const enum param_kind KINDS[] = {PARAM_TEXTS, PARAM_TEXTS, PARAM_TEXTS, PARAM_INTEGERS};

    begin_params(params, KINDS, 4);
    for (size_t i = 0; i < batch->alarms.count; i++) {
        param_put_text(&params[0], batch->alarms.alarms[i].kind);
        param_put_text(&params[1], batch->alarms.alarms[i].key);
        param_put_text(&params[2], batch->alarms.alarms[i].detail);
        param_put_integer(&params[3], batch->alarms.alarms[i].count);
    }
    put_value(&params[4], batch->at);
}

static bool gaps_is_due(struct ingest_batch *batch)
{
    return batch->gaps.count > 0; /* collected with the alarms */
}

static void gaps_fill(struct ingest_batch *batch, struct param *params)
{
    static const enum param_kind KINDS[] = {PARAM_TEXTS,    PARAM_TEXTS, PARAM_INTEGERS, PARAM_INTEGERS,
                                            PARAM_INTEGERS, PARAM_TEXTS, PARAM_INTEGERS};

    begin_params(params, KINDS, 7);
    for (size_t i = 0; i < batch->gaps.count; i++) {
        const struct gap *gap = &batch->gaps.gaps[i];

        param_put_text(&params[0], gap->feed);
        param_put_text(&params[1], gap->source);
        param_put_integer(&params[2], gap->epoch);
        param_put_integer(&params[3], gap->first);
        if (gap->last == GAP_END_UNKNOWN)
            param_put_null(&params[4]);
        else
            param_put_integer(&params[4], gap->last);
        param_put_text(&params[5], gap->reason);
        param_put_integer(&params[6], gap->open_ms);
    }
    put_value(&params[7], batch->at);
}

/* Tries the cursors forward over everything of this batch; what was stored and what was refused both settle. */
static bool cursors_is_due(struct ingest_batch *batch)
{
    bool due = false;

    for (size_t i = 0; i < batch->count; i++) {
        const struct arrival *arrival = batch->arrivals[i];
        struct cursor *cursor = arrival->settles ? cursor_find(batch->cursors, arrival->source) : NULL;

        if (cursor == NULL || ingest_lookup_epoch(batch, arrival) != cursor_epoch(cursor))
            continue;
        cursor_try_begin(cursor);
        cursor_try_add(cursor, arrival->sequence);
        due = true;
    }
    return due;
}

static void cursors_fill(struct ingest_batch *batch, struct param *params)
{
    static const enum param_kind KINDS[] = {PARAM_TEXTS, PARAM_TEXTS, PARAM_INTEGERS, PARAM_INTEGERS};
    struct cursor *cursor;

    begin_params(params, KINDS, 4);
    for (size_t i = 0; (cursor = cursor_at(batch->cursors, i)) != NULL; i++) {
        if (!cursor_is_tried(cursor))
            continue;
        param_put_text(&params[0], cursor_source(cursor));
        param_put_text(&params[1], cursor_feed(cursor));
        param_put_integer(&params[2], cursor_epoch(cursor));
        param_put_integer(&params[3], cursor_tried(cursor));
    }
    put_value(&params[4], batch->at);
}

/* What was known, or refused before, has no row of told.event that carries this number. */
static bool is_renumbered(const struct ingest_batch *batch, size_t i)
{
    const struct arrival *arrival = batch->arrivals[i];

    return arrival->settles && !arrival->nameless && !arrival->freezes &&
           (arrival->kind == ARRIVAL_REFUSED || (arrival->kind == ARRIVAL_EVENT && !batch->fresh[i]));
}

static bool numbers_is_due(struct ingest_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (is_renumbered(batch, i))
            return true;
    return false;
}

static void numbers_fill(struct ingest_batch *batch, struct param *params)
{
    static const enum param_kind KINDS[] = {PARAM_TEXTS, PARAM_INTEGERS, PARAM_INTEGERS, PARAM_TEXTS};

    begin_params(params, KINDS, 4);
    for (size_t i = 0; i < batch->count; i++) {
        const struct arrival *arrival = batch->arrivals[i];

        if (!is_renumbered(batch, i))
            continue;
        param_put_text(&params[0], arrival->source);
        param_put_integer(&params[1], ingest_lookup_epoch(batch, arrival));
        param_put_integer(&params[2], arrival->sequence);
        param_put_text(&params[3], arrival->kind == ARRIVAL_EVENT ? arrival->id : NULL);
    }
}

/* A careful batch may have found all of its rows there, perhaps from a commit that never reached its standby: it has
 * to write something, for only a commit that writes waits for the standby (traps 16, 17). */
static bool heard_is_due(struct ingest_batch *batch)
{
    return batch->heard_count > 0 || (batch->careful && batch->count > 0);
}

static void heard_fill(struct ingest_batch *batch, struct param *params)
{
    param_begin(&params[0], PARAM_TEXTS);
    for (size_t i = 0; i < batch->heard_count; i++)
        param_put_text(&params[0], batch->heard[i]);
    for (size_t i = 0; batch->careful && i < batch->count; i++)
        param_put_text(&params[0], batch->arrivals[i]->feed);
    put_value(&params[1], batch->at);
}

/* ---- the table ---- */

struct step {
    struct link_statement statement;
    bool (*is_due)(struct ingest_batch *batch);
    void (*fill)(struct ingest_batch *batch, struct param *params);                    /* NULL: no parameters */
    enum step_verdict (*take)(struct ingest_batch *batch, const PGresult *answer); /* NULL: success is enough */
};

static const struct step STEPS[STEP_COUNT] = {
    [STEP_CLOCK] = {{"ingest-clock", INGEST_SQL_CLOCK, 0}, clock_is_due, NULL, clock_take},
    [STEP_BEGIN] = {{"ingest-begin", "BEGIN", 0}, always_is_due, begin_fill, NULL},
    [STEP_CLASSIFY] = {{"ingest-classify", INGEST_SQL_CLASSIFY, 7}, classify_is_due, classify_fill, classify_take},
    [STEP_RANGES] = {{"ingest-ranges", INGEST_SQL_RANGES, 2}, greet_is_due, ranges_fill, ranges_take},
    [STEP_GREET] = {{"ingest-greet", INGEST_SQL_GREET, 6}, greet_is_due, greet_fill, greet_take},
    [STEP_ROLL] = {{"ingest-roll", INGEST_SQL_ROLL, 1}, roll_is_due, roll_fill, roll_take},
    [STEP_EVENTS] = {{"ingest-events", INGEST_SQL_EVENTS, 11}, events_is_due, events_fill, events_take},
    [STEP_REFUSED] = {{"ingest-refused", INGEST_SQL_REFUSED, 10}, refused_is_due, refused_fill, NULL},
    [STEP_FREEZE] = {{"ingest-freeze", INGEST_SQL_FREEZE, 3}, freeze_is_due, freeze_fill, NULL},
    [STEP_ALARMS] = {{"ingest-alarms", INGEST_SQL_ALARMS, 5}, alarms_is_due, alarms_fill, NULL},
    [STEP_GAPS] = {{"ingest-gaps", INGEST_SQL_GAPS, 8}, gaps_is_due, gaps_fill, NULL},
    [STEP_CURSORS] = {{"ingest-cursors", INGEST_SQL_CURSORS, 5}, cursors_is_due, cursors_fill, NULL},
    [STEP_NUMBERS] = {{"ingest-numbers", INGEST_SQL_NUMBERS, 4}, numbers_is_due, numbers_fill, NULL},
    [STEP_HEARD] = {{"ingest-heard", INGEST_SQL_HEARD, 2}, heard_is_due, heard_fill, NULL},
    [STEP_NOTIFY] = {{"ingest-notify", "NOTIFY told_decide", 0}, notify_is_due, NULL, NULL},
    [STEP_COMMIT] = {{"ingest-commit", "COMMIT", 0}, always_is_due, NULL, NULL},
};

enum step_name ingest_step_due(struct ingest_batch *batch, enum step_name from)
{
    enum step_name step = from;

    while (step < STEP_COUNT && !STEPS[step].is_due(batch))
        step++;
    return step;
}

const struct link_statement *ingest_step_fill(struct ingest_batch *batch, enum step_name step)
{
    if (STEPS[step].fill != NULL)
        STEPS[step].fill(batch, batch->params);
    return &STEPS[step].statement;
}

enum step_verdict ingest_step_take(struct ingest_batch *batch, enum step_name step, const PGresult *answer, bool warned)
{
    /* "COMMIT" answered by ROLLBACK, or with a warning, is success in name only (trap 16). */
    if (step == STEP_COMMIT)
        return !warned && strcmp(PQcmdStatus((PGresult *)(uintptr_t)answer), "COMMIT") == 0 ? STEP_ON : STEP_UNKNOWN;
    return STEPS[step].take != NULL ? STEPS[step].take(batch, answer) : STEP_ON;
}
