//! What only the shared store owes its nodes: every commit made once, whatever breaks, and many committers at once.

use std::{sync::Arc, time::Duration};

use engine::store::{Batch, Error, Fence, GroupId, NodeId, Ownership as _, Postgres, Store};
use tokio_postgres::NoTls;
use workflow::life::{RowKey, Table};

use super::{
    bundles, events, key, keys, live,
    proxy::{Cut, Proxy},
    row, save, server,
};

fn counted(fence: Fence, n: i64) -> Batch {
    let write = (key(Table::Run, "w", i64::from(fence.group.0), ""), save(&n.to_string(), None));
    Batch { fences: [fence].into(), writes: [write].into_iter().collect(), ..events(fence.group.0, &[&n.to_string()]) }
}

#[track_caller]
fn check_cut(cut: Cut) {
    let url = server::own_database();
    let proxy = Proxy::to(&server::socket());
    let store = Postgres::open(&proxy.url(&url)).unwrap();
    let fence = store.claim(1).unwrap()[0];
    for n in 1..=3 {
        store.commit(&counted(fence, n)).unwrap();
        proxy.cut(cut);
        store.commit(&counted(fence, n + 10)).unwrap();
        assert!(proxy.was_cut());
    }
    let seen = keys(bundles(&store, &[0])).concat();
    assert_eq!(seen, ["1", "11", "2", "12", "3", "13"], "each once and in order");
    assert_eq!(row(&store, &key(Table::Run, "w", 0, "")).as_deref(), Some("13"));
}

#[test]
fn a_commit_that_was_made_before_the_connection_broke_is_not_made_again() {
    check_cut(Cut::AfterCommit);
}

#[test]
fn a_commit_that_was_not_made_before_the_connection_broke_is_made_once() {
    check_cut(Cut::BeforeCommit);
}

#[test]
fn a_very_first_commit_is_made_once_as_well() {
    for cut in [Cut::AfterCommit, Cut::BeforeCommit] {
        let url = server::own_database();
        let proxy = Proxy::to(&server::socket());
        let store = Postgres::open(&proxy.url(&url)).unwrap();
        let fence = store.claim(1).unwrap()[0];
        proxy.cut(cut);
        store.commit(&counted(fence, 1)).unwrap();
        assert!(proxy.was_cut());
        assert_eq!(keys(bundles(&store, &[0])).concat(), ["1"], "{cut:?}");
    }
}

#[test]
fn a_store_goes_on_when_the_database_throws_it_out() {
    let url = server::database();
    let store = Postgres::open(&url).unwrap();
    let fence = store.claim(1).unwrap()[0];
    for n in 1..=3 {
        store.commit(&counted(fence, n)).unwrap();
        sql(
            &url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'segue'
            AND datname = current_database()",
        );
        store.commit(&counted(fence, n + 10)).unwrap();
        assert_eq!(live(&store, 0, None, 9), []);
    }
    assert_eq!(keys(bundles(&store, &[0])).concat(), ["1", "11", "2", "12", "3", "13"]);
}

#[test]
fn a_writer_whose_row_was_tidied_away_writes_on() {
    let url = server::database();
    let store = Postgres::open(&url).unwrap();
    let fence = store.claim(1).unwrap()[0];
    store.commit(&counted(fence, 1)).unwrap();
    sql(&url, "DELETE FROM writer");
    store.commit(&counted(fence, 2)).unwrap();
    assert_eq!(keys(bundles(&store, &[0])).concat(), ["1", "2"]);
}

#[test]
fn nodes_commit_beside_each_other_and_each_group_publishes_in_order() {
    const NODES: u32 = 3;
    const COMMITS: i64 = 40;
    let url = server::database();
    let first = Postgres::open(&url).unwrap();
    first.divide(NODES).unwrap();
    std::thread::scope(|scope| {
        for n in 0..NODES {
            let url = &url;
            scope.spawn(move || {
                let store = Postgres::open(url).unwrap();
                let node = NodeId(Arc::from(n.to_string()));
                store.heartbeat(&node, "http://n", Duration::from_hours(1)).unwrap();
                // Another may hold a lock on what is free for a moment.
                let fence =
                    std::iter::repeat_with(|| store.take(&node, 1).unwrap()).find_map(|taken| taken.first().copied());
                for n in 1..=COMMITS {
                    store.commit(&counted(fence.unwrap(), n)).unwrap();
                }
            });
        }
    });
    let expected: Vec<String> = (1..=COMMITS).map(|n| n.to_string()).collect();
    for group in 0..NODES {
        let after = [(GroupId(group), engine::store::Position::default())].into();
        assert_eq!(keys(first.outbox(&after, 99).unwrap()).concat(), expected);
    }
}

