-- SPDX-License-Identifier: Apache-2.0
-- The cluster's roles, created by `toldctl init` as a superuser; safe to run again. No passwords: logins are `peer`
-- through a map, or a password file.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['told_owner', 'told_ingest', 'told_decide', 'told_dispatch', 'told_console', 'told_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', name);
        END IF;
    END LOOP;
    -- Operators log in as themselves: each login is a role of its own that is a member of this one.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'told_operator') THEN
        CREATE ROLE told_operator NOLOGIN;
    END IF;
END $$;
