//! `literal.jsonl`: references inside texts.

use serde_json::Value as Json;

use super::{
    Case, Failure,
    params::{definitions, failed, params, unknown},
};
use crate::param::{Error, Params, interpolate, result, write};

/// Runs one case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    match case.function.as_str() {
        "referenced_names" => {
            let mut names = names(case)?;
            names.sort();
            Ok(names.into_iter().collect())
        }
        "interpolate" => interpolated(case),
        other => Err(unknown(other)),
    }
}

fn subject(case: &Case) -> Result<crate::param::Definitions, Failure> {
    let mut object = serde_json::Map::new();
    object.insert("param".to_owned(), case.input("param").clone());
    definitions(&Json::Object(object))
}

fn names(case: &Case) -> Result<Vec<String>, Failure> {
    let subject = subject(case)?;
    let names = subject.values().flat_map(|definition| interpolate::literal_names(definition));
    Ok(names.map(|name| name.to_string()).collect())
}

/// The params of a case: their values are their results unless it says that they are not evaluated.
fn known(case: &Case) -> Result<Params, Failure> {
    let mut json = case.input("params").clone();
    for param in json.as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
        let object = param.as_object_mut().ok_or_else(|| unknown("a param that is no object"))?;
        let value = object.shift_remove("value");
        match object.shift_remove("evaluated") {
            Some(Json::Bool(false)) => {}
            _ => {
                object.insert("evaluated_result".to_owned(), value.unwrap_or(Json::Null));
            }
        }
    }
    params(&json)
}

fn interpolated(case: &Case) -> Result<Json, Failure> {
    let known = known(case)?;
    let value = |text: &str, name: &str| match known.get(name) {
        None => Err(Error::NotInterpolated { text: text.to_owned(), name: name.to_owned() }),
        Some(param) => param
            .value()
            .map(result::text)
            .ok_or_else(|| Error::NotEvaluatedYet { text: text.to_owned(), name: name.to_owned() }),
    };
    let subject = subject(case)?;
    let definition = subject.get("param").ok_or_else(|| unknown("a case without a param"))?;
    let crate::param::Body::Literal(literal) = &definition.body else { return Err(unknown("a param without a value")) };
    let put_in = interpolate::literal(literal, value).map_err(|error| failed(&error))?;
    Ok(put_in.as_ref().map_or(Json::Null, write::value))
}
