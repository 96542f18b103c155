//! Nodes and groups in the file. Several processes of one machine may share it, so their leases expire by its clock.

use std::{sync::Arc, time::Duration};

use rusqlite::{Connection, Params, Row, Transaction, TransactionBehavior};
use workflow::{port::Clock as _, time::Millis};

use super::{Sqlite, whole};
use crate::{
    clock::System,
    store::{Cluster, Error, Fence, Generation, GroupId, Member, NodeId, Owned, Ownership},
};

const OWNED: &str = "SELECT id, generation FROM flow_group WHERE owner = ?1 ORDER BY id";

const BEAT: &str = "INSERT INTO node (id, address, expires_at_ms) VALUES (?1, ?2, ?3)
    ON CONFLICT DO UPDATE SET address = excluded.address, expires_at_ms = excluded.expires_at_ms";

const TAKE: &str = "UPDATE flow_group SET generation = generation + 1, owner = ?1 WHERE id IN (
        SELECT id FROM flow_group
        WHERE owner IS NULL OR owner NOT IN (SELECT id FROM node WHERE expires_at_ms > ?2)
        ORDER BY id LIMIT ?3
    ) RETURNING id, generation";

/// Nodes that are dead and own nothing any more.
const BURY: &str =
    "DELETE FROM node WHERE expires_at_ms <= ?1 AND id NOT IN (SELECT owner FROM flow_group WHERE owner IS NOT NULL)";

const RELEASE: &str = "UPDATE flow_group SET owner = NULL WHERE id = ?1 AND generation = ?2";

impl Ownership for Sqlite {
    fn divide(&self, count: u32) -> Result<u32, Error> {
        self.write(|transaction| divide(transaction, count))
    }

    fn heartbeat(&self, node: &NodeId, address: &str, lease: Duration) -> Result<Vec<Fence>, Error> {
        let expires_at = System.now() + Millis(whole(lease.as_millis()));
        self.write(|transaction| {
            transaction.prepare_cached(BEAT)?.execute((&*node.0, address, expires_at.0))?;
            fences(transaction, OWNED, [&*node.0])
        })
    }

    fn take(&self, node: &NodeId, limit: usize) -> Result<Vec<Fence>, Error> {
        let now = System.now();
        self.write(|transaction| {
            let taken = fences(transaction, TAKE, (&*node.0, now.0, whole(limit)))?;
            transaction.prepare_cached(BURY)?.execute([now.0])?;
            Ok(taken)
        })
    }

    fn release(&self, fences: &[Fence]) -> Result<(), Error> {
        self.write(|transaction| {
            let mut release = transaction.prepare_cached(RELEASE)?;
            for Fence { group, generation } in fences {
                release.execute((group.0, generation.0))?;
            }
            Ok(())
        })
    }

    fn leave(&self, node: &NodeId) -> Result<(), Error> {
        self.write(|transaction| {
            transaction.execute("UPDATE flow_group SET owner = NULL WHERE owner = ?1", [&*node.0])?;
            transaction.execute("DELETE FROM node WHERE id = ?1", [&*node.0])?;
            Ok(())
        })
    }

    fn cluster(&self) -> Result<Cluster, Error> {
        let now = System.now();
        self.read(|view| cluster(view, now.0).map_err(|source| self.failure("read", source)))
    }
}

impl Sqlite {
    pub(super) fn write<T>(&self, write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, Error> {
        let mut writer = self.writer();
        let written = || {
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let written = write(&transaction)?;
            transaction.commit()?;
            self.checkpoints.look(&writer);
            Ok(written)
        };
        written().map_err(|source| self.failure("written", source))
    }
}

pub(super) fn divide(transaction: &Transaction<'_>, count: u32) -> rusqlite::Result<u32> {
    let existing: u32 = transaction.query_row("SELECT count(*) FROM flow_group", (), |row| row.get(0))?;
    if existing > 0 {
        return Ok(existing);
    }
    for group in 0..count {
        transaction.execute("INSERT INTO flow_group (id, generation) VALUES (?1, 0)", [group])?;
    }
    Ok(count)
}

/// What a statement gives back as fences, in the order of their groups.
pub(super) fn fences(connection: &Connection, sql: &str, values: impl Params) -> rusqlite::Result<Vec<Fence>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut fences = statement.query_map(values, fence)?.collect::<rusqlite::Result<Vec<_>>>()?;
    fences.sort_unstable();
    Ok(fences)
}

fn fence(row: &Row<'_>) -> rusqlite::Result<Fence> {
    Ok(Fence { group: GroupId(row.get(0)?), generation: Generation(row.get(1)?) })
}

fn cluster(view: &Transaction<'_>, now_ms: i64) -> rusqlite::Result<Cluster> {
    let node = |id: String| NodeId(Arc::from(id));
    let mut nodes = view.prepare_cached("SELECT id, address, expires_at_ms FROM node ORDER BY id")?;
    let nodes = nodes.query_map((), |row| {
        let left = row.get::<_, i64>(2)?.saturating_sub(now_ms);
        let lease = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        Ok(Member { node: node(row.get(0)?), address: row.get(1)?, lease })
    });
    let nodes = nodes?.collect::<rusqlite::Result<_>>()?;
    let mut groups = view.prepare_cached("SELECT id, generation, owner FROM flow_group ORDER BY id")?;
    let groups =
        groups.query_map((), |row| Ok(Owned { fence: fence(row)?, owner: row.get::<_, Option<String>>(2)?.map(node) }));
    let groups = groups?.collect::<rusqlite::Result<_>>()?;
    Ok(Cluster { nodes, groups })
}
