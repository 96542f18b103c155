//! Time and signal triggers of the active version.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::{
    Workflow,
    header::Clock,
    prepare::Scope,
    start::{Asker, Start},
    version::Version,
    wish::{Earlier, Wish},
};
use crate::{
    definition::SignalTrigger,
    id::{VersionId, time_trigger_request},
    life::{Address, Initiator, Note, Turn, Wake, note::Firing},
    param::{
        self, Cache, Definition, Definitions, Evaluator, Literal, Params, Type, Value, layers::unevaluated, stored,
    },
    restart::Policy,
    schedule::{self, Schedule, Watermark},
    sel,
    signal::trigger_request,
    time::{Millis, Timestamp},
};

/// Executions that one turn starts at most; the next turn takes the rest, and none is left out.
const EXECUTIONS_MAX: usize = 100;

/// The param that says for which moment a time trigger fired.
const RUN_TS: &str = "RUN_TS";

impl Workflow {
    /// Follows the triggers that are in force now.
    pub(super) fn follow_triggers(&mut self, turn: &mut Turn<'_>) {
        let active = self.active().map(Arc::clone);
        let properties = self.properties();
        let timed = active.as_ref().filter(|_| properties.time_triggers_are_on());
        let uuid = timed.and_then(|version| version.time_trigger_uuid.clone());
        let count = timed.map_or(0, |version| version.definition.time_triggers_or_none().len());
        let signals: Vec<(Arc<str>, Arc<SignalTrigger>)> =
            active.filter(|_| properties.signal_triggers_are_on()).map(|version| signals(&version)).unwrap_or_default();
        let Some(header) = &mut self.header else { return };
        let known = header.clock.as_ref().map(|clock| clock.trigger_uuid.as_str());
        // The same triggers go on from where they were.
        if known != uuid.as_deref() {
            self.is_changed = true;
            header.clock = uuid.map(|uuid| Clock { trigger_uuid: uuid.to_string(), watermarks: vec![turn.now; count] });
        }
        if header.follows_signals || !signals.is_empty() {
            self.is_changed = true;
            header.owes_subscription = true;
            header.follows_signals = !signals.is_empty();
            let workflow = self.id.clone();
            turn.send(Address::Signals, Note::FollowTriggers { workflow, triggers: signals });
        }
        self.arm(turn);
    }

    /// The triggers that `Signals` was told of are in force.
    pub(super) fn on_triggers_followed(&mut self) {
        if let Some(header) = self.header.as_mut().filter(|header| header.owes_subscription) {
            header.owes_subscription = false;
            self.is_changed = true;
        }
    }

    fn active(&self) -> Option<&Arc<Version>> {
        let header = self.header.as_ref().filter(|header| header.is_known())?;
        self.versions.get(&header.active_version)
    }

    fn watermarks(&self) -> Vec<Watermark> {
        let clock = self.header.as_ref().and_then(|header| header.clock.as_ref());
        let (Some(clock), Some(version)) = (clock, self.active()) else { return Vec::new() };
        let triggers = version.definition.time_triggers_or_none().iter();
        let watermark = |(trigger, last): (_, &Timestamp)| {
            Some(Watermark { schedule: Schedule::new(trigger, &self.id).ok()?, last: *last })
        };
        // A trigger that cannot be read was never accepted.
        triggers.zip(&clock.watermarks).map(watermark).collect::<Option<_>>().unwrap_or_default()
    }

    fn arm(&self, turn: &mut Turn<'_>) {
        if let Some(at) = schedule::earliest(&self.watermarks()) {
            turn.wake_at(at.max(turn.now), Wake::Trigger);
        }
    }

    /// Starts what time triggers planned until now, also what was missed while nobody watched.
    ///
    /// The watermarks move in the same commit that starts the runs, so an execution is started once, and never asked about.
    pub(super) fn on_clock(&mut self, turn: &mut Turn<'_>) {
        let watermarks = self.watermarks();
        let executions = schedule::planned(&watermarks, turn.now + Millis(1), EXECUTIONS_MAX);
        let Some(active) = self.active().map(Arc::clone) else { return };
        for execution in &executions {
            let trigger = active.definition.time_triggers_or_none().get(execution.trigger);
            let timezone = trigger.and_then(|trigger| trigger.timezone.clone());
            self.start_by_clock(&active, timezone, execution.at, turn);
        }
        if let Some(clock) = self.header.as_mut().and_then(|header| header.clock.as_mut())
            && !executions.is_empty()
        {
            clock.watermarks = schedule::watermarks_after(&watermarks, &executions);
            self.is_changed = true;
        }
        self.arm(turn);
    }

    fn start_by_clock(
        &mut self,
        active: &Arc<Version>,
        timezone: Option<Arc<str>>,
        at: Timestamp,
        turn: &mut Turn<'_>,
    ) {
        let Some(trigger_uuid) = active.time_trigger_uuid.clone() else { return };
        let uuid = time_trigger_request(&self.id, &trigger_uuid, at).to_string().into();
        let run_ts = Definition::literal(Type::Long, Literal::Long(at.0));
        let run_params = Definitions::from([(Arc::from(RUN_TS), Arc::new(run_ts))]);
        let initiator = Initiator::Time { trigger_uuid, trigger_time: at, timezone };
        let start = triggered(Asker::Trigger, uuid, active.id, initiator, Some(run_params), Earlier::None, turn.now);
        self.start(&start, turn);
    }

