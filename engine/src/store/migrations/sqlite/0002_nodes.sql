-- Nodes that work on this store. A node whose lease has expired is taken for dead and its groups may be taken by others.
CREATE TABLE node (
    id TEXT NOT NULL PRIMARY KEY,
    address TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who may write for a group; null for nobody in particular.
ALTER TABLE flow_group ADD COLUMN owner TEXT;

-- Events go out in the order of their group, whoever owns it.
ALTER TABLE outbox ADD COLUMN flow_group INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outbox_group ON outbox (flow_group, position);
