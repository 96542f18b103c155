//! A backup is whole or refused, and any store takes what any other has saved.

use std::fs;

use engine::store::{
    Batch, Fence, Postgres, Sqlite, Store,
    backup::{self, restore, save, verify},
    inspect::inspect,
    portable::{Portable, Record},
    sqlite,
};
use tempfile::TempDir;
use workflow::life::{RowKey, Table};

use super::{events, key, open, server};

fn fill(store: &dyn Store) {
    let fences = store.claim(3).unwrap();
    let ended = |n| (key(Table::Run, "w", n, ""), super::save("{\"a\":1.10}", None));
    let attempt = |n| (key(Table::Attempt, "w", n, "s\u{1}\0"), super::save("\"größe\"", None));
    let rows = (1..=3).flat_map(|n| [ended(n), attempt(n)]);
    store.commit(&super::batch(fences[0], rows)).unwrap();
    store.archive(2).unwrap();
    let live = (key(Table::Workflow, "w", 0, ""), super::save("{}", Some(2)));
    store.commit(&super::batch(fences[1], [live])).unwrap();
    for keys in [&["a", "b"][..], &["c"]] {
        store.commit(&events(1, keys)).unwrap();
    }
}

/// What a store holds, without the moments at which it was archived.
fn content(store: &dyn Portable) -> Vec<Record> {
    let mut records = Vec::new();
    let mut take = |record| {
        records.push(record);
        Ok(())
    };
    store.dump(&mut take).unwrap();
    records
}

#[test]
fn a_store_is_restored_from_the_backup_of_any_other() {
    let folder = TempDir::new().unwrap();
    let (file, database) = (open(&folder), Postgres::open(&server::database()).unwrap());
    fill(&file);
    fill(&database);
    for (n, from) in [&file as &dyn Portable, &database].into_iter().enumerate() {
        let path = folder.path().join(format!("{n}.backup"));
        let mut heard = 0;
        let saved = save(from, &path, &mut || heard += 1).unwrap();
        assert_eq!((saved, verify(&path).unwrap(), heard), (12, 12, 12));
        let (fresh, other) = (TempDir::new().unwrap(), Postgres::open(&server::database()).unwrap());
        let fresh = open(&fresh);
        for to in [&fresh as &dyn Portable, &other] {
            assert_eq!(restore(to, &path, &mut || {}).unwrap(), 12);
            assert_eq!(content(to), content(from));
            assert!(inspect(to, &mut || {}).unwrap().is_sound());
        }
        assert_eq!(fresh.claim(9).unwrap()[0].generation.0, 2, "whoever owned it before the restore no longer does");
        let full = restore(&other, &path, &mut || {}).unwrap_err();
        assert!(full.to_string().ends_with("is not empty: it holds 1 in `workflow`"), "{full}");
    }
}

/// Tries to restore a backup that something was done to.
#[track_caller]
fn refused(harm: impl Fn(&mut Vec<u8>)) -> String {
    let folder = TempDir::new().unwrap();
    let (store, path) = (open(&folder), folder.path().join("backup"));
    fill(&store);
    save(&store, &path, &mut || {}).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    harm(&mut bytes);
    fs::write(&path, bytes).unwrap();
    let fresh = TempDir::new().unwrap();
    let fresh = open(&fresh);
    let error = restore(&fresh, &path, &mut || {}).unwrap_err();
    assert_eq!(content(&fresh), []);
    assert!(matches!(error, backup::Error::Damaged { .. }), "{error}");
    error.to_string().replace(&path.display().to_string(), "FILE")
}

#[test]
fn a_backup_that_is_not_as_it_was_saved_is_refused_and_nothing_is_restored() {
    for cut in [1, 20, 200] {
        refused(|bytes| bytes.truncate(bytes.len() - cut));
    }
    refused(|bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x10;
    });
    assert!(refused(|bytes| *bytes = b"something else".to_vec()).starts_with("FILE is not a whole backup: "));
    refused(Vec::clear);
}

