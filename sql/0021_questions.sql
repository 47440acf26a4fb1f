-- SPDX-License-Identifier: Apache-2.0
-- One question for one person whom nobody knows: what is heard of the same person while it is open belongs to it.

CREATE TABLE told.match_asked (
    duty_id bigint PRIMARY KEY REFERENCES told.duty,
    digest  text NOT NULL -- of the details, as in told.match_decision: whoever reads it could try names
);
CREATE INDEX match_asked_digest ON told.match_asked (digest);

GRANT SELECT, INSERT ON told.match_asked TO told_decide;

-- The few events that wait for the one they amend or retract: looked at whenever others have come.
CREATE INDEX event_state_follows ON told.event_state (event_id)
    WHERE state = 'held' AND reason LIKE 'it % an event that has not come yet';
