//! `http.jsonl`: which URLs may be called.

use serde_json::{Value as Json, json};

use super::{Case, Failure};
use crate::runtime::http::AllowList;

/// Runs one case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    if case.function != "validate_url" {
        return Err(Failure::unknown_function(&case.function));
    }
    let hosts = case.input("allow_list").as_array().into_iter().flatten();
    let list = AllowList::new(hosts.filter_map(Json::as_str));
    match list.check(case.input("url").as_str()) {
        Ok(()) => Ok(json!("ok")),
        Err(refused) => Err(Failure { kind: "MaestroValidationException", text: refused.to_string() }),
    }
}
