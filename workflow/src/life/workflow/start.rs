//! Starts: from a request to a run with a number, a seed and a place in the queue.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{
    StartedRun, Version, Workflow,
    members::{self, Standing as Member},
    prepare::{self, Inherited, Prepared, Scope},
    record,
    request::StartRequest,
    resolve, trigger,
    wish::{Earlier, Wish},
};
use crate::{
    graph::{self, Dag},
    id::{AttemptKey, InstanceId, InstanceKey, RunId, RunKey, VersionId, WorkflowId},
    life::{
        Address, Initiator, Note, Row, RunSeed, Ticket, Turn, author,
        note::{ChildRefused, ChildRun},
        run::events,
        seed::{Baseline, RunBody, RunProperties, Standing, Written},
    },
    param::{Definitions, Params},
    port::{Answer, Caller, Reason, Refusal},
    restart::{self, Policy},
    status::InstanceStatus,
    strategy::{Arrival, At, Decision, Past, Target},
    tag::Tags,
    time::Timestamp,
    timeline::{Event, Level},
    user::User,
    wire::answer::{StartStatus, Started},
};

/// A wish for a run, from whomever.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) asker: Asker,
    /// Equal ids start once.
    pub(super) uuid: Arc<str>,
    pub(super) version: VersionId,
    pub(super) initiator: Initiator,
    pub(super) run_params: Option<Definitions>,
    pub(super) runtime_tags: Option<Tags>,
    /// Given by the request or inherited.
    pub(super) correlation: Option<Arc<str>>,
    /// Whether the request itself gave the correlation id.
    pub(super) requests_correlation: bool,
    /// Set for nested runs.
    pub(super) instance_step_concurrency: Option<Inherited>,
    /// Inherited by nested runs.
    pub(super) group_info: Option<i64>,
    pub(super) policy: Policy,
    pub(super) restart: Option<Arc<restart::Config>>,
    /// The instance that it is a restart of.
    pub(super) restarts: Option<InstanceKey>,
    /// What it goes on from, once that was read.
    pub(super) previous: Option<Box<Previous>>,
    pub(super) persists_failed: bool,
    pub(super) request_time: Timestamp,
    /// What is known of an earlier start with the same uuid.
    pub(super) earlier: Earlier,
}

/// What a restart goes on from.
#[derive(Debug)]
pub(super) struct Previous {
    pub(super) seed: Arc<RunSeed>,
    pub(super) baseline: Baseline,
}

/// Who asked for a run, and how to answer.
#[derive(Debug)]
pub(super) enum Asker {
    /// A caller of the API.
    Start(Ticket),
    /// A time trigger: nobody waits.
    Trigger,
    /// Signals that fired: `Signals` waits until this firing is settled.
    Firing(Arc<str>),
    /// A subworkflow step.
    Step(AttemptKey),
    /// A caller of a restart.
    Restart(Ticket, crate::life::note::RestartAnswer),
}

/// A run that was made, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Made {
    /// It is there, with this status.
    New(At, InstanceStatus),
    /// An earlier request with the same id made this one.
    Before(At),
}

impl Asker {
    pub(super) fn refuse(&self, workflow: &WorkflowId, refusal: Refusal, turn: &mut Turn<'_>) {
        match self {
            Self::Firing(execution) => trigger::settled(workflow, Arc::clone(execution), turn),
            Self::Start(ticket) | Self::Restart(ticket, _) => turn.reply(*ticket, Err(refusal)),
            Self::Trigger => {}
            Self::Step(attempt) => {
                // Timelines name what was thrown.
                let message = match refusal.reason {
                    Reason::NotFound => format!("MaestroNotFoundException: {}", refusal.message),
                    _ => refusal.message,
                };
                let result = Err(ChildRefused { message, errors: refusal.errors });
                turn.send(Address::Run(attempt.run.clone()), Note::Child { attempt: attempt.clone(), result });
            }
        }
    }
}

/// What the queue must know of runs that have ended: of the one request and the one instance that a start is about.
struct Ended {
    is_known: bool,
    latest: Option<At>,
}

impl Past for Ended {
    fn knows(&self, _uuid: &str) -> bool {
        self.is_known
    }

    fn latest_run(&self, instance: InstanceId) -> Option<RunId> {
        self.latest.filter(|latest| latest.instance == instance).map(|latest| latest.run)
    }
}

impl Workflow {
    pub(super) fn on_start(
        &mut self,
        ticket: Ticket,
        caller: &Caller,
        version: &str,
        body: &Json,
        turn: &mut Turn<'_>,
    ) {
        let start = author(caller).and_then(|user| self.requested(ticket, &user, version, body, turn));
        match start {
            Ok(start) => self.proceed(Wish::Start(Box::new(start)), turn),
            Err(refusal) => turn.reply(ticket, Err(refusal)),
        }
    }

