//! `params.jsonl`: params merged in layers and evaluated.

use serde_json::Value as Json;

use super::{Case, Failure, params_evaluation};
use crate::{
    definition::StepType,
    param::{
        Authority, Definitions, Error, Layer, Mode, Params, Source, cleanup, defaults,
        layers::{self, Origin, Overrides, StepLayers},
        merge, output, read, stored, write,
    },
    problem::Problem,
};

/// Runs one case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    match case.function.as_str() {
        "merge" => merged(case),
        "cleanup" => written(cleanup(&definitions(case.input("params"))?)),
        "merge_output_params" => merged_output(case),
        "default_params" => bundled(case),
        "static_workflow_params" => {
            let defined = optional(&case.input("definition")["params"])?;
            written(layers::workflow_static(&workflow_defaults(case)?, defined.as_ref()))
        }
        "merged_workflow_params" => merged_workflow(case),
        "static_step_params" => written(Step::of(case)?.layers().merged_static()),
        "merged_step_params" => merged_step(case),
        _ => params_evaluation::run(case),
    }
}

/// A failure of merging or evaluating, with the texts of its causes.
pub(super) fn failed(error: &Error) -> Failure {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    Failure { kind: error.kind(), text }
}

/// An input that could not be read.
pub(super) fn unreadable(problems: &[Problem]) -> Failure {
    let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
    Failure { kind: "IllegalArgumentException", text: lines.join("; ") }
}

pub(super) fn unknown(what: &str) -> Failure {
    Failure { kind: "unknown", text: format!("no such operation: {what}") }
}

/// Definitions of which some may lack values.
pub(super) fn definitions(json: &Json) -> Result<Definitions, Failure> {
    let mut problems = Vec::new();
    let read = read::partial_definitions(json, "params", &mut problems);
    if problems.is_empty() { Ok(read) } else { Err(unreadable(&problems)) }
}

fn optional(json: &Json) -> Result<Option<Definitions>, Failure> {
    if json.is_null() { Ok(None) } else { definitions(json).map(Some) }
}

/// Params of a run.
pub(super) fn params(json: &Json) -> Result<Params, Failure> {
    let mut problems = Vec::new();
    let read = stored::params(json, "params", &mut problems);
    if problems.is_empty() { Ok(read) } else { Err(unreadable(&problems)) }
}

fn written(definitions: Result<Definitions, Error>) -> Result<Json, Failure> {
    definitions.map(|definitions| write::definitions(&definitions)).map_err(|error| failed(&error))
}

fn merged(case: &Case) -> Result<Json, Failure> {
    let context = case.input("merge_context");
    let word = |field: &str| context[field].as_str().unwrap_or_default();
    let is = |field: &str| context[field].as_bool().unwrap_or_default();
    let authority = match (is("system"), is("upstream")) {
        (true, _) => Authority::System,
        (_, true) => Authority::Upstream,
        _ => Authority::User,
    };
    let source = Source::from_word(word("source")).ok_or_else(|| unknown("merge without a source"))?;
    debug_assert_eq!(Mode::from_word(word("parent_mode")), None, "only nested entries have a parent");
    let mut params = definitions(case.input("params"))?;
    let layer = Layer { source, authority, is_restart: is("restart") };
    written(merge(&mut params, &definitions(case.input("to_merge"))?, layer).map(|()| params))
}

fn merged_output(case: &Case) -> Result<Json, Failure> {
    let mut known = params(case.input("params"))?;
    let published = params(case.input("to_merge"))?;
    output::merge_output(&mut known, &published).map_err(|error| failed(&error))?;
    Ok(write::params(&known))
}

fn bundled(case: &Case) -> Result<Json, Failure> {
    let definitions = match case.input("kind").as_str() {
        Some("workflow") => Some(defaults::workflow()),
        Some("step") => Some(defaults::step()),
        Some("dry_run") => Some(defaults::dry_run()),
        Some("step_type") => defaults::of_type(step_type(case.input("step_type"))?),
        _ => return Err(unknown("defaults of another kind")),
    };
    Ok(definitions.map_or(Json::Null, write::definitions))
}

