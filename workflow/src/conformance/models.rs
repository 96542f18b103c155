//! `models.jsonl`: documents read and written again.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value as Json, json};

use super::{Case, Failure};
use crate::{
    definition::{read, read::Reading, target_time::TargetTime, version::Extras, write},
    iteration,
    life::Initiator,
    param,
    problem::Problem,
    restart, status,
    timeline::{self, Timeline},
    user::User,
    wire::{self, answer, artifact::Artifact, change::WorkflowChange, request, signal, step, summary},
};

/// Runs a case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    match case.function.as_str() {
        "roundtrip" => round_trip(case),
        "run_strategy_concurrency" => {
            let strategy = accepted(read::run_strategy(case.input("run_strategy")))?;
            Ok(Json::from(strategy.workflow_concurrency))
        }
        "workflow_name_or_default" => {
            let workflow = read::workflow(case.input("workflow")).value;
            Ok(workflow.map(|workflow| Json::from(workflow.name_or_id())).unwrap_or_default())
        }
        "extract_properties" => {
            let snapshot = accepted(read::snapshot(case.input("snapshot")))?;
            Ok(write::properties(&snapshot.properties))
        }
        "merge_properties" => {
            let change = accepted(read::properties(case.input("change")))?;
            let before = match case.input("prev") {
                Json::Null => crate::definition::Properties::default(),
                before => accepted(read::properties(before))?,
            };
            Ok(write::properties(&change.pushed_over(&before)))
        }
        "initiator_timeline_message" => Ok(Json::from(document::<Initiator>(case.input("initiator"))?.account())),
        "initiator_non_inline_parent_workflow_id" => {
            let initiator: Initiator = document(case.input("initiator"))?;
            Ok(Json::from(initiator.written_parent().map(crate::id::WorkflowId::as_str)))
        }
        "tct_completed_by_param" => {
            let target: TargetTime = document(case.input("tct"))?;
            let moment = target.completed_by();
            let moment = moment.map_err(|error| Failure { kind: "MaestroInternalError", text: error.to_string() })?;
            Ok(param::write::definition(&moment))
        }
        other => Err(unknown(other)),
    }
}

fn unknown(what: &str) -> Failure {
    Failure { kind: "unknown", text: format!("this version does not know `{what}`") }
}

/// Reads, writes, reads and writes again: both texts must be the same.
fn round_trip(case: &Case) -> Result<Json, Failure> {
    let model = case.input("model").as_str().unwrap_or_default();
    let once = rewritten(model, case.input("json"))?;
    let twice = rewritten(model, &once)?;
    if once == twice {
        Ok(once)
    } else {
        Err(Failure { kind: "unstable", text: format!("{once} is written again as {twice}") })
    }
}

fn rewritten(model: &str, json: &Json) -> Result<Json, Failure> {
    Ok(match model {
        "WorkflowCreateRequest" => write::create_request(&accepted(read::create_request(json))?),
        "WorkflowDefinition" => write::version(&accepted(read::version(json))?),
        "Step" => write::step(&accepted(read::step(json))?),
        "RetryPolicy" => write::retry_policy(&accepted(read::retry_policy(json))?),
        "TimeTrigger" => write::time_trigger(&accepted(read::time_trigger(json))?),
        "SignalTrigger" => write::signal_trigger(&accepted(read::signal_trigger(json))?),
        "SignalDependenciesDefinition" => write::signal_dependencies(&accepted(read::signal_dependencies(json))?),
        "GitInfo" => accepted(read::git_info(json))?,
        "Metadata" => accepted(read::metadata(json))?.to_json(),
        "DefaultAlerting" => accepted(read::alerting(json))?,
        "PropertiesSnapshot" => write::snapshot(&accepted(read::snapshot(json))?),
        "WorkflowPropertiesUpdateResponse" => {
            let snapshot = json.get("properties_snapshot").unwrap_or(&Json::Null);
            json!({"properties_snapshot": write::snapshot(&accepted(read::snapshot(snapshot))?)})
        }
        "JobTemplateCreateRequest" => write::stored_template(&accepted(read::stored_template(json))?),
        _ => return life_cycle(model, json),
    })
}