#[test]
fn a_changed_record_is_noticed_by_the_checksum() {
    let change = |bytes: &mut Vec<u8>| {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&**bytes), &mut text).unwrap();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, text.replace("1.10", "1.11").as_bytes()).unwrap();
        *bytes = packed.finish().unwrap();
    };
    assert_eq!(refused(change), "FILE is not a whole backup: its checksum is another one");
}

#[test]
fn a_backup_does_not_overwrite_a_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("backup");
    fs::write(&path, "precious").unwrap();
    let error = save(&open(&folder), &path, &mut || {}).unwrap_err();
    assert_eq!(error.to_string(), format!("{} exists already", path.display()));
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn a_backup_is_of_one_moment_while_others_write() {
    let folder = TempDir::new().unwrap();
    let (file, database) = (open(&folder), Postgres::open(&server::database()).unwrap());
    for store in [(&file as &dyn Store, &file as &dyn Portable), (&database, &database)] {
        let fence = store.0.claim(1).unwrap()[0];
        store.0.commit(&both(fence, 0)).unwrap();
        let (mut seen, mut n) = (Vec::new(), 0);
        let mut take = |record| {
            // Somebody writes between any two records.
            n += 1;
            store.0.commit(&both(fence, n))?;
            if let Record::Row { body, .. } = record {
                seen.push(body);
            }
            Ok(())
        };
        store.1.dump(&mut take).unwrap();
        assert_eq!(seen, ["0", "0"]);
    }
}

/// The same number in two tables.
fn both(fence: Fence, n: i64) -> Batch {
    let row = |table| (RowKey::named(table, "w"), super::save(&n.to_string(), None));
    super::batch(fence, [row(Table::Workflow), row(Table::Other)])
}

#[test]
fn what_is_wrong_with_a_store_is_found() {
    let orphan = "INSERT INTO attempt VALUES ('x', 1, 1, 's', 1, NULL, '{}')";
    for (harm, expected) in [
        (orphan, "1 attempts without a run"),
        ("UPDATE workflow SET body = 'torn'", "row (\"w\", 0, 0, \"\", 0) of `workflow` is not JSON"),
        (
            "UPDATE workflow SET live = 77",
            "row (\"w\", 0, 0, \"\", 0) of `workflow` is live in group 77, which does not exist",
        ),
        ("UPDATE outbox SET events = '{}'", "a bundle of group 1 holds no events that can be read"),
        ("UPDATE outbox SET flow_group = 9", "2 bundles of a group that does not exist"),
        ("UPDATE flow_group SET generation = -1 WHERE id = 0", "1 groups with a generation below zero"),
    ] {
        let folder = TempDir::new().unwrap();
        let (file, url) = (open(&folder), server::database());
        let database = Postgres::open(&url).unwrap();
        fill(&file);
        fill(&database);
        rusqlite::Connection::open(path_of(&folder)).unwrap().execute_batch(harm).unwrap();
        super::postgres::sql(&url, harm);
        for store in [&file as &dyn Portable, &database] {
            let findings = inspect(store, &mut || {}).unwrap();
            assert!(!findings.is_sound());
            assert_eq!(findings.problems[0], expected);
        }
    }
}

fn path_of(folder: &TempDir) -> std::path::PathBuf {
    super::options(folder).path
}

#[test]
fn a_store_says_what_it_holds() {
    let folder = TempDir::new().unwrap();
    let (file, database) = (open(&folder), Postgres::open(&server::database()).unwrap());
    fill(&file);
    fill(&database);
    let (one, other) = (file.describe().unwrap(), database.describe().unwrap());
    assert_eq!(one.tables, other.tables);
    assert_eq!((one.records(), one.schema, other.schema), (12, 4, 2));
    let rows = |name: &str| one.tables.iter().find(|(table, _)| table == name).unwrap().1;
    assert_eq!((rows("run"), rows("run_archive"), rows("attempt_archive"), rows("outbox")), (1, 2, 2, 2));
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("notes.txt");
    fs::write(&path, "x".repeat(9000)).unwrap();
    let error = Sqlite::open(&sqlite::Options { path: path.clone(), size_max_bytes: None }).unwrap_err();
    assert!(error.to_string().ends_with("could not be opened"), "{error}");
    assert!(path.exists());
}