    fn requested(
        &self,
        ticket: Ticket,
        user: &User,
        version: &str,
        body: &Json,
        turn: &mut Turn<'_>,
    ) -> Result<Start, Refusal> {
        let request = StartRequest::read(body, user)?;
        let header = self.known()?;
        let version = resolve(header, version)?;
        self.check_trigger(&request.initiator, version)?;
        // A fresh uuid was never asked for before.
        let earlier = if request.request_id.is_some() { Earlier::Unasked } else { Earlier::None };
        Ok(Start {
            asker: Asker::Start(ticket),
            uuid: request.request_id.unwrap_or_else(|| turn.ids.uuid().to_string().into()),
            version,
            initiator: request.initiator,
            run_params: request.run_params,
            runtime_tags: request.runtime_tags,
            requests_correlation: request.correlation_id.is_some(),
            correlation: request.correlation_id,
            instance_step_concurrency: None,
            group_info: None,
            policy: Policy::StartFreshNewRun,
            restart: None,
            restarts: None,
            previous: None,
            persists_failed: request.persists_failed_run,
            request_time: request.request_time.unwrap_or(turn.now),
            earlier,
        })
    }

    /// Starts by triggers need the active version, the trigger that it has, and triggers that are on.
    fn check_trigger(&self, initiator: &Initiator, version: VersionId) -> Result<(), Refusal> {
        let properties = self.properties();
        let (known, is_on) = match initiator {
            Initiator::Manual { .. } | Initiator::Parent { .. } => return Ok(()),
            Initiator::Time { trigger_uuid, .. } => {
                let known = self.versions.get(&version).and_then(|version| version.time_trigger_uuid.clone());
                (known.as_deref() == Some(&**trigger_uuid), properties.time_triggers_are_on())
            }
            Initiator::Signal { trigger_uuid, .. } => {
                let known = self.versions.get(&version).map(|version| &version.signal_trigger_uuids);
                let is_known = known.is_some_and(|uuids| uuids.iter().any(|uuid| **uuid == **trigger_uuid));
                (is_known, properties.signal_triggers_are_on())
            }
        };
        let id = &self.id;
        if self.known()?.active_version != version {
            let message = format!("Triggered workflow definition for workflow [{id}][{version}] must be active.");
            return Err(Refusal::new(Reason::BadRequest, message));
        }
        if !known {
            let message = "Invalid trigger initiator due to mismatch trigger uuid.";
            return Err(Refusal::new(Reason::Conflict, message));
        }
        if !is_on {
            let kind = initiator.kind();
            let message =
                format!("Trigger type [{kind}] is disabled for the workflow [{id}] in the workflow properties.");
            return Err(Refusal::new(Reason::UnprocessableEntity, message));
        }
        Ok(())
    }

    /// Makes the run, unless its request made one before.
    pub(super) fn start(&mut self, start: &Start, turn: &mut Turn<'_>) {
        let earlier = match start.earlier {
            Earlier::Made(at, version) => Some((at, version)),
            Earlier::None | Earlier::Unasked => self.recent.find(&start.uuid),
        };
        if let Some((at, version)) = earlier {
            return self.answer_start(start, version, Made::Before(at), turn);
        }
        let Some(version) = self.versions.get(&start.version).map(Arc::clone) else {
            return start.asker.refuse(&self.id, super::version::not_found(&self.id, start.version), turn);
        };
        match self.make(start, &version, turn) {
            Ok(made) => self.answer_start(start, version.id, made, turn),
            Err(refusal) => start.asker.refuse(&self.id, refusal, turn),
        }
    }

