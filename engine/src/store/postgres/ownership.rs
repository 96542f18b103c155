//! Nodes and groups in the database. Leases expire by its clock.

use std::{sync::Arc, time::Duration};

use tokio_postgres::Row;

use super::Postgres;
use crate::store::{Cluster, Error, Fence, Generation, GroupId, Member, NodeId, Owned, Ownership};

const DIVIDE: &str = "INSERT INTO flow_group (id, generation)
    SELECT id, 0 FROM generate_series(0::int8, $1::int8 - 1) AS series (id)
    WHERE NOT EXISTS (SELECT 1 FROM flow_group) ON CONFLICT (id) DO NOTHING";

pub(super) const CLAIM: &str =
    "UPDATE flow_group SET generation = generation + 1, owner = NULL RETURNING id, generation";

const BEAT: &str = "WITH beat AS (
        INSERT INTO node (id, address, expires_at_ms)
        VALUES ($1, $2, CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) + $3::int8)
        ON CONFLICT (id) DO UPDATE SET address = excluded.address, expires_at_ms = excluded.expires_at_ms
        RETURNING 1
    )
    SELECT id, generation FROM flow_group WHERE owner = $1";

/// Groups in which a commit is under way are left for the next time.
const TAKE: &str = "WITH free AS MATERIALIZED (
        SELECT id FROM flow_group
        WHERE owner IS NULL OR NOT EXISTS (
            SELECT 1 FROM node WHERE node.id = flow_group.owner
                AND expires_at_ms > CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)
        )
        ORDER BY id LIMIT $2::int8 FOR UPDATE SKIP LOCKED
    )
    UPDATE flow_group SET generation = generation + 1, owner = $1 FROM free WHERE flow_group.id = free.id
    RETURNING flow_group.id, flow_group.generation";

/// Nodes that are dead and own nothing any more.
const BURY: &str = "DELETE FROM node
    WHERE expires_at_ms <= CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)
        AND NOT EXISTS (SELECT 1 FROM flow_group WHERE owner = node.id)";

const RELEASE: &str = "UPDATE flow_group SET owner = NULL
    FROM ROWS FROM (unnest($1::int8[]), unnest($2::int8[])) AS fence (id, generation)
    WHERE flow_group.id = fence.id AND flow_group.generation = fence.generation";

const LEAVE: &str = "WITH freed AS (UPDATE flow_group SET owner = NULL WHERE owner = $1 RETURNING 1)
    DELETE FROM node WHERE id = $1";

/// One statement, so that nodes and groups are of one moment.
const CLUSTER: &str = "SELECT id, address,
        expires_at_ms - CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT),
        NULL::int8, NULL::int8, NULL::text FROM node
    UNION ALL
    SELECT NULL, NULL, NULL, id, generation, owner FROM flow_group";

impl Ownership for Postgres {
    fn divide(&self, count: u32) -> Result<u32, Error> {
        self.repeat("written", async |client| {
            client.execute(DIVIDE, &[&i64::from(count)]).await?;
            let row = client.query_one("SELECT count(*) FROM flow_group", &[]).await?;
            Ok(u32::try_from(row.get::<_, i64>(0)).unwrap_or(u32::MAX))
        })
    }

    fn heartbeat(&self, node: &NodeId, address: &str, lease: Duration) -> Result<Vec<Fence>, Error> {
        let lease_ms = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX / 2);
        self.repeat("written", async |client| {
            let beat = client.prepare_cached(BEAT).await?;
            Ok(fences(&client.query(&beat, &[&&*node.0, &address, &lease_ms]).await?))
        })
    }

    fn take(&self, node: &NodeId, limit: usize) -> Result<Vec<Fence>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.repeat("written", async |client| {
            let take = client.prepare_cached(TAKE).await?;
            let taken = fences(&client.query(&take, &[&&*node.0, &limit]).await?);
            client.execute(BURY, &[]).await?;
            Ok(taken)
        })
    }

    fn release(&self, fences: &[Fence]) -> Result<(), Error> {
        let groups: Vec<i64> = fences.iter().map(|fence| i64::from(fence.group.0)).collect();
        let generations: Vec<i64> = fences.iter().map(|fence| fence.generation.0).collect();
        self.repeat("written", async |client| {
            client.execute(RELEASE, &[&groups, &generations]).await?;
            Ok(())
        })
    }

    fn leave(&self, node: &NodeId) -> Result<(), Error> {
        self.repeat("written", async |client| {
            client.execute(LEAVE, &[&&*node.0]).await?;
            Ok(())
        })
    }

    fn cluster(&self) -> Result<Cluster, Error> {
        self.repeat("read", async |client| {
            let statement = client.prepare_cached(CLUSTER).await?;
            Ok(cluster(&client.query(&statement, &[]).await?))
        })
    }
}

/// Fences in the order of their groups.
pub(super) fn fences(rows: &[Row]) -> Vec<Fence> {
    let mut fences: Vec<_> = rows.iter().map(|row| fence(row, 0)).collect();
    fences.sort_unstable();
    fences
}

fn fence(row: &Row, column: usize) -> Fence {
    let group = u32::try_from(row.get::<_, i64>(column)).unwrap_or(u32::MAX);
    Fence { group: GroupId(group), generation: Generation(row.get(column + 1)) }
}

fn cluster(rows: &[Row]) -> Cluster {
    let mut cluster = Cluster::default();
    let node = |id: String| NodeId(Arc::from(id));
    for row in rows {
        if let Some(id) = row.get::<_, Option<String>>(0) {
            let lease = Duration::from_millis(u64::try_from(row.get::<_, i64>(2)).unwrap_or(0));
            cluster.nodes.push(Member { node: node(id), address: row.get(1), lease });
        } else {
            cluster.groups.push(Owned { fence: fence(row, 3), owner: row.get::<_, Option<String>>(5).map(node) });
        }
    }
    cluster.nodes.sort_by(|left, right| left.node.cmp(&right.node));
    cluster.groups.sort_by_key(|group| group.fence);
    cluster
}
