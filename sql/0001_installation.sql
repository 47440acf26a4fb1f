-- SPDX-License-Identifier: Apache-2.0
-- One row says whose installation this is and, in a demonstration only, what time told believes it is.
-- Times are parameters from the daemon's clock: no table here defaults to now().

-- The schema itself and told.schema_version are made by `toldctl migrate` before the first of these files.

CREATE TABLE told.installation (
    is_only        boolean PRIMARY KEY DEFAULT true CHECK (is_only), -- one row and no more
    authority      text NOT NULL,
    demonstration  boolean NOT NULL DEFAULT false,
    -- told's time = told_from + rate × (real time − real_from); only where demonstration is true.
    told_from      timestamptz,
    real_from      timestamptz,
    rate           double precision CHECK (rate >= 0),
    -- Raised by every import of people: dispatch loads the directory again when it changes.
    directory_version bigint NOT NULL DEFAULT 1,
    CHECK (demonstration = (told_from IS NOT NULL AND real_from IS NOT NULL AND rate IS NOT NULL))
);

-- A story's clock never goes back, and a real installation never gets one.
CREATE FUNCTION told.installation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.demonstration <> OLD.demonstration THEN
        RAISE EXCEPTION 'an installation cannot become or cease to be a demonstration';
    END IF;
    IF NEW.demonstration
       AND NEW.told_from < OLD.told_from + (NEW.real_from - OLD.real_from) * OLD.rate THEN
        RAISE EXCEPTION 'the time of a demonstration never goes back';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER installation_guard BEFORE UPDATE ON told.installation
    FOR EACH ROW EXECUTE FUNCTION told.installation_guard();

-- Protocol and calendar, stored whole by hash when first used: a duty pins both, old versions stay runnable.
CREATE TABLE told.protocol_version (
    hash          text PRIMARY KEY,
    text          text NOT NULL,
    first_used_at timestamptz NOT NULL
);
CREATE TABLE told.calendar_version (
    hash          text PRIMARY KEY,
    text          text NOT NULL,
    first_used_at timestamptz NOT NULL
);
