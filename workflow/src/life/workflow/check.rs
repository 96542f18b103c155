//! A push checked as far as that is possible without knowing the workflow: its shape, its rules, and a simulated start.

use serde_json::{Value as Json, json};

use super::Workflow;
use crate::{
    definition::{
        CreateRequest, dry_run, dsl, read,
        rules::{self, Limits},
        source,
        template::{NoTemplates, Templates},
    },
    life::{Turn, author, refused},
    port::{Answer, Caller, Reason, Refusal},
    problem::{Problem, Stage},
};

/// Why a push is not accepted.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It cannot be read, or breaks rules.
    Refused(Refusal),
    /// A start of it would fail.
    DryRun {
        /// What would fail.
        problems: Vec<Problem>,
        /// The workflow.
        workflow: String,
    },
}

impl Fault {
    /// As a push answers it.
    pub(super) fn of_push(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::DryRun { problems, workflow } => {
                let message = problems.first().map(|problem| dry_run::refusal(&workflow, problem)).unwrap_or_default();
                let errors = problems.iter().map(Problem::api_text).collect();
                Refusal { errors, ..Refusal::new(Reason::BadRequest, format!("BAD_REQUEST - {message}")) }
            }
        }
    }

    /// As a mere validation answers it.
    fn of_validation(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::DryRun { problems, .. } => Refusal {
                errors: problems.into_iter().map(|problem| problem.message).collect(),
                ..Refusal::new(Reason::BadRequest, "Invalid workflow create request")
            },
        }
    }
}

/// Reads and checks the body of a push.
pub(crate) fn check(body: &Json, caller: Option<&str>, turn: &mut Turn<'_>) -> Result<CreateRequest, Fault> {
    let Turn { now, ids, surroundings: around, .. } = turn;
    let now = *now;
    let reading = read::create_request(body);
    if reading.problems.iter().any(|problem| problem.stage() <= Stage::Parse) {
        return Err(Fault::Refused(refused(&reading.problems)));
    }
    let mut problems = reading.problems;
    let Some(request) = reading.value else { return Err(Fault::Refused(refused(&problems))) };
    problems.extend(rules::check(&request, &Limits::standard(), now));
    if problems.iter().any(|problem| problem.stage() == Stage::Rules) {
        return Err(Fault::Refused(refused(&problems)));
    }
    let surroundings = dry_run::Surroundings {
        caller,
        environment: &around.settings().environment,
        separator: "__",
        templates: around.templates(),
        now,
        deadline: None,
    };
    let problems = dry_run::dry_run(&request.workflow, surroundings, &mut **ids).problems;
    let refuses = |problem: &Problem| problem.refuses();
    if problems.iter().any(refuses) {
        let problems = problems.into_iter().filter(refuses).collect();
        return Err(Fault::DryRun { problems, workflow: request.workflow.id.to_string() });
    }
    Ok(request)
}

impl Workflow {
    /// Says whether a push would be accepted, without storing anything.
    pub(super) fn validate(caller: &Caller, body: &Json, turn: &mut Turn<'_>) -> Result<Answer, Refusal> {
        let author = author(caller)?;
        check(body, Some(&author.name), turn).map_err(Fault::of_validation)?;
        Ok(Answer::ok(json!({
            "timestamp": turn.now.0, "type": "ACTION", "action": "VALIDATE", "author": author.to_json(),
            "message": "the workflow definition is valid.",
        })))
    }
}

/// A YAML definition as the body of a push; types of jobs may be job templates.
pub(crate) fn yaml(text: &str, templates: &dyn Templates) -> Result<Json, Refusal> {
    let converted = converted(text, templates)?;
    if converted.problems.iter().any(Problem::refuses) {
        return Err(refused(&converted.problems));
    }
    converted.request.ok_or_else(unreadable)
}

/// The body of a push as far as it can be made out, which says where the push belongs; what is wrong with it is said there.
pub(crate) fn yaml_outline(text: &str) -> Result<Json, Refusal> {
    converted(text, &NoTemplates)?.request.ok_or_else(unreadable)
}

fn converted(text: &str, templates: &dyn Templates) -> Result<dsl::Converted, Refusal> {
    let root = source::yaml::parse(text).map_err(|_| unreadable())?;
    Ok(dsl::convert(&root, templates))
}

fn unreadable() -> Refusal {
    Refusal::new(Reason::BadRequest, "I/O error while reading input message")
}
