-- SPDX-License-Identifier: Apache-2.0
-- Children, and what is known of them with valid-from and recorded-at. Rows are added, never changed: of two facts the
-- later valid-from holds. Names are not stored here: told needs to recognise a child, not to know it.

CREATE TABLE told.child (
    child_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    born_on    date,
    created_at timestamptz NOT NULL
);

CREATE TABLE told.child_identifier (
    scheme      text NOT NULL,
    value       text NOT NULL,
    child_id    bigint NOT NULL REFERENCES told.child,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (scheme, value)
);
CREATE INDEX child_identifier_child ON told.child_identifier (child_id);

-- Statements about a child's status: `value` null means "no longer known".
CREATE TABLE told.child_status (
    status_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    child_id    bigint NOT NULL REFERENCES told.child,
    field       text NOT NULL,
    value       jsonb,
    valid_from  timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    origin      text NOT NULL CHECK (origin IN ('event', 'import', 'answer')),
    event_id    bigint REFERENCES told.event,
    recorded_by text NOT NULL DEFAULT session_user
);
CREATE INDEX child_status_child ON told.child_status (child_id, valid_from);

-- person_id null: known that nobody holds the role from then on. role '*' with null: nobody in any role.
CREATE TABLE told.child_allocation (
    allocation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    child_id      bigint NOT NULL REFERENCES told.child,
    role          text NOT NULL,
    person_id     text,
    valid_from    timestamptz NOT NULL,
    recorded_at   timestamptz NOT NULL,
    origin        text NOT NULL CHECK (origin IN ('event', 'import', 'answer')),
    event_id      bigint REFERENCES told.event,
    recorded_by   text NOT NULL DEFAULT session_user
);
CREATE INDEX child_allocation_child ON told.child_allocation (child_id, role, valid_from);
