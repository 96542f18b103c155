//! From permits in hand to the end of the work.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{
    attempt::{Attempt, Reported},
    flow::Flow,
    http::Next,
};
use crate::{
    definition::{Kind, Parsable, StepType},
    life::{Effect, Turn, Wake, library::output_name},
    outcome::step_path,
    param::{Evaluated, Value},
    port::{Conclusion, Found, Lookup, Report, RunFacts, Work},
    retry::Class,
    status::StepStatus,
    time::{Millis, Timestamp},
    timeline::Event,
};

/// How long a sleep takes that does not say so.
const SLEEP_DEFAULT_SECS: i64 = 3;

/// The wait before the next request of an http step whose expression asks for one.
const POLL: Millis = Millis::from_secs(10);

impl Flow {
    /// Starts the work of an attempt that holds its permits.
    pub(super) fn start(&mut self, at: usize, turn: &mut Turn<'_>) {
        self.log(at, turn, "Step permits are acquired.");
        self.go(at, StepStatus::Starting, turn);
        let definition = Arc::clone(&self.steps[at].definition);
        let stands_in = turn.surroundings.stands_in(&definition);
        if stands_in {
            return self.start_outside(at, turn);
        }
        match &definition.kind {
            Kind::Typed { step_type: StepType::NoOp, .. } => {
                self.go(at, StepStatus::Running, turn);
                self.done(at, turn);
            }
            Kind::Typed { step_type: StepType::Sleep, .. } => {
                self.go(at, StepStatus::Running, turn);
                self.sleep(at, turn);
            }
            Kind::Typed { .. } => self.start_outside(at, turn),
            Kind::Subworkflow { .. } => self.start_nested(at, Flow::start_subworkflow, turn),
            Kind::Foreach { .. } => self.start_nested(at, Flow::start_foreach, turn),
            Kind::While { .. } => self.start_nested(at, Flow::start_while, turn),
            Kind::Template { .. } => {
                let failure = super::Failure::text("a template step cannot be executed");
                self.fail_internally(at, &failure, turn);
            }
        }
    }

    fn start_nested(&mut self, at: usize, start: fn(&mut Self, usize, &mut Turn<'_>), turn: &mut Turn<'_>) {
        self.go(at, StepStatus::Running, turn);
        self.publish_batch(at, turn);
        self.arm_step_timeout(at, turn);
        start(self, at, turn);
    }

    fn start_outside(&mut self, at: usize, turn: &mut Turn<'_>) {
        self.go(at, StepStatus::Running, turn);
        self.publish_batch(at, turn);
        self.arm_step_timeout(at, turn);
        self.execute(at, false, turn);
    }

    /// Hands the work to the pool.
    pub(super) fn execute(&mut self, at: usize, is_resumed: bool, turn: &mut Turn<'_>) {
        let key = self.attempt_key(at);
        let path = self.path_to(at);
        let run = self.facts_for(at);
        let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return };
        attempt.is_executing = true;
        let work = Work {
            step_type: step_type(&attempt.definition.kind),
            params: attempt.params.clone(),
            step_uuid: attempt.uuid.to_string(),
            is_resumed,
            artifacts: attempt.artifacts.clone(),
            path,
            run,
        };
        self.changed(at);
        turn.effects.push(Effect::Execute { attempt: key, work });
    }

    /// What a notebook is told of the run.
    fn facts_for(&self, at: usize) -> Option<Box<RunFacts>> {
        let step = &self.steps[at].definition;
        if step_type(&step.kind) != StepType::Notebook {
            return None;
        }
        let (seed, body) = (&self.seed, &self.seed.body);
        let timeout = step.timeout.as_ref().map(|timeout| match timeout {
            Parsable::Number(seconds) => seconds.to_string(),
            Parsable::Text(text) => text.to_string(),
        });
        Some(Box::new(RunFacts {
            params: Arc::clone(&seed.params),
            timeout,
            criticality: body.definition.criticality.map(|criticality| criticality.word().to_owned()),
            owner: body.properties.owner.name.to_string(),
            alerting: body.properties.alerting.clone(),
        }))
    }

