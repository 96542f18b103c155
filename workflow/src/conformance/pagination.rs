//! `pagination.jsonl`: pages of ids.

use serde_json::{Value as Json, json};

use super::{Case, Failure};
use crate::wire::page::{Direction, Error, Range, direction, info, range};

/// Runs one case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    let number = |name: &str| case.input(name).as_i64().unwrap_or_default();
    match case.function.as_str() {
        "derive_direction" => {
            let (direction, _) = direction(case.input("first").as_i64(), case.input("last").as_i64())
                .map_err(|error| refused(&error))?;
            Ok(json!(direction.as_str()))
        }
        "pagination_range" => {
            let direction = if case.input("direction") == "PREV" { Direction::Prev } else { Direction::Next };
            let existing = Range { start: number("earliest_id"), end: number("latest_id") };
            let page = range(case.input("cursor").as_str(), direction, existing, number("limit"))
                .map_err(|error| refused(&error))?;
            Ok(json!({"start": page.start, "end": page.end}))
        }
        "build_page_info" => {
            let ids = case.input("element_ids").as_array();
            let ids: Vec<_> = ids.into_iter().flatten().filter_map(Json::as_i64).collect();
            let page = ids.iter().min().zip(ids.iter().max()).map(|(&start, &end)| Range { start, end });
            Ok(info(page, Range { start: number("earliest_id"), end: number("highest_id") }))
        }
        other => Err(Failure::unknown_function(other)),
    }
}

fn refused(error: &Error) -> Failure {
    let kind = match error {
        Error::NoDirection => "MaestroValidationException",
        Error::Cursor(_) => "NumberFormatException",
    };
    Failure { kind, text: error.to_string() }
}
