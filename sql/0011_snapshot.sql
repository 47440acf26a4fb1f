-- SPDX-License-Identifier: Apache-2.0
-- Who is told as of a day, what counts as met, and which statements about allocations are still said.

ALTER TABLE told.duty
    ADD COLUMN as_of    date,        -- whoever was allocated on that civil day of Europe/London is told (A13); null: who is now
    ADD COLUMN met_at   timestamptz, -- when the role whose acknowledgement it waits for had it (A08); it closes nothing
    ADD COLUMN met_role text,
    ADD COLUMN met_by   text CHECK (met_by IN ('feed')),
    ADD CHECK ((met_at IS NULL) = (met_by IS NULL) AND (met_at IS NULL) = (met_role IS NULL));

-- The decided amendment that stands in an event's place: what the event said holds no more, that it happened does.
-- decide writes it with the amendment, and takes it back with the amendment's retraction.
ALTER TABLE told.event_state ADD COLUMN replaced_by bigint REFERENCES told.event;

WITH amendment AS (
    SELECT b.event_id, b.source, bs.child_id, convert_from(b.body, 'UTF8')::jsonb #>> '{data,amends}' AS amends
    FROM told.event b JOIN told.event_state bs USING (event_id)
    WHERE bs.child_id IS NOT NULL AND bs.retracted_by IS NULL AND bs.state NOT IN ('held', 'quarantined')
    AND bs.outcome IS NOT NULL AND position('"amends"'::bytea IN b.body) > 0
)
UPDATE told.event_state s SET replaced_by = a.event_id FROM told.event e, amendment a
WHERE e.event_id = s.event_id AND s.child_id = a.child_id AND e.source = a.source AND e.id = a.amends;

-- Rows of told.child_allocation are added and never changed; this leaves out those whose event is taken back or replaced.
-- Of two statements of one child and role the greater (valid_from, by_event, heard_at, number) holds: the order in which
-- decide folds them too.
CREATE VIEW told.child_allocation_said AS
    SELECT a.allocation_id, a.child_id, a.role, a.person_id, a.valid_from, a.origin = 'event' AS by_event,
           coalesce(e.received_at, a.recorded_at) AS heard_at, coalesce(e.event_id, a.allocation_id) AS number
    FROM told.child_allocation a
    LEFT JOIN told.event_state s ON s.event_id = a.event_id AND a.origin = 'event'
    LEFT JOIN told.event e ON e.event_id = s.event_id
    WHERE s.event_id IS NULL
       OR (s.retracted_by IS NULL AND s.replaced_by IS NULL AND s.state NOT IN ('held', 'quarantined'));

GRANT SELECT ON told.child_allocation_said TO told_decide, told_dispatch, told_reader, told_operator;
-- dispatch says that a duty is met, and closes one whose other record was there before (A34).
GRANT UPDATE (met_at, met_role, met_by, closed_as, closed_at, closed_reason) ON told.duty TO told_dispatch;
GRANT SELECT (duty_id, kind) ON told.answer TO told_dispatch;
-- A calendar is looked at and stored before it is configured.
GRANT INSERT ON told.calendar_version TO told_operator;
