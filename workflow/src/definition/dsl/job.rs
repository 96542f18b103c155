//! Jobs: steps in their YAML form.

use serde_json::{Map, Value as Json, json};

use super::{Converter, param, text, transition};
use crate::{
    definition::{
        StepType,
        source::yaml::{Key, Node, Value},
        template::DEFAULT_VERSION,
    },
    problem::{Path, code, nearest},
};

const FIELDS: [&str; 19] = [
    "id",
    "name",
    "description",
    "failure_mode",
    "tags",
    "timeout",
    "transition",
    "job_params",
    "type",
    "type_version",
    "workflow_id",
    "version",
    "sync",
    "explicit_params",
    "concurrency",
    "loop_params",
    "ranges",
    "condition",
    "jobs",
];

/// Fields of a step in JSON that YAML does not have.
const ELSEWHERE: [&str; 6] =
    ["retry_policy", "signal_dependencies", "signal_outputs", "steps", "sub_type", "sub_type_version"];

/// The wrappers of jobs, and those of steps that they become.
const WRAPPERS: [(&str, &str); 4] =
    [("job", "step"), ("subworkflow", "subworkflow"), ("foreach", "foreach"), ("while", "while")];

/// A job as far as its own fields say; its edges follow once all jobs of its level are known.
pub(super) struct Job {
    pub(super) id: String,
    pub(super) wrapper: &'static str,
    pub(super) step: Map<String, Json>,
    /// Whether it has transitions of its own.
    pub(super) has_transition: bool,
}

/// All jobs of a level, with their edges.
pub(super) fn jobs(converter: &mut Converter<'_>, path: &Path<'_>, node: &Node, dag: Option<&Node>) -> Vec<Json> {
    if node.is_null() {
        return Vec::new();
    }
    let Some(list) = converter.list(path, node) else { return Vec::new() };
    let jobs = list.iter().enumerate();
    let mut jobs: Vec<Job> = jobs.filter_map(|(index, node)| job(converter, &path.index(index), node)).collect();
    if let Some(dag) = dag {
        transition::dag(converter, path, dag, &mut jobs);
    }
    jobs.into_iter().map(|job| json!({ job.wrapper: job.step })).collect()
}

fn job(converter: &mut Converter<'_>, path: &Path<'_>, node: &Node) -> Option<Job> {
    converter.place(path, &(0..0), node);
    let known = || WRAPPERS.iter().map(|(yaml, _)| *yaml);
    let entries = converter.map(path, node)?;
    let wrapped = match entries {
        [(key, node)] => {
            WRAPPERS.iter().find(|(yaml, _)| yaml.eq_ignore_ascii_case(&key.name)).map(|found| (found, key, node))
        }
        _ => None,
    };
    let Some(((_, wrapper), key, node)) = wrapped else {
        let names = known().collect::<Vec<_>>().join("`, `");
        let message = format!("a job is a map with exactly one key of `{names}`");
        let hint = entries.first().and_then(|(key, _)| nearest(&key.name, known()));
        converter.report(code::STEP_WRAPPER, path, node, message).hint =
            hint.map(|meant| format!("did you mean `{meant}`?"));
        return None;
    };
    let at = path.key(wrapper);
    converter.place(&at, &key.span, node);
    let entries = converter.map(&at, node)?;
    let mut read = Fields { wrapper, ..Fields::default() };
    for (key, node) in entries {
        read.take(converter, &at, key, node);
    }
    Some(read.finished(converter, &at, node))
}

/// What the fields of a job said.
#[derive(Default)]
struct Fields<'n> {
    wrapper: &'static str,
    step: Map<String, Json>,
    params: Map<String, Json>,
    loop_params: Option<Map<String, Json>>,
    ranges: Map<String, Json>,
    job_type: Option<(String, &'n Node)>,
    type_version: Option<String>,
    child: Option<String>,
    version: Option<String>,
    successors: Option<Map<String, Json>>,
    jobs: Option<&'n Node>,
    dag: Option<&'n Node>,
}

impl<'n> Fields<'n> {
    fn take(&mut self, converter: &mut Converter<'_>, path: &Path<'_>, key: &Key, node: &'n Node) {
        let is_loop = matches!(self.wrapper, "foreach" | "while");
        match (self.wrapper, key.name.as_str()) {
            (_, name @ ("id" | "name" | "description" | "failure_mode" | "timeout")) => {
                converter.copy_text(&mut self.step, path, name, key, node);
            }
            (_, "tags") => converter.copy(&mut self.step, path, "tags", key, node),
            (_, "transition") => {
                let at = path.key("transition");
                converter.place(&at, &key.span, node);
                self.successors = transition::list(converter, &at, node);
            }
            (_, "job_params") => {
                // What was collected before is replaced.
                self.params = Map::new();
                let at = path.key("params");
                converter.place(&at, &key.span, node);
                if let Some(entries) = converter.map(&at, node) {
                    param::entries(converter, &at, entries, &mut self.params);
                }
            }
            ("step", "type") => self.job_type = text(node).map(|name| (name, node)),
            ("step", "type_version") => self.type_version = text(node),
            ("subworkflow", "workflow_id" | "subworkflow_id") => self.child = text(node),
            ("subworkflow", "version" | "subworkflow_version") => self.version = text(node),
            ("subworkflow", name @ ("sync" | "explicit_params")) => {
                converter.copy(&mut self.step, path, name, key, node);
            }
            ("foreach", "concurrency" | "job_concurrency") => {
                converter.copy(&mut self.step, path, "concurrency", key, node);
            }
            ("while", "condition") => converter.copy_text(&mut self.step, path, "condition", key, node),
            ("foreach", "ranges") => ranges(converter, path, node, &mut self.ranges),
            (_, "loop_params" | "params") if is_loop => self.loop_params = loop_params(converter, path, key, node),
            (_, "jobs") if is_loop => self.jobs = Some(node),
            (_, "dag") if is_loop => self.dag = Some(node).filter(|node| !node.is_null()),
            _ => {
                let at = path.key("params");
                if let Some(name) = param::entry(converter, &at, key, node, &mut self.params) {
                    converter.suspect(&at.key(&name), key, node, &FIELDS, &ELSEWHERE);
                }
            }
        }
    }

