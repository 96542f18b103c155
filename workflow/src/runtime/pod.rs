//! Jobs in a cluster: from a step's command to the pod that runs it, and from the pod's log to what the step published.
//!
//! Invariant: a pod is a function of its command and its attempt. Whoever asks for it twice asks for the same pod by the same name, so a
//! crash between asking and remembering starts nothing twice.

use serde_json::{Map, Value as Json, json};

use crate::id::AttemptKey;

/// The name of the one container.
pub const CONTAINER: &str = "maestro-job";

/// The annotation that says whose pod it is.
pub const OWNER: &str = "maestro/step-attempt";

/// The label with the key that makes two pods the same.
const KEY_LABEL: &str = "maestro/job-deduplication-key";

/// Lines of a log that a step keeps.
const TAIL_LINES: usize = 128;

/// Bytes of a log that a step keeps.
const TAIL_BYTES: usize = 10 * 1024;

/// A step's pod: what to ask the cluster for.
#[derive(Clone, Debug, PartialEq)]
pub struct Pod {
    /// Its name: the same for whoever starts the same job.
    pub name: String,
    /// The attempt that it belongs to, as [`OWNER`] says it.
    pub owner: String,
    /// The object of the cluster's API.
    pub object: Json,
    /// What its output stands between.
    pub markers: Markers,
}

/// What a job's output stands between in its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Markers {
    /// Before it.
    pub start: String,
    /// After it.
    pub end: String,
}

/// What a job published in its log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// Params of the step, in Maestro's JSON.
    pub params: Map<String, Json>,
    /// Artifacts by key.
    pub artifacts: Map<String, Json>,
}

/// Output that stands between the markers and is none.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not JSON.
    #[error("the output of the job cannot be read as JSON")]
    NoJson(#[source] serde_json::Error),
    /// It is JSON of another shape.
    #[error("`{0}` in the output of the job is not an object")]
    NoObject(&'static str),
}

impl Pod {
    /// The pod of a command ([`super::kubernetes::command`]).
    pub fn of(command: &Map<String, Json>, attempt: &AttemptKey, step_uuid: &str) -> Self {
        let text = |name: &str| command.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
        let name = text("job_deduplication_key").unwrap_or(step_uuid).to_owned();
        let markers = Markers {
            start: format!("<<<maestro-output-{step_uuid}>>>"),
            end: format!("<<<maestro-output-end-{step_uuid}>>>"),
        };
        let run = &attempt.run;
        let owner = format!("[{}][{}][{}][{}][{}]", run.workflow, run.instance, run.run, attempt.step, attempt.attempt);
        let mut annotations = json!({
            "maestro/orchestrator": "maestro",
            "maestro/workflow": format!("[{}][{}][{}]", run.workflow, run.instance, run.run),
            OWNER: owner,
        });
        for (field, annotation) in [("app_name", "maestro/app-name"), ("owner_email", "maestro/owner-email")] {
            if let Some(value) = text(field) {
                annotations[annotation] = value.into();
            }
        }
        let object = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": { "name": name, "labels": { KEY_LABEL: name }, "annotations": annotations },
            "spec": { "restartPolicy": "Never", "containers": [container(command, &markers)] },
        });
        Self { name, owner, object, markers }
    }
}

fn container(command: &Map<String, Json>, markers: &Markers) -> Json {
    let given = |name: &str| command.get(name).filter(|value| !value.is_null());
    let mut container = Map::new();
    container.insert("name".to_owned(), CONTAINER.into());
    for field in ["image", "command", "args"] {
        if let Some(value) = given(field) {
            container.insert(field.to_owned(), value.clone());
        }
    }
    let plain = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let own = given("env").and_then(Json::as_object).into_iter().flatten();
    let own = own.map(|(name, value)| json!({ "name": name, "value": plain(value) }));
    let told = [("MAESTRO_OUTPUT_START", &markers.start), ("MAESTRO_OUTPUT_END", &markers.end)];
    let told = told.into_iter().map(|(name, value)| json!({ "name": name, "value": value }));
    container.insert("env".to_owned(), own.chain(told).collect());
    let resources = [("cpu", "cpu"), ("memory", "memory"), ("disk", "ephemeral-storage"), ("gpu", "nvidia.com/gpu")];
    let limits = resources.into_iter().filter_map(|(field, name)| Some((name.to_owned(), plain(given(field)?).into())));
    let limits: Map<String, Json> = limits.collect();
    if !limits.is_empty() {
        container.insert("resources".to_owned(), json!({ "limits": limits }));
    }
    if let Some(pre_stop) = given("pre_stop").and_then(|pre_stop| pre_stop.pointer("/exec/command")) {
        container.insert("lifecycle".to_owned(), json!({ "preStop": { "exec": { "command": pre_stop } } }));
    }
    Json::Object(container)
}

