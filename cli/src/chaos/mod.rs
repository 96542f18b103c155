//! Real faults: node processes over a real database under load, killed and paused and cut off at random, and their history checked.
//!
//! The simulation of the engine (`engine/src/simulation`) tries many more faults in virtual time; here nothing is simulated.

mod callers;
mod calls;
mod database;
mod faults;
mod history;
mod load;
mod nodes;
mod report;
mod witness;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::anyhow;
use engine::Membership;
use indicatif::ProgressBar;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

pub(crate) use report::Report;

use self::{
    callers::{Started, Way},
    calls::{Call, Calls},
    database::Database,
    faults::{Injected, Restarts},
    history::{History, Judgement},
    nodes::{Cut, Lives, Node},
    witness::{Held, Violation},
};
use crate::exit::{Exit, Failure};

/// How long the last runs may take after the last fault: leases, retries and restarts, all several times over.
const REST_MAX: Duration = Duration::from_mins(2);
/// How long every node may take to be up again after the last fault.
const UP_MAX: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What to do.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) seed: u64,
    pub(crate) nodes: usize,
    pub(crate) faults: usize,
    pub(crate) runs: usize,
    /// Where logs and the database are kept while it goes on.
    pub(crate) folder: PathBuf,
}

/// What was seen while it went on.
struct Record {
    started: Vec<Started>,
    calls: Vec<Call>,
    held: Held,
    injected: Injected,
    outages: Vec<Cut>,
    took: Duration,
    rest: Duration,
    /// Runs that had not ended when they were no longer waited for.
    live: i64,
    log: String,
}

