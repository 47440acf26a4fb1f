-- SPDX-License-Identifier: Apache-2.0
-- Least privilege: each stage may do its own step and nothing else. Nobody but told_owner may change what was recorded.

REVOKE ALL ON SCHEMA told FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA told FROM PUBLIC;
GRANT USAGE ON SCHEMA told TO told_ingest, told_decide, told_dispatch, told_console, told_operator, told_reader;
GRANT SELECT ON told.installation, told.schema_version
    TO told_ingest, told_decide, told_dispatch, told_console, told_operator, told_reader;
GRANT EXECUTE ON FUNCTION told.journal_text(told.journal) TO told_decide, told_operator, told_reader;

-- Columns that default to session_user are left out of every INSERT grant: who did it cannot be claimed.

GRANT SELECT, INSERT ON told.event, told.event_state, told.quarantine TO told_ingest;
GRANT SELECT, INSERT, UPDATE ON told.cursor, told.feed_state, told.alarm TO told_ingest;
GRANT INSERT (at, what, event_id, detail) ON told.journal TO told_ingest;
GRANT SELECT (journal_id) ON told.journal TO told_ingest;

GRANT SELECT ON told.event, told.feed_state, told.cursor TO told_decide;
GRANT INSERT ON told.event, told.event_state, told.quarantine TO told_decide;
GRANT SELECT, UPDATE ON told.event_state TO told_decide;
-- What decide set aside and a person had taken up again may come back.
GRANT SELECT, UPDATE (state, reason) ON told.quarantine TO told_decide;
GRANT SELECT, INSERT ON told.child_identifier TO told_decide;
-- UPDATE on child is what FOR UPDATE asks for; nothing of a child is changed by a decision but a first date of birth.
GRANT SELECT, UPDATE (born_on) ON told.child TO told_decide;
GRANT SELECT ON told.child_status, told.child_allocation TO told_decide;
GRANT INSERT (child_id, field, value, valid_from, recorded_at, origin, event_id) ON told.child_status TO told_decide;
GRANT INSERT (child_id, role, person_id, valid_from, recorded_at, origin, event_id) ON told.child_allocation TO told_decide;
GRANT SELECT ON told.team, told.person, told.post TO told_decide;
GRANT SELECT, INSERT, UPDATE, DELETE ON told.line TO told_decide;
GRANT SELECT, INSERT, UPDATE ON told.duty, told.duty_line, told.notification, told.alarm TO told_decide;
GRANT SELECT, INSERT ON told.duty_ground TO told_decide;
-- Who may have been reached gets a correction.
GRANT SELECT (message_id, uncertain) ON told.message TO told_decide;
GRANT SELECT ON told.answer TO told_decide;
GRANT SELECT, INSERT ON told.protocol_version, told.calendar_version TO told_decide;
GRANT INSERT (at, what, event_id, child_id, duty_id, notification_id, message_id, detail) ON told.journal TO told_decide;
GRANT SELECT ON told.journal, told.journal_seal TO told_decide;
GRANT INSERT ON told.journal_seal TO told_decide;

GRANT SELECT ON told.team, told.person, told.post, told.line, told.child_allocation, told.event TO told_dispatch;
GRANT SELECT (child_id) ON told.child TO told_dispatch;
GRANT SELECT (event_id, retracted_by) ON told.event_state TO told_dispatch;
GRANT SELECT ON told.duty, told.duty_line, told.duty_ground TO told_dispatch;
GRANT UPDATE (state, told_at, next_at) ON told.duty TO told_dispatch;
GRANT UPDATE (reached_at, next_at) ON told.duty_line TO told_dispatch;
GRANT SELECT, INSERT, UPDATE ON told.notification, told.message, told.attempt, told.alarm TO told_dispatch;
GRANT INSERT (at, what, event_id, child_id, duty_id, notification_id, message_id, detail) ON told.journal TO told_dispatch;
GRANT SELECT (journal_id) ON told.journal TO told_dispatch;

GRANT SELECT ON ALL TABLES IN SCHEMA told TO told_reader, told_operator;
GRANT INSERT, UPDATE ON told.team, told.person TO told_operator;
GRANT INSERT, UPDATE, DELETE ON told.post TO told_operator;
GRANT UPDATE (directory_version) ON told.installation TO told_operator;
GRANT INSERT, UPDATE (born_on) ON told.child TO told_operator;
GRANT INSERT ON told.child_identifier TO told_operator;
GRANT INSERT (child_id, field, value, valid_from, recorded_at, origin, event_id) ON told.child_status TO told_operator;
GRANT INSERT (child_id, role, person_id, valid_from, recorded_at, origin, event_id) ON told.child_allocation TO told_operator;
GRANT INSERT ON told.event, told.event_state TO told_operator;
GRANT UPDATE (state, reason, child_id, match_because, begun, outcome) ON told.event_state TO told_operator;
GRANT UPDATE (state) ON told.quarantine TO told_operator;
GRANT UPDATE ON told.feed_state TO told_operator;
GRANT UPDATE (cleared_at) ON told.alarm TO told_operator;
GRANT UPDATE (state, closed_as, closed_at, closed_reason, acknowledged_at, next_at) ON told.duty TO told_operator;
GRANT UPDATE (next_at, stopped, answered_at, answered_for) ON told.duty_line TO told_operator;
GRANT UPDATE (state, reason) ON told.notification TO told_operator;
GRANT UPDATE (next_at) ON told.message TO told_operator;
GRANT INSERT (duty_id, kind, answered_for, note, answered_at) ON told.answer TO told_operator;
GRANT INSERT (at, what, event_id, child_id, duty_id, notification_id, message_id, detail) ON told.journal TO told_operator;
