//! Several engines over one store, talking over the loopback.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use engine::{
    ActorEngine, Membership, Options,
    lives::{Asked, Cycles, Lives, Route},
    store::{Memory, NodeId, Ownership, Store},
};
use serde_json::json;
use tokio::net::TcpListener;
use workflow::{
    id::RunKey,
    life::{Address, Body, Machine, Message, Rest, RowKey, Rows, Unreadable},
    port::{Engine as _, Found, InstanceAction, Lookup, Page, Request},
    status::InstanceStatus,
};

use crate::{
    script::{options, until},
    workflows::{call, chain, push, run, start},
};

/// Short, so that a death is noticed soon; the heartbeat is a sixth of it.
const LEASE: Duration = Duration::from_millis(1_200);

async fn node(name: &str, store: &Arc<Memory>) -> ActorEngine {
    node_of(name, store, Arc::new(Cycles)).await
}

async fn node_of(name: &str, store: &Arc<Memory>, lives: Arc<dyn Lives>) -> ActorEngine {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let membership = Membership { node: NodeId(name.into()), listener, address, lease: LEASE };
    let options = options(Arc::clone(store) as Arc<dyn Store>);
    let options = Options { lives, membership: Some(membership), ..options };
    ActorEngine::open(options).await.unwrap()
}

/// Waits until every group has an owner, and every one of these nodes owns some.
async fn shared(store: &Memory, nodes: &[&str]) {
    until(|| async {
        let groups = store.cluster().unwrap().groups;
        let owners: Vec<&str> = groups.iter().filter_map(|group| group.owner.as_ref()).map(|node| &*node.0).collect();
        owners.len() == groups.len()
            && nodes.iter().all(|node| owners.contains(node))
            && owners.iter().all(|owner| nodes.contains(owner))
    })
    .await;
}

/// The life cycles, and how many runs were read back.
#[derive(Default)]
struct Counted {
    loads: AtomicUsize,
}

impl Lives for Counted {
    fn load(&self, address: &Address, rows: &dyn Rows) -> Result<Box<dyn Machine>, Unreadable> {
        self.loads.fetch_add(usize::from(matches!(address, Address::Run(_))), Ordering::Relaxed);
        Cycles.load(address, rows)
    }

    fn create(&self, message: &Message) -> Option<Box<dyn Machine>> {
        Cycles.create(message)
    }

    fn address(&self, request: &Request) -> Option<Address> {
        Cycles.address(request)
    }

    fn route(&self, request: &Request, asked: Asked<'_>) -> Result<Route, Unreadable> {
        Cycles.route(request, asked)
    }

    fn find(&self, lookup: &Lookup, rows: &dyn Rows) -> Result<Found, Unreadable> {
        Cycles.find(lookup, rows)
    }

    fn rest(&self, key: &RowKey, body: &Body) -> Option<Rest> {
        Cycles.rest(key, body)
    }

    fn knows(&self, message: &Message, rest: &Rest) -> bool {
        Cycles.knows(message, rest)
    }

    fn status(&self, run: &RunKey, rows: &dyn Rows) -> Result<Option<InstanceStatus>, Unreadable> {
        Cycles.status(run, rows)
    }
}

