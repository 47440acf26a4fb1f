-- SPDX-License-Identifier: Apache-2.0
-- Where it goes when it does not go there.

-- What a relay or an endpoint said last when it did not take something, kept when it is well again; and whether the operators
-- have been told that it stays dead.
ALTER TABLE told.destination
    ADD COLUMN IF NOT EXISTS last_error    text,        -- words of told's own, as error
    ADD COLUMN IF NOT EXISTS last_error_at timestamptz, -- real time
    ADD COLUMN IF NOT EXISTS alarmed_at    timestamptz; -- of the death that lasts; none once it is well again
UPDATE told.destination SET last_error = error, last_error_at = written_at WHERE error IS NOT NULL AND last_error IS NULL;

-- The alarm is the escalating stage's.
GRANT SELECT, UPDATE (alarmed_at) ON told.destination TO told_decide;

-- Of a mail whose recipient has an endpoint for when mail fails: until when that waits, unless failures come first; told's time.
-- Fixed when the message is made; none once that endpoint has been given the same, or the mail was taken.
ALTER TABLE told.message ADD COLUMN IF NOT EXISTS other_at timestamptz;
CREATE INDEX IF NOT EXISTS message_other ON told.message (other_at) WHERE other_at IS NOT NULL;
GRANT SELECT (other_at) ON told.message TO told_reader, told_console;

-- How what is said of a duty is tried again (backoff.h), as the configuration had it when the duty opened.
ALTER TABLE told.duty ADD COLUMN IF NOT EXISTS retry text;
