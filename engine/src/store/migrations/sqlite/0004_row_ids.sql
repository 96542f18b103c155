-- Bodies of a few KiB move into tables with row ids. A table without them keeps whole rows in its index, where all beyond a quarter of a
-- page goes to pages of its own: most rows took an 8 KiB page more than they needed, at every write. New rows now share the last page.
-- While this runs the file needs room for a second copy of what it holds.

CREATE TABLE "workflow_with_id" (
    workflow TEXT NOT NULL,
    first INTEGER NOT NULL,
    second INTEGER NOT NULL,
    part TEXT NOT NULL,
    third INTEGER NOT NULL,
    live INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, first, second, part, third)
) STRICT;
INSERT INTO "workflow_with_id" (workflow, first, second, part, third, live, body)
    SELECT workflow, first, second, part, third, live, body FROM "workflow" ORDER BY workflow, first, second, part, third;
DROP TABLE "workflow";
ALTER TABLE "workflow_with_id" RENAME TO "workflow";
CREATE INDEX workflow_live ON "workflow" (live, workflow, first, second, part, third) WHERE live IS NOT NULL;

CREATE TABLE "version_with_id" (
    workflow TEXT NOT NULL,
    version INTEGER NOT NULL,
    second INTEGER NOT NULL,
    part TEXT NOT NULL,
    third INTEGER NOT NULL,
    live INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, version, second, part, third)
) STRICT;
INSERT INTO "version_with_id" (workflow, version, second, part, third, live, body)
    SELECT workflow, version, second, part, third, live, body FROM "version" ORDER BY workflow, version, second, part, third;
DROP TABLE "version";
ALTER TABLE "version_with_id" RENAME TO "version";
CREATE INDEX version_live ON "version" (live, workflow, version, second, part, third) WHERE live IS NOT NULL;

CREATE TABLE "seed_with_id" (
    workflow TEXT NOT NULL,
    instance INTEGER NOT NULL,
    run INTEGER NOT NULL,
    part TEXT NOT NULL,
    third INTEGER NOT NULL,
    live INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, instance, run, part, third)
) STRICT;
INSERT INTO "seed_with_id" (workflow, instance, run, part, third, live, body)
    SELECT workflow, instance, run, part, third, live, body FROM "seed" ORDER BY workflow, instance, run, part, third;
DROP TABLE "seed";
ALTER TABLE "seed_with_id" RENAME TO "seed";
CREATE INDEX seed_live ON "seed" (live, workflow, instance, run, part, third) WHERE live IS NOT NULL;

CREATE TABLE "run_with_id" (
    workflow TEXT NOT NULL,
    instance INTEGER NOT NULL,
    run INTEGER NOT NULL,
    part TEXT NOT NULL,
    third INTEGER NOT NULL,
    live INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, instance, run, part, third)
) STRICT;
INSERT INTO "run_with_id" (workflow, instance, run, part, third, live, body)
    SELECT workflow, instance, run, part, third, live, body FROM "run" ORDER BY workflow, instance, run, part, third;
DROP TABLE "run";
ALTER TABLE "run_with_id" RENAME TO "run";
CREATE INDEX run_live ON "run" (live, workflow, instance, run, part, third) WHERE live IS NOT NULL;
CREATE INDEX run_ended ON run (workflow, instance, run) WHERE live IS NULL;

CREATE TABLE "attempt_with_id" (
    workflow TEXT NOT NULL,
    instance INTEGER NOT NULL,
    run INTEGER NOT NULL,
    step TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    live INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, instance, run, step, attempt)
) STRICT;
INSERT INTO "attempt_with_id" (workflow, instance, run, step, attempt, live, body)
    SELECT workflow, instance, run, step, attempt, live, body FROM "attempt" ORDER BY workflow, instance, run, step, attempt;
DROP TABLE "attempt";
ALTER TABLE "attempt_with_id" RENAME TO "attempt";
CREATE INDEX attempt_live ON "attempt" (live, workflow, instance, run, step, attempt) WHERE live IS NOT NULL;

CREATE TABLE "output_with_id" (
    job TEXT NOT NULL,
    first INTEGER NOT NULL,
    second INTEGER NOT NULL,
    part TEXT NOT NULL,
    third INTEGER NOT NULL,
    live INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (job, first, second, part, third)
) STRICT;
INSERT INTO "output_with_id" (job, first, second, part, third, live, body)
    SELECT job, first, second, part, third, live, body FROM "output" ORDER BY job, first, second, part, third;
DROP TABLE "output";
ALTER TABLE "output_with_id" RENAME TO "output";
CREATE INDEX output_live ON "output" (live, job, first, second, part, third) WHERE live IS NOT NULL;

CREATE TABLE "seed_archive_with_id" (
    workflow TEXT NOT NULL,
    instance INTEGER NOT NULL,
    run INTEGER NOT NULL,
    part TEXT NOT NULL,
    third INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, instance, run, part, third)
) STRICT;
INSERT INTO "seed_archive_with_id" (workflow, instance, run, part, third, body)
    SELECT workflow, instance, run, part, third, body FROM "seed_archive" ORDER BY workflow, instance, run, part, third;
DROP TABLE "seed_archive";
ALTER TABLE "seed_archive_with_id" RENAME TO "seed_archive";

CREATE TABLE "run_archive_with_id" (
    workflow TEXT NOT NULL,
    instance INTEGER NOT NULL,
    run INTEGER NOT NULL,
    part TEXT NOT NULL,
    third INTEGER NOT NULL,
    body TEXT NOT NULL,
    archived_at_ms INTEGER NOT NULL,
    PRIMARY KEY (workflow, instance, run, part, third)
) STRICT;
INSERT INTO "run_archive_with_id" (workflow, instance, run, part, third, body, archived_at_ms)
    SELECT workflow, instance, run, part, third, body, archived_at_ms FROM "run_archive" ORDER BY workflow, instance, run, part, third;
DROP TABLE "run_archive";
ALTER TABLE "run_archive_with_id" RENAME TO "run_archive";
CREATE INDEX run_archive_age ON run_archive (archived_at_ms);

CREATE TABLE "attempt_archive_with_id" (
    workflow TEXT NOT NULL,
    instance INTEGER NOT NULL,
    run INTEGER NOT NULL,
    step TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, instance, run, step, attempt)
) STRICT;
INSERT INTO "attempt_archive_with_id" (workflow, instance, run, step, attempt, body)
    SELECT workflow, instance, run, step, attempt, body FROM "attempt_archive" ORDER BY workflow, instance, run, step, attempt;
DROP TABLE "attempt_archive";
ALTER TABLE "attempt_archive_with_id" RENAME TO "attempt_archive";
