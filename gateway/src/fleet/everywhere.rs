//! Calls that change what all engines must know: properties, tags, activations, permits, templates, breakpoints, signals.

use serde_json::Value as Json;
use workflow::{
    id::WorkflowId,
    port::{Answer, Caller, Reason, Refusal, Request},
};

use super::Fleet;

impl Fleet {
    /// Asks the legacy engine, then the candidate. The first refusal ends it; these calls can all be repeated, so that is how what
    /// only one engine did is brought to the other.
    pub(crate) async fn everywhere(&self, caller: Caller, request: Request) -> Result<Answer, Refusal> {
        let answer = self.legacy.call(caller.clone(), request.clone()).await?;
        match self.candidate.call(caller, request).await {
            Ok(_) => Ok(answer),
            Err(mut refusal) => {
                let (done, missing) = (self.legacy.name(), self.candidate.name());
                refusal.message = format!(
                    "done by `{done}` but refused by `{missing}`, so ask again: {message}",
                    message = refusal.message
                );
                Err(refusal)
            }
        }
    }

    /// Announces a signal to every engine. One that knows it already is content: only when all do is it a duplicate.
    pub(crate) async fn signal(&self, caller: Caller, request: Request) -> Result<Answer, Refusal> {
        let first = self.legacy.call(caller.clone(), request.clone()).await;
        match &first {
            Err(refusal) if refusal.reason != Reason::Conflict => return first,
            _ => {}
        }
        let second = self.candidate.call(caller, request).await;
        match (first, second) {
            (Ok(answer), Ok(_)) => Ok(answer),
            (Ok(answer), Err(refusal)) | (Err(refusal), Ok(answer)) if refusal.reason == Reason::Conflict => Ok(answer),
            (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
        }
    }

    /// Stops, fails or unblocks a workflow's instances wherever they are.
    pub(crate) async fn workflow_action(&self, caller: Caller, request: Request) -> Result<Answer, Refusal> {
        // Both are asked whatever the first one says: stopping half would be worse than a refusal.
        let first = self.legacy.call(caller.clone(), request.clone()).await;
        let second = self.candidate.call(caller, request).await;
        let (mut answer, further) = (first?, second?);
        let message =
            |answer: &Answer| answer.body.as_ref().and_then(|body| body["message"].as_str().map(str::to_owned));
        if let (Some(one), Some(other), Some(body)) = (message(&answer), message(&further), answer.body.as_mut()) {
            body["message"] = Json::from(format!("{one}; {other}"));
        }
        Ok(answer)
    }

    /// Deletes a workflow. An engine that still has live instances is asked first, so that its refusal comes before anything is gone.
    pub(crate) async fn delete(&self, caller: Caller, workflow: WorkflowId) -> Result<Answer, Refusal> {
        let mut engines = self.engines();
        let overview = Request::Overview { workflow: workflow.clone() };
        let live = self.candidate.call(caller.clone(), overview).await.map(|answer| live(&answer)).unwrap_or_default();
        if live > 0 {
            engines.reverse();
        }
        let request = Request::DeleteWorkflow { workflow };
        let [first, second] = engines;
        let first = first.call(caller.clone(), request.clone()).await;
        match &first {
            // Gone there already: a deletion that was cut short is finished by repeating it.
            Err(refusal) if refusal.reason != Reason::NotFound => return first,
            _ => {}
        }
        match (first, second.call(caller, request).await) {
            (Ok(answer), Ok(_)) => Ok(answer),
            (Ok(answer), Err(refusal)) | (Err(refusal), Ok(answer)) if refusal.reason == Reason::NotFound => Ok(answer),
            (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
        }
    }
}

fn live(overview: &Answer) -> i64 {
    let counts = overview.body.as_ref().map_or(&Json::Null, |body| &body["nonterminal_instances"]);
    counts.as_object().map_or(0, |counts| counts.values().filter_map(Json::as_i64).sum())
}
