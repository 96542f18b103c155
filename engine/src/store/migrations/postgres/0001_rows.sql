-- Rows of machines. Every table has the five columns of a key (unused ones are empty or 0), then:
--   live  the group that must load a machine by this row after a crash; null for rows that are only read
--   body  JSON as text: numbers keep their digits
-- Keys are ordered byte by byte, hence the collation. Runs on CockroachDB as well.

-- Header of a workflow: version numbers, properties, counters, queue.
CREATE TABLE "workflow" (
    workflow TEXT COLLATE "C" NOT NULL,
    first BIGINT NOT NULL,
    second BIGINT NOT NULL,
    part TEXT COLLATE "C" NOT NULL,
    third BIGINT NOT NULL,
    live BIGINT,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, first, second, part, third)
);
CREATE INDEX workflow_live ON "workflow" (live, workflow, first, second, part, third) WHERE live IS NOT NULL;

-- One version of a workflow.
CREATE TABLE "version" (
    workflow TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    second BIGINT NOT NULL,
    part TEXT COLLATE "C" NOT NULL,
    third BIGINT NOT NULL,
    live BIGINT,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, version, second, part, third)
);
CREATE INDEX version_live ON "version" (live, workflow, version, second, part, third) WHERE live IS NOT NULL;

-- One entry of a workflow's timeline.
CREATE TABLE "workflow_timeline" (
    workflow TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    second BIGINT NOT NULL,
    part TEXT COLLATE "C" NOT NULL,
    third BIGINT NOT NULL,
    live BIGINT,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, number, second, part, third)
);
CREATE INDEX workflow_timeline_live ON "workflow_timeline" (live, workflow, number, second, part, third) WHERE live IS NOT NULL;

-- What a run started with.
CREATE TABLE "seed" (
    workflow TEXT COLLATE "C" NOT NULL,
    instance BIGINT NOT NULL,
    run BIGINT NOT NULL,
    part TEXT COLLATE "C" NOT NULL,
    third BIGINT NOT NULL,
    live BIGINT,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, instance, run, part, third)
);
CREATE INDEX seed_live ON "seed" (live, workflow, instance, run, part, third) WHERE live IS NOT NULL;

-- What has happened to a run since.
CREATE TABLE "run" (
    workflow TEXT COLLATE "C" NOT NULL,
    instance BIGINT NOT NULL,
    run BIGINT NOT NULL,
    part TEXT COLLATE "C" NOT NULL,
    third BIGINT NOT NULL,
    live BIGINT,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, instance, run, part, third)
);
CREATE INDEX run_live ON "run" (live, workflow, instance, run, part, third) WHERE live IS NOT NULL;

-- One attempt of a step.
CREATE TABLE "attempt" (
    workflow TEXT COLLATE "C" NOT NULL,
    instance BIGINT NOT NULL,
    run BIGINT NOT NULL,
    step TEXT COLLATE "C" NOT NULL,
    attempt BIGINT NOT NULL,
    live BIGINT,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, instance, run, step, attempt)
);
CREATE INDEX attempt_live ON "attempt" (live, workflow, instance, run, step, attempt) WHERE live IS NOT NULL;

-- One breakpoint.
CREATE TABLE "breakpoint" (
    workflow TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    second BIGINT NOT NULL,
    step TEXT COLLATE "C" NOT NULL,
    third BIGINT NOT NULL,
    live BIGINT,
    body TEXT NOT NULL,
    PRIMARY KEY (workflow, number, second, step, third)
);
CREATE INDEX breakpoint_live ON "breakpoint" (live, workflow, number, second, step, third) WHERE live IS NOT NULL;

-- One signal instance.
CREATE TABLE "signal" (
    signal TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    second BIGINT NOT NULL,
    part TEXT COLLATE "C" NOT NULL,
    third BIGINT NOT NULL,
    live BIGINT,
    body TEXT NOT NULL,
    PRIMARY KEY (signal, number, second, part, third)
);
CREATE INDEX signal_live ON "signal" (live, signal, number, second, part, third) WHERE live IS NOT NULL;

-- One operator-defined permit.
CREATE TABLE "permit" (
    tag TEXT COLLATE "C" NOT NULL,
    first BIGINT NOT NULL,
    second BIGINT NOT NULL,
    part TEXT COLLATE "C" NOT NULL,
    third BIGINT NOT NULL,
    live BIGINT,
    body TEXT NOT NULL,
    PRIMARY KEY (tag, first, second, part, third)
);
CREATE INDEX permit_live ON "permit" (live, tag, first, second, part, third) WHERE live IS NOT NULL;

-- One job template.
CREATE TABLE "template" (
    job_type TEXT COLLATE "C" NOT NULL,
    first BIGINT NOT NULL,
    second BIGINT NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    third BIGINT NOT NULL,
    live BIGINT,
    body TEXT NOT NULL,
    PRIMARY KEY (job_type, first, second, version, third)
);
CREATE INDEX template_live ON "template" (live, job_type, first, second, version, third) WHERE live IS NOT NULL;

-- Output data of a step.
CREATE TABLE "output" (
    job TEXT COLLATE "C" NOT NULL,
    first BIGINT NOT NULL,
    second BIGINT NOT NULL,
    part TEXT COLLATE "C" NOT NULL,
    third BIGINT NOT NULL,
    live BIGINT,
    body TEXT NOT NULL,
    PRIMARY KEY (job, first, second, part, third)
);
CREATE INDEX output_live ON "output" (live, job, first, second, part, third) WHERE live IS NOT NULL;

-- Which instance a start request made.
CREATE TABLE "start" (
    request TEXT COLLATE "C" NOT NULL,
    first BIGINT NOT NULL,
    second BIGINT NOT NULL,
    part TEXT COLLATE "C" NOT NULL,
    third BIGINT NOT NULL,
    live BIGINT,
    body TEXT NOT NULL,
    PRIMARY KEY (request, first, second, part, third)
);
CREATE INDEX start_live ON "start" (live, request, first, second, part, third) WHERE live IS NOT NULL;

-- Whatever else a machine keeps under its own name.
CREATE TABLE "other" (
    name TEXT COLLATE "C" NOT NULL,
    first BIGINT NOT NULL,
    second BIGINT NOT NULL,
    part TEXT COLLATE "C" NOT NULL,
    third BIGINT NOT NULL,
    live BIGINT,
    body TEXT NOT NULL,
    PRIMARY KEY (name, first, second, part, third)
);
CREATE INDEX other_live ON "other" (live, name, first, second, part, third) WHERE live IS NOT NULL;

-- Which generation of each group may write, and for which node; no owner for nobody in particular.
CREATE TABLE flow_group (
    id BIGINT NOT NULL PRIMARY KEY,
    generation BIGINT NOT NULL,
    owner TEXT
);

-- Events of one group in one durable batch each, until they are consumed. Positions are never used twice.
CREATE TABLE outbox (
    flow_group BIGINT NOT NULL,
    position BIGINT GENERATED BY DEFAULT AS IDENTITY,
    events TEXT NOT NULL,
    PRIMARY KEY (flow_group, position)
);

-- Nodes that work on this store. A node whose lease has expired is taken for dead and its groups may be taken by others.
CREATE TABLE node (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    address TEXT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);

-- The last commit of every writer. A writer whose connection was lost learns here whether its last commit was made.
CREATE TABLE writer (
    id TEXT NOT NULL PRIMARY KEY,
    serial BIGINT NOT NULL,
    written_at_ms BIGINT NOT NULL
);
