//! What callers do to a generated run, and what its jobs come to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};
use workflow::{
    id::{InstanceId, InstanceKey, RunId, RunKey, StepId},
    port::{Act, InstanceAction, Rehearsed, Request, StandIn, StepAction},
    time::Millis,
};

use super::{
    definition::{Job, SIGNALS, STRATEGIES, TAGS, TRIGGER, Written},
    dice::Dice,
};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// When everything that still goes on after the end of the root has settled: time-outs of runs that nobody waits for included.
const SETTLED: Millis = Millis(60 * 24 * HOUR);

/// Attempts of a job that may have a result of their own.
const ATTEMPTS: i64 = 3;

/// What the jobs come to, by path and attempt; those without a result succeed at once.
pub(super) fn results(dice: &mut Dice, jobs: &[Job]) -> BTreeMap<(String, i64), StandIn> {
    let mut results = BTreeMap::new();
    // A healthy run is as good a case as one in which everything fails.
    let failing = *dice.pick(&[0, 10, 40]);
    for job in jobs {
        for path in [job.path.clone(), in_second_run(&job.path)] {
            for attempt in 1..=ATTEMPTS {
                if dice.chance(70) {
                    results.insert((path.clone(), attempt), result(dice, job, failing));
                }
            }
        }
    }
    results
}

fn result(dice: &mut Dice, job: &Job, failing: u32) -> StandIn {
    let mut result = StandIn::success();
    if dice.chance(failing) {
        let conclusions = ["USER_ERROR", "USER_ERROR", "PLATFORM_ERROR", "FATAL_ERROR", "STOPPED", "TIMED_OUT"];
        (*dice.pick(&conclusions)).clone_into(&mut result.conclusion);
    }
    // A failure takes its time: what else was about to happen has happened.
    if result.conclusion != "DONE" || dice.chance(60) {
        result.took = Millis(dice.between(1, 20) * HOUR + dice.between(0, 3) * 15 * MINUTE);
    }
    if job.publishes && dice.chance(40) {
        let value = dice.between(0, 9);
        let param = json!({ "type": "LONG", "value": value, "evaluated_result": value });
        result.outputs.insert("p".to_owned(), param);
    }
    if dice.chance(5) {
        result.artifacts.insert("maestro_retry".to_owned(), json!({ "type": "RETRY", "retryable": false }));
    }
    result
}

/// `each[2]/load` → `each[2]#2/load`.
fn in_second_run(path: &str) -> String {
    match path.rsplit_once('/') {
        Some((run, step)) => format!("{run}#2/{step}"),
        None => format!("#2/{path}"),
    }
}

/// What a script may be about: every run that the case has by itself, and how long it takes.
#[derive(Debug)]
pub(super) struct Targets {
    root: InstanceKey,
    instances: Vec<(InstanceKey, Vec<StepId>)>,
    took: Millis,
}

impl Targets {
    /// Those of a case that was played without anybody stepping in.
    pub(super) fn of(root: &str, alone: &Rehearsed) -> Self {
        let root = InstanceKey { workflow: root.into(), instance: InstanceId::FIRST };
        let instances = alone.runs.iter().filter_map(|(run, attempts)| {
            let workflow = run.get("workflow_id")?.as_str()?;
            let instance = InstanceId(run.get("workflow_instance_id")?.as_i64()?);
            let steps = attempts.iter().filter_map(|attempt| attempt.get("step_id")?.as_str().map(StepId::from));
            Some((InstanceKey { workflow: workflow.into(), instance }, steps.collect()))
        });
        Self { root, instances: instances.collect(), took: alone.took }
    }
}

/// Up to four acts while it runs, up to three restarts after its end, and a last look when all is quiet.
pub(super) fn acts(dice: &mut Dice, targets: &Targets, written: &[Written]) -> Vec<Act> {
    // An hour apart at least: what one caller did has come to rest when the next one comes.
    let moments: BTreeSet<i64> = (0..dice.count(0, 4)).map(|_| moment(dice, targets)).collect();
    let mut acts: Vec<Act> = Vec::new();
    for after in moments {
        acts.push(Act { after: Millis(after), is_after_end: false, request: request(dice, targets, written) });
    }
    let mut after = acts.last().map_or(0, |last| last.after.0).max(targets.took.0);
    for _ in 0..*dice.pick(&[0, 0, 1, 1, 2, 3]) {
        after += dice.between(1, 30) * HOUR;
        let request = if dice.chance(75) { restart(dice, targets) } else { request(dice, targets, written) };
        acts.push(Act { after: Millis(after), is_after_end: dice.chance(80), request });
    }
    acts.push(Act { after: SETTLED, is_after_end: true, request: Request::InstanceActionMap });
    acts
}

/// Within the run's time, a quarter to some hour: nothing that takes hours ends then.
fn moment(dice: &mut Dice, targets: &Targets) -> i64 {
    let hours = targets.took.0 / HOUR;
    dice.between(0, hours.min(200) + 1) * HOUR + 52 * MINUTE
}

