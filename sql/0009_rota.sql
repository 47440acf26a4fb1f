-- SPDX-License-Identifier: Apache-2.0
-- Who is on, and who is away. Rows are added and withdrawn, never changed: a notice that says "rota 12" can be followed.

CREATE TABLE told.rota (
    rota_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    role         text NOT NULL,
    team_id      text REFERENCES told.team,   -- null: the rota of the whole authority
    people       text[] NOT NULL CHECK (cardinality(people) > 0), -- who take turns, in order, over and over
    turn_days    integer NOT NULL CHECK (turn_days BETWEEN 0 AND 366), -- 0: no turns, the first is on throughout
    -- Wall-clock times of Europe/London, without a zone on purpose: a hand-over at nine stays at nine when the clocks change.
    begins       timestamp NOT NULL,
    ends         timestamp,
    recorded_at  timestamptz NOT NULL,
    recorded_by  text NOT NULL DEFAULT session_user,
    withdrawn_at timestamptz,                 -- no longer in the rota since then
    CHECK (ends > begins),
    CHECK (turn_days > 0 OR cardinality(people) = 1)
);
CREATE INDEX rota_role ON told.rota (role, team_id) WHERE withdrawn_at IS NULL;

CREATE TABLE told.absence (
    absence_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id    text NOT NULL REFERENCES told.person,
    away_from    timestamptz NOT NULL,
    back_at      timestamptz,                 -- null: until further notice
    cover        text REFERENCES told.person, -- who is told in their place; null: nobody
    recorded_at  timestamptz NOT NULL,
    recorded_by  text NOT NULL DEFAULT session_user,
    withdrawn_at timestamptz,
    CHECK (back_at > away_from),
    CHECK (cover <> person_id)
);
CREATE INDEX absence_person ON told.absence (person_id) WHERE withdrawn_at IS NULL;

GRANT SELECT ON told.rota, told.absence TO told_decide, told_dispatch, told_reader, told_operator;
GRANT INSERT (role, team_id, people, turn_days, begins, ends, recorded_at) ON told.rota TO told_operator;
GRANT INSERT (person_id, away_from, back_at, cover, recorded_at) ON told.absence TO told_operator;
GRANT UPDATE (withdrawn_at) ON told.rota, told.absence TO told_operator;
