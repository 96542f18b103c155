//! The audit log shows where somebody touched it.

use gateway::audit::{Change, Log, list, read, verify};
use gateway::rollout::{Stage, State};
use workflow::time::Timestamp;

async fn written() -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let (log, entries) = Log::open(&path).unwrap();
    assert!(entries.is_empty());
    log.note(Timestamp(5), "gateway", Change::Flags { version: "ab".repeat(32) }).await.unwrap();
    let (from, to) = (State::Moving { at: Stage::Off }, State::Moving { at: Stage::Replay });
    let change = Change::Rollout { from, to, evidence: Some("cd".repeat(32)), why: "begin".to_owned() };
    log.note(Timestamp(6), "ann", change).await.unwrap();
    drop(log);
    let (log, entries) = Log::open(&path).unwrap();
    assert_eq!(entries.len(), 2);
    let change = Change::Repaired { workflow: "etl".to_owned(), version: 3 };
    log.note(Timestamp(7), "bob", change).await.unwrap();
    drop(log);
    let lines = std::fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
    (folder, lines)
}

#[track_caller]
fn broken(lines: &[String]) -> String {
    verify(lines.iter().map(String::as_str)).unwrap_err().to_string()
}

#[tokio::test]
async fn every_way_to_touch_it_is_found_at_its_place() {
    let (_folder, lines) = written().await;
    assert_eq!(verify(lines.iter().map(String::as_str)).unwrap().len(), 3);

    let mut changed = lines.clone();
    changed[1] = changed[1].replace("ann", "eve");
    assert_eq!(broken(&changed), "the audit log is broken at entry 2: its content was changed");
    let mut without = lines.clone();
    without.remove(1);
    assert_eq!(broken(&without), "the audit log is broken at entry 2: it says that it is entry 3");
    let mut swapped = lines.clone();
    swapped.swap(0, 1);
    assert!(broken(&swapped).starts_with("the audit log is broken at entry 1"));
    let mut cut = lines.clone();
    cut[2].truncate(20);
    assert!(broken(&cut).starts_with("the audit log is broken at entry 3: it cannot be read"));
    let (_other, others) = written().await;
    let mut grafted = lines.clone();
    grafted[2] = others[2].replace("\"number\":3", "\"number\":3 ");
    assert!(verify(grafted.iter().map(String::as_str)).is_ok(), "spaces are not content");
}

#[tokio::test]
async fn a_broken_log_is_not_written_to() {
    let (folder, lines) = written().await;
    let path = folder.path().join("audit.jsonl");
    std::fs::write(&path, lines.join("\n").replace("begin", "later") + "\n").unwrap();
    assert_eq!(
        Log::open(&path).unwrap_err().to_string(),
        "the audit log is broken at entry 2: its content was changed"
    );
}

#[tokio::test]
async fn people_read_one_line_a_change() {
    let (folder, _) = written().await;
    let entries = read(&folder.path().join("audit.jsonl")).unwrap();
    let expected = "    1  5  gateway  flags abababababab are in force\n    \
                    2  6  ann  OFF → REPLAY, on evidence cdcdcdcdcdcd: begin\n    \
                    3  7  bob  etl version 3 is now on all engines\n";
    assert_eq!(list(&entries), expected);
}
