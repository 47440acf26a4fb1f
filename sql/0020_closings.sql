-- SPDX-License-Identifier: Apache-2.0
-- Whoever was sent a deadline hears that there is nothing to do any more, so that it leaves their calendar.

ALTER TABLE told.notification DROP CONSTRAINT notification_kind_check;
ALTER TABLE told.notification ADD CONSTRAINT notification_kind_check
    CHECK (kind IN ('tell', 'copy', 'escalate', 'chase', 'correction', 'closing'));

-- One for each who has the deadline of this duty, or may have it, at the address where it was sent; not for whom a correction
-- tells the same. others_only: not for those who answered. Through a function, for duties are closed by hands that may tell
-- nobody anything else.
CREATE FUNCTION told.duty_closing(duty bigint, others_only boolean, at timestamptz) RETURNS void LANGUAGE sql
    SECURITY DEFINER SET search_path = pg_catalog AS $$
    INSERT INTO told.notification (duty_id, telling, line, step, kind, role, channel, recipient, created_at)
    SELECT duty_id, top + row_number() OVER (PARTITION BY line, step, role ORDER BY notification_id), line, step, 'closing', role,
        'email', recipient, $3
    FROM (SELECT DISTINCT ON (n.recipient) n.notification_id, n.duty_id, n.line, n.step, n.role, n.recipient,
            (SELECT max(o.telling) FROM told.notification o WHERE o.duty_id = n.duty_id) AS top
        FROM told.notification n JOIN told.duty d USING (duty_id) JOIN told.message m USING (message_id)
        WHERE n.duty_id = $1 AND d.kind <> 'alarm' AND n.channel = 'email' AND n.kind NOT IN ('copy', 'correction', 'closing')
        AND m.body_calendar IS NOT NULL AND (n.state IN ('sent', 'uncertain', 'claimed') OR m.uncertain)
        AND NOT EXISTS (SELECT FROM told.notification c WHERE c.duty_id = n.duty_id AND c.recipient = n.recipient
            AND c.channel = 'email' AND c.kind IN ('correction', 'closing'))
        AND NOT ($2 AND EXISTS (SELECT FROM told.answer a WHERE a.duty_id = n.duty_id AND a.answered_for = n.recipient))
        ORDER BY n.recipient, n.notification_id) holders
    ON CONFLICT DO NOTHING
$$;
REVOKE ALL ON FUNCTION told.duty_closing FROM PUBLIC;
GRANT EXECUTE ON FUNCTION told.duty_closing TO told_decide, told_dispatch, told_console, told_operator;