    /// Where the step stands in the tree.
    fn path_to(&self, at: usize) -> String {
        let above = self.seed.initiator.ancestors().iter().map(|ancestor| (&ancestor.run, &ancestor.step));
        step_path(above, self.key(), self.step_id(at))
    }

    /// Sleeps, or notices that it has slept enough.
    pub(super) fn sleep(&mut self, at: usize, turn: &mut Turn<'_>) {
        let Some(end) = self.sleep_end(at) else { return };
        if turn.now >= end {
            return self.done(at, turn);
        }
        self.publish_batch(at, turn);
        self.arm_step_timeout(at, turn);
        turn.wake_at(end, Wake::Sleep(self.step_id(at).clone()));
    }

    /// When the sleep is over, if it has begun.
    pub(super) fn sleep_end(&self, at: usize) -> Option<Timestamp> {
        let attempt = self.attempt(at).filter(|attempt| attempt.is_sleeping())?;
        let seconds = match attempt.params.get("sleep_seconds").and_then(|param| param.evaluated.as_ref()) {
            Some(Evaluated { value: Value::Long(seconds), .. }) => *seconds,
            _ => SLEEP_DEFAULT_SECS,
        };
        // Only once more than its time has passed.
        Some(attempt.times.start()? + Millis(seconds.saturating_mul(1000).saturating_add(1)))
    }

    /// Takes the end of the work.
    pub(super) fn executed(&mut self, at: usize, report: Report, turn: &mut Turn<'_>) {
        let awaited = |attempt: &&Attempt| attempt.status == StepStatus::Running && attempt.is_executing;
        let Some(attempt) = self.attempt(at).filter(awaited) else { return };
        let Some(job) = published_apart(attempt, &report).filter(|_| !turn.surroundings.stands_in(&attempt.definition))
        else {
            return self.take_report(at, report, turn);
        };
        if let Some(attempt) = self.steps[at].attempt.as_deref_mut() {
            attempt.reported = Some(Box::new(Reported { report, job: job.clone() }));
            turn.effects.push(Effect::Fetch(Lookup::Output { job }));
        }
    }

    /// Goes on with the end of the work, now that it is known what the job published by a call.
    pub(super) fn output_found(&mut self, job: &str, found: &Found, turn: &mut Turn<'_>) {
        let waits = |at: &usize| {
            let reported = self.attempt(*at).and_then(|attempt| attempt.reported.as_deref());
            reported.is_some_and(|reported| reported.job == job)
        };
        let Some(at) = (0..self.steps.len()).find(waits) else { return };
        let reported = self.steps[at].attempt.as_deref_mut().and_then(|attempt| attempt.reported.take());
        let Some(Reported { mut report, .. }) = reported.map(|reported| *reported) else { return };
        if let Found::Document(document) = found {
            let part = |name: &str| document[name].as_object().cloned().unwrap_or_default();
            report.outputs.extend(part("params"));
            merge_artifacts(&mut report.artifacts, part("artifacts"));
        }
        self.take_report(at, report, turn);
    }

