//! The first decision for a start is the one that counts.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use gateway::routing::{Because, Decision, Ledger, Root, find};
use workflow::{port::EngineName, time::Timestamp};

fn decision(engine: &str) -> Decision {
    Decision { engine: EngineName(Arc::from(engine)), because: Because::Targeted, flags: None, bucket: None }
}

fn root(request: &str) -> Root {
    Root { workflow: "etl".to_owned(), request: request.to_owned() }
}

async fn settle(ledger: &Ledger, request: &str, engine: &str) -> String {
    ledger.settle(root(request), Timestamp(1), || decision(engine)).await.unwrap().to_string()
}

#[tokio::test]
async fn a_start_that_is_repeated_keeps_its_engine_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    let ledger = Ledger::open(&path).unwrap();
    assert_eq!(settle(&ledger, "1", "actor").await, "actor");
    assert_eq!(settle(&ledger, "1", "legacy").await, "actor");
    assert_eq!(settle(&ledger, "2", "legacy").await, "legacy");
    drop(ledger);
    let ledger = Ledger::open(&path).unwrap();
    assert_eq!(settle(&ledger, "1", "legacy").await, "actor");
    assert_eq!(settle(&ledger, "2", "actor").await, "legacy");
    assert_eq!(find(&path, &root("1")).unwrap(), Some(decision("actor")));
    assert_eq!(find(&path, &root("9")).unwrap(), None);
}

#[tokio::test]
async fn a_line_that_was_not_written_to_its_end_was_promised_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    settle(&Ledger::open(&path).unwrap(), "1", "actor").await;
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{whole}{{\"form\":1,\"at")).unwrap();
    let ledger = Ledger::open(&path).unwrap();
    assert_eq!(settle(&ledger, "1", "legacy").await, "actor");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), whole);
    std::fs::write(&path, format!("{{}}\n{whole}")).unwrap();
    assert!(Ledger::open(&path).unwrap_err().to_string().starts_with("line 1 of the ledger cannot be read"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_ask_at_once_get_one_engine() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Arc::new(Ledger::open(&folder.path().join("ledger.jsonl")).unwrap());
    let turn = Arc::new(AtomicUsize::new(0));
    for request in 0..20 {
        let asks = (0..8).map(|_| {
            let (ledger, turn) = (Arc::clone(&ledger), Arc::clone(&turn));
            tokio::spawn(async move {
                let engine = if turn.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) { "actor" } else { "legacy" };
                settle(&ledger, &request.to_string(), engine).await
            })
        });
        let got = futures::future::join_all(asks).await;
        let engines: std::collections::BTreeSet<String> = got.into_iter().map(Result::unwrap).collect();
        assert_eq!(engines.len(), 1, "{engines:?}");
    }
}
