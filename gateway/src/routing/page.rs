//! One page of instances that live on several engines.
//!
//! The numbers of one engine all lie above those of the next, so a page is the end of one engine's pages and the beginning of the
//! next one's. `total_count` and `start_index` count what the engines report, without the gap between their numbers.

use serde_json::{Value as Json, json};
use workflow::{id::InstanceId, port::Page};

/// Which way a page goes, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) is_towards_older: bool,
    pub(crate) size: i64,
    pub(crate) cursor: Option<i64>,
}

/// What is asked for, where it is asked for properly; anything else is for an engine to refuse.
pub(crate) fn wanted(page: &Page) -> Option<Wanted> {
    let (is_towards_older, size) = match (page.first, page.last) {
        (Some(first), None) => (true, first),
        (None, Some(last)) => (false, last),
        _ => return None,
    };
    let cursor = page.cursor.as_deref().filter(|cursor| !cursor.is_empty());
    let cursor = cursor.map(str::parse).transpose().ok()?;
    Some(Wanted { is_towards_older, size, cursor })
}

impl Wanted {
    /// What to ask an engine that counts in `[first, end)`; `None` where the cursor lies beyond all of it.
    pub(crate) fn of_engine(self, first: InstanceId, end: Option<InstanceId>, size: i64) -> Option<Page> {
        let cursor = match self.cursor {
            None => None,
            Some(cursor) if self.is_towards_older => {
                if cursor <= first.0 {
                    return None;
                }
                // A cursor above all its numbers means from its newest on.
                end.is_none_or(|end| cursor < end.0).then_some(cursor)
            }
            Some(cursor) => {
                if end.is_some_and(|end| cursor >= end.0 - 1) {
                    return None;
                }
                (cursor >= first.0).then_some(cursor)
            }
        };
        let cursor = cursor.map(|cursor| cursor.to_string());
        let (first, last) = if self.is_towards_older { (Some(size), None) } else { (None, Some(size)) };
        Some(Page { first, last, cursor })
    }

    /// The page without what does not lie beyond the cursor: asked for what is newer than its newest, an engine gives that again.
    pub(crate) fn beyond_cursor(self, mut page: Json) -> Json {
        let is_beyond =
            |id: i64| self.cursor.is_none_or(|cursor| if self.is_towards_older { id < cursor } else { id > cursor });
        if let Some(elements) = page.get_mut("elements").and_then(Json::as_array_mut) {
            elements.retain(|element| is_beyond(number(element)));
        }
        page
    }
}

/// What one engine had.
#[derive(Clone, Debug)]
pub(crate) struct Joined {
    /// Its answer to the page; `None` where it was not asked for one.
    pub(crate) page: Option<Json>,
    /// How many instances it has, by its own count.
    pub(crate) total: i64,
}

/// The page of all, from what the engines had, highest numbers first.
pub(crate) fn join(parts: &[Joined]) -> Json {
    let mut elements: Vec<&Json> = Vec::new();
    for part in parts {
        let listed = part.page.as_ref().and_then(|page| page.get("elements")).and_then(Json::as_array);
        elements.extend(listed.into_iter().flatten());
    }
    elements.sort_by_key(|element| std::cmp::Reverse(number(element)));
    let total: i64 = parts.iter().map(|part| part.total).sum();
    let (Some(newest), Some(oldest)) = (elements.first(), elements.last()) else {
        let page_info = json!({ "has_previous_page": false, "has_next_page": false, "start_index": 0 });
        return json!({ "page_info": page_info, "total_count": total, "elements": [] });
    };
    let page_info = json!({
        "start_cursor": number(newest).to_string(),
        "end_cursor": number(oldest).to_string(),
        "has_previous_page": has_more(parts, "has_previous_page"),
        "has_next_page": has_more(parts, "has_next_page"),
        "start_index": start_index(parts),
    });
    json!({ "page_info": page_info, "total_count": total, "elements": elements })
}

fn number(element: &Json) -> i64 {
    element.get("workflow_instance_id").and_then(Json::as_i64).unwrap_or_default()
}

/// Whether anything lies beyond the outermost engine that has a part in the page: there, or on an engine further out.
fn has_more(parts: &[Joined], flag: &str) -> bool {
    let has_part = |part: &Joined| part.page.as_ref().is_some_and(|page| !is_empty(page));
    let outermost = match flag {
        "has_previous_page" => parts.iter().position(has_part),
        _ => parts.iter().rposition(has_part),
    };
    let Some(at) = outermost else { return false };
    let further = if flag == "has_previous_page" { &parts[..at] } else { &parts[at + 1..] };
    let more_here = parts[at].page.as_ref().and_then(|page| page["page_info"][flag].as_bool()).unwrap_or_default();
    more_here || further.iter().any(|part| part.total > 0)
}

/// The place of the newest element among all, from 1.
fn start_index(parts: &[Joined]) -> i64 {
    let mut before = 0;
    for part in parts {
        if let Some(page) = part.page.as_ref().filter(|page| !is_empty(page)) {
            return before + page["page_info"]["start_index"].as_i64().unwrap_or(1);
        }
        before += part.total;
    }
    0
}

fn is_empty(page: &Json) -> bool {
    page.get("elements").and_then(Json::as_array).is_none_or(Vec::is_empty)
}