fn request(dice: &mut Dice, targets: &Targets, written: &[Written]) -> Request {
    let step_actions = [StepAction::Stop, StepAction::Kill, StepAction::Skip, StepAction::Bypass];
    let instance_actions = [InstanceAction::Stop, InstanceAction::Kill, InstanceAction::Unblock];
    let (instance, step) = target(dice, targets);
    let workflow = instance.workflow.clone();
    match dice.between(0, 99) {
        // A blocking call may run out of its five seconds on the old stack: callers there do not block.
        0..26 => Request::StepAction { instance, step, action: *dice.pick(&step_actions), is_blocking: false },
        26..38 => Request::RestartStep { instance, step, body: restart_body(dice), is_blocking: false },
        38..48 => Request::InstanceAction { instance, run: None, action: *dice.pick(&instance_actions) },
        48..52 => Request::WorkflowAction { workflow, action: *dice.pick(&instance_actions) },
        52..60 => start(dice, written),
        60..68 => signal(dice),
        68..74 => {
            Request::AddTagPermit { body: json!({ "tag": *dice.pick(&TAGS), "max_allowed": dice.between(0, 2) }) }
        }
        74..76 => Request::DeleteTagPermit { tag: (*dice.pick(&TAGS)).to_owned() },
        76..84 => {
            let (root, step) = (targets.root.workflow.clone(), step_anywhere(dice, targets));
            Request::AddBreakpoint { body: json!({ "workflow_id": root, "step_id": step }) }
        }
        84..89 => {
            let (root, step) = (targets.root.workflow.clone(), step_anywhere(dice, targets));
            let query = [("workflowId", root.to_string()), ("stepId", step.to_string())];
            Request::DeleteBreakpoint { query: query.map(|(name, value)| (name.to_owned(), value)).to_vec() }
        }
        89..93 => {
            let run = RunKey { workflow, instance: instance.instance, run: RunId::FIRST };
            Request::ResumeAttempt { run, step, attempt: "latest".to_owned() }
        }
        93..96 => Request::UpdateProperties {
            workflow: targets.root.workflow.clone(),
            body: json!({ "run_strategy": *dice.pick(&STRATEGIES) }),
        },
        _ => Request::Restart { instance, body: restart_body(dice) },
    }
}

/// A restart of the root most of the time, of something in it otherwise.
fn restart(dice: &mut Dice, targets: &Targets) -> Request {
    let (inner, step) = target(dice, targets);
    match dice.between(0, 9) {
        0..6 => Request::Restart { instance: targets.root.clone(), body: restart_body(dice) },
        6..7 => Request::Restart { instance: inner, body: restart_body(dice) },
        _ => Request::RestartStep { instance: inner, step, body: restart_body(dice), is_blocking: false },
    }
}

fn restart_body(dice: &mut Dice) -> Json {
    let policies = ["RESTART_FROM_INCOMPLETE", "RESTART_FROM_BEGINNING", "RESTART_FROM_SPECIFIC"];
    let mut body = Map::new();
    if dice.chance(90) {
        body.insert("restart_policy".to_owned(), (*dice.pick(&policies)).into());
    }
    if dice.chance(25) {
        body.insert("run_params".to_owned(), json!({ "n": { "type": "LONG", "value": dice.between(0, 9) } }));
    }
    Json::Object(body)
}

pub(super) fn start_body(dice: &mut Dice) -> Json {
    let mut body = json!({ "initiator": { "type": "MANUAL" } });
    if dice.chance(30) {
        body["run_params"] = json!({ "n": { "type": "LONG", "value": dice.between(0, 9) } });
    }
    body
}

fn start(dice: &mut Dice, written: &[Written]) -> Request {
    let workflow = dice.pick(written).id.as_str().into();
    Request::Start { workflow, version: "active".to_owned(), body: start_body(dice) }
}

fn signal(dice: &mut Dice) -> Request {
    let name = *dice.pick(&[SIGNALS[0], SIGNALS[1], TRIGGER]);
    Request::SendSignal { body: json!({ "name": name, "params": { "k": dice.between(0, 3) } }) }
}

/// The root half of the time.
fn target(dice: &mut Dice, targets: &Targets) -> (InstanceKey, StepId) {
    let of_root = targets.instances.iter().find(|(instance, _)| *instance == targets.root);
    let any = (!targets.instances.is_empty()).then(|| dice.pick(&targets.instances));
    match if dice.chance(50) { of_root } else { any } {
        Some((instance, steps)) if !steps.is_empty() => (instance.clone(), dice.pick(steps).clone()),
        _ => (targets.root.clone(), StepId::from("s1")),
    }
}

fn step_anywhere(dice: &mut Dice, targets: &Targets) -> StepId {
    target(dice, targets).1
}
