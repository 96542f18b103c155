//! Pages of numbered things, newest first.

use serde_json::{Value as Json, json};

/// Where a page lies from its cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Towards lower ids.
    Next,
    /// Towards higher ids.
    Prev,
}

impl Direction {
    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Next => "NEXT",
            Self::Prev => "PREV",
        }
    }
}

/// A page that cannot be asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Neither direction, or both.
    #[error("Either first or last need to be provided, but not both")]
    NoDirection,
    /// The cursor is no id.
    #[error("For input string: \"{0}\"")]
    Cursor(String),
}

/// A range of ids, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Lowest.
    pub start: i64,
    /// Highest.
    pub end: i64,
}

/// The direction and size of a page, from the two parameters of which exactly one is given.
pub fn direction(first: Option<i64>, last: Option<i64>) -> Result<(Direction, i64), Error> {
    match (first, last) {
        (Some(first), None) => Ok((Direction::Next, first)),
        (None, Some(last)) => Ok((Direction::Prev, last)),
        _ => Err(Error::NoDirection),
    }
}

/// The ids of a page among those that exist; the cursor itself is excluded, an empty one counts as none.
pub fn range(cursor: Option<&str>, direction: Direction, existing: Range, limit: i64) -> Result<Range, Error> {
    let Range { start: min, end: max } = existing;
    let cursor = cursor.filter(|cursor| !cursor.is_empty());
    let cursor = cursor.map(|text| text.parse::<i64>().map_err(|_| Error::Cursor(text.to_owned()))).transpose()?;
    let (start, end) = match (direction, cursor) {
        (Direction::Next, None) => (min.max(max.saturating_sub(limit).saturating_add(1)), max),
        (Direction::Next, Some(cursor)) => (min.max(cursor.saturating_sub(limit)), cursor.saturating_sub(1)),
        (Direction::Prev, None) => (min, max.min(min.saturating_add(limit).saturating_sub(1))),
        (Direction::Prev, Some(cursor)) => (cursor.saturating_add(1), max.min(cursor.saturating_add(limit))),
    };
    // An empty window has one id, which lies outside of what exists.
    Ok(Range { start: start.min(end), end })
}

/// What a page tells of its place. `page` is empty when no element was found.
pub fn info(page: Option<Range>, existing: Range) -> Json {
    let Range { start: min, end: max } = existing;
    match page {
        None => json!({
            "start_cursor": null, "end_cursor": null, "start_index": 0,
            "has_previous_page": false, "has_next_page": false, "total_count": max,
        }),
        Some(Range { start: low, end: high }) => json!({
            "start_cursor": high.to_string(),
            "end_cursor": low.to_string(),
            "start_index": max.saturating_add(1).saturating_sub(high),
            "has_previous_page": high < max,
            "has_next_page": low > min,
            "total_count": max.saturating_sub(min).saturating_add(1),
        }),
    }
}
