-- SPDX-License-Identifier: Apache-2.0
-- What comes back by mail: bounces, delays, out-of-office, replies; and the addresses that bounces have marked.
--
--   returned: done (told acted on it, or there was nothing to do) | open (kept for a person) ─▶ settled

-- Ten hexadecimal digits, 40 bits of PostgreSQL's strong randomness: who writes it in a reply has the notice before them. Not
-- unique over the years; it counts only from the address that was told.
ALTER TABLE told.notification
    ADD COLUMN code text NOT NULL DEFAULT upper(left(replace(gen_random_uuid()::text, '-', ''), 10));
CREATE INDEX notification_code ON told.notification (code);

CREATE TABLE told.returned (
    returned_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place       text NOT NULL UNIQUE, -- "maildir:NAME", "imap:FOLDER/UIDVALIDITY/UID": taken from there once
    digest      bytea NOT NULL,       -- of its Message-ID and body: the same mail in another place is no second one
    repeats     bigint REFERENCES told.returned,
    kind        text NOT NULL CHECK (kind IN ('bounce', 'delay', 'report', 'receipt', 'automatic', 'reply', 'other')),
    state       text NOT NULL CHECK (state IN ('done', 'open', 'settled')),
    did         text NOT NULL,        -- what told made of it; words of a fixed set
    reason      text NOT NULL,        -- by what it was recognised; words of a fixed set
    status      text,                 -- RFC 3463: "5.1.1"
    message_id  bigint REFERENCES told.message, -- what it is about, where that is sure
    attempt     integer,
    sender      text,                 -- of what is kept for a person; with subject and words emptied when it is settled
    subject     text,
    words       text,
    returned_at timestamptz NOT NULL, -- told's time
    settled_at  timestamptz,
    CHECK ((state = 'settled') = (settled_at IS NOT NULL)),
    CHECK (state = 'open' OR (sender IS NULL AND subject IS NULL AND words IS NULL))
);
CREATE UNIQUE INDEX returned_once ON told.returned (digest) WHERE repeats IS NULL;
CREATE INDEX returned_open ON told.returned (returned_id) WHERE state = 'open';

-- No mail goes to a marked address, until it is cleared or the directory names another.
CREATE TABLE told.address_state (
    address_state_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    address     text NOT NULL CHECK (address = lower(address)),
    returned_id bigint NOT NULL REFERENCES told.returned, -- the bounce
    status      text,
    marked_at   timestamptz NOT NULL,
    cleared_at  timestamptz
);
CREATE UNIQUE INDEX address_marked ON told.address_state (address) WHERE cleared_at IS NULL;

-- The stage `returns` takes answers from people, as a console does: it is told_console.
GRANT SELECT ON told.return_path, told.message, told.notification, told.duty, told.duty_line, told.alarm, told.returned,
    told.address_state TO told_console;
-- Whose answer counts: who holds which role, for which child.
GRANT SELECT ON told.person, told.post, told.rota, told.absence, told.child_allocation_said TO told_console;
GRANT INSERT (place, digest, repeats, kind, state, did, reason, status, message_id, attempt, sender, subject, words, returned_at)
    ON told.returned TO told_console;
GRANT INSERT (address, returned_id, status, marked_at) ON told.address_state TO told_console;
GRANT UPDATE (state, reason) ON told.notification TO told_console;
-- Through a function, so that this hand can call nothing sent.
CREATE FUNCTION told.message_came_back(message bigint, why text) RETURNS void LANGUAGE sql
    SECURITY DEFINER SET search_path = pg_catalog AS $$
    UPDATE told.message SET state = 'failed', reason = $2 WHERE message_id = $1 AND state = 'sent'
$$;
REVOKE ALL ON FUNCTION told.message_came_back FROM PUBLIC;
GRANT EXECUTE ON FUNCTION told.message_came_back TO told_console;
GRANT UPDATE (state, told_at, closed_as, closed_at, closed_reason, acknowledged_at, next_at) ON told.duty TO told_console;
GRANT UPDATE (reached_at, next_at, stopped, answered_at, answered_for) ON told.duty_line TO told_console;
GRANT INSERT (duty_id, kind, answered_for, note, answered_at) ON told.answer TO told_console;
GRANT INSERT, UPDATE (count, detail, cleared_at) ON told.alarm TO told_console;
-- Who is told is looked up anew when an address is marked or cleared.
GRANT UPDATE (directory_version) ON told.installation TO told_console;
GRANT INSERT (at, what, event_id, child_id, duty_id, notification_id, message_id, detail) ON told.journal TO told_console;

GRANT SELECT ON told.address_state TO told_dispatch;

GRANT SELECT ON told.returned, told.address_state TO told_reader, told_operator;
GRANT UPDATE (state, sender, subject, words, settled_at) ON told.returned TO told_operator;
GRANT UPDATE (cleared_at) ON told.address_state TO told_operator;