    /// Signals completed a trigger: start its run, unless the trigger is not in force any more or its condition says no.
    pub(super) fn on_firing(&mut self, firing: Firing, turn: &mut Turn<'_>) {
        match self.fired(&firing, turn) {
            Some(start) => self.proceed(Wish::Start(Box::new(start)), turn),
            None => settled(&firing.workflow, firing.execution, turn),
        }
    }

    fn fired(&self, firing: &Firing, turn: &mut Turn<'_>) -> Option<Start> {
        let active = self.active().filter(|_| self.properties().signal_triggers_are_on())?;
        let position = active.signal_trigger_uuids.iter().position(|uuid| **uuid == *firing.trigger)?;
        let trigger = active.definition.signal_triggers_or_none().get(position)?;
        let joined = joined(&firing.params);
        let signal_ids = serde_json::to_value(&firing.signals).unwrap_or_default();
        let by = |params: Params| Initiator::Signal {
            trigger_uuid: Arc::clone(&firing.trigger),
            signal_ids: signal_ids.clone(),
            params,
        };
        let owner = self.properties().owner;
        let initiator = by(joined.clone());
        let settings = turn.surroundings.settings();
        let scope = Scope {
            definition: &active.definition,
            initiator: &initiator,
            policy: Policy::StartFreshNewRun,
            owner: owner.as_ref().map(|owner| &*owner.name),
            environment: &settings.environment,
        };
        let json_max = settings.params_json_max;
        let mut evaluator = Evaluator {
            context: &scope,
            cache: Cache::shared(),
            limits: sel::Limits::DEFAULT,
            json_max,
            now: turn.now,
            ids: turn.ids,
            deadline: None,
        };
        let (own, dedup) = evaluated(trigger, &mut evaluator).ok()??;
        let mut params = own;
        params.extend(joined);
        let execution = Json::from(&*firing.execution);
        let uuid = trigger_request(dedup.as_deref(), &execution).to_string().into();
        let asker = Asker::Firing(Arc::clone(&firing.execution));
        Some(triggered(asker, uuid, active.id, by(params), None, Earlier::Unasked, turn.now))
    }
}

/// Tells `Signals` that a firing needs nothing more.
pub(super) fn settled(workflow: &crate::id::WorkflowId, execution: Arc<str>, turn: &mut Turn<'_>) {
    turn.send(Address::Signals, Note::FiringSettled { workflow: workflow.clone(), execution });
}

/// A trigger's params, and the text by which its runs are told apart.
type Fired = (Params, Option<Arc<str>>);

/// A trigger's params and the text by which its runs are told apart; `None` where its condition says no.
fn evaluated(trigger: &SignalTrigger, evaluator: &mut Evaluator<'_>) -> Result<Option<Fired>, param::Error> {
    let mut params = unevaluated(trigger.params.clone().unwrap_or_default());
    evaluator.workflow_params(&mut params)?;
    let mut expression = |name: &str, kind: Type, text: &Arc<str>| {
        let definition = Definition::expression(kind, Arc::clone(text));
        Ok::<Value, param::Error>(evaluator.at_workflow(name, &definition, &params)?.value)
    };
    if let Some(condition) = &trigger.condition
        && expression("condition", Type::Boolean, condition)? != Value::Boolean(true)
    {
        return Ok(None);
    }
    let dedup = trigger.dedup_expr.as_ref().map(|text| expression("dedup_expr", Type::String, text)).transpose()?;
    let dedup = dedup.map(|value| Arc::from(param::result::text(&value)));
    Ok(Some((params, dedup)))
}

/// The params of the signals that fired, each as `signal__param`, evaluated.
fn joined(params: &Json) -> Params {
    let mut all = IndexMap::new();
    for (signal, params) in params.as_object().into_iter().flatten() {
        for (param, json) in params.as_object().into_iter().flatten() {
            let kind = if json.is_string() { "STRING" } else { "LONG" };
            let written =
                serde_json::json!({ "type": kind, "value": json, "evaluated_result": json, "evaluated_time": 0 });
            let name = format!("{signal}__{param}");
            let read = stored::params(&serde_json::json!({ &name: written }), "params", &mut Vec::new());
            all.extend(read);
        }
    }
    all
}

fn signals(version: &Version) -> Vec<(Arc<str>, Arc<SignalTrigger>)> {
    let triggers = version.definition.signal_triggers_or_none().iter();
    let uuids = version.signal_trigger_uuids.iter();
    uuids.zip(triggers).map(|(uuid, trigger)| (Arc::from(uuid.as_str()), Arc::new(trigger.clone()))).collect()
}

fn triggered(
    asker: Asker,
    uuid: Arc<str>,
    version: VersionId,
    initiator: Initiator,
    run_params: Option<Definitions>,
    earlier: Earlier,
    now: Timestamp,
) -> Start {
    Start {
        asker,
        uuid,
        version,
        initiator,
        run_params,
        runtime_tags: None,
        correlation: None,
        requests_correlation: false,
        instance_step_concurrency: None,
        group_info: None,
        policy: Policy::StartFreshNewRun,
        restart: None,
        restarts: None,
        previous: None,
        persists_failed: true,
        request_time: now,
        earlier,
    }
}