#[test]
fn a_takeover_waits_for_a_commit_or_the_commit_is_refused() {
    let url = server::database();
    let (old, new) = (Postgres::open(&url).unwrap(), Postgres::open(&url).unwrap());
    let mut fence = old.claim(1).unwrap()[0];
    for _ in 0..30 {
        let (made, taken) = std::thread::scope(|scope| {
            let commit = scope.spawn(|| old.commit(&counted(fence, fence.generation.0)));
            let taken = new.claim(1).unwrap()[0];
            (commit.join().unwrap(), taken)
        });
        let written = row(&new, &key(Table::Run, "w", 0, ""));
        let expected = Some(fence.generation.to_string());
        match made {
            Ok(()) => assert_eq!(written, expected, "what was made can be seen"),
            Err(Error::Fenced { current, .. }) => {
                assert_eq!(current, taken.generation);
                assert_ne!(written, expected, "nothing of what was refused");
            }
            Err(error) => panic!("{error}"),
        }
        fence = taken;
    }
}

#[test]
fn nodes_that_start_at_once_on_an_empty_database_all_find_its_tables() {
    open_at_once(&server::database());
}

/// Opens a database by several nodes at the same moment.
pub(super) fn open_at_once(url: &str) {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| Postgres::open(url).unwrap());
        }
    });
}

#[test]
fn keys_and_rows_may_hold_what_the_database_cannot() {
    let store = Postgres::open(&server::database()).unwrap();
    let fence = store.claim(1).unwrap()[0];
    let names = ["a", "a\0", "a\0b", "a\u{1}", "a\u{1}\u{1}", "a\u{2}"];
    let at = |name: &str| RowKey::named(Table::Output, name);
    let writes = names.iter().map(|name| (at(name), save("\"\\u0000\"", Some(0)))).collect();
    store.commit(&Batch { fences: [fence].into(), writes, ..Batch::default() }).unwrap();
    assert_eq!(live(&store, 0, None, 99), names.map(at));
}

#[test]
fn a_reader_that_panics_leaves_no_old_state_to_the_next() {
    let store = Postgres::open(&server::database()).unwrap();
    let fence = store.claim(1).unwrap()[0];
    let at = key(Table::Run, "w", 0, "");
    let look = || {
        store.view(&mut |rows| {
            assert!(rows.row(&at).unwrap().is_none());
            panic!("looked");
        })
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(look)).unwrap_err();
    store.commit(&counted(fence, 1)).unwrap();
    assert_eq!(row(&store, &at).as_deref(), Some("1"));
}

#[test]
fn an_address_that_leads_nowhere_is_named_without_its_password() {
    for (url, expected) in [
        ("postgres://u:secret@/nowhere?host=/nonexistent", "postgres:///nonexistent/nowhere could not be reached"),
        ("postgres://u:secret@host:port/x", "`host:port/x` is not the address of a store"),
    ] {
        let error = Postgres::open(url).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert!(!engine::store::chain(&error).contains("secret"), "{error:?}");
    }
}

#[test]
fn a_database_that_is_away_is_waited_for_only_where_that_is_wanted() {
    let url = server::own_database();
    let proxy = Proxy::to(&server::socket());
    proxy.refuse(1);
    assert!(matches!(Postgres::open(&proxy.url(&url)), Err(Error::Unreachable { .. })));
    proxy.refuse(3);
    let store = Postgres::open_within(&proxy.url(&url), Duration::from_mins(1)).unwrap();
    assert!(store.claim(1).is_ok());
}

/// Opens a database again after somebody did something to it.
#[track_caller]
fn after(change: &str) -> String {
    let url = server::database();
    drop(Postgres::open(&url).unwrap());
    sql(&url, change);
    let refused = Postgres::open(&url).unwrap_err().to_string();
    let (_, rest) = refused.split_once(' ').unwrap();
    rest.to_owned()
}

#[test]
fn a_database_of_a_newer_program_another_one_or_an_altered_one_is_refused() {
    for (change, expected) in [
        (
            "INSERT INTO migration (number, name, sha256) VALUES (999, 'later', '')",
            "has schema 999, this program knows schemas up to 2: start it with the program that wrote it",
        ),
        (
            "UPDATE migration SET sha256 = 'other' WHERE number = 1",
            "was migrated by another `rows` than this program contains",
        ),
        ("DROP TABLE migration", "is not a store of this program"),
    ] {
        assert_eq!(after(change), expected);
    }
}

pub(super) fn sql(url: &str, sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
    });
}
