//! What a call looks like on the wire: method, path, query and body (rest-api.md §2).

use reqwest::{Method, Url};
use serde_json::{Map, Value as Json};
use workflow::{
    id::{InstanceKey, WorkflowId},
    port::{InstanceAction, Page, Request, StepAction},
};

use super::Error;

/// One HTTP request of Maestro's API.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Its method.
    pub method: Method,
    /// The parts of the path below the base, not encoded.
    pub path: Vec<String>,
    /// Query parameters, not encoded.
    pub query: Vec<(String, String)>,
    /// What is sent along.
    pub body: Body,
}

/// What a request carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Nothing.
    None,
    /// A JSON document.
    Json(Json),
    /// A YAML text.
    Yaml(String),
}

impl Call {
    /// The call that asks for `request`.
    pub fn of(request: Request) -> Self {
        use Request as R;
        match request {
            R::Push { body } => post(["workflows"]).json(body),
            R::PushYaml { text } => post(["workflows", "yaml"]).yaml(text),
            R::Validate { body } => put(["workflows", "actions", "validate"]).json(body),
            R::ValidateYaml { text } => put(["workflows", "actions", "validate", "yaml"]).yaml(text),
            R::DeleteWorkflow { workflow } => delete(of_workflow(&workflow)),
            R::Version { workflow, version, is_enriched } => {
                get(of_workflow(&workflow)).at(["versions", &version]).flag("enriched", is_enriched)
            }
            R::Versions { workflow, page } => get(of_workflow(&workflow)).at(["versions", "pagination"]).page(page),
            R::Overview { workflow } => get(of_workflow(&workflow)).at(["overview"]),
            R::WorkflowTimeline { workflow } => get(of_workflow(&workflow)).at(["timeline"]),
            R::UpdateProperties { workflow, body } => post(of_workflow(&workflow)).at(["properties"]).json(body),
            R::PropertiesSnapshot { workflow, snapshot } => {
                get(of_workflow(&workflow)).at(["properties-snapshot", &snapshot])
            }
            R::AddTag { workflow, body } => post(of_workflow(&workflow)).at(["properties", "tag"]).json(body),
            R::RemoveTag { workflow, tag } => delete(of_workflow(&workflow)).at(["properties", "tag", &tag]),
            R::Activate { workflow, version } => {
                put(of_workflow(&workflow)).at(["versions", &version, "actions", "activate"])
            }
            R::Deactivate { workflow } => put(of_workflow(&workflow)).at(["actions", "deactivate"]),

            R::Start { workflow, version, body } => {
                post(of_workflow(&workflow)).at(["versions", &version, "actions", "start"]).json(body)
            }
            R::WorkflowAction { workflow, action } => put(of_workflow(&workflow)).at(["actions", on_instance(action)]),
            R::Restart { instance, body } => post(of_instance(&instance)).at(["actions", "restart"]).json(body),
            R::InstanceAction { instance, run: None, action } => {
                put(of_instance(&instance)).at(["actions", on_instance(action)])
            }
            R::InstanceAction { instance, run: Some(run), action } => {
                put(of_instance(&instance)).at(["runs", &run, "actions", on_instance(action)])
            }
            R::Instances { workflow, page, is_aggregated } => {
                get(of_workflow(&workflow)).at(["instances"]).page(page).flag("aggregated", is_aggregated)
            }
            R::Instance { instance, is_enriched } => get(of_instance(&instance)).flag("enriched", is_enriched),
            R::Runs { instance, page } => get(of_instance(&instance)).at(["runs"]).page(page),
            R::Run { instance, run, is_enriched, is_aggregated } => get(of_instance(&instance))
                .at(["runs", &run])
                .flag("enriched", is_enriched)
                .flag("aggregated", is_aggregated),
            R::InstanceActionMap => get(["workflows", "instances", "action-map"]),
            R::InlineWorkflowId { workflow, instance, step, step_type } => {
                inline_workflow_id(workflow, instance, step, step_type)
            }
            R::InlinePath { instance } => get(of_instance(&instance)).at(["inline-path"]),

            R::Steps { instance } => get(of_instance(&instance)).at(["steps"]),
            R::Step { instance, step, is_enriched } => {
                get(of_instance(&instance)).at(["steps", step.as_str()]).flag("enriched", is_enriched)
            }
            R::RunSteps { instance, run } => get(of_instance(&instance)).at(["runs", &run, "steps"]),
            R::Attempt { instance, run, step, attempt, is_enriched } => get(of_instance(&instance))
                .at(["runs", &run, "steps", step.as_str(), "attempts", &attempt])
                .flag("enriched", is_enriched),
            R::StepActionMap => get(["workflows", "steps", "instances", "action-map"]),
            R::RestartStep { instance, step, body, is_blocking } => post(of_instance(&instance))
                .at(["steps", step.as_str(), "actions", "restart"])
                .flag("blocking", is_blocking)
                .json(body),
            R::StepAction { instance, step, action, is_blocking } => put(of_instance(&instance))
                .at(["steps", step.as_str(), "actions", on_step(action)])
                .flag("blocking", is_blocking),

            R::AddBreakpoint { body } => post(BREAKPOINTS).json(body),
            R::DeleteBreakpoint { query } => delete(BREAKPOINTS).with(query),
            R::Breakpoints { query } => get(BREAKPOINTS).with(query),
            R::PausedAttempts { query } => get(BREAKPOINTS).at(["paused-step-attempts"]).with(query),
            R::ResumeAttempt { run, step, attempt } => {
                // Run 0 stands for the latest one.
                let number = if run.run.0 == 0 { "latest".to_owned() } else { run.run.to_string() };
                put(BREAKPOINTS)
                    .at([run.workflow.as_str(), "instances", &run.instance.to_string(), "runs", &number])
                    .at(["steps", step.as_str(), "attempts", &attempt, "actions", "resume"])
            }

            R::AddTagPermit { body } => post(["tag-permits"]).json(body),
            R::TagPermit { tag } => get(["tag-permits", &tag]),
            R::DeleteTagPermit { tag } => delete(["tag-permits", &tag]),
            R::SendSignal { body } => post(["signals"]).json(body),
            R::Signal { name, sequence } => {
                // Number -1 stands for the latest one.
                let sequence = if sequence == -1 { "latest".to_owned() } else { sequence.to_string() };
                get(["signals", &name, "instances", &sequence])
            }
            R::AddJobTemplate { body } => post(["job-templates"]).json(body),
            R::AddJobTemplateYaml { text } => post(["job-templates", "yaml"]).yaml(text),
            R::JobTemplate { job_type, version } if job_type.is_empty() => get(["job-templates"]).version(version),
            R::JobTemplate { job_type, version } => get(["job-templates", &job_type]).version(version),
            R::DeleteJobTemplate { job_type, version } => delete(["job-templates", &job_type]).version(version),
            R::PutOutput { body } => put(["output-data"]).json(body),

            R::FlattenedForeach { instance, run, step, query } => get(["views", "flatten"])
                .at(of_instance(&instance))
                .at(["runs", &run, "steps", step.as_str()])
                .view(query),
        }
    }

