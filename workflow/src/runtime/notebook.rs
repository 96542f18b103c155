//! Notebook steps: from params to a papermill command line.

use serde_json::{Map, Value as Json, json};

use super::{kubernetes::Error, shell::quoted};

/// Where a notebook's repository is cloned to.
const CLONE_FOLDER: &str = "maestro_notebook_git_repo";
/// How long a kernel may take to start, unless the step says so.
const START_TIMEOUT_SECS: u32 = 600;
/// Params of the engine that a notebook does not see.
const HIDDEN: [&str; 7] = [
    "workflow_id",
    "step_attempt_id",
    "step_instance_uuid",
    "workflow_instance_id",
    "satisfied",
    "FIRST_TIME_TRIGGER_TIMEZONE",
    "INITIATOR_TIMEZONE",
];

/// What a notebook is told beside its params.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The run's evaluated params.
    pub workflow_params: &'a Map<String, Json>,
    /// The step's evaluated params; they win.
    pub step_params: &'a Map<String, Json>,
    /// The step's timeout as written.
    pub timeout: Option<&'a str>,
    /// How much the workflow matters.
    pub criticality: Option<&'a str>,
    /// The attempt, from 1.
    pub attempt: i64,
    /// The workflow's owner, told where no param named `owner` is.
    pub owner: Option<&'a str>,
    /// The workflow's alerting property.
    pub alerting: Option<&'a Json>,
}

/// A command line and the files that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Papermill {
    /// The notebook.
    pub input_path: String,
    /// Where the executed notebook goes.
    pub output_path: String,
    /// For a shell.
    pub entrypoint: String,
}

/// The params of a notebook, as one JSON object in order.
pub fn params(context: &Context<'_>) -> Result<Map<String, Json>, Error> {
    let mut all = context.workflow_params.clone();
    all.extend(context.step_params.clone());
    all.retain(|name, value| !HIDDEN.contains(&name.as_str()) && value.as_str() != Some("") && !value.is_null());
    if let Some(timeout) = context.timeout {
        all.insert("StepTimeout".to_owned(), json!(timeout));
    }
    if let Some(criticality) = context.criticality {
        all.insert("criticality".to_owned(), json!(criticality.to_lowercase()));
    }
    all.insert("attempt_number".to_owned(), json!(context.attempt.saturating_sub(1)));
    if let Some(alerting) = context.alerting {
        add_alerting(&mut all, alerting);
    }
    let owner = match context.workflow_params.get("owner") {
        Some(owner) => owner.clone(),
        None => json!(context.owner.ok_or(Error::Missing("User"))?),
    };
    all.insert("owner".to_owned(), owner);
    Ok(all)
}

fn add_alerting(all: &mut Map<String, Json>, alerting: &Json) {
    let tct = alerting.get("tct").and_then(Json::as_object).into_iter().flatten();
    let plain = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let known = ["completed_by_hour", "duration_minutes", "completed_by_ts", "tz"];
    let tct = tct.filter(|(name, value)| known.contains(&name.as_str()) && !value.is_null());
    add(all, "tct", Json::Object(tct.map(|(name, value)| (name.clone(), json!(plain(value)))).collect()));
    for (name, from) in [("pager_duties", "pagerduties"), ("notification_emails", "emails")] {
        add(all, name, alerting.get(from).cloned().unwrap_or_default());
    }
    let slack = alerting.get("slack_config").and_then(Json::as_object).into_iter().flatten();
    let slack = slack.filter(|(name, list)| ["users", "channels"].contains(&name.as_str()) && !is_empty(list));
    add(all, "slack", Json::Object(slack.map(|(name, list)| (name.clone(), json!(list.to_string()))).collect()));
}

fn add(all: &mut Map<String, Json>, name: &str, value: Json) {
    if !is_empty(&value) {
        all.insert(name.to_owned(), value);
    }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Array(list) => list.is_empty(),
        Json::Object(object) => object.is_empty(),
        _ => false,
    }
}

/// The command line that runs a step's notebook.
pub fn papermill(context: &Context<'_>) -> Result<Papermill, Error> {
    let notebook = context.step_params.get("notebook").and_then(Json::as_object);
    let notebook = notebook.ok_or(Error::NoParams("notebook"))?;
    let text = |name: &'static str| notebook.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
    let input_path = text("input_path").ok_or(Error::Missing("input_path"))?.to_owned();
    let output_path = text("output_path").ok_or(Error::Missing("output_path"))?.to_owned();
    let (input, output) = (quoted(&input_path), quoted(&output_path));
    let params = quoted(&Json::Object(self::params(context)?).to_string());
    let arguments = arguments(notebook);
    let init = text("init_command").unwrap_or_default();
    let (before, input) = match clone_command(notebook, &input) {
        Some(clone) => (format!("{init} {clone} "), format!("\"$(basename {input})\"")),
        None => (format!("{init} "), input),
    };
    let entrypoint = format!("{before}papermill {input} {output} -y {params} --log-output {arguments}");
    Ok(Papermill { input_path, output_path, entrypoint })
}

/// Clones the repository and goes to the notebook's folder. Branch, commit and repository stand in it as written.
fn clone_command(notebook: &Map<String, Json>, input: &str) -> Option<String> {
    let text = |name: &str| notebook.get(name).and_then(Json::as_str);
    let repository = text("git_repo")?;
    let submodules = notebook.get("git_submodules").and_then(Json::as_bool).unwrap_or(false);
    let submodules = if submodules { " --recurse-submodules" } else { "" };
    let branch = text("git_branch").map_or(String::new(), |branch| format!(" -b {branch}"));
    let commit = text("git_commit").filter(|_| branch.is_empty());
    let checkout = commit.map_or(String::new(), |commit| format!(" git checkout {commit} &&"));
    Some(format!(
        "git clone{submodules}{branch} {repository} {CLONE_FOLDER} && cd \"{CLONE_FOLDER}/$(dirname {input})\" &&{checkout}"
    ))
}

fn arguments(notebook: &Map<String, Json>) -> String {
    let written = notebook.get("papermill_arguments").and_then(Json::as_array).into_iter().flatten();
    let mut arguments: Vec<_> = written.filter_map(Json::as_str).map(|text| text.trim().to_owned()).collect();
    if !arguments.iter().any(|argument| argument == "--start_timeout") {
        arguments.extend(["--start_timeout".to_owned(), START_TIMEOUT_SECS.to_string()]);
    }
    arguments.iter().map(|argument| quoted(argument)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::{Context, params};

    #[test]
    fn a_notebook_is_told_its_timeout_and_whom_to_alert() {
        let none = Map::new();
        let alerting = json!({
            "tct": {"duration_minutes": 30, "tz": "UTC"},
            "emails": ["a@b.c"],
            "slack_config": {"users": ["@ann"], "channels": []},
        });
        let context = Context {
            workflow_params: &none,
            step_params: &none,
            timeout: Some("1 day 1 hour"),
            criticality: None,
            attempt: 3,
            owner: Some("ann"),
            alerting: Some(&alerting),
        };
        let expected = json!({
            "StepTimeout": "1 day 1 hour",
            "attempt_number": 2,
            "tct": {"duration_minutes": "30", "tz": "UTC"},
            "notification_emails": ["a@b.c"],
            "slack": {"users": "[\"@ann\"]"},
            "owner": "ann",
        });
        assert_eq!(json!(params(&context).unwrap()), expected);
    }
}