impl Markers {
    /// What stands between the last start and the end after it; nothing where the job printed no markers.
    pub fn output(&self, log: &str) -> Result<Output, Error> {
        let printed = log.rsplit_once(&self.start).and_then(|(_, rest)| Some(rest.split_once(&self.end)?.0));
        let Some(printed) = printed.map(str::trim).filter(|printed| !printed.is_empty()) else {
            return Ok(Output::default());
        };
        let json: Json = serde_json::from_str(printed).map_err(Error::NoJson)?;
        let part = |name: &'static str| match json.get(name) {
            None | Some(Json::Null) => Ok(Map::new()),
            Some(Json::Object(part)) => Ok(part.clone()),
            Some(_) => Err(Error::NoObject(name)),
        };
        Ok(Output { params: part("params")?, artifacts: part("artifacts")? })
    }
}

/// The end of a log that a step shows.
pub fn tail(log: &str) -> &str {
    let lines = log.trim_end().rmatch_indices('\n').nth(TAIL_LINES - 1).map_or(0, |(at, _)| at + 1);
    let bytes = log.len().saturating_sub(TAIL_BYTES);
    &log[log.ceil_char_boundary(lines.max(bytes))..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AttemptId, InstanceId, RunId, RunKey};

    fn attempt() -> AttemptKey {
        let run = RunKey { workflow: "etl".into(), instance: InstanceId(3), run: RunId(1) };
        AttemptKey { run, step: "load".into(), attempt: AttemptId(2) }
    }

    fn pod(command: Json) -> Pod {
        let Json::Object(command) = command else { panic!("a command is an object") };
        Pod::of(&command, &attempt(), "u-1")
    }

    #[test]
    fn a_pod_is_named_by_its_key_and_says_whose_it_is() {
        let named = pod(json!({ "image": "i", "job_deduplication_key": "k" }));
        assert_eq!((named.name.as_str(), named.owner.as_str()), ("k", "[etl][3][1][load][2]"));
        assert_eq!(named.object["metadata"]["annotations"][OWNER], "[etl][3][1][load][2]");
        assert_eq!(pod(json!({ "image": "i" })).name, "u-1");
    }

    #[test]
    fn limits_and_hooks_stand_where_the_cluster_looks_for_them() {
        let pod = pod(json!({
            "image": "i", "command": ["sh"], "args": ["-c", "true"], "cpu": "2", "memory": "1Gi", "disk": "5Gi", "gpu": 1,
            "env": { "A": "b" }, "pre_stop": { "exec": { "command": ["bye"] } },
        }));
        let container = &pod.object["spec"]["containers"][0];
        let limits = json!({ "cpu": "2", "memory": "1Gi", "ephemeral-storage": "5Gi", "nvidia.com/gpu": "1" });
        assert_eq!(container["resources"]["limits"], limits);
        assert_eq!(container["lifecycle"]["preStop"]["exec"]["command"], json!(["bye"]));
        assert_eq!(container["env"][0], json!({ "name": "A", "value": "b" }));
        assert_eq!(container["env"][1], json!({ "name": "MAESTRO_OUTPUT_START", "value": pod.markers.start }));
    }

    #[test]
    fn the_last_output_counts_and_what_is_none_is_an_error() {
        let markers = Markers { start: "<s>".to_owned(), end: "<e>".to_owned() };
        let output = markers.output("x<s>{\"params\":{\"a\":1}}<e>y\n<s> {\"params\":{\"a\":2}} <e>\n").unwrap();
        assert_eq!(output.params["a"], 2);
        for silent in ["", "no markers", "<s>{\"params\":{}}", "<s> <e>"] {
            assert_eq!(markers.output(silent).unwrap(), Output::default(), "{silent}");
        }
        assert!(matches!(markers.output("<s>{<e>"), Err(Error::NoJson(_))));
        assert!(matches!(markers.output("<s>{\"params\":[]}<e>"), Err(Error::NoObject("params"))));
    }

    #[test]
    fn a_step_shows_the_end_of_a_log() {
        let lines = (0..200).map(|line| format!("line {line}")).collect::<Vec<_>>().join("\n") + "\n";
        assert!(tail(&lines).starts_with("line 72\n"));
        assert_eq!(tail(&lines).lines().count(), TAIL_LINES);
        assert_eq!(tail("ü".repeat(TAIL_BYTES).as_str()).len(), TAIL_BYTES);
        assert_eq!(tail(""), "");
    }
}