    /// Whether it changes nothing, so that it may be sent again.
    pub fn is_read(&self) -> bool {
        self.method == Method::GET
    }

    /// Its address below `base`.
    pub(super) fn url(&self, base: &Url) -> Result<Url, Error> {
        // Addresses are normalised wherever they pass: such a part would be lost, and the rest mean something else.
        if let Some(part) = self.path.iter().find(|part| matches!(part.as_str(), "" | "." | "..")) {
            return Err(Error::Unaddressable(part.clone()));
        }
        let mut url = base.clone();
        url.path_segments_mut().map_err(|()| Error::Address(base.to_string()))?.pop_if_empty().extend(&self.path);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }

    fn at<'a>(mut self, parts: impl IntoIterator<Item = impl Into<String> + 'a>) -> Self {
        self.path.extend(parts.into_iter().map(Into::into));
        self
    }

    fn json(self, body: Json) -> Self {
        Self { body: Body::Json(body), ..self }
    }

    fn yaml(self, text: String) -> Self {
        Self { body: Body::Yaml(text), ..self }
    }

    fn with(mut self, query: impl IntoIterator<Item = (String, String)>) -> Self {
        self.query.extend(query);
        self
    }

    fn flag(self, name: &str, value: bool) -> Self {
        self.with([(name.to_owned(), value.to_string())])
    }

    fn version(self, version: Option<String>) -> Self {
        self.with(version.map(|version| ("version".to_owned(), version)))
    }

    fn page(self, Page { first, last, cursor }: Page) -> Self {
        let size = |name: &str, size: Option<i64>| size.map(|size| (name.to_owned(), size.to_string()));
        let cursor = cursor.map(|cursor| ("cursor".to_owned(), cursor));
        self.with(size("first", first)).with(size("last", last)).with(cursor)
    }

    /// One iteration and the summary are paths of their own.
    fn view(self, query: Vec<(String, String)>) -> Self {
        query.into_iter().fold(self, |call, (name, value)| match name.as_str() {
            "iteration" => call.at(["iterations", &value]),
            "view" => call.at([value]),
            _ => call.with([(name, value)]),
        })
    }
}

