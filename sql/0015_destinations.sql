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
