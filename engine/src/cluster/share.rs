//! Which groups a node should take and which it should give up, so that all living nodes carry alike.
//!
//! Every node decides by itself from what the store shows. Two that decide at the same moment may overshoot by a group; the next look
//! puts that right, and the store never lets both have it.

use super::outlook::living;
use crate::store::{Cluster, Fence, NodeId};

/// What a node does about its groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    /// Free groups, or those of dead nodes, to take.
    pub(crate) take: usize,
    /// Own groups to give up because others carry less. Those with the smallest numbers stay: the first one is asked by all others.
    pub(crate) release: Vec<Fence>,
}

/// What `own` should do as the cluster stands; nothing if its lease has run out.
pub(crate) fn share(own: &NodeId, cluster: &Cluster) -> Share {
    let living: Vec<&NodeId> = living(cluster).map(|member| &member.node).collect();
    let Some(rank) = living.iter().position(|node| *node == own) else { return Share::default() };
    let (groups, nodes) = (cluster.groups.len(), living.len());
    let target = groups / nodes + usize::from(rank < groups % nodes);
    let owned: Vec<Fence> =
        cluster.groups.iter().filter(|group| group.owner.as_ref() == Some(own)).map(|group| group.fence).collect();
    if owned.len() <= target {
        return Share { take: target - owned.len(), release: Vec::new() };
    }
    Share { take: 0, release: owned[target..].to_vec() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::{Generation, GroupId, Member, Owned};

    fn node(name: &str) -> NodeId {
        NodeId(name.into())
    }

    fn cluster(nodes: &[(&str, bool)], owners: &[Option<&str>]) -> Cluster {
        let nodes = nodes.iter().map(|(name, is_alive)| Member {
            node: node(name),
            address: String::new(),
            lease: Duration::from_secs(u64::from(*is_alive)),
        });
        let groups = owners.iter().zip(0..).map(|(owner, number)| Owned {
            fence: Fence { group: GroupId(number), generation: Generation(1) },
            owner: owner.map(node),
        });
        Cluster { nodes: nodes.collect(), groups: groups.collect() }
    }

    fn released(share: &Share) -> Vec<u32> {
        share.release.iter().map(|fence| fence.group.0).collect()
    }

    #[test]
    fn the_only_node_takes_everything() {
        let cluster = cluster(&[("a", true)], &[None; 4]);
        assert_eq!(share(&node("a"), &cluster), Share { take: 4, release: vec![] });
    }

    #[test]
    fn a_dead_nodes_groups_are_spread_over_the_living() {
        let cluster = cluster(&[("a", true), ("b", false), ("c", true)], &[Some("a"), Some("b"), Some("c"), Some("b")]);
        for living in ["a", "c"] {
            assert_eq!(share(&node(living), &cluster).take, 1, "{living}");
        }
        assert_eq!(share(&node("b"), &cluster), Share::default(), "a node without a lease keeps still");
    }

    #[test]
    fn a_node_that_carries_more_than_its_share_gives_up_its_last_groups() {
        let cluster = cluster(&[("a", true), ("b", true)], &[Some("a"); 5]);
        assert_eq!(released(&share(&node("a"), &cluster)), [3, 4]);
        assert_eq!(share(&node("b"), &cluster).take, 2);
    }

    #[test]
    fn shares_of_all_living_nodes_add_up_to_all_groups() {
        for nodes in 1..7 {
            let names: Vec<String> = (0..nodes).map(|n| format!("n{n}")).collect();
            let living: Vec<(&str, bool)> = names.iter().map(|name| (name.as_str(), true)).collect();
            let cluster = cluster(&living, &[None; 16]);
            let takes: usize = names.iter().map(|name| share(&node(name), &cluster).take).sum();
            assert_eq!(takes, 16, "{nodes} nodes");
        }
    }
}
