-- SPDX-License-Identifier: Apache-2.0
-- The append-only record. Rows are written in the transaction of the change and touch no common head; one sealer chains
-- what is committed a moment later, in an order it fixes (a head updated in each transaction would serialise everything).

CREATE TABLE told.journal (
    journal_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL, -- told's time
    who             text NOT NULL DEFAULT session_user,
    what            text NOT NULL,        -- "duty opened", "notification sent", …
    event_id        bigint,
    child_id        bigint,
    duty_id         bigint,
    notification_id bigint,
    message_id      bigint,
    detail          jsonb NOT NULL DEFAULT '{}'  -- ids, roles, states, reasons; never a name, date of birth or offence
);
CREATE INDEX journal_duty ON told.journal (duty_id) WHERE duty_id IS NOT NULL;

CREATE TABLE told.journal_seal (
    seal_number bigint PRIMARY KEY,       -- 1, 2, 3 … without a hole: the chain's order
    journal_id  bigint NOT NULL UNIQUE REFERENCES told.journal,
    link        bytea NOT NULL            -- SHA-256(previous link ‖ SHA-256(row text))
);

-- The row as the chain hashes it: one text that depends on nothing but the row.
CREATE FUNCTION told.journal_text(j told.journal) RETURNS text LANGUAGE sql STABLE
SET timezone = 'UTC' SET datestyle = 'ISO' AS $$
    SELECT json_build_array(j.journal_id, to_char(j.at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), j.who, j.what, j.event_id,
                            j.child_id, j.duty_id, j.notification_id, j.message_id, j.detail)::text
$$;
