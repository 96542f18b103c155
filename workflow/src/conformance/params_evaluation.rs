//! The cases of `params.jsonl` that evaluate.

use serde_json::Value as Json;

use super::{Case, Failure, params::unknown};

/// Runs one case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    Err(unknown(&case.function))
}
