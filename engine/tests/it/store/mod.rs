//! What every store owes the engine, and what only the file owes its operator.

mod archive;
mod backup;
mod cockroach;
mod ownership;
mod postgres;
mod proxy;
mod server;
mod tls;

use std::{collections::BTreeMap, sync::Arc};

use engine::store::{
    Batch, Bundle, Error, Fence, Generation, GroupId, Memory, Position, Postgres, Sqlite, Store, Write, sqlite,
};
use serde_json::json;
use tempfile::TempDir;
use workflow::{
    event::Event,
    life::{Body, Bound, Order, RowKey, Scan, Table},
};

/// Runs one part of the contract on every store, each time on an empty one with three groups.
#[expect(clippy::print_stdout, reason = "names the store when the test fails")]
fn check(part: impl Fn(&dyn Store, &[Fence])) {
    let folder = TempDir::new().unwrap();
    let stores: [&dyn Store; 3] = [&Memory::default(), &open(&folder), &Postgres::open(&server::database()).unwrap()];
    for store in stores {
        println!("{store:?}");
        let fences = store.claim(3).unwrap();
        part(store, &fences);
    }
}

fn options(folder: &TempDir) -> sqlite::Options {
    sqlite::Options { path: folder.path().join("deep/segue.db"), size_max_bytes: None }
}

fn open(folder: &TempDir) -> Sqlite {
    Sqlite::open(&options(folder)).unwrap()
}

fn key(table: Table, name: &str, first: i64, part: &str) -> RowKey {
    RowKey { first, part: Arc::from(part), ..RowKey::named(table, name) }
}

fn save(text: &str, live: Option<u32>) -> Write {
    Write::Save { body: Arc::from(text.as_bytes()), live: live.map(GroupId) }
}

fn batch(fence: Fence, writes: impl IntoIterator<Item = (RowKey, Write)>) -> Batch {
    Batch { fences: [fence].into(), writes: writes.into_iter().collect(), ..Batch::default() }
}

/// The keys of a page of the live rows of a group.
fn live(store: &dyn Store, group: u32, after: Option<&RowKey>, limit: usize) -> Vec<RowKey> {
    let found = store.live(GroupId(group), after, limit).unwrap();
    found.into_iter().map(|(key, _)| key).collect()
}

fn row(store: &dyn Store, key: &RowKey) -> Option<String> {
    let mut found = None;
    store.view(&mut |rows| found = rows.row(key).unwrap()).unwrap();
    let mut at_once = None;
    if let Some(read) = store.view_at_once(&mut |rows| at_once = rows.row(key).unwrap()) {
        read.unwrap();
        assert_eq!(at_once, found);
    }
    found.map(text)
}

#[expect(clippy::needless_pass_by_value, reason = "fits map")]
fn text(body: Body) -> String {
    String::from_utf8(body.to_vec()).unwrap()
}

fn scan(store: &dyn Store, scan: &Scan) -> Vec<String> {
    let mut found = Vec::new();
    store.view(&mut |rows| found = rows.scan(scan).unwrap()).unwrap();
    found.into_iter().map(|(_, body)| text(body)).collect()
}

fn published(keys: &[&str]) -> Vec<Event> {
    let event = |key: &&str| Event { key: (*key).to_owned(), document: json!({ "of": key, "exactly": 1.10 }) };
    keys.iter().map(event).collect()
}

fn events(group: u32, keys: &[&str]) -> Batch {
    Batch { events: [(GroupId(group), published(keys))].into(), ..Batch::default() }
}

fn consumed(group: u32, position: Position) -> Batch {
    Batch { consumed: [(GroupId(group), position)].into(), ..Batch::default() }
}

/// Bundles of some groups, each from its beginning.
fn bundles(store: &dyn Store, groups: &[u32]) -> Vec<Bundle> {
    let after = groups.iter().map(|group| (GroupId(*group), Position::default())).collect();
    store.outbox(&after, 10).unwrap()
}

fn keys(bundles: Vec<Bundle>) -> Vec<Vec<String>> {
    bundles.into_iter().map(|bundle| bundle.events.into_iter().map(|event| event.key).collect()).collect()
}

#[test]
fn a_row_is_what_was_last_written_under_its_whole_key_in_every_table() {
    check(|store, fences| {
        for table in Table::ALL {
            let full = RowKey { second: -2, third: i64::MAX, ..key(table, "größe", i64::MIN, "a/b") };
            let other = RowKey { third: 0, ..full.clone() };
            let first = [(full.clone(), save("[1]", None)), (other.clone(), save("[2]", Some(1)))];
            store.commit(&batch(fences[0], first)).unwrap();
            store.commit(&batch(fences[0], [(full.clone(), save("[3]", None))])).unwrap();
            assert_eq!((row(store, &full), row(store, &other)), (Some("[3]".to_owned()), Some("[2]".to_owned())));
            store.commit(&batch(fences[0], [(full.clone(), Write::Forget)])).unwrap();
            assert_eq!((row(store, &full), row(store, &other)), (None, Some("[2]".to_owned())), "{table:?}");
        }
    });
}

