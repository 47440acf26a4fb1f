-- SPDX-License-Identifier: Apache-2.0
-- Gap statements: what a source has and told has not heard. A feed with an open one is degraded. It closes when all of it
-- has been heard, or when a person says that it never will be, and why.

CREATE TABLE told.feed_gap (
    gap_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feed      text NOT NULL,
    source    text NOT NULL,
    epoch     bigint NOT NULL,
    first     bigint NOT NULL,
    last      bigint,               -- null: nobody knows how far that epoch went
    reason    text NOT NULL CHECK (reason IN ('missing', 'epoch', 'oldest')),
    since     timestamptz NOT NULL, -- when it was first noticed
    stated_at timestamptz NOT NULL, -- when the feed became degraded by it
    closed_at timestamptz,
    closed_as text CHECK (closed_as IN ('heard', 'person')),
    note      text,                 -- of the person who closed it
    CHECK (last >= first),
    CHECK ((closed_at IS NULL) = (closed_as IS NULL)),
    CHECK ((closed_as = 'person') = (note IS NOT NULL))
);
-- Few are ever open: looked at with each move of a cursor. What a person closed counts as settled from then on.
CREATE INDEX feed_gap_open ON told.feed_gap (source, epoch) WHERE closed_at IS NULL;
CREATE INDEX feed_gap_person ON told.feed_gap (source, epoch, last) WHERE closed_as = 'person';

-- Numbers that are settled and stand in no row of told.event: an event that was known under another number or from another
-- epoch. Without them a number behind a gap is forgotten with a restart, and another event under it is taken for news.
CREATE TABLE told.event_number (
    source   text NOT NULL,
    epoch    bigint NOT NULL,
    sequence bigint NOT NULL,
    id       text,            -- of the event; null: it was refused before
    PRIMARY KEY (source, epoch, sequence)
);

GRANT SELECT, INSERT ON told.event_number TO told_ingest;
GRANT SELECT ON told.event_number TO told_operator, told_reader;
GRANT SELECT, INSERT ON told.feed_gap TO told_ingest;
GRANT UPDATE (closed_at, closed_as) ON told.feed_gap TO told_ingest;
GRANT SELECT ON told.feed_gap TO told_operator, told_reader;
GRANT UPDATE (closed_at, closed_as, note) ON told.feed_gap TO told_operator;
-- Closing a gap moves its source on.
GRANT UPDATE (settled, moved_at) ON told.cursor TO told_operator;
