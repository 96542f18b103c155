//! `models.jsonl`: documents read and written again.

use serde_json::{Value as Json, json};

use super::{Case, Failure};
use crate::{
    definition::{read, read::Reading, write},
    problem::Problem,
    user::User,
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
        "User" => {
            let user: Result<User, _> = serde_json::from_value(json.clone());
            user.map_err(|error| Failure { kind: "*", text: error.to_string() })?.to_json()
        }
        other => return Err(unknown(other)),
    })
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
