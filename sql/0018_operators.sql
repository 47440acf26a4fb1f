-- SPDX-License-Identifier: Apache-2.0
-- What operators may do to messages: have one tried again at once, and send a test. Both through a function each, so that
-- no operator's hand can give a message another address, or call one sent.

-- A test carries no notification; its text is made by dispatch, and it is tried once.
ALTER TABLE told.message ADD COLUMN test boolean NOT NULL DEFAULT false;

-- One that waits, or has failed, is due at `at`. A failed one gets its days anew. False: it is neither.
CREATE FUNCTION told.message_again(message bigint, at timestamptz) RETURNS boolean LANGUAGE sql
    SECURITY DEFINER SET search_path = pg_catalog AS $$
    WITH again AS (UPDATE told.message m SET state = 'waiting', next_at = $2,
            first_try_at = CASE m.state WHEN 'failed' THEN NULL ELSE m.first_try_at END,
            reason = CASE m.state WHEN 'failed' THEN NULL ELSE m.reason END
        WHERE m.message_id = $1 AND m.state IN ('waiting', 'failed') AND NOT m.test RETURNING 1)
    SELECT EXISTS (SELECT FROM again)
$$;

CREATE FUNCTION told.message_test(channel text, address text, uid text, at timestamptz) RETURNS bigint LANGUAGE sql
    SECURITY DEFINER SET search_path = pg_catalog AS $$
    INSERT INTO told.message (channel, recipient, address, topic, immediate, uid, next_at, created_at, test)
    VALUES ($1, 'test', $2, 'test', true, $3, $4, $4, true) RETURNING message_id
$$;

REVOKE ALL ON FUNCTION told.message_again, told.message_test FROM PUBLIC;
GRANT EXECUTE ON FUNCTION told.message_again, told.message_test TO told_operator;