/// How the steps of runs that have one stand.
async fn step_statuses(engine: &ActorEngine, runs: &[RunKey]) -> Vec<String> {
    let mut statuses = Vec::new();
    for key in runs {
        let steps = Request::RunSteps { instance: key.instance_key(), run: "latest".to_owned() };
        let steps = call(engine, steps).await.unwrap().body.unwrap();
        statuses.push(steps[0]["runtime_state"]["status"].as_str().unwrap_or_default().to_owned());
    }
    statuses
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_rest_keep_their_permits_and_are_not_read_when_a_node_dies() {
    const HOLDERS: usize = 6;
    let (store, counted) = (Arc::new(Memory::default()), Arc::new(Counted::default()));
    let (a, b) = (node_of("a", &store, Arc::clone(&counted) as Arc<dyn Lives>).await, node("b", &store).await);
    shared(&store, &["a", "b"]).await;
    let body = json!({ "tag": "t", "max_allowed": HOLDERS });
    call(&a, Request::AddTagPermit { body }).await.unwrap();
    let seconds = json!({ "sleep_seconds": { "type": "LONG", "value": 3600 } });
    let nap = json!({ "step": { "id": "nap", "type": "Sleep", "tags": ["t"], "params": seconds } });
    let mut runs = Vec::new();
    for n in 0..HOLDERS + 2 {
        push(&a, json!({ "id": format!("sleeper-{n}"), "steps": [nap] })).await;
    }
    for n in 0..HOLDERS {
        runs.push(start(&a, &format!("sleeper-{n}")).await);
    }
    until(|| async { a.resting() + b.resting() == HOLDERS }).await;
    drop(b);
    until(|| async { a.resting() == HOLDERS }).await;
    shared(&store, &["a"]).await;
    for n in HOLDERS..HOLDERS + 2 {
        runs.push(start(&a, &format!("sleeper-{n}")).await);
    }
    let count = |statuses: Vec<String>, wanted: &str| statuses.iter().filter(|status| *status == wanted).count();
    until(|| async { count(step_statuses(&a, &runs).await, "WAITING_FOR_PERMITS") == 2 }).await;
    assert_eq!((a.resting().min(HOLDERS), counted.loads.load(Ordering::Relaxed)), (HOLDERS, 0));
    let stop = Request::InstanceAction { instance: runs[0].instance_key(), run: None, action: InstanceAction::Stop };
    call(&a, stop).await.unwrap();
    until(|| async { count(step_statuses(&a, &runs[1..]).await, "RUNNING") == HOLDERS }).await;
    assert_eq!(count(step_statuses(&a, &runs).await, "WAITING_FOR_PERMITS"), 1);
    a.shutdown(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_node_answers_any_call_and_runs_spread_over_all() {
    let store = Arc::new(Memory::default());
    let (a, b) = (node("a", &store).await, node("b", &store).await);
    shared(&store, &["a", "b"]).await;
    push(&a, chain("chain", 4)).await;
    push(
        &b,
        json!({ "id": "parent", "steps": [{ "subworkflow": { "id": "child", "params": {
        "subworkflow_id": { "type": "STRING", "value": "chain" },
        "subworkflow_version": { "type": "STRING", "value": "latest" } } } }] }),
    )
    .await;
    for engine in [&a, &b] {
        for workflow in ["chain", "parent"] {
            let (key, status) = run(engine, workflow).await;
            assert_eq!(status, InstanceStatus::Succeeded, "{key}");
        }
    }
    let runs = Request::Instances {
        workflow: "chain".into(),
        page: Page { first: Some(10), ..Page::default() },
        is_aggregated: false,
    };
    let (of_a, of_b) = (call(&a, runs.clone()).await.unwrap(), call(&b, runs).await.unwrap());
    assert_eq!(of_a, of_b, "both read what is durable");
    a.shutdown(Duration::from_secs(10)).await;
    b.shutdown(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_node_was_doing_goes_on_at_the_others() {
    let store = Arc::new(Memory::default());
    let (a, b) = (node("a", &store).await, node("b", &store).await);
    shared(&store, &["a", "b"]).await;
    let sleep = json!({ "step": { "id": "sleep", "type": "Sleep",
        "params": { "sleep_seconds": { "type": "LONG", "value": 2 } },
        "transition": { "successors": { "last": "true" } } } });
    let last = json!({ "step": { "id": "last", "type": "NoOp" } });
    push(&a, json!({ "id": "slow", "steps": [sleep, last] })).await;
    let mut runs = Vec::new();
    for _ in 0..12 {
        runs.push(start(&a, "slow").await);
    }
    // Without a word: its groups are free only when its lease is over.
    drop(b);
    for key in runs {
        let ended = a.ended(key.clone()).await.unwrap();
        assert_eq!(ended, InstanceStatus::Succeeded, "{key}");
    }
    shared(&store, &["a"]).await;
    a.shutdown(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_comes_later_gets_its_share_and_one_that_leaves_gives_it_back_at_once() {
    let store = Arc::new(Memory::default());
    let a = node("a", &store).await;
    shared(&store, &["a"]).await;
    push(&a, chain("chain", 3)).await;
    let b = node("b", &store).await;
    shared(&store, &["a", "b"]).await;
    assert_eq!(run(&b, "chain").await.1, InstanceStatus::Succeeded);
    b.shutdown(Duration::from_secs(10)).await;
    shared(&store, &["a"]).await;
    assert_eq!(run(&a, "chain").await.1, InstanceStatus::Succeeded);
    a.shutdown(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_groups_were_taken_stops_as_a_whole() {
    let store = Arc::new(Memory::default());
    let a = node("a", &store).await;
    shared(&store, &["a"]).await;
    // As if it had been silent for longer than its lease.
    store.claim(1).unwrap();
    let why = a.failed().await;
    assert!(why.to_string().contains("another node"), "{why}");
    a.shutdown(Duration::from_secs(10)).await;
}
