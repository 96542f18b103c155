//! Which machine decides a request.

use serde_json::Value as Json;

use super::{number, run::Stored};
use crate::{
    id::{InstanceKey, WorkflowId, is_loop_body},
    life::{Address, Rows, workflow::yaml_outline},
    port::{InstanceAction, Reason, Refusal, Request},
};

/// The machine that decides a request which changes something.
///
/// A request about an instance goes to its latest run. What a run in the queue undergoes, its workflow decides, as it does about
/// failures that block; loop bodies have no workflow machine.
pub fn route(request: &Request, rows: &dyn Rows) -> Result<Address, Refusal> {
    match request {
        Request::Push { body } | Request::Validate { body } => Ok(Address::Workflow(pushed(body))),
        Request::PushYaml { text } | Request::ValidateYaml { text } => {
            Ok(Address::Workflow(pushed(&yaml_outline(text)?)))
        }
        Request::AddTagPermit { .. } | Request::DeleteTagPermit { .. } => Ok(Address::Permits),
        Request::SendSignal { .. } => Ok(Address::Signals),
        Request::AddJobTemplate { .. }
        | Request::AddJobTemplateYaml { .. }
        | Request::DeleteJobTemplate { .. }
        | Request::PutOutput { .. } => Ok(Address::Library),
        Request::AddBreakpoint { body } => {
            let workflow = body.get("workflow_id").and_then(Json::as_str).unwrap_or_default();
            Ok(Address::Workflow(workflow.into()))
        }
        Request::DeleteBreakpoint { query } => {
            let workflow = query.iter().find(|(name, _)| name == "workflowId").map(|(_, value)| value.as_str());
            Ok(Address::Workflow(workflow.unwrap_or_default().into()))
        }
        Request::InstanceAction { instance, run, action } => instance_action(instance, run.as_deref(), *action, rows),
        // Run 0 stands for the latest.
        Request::ResumeAttempt { run, .. } if run.run.0 == 0 => {
            Ok(Address::Run(Stored::expect(rows, &run.instance_key(), None)?.key))
        }
        Request::ResumeAttempt { run, .. } => Ok(Address::Run(run.clone())),
        Request::Restart { instance, .. }
        | Request::RestartStep { instance, .. }
        | Request::StepAction { instance, .. } => Ok(Address::Run(Stored::expect(rows, instance, None)?.key)),
        other => match other.workflow() {
            Some(workflow) => Ok(Address::Workflow(workflow.clone())),
            None => Err(Refusal::new(Reason::InternalError, "no machine decides this request")),
        },
    }
}

/// The workflow that a push is about; one without a readable id is judged by a machine that has no rows.
fn pushed(body: &Json) -> WorkflowId {
    let id = body.get("workflow").and_then(|workflow| workflow.get("id")).and_then(Json::as_str);
    id.unwrap_or_default().into()
}

fn instance_action(
    instance: &InstanceKey,
    run: Option<&str>,
    action: InstanceAction,
    rows: &dyn Rows,
) -> Result<Address, Refusal> {
    let stored = Stored::expect(rows, instance, None)?;
    if let Some(asked) = run.map(number).transpose()?.flatten().filter(|asked| *asked != stored.key.run.0) {
        let message = format!(
            "Cannot {} the workflow instance run [{asked}] as it is not the latest workflow instance run [{}]",
            word(action),
            stored.key.run
        );
        return Err(Refusal::new(Reason::BadRequest, message));
    }
    let decides_workflow = stored.is_queued() || action == InstanceAction::Unblock;
    if decides_workflow && !is_loop_body(&instance.workflow) {
        return Ok(Address::Workflow(instance.workflow.clone()));
    }
    Ok(Address::Run(stored.key))
}

fn word(action: InstanceAction) -> &'static str {
    match action {
        InstanceAction::Stop => "STOP",
        InstanceAction::Kill => "KILL",
        InstanceAction::Unblock => "UNBLOCK",
    }
}
