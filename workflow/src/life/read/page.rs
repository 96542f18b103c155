//! Pages of numbered things, as they are asked for and answered.

use serde_json::{Value as Json, json};

use crate::{
    port::{Page, Reason, Refusal},
    wire::page::{self, Direction, Range},
};

/// The largest page.
const SIZE_MAX: i64 = 200;

/// Where a page lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) direction: Direction,
    pub(super) size: i64,
    /// The ids of the page, both ends included.
    pub(super) ids: Range,
    existing: Range,
}

impl Window {
    /// The page among the ids that exist; `None` exists as nothing.
    pub(super) fn of(page: &Page, existing: Option<Range>) -> Result<Self, Refusal> {
        let bad = |message: String| Refusal::new(Reason::BadRequest, message);
        let (direction, size) = page::direction(page.first, page.last).map_err(|error| bad(error.to_string()))?;
        if !(1..=SIZE_MAX).contains(&size) {
            let errors = vec![format!("{size} must be between 1 and {SIZE_MAX}")];
            return Err(Refusal { errors, ..bad("400 BAD_REQUEST \"Validation failure\"".to_owned()) });
        }
        let existing = existing.unwrap_or(Range { start: 0, end: 0 });
        let cursor = page.cursor.as_deref();
        let ids = page::range(cursor, direction, existing, size).map_err(|error| bad(error.to_string()))?;
        Ok(Self { direction, size, ids, existing })
    }

    /// The answer; `found` are the lowest and the highest id of the elements.
    pub(super) fn answer(&self, found: Option<Range>, elements: &[Json]) -> Json {
        let mut info = page::info(found, self.existing);
        let mut total = Json::from(0);
        if let Some(info) = info.as_object_mut() {
            total = info.shift_remove("total_count").unwrap_or(total);
            info.retain(|_, value| !value.is_null());
            if found.is_none() {
                info.shift_remove("start_index");
            }
        }
        json!({ "page_info": info, "total_count": total, "elements": elements })
    }
}