/// Makes a cluster, lets faults happen to it under load, waits until all has ended, and judges.
pub(crate) async fn run(options: &Options, bar: &ProgressBar) -> Result<Report, Failure> {
    let start = Instant::now();
    let mut database = Database::start(&options.folder.join("postgres")).await?;
    witness::install(&database.url("chaos")).await?;
    let calls = Calls::serve(start).await.map_err(|error| Failure::new(Exit::Unreachable, error))?;
    let lives = Arc::new(Mutex::new(Lives::default()));
    let nodes = Arc::new(start_nodes(options, &database, start, &lives).await?);
    let way = Way::new(Arc::clone(&nodes), options.seed)?;
    way.push(&load::definitions(calls.address)).await?;

    let plan = faults::plan(options.seed, options.nodes, options.faults);
    let (progress, due) = watch::channel(0.0);
    let url = database.url("chaos");
    let restarts = Restarts::of(database, move || start.elapsed());
    let (injected, started) = tokio::join!(
        async {
            let injected = faults::inject(&plan, &nodes, &restarts, Membership::LEASE, &progress, bar).await;
            drop(progress);
            (injected, start.elapsed())
        },
        way.start_runs(options.runs, due),
    );
    let (injected, last_fault) = injected;
    let outages;
    (database, outages) = restarts.end().await?;
    all_up(&nodes).await?;
    let live = witness::rest(&url, REST_MAX).await?;
    let took = start.elapsed();
    let (held, log) = (witness::read(&url).await?, database.log());
    drop(way);
    if let Ok(nodes) = Arc::try_unwrap(nodes) {
        for node in nodes {
            node.end().await;
        }
    }
    database.stop().await;
    let calls = calls.end();
    let rest = took.saturating_sub(last_fault);
    let record = Record { started, calls, held, injected, outages, took, rest, live, log };
    let lives = std::mem::take(&mut *lives.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(judge(options, &record, lives))
}

async fn start_nodes(
    options: &Options,
    database: &Database,
    start: Instant,
    lives: &Arc<Mutex<Lives>>,
) -> Result<Vec<Node>, Failure> {
    let program = std::env::current_exe().map_err(|error| {
        Failure::new(Exit::Defect, anyhow!("this program cannot tell which file it was started from: {error}"))
    })?;
    let mut nodes = Vec::with_capacity(options.nodes);
    for number in 0..options.nodes {
        let plan = nodes::Plan {
            program: program.clone(),
            number,
            store: database.url(&format!("node-{number}")),
            folder: options.folder.clone(),
            start,
            lives: Arc::clone(lives),
        };
        nodes.push(Node::start(plan).await?);
    }
    Ok(nodes)
}

/// Every node comes back after the last fault.
async fn all_up(nodes: &[Node]) -> Result<(), Failure> {
    let start = Instant::now();
    while !nodes.iter().all(|node| node.url().is_some()) {
        if start.elapsed() > UP_MAX {
            return Err(Failure::new(Exit::Findings, anyhow!("not every node came back after the last fault")));
        }
        sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

fn judge(options: &Options, record: &Record, lives: Lives) -> Report {
    let Record { started, calls, held, injected, outages, .. } = record;
    let history = History { started, calls, held, cuts: &lives.cuts, outages };
    let Judgement { mut violations, lost, repeated, late_calls } = history.judge();
    let mut add = |rule: &str, what: String| violations.push(Violation { rule: rule.to_owned(), what });
    if record.live > 0 {
        add("never ends", format!("{} runs went on {} s after the last fault", record.live, REST_MAX.as_secs()));
    }
    let said = narrations(&options.folder, options.nodes);
    for panic in said.lines().filter(|line| line.contains("panicked at")) {
        add("panic", panic.to_owned());
    }
    let fenced_writes = held.violations.iter().filter(|violation| violation.rule == "fenced write accepted").count();
    let stopped = |because: &[&str]| {
        let lines = said.lines().filter(|line| line.starts_with("error: the engine had to stop"));
        lines.filter(|line| because.iter().any(|words| line.contains(words))).count()
    };
    let mut by_status: BTreeMap<String, usize> = BTreeMap::new();
    for run in started {
        let instance = run.instance.or_else(|| held.requests.get(&run.request).copied());
        let key = instance.map(|instance| (run.kind.id.to_owned(), instance));
        let status = key.and_then(|key| held.runs.get(&key)).map_or("UNKNOWN", String::as_str);
        *by_status.entry(status.to_owned()).or_default() += 1;
    }
    let (wait_p50, wait_max) = report::middle_and_most(started.iter().map(|run| run.waited).collect());
    Report {
        seed: options.seed,
        nodes: options.nodes,
        took_seconds: record.took.as_secs_f64(),
        faults: *injected,
        runs: report::Runs {
            started: started.len(),
            stops_asked_for: started.iter().filter(|run| run.is_to_stop).count(),
            by_status,
            lost,
            start_wait_p50_ms: wait_p50,
            start_wait_max_ms: wait_max,
            rest_seconds: record.rest.as_secs_f64(),
        },
        steps: report::Steps {
            attempts: held.attempts.values().sum(),
            calls: calls.len(),
            resumed: calls.len() - calls.iter().map(|call| &call.attempt).collect::<BTreeSet<_>>().len(),
            completed_repeated: repeated,
            late_calls_of_paused_nodes: late_calls,
            longest_silence_ms: longest_silence(calls).as_millis(),
        },
        processes: report::Processes {
            started: lives.started,
            ended_by_themselves: lives.ends,
            fenced: stopped(&["was taken by another node", "and no longer in"]),
            silent: stopped(&["has not answered within"]),
        },
        database: report::Seen {
            groups_taken: held.taken,
            commits_refused: record.log.lines().filter(|line| line.contains("ERROR:  division by zero")).count(),
            fenced_writes_accepted: fenced_writes,
            outage_max_ms: outages
                .iter()
                .map(|cut| cut.to.saturating_sub(cut.from))
                .max()
                .unwrap_or_default()
                .as_millis(),
        },
        violations,
    }
}

/// What all processes of all nodes said.
fn narrations(folder: &Path, nodes: usize) -> String {
    let text = |number| std::fs::read(nodes::narration(folder, number)).unwrap_or_default();
    String::from_utf8_lossy(&(0..nodes).flat_map(text).collect::<Vec<u8>>()).into_owned()
}

/// The longest time between two calls that follow each other.
fn longest_silence(calls: &[Call]) -> Duration {
    calls.windows(2).map(|pair| pair[1].from.saturating_sub(pair[0].from)).max().unwrap_or_default()
}
