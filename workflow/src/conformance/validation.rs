//! `validation.jsonl`: one constraint on one value, and the messages of what violates it.

use serde_json::{Value as Json, json};

use super::{Case, Failure};
use crate::{
    definition::{
        Parsable, TimeTrigger, TimeTriggerKind, read,
        read::Reading,
        rules::{self, Limits, Rules},
    },
    param,
    problem::{Path, Problem, Stage},
    time::Timestamp,
};

/// Triggers are asked when they fire next after this; any moment will do.
const NOW: Timestamp = Timestamp(1_750_000_000_000);

/// Runs a case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    let mut limits = Limits::standard();
    let limit = |name: &str| case.input(name).as_u64().and_then(|limit| usize::try_from(limit).ok());
    limits.id_max = limit("id_length_limit").unwrap_or(limits.id_max);
    limits.name_max = limit("name_length_limit").unwrap_or(limits.name_max);
    let mut rules = Rules::new(&limits, NOW);
    let mut found = Vec::new();
    let constraints = case.input("constraint").as_array().cloned().unwrap_or_default();
    for constraint in constraints.iter().filter_map(Json::as_str) {
        found.extend(check(constraint, case.input("value"), &mut rules)?);
    }
    found.extend(rules.into_problems());
    found.retain(|problem| problem.stage() != Stage::Warning);
    let texts: Vec<Json> = found.iter().map(|problem| Json::from(problem.message.as_str())).collect();
    Ok(Json::Array(texts))
}

/// Applies one constraint; problems that reading found are given back, others are noted.
fn check(constraint: &str, value: &Json, rules: &mut Rules<'_>) -> Result<Vec<Problem>, Failure> {
    let root = &Path::Root;
    let text = value.as_str().unwrap_or_default();
    match constraint {
        "maestro_id" => rules::workflow_id(rules, root, text),
        "maestro_reference_id" => rules::reference_id(rules, root, text),
        "maestro_name" => rules::name(rules, root, text),
        "maestro_name_size" => rules::name_length(rules, root, text),
        "timeout" => rules::timeout(rules, root, &parsable(value)),
        "json_size" => {
            return with(read::create_request(value), |request| rules::size(&request, root).into_iter().collect());
        }
        "cron" => rules::time_trigger(rules, root, &cron(text, None), "workflow"),
        "time_zone" => rules::time_trigger(rules, root, &cron("0 * * * *", Some(text)), "workflow"),
        "time_trigger" => {
            return with(read::time_trigger(value), |trigger| {
                noted(|| rules::time_trigger(rules, root, &trigger, "workflow"))
            });
        }
        "signal_trigger" => {
            for trigger in value.as_array().into_iter().flatten() {
                with(read::signal_trigger(trigger), |trigger| noted(|| rules::signal_trigger(rules, root, &trigger)))?;
            }
        }
        "signal_dependencies_definition" => {
            let value = if value.is_null() { &json!([]) } else { value };
            let reading = read::signal_dependencies(value);
            return Ok(kept(reading, |dependencies| rules::signal_dependencies(rules, root, &dependencies)));
        }
        "signal_outputs_definition" => {
            let value = if value.is_null() { &json!([]) } else { value };
            let reading = read::signal_outputs(value);
            return Ok(kept(reading, |outputs| rules::signal_outputs(rules, root, &outputs)));
        }
        "retry_policy" => {
            // A negative number is refused when it is read; the constraint has its own text for it.
            let reading = read::retry_policy(value);
            kept(reading, |policy| rules::retry_policy(rules, root, &policy));
        }
        "properties" if value.is_null() => {}
        "properties" => {
            return with(read::properties(value), |properties| noted(|| rules::properties(rules, root, &properties)));
        }
        "metadata" => rules::metadata(rules, root, read::metadata(value).value.as_ref()),
        "workflow" => {
            let reading = read::workflow(value);
            let missing = reading.value.is_none();
            let found = kept(reading, |workflow| rules::structure(rules, root, &workflow));
            return Ok(found.into_iter().filter(|_| missing).collect());
        }
        "run_params" => {
            let mut problems = Vec::new();
            let params = param::read::definitions(value, "", &mut problems);
            let violations = param::reserved::violations(&params);
            problems
                .extend(violations.into_iter().map(|text| Problem::new(crate::problem::code::RUN_PARAMS, "", text)));
            return Ok(problems);
        }
        other => {
            return Err(Failure {
                kind: "unknown",
                text: format!("this version does not know the constraint `{other}`"),
            });
        }
    }
    Ok(Vec::new())
}

fn noted(check: impl FnOnce()) -> Vec<Problem> {
    check();
    Vec::new()
}

/// Applies a rule to what was read without a problem.
fn with<T>(reading: Reading<T>, check: impl FnOnce(T) -> Vec<Problem>) -> Result<Vec<Problem>, Failure> {
    let value = reading.accepted().map_err(|problems| Failure {
        kind: "IllegalArgumentException",
        text: problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"),
    })?;
    Ok(check(value))
}

/// Applies a rule to what was read, whatever else is wrong with it.
fn kept<T>(reading: Reading<T>, check: impl FnOnce(T)) -> Vec<Problem> {
    if let Some(value) = reading.value {
        check(value);
    }
    reading.problems
}

fn parsable(value: &Json) -> Parsable {
    match value {
        Json::Number(number) => Parsable::Number(number.clone()),
        other => Parsable::Text(other.as_str().unwrap_or_default().into()),
    }
}

fn cron(line: &str, timezone: Option<&str>) -> TimeTrigger {
    TimeTrigger { kind: TimeTriggerKind::Cron(line.into()), timezone: timezone.map(Into::into), fuzzy_max_delay: None }
}
