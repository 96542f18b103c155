//! Params in YAML: `'!name<type>(mode)': value`.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::{Converter, text};
use crate::{
    definition::{
        source::{
            Places,
            yaml::{Key, Node, Value},
        },
        template::NoTemplates,
    },
    param::{Mode, Type},
    problem::{Path, Problem, code, nearest},
};

/// Params as the entries of a map stand for them, in the form of the request.
pub fn params(node: &Node) -> Result<Json, Vec<Problem>> {
    if node.is_null() {
        return Ok(Json::Null);
    }
    let mut converter = Converter { templates: &NoTemplates, places: Places::new(), problems: Vec::new() };
    let mut read = Map::new();
    if let Some(found) = converter.map(&Path::Root, node) {
        entries(&mut converter, &Path::Root, found, &mut read);
    }
    if converter.problems.is_empty() { Ok(Json::Object(read)) } else { Err(converter.problems) }
}

/// Adds the params that the entries of a map stand for.
pub(super) fn entries(
    converter: &mut Converter<'_>,
    path: &Path<'_>,
    entries: &[(Key, Arc<Node>)],
    read: &mut Map<String, Json>,
) {
    for (key, node) in entries {
        entry(converter, path, key, node, read);
    }
}

/// What a key says about its param.
struct Sugar {
    name: String,
    is_expression: bool,
    kind: Option<Type>,
    mode: Option<Mode>,
}

/// Adds the param that one entry stands for; its name, where it has one.
pub(super) fn entry(
    converter: &mut Converter<'_>,
    path: &Path<'_>,
    key: &Key,
    node: &Node,
    read: &mut Map<String, Json>,
) -> Option<String> {
    let sugar = sugar(converter, path, key, node)?;
    let at = path.key(&sugar.name);
    converter.place(&at, &key.span, node);
    if node.is_null() {
        let message = format!("param value for param [{}] cannot be null", key.name);
        converter.report(code::DSL_PARAM_TYPE, &at, node, message);
        return None;
    }
    let mut param = Map::new();
    if sugar.is_expression {
        converter.place(&at.key("expression"), &(0..0), node);
        let Some(expression) = text(node) else {
            converter.report(
                code::DSL_PARAM_TYPE,
                &at,
                node,
                format!("the expression of param [{}] is a text", key.name),
            );
            return None;
        };
        param.insert("expression".to_owned(), Json::from(expression));
        param.insert("type".to_owned(), Json::from(sugar.kind.unwrap_or(Type::String).word()));
    } else {
        converter.place(&at.key("value"), &(0..0), node);
        let (kind, value) = literal(converter, &at, key, node, sugar.kind)?;
        param.insert("value".to_owned(), value);
        param.insert("type".to_owned(), Json::from(kind.word()));
    }
    if let Some(mode) = sugar.mode {
        param.insert("mode".to_owned(), Json::from(mode.word()));
    }
    read.insert(sugar.name.clone(), Json::Object(param));
    Some(sugar.name)
}

fn sugar(converter: &mut Converter<'_>, path: &Path<'_>, key: &Key, node: &Node) -> Option<Sugar> {
    let written = key.name.trim();
    let (is_expression, mut rest) = match written.strip_prefix('!') {
        Some(rest) => (true, rest.trim().to_owned()),
        None => (false, written.to_owned()),
    };
    let at = path.key(&key.name);
    let mode_word = cut(&mut rest, '(', ')');
    let type_word = cut(&mut rest, '<', '>');
    let name = rest.trim().to_owned();
    if name.is_empty() {
        let message = format!("param name cannot be empty after parsing name: [{}]", key.name);
        converter.place(&at, &key.span, node);
        converter.report(code::DSL_PARAM_NAME, &at, node, message);
        return None;
    }
    let kind = match type_word.as_deref().map(|word| (word, kind(word))) {
        None => None,
        Some((_, Some(kind))) => Some(kind),
        Some((word, None)) => {
            let types =
                "string, long, double, boolean, map, pmap, array<string>, array<long>, array<double>, array<boolean>";
            let message = format!("Invalid param type [{word}]. Supported types are {types}");
            converter.place(&at, &key.span, node);
            converter.report(code::DSL_PARAM_NAME, &at, node, message).hint =
                nearest(word, types.split(", ")).map(|meant| format!("did you mean `{meant}`?"));
            return None;
        }
    };
    let mode = match mode_word.as_deref().map(|word| (word, Mode::from_word(word.trim()))) {
        None => None,
        Some((_, Some(mode))) => Some(mode),
        Some((word, None)) => {
            let modes = Mode::WORDS.join(", ");
            let message =
                format!("Invalid param mode [{word}] in param name [{}]. Supported modes are {modes}", key.name);
            converter.place(&at, &key.span, node);
            converter.report(code::DSL_PARAM_NAME, &at, node, message);
            return None;
        }
    };
    Some(Sugar { name, is_expression, kind, mode })
}

