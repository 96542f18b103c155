//! `kubernetes.jsonl`: commands of jobs and notebooks.

use serde_json::{Map, Value as Json, json};

use super::{Case, Failure};
use crate::runtime::{kubernetes, notebook};

/// Runs one case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    let (workflow, step) = (case.input("workflow_summary"), case.input("step_runtime_summary"));
    let (workflow_params, step_params) = (evaluated(workflow), evaluated(step));
    let text = |object: &'_ Json, name: &str| object.get(name).and_then(Json::as_str).map(str::to_owned);
    if case.function == "generate_command" {
        let params = step_params.get("kubernetes").and_then(Json::as_object);
        let uuid = text(step, "step_instance_uuid").unwrap_or_default();
        return kubernetes::command(params, &uuid).map(Json::Object).map_err(|error| refused(&error));
    }
    let properties = workflow.get("run_properties").unwrap_or(&Json::Null);
    let owner = text(properties, "owner").or_else(|| text(properties.get("owner")?, "name"));
    let timeout = ["step_definition", "step"].into_iter().find_map(|name| text(case.input(name), "timeout"));
    let context = notebook::Context {
        workflow_params: &workflow_params,
        step_params: &step_params,
        timeout: timeout.as_deref(),
        criticality: workflow.get("criticality").and_then(Json::as_str),
        attempt: step.get("step_attempt_id").and_then(Json::as_i64).unwrap_or_default(),
        owner: owner.as_deref(),
        alerting: properties.get("alerting"),
    };
    match case.function.as_str() {
        "notebook_params" => notebook::params(&context)
            .map(|params| json!(Json::Object(params).to_string()))
            .map_err(|error| refused(&error)),
        "papermill_entrypoint" => {
            let command = notebook::papermill(&context).map_err(|error| refused(&error))?;
            let notebook::Papermill { input_path, output_path, entrypoint } = command;
            Ok(json!({"inputPath": input_path, "outputPath": output_path, "entrypoint": entrypoint}))
        }
        other => Err(Failure::unknown_function(other)),
    }
}

fn evaluated(summary: &Json) -> Map<String, Json> {
    let params = summary.get("params").and_then(Json::as_object).into_iter().flatten();
    params.filter_map(|(name, param)| Some((name.clone(), param.get("evaluated_result")?.clone()))).collect()
}

fn refused(error: &kubernetes::Error) -> Failure {
    Failure { kind: "NullPointerException", text: error.to_string() }
}
