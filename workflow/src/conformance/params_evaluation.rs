//! The cases of `params.jsonl` that evaluate.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{
    Case, Failure,
    params::{definitions, failed, params, unknown},
    run_context::{Counting, RunContext},
};
use crate::{
    definition::{MatchParam, Operator, SignalDependency, SignalOutput},
    param::{Cache, Definition, Error, Evaluated, Evaluator, Params, StepLevel, Type, signal, size, write},
    sel,
    time::Timestamp,
};

/// Runs one case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    match case.function.as_str() {
        "eval_workflow_param" => at_workflow(case),
        "eval_workflow_params" => all_of_workflow(case),
        "eval_step_param" => at_step(case),
        "eval_step_params" => all_of_step(case),
        "eval_signal_params" => signals(case),
        "parse_attribute" => attribute(case),
        "signal_dependencies_to_params" => as_params(case, dependency),
        "signal_outputs_to_params" => as_params(case, output),
        other => Err(unknown(other)),
    }
}

/// The name that the reference's tests give to the param under test.
const NAME: &str = "bar";

/// Evaluates with the surroundings of a case.
fn evaluate<T>(
    context: &RunContext<'_>,
    run: impl FnOnce(&mut Evaluator<'_>) -> Result<T, Error>,
) -> Result<T, Failure> {
    let mut ids = Counting::default();
    let mut evaluator = Evaluator {
        context,
        cache: Cache::shared(),
        limits: sel::Limits::DEFAULT,
        json_max: size::JSON_MAX,
        now: Timestamp(1_700_000_000_000),
        ids: &mut ids,
        deadline: None,
    };
    run(&mut evaluator).map_err(|error| failed(&error))
}

fn context(case: &Case) -> Result<RunContext<'_>, Failure> {
    let mut context = RunContext::new(case.input("context"), case.input("steps"))?;
    if let Some(id) = case.input("workflow_id").as_str() {
        context.workflow_id = id;
    }
    if let Some(separator) = case.input("step_param_separator").as_str() {
        context.separator = separator;
    }
    Ok(context)
}

/// The param under test: evaluated already where it says so.
fn subject(case: &Case) -> Result<(Arc<Definition>, Option<Evaluated>), Failure> {
    let mut object = serde_json::Map::new();
    object.insert(NAME.to_owned(), case.input("param").clone());
    let read = params(&Json::Object(object))?;
    let param = read.get(NAME).ok_or_else(|| unknown("a case without a param"))?;
    Ok((Arc::clone(&param.definition), param.evaluated.clone()))
}

/// A param and the workflow around it.
struct AtWorkflow<'c> {
    definition: Arc<Definition>,
    evaluated: Option<Evaluated>,
    workflow: Params,
    context: RunContext<'c>,
}

impl<'c> AtWorkflow<'c> {
    fn of(case: &'c Case) -> Result<Self, Failure> {
        let (definition, evaluated) = subject(case)?;
        let inputs = case.input("params");
        let workflow = params(if inputs.is_null() { case.input("workflow_params") } else { inputs })?;
        let mut context = context(case)?;
        context.is_step_level = false;
        Ok(Self { definition, evaluated, workflow, context })
    }
}

fn at_workflow(case: &Case) -> Result<Json, Failure> {
    let AtWorkflow { definition, evaluated, workflow, context } = AtWorkflow::of(case)?;
    let evaluated = match evaluated {
        Some(evaluated) => evaluated,
        None => evaluate(&context, |evaluator| evaluator.at_workflow(NAME, &definition, &workflow))?,
    };
    Ok(write::value(&evaluated.value))
}

fn attribute(case: &Case) -> Result<Json, Failure> {
    let AtWorkflow { definition, workflow, context, .. } = AtWorkflow::of(case)?;
    let parsed = evaluate(&context, |evaluator| evaluator.attribute(NAME, &definition, &workflow));
    match parsed {
        Err(_) if case.input("ignore_error").as_bool() == Some(true) => Ok(Json::Null),
        parsed => parsed.map(|evaluated| write::value(&evaluated.value)),
    }
}

fn values(params: &Params) -> Json {
    let value = |param: &crate::param::Param| param.value().map_or(Json::Null, write::value);
    params.iter().map(|(name, param)| (name.to_string(), value(param))).collect()
}

fn all_of_workflow(case: &Case) -> Result<Json, Failure> {
    let mut workflow = params(case.input("params"))?;
    let mut context = context(case)?;
    context.is_step_level = false;
    evaluate(&context, |evaluator| evaluator.workflow_params(&mut workflow))?;
    Ok(values(&workflow))
}

fn step_id(case: &Case) -> &str {
    case.input("step_id").as_str().unwrap_or_default()
}

fn at_step(case: &Case) -> Result<Json, Failure> {
    let (definition, evaluated) = subject(case)?;
    if let Some(evaluated) = evaluated {
        return Ok(write::value(&evaluated.value));
    }
    let (workflow, own) = (params(case.input("workflow_params"))?, params(case.input("step_params"))?);
    let level = StepLevel { id: step_id(case), workflow: &workflow, own: &own };
    let context = context(case)?;
    let evaluated = evaluate(&context, |evaluator| evaluator.at_step(NAME, &definition, level))?;
    Ok(write::value(&evaluated.value))
}

fn all_of_step(case: &Case) -> Result<Json, Failure> {
    let (workflow, mut own) = (params(case.input("workflow_params"))?, params(case.input("step_params"))?);
    let context = context(case)?;
    evaluate(&context, |evaluator| evaluator.step_params(step_id(case), &workflow, &mut own))?;
    Ok(values(&own))
}

fn signals(case: &Case) -> Result<Json, Failure> {
    let (workflow, own) = (params(case.input("workflow_params"))?, params(case.input("step_params"))?);
    let level = StepLevel { id: step_id(case), workflow: &workflow, own: &own };
    let context = context(case)?;
    let mut results = Vec::new();
    for map in case.input("map_params").as_array().into_iter().flatten() {
        let mut object = serde_json::Map::new();
        object.insert(NAME.to_owned(), map.clone());
        for definition in definitions(&Json::Object(object))?.values() {
            let evaluated = evaluate(&context, |evaluator| evaluator.at_step(NAME, definition, level))?;
            results.push(write::value(&evaluated.value));
        }
    }
    Ok(Json::Array(results))
}

fn as_params(case: &Case, read: fn(&Json) -> Result<Definition, Failure>) -> Result<Json, Failure> {
    let entries = case.input("definition").as_array().into_iter().flatten();
    entries.map(|json| read(json).map(|definition| write::definition(&definition))).collect()
}

fn dependency(json: &Json) -> Result<Definition, Failure> {
    let mut match_params = indexmap::IndexMap::new();
    for (name, json) in json["match_params"].as_object().into_iter().flatten() {
        let mut object = serde_json::Map::new();
        object.insert(name.clone(), json["param"].clone());
        for (name, param) in definitions(&Json::Object(object))? {
            // The operator is no part of the params.
            match_params.insert(name, MatchParam { param, operator: Operator::Equals });
        }
    }
    let name = json["name"].as_str().unwrap_or_default().into();
    Ok(signal::dependency(&SignalDependency { name, match_params: Some(match_params) }))
}

fn output(json: &Json) -> Result<Definition, Failure> {
    let name = json["name"].as_str().unwrap_or_default().into();
    let (params, payload) = (definitions(&json["params"])?, definitions(&json["payload"])?);
    let output = signal::output(&SignalOutput { name, params: Some(params), payload: Some(payload) });
    debug_assert_eq!(output.kind, Type::Map, "an output is a map of its params");
    Ok(output)
}