/// Takes the part from the first opening to the last closing mark out of a text.
fn cut(text: &mut String, open: char, close: char) -> Option<String> {
    let (start, end) = (text.find(open)?, text.rfind(close)?);
    if start > end {
        return None;
    }
    let word = text[start + open.len_utf8()..end].trim().to_owned();
    text.replace_range(start..end + close.len_utf8(), "");
    Some(word)
}

fn kind(word: &str) -> Option<Type> {
    let word = word.replace(' ', "").to_lowercase();
    match word.as_str() {
        "map" => Some(Type::StringMap),
        "pmap" => Some(Type::Map),
        "array<string>" => Some(Type::StringArray),
        "array<long>" => Some(Type::LongArray),
        "array<double>" => Some(Type::DoubleArray),
        "array<boolean>" => Some(Type::BooleanArray),
        word => Type::from_word(word),
    }
}

fn literal(
    converter: &mut Converter<'_>,
    path: &Path<'_>,
    key: &Key,
    node: &Node,
    declared: Option<Type>,
) -> Option<(Type, Json)> {
    let implied = match &node.value {
        Value::Scalar(scalar) => scalar_type(scalar),
        Value::List(list) => list_type(converter, path, key, node, list, declared)?,
        Value::Map(entries) => {
            let is_plain = !entries.is_empty() && entries.iter().all(|(_, node)| node.as_str().is_some());
            if is_plain && declared != Some(Type::Map) { Type::StringMap } else { Type::Map }
        }
    };
    if let Some(declared) = declared.filter(|declared| *declared != implied) {
        let message = format!(
            "Type mismatch for param [{}]: specified type [{declared}] does not match implied type [{implied}] from its value: [{}]",
            key.name,
            node.to_json()
        );
        converter.report(code::DSL_PARAM_TYPE, path, node, message);
        return None;
    }
    match (&node.value, implied) {
        (Value::Map(found), Type::Map) => {
            let mut nested = Map::new();
            entries(converter, &path.key("value"), found, &mut nested);
            Some((implied, json!(nested)))
        }
        _ => Some((implied, node.to_json())),
    }
}

fn scalar_type(scalar: &Json) -> Type {
    match scalar {
        Json::Bool(_) => Type::Boolean,
        Json::Number(number) if number.is_i64() || number.is_u64() => Type::Long,
        Json::Number(_) => Type::Double,
        _ => Type::String,
    }
}

/// The type of an array: that of its first element, which the others must have too.
fn list_type(
    converter: &mut Converter<'_>,
    path: &Path<'_>,
    key: &Key,
    node: &Node,
    list: &[Arc<Node>],
    declared: Option<Type>,
) -> Option<Type> {
    let is_array =
        |kind: &Type| matches!(kind, Type::StringArray | Type::LongArray | Type::DoubleArray | Type::BooleanArray);
    let element_type = |node: &Node| match &node.value {
        Value::Scalar(scalar) if !scalar.is_null() => Some(scalar_type(scalar)),
        _ => None,
    };
    let Some(first) = list.first() else { return Some(declared.filter(is_array).unwrap_or(Type::StringArray)) };
    let kind = element_type(first);
    let array = match kind {
        Some(Type::Long) => Type::LongArray,
        Some(Type::Double) => Type::DoubleArray,
        Some(Type::Boolean) => Type::BooleanArray,
        Some(_) => Type::StringArray,
        None => {
            let message = format!("Invalid type for array param: [{}] with value [{}]", key.name, node.to_json());
            converter.report(code::DSL_PARAM_TYPE, path, node, message);
            return None;
        }
    };
    if let Some(odd) = list.iter().find(|node| element_type(node) != kind) {
        let message = format!(
            "Invalid element [{}] in array param: [{}]; all elements are of the type of the first one",
            odd.to_json(),
            key.name
        );
        converter.report(code::DSL_PARAM_TYPE, path, odd, message);
        return None;
    }
    Some(array)
}
