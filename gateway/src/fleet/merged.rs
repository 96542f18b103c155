//! Reads whose answer lies on both engines.

use serde_json::{Value as Json, json};
use workflow::{
    id::WorkflowId,
    port::{Answer, Caller, Page, Reason, Refusal, Request},
};

use super::Fleet;
use crate::routing::{Joined, Wanted, join, wanted};

impl Fleet {
    /// Versions and properties from the legacy engine, numbers of instances from both.
    pub(crate) async fn overview(&self, caller: Caller, workflow: WorkflowId) -> Result<Answer, Refusal> {
        let request = Request::Overview { workflow };
        let first = self.legacy.call(caller.clone(), request.clone()).await?;
        let second = self.candidate.call(caller, request).await;
        match (first.body, second) {
            (Some(first), Ok(Answer { body: Some(second), .. })) => Ok(Answer::ok(joined_overview(first, &second))),
            (body, Ok(_)) => Ok(Answer { status: first.status, body }),
            (body, Err(refusal)) if refusal.reason == Reason::NotFound => Ok(Answer { status: first.status, body }),
            (_, Err(refusal)) => Err(refusal),
        }
    }

    /// The list of both.
    pub(crate) async fn lists(&self, caller: Caller, request: Request) -> Result<Answer, Refusal> {
        let mut all = Vec::new();
        for engine in self.engines() {
            match engine.call(caller.clone(), request.clone()).await?.body {
                Some(Json::Array(items)) => all.extend(items),
                Some(other) => all.push(other),
                None => {}
            }
        }
        Ok(Answer::ok(Json::Array(all)))
    }

    /// A page of instances, newest first, across the engines.
    pub(crate) async fn instances(
        &self,
        caller: Caller,
        workflow: WorkflowId,
        page: Page,
        is_aggregated: bool,
    ) -> Result<Answer, Refusal> {
        let list = List { fleet: self, caller, workflow, is_aggregated };
        let Some(wanted) = wanted(&page) else {
            // Not a page that can be asked for: the engine says why not, as it would alone.
            return list.ask(0, page).await.map(Answer::ok);
        };
        list.page(wanted).await.map(Answer::ok)
    }
}

/// One listing of instances in work.
struct List<'a> {
    fleet: &'a Fleet,
    caller: Caller,
    workflow: WorkflowId,
    is_aggregated: bool,
}

impl List<'_> {
    async fn ask(&self, place: usize, page: Page) -> Result<Json, Refusal> {
        let request = Request::Instances { workflow: self.workflow.clone(), page, is_aggregated: self.is_aggregated };
        let answer = self.fleet.engines()[place].call(self.caller.clone(), request).await?;
        Ok(answer.body.unwrap_or_default())
    }

    async fn page(&self, wanted: Wanted) -> Result<Json, Refusal> {
        let ranges = self.fleet.owners().descending();
        let mut parts: Vec<Option<Joined>> = vec![None; ranges.len()];
        let mut order: Vec<usize> = (0..ranges.len()).collect();
        if !wanted.is_towards_older {
            order.reverse();
        }
        let (flag, mut left) =
            (if wanted.is_towards_older { "has_next_page" } else { "has_previous_page" }, wanted.size);
        for at in order {
            let (first, place) = ranges[at];
            let end = at.checked_sub(1).map(|above| ranges[above].0);
            let page = if left > 0 { wanted.of_engine(first, end, left) } else { None };
            let page = match page {
                Some(page) => Some(wanted.beyond_cursor(self.ask(place, page).await?)),
                None => None,
            };
            if let Some(page) = &page {
                left -= i64::try_from(count(page)).unwrap_or(i64::MAX);
                // A page may be short because numbers are missing; the rest of this engine comes before the next one.
                if page["page_info"][flag].as_bool() == Some(true) {
                    left = 0;
                }
            }
            let total = self.total(place, page.as_ref()).await?;
            parts[at] = Some(Joined { page, total });
        }
        let parts: Vec<Joined> = parts.into_iter().flatten().collect();
        Ok(join(&parts))
    }

    /// How many instances an engine has. An empty page does not say it, so a page that cannot be empty is asked for.
    async fn total(&self, place: usize, page: Option<&Json>) -> Result<i64, Refusal> {
        let count_of = |page: &Json| page["total_count"].as_i64().unwrap_or_default();
        if let Some(page) = page.filter(|page| count(page) > 0) {
            return Ok(count_of(page));
        }
        let newest = self.ask(place, Page { first: Some(1), last: None, cursor: None }).await?;
        Ok(if count(&newest) > 0 { count_of(&newest) } else { 0 })
    }
}

fn count(page: &Json) -> usize {
    page["elements"].as_array().map_or(0, Vec::len)
}

/// Several overviews as one: the numbers of instances are those of all engines.
fn joined_overview(mut first: Json, further: &Json) -> Json {
    for (status, count) in further["nonterminal_instances"].as_object().into_iter().flatten() {
        let sum =
            first["nonterminal_instances"][status].as_i64().unwrap_or_default() + count.as_i64().unwrap_or_default();
        first["nonterminal_instances"][status] = json!(sum);
    }
    let (one, other) = (first["failed_instances"].as_i64(), further["failed_instances"].as_i64());
    if one.or(other).is_some() {
        first["failed_instances"] = json!(one.unwrap_or_default() + other.unwrap_or_default());
    }
    let latest = first["latest_instance_id"].as_i64().max(further["latest_instance_id"].as_i64());
    if let Some(latest) = latest {
        first["latest_instance_id"] = json!(latest);
    }
    first
}
