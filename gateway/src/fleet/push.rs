//! Definitions on both engines, version by version.
//!
//! A push counts only when both engines took it and gave it the same number. It goes to the legacy engine first, so what is left
//! over by a push that was cut short is a definition that only the legacy engine has: its runs stay there until it is brought over.

use serde_json::{Map, Value as Json, json};
use workflow::{
    id::WorkflowId,
    port::{Answer, Caller, Reason, Refusal, Request},
    user::User,
};

use super::Fleet;

/// Versions that one repair brings over; a workflow with more is repaired by asking again.
const VERSIONS_MAX: i64 = 1000;

/// What the properties snapshot says of itself rather than of the workflow.
const SNAPSHOT_ONLY: [&str; 5] = ["workflow_id", "create_time", "author", "tags", "previous_snapshot"];

/// The versions that an engine has of a workflow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Versions {
    latest: i64,
    active: i64,
}

/// A push that did not come to both engines.
#[derive(Clone, Debug)]
pub(crate) struct HalfPushed {
    /// The workflow, where the legacy engine told it.
    pub(crate) workflow: Option<WorkflowId>,
    /// What to tell the client.
    pub(crate) refusal: Refusal,
}

impl Fleet {
    /// Judges a definition by both; it is good when both find it so.
    pub(crate) async fn validate(&self, caller: Caller, request: Request) -> Result<Answer, Refusal> {
        let answer = self.legacy.call(caller.clone(), request.clone()).await?;
        self.candidate.call(caller, request).await.map(|_| answer)
    }

    /// Stores a definition on both, or on none where one of them does not like it.
    pub(crate) async fn push(&self, caller: Caller, request: Request) -> Result<Answer, HalfPushed> {
        let whole = |refusal| HalfPushed { workflow: None, refusal };
        let check = match &request {
            Request::PushYaml { text } => Request::ValidateYaml { text: text.clone() },
            Request::Push { body } => Request::Validate { body: body.clone() },
            _ => return self.legacy.call(caller, request).await.map_err(whole),
        };
        // A push to the legacy engine judges by itself; so only the candidate has to be asked beforehand.
        self.candidate.call(caller.clone(), check).await.map_err(whole)?;
        let answer = self.legacy.call(caller.clone(), request.clone()).await.map_err(whole)?;
        let (workflow, version) = stored(&answer);
        let half = |why: &str, is_retryable| {
            let (done, missing) = (self.legacy.name(), self.candidate.name());
            let text =
                format!("version {version} is on `{done}` but not on `{missing}`: {why}; push again to repair it");
            let mut refusal = Refusal::new(Reason::Unavailable, text);
            refusal.is_retryable = is_retryable;
            HalfPushed { workflow: workflow.clone(), refusal }
        };
        match self.candidate.call(caller, request).await {
            Err(refusal) => Err(half(&refusal.message, refusal.is_retryable)),
            Ok(other) if stored(&other).1 != version => {
                Err(half(&format!("it became version {} there", stored(&other).1), false))
            }
            Ok(_) => Ok(answer),
        }
    }

    /// Whether both have the same versions of a workflow, and the same one is active.
    pub(crate) async fn is_on_both(&self, caller: &Caller, workflow: &WorkflowId) -> Result<bool, Refusal> {
        let (one, other) = self.both_versions(caller, workflow).await?;
        Ok(one == other)
    }

    /// Brings the versions that only the legacy engine has to the candidate, in order; gives back the latest.
    pub(crate) async fn repair(&self, caller: &Caller, workflow: &WorkflowId) -> Result<i64, Refusal> {
        let (wanted, mut has) = self.both_versions(caller, workflow).await?;
        if has.latest > wanted.latest {
            let text = format!(
                "`{}` has version {} of `{workflow}` but `{}` only {}: this cannot be repaired by pushing",
                self.candidate.name(),
                has.latest,
                self.legacy.name(),
                wanted.latest
            );
            return Err(Refusal::new(Reason::Conflict, text));
        }
        for version in has.latest + 1..=wanted.latest.min(has.latest.saturating_add(VERSIONS_MAX)) {
            self.bring(caller, workflow, version).await?;
        }
        (_, has) = self.both_versions(caller, workflow).await?;
        if has.latest == wanted.latest && has.active != wanted.active {
            let request = match wanted.active {
                0 => Request::Deactivate { workflow: workflow.clone() },
                version => Request::Activate { workflow: workflow.clone(), version: version.to_string() },
            };
            self.candidate.call(caller.clone(), request).await?;
        }
        Ok(has.latest)
    }

    /// Pushes one version that the legacy engine has to the candidate, in its author's name.
    async fn bring(&self, caller: &Caller, workflow: &WorkflowId, version: i64) -> Result<(), Refusal> {
        let request = Request::Version { workflow: workflow.clone(), version: version.to_string(), is_enriched: false };
        let document = self.legacy.call(caller.clone(), request).await?.body.unwrap_or_default();
        let author = document["metadata"]["version_author"].as_str().map(User::named).or_else(|| caller.user.clone());
        let request = Request::Push { body: create_request(&document) };
        let answer = self.candidate.call(Caller { user: author }, request).await?;
        let (_, became) = stored(&answer);
        if became == version {
            return Ok(());
        }
        let text = format!("version {version} of `{workflow}` became {became} on `{}`", self.candidate.name());
        Err(Refusal::new(Reason::Conflict, text))
    }

    async fn both_versions(&self, caller: &Caller, workflow: &WorkflowId) -> Result<(Versions, Versions), Refusal> {
        let mut both = [Versions::default(); 2];
        for (versions, engine) in both.iter_mut().zip(self.engines()) {
            let request = Request::Overview { workflow: workflow.clone() };
            match engine.call(caller.clone(), request).await {
                Ok(answer) => *versions = versions_of(&answer.body.unwrap_or_default()),
                Err(refusal) if refusal.reason == Reason::NotFound => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(both.into())
    }
}

fn versions_of(overview: &Json) -> Versions {
    let number = |name: &str| overview[name].as_i64().unwrap_or_default();
    Versions { latest: number("latest_version_id"), active: number("active_version_id") }
}

/// The workflow and the version that a push made.
fn stored(answer: &Answer) -> (Option<WorkflowId>, i64) {
    let metadata = answer.body.as_ref().map_or(&Json::Null, |body| &body["workflow_definition"]["metadata"]);
    (
        metadata["workflow_id"].as_str().map(WorkflowId::from),
        metadata["workflow_version_id"].as_i64().unwrap_or_default(),
    )
}

/// The request that makes a stored version again.
fn create_request(document: &Json) -> Json {
    let mut properties: Map<String, Json> = document["properties_snapshot"].as_object().cloned().unwrap_or_default();
    properties.retain(|name, _| !SNAPSHOT_ONLY.contains(&name.as_str()));
    let mut request =
        json!({ "properties": properties, "workflow": document["workflow"], "is_active": document["is_active"] });
    if let Some(git) = document["metadata"].get("git_info") {
        request["git_info"] = git.clone();
    }
    request
}
