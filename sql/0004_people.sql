-- SPDX-License-Identifier: Apache-2.0
-- The directory: who works where and holds which post. Roles and lines are configuration; line is their copy, for readers.

CREATE TABLE told.team (
    team_id text PRIMARY KEY,
    name    text NOT NULL
);

CREATE TABLE told.person (
    person_id text PRIMARY KEY,
    name      text NOT NULL,
    email     text,
    webhook   text,                     -- name of a configured endpoint
    team_id   text REFERENCES told.team,
    login     text UNIQUE,              -- the operator role this practitioner logs in as, if any
    left_at   timestamptz
);

CREATE TABLE told.post (
    person_id text NOT NULL REFERENCES told.person,
    role      text NOT NULL,
    PRIMARY KEY (person_id, role)
);

CREATE TABLE told.line (
    line text NOT NULL,
    step smallint NOT NULL,             -- 0 is the bottom
    role text NOT NULL,
    PRIMARY KEY (line, step)
);
