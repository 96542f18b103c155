-- What has ended moves here, out of the way of what goes on: tables and indexes of live runs stay small however long the history.
-- Rows that are written again come back; the newer one counts.

-- What an archived run started with.
CREATE TABLE seed_archive (
    workflow TEXT NOT NULL,
    instance INTEGER NOT NULL,
    run INTEGER NOT NULL,
    part TEXT NOT NULL,
    third INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, instance, run, part, third)
) STRICT, WITHOUT ROWID;

-- What had happened to a run when it was archived. Retention goes by the moment.
CREATE TABLE run_archive (
    workflow TEXT NOT NULL,
    instance INTEGER NOT NULL,
    run INTEGER NOT NULL,
    part TEXT NOT NULL,
    third INTEGER NOT NULL,
    body TEXT NOT NULL,
    archived_at_ms INTEGER NOT NULL,
    PRIMARY KEY (workflow, instance, run, part, third)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_archive_age ON run_archive (archived_at_ms);

-- One attempt of a step of an archived run.
CREATE TABLE attempt_archive (
    workflow TEXT NOT NULL,
    instance INTEGER NOT NULL,
    run INTEGER NOT NULL,
    step TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, instance, run, step, attempt)
) STRICT, WITHOUT ROWID;

-- Runs that have ended and wait to be archived.
CREATE INDEX run_ended ON run (workflow, instance, run) WHERE live IS NULL;
