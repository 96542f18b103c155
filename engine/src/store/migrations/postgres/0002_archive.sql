-- What has ended moves here, out of the way of what goes on: tables and indexes of live runs stay small however long the history.
-- Rows that are written again come back; the newer one counts.

-- What an archived run started with.
CREATE TABLE seed_archive (
    workflow TEXT COLLATE "C" NOT NULL,
    instance BIGINT NOT NULL,
    run BIGINT NOT NULL,
    part TEXT COLLATE "C" NOT NULL,
    third BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, instance, run, part, third)
);

-- What had happened to a run when it was archived. Retention goes by the moment.
CREATE TABLE run_archive (
    workflow TEXT COLLATE "C" NOT NULL,
    instance BIGINT NOT NULL,
    run BIGINT NOT NULL,
    part TEXT COLLATE "C" NOT NULL,
    third BIGINT NOT NULL,
    body TEXT NOT NULL,
    archived_at_ms BIGINT NOT NULL,
    PRIMARY KEY (workflow, instance, run, part, third)
);
CREATE INDEX run_archive_age ON run_archive (archived_at_ms);

-- One attempt of a step of an archived run.
CREATE TABLE attempt_archive (
    workflow TEXT COLLATE "C" NOT NULL,
    instance BIGINT NOT NULL,
    run BIGINT NOT NULL,
    step TEXT COLLATE "C" NOT NULL,
    attempt BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, instance, run, step, attempt)
);

-- Runs that have ended and wait to be archived.
CREATE INDEX run_ended ON run (workflow, instance, run) WHERE live IS NULL;
