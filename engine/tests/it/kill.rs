//! The real process, killed at random moments under load: nothing that was accepted is lost, nothing that is complete is done again.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
};

use engine::{
    ActorEngine, Options,
    lives::{Asked, Cycles, Lives, Route},
    store::{Sqlite, Store, sqlite},
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Map, Value as Json, json};
use tempfile::TempDir;
use tokio::task::JoinSet;
use workflow::{
    definition::StepType,
    id::{AttemptKey, InstanceId, InstanceKey, RunId, RunKey},
    life::{Around, Faithful, Settings},
    port::{Clock, Conclusion, Engine, Pending, Report, Request, StepRuntime, Work},
    status::InstanceStatus,
};

use crate::{
    script,
    workflows::{http, push, start},
};

/// Set in the process that is to be killed: the file that it works on.
const FILE: &str = "ENGINE_KILL_FILE";
/// Repeats a run of this test.
const SEED: &str = "ENGINE_KILL_SEED";
const KILLS: usize = 20;
/// Every so many processes hold permits: after a start these collect wishes for two seconds before they give any out.
const WITH_PERMITS: usize = 7;
/// Set in a process whose steps need no permits.
const NO_PERMITS: &str = "ENGINE_KILL_NO_PERMITS";
/// Callers that start runs one after the other.
const CALLERS: usize = 8;

/// Says what is executed before doing it.
struct Teller(fn(&str, &str));

impl StepRuntime for Teller {
    fn run(&self, attempt: AttemptKey, work: Work) -> Pending<'_, Report> {
        Box::pin(async move {
            (self.0)(if work.is_resumed { "resumed" } else { "executed" }, &attempt.to_string());
            // Leaves time to be killed in.
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
            let (outputs, artifacts) = (Map::new(), Map::new());
            Report { conclusion: Conclusion::Done, outputs, artifacts, timeline: Vec::new() }
        })
    }

    fn terminate(&self, _: AttemptKey, _: Work) -> Pending<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// One line to whoever listens; it is out when this returns.
fn say(what: &str, of: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "engine: {what} {of}").unwrap();
    out.flush().unwrap();
}

/// What the last process, this one, executes.
static LAST: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn open(path: PathBuf, tell: fn(&str, &str)) -> (Arc<dyn Store>, Options) {
    let store: Arc<dyn Store> = Arc::new(Sqlite::open(&sqlite::Options { path, size_max_bytes: None }).unwrap());
    let runtime: Arc<dyn StepRuntime> = Arc::new(Teller(tell));
    let runtimes = [(StepType::Http, runtime)].into();
    let settings = Settings { has_permits: std::env::var_os(NO_PERMITS).is_none(), ..Settings::production() };
    (Arc::clone(&store), Options { lives: Arc::new(Cycles), runtimes, settings, ..script::options(store) })
}

/// The process under test, when it is started as such; as a part of the suite there is nothing to do.
#[test]
fn the_process_that_is_killed() {
    let Some(file) = std::env::var_os(FILE) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let (_, options) = open(file.into(), say);
        let engine = Arc::new(ActorEngine::open(options).await.unwrap());
        let steps = json!([
            { "step": { "id": "a", "type": "NoOp", "transition": { "successors": { "b": "true", "c": "true" } } } },
            with_next(http("b"), "d"),
            with_next(http("c"), "d"),
            http("d"),
        ]);
        push(&engine, json!({ "id": "load", "steps": steps })).await;
        say("ready", "");
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            let engine = Arc::clone(&engine);
            callers.spawn(async move {
                loop {
                    let run = start(&engine, "load").await;
                    say("accepted", &run.instance.to_string());
                    engine.ended(run).await.unwrap();
                }
            });
        }
        callers.join_all().await;
    });
}

fn with_next(mut step: Json, next: &str) -> Json {
    step["step"]["transition"] = json!({ "successors": { next: "true" } });
    step
}

/// What the killed processes said.
#[derive(Default)]
struct Heard {
    accepted: BTreeSet<i64>,
    executions: BTreeMap<String, usize>,
}

