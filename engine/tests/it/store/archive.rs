//! What has ended moves out of the way and is read as before.

use std::time::Duration;

use engine::store::{Batch, Fence, Memory, Store, Write};
use workflow::{
    id::{InstanceId, RunId, RunKey},
    life::{Body, Bound, Order, RowKey, Rows, Scan, Table},
};

use super::{batch, check, live, row, save, scan};

/// Everything was archived longer ago than this.
const ANY: Duration = Duration::ZERO;
const NONE: Duration = Duration::from_hours(1);

fn at(table: Table, run: i64, step: &str) -> RowKey {
    RowKey { first: run, second: 1, part: step.into(), third: i64::from(!step.is_empty()), ..RowKey::named(table, "w") }
}

/// The rows of a run with two steps; it goes on in a group, or has ended.
fn run(fence: Fence, run: i64, live: Option<u32>) -> Batch {
    let text = |name: &str| format!("\"{name}{run}\"");
    let rows = [
        (at(Table::Seed, run, ""), save(&text("seed"), None)),
        (at(Table::Run, run, ""), save(&text("run"), live)),
        (at(Table::Attempt, run, "a"), save(&text("a"), None)),
        (at(Table::Attempt, run, "b"), save(&text("b"), None)),
    ];
    batch(fence, rows)
}

fn all(store: &dyn Store, table: Table, order: Order, limit: usize) -> String {
    scan(store, &Scan { table, from: Bound::Unbounded, to: Bound::Unbounded, order, limit }).join(" ").replace('"', "")
}

/// Runs one part of the contract on every store that keeps history apart, and on one that does not.
fn check_history(part: fn(&dyn Store, Fence, bool)) {
    check(|store, fences| {
        let keeps_apart = !format!("{store:?}").starts_with("Memory");
        store.commit(&run(fences[0], 1, None)).unwrap();
        store.commit(&run(fences[0], 2, Some(1))).unwrap();
        store.commit(&run(fences[0], 3, None)).unwrap();
        part(store, fences[0], keeps_apart);
    });
}

#[test]
fn ended_runs_are_archived_up_to_a_limit_and_read_as_before() {
    check_history(|store, _, keeps_apart| {
        for moved in [1, 1, 0] {
            assert_eq!(store.archive(1).unwrap(), if keeps_apart { moved } else { 0 });
            assert_eq!(all(store, Table::Run, Order::Ascending, 9), "run1 run2 run3");
            assert_eq!(all(store, Table::Attempt, Order::Descending, 4), "b3 a3 b2 a2");
            assert_eq!(row(store, &at(Table::Seed, 1, "")).as_deref(), Some("\"seed1\""));
            assert_eq!(live(store, 1, None, 9), [at(Table::Run, 2, "")]);
        }
    });
}

#[test]
fn an_archived_row_that_is_written_again_comes_back_and_is_archived_again() {
    check_history(|store, fence, keeps_apart| {
        store.archive(9).unwrap();
        store.commit(&batch(fence, [(at(Table::Run, 1, ""), save("\"again\"", None))])).unwrap();
        for moved in [1, 0] {
            assert_eq!(all(store, Table::Run, Order::Ascending, 9), "again run2 run3");
            assert_eq!(row(store, &at(Table::Run, 1, "")).as_deref(), Some("\"again\""));
            assert_eq!(store.archive(9).unwrap(), if keeps_apart { moved } else { 0 });
        }
    });
}

#[test]
fn what_is_forgotten_is_gone_from_the_archive_as_well() {
    check_history(|store, fence, _| {
        store.archive(9).unwrap();
        store.commit(&batch(fence, [(at(Table::Attempt, 1, "a"), Write::Forget)])).unwrap();
        assert_eq!(all(store, Table::Attempt, Order::Ascending, 9), "b1 a2 b2 a3 b3");
        assert_eq!(row(store, &at(Table::Attempt, 1, "a")), None);
    });
}

#[test]
fn old_history_is_deleted_up_to_a_limit_and_what_goes_on_stays() {
    check_history(|store, _, keeps_apart| {
        store.archive(9).unwrap();
        assert_eq!(store.expire(NONE, 9).unwrap(), 0, "it is not that old");
        if !keeps_apart {
            return;
        }
        for (deleted, left) in [(1, 4), (1, 2), (0, 2)] {
            assert_eq!(store.expire(ANY, 1).unwrap(), deleted);
            assert_eq!(all(store, Table::Attempt, Order::Ascending, 9).split(' ').count(), left);
        }
        assert_eq!(all(store, Table::Seed, Order::Ascending, 9), "seed2");
        assert_eq!(all(store, Table::Run, Order::Ascending, 9), "run2");
    });
}

#[test]
fn the_history_of_a_run_that_goes_on_again_is_not_deleted() {
    check_history(|store, fence, _| {
        store.archive(9).unwrap();
        store.commit(&batch(fence, [(at(Table::Run, 1, ""), save("\"again\"", Some(1)))])).unwrap();
        store.expire(ANY, 9).unwrap();
        assert!(all(store, Table::Attempt, Order::Ascending, 9).starts_with("a1 b1 a2 b2"));
    });
}

#[test]
fn memory_keeps_no_history_apart() {
    assert_eq!(Memory::default().archive(9).unwrap(), 0);
}

/// What is read of some rows, and of all attempts of each run.
fn read(rows: &dyn Rows) -> Vec<String> {
    let text = |body: Body| String::from_utf8(body.to_vec()).unwrap();
    let keys = (1..=4).flat_map(|n| [at(Table::Seed, n, ""), at(Table::Run, n, ""), at(Table::Attempt, n, "b")]);
    let mut read: Vec<String> = keys.map(|key| rows.row(&key).unwrap().map_or("-".to_owned(), text)).collect();
    for n in 1..=4 {
        let from = at(Table::Attempt, n, "");
        let to = Bound::Excluded(RowKey { second: 2, ..from.clone() });
        let scan = Scan { table: Table::Attempt, from: Bound::Included(from), to, order: Order::Ascending, limit: 9 };
        read.push(rows.scan(&scan).unwrap().into_iter().map(|(_, body)| text(body)).collect::<Vec<_>>().join(" "));
    }
    read
}

#[test]
fn what_is_fetched_together_reads_as_each_by_itself() {
    check_history(|store, fence, _| {
        store.archive(10).unwrap();
        // Written again since: the newer row counts.
        store.commit(&batch(fence, [(at(Table::Attempt, 1, "b"), save("\"again\"", None))])).unwrap();
        let key = |n| RunKey { workflow: "w".into(), instance: InstanceId(n), run: RunId(1) };
        let mut alone = Vec::new();
        store.view(&mut |rows| alone = read(rows)).unwrap();
        for runs in [vec![], vec![key(1)], vec![key(1), key(2), key(4)]] {
            let mut together = Vec::new();
            store.view_runs(&runs, &mut |rows| together = read(rows)).unwrap();
            assert_eq!(together, alone, "{runs:?}");
        }
        let own = |n: i64| [at(Table::Seed, n, ""), at(Table::Attempt, n, "a"), at(Table::Attempt, n, "b")];
        let keys: Vec<_> = (1..=5).flat_map(own).collect();
        for keys in [&[], &keys[1..3], &keys] {
            let mut together = Vec::new();
            store.view_rows(keys, &mut |rows| together = read(rows)).unwrap();
            assert_eq!(together, alone, "{keys:?}");
        }
    });
}
