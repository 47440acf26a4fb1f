-- SPDX-License-Identifier: Apache-2.0
-- Duties and the climb of each told role.
--
--   open ──accepted by each told role's server──▶ told ──a named person knows──▶ acknowledged ──by its `closes`──▶ closed
--     └──────────── an answer may come before it is told ───────────────────────────────────────────────────────▲
--   closed as: acknowledged · done · discharged (a later event) · void (with a reason). Never by age.

CREATE TABLE told.duty (
    duty_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind          text NOT NULL CHECK (kind IN ('duty', 'review', 'match', 'alarm')),
    child_id      bigint REFERENCES told.child,
    case_ref      text,
    rule          text NOT NULL,        -- rule name ("D41-leaver"), or "review", "match", "alarm"
    key           text NOT NULL,        -- canonical JSON: when it is the same duty again
    occurrence    integer NOT NULL DEFAULT 1,
    duty          text NOT NULL,        -- "D41"; "review", "match", "alarm"
    title         text NOT NULL,        -- the duty in the words of the protocol
    says          text NOT NULL,        -- what whoever is told first has to do: the first line of a notice
    state         text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'told', 'acknowledged', 'closed')),
    closed_as     text CHECK (closed_as IN ('acknowledged', 'done', 'discharged', 'void')),
    closed_at     timestamptz,
    closed_reason text,
    immediate     boolean NOT NULL,
    provisional   boolean NOT NULL DEFAULT false,
    event_id      bigint REFERENCES told.event,  -- its first ground; an alarm has none
    received_at   timestamptz NOT NULL, -- receipt of the first ground: where its clock starts
    due_at        timestamptz NOT NULL,
    telling       integer NOT NULL DEFAULT 1,
    shows         text NOT NULL,        -- what the reader must know; when it changes, telling n+1 goes out
    closes        text NOT NULL,        -- "ack", "ack of all", "ack of ROLE", "done", "done, care.visit"
    because       jsonb NOT NULL,
    protocol_hash text NOT NULL,
    calendar_hash text NOT NULL,
    opened_at     timestamptz NOT NULL,
    told_at       timestamptz,
    acknowledged_at timestamptz,
    next_at       timestamptz,          -- the earliest next_at of its lines
    UNIQUE NULLS NOT DISTINCT (child_id, case_ref, rule, key, occurrence),
    -- An open duty always has a next instant; a closed one says how it closed.
    CHECK ((state = 'closed') = (next_at IS NULL)),
    CHECK ((state = 'closed') = (closed_as IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX duty_next ON told.duty (next_at) WHERE state <> 'closed';
CREATE INDEX duty_open_child ON told.duty (child_id) WHERE state <> 'closed';

-- One row for each role told first: its line climbs by itself.
CREATE TABLE told.duty_line (
    duty_id     bigint NOT NULL REFERENCES told.duty,
    line        smallint NOT NULL,
    role        text NOT NULL,
    chase       boolean NOT NULL DEFAULT false, -- outside the authority: asked again at each step
    above       text[] NOT NULL,      -- roles above, in climbing order, pinned when the duty opened
    step        integer NOT NULL DEFAULT 0, -- goes on counting while the top is told again
    next_at     timestamptz,          -- null once answered for good or closed
    stopped     boolean NOT NULL DEFAULT false, -- acknowledged, but the duty needs more: sleeps until due_at
    reached_at  timestamptz,          -- first acceptance by a server for this role
    answered_at timestamptz,
    answered_for text,
    PRIMARY KEY (duty_id, line)
) WITH (fillfactor = 70);

-- Every event behind a duty.
CREATE TABLE told.duty_ground (
    duty_id  bigint NOT NULL REFERENCES told.duty,
    event_id bigint NOT NULL REFERENCES told.event,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (duty_id, event_id)
);
CREATE INDEX duty_ground_event ON told.duty_ground (event_id);

CREATE TABLE told.answer (
    answer_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    duty_id      bigint NOT NULL REFERENCES told.duty,
    kind         text NOT NULL CHECK (kind IN ('ack', 'done', 'void', 'match', 'answer')),
    answered_for text,                -- the practitioner who answered
    answered_by  text NOT NULL DEFAULT session_user, -- the login that recorded it; no grant lets anyone set it
    note         text,
    answered_at  timestamptz NOT NULL
);
CREATE INDEX answer_duty ON told.answer (duty_id);