const BREAKPOINTS: [&str; 3] = ["workflows", "steps", "breakpoints"];

fn call<'a>(method: Method, parts: impl IntoIterator<Item = impl Into<String> + 'a>) -> Call {
    Call { method, path: Vec::new(), query: Vec::new(), body: Body::None }.at(parts)
}

fn get<'a>(parts: impl IntoIterator<Item = impl Into<String> + 'a>) -> Call {
    call(Method::GET, parts)
}

fn post<'a>(parts: impl IntoIterator<Item = impl Into<String> + 'a>) -> Call {
    call(Method::POST, parts)
}

fn put<'a>(parts: impl IntoIterator<Item = impl Into<String> + 'a>) -> Call {
    call(Method::PUT, parts)
}

fn delete<'a>(parts: impl IntoIterator<Item = impl Into<String> + 'a>) -> Call {
    call(Method::DELETE, parts)
}

fn of_workflow(workflow: &WorkflowId) -> [String; 2] {
    ["workflows".to_owned(), workflow.to_string()]
}

fn of_instance(key: &InstanceKey) -> [String; 4] {
    ["workflows".to_owned(), key.workflow.to_string(), "instances".to_owned(), key.instance.to_string()]
}

fn on_instance(action: InstanceAction) -> &'static str {
    match action {
        InstanceAction::Stop => "stop",
        InstanceAction::Kill => "kill",
        InstanceAction::Unblock => "unblock",
    }
}

fn on_step(action: StepAction) -> &'static str {
    match action {
        StepAction::Stop => "stop",
        StepAction::Kill => "kill",
        StepAction::Skip => "skip",
        StepAction::Bypass => "bypass",
    }
}

/// Maestro's server reads the place from the body of a GET, others from the query: both get it.
fn inline_workflow_id(
    workflow: Option<String>,
    instance: Option<String>,
    step: Option<String>,
    step_type: Option<String>,
) -> Call {
    let named = [
        ("workflowId", "workflow_id", workflow),
        ("instanceId", "instance_id", instance),
        ("stepId", "step_id", step),
        ("stepType", "step_type", step_type),
    ];
    let mut place = Map::new();
    let mut query = Vec::new();
    for (parameter, field, value) in named {
        let Some(value) = value else { continue };
        let number = (field == "instance_id").then(|| value.parse::<i64>().ok()).flatten();
        place.insert(field.to_owned(), number.map_or_else(|| value.as_str().into(), Json::from));
        query.push((parameter.to_owned(), value));
    }
    get(["workflows", "instances", "inline-workflow-id"]).with(query).json(Json::Array(vec![place.into()]))
}