#[test]
fn a_batch_keeps_only_the_last_write_of_a_row() {
    check(|store, fences| {
        let (kept, gone) = (key(Table::Run, "w", 1, ""), key(Table::Run, "w", 2, ""));
        let mut first = batch(fences[0], [(kept.clone(), save("1", None)), (gone.clone(), save("1", None))]);
        first.append(batch(fences[1], [(kept.clone(), save("2", None)), (gone.clone(), Write::Forget)]));
        assert_eq!(first.writes.len(), 2);
        store.commit(&first).unwrap();
        assert_eq!((row(store, &kept).as_deref(), row(store, &gone)), (Some("2"), None));
    });
}

#[test]
fn a_scan_reads_neighbours_of_one_table_in_both_directions() {
    check(|store, fences| {
        let rows = (1..=5).map(|n| (key(Table::Attempt, "w", n, "s"), save(&n.to_string(), None)));
        let strangers =
            [key(Table::Run, "w", 9, ""), key(Table::Attempt, "v", 9, ""), key(Table::Breakpoint, "w", 9, "")];
        store.commit(&batch(fences[0], rows.chain(strangers.map(|key| (key, save("x", None)))))).unwrap();
        let at = |n| key(Table::Attempt, "w", n, "s");
        for (from, to, order, limit, expected) in [
            (Bound::Included(at(2)), Bound::Included(at(4)), Order::Ascending, 9, "2 3 4"),
            (Bound::Excluded(at(2)), Bound::Excluded(at(4)), Order::Ascending, 9, "3"),
            (Bound::Included(at(2)), Bound::Unbounded, Order::Descending, 2, "5 4"),
            (Bound::Unbounded, Bound::Unbounded, Order::Ascending, 3, "x 1 2"),
            (Bound::Unbounded, Bound::Included(at(2)), Order::Descending, 9, "2 1 x"),
            (Bound::Included(at(4)), Bound::Included(at(2)), Order::Ascending, 9, ""),
            (Bound::Excluded(at(2)), Bound::Excluded(at(2)), Order::Ascending, 9, ""),
        ] {
            let found = scan(store, &Scan { table: Table::Attempt, from, to, order, limit });
            assert_eq!(found.join(" "), expected);
        }
    });
}

#[test]
fn a_group_lists_its_live_rows_in_the_order_of_their_keys_and_in_pages() {
    check(|store, fences| {
        let rows = [
            (key(Table::Run, "w", 2, ""), 1),
            (key(Table::Run, "w", 1, ""), 1),
            (key(Table::Workflow, "z", 0, ""), 1),
            (key(Table::Run, "w", 3, ""), 2),
        ];
        store.commit(&batch(fences[0], rows.map(|(key, group)| (key, save("{}", Some(group)))))).unwrap();
        store.commit(&batch(fences[0], [(key(Table::Run, "w", 4, ""), save("{}", None))])).unwrap();
        let first = live(store, 1, None, 2);
        assert_eq!(first, [key(Table::Workflow, "z", 0, ""), key(Table::Run, "w", 1, "")]);
        assert_eq!(live(store, 1, first.last(), 2), [key(Table::Run, "w", 2, "")]);
        store.commit(&batch(fences[0], [(key(Table::Run, "w", 3, ""), save("{}", None))])).unwrap();
        assert!(live(store, 2, None, 2).is_empty());
    });
}

#[test]
fn a_live_row_is_listed_with_what_it_holds() {
    check(|store, fences| {
        let run = key(Table::Run, "w", 1, "");
        store.commit(&batch(fences[0], [(run.clone(), save("[\"old\"]", Some(1)))])).unwrap();
        store.commit(&batch(fences[0], [(run.clone(), save("[\"new\"]", Some(1)))])).unwrap();
        assert_eq!(store.live(GroupId(1), None, 9).unwrap(), [(run, b"[\"new\"]".as_slice().into())]);
    });
}

#[test]
fn the_events_of_a_group_come_in_order_by_batch_until_they_are_consumed() {
    check(|store, _| {
        for keys in [&["a", "b"][..], &["c"]] {
            store.commit(&events(1, keys)).unwrap();
        }
        let both = bundles(store, &[1]);
        assert_eq!(both[0].events, published(&["a", "b"]));
        let after = BTreeMap::from([(GroupId(1), both[0].position)]);
        assert_eq!(keys(store.outbox(&after, 10).unwrap()), [["c"]]);
        assert_eq!(keys(store.outbox(&[(GroupId(1), Position::default())].into(), 1).unwrap()), [["a", "b"]]);
        store.commit(&consumed(1, both[0].position)).unwrap();
        assert_eq!(keys(bundles(store, &[1])), [["c"]]);
        store.commit(&consumed(1, both[1].position)).unwrap();
        store.commit(&events(1, &["d"])).unwrap();
        let after = BTreeMap::from([(GroupId(1), both[1].position)]);
        assert_eq!(keys(store.outbox(&after, 10).unwrap()), [["d"]], "positions are never used twice");
    });
}

