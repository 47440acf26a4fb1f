-- SPDX-License-Identifier: Apache-2.0
-- Notifications (a duty to one role over one channel), messages (what is sent), attempts (each try).
--
--   notification: queued ─▶ claimed ─▶ sent | failed;  tempfail after the body: uncertain ─▶ claimed …
--                 queued, uncertain ─▶ superseded (another told instead) | cancelled (no longer needed), each with a reason
--   message:      waiting ─▶ claimed (lease, fence) ─▶ sent | failed;  tempfail: waiting again;  cancelled

CREATE TABLE told.message (
    message_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel       text NOT NULL CHECK (channel IN ('email', 'webhook')),
    recipient     text NOT NULL,      -- person id, "mailbox:<role>", "last-resort"
    address       text NOT NULL,      -- mail address, or name of the endpoint
    topic         text NOT NULL,      -- the case, else the child, else the duty: what may share one email
    immediate     boolean NOT NULL,
    uid           text NOT NULL UNIQUE, -- Message-ID or webhook-id: the same on every attempt
    state         text NOT NULL DEFAULT 'waiting'
                  CHECK (state IN ('waiting', 'claimed', 'sent', 'failed', 'cancelled')),
    reason        text,
    next_at       timestamptz,        -- told's time; while waiting
    attempts      integer NOT NULL DEFAULT 0,
    failures      integer NOT NULL DEFAULT 0,
    uncertain     boolean NOT NULL DEFAULT false, -- some attempt may have arrived
    frozen        boolean NOT NULL DEFAULT false, -- its set and text stand since the first attempt
    subject       text,
    body_text     text,
    body_html     text,
    lease_until   timestamptz,        -- real time
    fence         bigint NOT NULL DEFAULT 0,
    claimed_by    text,
    created_at    timestamptz NOT NULL,
    first_try_at  timestamptz,
    CHECK ((state = 'waiting') = (next_at IS NOT NULL)),
    CHECK ((state = 'claimed') = (lease_until IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX message_due ON told.message (next_at) WHERE state = 'waiting';
CREATE INDEX message_claimed ON told.message (message_id) WHERE state = 'claimed';
CREATE INDEX message_recent ON told.message (recipient, topic, created_at);

CREATE TABLE told.notification (
    notification_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    duty_id     bigint NOT NULL REFERENCES told.duty,
    telling     integer NOT NULL,
    line        smallint NOT NULL,    -- rung = (line, step); copies have line -1
    step        integer NOT NULL,     -- 0 is the first telling; beyond the top it goes on counting
    kind        text NOT NULL CHECK (kind IN ('tell', 'copy', 'escalate', 'chase', 'correction')),
    role        text NOT NULL,
    channel     text NOT NULL CHECK (channel IN ('email', 'webhook')),
    recipient   text,                 -- written by dispatch in the claim's transaction
    state       text NOT NULL DEFAULT 'queued'
                CHECK (state IN ('queued', 'claimed', 'sent', 'uncertain', 'failed', 'superseded', 'cancelled')),
    reason      text,
    because     text,                 -- why this person: ids and roles, never names
    message_id  bigint REFERENCES told.message,
    created_at  timestamptz NOT NULL,
    sent_at     timestamptz
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX notification_role ON told.notification (duty_id, telling, line, step, role, channel)
    WHERE state <> 'superseded';
-- Two roles that come to one person at one step: one notification (the second is superseded by the first).
CREATE UNIQUE INDEX notification_recipient ON told.notification (duty_id, telling, step, recipient, channel)
    WHERE recipient IS NOT NULL AND state <> 'superseded';
-- The two above leave superseded rows out; who asks for all of a duty's reads no more than those.
CREATE INDEX notification_duty ON told.notification (duty_id);
CREATE INDEX notification_queued ON told.notification (notification_id) WHERE state = 'queued' AND message_id IS NULL;
CREATE INDEX notification_message ON told.notification (message_id) WHERE message_id IS NOT NULL;

-- One row for each try, committed before the socket is touched. ended_at null: in flight, or its process died.
CREATE TABLE told.attempt (
    attempt_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id bigint NOT NULL REFERENCES told.message,
    number     integer NOT NULL,
    fence      bigint NOT NULL,
    claimed_by text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    outcome    text CHECK (outcome IN ('delivered', 'tempfail', 'permfail')),
    uncertain  boolean NOT NULL DEFAULT false,
    code       integer,
    reason     text,
    UNIQUE (message_id, number)
) WITH (fillfactor = 80);
