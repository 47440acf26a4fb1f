-- SPDX-License-Identifier: Apache-2.0
-- Which child an event is about: what children are called and where they live, what a person decided about that, and the
-- evidence. Names stand in told.child_detail only; told_decide and told_operator read it and nobody else does.

-- All three are trusted extensions: the owner of the database may create them.
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch SCHEMA public;
CREATE EXTENSION IF NOT EXISTS unaccent SCHEMA public;

-- How the words of a name sound. It depends on nothing but the name as long as unaccent's own rules stay as they are.
CREATE FUNCTION told.name_codes(name text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = public, pg_temp AS $$
    SELECT coalesce(array_agg(DISTINCT code ORDER BY code), '{}') FROM (
        SELECT unaccent(w) AS word FROM unnest(string_to_array(name, ' ')) w) words,
        LATERAL (VALUES (dmetaphone(word)), (dmetaphone_alt(word))) codes (code) WHERE code <> ''
$$;
REVOKE ALL ON FUNCTION told.name_codes(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION told.name_codes(text) TO told_decide, told_operator;

-- One row a statement: what an import or a person said counts as record; what a publisher said of a child that was matched
-- for certain is an alias: it finds the child again, and never makes a match certain.
CREATE TABLE told.child_detail (
    detail_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    child_id     bigint NOT NULL REFERENCES told.child,
    family_name  text,                          -- as written
    given_names  text,
    family       text NOT NULL DEFAULT '',      -- as compared: lower case, no accents, single blanks
    given        text NOT NULL DEFAULT '',
    postcode     text,                          -- as compared: upper case, no blanks
    whole        text GENERATED ALWAYS AS (btrim(family || ' ' || given)) STORED,
    family_codes text[] GENERATED ALWAYS AS (told.name_codes(family)) STORED,
    given_codes  text[] GENERATED ALWAYS AS (told.name_codes(given)) STORED,
    codes        text[] GENERATED ALWAYS AS (told.name_codes(family || ' ' || given)) STORED,
    origin       text NOT NULL CHECK (origin IN ('import', 'answer', 'event')),
    event_id     bigint REFERENCES told.event,
    review_id    bigint REFERENCES told.duty,   -- the answer that it came with
    recorded_at  timestamptz NOT NULL,
    recorded_by  text NOT NULL DEFAULT session_user,
    withdrawn_at timestamptz,
    CHECK (family <> '' OR given <> '' OR postcode IS NOT NULL)
);
CREATE INDEX child_detail_child ON told.child_detail (child_id);
CREATE INDEX child_detail_codes ON told.child_detail USING gin (codes) WHERE withdrawn_at IS NULL;
CREATE INDEX child_detail_whole ON told.child_detail USING gin (whole public.gin_trgm_ops) WHERE withdrawn_at IS NULL;
CREATE INDEX child_detail_postcode ON told.child_detail (postcode) WHERE withdrawn_at IS NULL;
CREATE INDEX child_detail_event ON told.child_detail (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX child_born ON told.child (born_on);

-- What a person answered: the person of the event is this child, or never is. The next event with the same details and
-- the same child is settled by it, until it is forgotten.
CREATE TABLE told.match_decision (
    decision_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    review_id    bigint NOT NULL REFERENCES told.duty,
    event_id     bigint NOT NULL REFERENCES told.event,
    digest       text,                          -- of all the details; null: too few of them to know a person again
    child_id     bigint NOT NULL REFERENCES told.child,
    is_same      boolean NOT NULL,
    set_born_on  boolean NOT NULL DEFAULT false, -- the child had no date of birth before
    recorded_at  timestamptz NOT NULL,
    recorded_by  text NOT NULL DEFAULT session_user,
    forgotten_at timestamptz
);
CREATE INDEX match_decision_digest ON told.match_decision (digest) WHERE forgotten_at IS NULL;
CREATE INDEX match_decision_event ON told.match_decision (event_id) WHERE forgotten_at IS NULL;
CREATE INDEX match_decision_review ON told.match_decision (review_id);

ALTER TABLE told.event_state ADD COLUMN IF NOT EXISTS match_evidence jsonb;  -- per child: points, words; never a value
ALTER TABLE told.event_state ADD COLUMN IF NOT EXISTS match_review bigint;   -- whose answer it was, or is settled by
-- With a child: the match is taken back, decide recalls what was told. Without one: a person must be asked, whatever fits.
ALTER TABLE told.event_state ADD COLUMN IF NOT EXISTS unmatch boolean NOT NULL DEFAULT false;
CREATE INDEX IF NOT EXISTS event_state_match_review ON told.event_state (match_review) WHERE match_review IS NOT NULL;
CREATE INDEX IF NOT EXISTS event_state_unmatch ON told.event_state (child_id) WHERE unmatch;

-- Whoever was told was told that it is taken back: what comes later is no repeat of it and opens a duty of its own.
ALTER TABLE told.duty ADD COLUMN IF NOT EXISTS recalled_at timestamptz;

-- What was learned with an answer is forgotten with it: the one way in which an identifier goes.
ALTER TABLE told.child_identifier ADD COLUMN IF NOT EXISTS review_id bigint REFERENCES told.duty;
CREATE FUNCTION told.identifier_forget(review bigint) RETURNS text[] LANGUAGE sql SECURITY DEFINER
SET search_path = told, pg_temp AS $$
    WITH gone AS (DELETE FROM told.child_identifier WHERE review_id = review RETURNING scheme)
    SELECT coalesce(array_agg(DISTINCT scheme ORDER BY scheme), '{}') FROM gone
$$;
REVOKE ALL ON FUNCTION told.identifier_forget(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION told.identifier_forget(bigint) TO told_operator;

ALTER TABLE told.answer DROP CONSTRAINT answer_kind_check;
ALTER TABLE told.answer ADD CONSTRAINT answer_kind_check
    CHECK (kind IN ('ack', 'done', 'void', 'match', 'unmatch', 'answer'));

REVOKE ALL ON told.child_detail, told.match_decision FROM PUBLIC, told_reader, told_ingest, told_dispatch, told_console;
GRANT SELECT ON told.child_detail, told.match_decision TO told_decide, told_operator;
GRANT INSERT (child_id, family_name, given_names, family, given, postcode, origin, event_id, review_id, recorded_at)
    ON told.child_detail TO told_decide, told_operator;
GRANT UPDATE (withdrawn_at) ON told.child_detail TO told_decide, told_operator;
GRANT INSERT (review_id, event_id, digest, child_id, is_same, set_born_on, recorded_at) ON told.match_decision TO told_operator;
GRANT UPDATE (forgotten_at) ON told.match_decision TO told_operator;
GRANT UPDATE (match_evidence, match_review, unmatch, decided_at) ON told.event_state TO told_operator;

-- What a match that was taken back said of allocations was another child's: as in 0011, and of this child still.
CREATE OR REPLACE VIEW told.child_allocation_said AS
    SELECT a.allocation_id, a.child_id, a.role, a.person_id, a.valid_from, a.origin = 'event' AS by_event,
           coalesce(e.received_at, a.recorded_at) AS heard_at, coalesce(e.event_id, a.allocation_id) AS number
    FROM told.child_allocation a
    LEFT JOIN told.event_state s ON s.event_id = a.event_id AND a.origin = 'event'
    LEFT JOIN told.event e ON e.event_id = s.event_id
    WHERE s.event_id IS NULL
       OR (s.retracted_by IS NULL AND s.replaced_by IS NULL AND s.state NOT IN ('held', 'quarantined') AND s.child_id = a.child_id);
