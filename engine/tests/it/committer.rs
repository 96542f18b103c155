//! Nothing is let go before it is durable, and nothing at all after a failure.

use std::sync::Arc;

use engine::{
    committer::{self, Commit, Stopped},
    store::{Batch, Error, Fence, Generation, GroupId, Memory, Store, Write},
};
use tokio::sync::mpsc;
use workflow::life::{Bound, Order, RowKey, Scan, Table};

use crate::gate::Gate;

fn commit(fence: Fence, n: i64, left: &mpsc::UnboundedSender<i64>) -> Commit {
    let key = RowKey { first: n, ..RowKey::named(Table::Run, "w") };
    let write = Write::Save { body: Arc::from(n.to_string().as_bytes()), live: None };
    let batch = Batch { fences: [fence].into(), writes: [(key, write)].into_iter().collect(), ..Batch::default() };
    let left = left.clone();
    Commit { batch, then: Some(Box::new(move || left.send(n).unwrap())) }
}

#[tokio::test]
async fn what_waits_is_let_go_in_order_and_only_when_it_is_durable() {
    let gate = Arc::new(Gate::default());
    let fence = gate.claim(1).unwrap()[0];
    let (left, mut leaving) = mpsc::unbounded_channel();
    let (committer, running) = committer::start(Arc::clone(&gate) as Arc<dyn Store>).unwrap();
    committer.submit(commit(fence, 0, &left)).await.unwrap();
    gate.wait_for_begun(1);
    for n in 1..=40 {
        committer.submit(commit(fence, n, &left)).await.unwrap();
    }
    assert!(leaving.try_recv().is_err(), "the first commit is not durable yet");
    gate.let_through();
    gate.wait_for_begun(2);
    assert_eq!(leaving.recv().await, Some(0));
    assert!(leaving.try_recv().is_err(), "the others are not durable yet");
    gate.let_through();
    committer.settled().await.unwrap();
    let rest: Vec<i64> = std::iter::from_fn(|| leaving.try_recv().ok()).collect();
    assert_eq!(rest, (1..=40).collect::<Vec<_>>());
    assert_eq!(gate.begun(), [1, 40], "what waited went into one transaction");
    committer.end().await;
    running.join();
    assert_eq!(committer.submit(commit(fence, 99, &left)).await, Err(Stopped));
}

#[tokio::test]
async fn after_a_takeover_nothing_is_written_and_nothing_leaves() {
    let store = Arc::new(Memory::default());
    let old = store.claim(2).unwrap();
    let (left, mut leaving) = mpsc::unbounded_channel();
    let (committer, running) = committer::start(Arc::clone(&store) as Arc<dyn Store>).unwrap();
    committer.submit(commit(old[0], 1, &left)).await.unwrap();
    committer.settled().await.unwrap();
    let new = store.claim(2).unwrap();
    committer.submit(commit(old[1], 2, &left)).await.unwrap();
    let mut failure = running.failure();
    let failed = failure.wait_for(Option::is_some).await.unwrap().clone().unwrap();
    assert!(matches!(&*failed, Error::Fenced { group: GroupId(1), current: Generation(2), .. }), "{failed}");
    running.join();
    assert_eq!(committer.submit(commit(new[0], 3, &left)).await, Err(Stopped));
    drop((committer, left));
    let let_go: Vec<i64> = std::iter::from_fn(|| leaving.try_recv().ok()).collect();
    assert_eq!(let_go, [1]);
    let mut rows = 0;
    let all =
        Scan { table: Table::Run, from: Bound::Unbounded, to: Bound::Unbounded, order: Order::Ascending, limit: 9 };
    store.view(&mut |view| rows = view.scan(&all).unwrap().len()).unwrap();
    assert_eq!(rows, 1);
}
