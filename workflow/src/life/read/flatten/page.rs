//! Pages of the flattened view, forwards and backwards, with filters.

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use serde_json::{Value as Json, json};

use super::{
    Flow,
    walk::{Leaf, View, Way},
};
use crate::{
    iteration::decode_by_length,
    life::{Order, read::Found},
    port::{Reason, Refusal},
    wire::page::{self, Direction},
};

/// The largest page.
const SIZE_MAX: usize = 200;

pub(super) fn answer(view: &View<'_>, query: &[(String, String)]) -> Found {
    let asked = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let size =
        |name: &str| asked(name).map(|text| text.trim().parse().map_err(|_| bad(format!("`{name}` is a number"))));
    let (direction, size) = page::direction(size("first").transpose()?, size("last").transpose()?)
        .map_err(|error| bad(error.to_string()))?;
    let size = usize::try_from(size).unwrap_or_default().clamp(1, SIZE_MAX);
    let cursor = asked("cursor").filter(|cursor| !cursor.is_empty()).map(cursor).transpose()?;
    let order = if direction == Direction::Next { Order::Ascending } else { Order::Descending };
    let statuses = query.iter().filter(|(name, _)| name == "statuses").flat_map(|(_, list)| list.split(','));
    let statuses: Vec<String> = statuses.map(|word| word.trim().to_uppercase()).collect();
    let variables = asked("loopParams").filter(|text| !text.is_empty()).map(variables).transpose()?.unwrap_or_default();
    let is_wanted = |leaf: &Leaf| {
        let status = leaf.state["status"].as_str().unwrap_or_default();
        (statuses.is_empty() || statuses.iter().any(|wanted| wanted == status))
            && variables.iter().all(|(name, value)| leaf.variables.get(name) == Some(value))
    };
    let mut found: Vec<Leaf> = Vec::new();
    view.each(Way { order, after: cursor.as_deref() }, &mut |leaf| {
        if is_wanted(&leaf) {
            found.push(leaf);
        }
        // One more tells whether there are more.
        Ok(if found.len() > size { Flow::Break(()) } else { Flow::Continue(()) })
    })?;
    let has_more = found.len() > size;
    found.truncate(size);
    if order == Order::Descending {
        found.reverse();
    }
    Ok(document(view, &found, direction, has_more, cursor.is_some()))
}

fn document(view: &View<'_>, found: &[Leaf], direction: Direction, has_more: bool, has_cursor: bool) -> Json {
    let (Some(first), Some(last)) = (found.first(), found.last()) else {
        let info = json!({ "has_previous_page": false, "has_next_page": false });
        return json!({ "page_info": info, "total_count": 0, "elements": [] });
    };
    let has_previous = if direction == Direction::Next { has_cursor } else { has_more };
    let has_next = if direction == Direction::Next { has_more } else { has_cursor };
    let elements: Vec<Json> = found.iter().map(|leaf| leaf.document(view)).collect();
    json!({
        "page_info": {
            "start_cursor": URL_SAFE.encode(first.rank()), "end_cursor": URL_SAFE.encode(last.rank()),
            "has_previous_page": has_previous, "has_next_page": has_next,
        },
        "total_count": elements.len(),
        "elements": elements,
    })
}

/// The numbers of the iteration that a cursor names.
fn cursor(text: &str) -> Result<Vec<i64>, Refusal> {
    let no_cursor = || bad(format!("`{text}` is no cursor of this view"));
    let rank = URL_SAFE.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(no_cursor)?;
    let numbers: Option<Vec<i64>> = rank.split('-').map(|part| decode_by_length(part)?.parse().ok()).collect();
    numbers.ok_or_else(no_cursor)
}

/// Loop variables with the values that they must have.
fn variables(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let no_filter = || bad("`loopParams` is an object of texts in JSON, encoded as base64url".to_owned());
    let bytes = URL_SAFE.decode(text).map_err(|_| no_filter())?;
    let json: Json = serde_json::from_slice(&bytes).map_err(|_| no_filter())?;
    let plain = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs = json.as_object().ok_or_else(no_filter)?;
    Ok(pairs.iter().map(|(name, value)| (name.clone(), plain(value))).collect())
}

fn bad(message: String) -> Refusal {
    Refusal::new(Reason::BadRequest, message)
}
