-- Rows of machines. Every table has the five columns of a key (unused ones are empty or 0), then:
--   live  the group that must load a machine by this row after a crash; null for rows that are only read
--   body  JSON

-- Header of a workflow: version numbers, properties, counters, queue.
CREATE TABLE "workflow" (
    workflow TEXT NOT NULL,
    first INTEGER NOT NULL,
    second INTEGER NOT NULL,
    part TEXT NOT NULL,
    third INTEGER NOT NULL,
    live INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, first, second, part, third)
) STRICT, WITHOUT ROWID;
CREATE INDEX workflow_live ON "workflow" (live, workflow, first, second, part, third) WHERE live IS NOT NULL;

-- One version of a workflow.
CREATE TABLE "version" (
    workflow TEXT NOT NULL,
    version INTEGER NOT NULL,
    second INTEGER NOT NULL,
    part TEXT NOT NULL,
    third INTEGER NOT NULL,
    live INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, version, second, part, third)
) STRICT, WITHOUT ROWID;
CREATE INDEX version_live ON "version" (live, workflow, version, second, part, third) WHERE live IS NOT NULL;

-- One entry of a workflow's timeline.
CREATE TABLE "workflow_timeline" (
    workflow TEXT NOT NULL,
    number INTEGER NOT NULL,
    second INTEGER NOT NULL,
    part TEXT NOT NULL,
    third INTEGER NOT NULL,
    live INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, number, second, part, third)
) STRICT, WITHOUT ROWID;
CREATE INDEX workflow_timeline_live ON "workflow_timeline" (live, workflow, number, second, part, third) WHERE live IS NOT NULL;

-- What a run started with.
CREATE TABLE "seed" (
    workflow TEXT NOT NULL,
    instance INTEGER NOT NULL,
    run INTEGER NOT NULL,
    part TEXT NOT NULL,
    third INTEGER NOT NULL,
    live INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, instance, run, part, third)
) STRICT, WITHOUT ROWID;
CREATE INDEX seed_live ON "seed" (live, workflow, instance, run, part, third) WHERE live IS NOT NULL;

-- What has happened to a run since.
CREATE TABLE "run" (
    workflow TEXT NOT NULL,
    instance INTEGER NOT NULL,
    run INTEGER NOT NULL,
    part TEXT NOT NULL,
    third INTEGER NOT NULL,
    live INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, instance, run, part, third)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_live ON "run" (live, workflow, instance, run, part, third) WHERE live IS NOT NULL;

-- One attempt of a step.
CREATE TABLE "attempt" (
    workflow TEXT NOT NULL,
    instance INTEGER NOT NULL,
    run INTEGER NOT NULL,
    step TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    live INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, instance, run, step, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_live ON "attempt" (live, workflow, instance, run, step, attempt) WHERE live IS NOT NULL;

-- One breakpoint.
CREATE TABLE "breakpoint" (
    workflow TEXT NOT NULL,
    number INTEGER NOT NULL,
    second INTEGER NOT NULL,
    step TEXT NOT NULL,
    third INTEGER NOT NULL,
    live INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, number, second, step, third)
) STRICT, WITHOUT ROWID;
CREATE INDEX breakpoint_live ON "breakpoint" (live, workflow, number, second, step, third) WHERE live IS NOT NULL;

-- One signal instance.
CREATE TABLE "signal" (
    signal TEXT NOT NULL,
    number INTEGER NOT NULL,
    second INTEGER NOT NULL,
    part TEXT NOT NULL,
    third INTEGER NOT NULL,
    live INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (signal, number, second, part, third)
) STRICT, WITHOUT ROWID;
CREATE INDEX signal_live ON "signal" (live, signal, number, second, part, third) WHERE live IS NOT NULL;

-- One operator-defined permit.
CREATE TABLE "permit" (
    tag TEXT NOT NULL,
    first INTEGER NOT NULL,
    second INTEGER NOT NULL,
    part TEXT NOT NULL,
    third INTEGER NOT NULL,
    live INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (tag, first, second, part, third)
) STRICT, WITHOUT ROWID;
CREATE INDEX permit_live ON "permit" (live, tag, first, second, part, third) WHERE live IS NOT NULL;

-- One job template.
CREATE TABLE "template" (
    job_type TEXT NOT NULL,
    first INTEGER NOT NULL,
    second INTEGER NOT NULL,
    version TEXT NOT NULL,
    third INTEGER NOT NULL,
    live INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (job_type, first, second, version, third)
) STRICT, WITHOUT ROWID;
CREATE INDEX template_live ON "template" (live, job_type, first, second, version, third) WHERE live IS NOT NULL;

-- Output data of a step.
CREATE TABLE "output" (
    job TEXT NOT NULL,
    first INTEGER NOT NULL,
    second INTEGER NOT NULL,
    part TEXT NOT NULL,
    third INTEGER NOT NULL,
    live INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (job, first, second, part, third)
) STRICT, WITHOUT ROWID;
CREATE INDEX output_live ON "output" (live, job, first, second, part, third) WHERE live IS NOT NULL;

-- Which instance a start request made.
CREATE TABLE "start" (
    request TEXT NOT NULL,
    first INTEGER NOT NULL,
    second INTEGER NOT NULL,
    part TEXT NOT NULL,
    third INTEGER NOT NULL,
    live INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (request, first, second, part, third)
) STRICT, WITHOUT ROWID;
CREATE INDEX start_live ON "start" (live, request, first, second, part, third) WHERE live IS NOT NULL;

-- Whatever else a machine keeps under its own name.
CREATE TABLE "other" (
    name TEXT NOT NULL,
    first INTEGER NOT NULL,
    second INTEGER NOT NULL,
    part TEXT NOT NULL,
    third INTEGER NOT NULL,
    live INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (name, first, second, part, third)
) STRICT, WITHOUT ROWID;
CREATE INDEX other_live ON "other" (live, name, first, second, part, third) WHERE live IS NOT NULL;

-- Which generation of each group may write.
CREATE TABLE flow_group (
    id INTEGER NOT NULL PRIMARY KEY,
    generation INTEGER NOT NULL
) STRICT;

-- Events of one durable batch each, until they are consumed. Positions are never used twice.
CREATE TABLE outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    events TEXT NOT NULL
) STRICT;