    fn make(&mut self, start: &Start, version: &Version, turn: &mut Turn<'_>) -> Result<Made, Refusal> {
        let (definition, tags) = match &start.previous {
            Some(previous) => (&previous.seed.body.definition, None),
            None => (&version.definition, start.runtime_tags.as_ref()),
        };
        let definition = prepare::runtime_definition(definition, tags, start.instance_step_concurrency);
        let dag = dag(start, &definition)?;
        let (prepared, failure) = match self.prepare(start, &definition, turn) {
            Ok(prepared) => (prepared, None),
            Err(refusal) if start.persists_failed => (Prepared::default(), Some(refusal)),
            Err(refusal) => return Err(refusal),
        };
        let target = start.previous.as_ref().map(|previous| &previous.seed.key);
        let arrival = Arrival {
            uuid: Arc::clone(&start.uuid),
            target: target.map_or(Target::Fresh, |key| Target::Restart(key.instance)),
            is_failed: failure.is_some(),
        };
        let past = Ended { is_known: false, latest: target.map(|key| At { instance: key.instance, run: key.run }) };
        let strategy = self.properties().run_strategy_or_default();
        let superseded = target.and_then(|key| self.queue.blocking_run(key.instance));
        let decided = self
            .queue
            .start(strategy, &arrival, &past)
            .map_err(|error| Refusal { is_retryable: true, ..Refusal::new(Reason::BadRequest, error.to_string()) })?;
        self.is_changed = true;
        if let Some(at) = superseded {
            turn.forget(members::key(&self.id, at));
        }
        self.end_replaced(&decided, turn);
        let decision = decided.decisions.first().cloned();
        let Some((at, decision)) = decision.and_then(|decision| Some((decision.at()?, decision))) else {
            // The queue knows live runs by their request id.
            let live = self.queue.run_of(&start.uuid);
            return live.map(Made::Before).ok_or_else(|| Refusal::new(Reason::InternalError, "the run is not known"));
        };
        let standing = self.place(start, at, &decision, failure, turn);
        let status = match &standing {
            Standing::Queued => InstanceStatus::Created,
            Standing::Ended { status, .. } => *status,
        };
        let seed = self.seed(start, version.id, at, definition, dag, prepared, standing, turn);
        turn.save(seed.row());
        events::ended_when_made(&seed, turn);
        let key = StartedRun::key(&self.id, &start.uuid);
        turn.save(Row::settled(key, &StartedRun { instance: at.instance, run: at.run, version: version.id }));
        self.recent.add(&start.uuid, at, version.id);
        turn.send(Address::Run(seed.key.clone()), Note::Create(Arc::new(seed)));
        self.dequeue_soon(turn);
        Ok(Made::New(at, status))
    }

    fn prepare(
        &self,
        start: &Start,
        definition: &crate::definition::Workflow,
        turn: &mut Turn<'_>,
    ) -> Result<Prepared, Refusal> {
        let properties = self.properties();
        let settings = turn.surroundings.settings();
        let scope = Scope {
            definition,
            initiator: &start.initiator,
            policy: start.policy,
            owner: properties.owner.as_ref().map(|owner| &*owner.name),
            environment: &settings.environment,
        };
        let restart = start.restart.as_ref().filter(|config| config.is_at_target());
        let params: Params = prepare::merged(
            &scope,
            start.previous.as_ref().map(|previous| &*previous.seed.params),
            start.run_params.as_ref(),
            restart.and_then(|config| config.params.as_ref()),
        )
        .map_err(|error| prepare::refusal(&error))?;
        prepare::evaluated(&scope, params, properties.alerting.as_ref(), turn)
    }

    /// Stores the run's place in the queue, and says whether it is to run at all.
    fn place(
        &mut self,
        start: &Start,
        at: At,
        decision: &Decision,
        failure: Option<Refusal>,
        turn: &mut Turn<'_>,
    ) -> Standing {
        let member = match decision {
            Decision::Queued(_) if self.queue.is_promised(at) => Some(Member::Promised),
            Decision::Queued(_) => Some(Member::Queued),
            Decision::Failed(_) => Some(Member::Failed),
            Decision::Stopped(..) | Decision::Duplicated => None,
        };
        if let Some(member) = member {
            turn.save(members::row(&self.id, at, &start.uuid, member));
        }
        match decision {
            Decision::Stopped(_, because) => {
                let timeline = vec![record::log(turn.now, &quoted(because))];
                Standing::Ended { status: InstanceStatus::Stopped, timeline }
            }
            Decision::Failed(_) => {
                let refusal = failure.unwrap_or_else(|| Refusal::new(Reason::InternalError, "the start failed"));
                let mut details = json!({
                    "timestamp": turn.now.0, "type": "DETAILS", "status": refusal.reason.as_str(),
                    "message": refusal.message,
                });
                if !refusal.errors.is_empty() {
                    details["errors"] = refusal.errors.into();
                }
                let timeline = vec![record::log(turn.now, &start.initiator.account()), details];
                Standing::Ended { status: InstanceStatus::Failed, timeline }
            }
            Decision::Queued(_) | Decision::Duplicated => Standing::Queued,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "everything that a run starts with comes together here, once")]
    fn seed(
        &self,
        start: &Start,
        version: VersionId,
        at: At,
        definition: Arc<crate::definition::Workflow>,
        dag: Arc<Dag>,
        prepared: Prepared,
        standing: Standing,
        turn: &Turn<'_>,
    ) -> RunSeed {
        let key = RunKey { workflow: self.id.clone(), instance: at.instance, run: at.run };
        let previous = start.previous.as_ref();
        let body = RunBody {
            written: Written::default(),
            definition,
            dag,
            version,
            internal_id: self.header.as_ref().map_or(0, |header| header.internal_id),
            group_info: start.group_info.unwrap_or(turn.surroundings.settings().group_count),
            correlation: previous
                .map(|previous| Arc::clone(&previous.seed.body.correlation))
                .or_else(|| start.correlation.clone())
                .unwrap_or_else(|| format!("{}:{}:{}", key.workflow, key.instance, key.run).into()),
            properties: previous.map_or_else(
                || self.run_properties(prepared.alerting.clone(), turn.now),
                |previous| previous.seed.body.properties.clone(),
            ),
        };
        RunSeed {
            key,
            uuid: Arc::clone(&start.uuid),
            body: Arc::new(body),
            policy: start.policy,
            restart: start.restart.clone(),
            initiator: start.initiator.clone(),
            run_params: start.run_params.clone().map(Arc::new),
            step_run_params: None,
            requested_correlation: start.correlation.clone().filter(|_| start.requests_correlation),
            runtime_tags: start.runtime_tags.clone(),
            params: Arc::new(prepared.params),
            timeout: prepared.timeout,
            request_time: start.request_time,
            create_time: turn.now,
            baseline: previous.map(|previous| Arc::new(previous.baseline.clone())),
            standing,
        }
    }

