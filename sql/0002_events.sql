-- SPDX-License-Identifier: Apache-2.0
-- What arrived. event is immutable (no grant allows an update); what becomes of it is in the narrow event_state.

CREATE TABLE told.event (
    event_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text NOT NULL,
    id          text NOT NULL,
    feed        text NOT NULL,
    type        text NOT NULL,
    epoch       bigint,                 -- with sequence: the publisher's log it is a line of
    sequence    bigint,
    occurred_at timestamptz NOT NULL,   -- the publisher's time
    received_at timestamptz NOT NULL,   -- told's time when the bytes first became durable; clocks start here (A02)
    parent_id   bigint REFERENCES told.event,  -- the foreign message it was made from
    digest      text NOT NULL,          -- of the JSON without sequence, recordedtime, traceparent
    body        bytea NOT NULL,         -- the bytes as received
    UNIQUE (source, id)
);
CREATE UNIQUE INDEX event_sequence ON told.event (source, epoch, sequence) WHERE sequence IS NOT NULL;

CREATE TABLE told.event_state (
    event_id   bigint PRIMARY KEY REFERENCES told.event,
    state      text NOT NULL DEFAULT 'waiting'
               CHECK (state IN ('waiting', 'held', 'decided', 'review', 'quarantined')),
    reason     text,
    child_id   bigint,
    match_because text,
    begun      smallint NOT NULL DEFAULT 0,  -- poison mark: tries begun one at a time after an unclean stop
    outcome    text,                         -- digest of what it was last decided to mean
    decided_at timestamptz,
    retracted_by bigint REFERENCES told.event  -- treated as never said from then on
) WITH (fillfactor = 80);
-- "Waiting" is a state of the row, never "above the last number seen": numbers are taken early and commit late.
-- Three indexes, each small: what was begun before, what nobody is matched to yet, and what is to be decided, by child.
CREATE INDEX event_state_suspect ON told.event_state (event_id) WHERE state = 'waiting' AND begun > 0;
CREATE INDEX event_state_unmatched ON told.event_state (event_id) WHERE state = 'waiting' AND child_id IS NULL;
CREATE INDEX event_state_undecided ON told.event_state (child_id, event_id) WHERE state = 'waiting' AND child_id IS NOT NULL;
CREATE INDEX event_state_child ON told.event_state (child_id) WHERE child_id IS NOT NULL;

-- Up to where each source is settled without a gap, in its present epoch.
CREATE TABLE told.cursor (
    source   text PRIMARY KEY,
    feed     text NOT NULL,
    epoch    bigint NOT NULL,
    settled  bigint NOT NULL,
    moved_at timestamptz NOT NULL
) WITH (fillfactor = 70);

-- A frozen feed's events are stored and acknowledged but held until a person thaws it.
CREATE TABLE told.feed_state (
    feed          text PRIMARY KEY,
    frozen_at     timestamptz,
    frozen_reason text,
    heard_at      timestamptz
) WITH (fillfactor = 70);

-- What could not be understood or was not allowed, with its bytes. Final for the publisher, not for us.
CREATE TABLE told.quarantine (
    quarantine_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feed          text NOT NULL,
    source        text,
    id            text,
    epoch         bigint,
    sequence      bigint,
    sha256        text NOT NULL,
    reason        text NOT NULL,        -- what is wrong and where; never a value of the message
    received_at   timestamptz NOT NULL,
    body          bytea NOT NULL,
    state         text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'retried', 'dismissed')),
    UNIQUE NULLS NOT DISTINCT (feed, source, id, sha256)
);
CREATE INDEX quarantine_open ON told.quarantine (quarantine_id) WHERE state = 'open';

-- What the operators must look at. Any stage raises; escalate opens a duty for it, which climbs until answered.
CREATE TABLE told.alarm (
    alarm_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL,           -- "quarantine", "gap", "equivocation", "frozen-feed", "nobody-to-tell", …
    key        text NOT NULL,           -- what it is about, in ids: at most one open alarm for it
    detail     text NOT NULL,           -- never personal
    raised_at  timestamptz NOT NULL,
    count      integer NOT NULL DEFAULT 1,
    duty_id    bigint,                  -- the duty that escalate opened for it
    cleared_at timestamptz
);
CREATE UNIQUE INDEX alarm_open ON told.alarm (kind, key) WHERE cleared_at IS NULL;
CREATE INDEX alarm_fresh ON told.alarm (alarm_id) WHERE duty_id IS NULL AND cleared_at IS NULL;
