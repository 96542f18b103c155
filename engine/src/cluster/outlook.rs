//! What a node makes of what the store shows of nodes and groups.

use std::collections::{BTreeMap, BTreeSet};

use super::share::share;
use crate::store::{Cluster, Fence, GroupId, Member, NodeId};

/// Looks in the time of a lease.
pub(crate) const LOOKS: u32 = 6;

/// What a node has seen last.
#[derive(Debug)]
pub(crate) struct Outlook {
    own: NodeId,
    living: BTreeSet<NodeId>,
    owners: BTreeMap<GroupId, (Fence, Option<NodeId>)>,
    /// How many looks from now every other node has noticed the last change, or has stopped.
    noticed_in: Option<u32>,
}

/// What a node does after a look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Groups to stop and give up.
    pub(crate) release: Vec<Fence>,
    /// How many groups to take.
    pub(crate) take: usize,
    /// What was said to machines that moved, or by them, may be lost: all of this node ask again.
    pub(crate) asks_again: bool,
    /// A node is gone that owned groups, and with it what its machines were about to say. What others asked of machines that keep it
    /// only in memory has to be asked anew.
    pub(crate) has_died: bool,
}

/// The nodes whose leases go on.
pub(crate) fn living(cluster: &Cluster) -> impl Iterator<Item = &Member> {
    cluster.nodes.iter().filter(|member| !member.lease.is_zero())
}

impl Outlook {
    pub(crate) fn new(own: NodeId) -> Self {
        Self { own, living: BTreeSet::new(), owners: BTreeMap::new(), noticed_in: None }
    }

    /// Compares with what was seen before, and says what to do, apart from the groups that are being given up already.
    pub(crate) fn look(&mut self, cluster: &Cluster, leaving: &[Fence]) -> Plan {
        let living: BTreeSet<NodeId> = living(cluster).map(|member| member.node.clone()).collect();
        let owners: BTreeMap<_, _> =
            cluster.groups.iter().map(|group| (group.fence.group, (group.fence, group.owner.clone()))).collect();
        let owned = |node: &NodeId| self.owners.values().any(|(_, owner)| owner.as_ref() == Some(node));
        let has_died = self.living.difference(&living).any(owned);
        let has_moved = !self.owners.is_empty() && self.owners != owners;
        // Others must know of a node before it takes what they talk to, so it takes nothing at its first look.
        let is_first = self.living.is_empty() && living.len() > 1;
        let share = if is_first { super::share::Share::default() } else { share(&self.own, cluster) };
        (self.living, self.owners) = (living, owners);
        let release = share.release.into_iter().filter(|fence| !leaving.contains(fence)).collect();
        let asks_again = self.asks_again(has_moved || has_died);
        Plan { release, take: share.take, asks_again, has_died }
    }

    /// Whether machines ask again: when a change is seen, and once more when nobody can any longer write to where a machine was. A run
    /// that ended in the meantime says so only if it is asked.
    fn asks_again(&mut self, has_changed: bool) -> bool {
        if has_changed {
            self.noticed_in = (self.living.len() > 1).then_some(LOOKS);
            return true;
        }
        self.noticed_in = self.noticed_in.map(|looks| looks - 1);
        self.noticed_in.take_if(|looks| *looks == 0).is_some()
    }

    /// The nodes that were alive at the last look.
    pub(crate) fn living(&self) -> &BTreeSet<NodeId> {
        &self.living
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::{Generation, Owned};

    fn cluster(nodes: &[(&str, u64)], owners: &[(i64, &str)]) -> Cluster {
        let node = |name: &str| NodeId(name.into());
        let member = |(name, lease): &(&str, u64)| Member {
            node: node(name),
            address: String::new(),
            lease: Duration::from_secs(*lease),
        };
        let owned = |(number, (generation, owner)): (u32, &(i64, &str))| Owned {
            fence: Fence { group: GroupId(number), generation: Generation(*generation) },
            owner: Some(node(owner)),
        };
        Cluster { nodes: nodes.iter().map(member).collect(), groups: (0..).zip(owners).map(owned).collect() }
    }

    #[test]
    fn a_node_that_comes_later_lets_others_notice_it_before_it_takes_anything() {
        let mut outlook = Outlook::new(NodeId("b".into()));
        let seen = cluster(&[("a", 6), ("b", 6)], &[(1, "a"), (1, "gone")]);
        assert_eq!(outlook.look(&seen, &[]), Plan::default());
        assert_eq!(outlook.look(&seen, &[]), Plan { take: 1, ..Plan::default() });
    }

    #[test]
    fn a_death_is_noticed_when_the_lease_is_over_and_a_move_when_somebody_has_taken_over() {
        let mut outlook = Outlook::new(NodeId("a".into()));
        let _first = outlook.look(&cluster(&[("a", 6), ("b", 6)], &[(1, "a"), (1, "b")]), &[]);
        let dead = outlook.look(&cluster(&[("a", 6), ("b", 0)], &[(1, "a"), (1, "b")]), &[]);
        assert_eq!((dead.has_died, dead.asks_again, dead.take), (true, true, 1));
        let taken = outlook.look(&cluster(&[("a", 6)], &[(1, "a"), (2, "a")]), &[]);
        assert_eq!((taken.has_died, taken.asks_again, taken.take), (false, true, 0));
    }

    #[test]
    fn machines_ask_once_more_a_lease_after_a_change_if_there_are_others() {
        let (before, after) = ([(1, "a"), (1, "b")], [(1, "a"), (2, "a")]);
        for (nodes, expected) in [(&[("a", 6), ("b", 6)][..], vec![0, LOOKS]), (&[("a", 6)][..], vec![0])] {
            let mut outlook = Outlook::new(NodeId("a".into()));
            let _first = outlook.look(&cluster(nodes, &before), &[]);
            let asked = (0..2 * LOOKS).filter(|_| outlook.look(&cluster(nodes, &after), &[]).asks_again);
            assert_eq!(asked.collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn a_node_that_only_left_did_not_die() {
        let mut outlook = Outlook::new(NodeId("a".into()));
        let _first = outlook.look(&cluster(&[("a", 6), ("b", 6)], &[(1, "a")]), &[]);
        let left = outlook.look(&cluster(&[("a", 6)], &[(1, "a")]), &[]);
        assert_eq!(left, Plan::default());
    }
}
