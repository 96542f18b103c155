//! A step that runs another workflow.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::{attempt::Nested, flow::Flow, nested::SUBWORKFLOW};
use crate::{
    definition::{Kind, StepType},
    id::{self, AttemptKey, RunKey, WorkflowId},
    life::{
        Address, Note, Turn,
        note::{self, ChildRefused, ChildRun, StartChild},
    },
    param::Value,
    restart::{Launch, Nesting, Policy},
    status::{InstanceStatus, Overview, Rollup, StepStatus},
    tag::{Namespace, Tag},
    wire::artifact::{self, Artifact},
};

/// A child run as its step follows it.
#[derive(Clone, Debug)]
pub(super) struct Subworkflow {
    /// `None` until the other workflow has answered.
    pub child: Option<ChildRun>,
    is_sync: bool,
    status: InstanceStatus,
    overview: Option<Arc<Overview>>,
    /// What a run said that may turn out to be the child: its words may come sooner than those of the workflow that made it.
    early: Option<Box<note::Progress>>,
    /// Whether the child was asked for again after a recovery: it may have said all it has to say to the run that was lost.
    is_asked_again: bool,
}

impl Subworkflow {
    pub(super) fn rollup(&self) -> Option<Arc<Rollup>> {
        let overview = self.overview.as_deref().filter(|_| self.is_sync)?;
        overview.rollup_overview.clone().map(Arc::new)
    }

    pub(super) fn awaits_child(&self) -> bool {
        self.child.is_none()
    }

    pub(super) fn is_followed(&self) -> bool {
        self.is_sync
    }

    pub(super) fn live(&self) -> Vec<RunKey> {
        let child = self.child.as_ref().filter(|_| self.is_sync && !self.status.is_terminal());
        child.map(|child| child.run.clone()).into_iter().collect()
    }

    pub(super) fn update(&mut self, progress: &note::Progress) {
        if self.child.is_none() {
            let is_late = |early: &note::Progress| early.child == progress.child && early.status.is_terminal();
            if !self.early.as_deref().is_some_and(is_late) {
                self.early = Some(Box::new(progress.clone()));
            }
        } else if self.child.as_ref().is_some_and(|child| child.run == progress.child) && !self.status.is_terminal() {
            self.status = progress.status;
            self.overview.clone_from(&progress.overview);
        }
    }

    pub(super) fn artifact(&self) -> Option<Json> {
        let ChildRun { run, version, uuid } = self.child.as_ref()?;
        let artifact = artifact::Subworkflow {
            subworkflow_id: run.workflow.clone(),
            subworkflow_version_id: *version,
            subworkflow_instance_id: run.instance,
            subworkflow_run_id: run.run,
            subworkflow_uuid: Arc::clone(uuid),
            subworkflow_overview: self.overview.clone().filter(|_| self.is_sync),
        };
        Some(Artifact::Subworkflow(artifact).to_json())
    }

    pub(super) fn own(&self) -> Json {
        json!({ "kind": SUBWORKFLOW, "is_sync": self.is_sync, "status": self.status })
    }

    pub(super) fn from_row(artifact: Option<&Json>, own: &Json) -> Self {
        let status = serde_json::from_value(own["status"].clone()).unwrap_or(InstanceStatus::Created);
        let overview = artifact.and_then(|artifact| artifact.get("subworkflow_overview"));
        let overview = overview.and_then(|json| serde_json::from_value(json.clone()).ok()).map(Arc::new);
        let (child, is_sync) = (artifact.and_then(child_of), own["is_sync"] != false);
        Self { child, is_sync, status, overview, early: None, is_asked_again: false }
    }
}

/// The child that an artifact names.
fn child_of(artifact: &Json) -> Option<ChildRun> {
    let child = artifact::Subworkflow::deserialize(artifact).ok()?;
    let run = RunKey {
        workflow: child.subworkflow_id,
        instance: child.subworkflow_instance_id,
        run: child.subworkflow_run_id,
    };
    Some(ChildRun { run, version: child.subworkflow_version_id, uuid: child.subworkflow_uuid })
}