#[test]
fn groups_publish_beside_each_other() {
    check(|store, _| {
        let mut both = events(1, &["a"]);
        both.append(events(2, &["b"]));
        both.append(events(1, &["c"]));
        store.commit(&both).unwrap();
        let seen = bundles(store, &[0, 2, 1]);
        let of = |group| seen.iter().find(|bundle| bundle.group == GroupId(group)).unwrap().clone();
        assert_eq!(
            (keys(vec![of(1)]), keys(vec![of(2)])),
            (vec![vec!["a".into(), "c".into()]], vec![vec!["b".into()]])
        );
        let last = of(1).position.max(of(2).position);
        store.commit(&consumed(2, last)).unwrap();
        assert_eq!(keys(bundles(store, &[1, 2])), [["a", "c"]]);
    });
}

#[test]
fn a_batch_under_an_older_generation_is_refused_as_a_whole() {
    check(|store, before| {
        let after = store.claim(99).unwrap();
        assert_eq!(after.len(), 3, "the number of groups is chosen once");
        let at = key(Table::Run, "w", 1, "");
        let mut mixed = batch(after[0], [(at.clone(), save("1", None))]);
        mixed.append(batch(before[1], []));
        let refused = store.commit(&mixed).unwrap_err();
        let Error::Fenced { group, generation, current } = refused else { panic!("{refused}") };
        assert_eq!((group, generation, current), (GroupId(1), Generation(1), Generation(2)));
        assert_eq!(row(store, &at), None);
        store.commit(&batch(after[1], [(at.clone(), save("2", None))])).unwrap();
        assert_eq!(row(store, &at).as_deref(), Some("2"));
    });
}

#[test]
fn a_view_does_not_change_while_it_is_looked_at() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let fences = store.claim(1).unwrap();
    let at = key(Table::Run, "w", 1, "");
    store.commit(&batch(fences[0], [(at.clone(), save("1", None))])).unwrap();
    store
        .view(&mut |rows| {
            let first = rows.row(&at).unwrap();
            store.commit(&batch(fences[0], [(at.clone(), save("2", None))])).unwrap();
            assert_eq!(rows.row(&at).unwrap(), first);
        })
        .unwrap();
    assert_eq!(row(&store, &at).as_deref(), Some("2"));
}

#[test]
fn a_file_keeps_what_it_was_given() {
    let folder = TempDir::new().unwrap();
    let at = key(Table::Version, "w", 1, "");
    let store = open(&folder);
    let fences = store.claim(1).unwrap();
    store.commit(&batch(fences[0], [(at.clone(), save("{\"a\":1.10}", None))])).unwrap();
    drop(store);
    let store = open(&folder);
    assert_eq!(store.claim(1).unwrap()[0].generation, Generation(2));
    assert_eq!(row(&store, &at).as_deref(), Some("{\"a\":1.10}"));
}

#[test]
fn a_file_that_is_full_says_so_and_holds_nothing_of_the_batch() {
    let folder = TempDir::new().unwrap();
    let store = Sqlite::open(&sqlite::Options { size_max_bytes: Some(1 << 20), ..options(&folder) }).unwrap();
    let fences = store.claim(1).unwrap();
    let large = "\"".to_owned() + &"x".repeat(100_000) + "\"";
    let rows = |n: i64| (n..n + 5).map(|n| (key(Table::Output, "job", n, ""), save(&large, None)));
    store.commit(&batch(fences[0], rows(0))).unwrap();
    let full = (1..9).find_map(|n| store.commit(&batch(fences[0], rows(n * 5))).err().map(|error| (n, error)));
    let (at, error) = full.unwrap();
    assert!(matches!(error, Error::Full { .. }), "{error}");
    assert!(error.to_string().starts_with("there is no space left to write to "), "{error}");
    assert_eq!(row(&store, &key(Table::Output, "job", at * 5, "")), None);
    assert_eq!(row(&store, &key(Table::Output, "job", at * 5 - 1, "")).as_deref(), Some(large.as_str()));
}

/// Opens a file again after somebody did something to it.
#[track_caller]
fn after(sql: &str) -> String {
    let folder = TempDir::new().unwrap();
    drop(open(&folder));
    let path = options(&folder).path;
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(sql).unwrap();
    drop(connection);
    let refused = Sqlite::open(&options(&folder)).unwrap_err();
    refused.to_string().replace(&path.display().to_string(), "FILE")
}

#[test]
fn a_file_of_a_newer_program_is_refused() {
    let sql = "INSERT INTO migration (number, name, sha256, applied_at) VALUES (999, 'later', '', '')";
    let expected = "FILE has schema 999, this program knows schemas up to 4: start it with the program that wrote it";
    assert_eq!(after(sql), expected);
}

#[test]
fn a_file_that_was_migrated_differently_is_refused() {
    let sql = "UPDATE migration SET sha256 = 'other' WHERE number = 1";
    assert_eq!(after(sql), "FILE was migrated by another `rows` than this program contains");
}

#[test]
fn a_file_of_another_program_is_refused_and_left_alone() {
    assert_eq!(after("PRAGMA application_id = 7"), "FILE is not a store of this program");
}
