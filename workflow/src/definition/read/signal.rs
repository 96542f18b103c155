//! Signals that steps wait for and send.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::reader::{Reader, words_hint};
use crate::{
    definition::{MatchParam, Operator, SignalDependency, SignalOutput, shape},
    param,
    problem::{Path, code},
};

/// The dependencies of a step. An entry without a name is kept with an empty one, for the rules to refuse.
pub(super) fn dependencies(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<Vec<SignalDependency>> {
    const CLASS: &str = "java.util.ArrayList<com.netflix.maestro.models.signal.SignalDependenciesDefinition>";
    let list = reader.list(path, json, CLASS)?;
    if list.is_empty() || list.iter().any(Json::is_null) {
        let message = "signal dependencies definitions cannot be null or empty or contain null elements";
        reader.report(code::SIGNAL_DEPENDENCY, path, message);
    }
    let entries = list.iter().enumerate().filter(|(_, json)| !json.is_null());
    Some(entries.filter_map(|(index, json)| dependency(reader, &path.index(index), json)).collect())
}

pub(super) fn dependency(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<SignalDependency> {
    let mut read = SignalDependency { name: Arc::from(""), match_params: None };
    let is_object = reader.fields(path, json, &shape::SIGNAL_DEPENDENCY, |reader, path, name, json| match name {
        "name" => read.name = reader.text(path, json).unwrap_or_else(|| Arc::from("")),
        _ => read.match_params = matches(reader, path, json),
    });
    is_object.then_some(read)
}

fn matches(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<IndexMap<Arc<str>, MatchParam>> {
    let object = reader.object(path, json, "java.util.LinkedHashMap")?;
    let entries = object.iter().filter(|(_, json)| !json.is_null());
    let read = entries
        .filter_map(|(name, json)| Some((Arc::from(name.as_str()), match_param(reader, &path.key(name), name, json)?)));
    Some(read.collect())
}

fn match_param(reader: &mut Reader, path: &Path<'_>, name: &str, json: &Json) -> Option<MatchParam> {
    let (mut param, mut operator) = (None, None);
    let before = reader.problems.len();
    let is_object = reader.fields(path, json, &shape::SIGNAL_MATCH, |reader, path, field, json| match field {
        "param" => param = param::read::definition(name, json, &path.to_string(), &mut reader.problems),
        _ => operator = self::operator(reader, path, json),
    });
    if !is_object || reader.problems.len() > before {
        return None;
    }
    let (Some(param), Some(operator)) = (param, operator) else {
        reader.report(code::SIGNAL_MATCH, path, "The param and the operator in SignalMatchParamDef must be set");
        return None;
    };
    if !matches!(param.kind, param::Type::Long | param::Type::String) {
        let message = format!("SignalMatchParamDef param [{name}]'s type must be either LONG or STRING");
        reader.report(code::SIGNAL_MATCH, path, message);
    }
    Some(MatchParam { param: Arc::new(param), operator })
}

/// How a signal's param is compared.
pub(super) fn operator(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<Operator> {
    let text = reader.text(path, json)?;
    let operator = Operator::from_word(&text);
    if operator.is_none() {
        let hint = words_hint(&text, Operator::WORDS);
        reader.report(code::OPERATOR, path, format!("Invalid operator code: {text}")).hint = Some(hint);
    }
    operator
}

/// The outputs of a step. An entry without a name is kept with an empty one, for the rules to refuse.
pub(super) fn outputs(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<Vec<SignalOutput>> {
    const CLASS: &str = "java.util.ArrayList<com.netflix.maestro.models.signal.SignalOutputsDefinition>";
    let list = reader.list(path, json, CLASS)?;
    if list.is_empty() || list.iter().any(Json::is_null) {
        let message = "Signal step outputs definitions cannot be null or empty or contain null elements";
        reader.report(code::SIGNAL_OUTPUT, path, message);
    }
    let entries = list.iter().enumerate().filter(|(_, json)| !json.is_null());
    Some(entries.filter_map(|(index, json)| output(reader, &path.index(index), json)).collect())
}

fn output(reader: &mut Reader, path: &Path<'_>, json: &Json) -> Option<SignalOutput> {
    let mut read = SignalOutput { name: Arc::from(""), params: None, payload: None };
    let is_object = reader.fields(path, json, &shape::SIGNAL_OUTPUT, |reader, path, name, json| match name {
        "name" => read.name = reader.text(path, json).unwrap_or_else(|| Arc::from("")),
        "params" => read.params = Some(reader.params(path, json)),
        _ => read.payload = Some(reader.params(path, json)),
    });
    is_object.then_some(read)
}
