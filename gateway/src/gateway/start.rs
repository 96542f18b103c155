//! Starting a root run: decide once, write it down, call the engine, and see how it ends.

use std::{collections::HashSet, sync::PoisonError};

use serde_json::Value as Json;
use uuid::Uuid;
use workflow::{
    id::{InstanceId, RunId, RunKey, WorkflowId},
    port::{Answer, Caller, Reason, Refusal, Request},
};

use super::{Gateway, Two};
use crate::{
    flags::Subject,
    routing::{self, Root, Rules, decide},
};

/// Workflows that are remembered to be the same on both engines; beyond that, all are looked at again.
const REMEMBERED_MAX: usize = 200_000;

/// Workflows that are the same on both engines.
#[derive(Debug, Default)]
pub(super) struct OnBoth {
    workflows: HashSet<WorkflowId>,
}

impl Gateway {
    pub(super) async fn start(
        &self,
        two: &Two,
        caller: Caller,
        workflow: WorkflowId,
        version: String,
        mut body: Json,
    ) -> Result<Answer, Refusal> {
        let request = request_id(&mut body);
        let is_on_both = two.is_on_both(&caller, &workflow).await;
        let root = Root { workflow: workflow.to_string(), request };
        let initiator = body["initiator"]["type"].as_str().unwrap_or_default().to_ascii_lowercase();
        let decide = || {
            let (flags, rollout) = (two.flags(), two.rollout());
            let subject = Subject {
                workflow: &workflow,
                version: &version,
                user: caller.user.as_ref().map(|user| &*user.name),
                initiator: &initiator,
            };
            let (legacy, candidate) = (&two.policy.baseline, &two.policy.candidate);
            let rules = Rules { flags: flags.as_deref(), rollout: &rollout.state, legacy, candidate, is_on_both };
            decide(&rules, subject)
        };
        let engine = two.ledger.settle(root, two.clock.now(), decide).await.map_err(|error| unkept(&error))?;
        crate::metric::routed(&engine);
        let request = Request::Start { workflow: workflow.clone(), version, body };
        let answer = two.fleet.named(&engine).call(caller, request).await;
        match &answer {
            Ok(answer) => self.watch_end(&engine, created(&workflow, answer)),
            Err(refusal) if is_engines_fault(refusal) => self.ended(&engine, true),
            Err(_) => {}
        }
        answer
    }
}

impl Two {
    /// Whether the candidate may be chosen. Asked only while that is possible at all; who cannot be asked is not chosen.
    async fn is_on_both(&self, caller: &Caller, workflow: &WorkflowId) -> bool {
        if !self.rollout().state.routes_by().is_some_and(crate::rollout::Stage::is_live) || self.flags().is_none() {
            return false;
        }
        if self.on_both.lock().unwrap_or_else(PoisonError::into_inner).workflows.contains(workflow) {
            return true;
        }
        // Pushes wait meanwhile, so that what is remembered is not out of date already.
        let _in_order = self.pushing.lock().await;
        let is_on_both = self.fleet.is_on_both(caller, workflow).await.unwrap_or(false);
        if is_on_both {
            let mut on_both = self.on_both.lock().unwrap_or_else(PoisonError::into_inner);
            if on_both.workflows.len() >= REMEMBERED_MAX {
                on_both.workflows.clear();
            }
            on_both.workflows.insert(workflow.clone());
        }
        is_on_both
    }

    /// The workflow's definition changes: it is not known to be the same any more.
    pub(super) fn forget(&self, workflow: &WorkflowId) {
        self.on_both.lock().unwrap_or_else(PoisonError::into_inner).workflows.remove(workflow);
    }
}

/// The request id, which is given to those that have none, so that the engine and the ledger know the start by the same one.
fn request_id(body: &mut Json) -> String {
    match body.get("request_id") {
        Some(Json::String(id)) => return id.clone(),
        // Not an id: the engine will say so.
        Some(other) if !other.is_null() => return other.to_string(),
        _ => {}
    }
    let id = Uuid::new_v4().to_string();
    if let Some(fields) = body.as_object_mut() {
        fields.insert("request_id".to_owned(), id.clone().into());
    }
    id
}

/// Nothing was started: a start that is not written down could be started again elsewhere.
fn unkept(error: &routing::Error) -> Refusal {
    tracing::error!(
        error = error as &dyn std::error::Error,
        "a start was refused: its engine could not be written down"
    );
    let mut refusal =
        Refusal::new(Reason::Unavailable, "the choice of an engine could not be written down, so nothing was started");
    refusal.is_retryable = true;
    refusal
}

fn is_engines_fault(refusal: &Refusal) -> bool {
    matches!(refusal.reason, Reason::InternalError | Reason::Unavailable)
}

/// The run that a start made, if it made one.
fn created(workflow: &WorkflowId, answer: &Answer) -> Option<RunKey> {
    let body = answer.body.as_ref()?;
    (body["status"] == "CREATED").then_some(())?;
    let (instance, run) = (body["workflow_instance_id"].as_i64()?, body["workflow_run_id"].as_i64()?);
    Some(RunKey { workflow: workflow.clone(), instance: InstanceId(instance), run: RunId(run) })
}