impl Flow {
    /// Asks the other workflow for a child run.
    pub(super) fn start_subworkflow(&mut self, at: usize, turn: &mut Turn<'_>) {
        let Kind::Subworkflow { sync, .. } = self.steps[at].definition.kind else { return };
        let is_sync = sync.unwrap_or(true);
        let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return };
        attempt.nested = Nested::Subworkflow(Box::new(Subworkflow {
            child: None,
            is_sync,
            status: InstanceStatus::Created,
            overview: None,
            early: None,
            is_asked_again: false,
        }));
        self.changed(at);
        self.ask_for_child(at, turn);
    }

    fn ask_for_child(&mut self, at: usize, turn: &mut Turn<'_>) {
        match self.wish(at, turn) {
            Ok((to, wish)) => turn.send(Address::Workflow(to), Note::StartChild(Box::new(wish))),
            Err(refused) => self.refused(at, refused, turn),
        }
    }

    /// What is asked for, and of whom.
    fn wish(&self, at: usize, turn: &Turn<'_>) -> Result<(WorkflowId, StartChild), ChildRefused> {
        let refuse = |message: String| ChildRefused { message, errors: Vec::new() };
        let Some((attempt, sub)) = self.attempt(at).and_then(|attempt| match &attempt.nested {
            Nested::Subworkflow(sub) => Some((attempt, sub)),
            _ => None,
        }) else {
            return Err(refuse("the attempt is gone".to_owned()));
        };
        let Kind::Subworkflow { sync, explicit_params } = attempt.definition.kind else {
            return Err(refuse("the step is of another type".to_owned()));
        };
        let initiator = self.initiator_below(at, StepType::Subworkflow, sync, turn);
        let initiator = initiator.map_err(|error| refuse(error.to_string()))?;
        let text = |name: &str| match attempt.params.get(name).and_then(|param| param.value()) {
            Some(Value::String(text)) => Some(Arc::clone(text)),
            _ => None,
        };
        let earlier = self.earlier_artifact(at, SUBWORKFLOW);
        let earlier = earlier.as_ref().and_then(child_of);
        let launch = match &earlier {
            Some(child) => {
                self.launch_below(at, Nesting::Other, &child.run).map_err(|error| refuse(error.to_string()))?
            }
            None => Launch::of(Policy::StartFreshNewRun),
        };
        let to = match &earlier {
            Some(child) => child.run.workflow.clone(),
            None => WorkflowId::from(&*text("subworkflow_id").ok_or_else(|| refuse(NO_ID.to_owned()))?),
        };
        let mut run_params =
            if explicit_params.unwrap_or(false) { self.defined_params(at) } else { self.inherited_params(at) };
        run_params.shift_remove("subworkflow_id");
        run_params.shift_remove("subworkflow_version");
        let key = self.attempt_key(at);
        let body = &self.seed.body;
        let wish = StartChild {
            uuid: id::subworkflow_request(&key, &attempt.uuid).to_string().into(),
            attempt: key,
            is_again: sub.is_asked_again,
            version: text("subworkflow_version").as_deref().unwrap_or("active").to_owned(),
            restarts: earlier.map(|child| child.run.instance_key()),
            policy: launch.policy,
            restart: launch.config.map(Arc::new),
            initiator,
            run_params,
            runtime_tags: vec![tag("maestro_subworkflow")],
            correlation: Arc::clone(&body.correlation),
            group_info: body.group_info,
            instance_step_concurrency: body.definition.instance_step_concurrency,
        };
        Ok((to, wish))
    }

    /// The other workflow has answered.
    pub(super) fn child_answered(
        &mut self,
        key: &AttemptKey,
        result: Result<ChildRun, ChildRefused>,
        turn: &mut Turn<'_>,
    ) {
        let Some(at) = self.find(key) else { return };
        let Some(attempt) = self.steps[at].attempt.as_deref_mut().filter(|attempt| !attempt.has_ended()) else {
            return;
        };
        let Nested::Subworkflow(sub) = &mut attempt.nested else { return };
        match result {
            Err(refused) => self.refused(at, refused, turn),
            Ok(child) => {
                let (run, uuid) = (child.run.clone(), Arc::clone(&child.uuid));
                let is_news = sub.child.replace(child).is_none();
                if let Some(early) = sub.early.take() {
                    sub.update(&early);
                }
                let is_silent = sub.is_asked_again && sub.is_sync && !sub.status.is_terminal();
                let ending = attempt.ending.clone();
                if is_news {
                    attempt.timeline.info(turn.now, format!("Started a subworkflow with uuid: {uuid}"));
                }
                self.changed(at);
                if let Some(ending) = ending {
                    let note = Note::Halt { user: crate::user::User::named("MAESTRO_TASK"), reason: ending.entry };
                    turn.send(Address::Run(run), note);
                } else if is_news {
                    if is_silent {
                        turn.send(Address::Run(run), Note::Report);
                    }
                    self.step_soon(at, turn);
                }
            }
        }
    }

    /// There will be no child.
    fn refused(&mut self, at: usize, refused: ChildRefused, turn: &mut Turn<'_>) {
        let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return };
        let errors = std::iter::once(refused.message).chain(refused.errors).map(Arc::from).collect();
        let event = crate::timeline::Event::internal_error(
            turn.now,
            "Failed to start subworkflow step runtime with an error",
            errors,
        );
        attempt.timeline.add(event);
        if attempt.ending.is_some() {
            return self.end_by_force(at, turn);
        }
        self.end_as(at, StepStatus::FatallyFailed, turn);
    }

    /// Ends the step when its child has ended, or at once when it does not follow its child.
    pub(super) fn look_at_subworkflow(&mut self, at: usize, turn: &mut Turn<'_>) {
        let Some(attempt) = self.attempt(at).filter(|attempt| attempt.ending.is_none()) else { return };
        let Nested::Subworkflow(sub) = &attempt.nested else { return };
        if sub.child.is_none() {
            return;
        }
        if !sub.is_sync {
            return self.done(at, turn);
        }
        let (status, end) = match sub.status {
            InstanceStatus::Succeeded => (sub.status, None),
            InstanceStatus::Failed => (sub.status, Some((StepStatus::FatallyFailed, "FATAL_ERROR"))),
            InstanceStatus::Stopped => (sub.status, Some((StepStatus::Stopped, "STOPPED"))),
            InstanceStatus::TimedOut => (sub.status, Some((StepStatus::TimedOut, "TIMED_OUT"))),
            InstanceStatus::Created | InstanceStatus::InProgress | InstanceStatus::Paused => return,
        };
        let word = end.map_or("DONE", |(_, word)| word);
        self.log(at, turn, format!("Step is in {word} status because its subworkflow instance is in {status} status"));
        match end {
            None => self.done(at, turn),
            Some((status, _)) => self.end_as(at, status, turn),
        }
    }

    pub(super) fn recover_subworkflow(&mut self, at: usize, turn: &mut Turn<'_>) {
        let Some(attempt) = self.steps[at].attempt.as_deref_mut() else { return };
        let Nested::Subworkflow(sub) = &mut attempt.nested else { return };
        if let Some(child) = &sub.child {
            turn.send(Address::Run(child.run.clone()), Note::Report);
            self.step_soon(at, turn);
        } else {
            sub.is_asked_again = true;
            self.ask_for_child(at, turn);
        }
    }

    /// The artifact that this step left before, where what it started is restarted instead of made anew.
    pub(super) fn earlier_artifact(&self, at: usize, name: &str) -> Option<Json> {
        let attempt = self.attempt(at)?;
        if let Some(artifact) = attempt.inherited.get(name) {
            return Some(artifact.clone());
        }
        let baseline = self.seed.baseline.as_ref()?;
        baseline.steps.get(self.step_id(at))?.artifacts.get(name).cloned()
    }

    /// How a step launches a run again that it launched before.
    pub(super) fn launch_below(
        &self,
        at: usize,
        nesting: Nesting,
        nested: &RunKey,
    ) -> Result<Launch, crate::restart::Error> {
        let config = self.attempt(at).and_then(|attempt| attempt.restart.as_ref()).or(self.seed.restart.as_ref());
        match config {
            Some(config) => (**config).clone().down(self.step_id(at), nesting, nested),
            None => {
                Ok(Launch::of(if self.seed.policy.is_fresh() { Policy::DEFAULT_RESTART } else { self.seed.policy }))
            }
        }
    }
}

const NO_ID: &str = "[subworkflow_id] is a required parameter";

/// A label that the engine gives to a run.
pub(super) fn tag(name: &str) -> Tag {
    Tag { name: name.into(), namespace: None::<Namespace>, permit: None, attributes: Map::new() }
}
