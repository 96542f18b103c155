//! `workflows/`: whole definitions, with what the reference makes of them.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{Case, compare};
use crate::{
    definition::{
        Checked, Format, Settings, check, read,
        rules::Limits,
        template::{Template, Templates},
        write,
    },
    graph, param,
    problem::Problem,
    time::Timestamp,
};

/// Triggers are asked when they fire next after this; any moment will do.
const NOW: Timestamp = Timestamp(1_750_000_000_000);

/// The job templates among recorded documents.
#[derive(Clone, Debug, Default)]
pub struct RecordedTemplates(Vec<Arc<Template>>);

impl RecordedTemplates {
    /// Those of the cases that write a template.
    pub fn of(cases: &[Case]) -> Self {
        let written = cases.iter().filter(|case| case.input("model") == "JobTemplateCreateRequest");
        let read = |case: &Case| read::stored_template(case.input("json")).accepted().ok()?.definition;
        Self(written.filter_map(read).collect())
    }
}

impl Templates for RecordedTemplates {
    fn template(&self, job_type: &str, version: &str) -> Option<Arc<Template>> {
        self.0.iter().find(|known| &*known.job_type == job_type && &*known.version == version).cloned()
    }
}

/// Checks one line of the index against the text of its file: in which way we disagree.
pub fn disagreement(line: &Json, text: &str, templates: &dyn Templates) -> Option<String> {
    let format = if line["kind"] == "DSL YAML" { Format::Yaml } else { Format::Json };
    let limits = Limits::standard();
    let checked = check(text, format, Settings { limits: &limits, templates, environment: "test", now: NOW });
    let is_expected = line["accepted"] == true;
    if is_expected { accepted(&line["expect"], &checked) } else { refused(&line["expect"], &checked) }
}

fn accepted(expect: &Json, checked: &Checked) -> Option<String> {
    let Some(request) = &checked.request else {
        let problems: Vec<String> = checked.problems.iter().map(|found| found.problem.to_string()).collect();
        return Some(format!("expected to be accepted, got {problems:?}"));
    };
    if let Some(expected) = expect.get("create_request") {
        let difference = compare::difference(expected, &write::create_request(request), "$");
        if difference.is_some() {
            return difference;
        }
    }
    let ids: Vec<&str> = request.workflow.all_steps().map(|step| &*step.id).collect();
    if let Some(difference) =
        expect.get("all_step_ids").and_then(|expected| compare::difference(expected, &json!(ids), "all_step_ids"))
    {
        return Some(difference);
    }
    for (name, expected) in expect["workflow_params"].as_object().into_iter().flatten() {
        let got = checked.params.get(name.as_str()).and_then(|param| param.value()).map(param::write::value);
        let difference = compare::difference(expected, &got.unwrap_or_default(), name);
        if difference.is_some() {
            return difference;
        }
    }
    let dag = match graph::translate(&request.workflow.id, &request.workflow.steps, graph::Scope::Whole) {
        Ok(dag) => dag.to_json(),
        Err(error) => return Some(format!("expected a DAG, got {error}")),
    };
    expect.get("runtime_dag").and_then(|expected| compare::difference(&sets(expected), &sets(&dag), "runtime_dag"))
}

/// Predecessors are sets.
fn sets(dag: &Json) -> Json {
    let mut dag = dag.clone();
    for node in dag.as_object_mut().into_iter().flat_map(|nodes| nodes.values_mut()) {
        if let Some(predecessors) = node.get_mut("predecessors").and_then(Json::as_array_mut) {
            predecessors.sort_by_key(Json::to_string);
        }
    }
    dag
}

fn refused(expect: &Json, checked: &Checked) -> Option<String> {
    if checked.is_accepted() {
        return Some("expected to be refused, got accepted".to_owned());
    }
    let api = |problem: &Problem| problem.api_text();
    let got: Vec<String> = checked.problems.iter().map(|found| api(&found.problem)).collect();
    let violations = expect["violations"].as_array().into_iter().flatten().filter_map(Json::as_str);
    let missing = violations.map(|text| text.replacen(": ", " ", 1)).find(|expected| !got.contains(expected));
    missing.map(|expected| format!("expected the violation {expected:?} among {got:?}"))
}