impl Heard {
    fn line(&mut self, line: &str) {
        let Some((what, of)) = line.strip_prefix("engine: ").and_then(|line| line.split_once(' ')) else { return };
        match what {
            "accepted" => drop(self.accepted.insert(of.parse().unwrap())),
            "executed" => {
                let before = self.executions.insert(of.to_owned(), 1);
                assert_eq!(before, None, "{of} was started anew after it had been started");
            }
            "resumed" => *self.executions.entry(of.to_owned()).or_default() += 1,
            _ => {}
        }
    }
}

/// Starts the process and kills it after it has said so many lines.
fn run_and_kill(file: &Path, round: usize, lines: usize, heard: &mut Heard) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["kill::the_process_that_is_killed", "--exact", "--nocapture"]).env(FILE, file);
    if !round.is_multiple_of(WITH_PERMITS) {
        command.env(NO_PERMITS, "");
    }
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut count = 0;
    for line in said.by_ref() {
        heard.line(&line);
        count += usize::from(line.starts_with("engine: "));
        if count == lines {
            break;
        }
    }
    assert_eq!(count, lines, "the process ended by itself");
    child.kill().unwrap();
    said.for_each(|line| heard.line(&line));
    child.wait().unwrap();
}

/// Attempts that are durably complete.
fn complete(store: &dyn Store, accepted: &BTreeSet<i64>) -> Vec<String> {
    let around = Around::new(Settings::production(), Arc::new(Faithful), |_| false);
    let mut complete = Vec::new();
    for instance in accepted {
        let instance = InstanceKey { workflow: "load".into(), instance: InstanceId(*instance) };
        let request = Request::RunSteps { instance: instance.clone(), run: "1".to_owned() };
        let mut answer = None;
        let now = engine::clock::System.now();
        store
            .view(&mut |rows| {
                let asked = Asked { rows, surroundings: &around, now };
                answer = Some(Cycles.route(&request, asked).unwrap());
            })
            .unwrap();
        let Some(Route::Answer(Ok(answer))) = answer else { continue };
        for attempt in answer.body.as_ref().and_then(Json::as_array).into_iter().flatten() {
            if attempt["runtime_state"]["status"] == "SUCCEEDED" {
                let (step, attempt) = (attempt["step_id"].as_str().unwrap(), &attempt["step_attempt_id"]);
                complete.push(format!("load/{}/1/{step}/{attempt}", instance.instance));
            }
        }
    }
    complete
}

#[test]
fn a_killed_process_loses_nothing_and_repeats_nothing_that_is_complete() {
    let seed = std::env::var(SEED).map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    println!("{SEED}={seed} repeats this run");
    let mut random = StdRng::seed_from_u64(seed);
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("segue.db");
    let mut heard = Heard::default();
    let mut executions_when_complete = BTreeMap::new();
    for round in 0..KILLS {
        run_and_kill(&file, round, random.random_range(1..150), &mut heard);
        let (store, _) = open(file.clone(), say);
        for attempt in complete(&*store, &heard.accepted) {
            let count = heard.executions.get(&attempt).copied().unwrap_or(0);
            executions_when_complete.entry(attempt).or_insert(count);
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let tell = |what: &str, of: &str| LAST.lock().unwrap().push(format!("engine: {what} {of}"));
        let (_, options) = open(file.clone(), tell);
        let engine = ActorEngine::open(options).await.unwrap();
        for instance in &heard.accepted {
            let run = RunKey { workflow: "load".into(), instance: InstanceId(*instance), run: RunId(1) };
            let status = engine.ended(run.clone()).await;
            assert_eq!(status, Ok(InstanceStatus::Succeeded), "run {run} was accepted");
        }
    });
    LAST.lock().unwrap().iter().for_each(|line| heard.line(line));
    assert!(heard.accepted.len() > KILLS, "there was load: {} runs", heard.accepted.len());
    for (attempt, count) in executions_when_complete {
        let now = heard.executions.get(&attempt).copied().unwrap_or(0);
        assert_eq!(now, count, "{attempt} was complete and was executed again");
    }
}
