-- SPDX-License-Identifier: Apache-2.0
-- Questions about people whom nobody knows, and holds that are answered in parts.

-- One person is one question: what is heard of the same person while it is open belongs to it.
CREATE TABLE told.match_asked (
    duty_id bigint PRIMARY KEY REFERENCES told.duty,
    digest  text NOT NULL -- of the details, as in told.match_decision: whoever reads it could try names
);
CREATE INDEX match_asked_digest ON told.match_asked (digest);

GRANT SELECT, INSERT ON told.match_asked TO told_decide;

-- The few events that wait for the one they amend or retract: looked at whenever others have come.
CREATE INDEX event_state_follows ON told.event_state (event_id)
    WHERE state = 'held' AND reason LIKE 'it % an event that has not come yet';

-- A person said that what came in it was false: it is no measure of how busy the feed is.
ALTER TABLE told.feed_hour ADD COLUMN is_void boolean NOT NULL DEFAULT false;
GRANT UPDATE (is_void) ON told.feed_hour TO told_operator;

-- Some events of a hold are answered: they go behind one of their own, which is answered when it is made.
GRANT INSERT (feed, reason, opened_at, state) ON told.hold TO told_operator;
