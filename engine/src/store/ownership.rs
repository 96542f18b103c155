//! Who owns which group, and which nodes there are.
//!
//! A node keeps one lease for all its groups by its heartbeat. When the lease expires, by the clock of the store so that the clocks of
//! nodes need not agree, others may take its groups. That a node is taken for dead too early, because it paused or its clock jumped,
//! costs it its groups and never more: every taking raises the generation, and a commit under an older one is refused.

use std::{fmt, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Error, Fence};

/// One process that works on a store. A process that starts again is another node: it has forgotten what it owned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub Arc<str>);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A node as the others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The node.
    pub node: NodeId,
    /// The base URL by which other nodes reach it.
    pub address: String,
    /// What is left of its lease; zero for a node that is taken for dead.
    pub lease: Duration,
}

/// A group and who may write for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// The group in its present generation.
    pub fence: Fence,
    /// Its owner, dead or alive.
    pub owner: Option<NodeId>,
}

/// All nodes and groups of a store at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// Nodes in the order of their ids; dead ones stay until their groups are taken.
    pub nodes: Vec<Member>,
    /// Groups in the order of their numbers.
    pub groups: Vec<Owned>,
}

/// What nodes need to share a store.
pub trait Ownership {
    /// Makes the groups of a new store, free, and says how many there are; that stays what it was first said to be.
    fn divide(&self, count: u32) -> Result<u32, Error>;

    /// Joins, or says that the node is still alive: its lease now ends in `lease`. Gives back what the node owns; what it believes to
    /// own and is not among it was taken by another. A node that was taken for dead but lost nothing goes on as if nothing had been.
    fn heartbeat(&self, node: &NodeId, address: &str, lease: Duration) -> Result<Vec<Fence>, Error>;

    /// Takes at most so many groups that are free or whose owners are dead, those with the smallest numbers first, each in its next
    /// generation. Two nodes never get the same group in the same generation.
    fn take(&self, node: &NodeId, limit: usize) -> Result<Vec<Fence>, Error>;

    /// Frees groups, for another node to take; those that are no longer owned under these fences stay as they are.
    fn release(&self, fences: &[Fence]) -> Result<(), Error>;

    /// Frees all groups of a node and forgets it.
    fn leave(&self, node: &NodeId) -> Result<(), Error>;

    /// Who is there and owns what.
    fn cluster(&self) -> Result<Cluster, Error>;
}
