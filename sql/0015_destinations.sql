-- SPDX-License-Identifier: Apache-2.0
-- What sending needs to know: the key of the return paths, and how each destination fares.

-- The key that return paths are tagged with (verp.h). Made here once, so that every told of this installation writes and
-- reads the same: a bounce may come days later, to another process. gen_random_uuid is PostgreSQL's strong random source,
-- 122 bits of it in each.
CREATE TABLE told.return_path (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    key     bytea NOT NULL CHECK (length(key) = 32)
);
INSERT INTO told.return_path (key)
    SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
GRANT SELECT ON told.return_path TO told_dispatch;

-- Each relay, and each host of webhooks: how it fares, as whoever sends last found it. Written when that changes, real time.
CREATE TABLE told.destination (
    channel     text NOT NULL CHECK (channel IN ('email', 'webhook')),
    name        text NOT NULL,        -- of the relay, or the host
    state       text NOT NULL CHECK (state IN ('alive', 'dead')),
    since       timestamptz NOT NULL, -- in this state
    concurrency integer NOT NULL,     -- so many at a time
    most        integer NOT NULL,     -- and never more
    failures    integer NOT NULL,     -- in a row
    error       text,                 -- of the last one; words of told's own, never the server's
    probe_at    timestamptz,          -- while dead: when it is looked at again
    written_at  timestamptz NOT NULL,
    written_by  text NOT NULL,        -- the process
    PRIMARY KEY (channel, name),
    CHECK ((state = 'dead') = (probe_at IS NOT NULL))
) WITH (fillfactor = 70);

ALTER TABLE told.attempt ADD COLUMN IF NOT EXISTS destination text; -- where it ended up: a relay, a host
-- The deadline as a calendar entry, frozen with the text. Its mail's thread and date need nothing kept.
ALTER TABLE told.message ADD COLUMN IF NOT EXISTS body_calendar text;

GRANT SELECT, INSERT, UPDATE ON told.destination TO told_dispatch;
GRANT SELECT ON told.destination TO told_reader, told_operator;
