-- SPDX-License-Identifier: Apache-2.0
-- What was said: how much of it, from which template, and who may read it. And endpoints that want no more.

-- Written with the text, at the first attempt, and never changed. Of what was said before there was a choice: thin.
ALTER TABLE told.message
    ADD COLUMN content       text CHECK (content IN ('thin', 'full')),
    ADD COLUMN template      text,  -- of an email: the template's name
    ADD COLUMN template_hash text;  -- SHA-256 of the template as it was
UPDATE told.message SET content = 'thin' WHERE frozen;

-- A full text (body_…) names a child. Whoever only reads figures, or takes up answers, does not get it; toldctl notice is the
-- operators'. Columns that later files add to told.message have to be granted to these two by name.
REVOKE SELECT ON told.message FROM told_reader, told_console;
DO $$
DECLARE
    readable text := (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
                      WHERE attrelid = 'told.message'::regclass AND attnum > 0 AND NOT attisdropped
                      AND attname NOT LIKE 'body\_%');
BEGIN
    EXECUTE format('GRANT SELECT (%s) ON told.message TO told_reader, told_console', readable);
END $$;

-- What a full notice says comes from the events behind the duty: those that stand, of that child.
GRANT SELECT (child_id, replaced_by) ON told.event_state TO told_dispatch;
GRANT SELECT (event_id, ground_id) ON told.watch TO told_dispatch;

-- Endpoints of webhooks that answered 410: "send no more". Nothing is sent to one until a person starts it again.
CREATE TABLE told.endpoint (
    name       text PRIMARY KEY,  -- in the configuration
    stopped_at timestamptz,
    message_id bigint REFERENCES told.message -- whose answer stopped it
);
GRANT SELECT, INSERT, UPDATE ON told.endpoint TO told_dispatch;
GRANT SELECT ON told.endpoint TO told_operator, told_reader;
GRANT UPDATE (stopped_at) ON told.endpoint TO told_operator;