/// Documents of what runs, which are derived from their types.
fn life_cycle(model: &str, json: &Json) -> Result<Json, Failure> {
    match model {
        "User" => again::<User>(json),
        "Initiator" => again::<Initiator>(json),
        "Timeline" => again::<Timeline>(json),
        "TimelineEvent" => again::<timeline::Event>(json),
        "RestartConfig" => again::<restart::Config>(json),
        "ForeachStepOverview" => again::<iteration::Overview>(json),
        "WorkflowRuntimeOverview" => again::<status::Overview>(json),
        "WorkflowRollupOverview" => again::<status::Rollup>(json),
        "WorkflowInstanceAggregatedInfo" => again::<status::Aggregate>(json),
        "WorkflowDefinitionExtras" => again::<Extras>(json),
        "WorkflowRuntimeSummary" => again::<summary::RuntimeSummary>(json),
        "WorkflowSummary" => again::<summary::WorkflowSummary>(json),
        "WorkflowTimeline" => again::<summary::WorkflowTimeline>(json),
        "JobTemplate" => again::<wire::template::JobTemplate>(json),
        "SignalInstance" => again::<signal::SignalInstance>(json),
        "SignalDependencies" => again::<signal::Dependencies>(json),
        "SignalOutputs" => again::<signal::Outputs>(json),
        "StepInstance" => again::<step::StepInstance>(json),
        "StepRuntimeState" => again::<step::RuntimeState>(json),
        "StepAttemptState" => again::<step::AttemptState>(json),
        "StepAction" => again::<step::PendingAction>(json),
        "PausedStepAttempt" => again::<step::PausedAttempt>(json),
        "WorkflowStartRequest" => again::<request::Start>(json),
        "StepInstanceRestartRequest" => again::<request::RestartStep>(json),
        "StepBreakpointCreateRequest" => again::<request::AddBreakpoint>(json),
        "StepOutputDataRequest" => again::<request::StepOutput>(json),
        "TagPermit" | "TagPermitRequest" => again::<request::TagPermit>(json),
        "WorkflowStartResponse" => again::<answer::Started>(json),
        "WorkflowInstanceActionResponse" => again::<answer::InstanceAction>(json),
        "StepInstanceActionResponse" => again::<answer::StepAction>(json),
        _ if model.starts_with("Workflow") && model.ends_with("ChangeEvent") => again::<WorkflowChange>(json),
        _ if model.ends_with("Artifact") => artifact(json),
        other => Err(unknown(other)),
    }
}

fn document<T: DeserializeOwned>(json: &Json) -> Result<T, Failure> {
    T::deserialize(json).map_err(|error| Failure { kind: "*", text: error.to_string() })
}

fn again<T: DeserializeOwned + Serialize>(json: &Json) -> Result<Json, Failure> {
    let read: T = document(json)?;
    serde_json::to_value(read).map_err(|error| Failure { kind: "*", text: error.to_string() })
}

/// An artifact that is named by its type must not be taken for a free one.
fn artifact(json: &Json) -> Result<Json, Failure> {
    let read: Artifact = document(json)?;
    match read {
        Artifact::Other(_) if json.get("type").is_some() => Err(unknown(&json["type"].to_string())),
        known => Ok(known.to_json()),
    }
}

/// The value, or the first problem with the reference's name for its kind.
fn accepted<T>(reading: Reading<T>) -> Result<T, Failure> {
    reading.accepted().map_err(|problems| {
        let kind = problems.first().map_or("*", |problem| kind(problem));
        let text = problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n");
        Failure { kind, text }
    })
}

fn kind(problem: &Problem) -> &'static str {
    use crate::problem::code;
    match problem.code {
        code::UNKNOWN_FIELD => "UnrecognizedPropertyException",
        code::RUN_STRATEGY => "MaestroInternalError",
        _ => "MaestroValidationException",
    }
}