    fn take_report(&mut self, at: usize, report: Report, turn: &mut Turn<'_>) {
        let now = turn.now;
        let (report, next) = self.judged(at, report, turn);
        let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return };
        attempt.is_executing = false;
        for entry in report.timeline {
            // What is no event is left out: it cannot be shown.
            if let Ok(event) = Event::from_json(&entry, now) {
                attempt.timeline.add(event);
            }
        }
        let may_retry = !vetoes_retry(&report.artifacts);
        merge_artifacts(&mut attempt.artifacts, report.artifacts);
        if next == Next::AskAgain {
            self.changed(at);
            return turn.wake_at(now + POLL, Wake::Poll(self.step_id(at).clone()));
        }
        match report.conclusion {
            Conclusion::Done => self.done_with(at, &report.outputs, turn),
            Conclusion::UserError if may_retry => self.fail_of(at, Class::Error, turn),
            Conclusion::PlatformError if may_retry => self.fail_of(at, Class::Platform, turn),
            Conclusion::UserError | Conclusion::PlatformError => {
                self.log(at, turn, "Step is not retried because its output data says that it is not retryable.");
                self.end_as(at, StepStatus::FatallyFailed, turn);
            }
            Conclusion::FatalError => self.end_as(at, StepStatus::FatallyFailed, turn),
            Conclusion::Stopped => self.end_as(at, StepStatus::Stopped, turn),
            Conclusion::TimedOut => self.end_as(at, StepStatus::TimedOut, turn),
        }
    }

    /// Makes the request of an http step again, if it waits for that.
    pub(super) fn poll(&mut self, at: usize, turn: &mut Turn<'_>) {
        if self.attempt(at).is_some_and(Attempt::is_polling) {
            self.execute(at, false, turn);
        }
    }

    /// Work that publishes nothing is done.
    pub(super) fn done(&mut self, at: usize, turn: &mut Turn<'_>) {
        self.done_with(at, &Map::new(), turn);
    }

    /// Takes over what the work published, and sends the step's signals.
    fn done_with(&mut self, at: usize, outputs: &Map<String, Json>, turn: &mut Turn<'_>) {
        self.go(at, StepStatus::Finishing, turn);
        if let Err(failure) = self.merge_outputs(at, outputs) {
            return self.fail_internally(at, &failure, turn);
        }
        match self.announce(at, turn) {
            Ok(super::signals::Sent::Nothing) => self.finish_as(at, StepStatus::Succeeded, turn),
            Ok(super::signals::Sent::Awaited) => self.publish_batch(at, turn),
            Err(failure) => self.fail_internally(at, &failure, turn),
        }
    }

    /// Ends a failed attempt: tried again while its class allows it.
    pub(super) fn fail_of(&mut self, at: usize, class: Class, turn: &mut Turn<'_>) {
        let key = self.attempt_key(at);
        let Some(attempt) = self.attempt(at) else { return };
        let retries = turn.surroundings.decisions().retries(&key, !attempt.retry.is_exhausted(class));
        self.end_as(at, if retries { retried(class) } else { given_up(class) }, turn);
    }
}

/// The type whose runtime does the work.
fn step_type(kind: &Kind) -> StepType {
    match kind {
        Kind::Typed { step_type, .. } => *step_type,
        Kind::Subworkflow { .. } => StepType::Subworkflow,
        Kind::Foreach { .. } => StepType::Foreach,
        Kind::While { .. } => StepType::While,
        Kind::Template { .. } => StepType::Template,
    }
}

fn retried(class: Class) -> StepStatus {
    match class {
        Class::Error => StepStatus::UserFailed,
        Class::Platform => StepStatus::PlatformFailed,
        Class::Timeout => StepStatus::TimeoutFailed,
    }
}

fn given_up(class: Class) -> StepStatus {
    match class {
        Class::Error | Class::Platform => StepStatus::FatallyFailed,
        Class::Timeout => StepStatus::TimedOut,
    }
}

/// The name under which a job may have published output data by a call of its own, unless its report has some.
fn published_apart(attempt: &Attempt, report: &Report) -> Option<String> {
    let step_type = step_type(&attempt.definition.kind);
    let has_job = matches!(step_type, StepType::Kubernetes | StepType::Notebook | StepType::Titus);
    if !has_job || !report.outputs.is_empty() || attempt.reported.is_some() {
        return None;
    }
    let job = |artifacts: &Map<String, Json>| {
        let artifact = artifacts.get("maestro_kubernetes")?;
        artifact["job_id"].as_str().map(str::to_owned)
    };
    let job = job(&report.artifacts).or_else(|| job(&attempt.artifacts)).unwrap_or_else(|| attempt.uuid.to_string());
    let kind = if step_type == StepType::Titus { "TITUS" } else { "KUBERNETES" };
    Some(output_name(kind, &job))
}

/// Whether a job forbids that it is tried again.
fn vetoes_retry(artifacts: &Map<String, Json>) -> bool {
    artifacts.get("maestro_retry").and_then(|artifact| artifact.get("retryable")) == Some(&Json::Bool(false))
}

/// Free artifacts are merged by key, typed ones replace each other.
fn merge_artifacts(known: &mut Map<String, Json>, left: Map<String, Json>) {
    for (name, artifact) in left {
        match (known.get_mut(&name), artifact) {
            (Some(Json::Object(old)), Json::Object(new)) if !old.contains_key("type") && !new.contains_key("type") => {
                old.extend(new);
            }
            (_, artifact) => {
                known.insert(name, artifact);
            }
        }
    }
}
