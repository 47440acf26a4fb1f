-- SPDX-License-Identifier: Apache-2.0
-- Feeds that say too much, too little, or not what they count: the fan-out brake, silences, daily counts.

-- How many duties each feed's events made, by the hour (UTC) in which the event was received: a backlog decided late
-- counts where it belongs. What a person released counts as known to be busy.
CREATE TABLE told.feed_hour (
    feed     text NOT NULL,
    hour     timestamptz NOT NULL,
    duties   integer NOT NULL,
    released integer NOT NULL DEFAULT 0, -- of these, what a person let through
    PRIMARY KEY (feed, hour)
) WITH (fillfactor = 70);

-- How many duties a foreign message has made with all the events it became.
CREATE TABLE told.message_fan_out (
    event_id bigint PRIMARY KEY REFERENCES told.event,
    duties   integer NOT NULL
);

-- A feed, or one message of it, that makes more duties than is believable: what it says is held until a person answers.
--   open ──▶ released (decided as of receipt) | void (treated as never said)
CREATE TABLE told.hold (
    hold_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feed        text NOT NULL,
    event_id    bigint REFERENCES told.event, -- the message that is held; null: the feed
    reason      text NOT NULL,                -- the numbers
    opened_at   timestamptz NOT NULL,
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'released', 'void')),
    settled     boolean NOT NULL DEFAULT false -- answered, and every event behind it has been taken up again
);
CREATE UNIQUE INDEX hold_open ON told.hold (feed, event_id) NULLS NOT DISTINCT WHERE state = 'open';
CREATE INDEX hold_answered ON told.hold (hold_id) WHERE state <> 'open' AND NOT settled;
CREATE INDEX hold_message ON told.hold (event_id) WHERE event_id IS NOT NULL;

CREATE TABLE told.hold_answer (
    hold_id     bigint PRIMARY KEY REFERENCES told.hold,
    note        text,
    answered_at timestamptz NOT NULL,
    answered_by text NOT NULL DEFAULT session_user -- no grant lets anyone set it
);

CREATE TABLE told.held_event (
    event_id bigint PRIMARY KEY REFERENCES told.event,
    hold_id  bigint NOT NULL REFERENCES told.hold,
    duties   integer NOT NULL, -- that it would make, as far as was known when it was held
    passed   integer NOT NULL  -- immediate ones that were told at once
);
CREATE INDEX held_event_hold ON told.held_event (hold_id);

-- Since when a feed is expected to speak, and each time it did not.
CREATE TABLE told.feed_watch (
    feed  text PRIMARY KEY,
    since timestamptz NOT NULL
);
CREATE TABLE told.feed_silence (
    silence_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feed       text NOT NULL,
    what       text NOT NULL CHECK (what IN ('link', 'events')),
    from_at    timestamptz NOT NULL,   -- last heard before
    noticed_at timestamptz NOT NULL,
    cursors    jsonb NOT NULL,         -- source: [epoch, settled], as they stood then
    ended_at   timestamptz,            -- heard again
    statement  text                    -- what was unheard, from when to when, which sequences
);
CREATE UNIQUE INDEX feed_silence_open ON told.feed_silence (feed, what) WHERE ended_at IS NULL;

-- What a sender says it sent on a day; the latest of a feed and day stands.
CREATE TABLE told.feed_count (
    feed_count_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feed          text NOT NULL,
    day           date NOT NULL,
    sent          bigint NOT NULL CHECK (sent >= 0),
    note          text NOT NULL,
    recorded_at   timestamptz NOT NULL,
    recorded_by   text NOT NULL DEFAULT session_user
);
CREATE INDEX feed_count_day ON told.feed_count (feed, day);

-- The account of a day, and what a feed said last.
CREATE INDEX event_feed_received ON told.event (feed, received_at);
CREATE INDEX quarantine_received ON told.quarantine (received_at);
CREATE INDEX event_state_held ON told.event_state (event_id) WHERE state = 'held';
CREATE INDEX event_state_review ON told.event_state (event_id) WHERE state = 'review';

GRANT SELECT, INSERT, UPDATE ON told.feed_hour, told.message_fan_out TO told_decide;
GRANT SELECT, INSERT ON told.hold, told.held_event, told.feed_watch, told.feed_silence TO told_decide;
-- Answering a hold is a person's; having its events taken up again is decide's.
GRANT UPDATE (settled) ON told.hold TO told_decide;
GRANT UPDATE (ended_at, statement) ON told.feed_silence TO told_decide;
GRANT SELECT ON told.feed_gap TO told_decide;

GRANT SELECT ON told.feed_hour, told.message_fan_out, told.hold, told.hold_answer, told.held_event, told.feed_watch,
    told.feed_silence, told.feed_count TO told_operator, told_reader;
GRANT UPDATE (state) ON told.hold TO told_operator;
GRANT INSERT (hold_id, note, answered_at) ON told.hold_answer TO told_operator;
GRANT INSERT ON told.held_event TO told_operator;
GRANT UPDATE (hold_id) ON told.held_event TO told_operator;
GRANT INSERT (feed, day, sent, note, recorded_at) ON told.feed_count TO told_operator;
-- A difference between a sender's count and ours is found by the command that records the count.
GRANT INSERT (kind, key, detail, raised_at), UPDATE (count, detail) ON told.alarm TO told_operator;
