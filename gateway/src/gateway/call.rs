//! From a call to the engine, or engines, that answer it.

use std::sync::Arc;

use workflow::{
    id::{InstanceId, RunKey},
    port::{Answer, Caller, Engine, EngineName, Pending, Reason, Refusal, Request},
    status::InstanceStatus,
};

use super::{Behind, Gateway, Two};
use crate::{audit::Change, fleet::HalfPushed};

/// To its callers a gateway is an engine.
impl Engine for Gateway {
    fn name(&self) -> EngineName {
        match &self.inner.behind {
            Behind::One(engine) => engine.name(),
            Behind::Two(_) => EngineName(Arc::from("gateway")),
        }
    }

    fn first_instance(&self) -> InstanceId {
        match &self.inner.behind {
            Behind::One(engine) => engine.first_instance(),
            Behind::Two(two) => {
                two.fleet.engines().map(|engine| engine.first_instance()).into_iter().min().unwrap_or(InstanceId::FIRST)
            }
        }
    }

    fn call(&self, caller: Caller, request: Request) -> Pending<'_, Result<Answer, Refusal>> {
        match &self.inner.behind {
            Behind::One(engine) => engine.call(caller, request),
            Behind::Two(two) if is_read(&request) => Box::pin(two.read(caller, request)),
            Behind::Two(_) => Box::pin(self.write(caller, request)),
        }
    }

    fn ended(&self, run: RunKey) -> Pending<'_, Result<InstanceStatus, Refusal>> {
        match &self.inner.behind {
            Behind::One(engine) => engine.ended(run),
            Behind::Two(two) => two.fleet.owner(&run.workflow, run.instance).ended(run),
        }
    }
}

impl Gateway {
    /// Does what concerns more than one engine to its end, even if the caller leaves: half of it would have to be repaired.
    async fn write(&self, caller: Caller, request: Request) -> Result<Answer, Refusal> {
        let gateway = self.clone();
        let work = async move {
            let Some(two) = gateway.two() else { return Err(defect()) };
            match request {
                Request::Start { workflow, version, body } => gateway.start(two, caller, workflow, version, body).await,
                request => two.write(caller, request).await,
            }
        };
        self.inner.tasks.spawn(work).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a call panicked");
            Err(defect())
        })
    }
}

fn defect() -> Refusal {
    Refusal::new(Reason::InternalError, "a defect of the gateway stopped this call; its log says more")
}

/// Calls that change nothing.
fn is_read(request: &Request) -> bool {
    matches!(
        request,
        Request::Validate { .. }
            | Request::ValidateYaml { .. }
            | Request::Version { .. }
            | Request::Versions { .. }
            | Request::Overview { .. }
            | Request::WorkflowTimeline { .. }
            | Request::PropertiesSnapshot { .. }
            | Request::Instances { .. }
            | Request::Instance { .. }
            | Request::Runs { .. }
            | Request::Run { .. }
            | Request::InstanceActionMap
            | Request::InlineWorkflowId { .. }
            | Request::InlinePath { .. }
            | Request::Steps { .. }
            | Request::Step { .. }
            | Request::RunSteps { .. }
            | Request::Attempt { .. }
            | Request::StepActionMap
            | Request::Breakpoints { .. }
            | Request::PausedAttempts { .. }
            | Request::TagPermit { .. }
            | Request::Signal { .. }
            | Request::JobTemplate { .. }
            | Request::FlattenedForeach { .. }
    )
}

impl Two {
    async fn read(&self, caller: Caller, request: Request) -> Result<Answer, Refusal> {
        if let Some((workflow, instance)) = request.instance() {
            return self.fleet.owner(workflow, instance).call(caller, request).await;
        }
        match request {
            Request::Overview { workflow } => self.fleet.overview(caller, workflow).await,
            Request::Instances { workflow, page, is_aggregated } => {
                self.fleet.instances(caller, workflow, page, is_aggregated).await
            }
            Request::PausedAttempts { .. } => self.fleet.lists(caller, request).await,
            Request::Validate { .. } | Request::ValidateYaml { .. } => self.fleet.validate(caller, request).await,
            Request::InlineWorkflowId { workflow: Some(ref workflow), instance: Some(ref instance), .. } => {
                let instance = InstanceId(instance.parse().unwrap_or_default());
                let owner = Arc::clone(self.fleet.owner(workflow, instance));
                owner.call(caller, request).await
            }
            // Everything else is the same on both.
            request => self.fleet.legacy().call(caller, request).await,
        }
    }

    /// Everything that changes something, but for starts.
    async fn write(&self, caller: Caller, request: Request) -> Result<Answer, Refusal> {
        if let Some((workflow, instance)) = request.instance() {
            return self.fleet.owner(workflow, instance).call(caller, request).await;
        }
        let _in_order = self.pushing.lock().await;
        match request {
            Request::Push { .. } | Request::PushYaml { .. } => self.push(caller, request).await,
            Request::DeleteWorkflow { workflow } => {
                self.forget(&workflow);
                self.fleet.delete(caller, workflow).await
            }
            Request::WorkflowAction { .. } => self.fleet.workflow_action(caller, request).await,
            Request::SendSignal { .. } => self.fleet.signal(caller, request).await,
            Request::Activate { ref workflow, .. } | Request::Deactivate { ref workflow } => {
                self.forget(workflow);
                self.fleet.everywhere(caller, request).await
            }
            request => self.fleet.everywhere(caller, request).await,
        }
    }

    async fn push(&self, caller: Caller, request: Request) -> Result<Answer, Refusal> {
        if let Request::Push { body } = &request
            && let Some(workflow) = body["workflow"]["id"].as_str()
        {
            let workflow = workflow.into();
            self.forget(&workflow);
            // What an earlier push left behind would give this version different numbers.
            if !self.fleet.is_on_both(&caller, &workflow).await? {
                self.repair(&caller, &workflow).await?;
            }
        }
        match self.fleet.push(caller, request).await {
            Ok(answer) => Ok(answer),
            Err(HalfPushed { workflow: None, refusal }) => Err(refusal),
            Err(HalfPushed { workflow: Some(workflow), refusal }) => {
                self.forget(&workflow);
                let change = Change::HalfPushed { workflow: workflow.to_string(), why: refusal.message.clone() };
                self.note(super::control::GATEWAY, change).await;
                Err(refusal)
            }
        }
    }
}