    fn finished(mut self, converter: &mut Converter<'_>, path: &Path<'_>, node: &Node) -> Job {
        let id = self.step.get("id").and_then(Json::as_str).unwrap_or_default().to_owned();
        match self.wrapper {
            "step" => self.resolve_type(converter, path, node, &id),
            "subworkflow" => {
                let child = self.child.take().unwrap_or_else(|| id.clone());
                self.params.insert("subworkflow_id".to_owned(), json!({"value": child, "type": "STRING"}));
                if let Some(version) = self.version.take() {
                    self.params.insert("subworkflow_version".to_owned(), json!({"value": version, "type": "STRING"}));
                }
            }
            _ => self.finish_loop(converter, path),
        }
        self.step.insert("params".to_owned(), Json::Object(self.params));
        let has_transition = self.successors.is_some();
        let transition = self.successors.map_or_else(|| json!({}), |successors| json!({"successors": successors}));
        self.step.insert("transition".to_owned(), transition);
        Job { id, wrapper: self.wrapper, step: self.step, has_transition }
    }

    fn finish_loop(&mut self, converter: &mut Converter<'_>, path: &Path<'_>) {
        if self.loop_params.is_some() || !self.ranges.is_empty() {
            let mut params = self.loop_params.take().unwrap_or_default();
            params.append(&mut self.ranges);
            self.params.insert("loop_params".to_owned(), json!({"value": params, "type": "MAP"}));
        }
        let steps = path.key("steps");
        let jobs = self.jobs.map(|jobs| self::jobs(converter, &steps, jobs, self.dag)).unwrap_or_default();
        self.step.insert("steps".to_owned(), Json::Array(jobs));
    }

    /// A step type in any case, or else a job template.
    fn resolve_type(&mut self, converter: &mut Converter<'_>, path: &Path<'_>, node: &Node, id: &str) {
        let at = path.key("type");
        let Some((written, place)) = self.job_type.take() else {
            converter.report(code::DSL_JOB_TYPE, &at, node, format!("type cannot be null for job id: [{id}]"));
            return;
        };
        converter.place(&at, &(0..0), place);
        if let Some(step_type) = StepType::from_word(&written) {
            self.step.insert("type".to_owned(), Json::from(step_type.word()));
            return;
        }
        let version = self.type_version.as_deref().unwrap_or(DEFAULT_VERSION);
        if let Some(template) = converter.templates.template(&written, version) {
            self.step.insert("type".to_owned(), Json::from(template.step_type.word()));
            self.step.insert("sub_type".to_owned(), Json::from(written));
            return;
        }
        let message = format!("cannot find step type for job id: [{id}] with job type: [{written}]");
        let hint = nearest(&written, StepType::WORDS.iter().copied());
        converter.report(code::DSL_JOB_TYPE, &at, place, message).hint =
            hint.map(|meant| format!("did you mean `{meant}`?"));
    }
}

fn loop_params(converter: &mut Converter<'_>, path: &Path<'_>, key: &Key, node: &Node) -> Option<Map<String, Json>> {
    let (params, name, value) = (path.key("params"), "loop_params", "value");
    let at = params.key(name);
    let at = at.key(value);
    converter.place(&at, &key.span, node);
    let mut read = Map::new();
    let found = converter.map(&at, node)?;
    param::entries(converter, &at, found, &mut read);
    Some(read)
}

/// `name: {from: 0, to: exclusive, increment: 1}` as arrays of integers.
fn ranges(converter: &mut Converter<'_>, path: &Path<'_>, node: &Node, read: &mut Map<String, Json>) {
    let (params, loop_params) = (path.key("params"), "loop_params");
    let at = params.key(loop_params);
    let at = at.key("value");
    for (key, node) in converter.map(&at, node).into_iter().flatten() {
        let at = at.key(&key.name);
        converter.place(&at, &key.span, node);
        let (mut from, mut to, mut increment) = ("0".to_owned(), None, "1".to_owned());
        for (key, node) in converter.map(&at, node).into_iter().flatten() {
            let value = match &node.value {
                Value::Scalar(_) => text(node),
                _ => None,
            };
            match (key.name.as_str(), value) {
                ("from", Some(value)) => from = value,
                ("to", Some(value)) => to = Some(value),
                ("increment", Some(value)) => increment = value,
                (name, _) => {
                    let message = format!("`{name}` is not understood: a range is `from`, `to` and `increment`");
                    converter.report(code::UNKNOWN_FIELD, &at, node, message);
                }
            }
        }
        let Some(to) = to else {
            converter.report(code::MISSING_FIELD, &at, node, "a range needs `to`, its exclusive end");
            continue;
        };
        let expression = format!("Util.intsBetween({from}, {to}, {increment});");
        read.insert(key.name.clone(), json!({"expression": expression, "type": "LONG_ARRAY"}));
    }
}
