-- SPDX-License-Identifier: Apache-2.0
-- Moments that told comes back at, and the calendar that all clocks are counted by.
--
--   open ──its moment comes──▶ come (an event of told's own, decided like any other)
--     ├── what it waited for came, or its date moved ──▶ gone, with the reason; open again if the date moves back
--     └── a person says that there is nothing to wait for ──▶ done

CREATE TABLE told.watch (
    watch_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    child_id      bigint NOT NULL REFERENCES told.child,
    rule          text NOT NULL,
    duty          text NOT NULL,
    at            timestamptz NOT NULL,
    provisional   boolean NOT NULL,          -- beyond the last year of the calendar
    ground_id     bigint NOT NULL REFERENCES told.event, -- what opened it
    body          text NOT NULL,             -- the event that its moment becomes
    calendar_hash text NOT NULL,
    state         text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'come', 'gone', 'done')),
    reason        text,
    event_id      bigint REFERENCES told.event, -- what it became
    opened_at     timestamptz NOT NULL,
    ended_at      timestamptz,
    answered_for  text,                      -- of a watch that a person ended: whose word it is; the journal says who wrote it
    note          text,
    UNIQUE (child_id, rule, at),             -- a moment comes once
    CHECK ((state = 'open') = (ended_at IS NULL)),
    CHECK ((state = 'come') = (event_id IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX watch_due ON told.watch (at) WHERE state = 'open';
CREATE INDEX watch_open_child ON told.watch (child_id) WHERE state = 'open';

-- The calendar that was loaded last. Only who has that one moves open clocks: while an old process and a new one run side
-- by side, they do not move them to and fro.
CREATE TABLE told.calendar_in_force (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    hash    text NOT NULL REFERENCES told.calendar_version,
    since   timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON told.watch, told.calendar_in_force TO told_decide;
GRANT SELECT ON told.watch, told.calendar_in_force TO told_reader, told_operator;
GRANT UPDATE (state, reason, ended_at, answered_for, note) ON told.watch TO told_operator;
