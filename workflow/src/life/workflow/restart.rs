//! Restarts that have arrived at a root, and child runs that subworkflow steps want made, restarted or adopted.

use std::sync::Arc;

use super::{
    Workflow,
    prepare::Inherited,
    resolve,
    start::{Asker, Previous, Start},
    wish::{Earlier, Wish},
};
use crate::{
    definition,
    graph::{self, Dag},
    id::{InstanceKey, StepId, VersionId},
    life::{
        Initiator, Turn,
        note::{RestartAnswer, RestartWalk, StartChild},
        read::LatestRun,
        seed::Baseline,
    },
    port::{Answer, Found, Reason, Refusal},
    restart::Policy,
    time::Timestamp,
};

/// What to do where a step cannot be restarted by itself.
const NOT_A_ROOT: &str = "steps before it have to run again as well: restart the first of them, or the whole instance";

impl Workflow {
    /// Makes the next run of a root whose latest run has ended.
    pub(super) fn restart_root(&mut self, walk: RestartWalk, turn: &mut Turn<'_>) {
        let asker = Asker::Restart(walk.ticket, walk.answer);
        let instance = match walk.config.current() {
            Ok(node) => node.instance.clone(),
            Err(error) => {
                let refusal = Refusal::new(Reason::InternalError, error.to_string());
                return asker.refuse(&self.id, refusal, turn);
            }
        };
        let earlier = if walk.request_id.is_some() { Earlier::Unasked } else { Earlier::None };
        let start = Start {
            asker,
            uuid: walk.request_id.unwrap_or_else(|| turn.ids.uuid().to_string().into()),
            version: VersionId::default(),
            initiator: Initiator::Manual { user: Some(walk.user) },
            run_params: None,
            runtime_tags: None,
            correlation: None,
            requests_correlation: false,
            instance_step_concurrency: None,
            group_info: None,
            policy: walk.policy,
            restart: Some(Arc::new(walk.config)),
            restarts: Some(instance),
            previous: None,
            persists_failed: false,
            request_time: walk.request_time.unwrap_or(turn.now),
            earlier,
        };
        self.proceed(Wish::Start(Box::new(start)), turn);
    }

    /// Makes, restarts or adopts a child run.
    pub(super) fn start_child(&mut self, child: StartChild, turn: &mut Turn<'_>) {
        let asker = Asker::Step(child.attempt);
        let version = self.known().and_then(|header| resolve(header, &child.version));
        let version = match version {
            Ok(version) => version,
            Err(refusal) => return asker.refuse(&self.id, refusal, turn),
        };
        let start = Start {
            asker,
            uuid: child.uuid,
            version,
            initiator: child.initiator,
            run_params: Some(child.run_params),
            runtime_tags: Some(child.runtime_tags),
            correlation: Some(child.correlation),
            requests_correlation: false,
            instance_step_concurrency: Some(Inherited(child.instance_step_concurrency)),
            group_info: Some(child.group_info),
            policy: child.policy,
            restart: child.restart,
            restarts: child.restarts,
            previous: None,
            persists_failed: false,
            request_time: Timestamp(0),
            earlier: if child.is_again { Earlier::Unasked } else { Earlier::None },
        };
        self.proceed(Wish::Start(Box::new(start)), turn);
    }
}

impl Start {
    /// Takes what the latest run left; the restart keeps its version.
    pub(super) fn go_on_from(&mut self, found: &Found) -> Result<(), Refusal> {
        let Found::LatestRun(latest) = found else {
            let InstanceKey { workflow, instance } = match &self.restarts {
                Some(instance) => instance.clone(),
                None => return Ok(()),
            };
            let message =
                format!("workflow instance [{workflow}][{instance}][0] not found (either not created or deleted)");
            return Err(Refusal::new(Reason::NotFound, message));
        };
        let LatestRun { seed, status, baseline } = &**latest;
        if !status.is_terminal() {
            let InstanceKey { workflow, instance } = seed.key.instance_key();
            let message = format!(
                "workflow instance [{workflow}][{instance}] does not support restart action as it is in a non-terminal status [{status}]"
            );
            return Err(Refusal::new(Reason::BadRequest, message));
        }
        self.version = seed.body.version;
        self.previous = Some(Box::new(Previous { seed: Arc::clone(seed), baseline: baseline.clone() }));
        Ok(())
    }
}

/// What a restart runs again.
pub(super) fn dag(
    policy: Policy,
    step: Option<&StepId>,
    baseline: &Baseline,
    definition: &definition::Workflow,
) -> Result<Dag, Refusal> {
    let views = baseline.aggregate.step_aggregated_views.iter().map(|(id, view)| (id, view.status));
    let (workflow, steps) = (&definition.id, &definition.steps);
    let part = graph::part_to_restart(workflow, steps, policy, views, step);
    part.and_then(|part| part.map_or_else(|| graph::translate(workflow, steps, graph::Scope::Whole), Ok)).map_err(
        |error| {
            let advice = matches!(error, graph::Error::NotARoot { .. }).then(|| NOT_A_ROOT.to_owned());
            Refusal { errors: advice.into_iter().collect(), ..Refusal::new(Reason::BadRequest, error.to_string()) }
        },
    )
}

/// The answer in the shape that the caller's endpoint has.
pub(super) fn shaped(shape: &RestartAnswer, mut answer: Answer) -> Answer {
    let left_out: &[&str] = match shape {
        RestartAnswer::Instance => &[],
        RestartAnswer::Step { .. } => &["workflow_uuid"],
        RestartAnswer::Skip { .. } => &["workflow_uuid", "workflow_version_id", "status"],
    };
    if let Some(body) = answer.body.as_mut().and_then(serde_json::Value::as_object_mut) {
        body.retain(|field, _| !left_out.contains(&field.as_str()));
    }
    answer
}
