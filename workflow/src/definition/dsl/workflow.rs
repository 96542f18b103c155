//! The root of a YAML definition.

use serde_json::{Map, Value as Json, json};

use super::{Converter, job, param, text};
use crate::{
    definition::{Rule, RunStrategy, defaults, source::yaml::Node, write},
    problem::{Path, code},
};

const FIELDS: [&str; 12] = [
    "id",
    "name",
    "description",
    "owner",
    "run_strategy",
    "workflow_concurrency",
    "tags",
    "timeout",
    "criticality",
    "jobs",
    "dag",
    "workflow_params",
];

/// Fields of a workflow in JSON that YAML does not have.
const ELSEWHERE: [&str; 8] = [
    "steps",
    "time_triggers",
    "signal_triggers",
    "instance_step_concurrency",
    "alerting",
    "params",
    "step_concurrency",
    "git_info",
];

/// The request that a document stands for.
pub(super) fn request(converter: &mut Converter<'_>, root: &Node) -> Option<Json> {
    let entries = converter.map(&Path::Root, root)?;
    let mut body = None;
    for (key, node) in entries {
        if matches!(key.name.as_str(), "workflow" | "Workflow") {
            body = Some((key, node));
            continue;
        }
        let message = format!(
            "Unrecognized field \"{}\" (class com.netflix.maestro.dsl.DslWorkflowDef), not marked as ignorable",
            key.name
        );
        converter.place(&Path::Root.key(&key.name), &key.span, node);
        let problem = converter.report(code::UNKNOWN_FIELD, &Path::Root.key(&key.name), node, message);
        problem.hint = Some("the only root key is `workflow`".to_owned());
    }
    let Some((key, node)) = body else {
        return Some(json!({}));
    };
    let path = Path::Root.key("workflow");
    converter.place(&path, &key.span, node);
    workflow(converter, &path, node)
}

/// What the fields of a workflow said.
#[derive(Default)]
struct Written<'n> {
    workflow: Map<String, Json>,
    properties: Map<String, Json>,
    params: Map<String, Json>,
    rule: Option<Rule>,
    concurrency: Option<Json>,
    jobs: Option<&'n Node>,
    dag: Option<&'n Node>,
}

fn workflow(converter: &mut Converter<'_>, path: &Path<'_>, node: &Node) -> Option<Json> {
    let properties = Path::Root.key("properties");
    let mut written = Written::default();
    for (key, node) in converter.map(path, node)? {
        match key.name.as_str() {
            name @ ("id" | "name" | "description" | "criticality" | "timeout") => {
                converter.copy_text(&mut written.workflow, path, name, key, node);
            }
            "tags" => converter.copy(&mut written.workflow, path, "tags", key, node),
            "owner" => converter.copy_text(&mut written.properties, &properties, "owner", key, node),
            "run_strategy" => written.rule = rule(converter, &properties.key("run_strategy"), node),
            "workflow_concurrency" => {
                converter.place(&properties.key("run_strategy").key("workflow_concurrency"), &key.span, node);
                written.concurrency = Some(node.to_json()).filter(|json| !json.is_null());
            }
            "jobs" => {
                converter.place(&path.key("steps"), &key.span, node);
                written.jobs = Some(node);
            }
            "dag" => written.dag = Some(node).filter(|node| !node.is_null()).map(|node| &**node),
            "workflow_params" => {
                converter.place(&path.key("params"), &key.span, node);
                // What was collected before is replaced.
                written.params = Map::new();
                if let Some(entries) = converter.map(&path.key("params"), node) {
                    param::entries(converter, &path.key("params"), entries, &mut written.params);
                }
            }
            _ => {
                let at = path.key("params");
                if let Some(name) = param::entry(converter, &at, key, node, &mut written.params) {
                    converter.suspect(&at.key(&name), key, node, &FIELDS, &ELSEWHERE);
                }
            }
        }
    }
    Some(finished(converter, path, written))
}

fn finished(converter: &mut Converter<'_>, path: &Path<'_>, written: Written<'_>) -> Json {
    let Written { mut workflow, mut properties, params, rule, concurrency, jobs, dag } = written;
    let strategy = RunStrategy::of(rule.unwrap_or(Rule::Sequential));
    let mut strategy = write::run_strategy(strategy);
    // Without a rule, the concurrency is ignored.
    if let Some(concurrency) = concurrency.filter(|_| rule.is_some()) {
        strategy["workflow_concurrency"] = concurrency;
    }
    properties.insert("run_strategy".to_owned(), strategy);
    properties.insert("step_concurrency".to_owned(), Json::from(defaults::CONCURRENCY));
    workflow.insert("params".to_owned(), Json::Object(params));
    let steps = jobs.map(|jobs| job::jobs(converter, &path.key("steps"), jobs, dag)).unwrap_or_default();
    workflow.insert("steps".to_owned(), Json::Array(steps));
    json!({"properties": properties, "workflow": workflow, "is_active": true})
}

fn rule(converter: &mut Converter<'_>, path: &Path<'_>, node: &Node) -> Option<Rule> {
    if node.is_null() {
        return None;
    }
    let rule = node.as_str().and_then(Rule::from_word);
    if rule.is_none() {
        let word = text(node).unwrap_or_else(|| "that".to_owned());
        let problem = converter.report(code::UNKNOWN_WORD, path, node, format!("`{word}` is no run strategy rule"));
        problem.hint =
            Some(format!("use one of {}; the concurrency is `workflow_concurrency`", Rule::WORDS.join(", ")));
    }
    rule
}
