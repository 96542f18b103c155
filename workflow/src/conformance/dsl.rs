//! `dsl.jsonl`: pieces of YAML definitions.

use serde_json::{Map, Value as Json};

use super::{Case, Failure};
use crate::{
    definition::{dsl, source::yaml::Node},
    problem::Problem,
};

/// Runs a case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    match case.function.as_str() {
        "parse_params" => dsl::params(&Node::from(case.input("params"))).map_err(|problems| Failure {
            kind: "MaestroValidationException",
            text: problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"),
        }),
        "parse_transition" => {
            let entries = case.input("transition").as_array().into_iter().flatten();
            let entries: Vec<&str> = entries.filter_map(Json::as_str).collect();
            let edges = dsl::edges(&entries)
                .map_err(|(_, error)| Failure { kind: "IllegalArgumentException", text: error.to_string() })?;
            let edges: Map<_, _> = edges.into_iter().map(|(next, condition)| (next, Json::from(condition))).collect();
            Ok(if edges.is_empty() { Json::Null } else { Json::Object(edges) })
        }
        other => Err(Failure { kind: "unknown", text: format!("this version does not know `{other}`") }),
    }
}
