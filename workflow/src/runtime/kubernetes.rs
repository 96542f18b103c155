//! Kubernetes steps: from params to the command of a job.

use serde_json::{Map, Value as Json, json};

/// A job's name where the step gives none.
const APP_NAME: &str = "maestro";
/// What a command knows; `entrypoint` is an old way to say `command` and `args`.
const FIELDS: [&str; 14] = [
    "app_name",
    "cpu",
    "disk",
    "gpu",
    "memory",
    "image",
    "entrypoint",
    "command",
    "args",
    "env",
    "job_deduplication_key",
    "owner_email",
    "pre_stop",
    "output_data_location",
];

/// Params that are no job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The step has no such params.
    #[error("{0} params must be present")]
    NoParams(&'static str),
    /// Something that every job needs.
    #[error("{0} cannot be null")]
    Missing(&'static str),
}

/// The job of a step, from its evaluated `kubernetes` param.
pub fn command(params: Option<&Map<String, Json>>, step_uuid: &str) -> Result<Map<String, Json>, Error> {
    let params = params.ok_or(Error::NoParams("kubernetes"))?;
    let is_set = |name: &str| params.get(name).is_some_and(|value| !value.is_null());
    if !is_set("image") {
        return Err(Error::Missing("image"));
    }
    let known = FIELDS.into_iter().filter(|name| is_set(name));
    let mut command: Map<_, _> = known.map(|name| (name.to_owned(), params[name].clone())).collect();
    command.entry("job_deduplication_key").or_insert_with(|| json!(step_uuid));
    command.entry("app_name").or_insert_with(|| json!(APP_NAME));
    command.entry("env").or_insert_with(|| json!({}));
    if let Some(script) = command.get("entrypoint").cloned() {
        command.insert("command".to_owned(), json!(["/bin/sh", "-c"]));
        command.insert("args".to_owned(), json!([script]));
    }
    Ok(command)
}