    fn run_properties(&self, alerting: Option<Json>, now: Timestamp) -> RunProperties {
        let properties = self.properties();
        RunProperties {
            create_time: self.snapshot.as_ref().and_then(|snapshot| snapshot.create_time).unwrap_or(now),
            owner: properties.owner.unwrap_or_else(|| User::named("unknown")),
            alerting,
            step_concurrency: properties.step_concurrency,
            tags: properties.tags,
        }
    }

    fn answer_start(&self, start: &Start, version: VersionId, made: Made, turn: &mut Turn<'_>) {
        let key = |at: At| RunKey { workflow: self.id.clone(), instance: at.instance, run: at.run };
        let event = Event::log(turn.now, Level::Info, start.initiator.account());
        match &start.asker {
            Asker::Trigger => {}
            Asker::Firing(execution) => trigger::settled(&self.id, Arc::clone(execution), turn),
            Asker::Step(attempt) => {
                let at = match made {
                    Made::New(at, _) | Made::Before(at) => at,
                };
                let child = ChildRun { run: key(at), version, uuid: Arc::clone(&start.uuid) };
                let note = Note::Child { attempt: attempt.clone(), result: Ok(child) };
                turn.send(Address::Run(attempt.run.clone()), note);
            }
            Asker::Start(ticket) => {
                let answer = answer(&self.id, start, version, made, &event, Target::Fresh);
                turn.reply(*ticket, Ok(answer));
            }
            Asker::Restart(ticket, shape) => {
                let instance = start.previous.as_ref().map(|previous| previous.seed.key.instance);
                let target = instance.map_or(Target::Fresh, Target::Restart);
                let answer = super::restart::shaped(shape, answer(&self.id, start, version, made, &event, target));
                turn.reply(*ticket, Ok(answer));
            }
        }
    }
}

/// The answer to a start or a restart; a duplicate names no run.
fn answer(
    workflow: &WorkflowId,
    start: &Start,
    version: VersionId,
    made: Made,
    event: &Event,
    target: Target,
) -> Answer {
    let (instance, run, status) = match (made, target) {
        (Made::New(at, status), _) => {
            let status = if status == InstanceStatus::Stopped { StartStatus::Stopped } else { StartStatus::Created };
            (at.instance, at.run, status)
        }
        (Made::Before(_), Target::Fresh) => (InstanceId(0), RunId(0), StartStatus::Duplicated),
        (Made::Before(_), Target::Restart(instance)) => (instance, RunId(0), StartStatus::Duplicated),
    };
    let started = Started {
        workflow_id: workflow.clone(),
        workflow_version_id: version,
        workflow_instance_id: instance,
        workflow_run_id: run,
        workflow_uuid: Arc::clone(&start.uuid),
        status,
        timeline_event: Some(event.clone()),
    };
    Answer::ok(serde_json::to_value(started).unwrap_or_default())
}

/// The DAG of the run: the whole one, or what a restart runs again.
fn dag(start: &Start, definition: &crate::definition::Workflow) -> Result<Arc<Dag>, Refusal> {
    let refuse = |error: graph::Error| Refusal::new(Reason::BadRequest, error.to_string());
    let Some(previous) = &start.previous else {
        let whole = graph::translate(&definition.id, &definition.steps, graph::Scope::Whole);
        return whole.map(Arc::new).map_err(refuse);
    };
    let step = start.restart.as_ref().and_then(|config| config.current().ok()).and_then(|node| node.step.clone());
    super::restart::dag(start.policy, step.as_ref(), &previous.baseline, definition).map(Arc::new)
}

/// A strategy's reason as timelines hold it: the text of a list with one text.
pub(super) fn quoted(because: &impl std::fmt::Display) -> String {
    Json::from(vec![because.to_string()]).to_string()
}
