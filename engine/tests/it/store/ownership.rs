//! What every store owes nodes that share it.

use std::{sync::Arc, time::Duration};

use engine::store::{Error, Fence, Generation, GroupId, NodeId, Store};
use workflow::life::{RowKey, Table};

use super::{batch, check, row, save};

const LEASE: Duration = Duration::from_hours(1);
/// A lease that is over when it begins.
const DEAD: Duration = Duration::ZERO;

fn node(name: &str) -> NodeId {
    NodeId(Arc::from(name))
}

fn beat(store: &dyn Store, name: &str, lease: Duration) -> Vec<(u32, i64)> {
    plain(&store.heartbeat(&node(name), &format!("http://{name}"), lease).unwrap())
}

fn take(store: &dyn Store, name: &str, limit: usize) -> Vec<(u32, i64)> {
    plain(&store.take(&node(name), limit).unwrap())
}

fn plain(fences: &[Fence]) -> Vec<(u32, i64)> {
    fences.iter().map(|fence| (fence.group.0, fence.generation.0)).collect()
}

fn fence(group: u32, generation: i64) -> Fence {
    Fence { group: GroupId(group), generation: Generation(generation) }
}

/// Groups with their generations and owners, e.g. `0:2 a, 1:1`.
fn groups(store: &dyn Store) -> String {
    let groups = store.cluster().unwrap().groups.into_iter().map(|group| {
        let owner = group.owner.map(|owner| format!(" {owner}")).unwrap_or_default();
        format!("{}:{}{owner}", group.fence.group, group.fence.generation)
    });
    groups.collect::<Vec<_>>().join(", ")
}

/// Nodes with their addresses, and whether they are alive.
fn nodes(store: &dyn Store) -> Vec<(String, String, bool)> {
    let nodes = store.cluster().unwrap().nodes.into_iter();
    nodes.map(|member| (member.node.to_string(), member.address, !member.lease.is_zero())).collect()
}

#[test]
fn a_store_is_divided_into_groups_once() {
    check(|store, _| {
        assert_eq!(store.divide(99).unwrap(), 3, "it has three already");
        assert_eq!(groups(store), "0:1, 1:1, 2:1");
    });
}

#[test]
fn free_groups_are_taken_up_to_a_limit_and_each_by_one_node() {
    check(|store, _| {
        assert!(beat(store, "a", LEASE).is_empty());
        assert!(beat(store, "b", LEASE).is_empty());
        assert_eq!(take(store, "a", 2), [(0, 2), (1, 2)]);
        assert_eq!(take(store, "b", 9), [(2, 2)]);
        assert!(take(store, "a", 9).is_empty());
        assert_eq!(beat(store, "a", LEASE), [(0, 2), (1, 2)]);
        assert_eq!(groups(store), "0:2 a, 1:2 a, 2:2 b");
    });
}

#[test]
fn the_groups_of_a_dead_node_are_taken_and_its_writes_refused() {
    check(|store, _| {
        beat(store, "a", LEASE);
        take(store, "a", 9);
        beat(store, "b", LEASE);
        assert!(take(store, "b", 9).is_empty(), "`a` is alive");
        beat(store, "a", DEAD);
        assert_eq!(
            nodes(store),
            [("a".to_owned(), "http://a".to_owned(), false), ("b".to_owned(), "http://b".to_owned(), true)]
        );
        assert_eq!(take(store, "b", 2), [(0, 3), (1, 3)]);
        assert_eq!(beat(store, "a", LEASE), [(2, 2)], "what is left to it");
        let at = RowKey::named(Table::Run, "w");
        let refused = store.commit(&batch(fence(0, 2), [(at.clone(), save("old", None))])).unwrap_err();
        assert!(matches!(refused, Error::Fenced { current: Generation(3), .. }), "{refused}");
        store.commit(&batch(fence(2, 2), [(at.clone(), save("kept", None))])).unwrap();
        assert_eq!(row(store, &at).as_deref(), Some("kept"));
    });
}

#[test]
fn a_node_that_is_dead_and_owns_nothing_is_forgotten() {
    check(|store, _| {
        beat(store, "a", DEAD);
        beat(store, "b", LEASE);
        take(store, "b", 1);
        assert_eq!(nodes(store).len(), 1);
        beat(store, "b", DEAD);
        beat(store, "c", LEASE);
        assert_eq!(nodes(store).len(), 2, "`b` still owns a group");
    });
}

#[test]
fn released_groups_are_free_unless_somebody_has_them_already() {
    check(|store, _| {
        beat(store, "a", LEASE);
        take(store, "a", 9);
        store.release(&[fence(1, 2), fence(2, 1), fence(77, 1)]).unwrap();
        assert_eq!(groups(store), "0:2 a, 1:2, 2:2 a");
        beat(store, "b", LEASE);
        assert_eq!(take(store, "b", 9), [(1, 3)]);
    });
}

#[test]
fn a_node_that_leaves_frees_all_it_owns() {
    check(|store, _| {
        beat(store, "a", LEASE);
        beat(store, "b", LEASE);
        take(store, "a", 2);
        take(store, "b", 9);
        store.leave(&node("a")).unwrap();
        assert_eq!((groups(store).as_str(), nodes(store).len()), ("0:2, 1:2, 2:2 b", 1));
    });
}

#[test]
fn a_process_that_has_the_store_for_itself_takes_everything_from_everybody() {
    check(|store, _| {
        beat(store, "a", LEASE);
        take(store, "a", 2);
        assert_eq!(plain(&store.claim(9).unwrap()), [(0, 3), (1, 3), (2, 2)]);
        assert!(beat(store, "a", LEASE).is_empty());
    });
}

#[test]
fn nodes_that_take_at_the_same_moment_share_without_overlap() {
    check(|store, _| {
        let names = ["a", "b", "c", "d"];
        for name in names {
            beat(store, name, LEASE);
        }
        let taken = std::thread::scope(|scope| {
            let threads = names.map(|name| scope.spawn(move || [take(store, name, 1), take(store, name, 1)].concat()));
            threads.map(|thread| thread.join().unwrap()).concat()
        });
        let mut taken = taken;
        taken.extend(take(store, "a", 9));
        taken.sort_unstable();
        assert_eq!(taken, [(0, 2), (1, 2), (2, 2)]);
    });
}
