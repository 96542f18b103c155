//! Reading an engine through its API.

use serde_json::Value as Json;
use workflow::{
    definition::{read, write},
    id::{InstanceId, InstanceKey, StepId, WorkflowId},
    port::{Caller, Engine, Page, Reason, Request},
    user::User,
};

use super::Error;

/// The largest page that the API gives.
const PAGE: i64 = 200;

/// Runs of one instance that are read; restarts are made by people.
const RUNS_MAX: usize = 1_000;

/// Attempts of one step within one run that are read.
const ATTEMPTS_MAX: i64 = 10_000;

/// Reads documents as any client could.
pub(super) struct Reader<'a> {
    pub engine: &'a dyn Engine,
}

impl Reader<'_> {
    /// Instances of a workflow that have ended, newest first.
    pub(super) async fn ended(&self, workflow: &WorkflowId, most: usize) -> Result<Vec<InstanceKey>, Error> {
        let mut found = Vec::new();
        let mut cursor = None;
        while found.len() < most {
            let page = Page { first: Some(PAGE), last: None, cursor: cursor.take() };
            let request = Request::Instances { workflow: workflow.clone(), page, is_aggregated: false };
            let page = self.read(&format!("the instances of {workflow}"), request).await?.unwrap_or(Json::Null);
            for instance in elements(&page).iter().filter(|instance| has_ended(instance)) {
                if let Some(number) = instance["workflow_instance_id"].as_i64().filter(|_| found.len() < most) {
                    found.push(InstanceKey { workflow: workflow.clone(), instance: InstanceId(number) });
                }
            }
            cursor = next_page(&page);
            if cursor.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// All runs of an instance, first run first; none if there is no such instance.
    pub(super) async fn runs(&self, instance: &InstanceKey) -> Result<Vec<Json>, Error> {
        let what = format!("the runs of {}/{}", instance.workflow, instance.instance);
        let mut runs: Vec<Json> = Vec::new();
        let mut cursor = None;
        while runs.len() < RUNS_MAX {
            let page = Page { first: Some(PAGE), last: None, cursor: cursor.take() };
            let request = Request::Runs { instance: instance.clone(), page };
            let Some(page) = self.read(&what, request).await? else { break };
            runs.extend(elements(&page).iter().cloned());
            cursor = next_page(&page);
            if cursor.is_none() {
                break;
            }
        }
        runs.sort_by_key(|run| run["workflow_run_id"].as_i64());
        Ok(runs)
    }

    /// All attempts of a run: the API lists the latest of each step, the others are read one by one.
    pub(super) async fn attempts(&self, instance: &InstanceKey, run: i64) -> Result<Vec<Json>, Error> {
        let what = format!("the steps of {}/{}/{run}", instance.workflow, instance.instance);
        let request = Request::RunSteps { instance: instance.clone(), run: run.to_string() };
        let latest = self.read(&what, request).await?.unwrap_or(Json::Null);
        let mut attempts = Vec::new();
        for step in latest.as_array().into_iter().flatten() {
            let named = step["step_id"].as_str().zip(step["step_attempt_id"].as_i64());
            let Some((id, last)) = named else { continue };
            for number in 1..=last.min(ATTEMPTS_MAX) {
                let request = Request::Attempt {
                    instance: instance.clone(),
                    run: run.to_string(),
                    step: StepId::from(id),
                    attempt: number.to_string(),
                    is_enriched: true,
                };
                attempts.extend(self.read(&format!("attempt {number} of {id} in {what}"), request).await?);
            }
        }
        Ok(attempts)
    }

    /// The push that makes a version again.
    pub(super) async fn definition(&self, workflow: &str, version: i64) -> Result<Json, Error> {
        let what = format!("version {version} of {workflow}");
        let request =
            Request::Version { workflow: WorkflowId::from(workflow), version: version.to_string(), is_enriched: false };
        let unreadable = |because: String| Error::Unreadable { what: what.clone(), because };
        let stored = self.read(&what, request).await?.ok_or_else(|| unreadable("it does not exist".to_owned()))?;
        let read = read::version(&stored).accepted();
        let read = read
            .map_err(|problems| unreadable(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
        let mut request = read.to_request();
        request.is_active = true;
        // Tags are set by a call of their own; a push with some is refused.
        if let Some(properties) = &mut request.properties {
            properties.tags = None;
        }
        Ok(write::create_request(&request))
    }

    /// A document; `None` if there is none.
    async fn read(&self, what: &str, request: Request) -> Result<Option<Json>, Error> {
        let caller = Caller { user: Some(User::named("replay")) };
        match self.engine.call(caller, request).await {
            Ok(answer) => Ok(answer.body),
            Err(refusal) if refusal.reason == Reason::NotFound => Ok(None),
            Err(source) => Err(Error::Refused { what: what.to_owned(), source }),
        }
    }
}

/// Whether a run's document is that of a run that has ended.
pub(super) fn has_ended(run: &Json) -> bool {
    matches!(run["status"].as_str(), Some("SUCCEEDED" | "FAILED" | "STOPPED" | "TIMED_OUT"))
}

fn elements(page: &Json) -> &[Json] {
    page["elements"].as_array().map_or(&[], Vec::as_slice)
}

fn next_page(page: &Json) -> Option<String> {
    let info = &page["page_info"];
    let has_next = info["has_next_page"] == true;
    info["end_cursor"].as_str().filter(|_| has_next).map(str::to_owned)
}
