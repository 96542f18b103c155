//! Everything that can be answered from rows alone.
//!
//! Reads see durable rows only, so no reader ever sees what a crash could take back. [`answer`] gives `None` for requests that change
//! something; [`route`] says which machine decides those.

mod action_map;
mod attempt;
mod documents;
mod extras;
mod find;
mod flatten;
mod inline;
mod instance;
mod library;
mod page;
mod previous;
mod remains;
mod route;
mod run;
mod workflow;

use serde_json::Value as Json;

use self::library::Breakpoints;
pub use self::{
    documents::{RunDocuments, documents},
    find::{find, row_of, status},
    previous::{LatestRun, latest_run},
    route::route,
};
use super::{Rows, Surroundings, Unreadable};
use crate::{
    port::{Answer, Reason, Refusal, Request},
    time::Timestamp,
};

/// Answers a request that changes nothing; `None` for one that a machine must decide.
pub fn answer(
    request: &Request,
    rows: &dyn Rows,
    _surroundings: &dyn Surroundings,
    now: Timestamp,
) -> Option<Result<Answer, Refusal>> {
    let found = match request {
        Request::Version { workflow, version, is_enriched } => {
            let enriched_at = is_enriched.then_some(now);
            workflow::version(rows, workflow, version, enriched_at)
        }
        Request::Versions { workflow, page } => workflow::versions(rows, workflow, page),
        Request::Overview { workflow } => workflow::overview(rows, workflow),
        Request::WorkflowTimeline { workflow } => workflow::timeline(rows, workflow),
        Request::PropertiesSnapshot { workflow, snapshot } => workflow::properties(rows, workflow, snapshot),
        Request::Instances { workflow, page, is_aggregated } => instance::page(rows, workflow, page, *is_aggregated),
        Request::Instance { instance, is_enriched } => instance::view(rows, instance, *is_enriched),
        Request::Runs { instance, page } => instance::runs(rows, instance, page),
        Request::Run { instance, run, is_enriched, is_aggregated } => {
            let show = run::Show { is_enriched: *is_enriched, is_aggregated: *is_aggregated };
            instance::run(rows, instance, run, show)
        }
        Request::InlineWorkflowId { workflow, instance, step, step_type } => {
            inline::workflow_id(rows, [workflow, instance, step, step_type].map(Option::as_deref))
        }
        Request::InlinePath { instance } => instance::inline_path(rows, instance),
        Request::Steps { instance } => attempt::of_instance(rows, instance),
        Request::Step { instance, step, is_enriched } => attempt::of_step(rows, instance, step, *is_enriched),
        Request::RunSteps { instance, run } => attempt::of_run(rows, instance, run),
        Request::Attempt { instance, run, step, attempt, is_enriched } => {
            attempt::one(rows, instance, run, step, attempt, *is_enriched)
        }
        Request::InstanceActionMap => Ok(action_map::instances()),
        Request::StepActionMap => Ok(action_map::steps()),
        Request::TagPermit { tag } => library::tag_permit(rows, tag),
        Request::Signal { name, sequence } => return Some(library::signal(rows, name, *sequence)),
        Request::JobTemplate { job_type, version } => library::template(rows, job_type, version.as_deref()),
        Request::Breakpoints { query } => library::breakpoints(rows, query, Breakpoints::Set),
        Request::PausedAttempts { query } => library::breakpoints(rows, query, Breakpoints::Paused),
        Request::FlattenedForeach { instance, run, step, query } => flatten::answer(rows, instance, run, step, query),
        _ => return None,
    };
    Some(found.map(Answer::ok))
}

/// What a read gives.
type Found = Result<Json, Refusal>;

impl From<Unreadable> for Refusal {
    fn from(error: Unreadable) -> Self {
        Self { is_retryable: true, ..Self::new(Reason::InternalError, error.to_string()) }
    }
}

/// A number in a path, or the name of the newest.
fn number(text: &str) -> Result<Option<i64>, Refusal> {
    if text.eq_ignore_ascii_case("latest") {
        return Ok(None);
    }
    let bad = |_| Refusal::new(Reason::BadRequest, format!("For input string: \"{text}\""));
    text.parse().map(Some).map_err(bad)
}