fn step_type(json: &Json) -> Result<StepType, Failure> {
    let known = [
        ("NOOP", StepType::NoOp),
        ("SLEEP", StepType::Sleep),
        ("HTTP", StepType::Http),
        ("KUBERNETES", StepType::Kubernetes),
        ("NOTEBOOK", StepType::Notebook),
        ("TITUS", StepType::Titus),
        ("JOIN", StepType::Join),
        ("FOREACH", StepType::Foreach),
        ("WHILE", StepType::While),
        ("SUBWORKFLOW", StepType::Subworkflow),
        ("TEMPLATE", StepType::Template),
    ];
    let word = json.as_str().unwrap_or_default();
    let found = known.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
    found.map(|(_, step_type)| step_type).ok_or_else(|| unknown(word))
}

/// Who started a run, and whether it is a restart.
fn origin(initiator: &Json, policy: &Json) -> Origin {
    let kind = initiator["type"].as_str().and_then(Source::from_word);
    let parents = [Source::Subworkflow, Source::Foreach, Source::While, Source::Template];
    let is_restart = policy.as_str().is_some_and(|policy| policy.starts_with("RESTART"));
    Origin { parent: kind.filter(|kind| parents.contains(kind)), is_restart }
}

/// The params of a restart, where the restart names this very run.
fn restart_params<'a>(config: &'a Json, field: &str) -> &'a Json {
    let path = config["restart_path"].as_array();
    if path.is_some_and(|path| path.len() == 1) { &config[field] } else { &Json::Null }
}

fn merged_workflow(case: &Case) -> Result<Json, Failure> {
    let (instance, request) = (case.input("instance"), case.input("run_request"));
    let origin = origin(&request["initiator"], &request["current_policy"]);
    let run = optional(&request["run_params"])?;
    let restart = optional(restart_params(&request["restart_config"], "restart_params"))?;
    if origin.is_restart {
        let previous = params(&instance["params"])?;
        return written(layers::workflow_restarted(&previous, run.as_ref(), restart.as_ref(), origin));
    }
    let defined = optional(&instance["runtime_workflow"]["params"])?;
    written(layers::workflow_first(&workflow_defaults(case)?, defined.as_ref(), run.as_ref(), origin))
}

fn workflow_defaults(case: &Case) -> Result<Definitions, Failure> {
    let defaults = definitions(case.input("default_workflow_params"))?;
    layers::bundled([&defaults]).map_err(|error| failed(&error))
}

/// The layers of a step case.
struct Step {
    bundled: Definitions,
    injected: Option<Definitions>,
    defined: Option<Definitions>,
}

impl Step {
    fn of(case: &Case) -> Result<Self, Failure> {
        let step = case.input("step");
        let body = if step.get("step").is_some() { &step["step"] } else { step };
        let defaults = definitions(case.input("default_step_params"))?;
        let of_type = optional(case.input("default_type_params"))?;
        let bundled = layers::bundled([&defaults].into_iter().chain(&of_type));
        Ok(Self {
            bundled: bundled.map_err(|error| failed(&error))?,
            injected: optional(case.input("injected_params"))?,
            defined: optional(&body["params"])?,
        })
    }

    fn layers(&self) -> StepLayers<'_> {
        StepLayers { bundled: &self.bundled, injected: self.injected.as_ref(), defined: self.defined.as_ref() }
    }
}

fn merged_step(case: &Case) -> Result<Json, Failure> {
    let (workflow, attempt) = (case.input("workflow_summary"), case.input("step_runtime_summary"));
    let id = attempt["step_id"].as_str().unwrap_or_default();
    let own = &attempt["step_run_params"];
    let run = optional(if own.is_null() { &workflow["step_run_params"][id] } else { own })?;
    let config = &attempt["restart_config"];
    let restart =
        restart_params(if config.is_null() { &workflow["restart_config"] } else { config }, "step_restart_params");
    let restart = optional(&restart[id])?;
    let overrides = Overrides { run: run.as_ref(), restart: restart.as_ref(), is_attempt_restarted: !config.is_null() };
    let merged = Step::of(case)?.layers().merged(&overrides, origin(&workflow["initiator"], &workflow["run_policy"]));
    written(merged)
}
