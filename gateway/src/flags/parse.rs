//! From a file's text to flags, with the place of whatever is wrong.

use std::collections::BTreeMap;

use datalogic_rs::Engine;
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

use super::{
    bucket::ALGORITHM,
    file::{Error, Flag, Flags},
    fractional::Fractional,
};
use crate::canonical::hex;

/// The member of a flag's metadata that names the bucket function.
const BUCKET: &str = "bucket";

/// The member of a flag's metadata that deals the buckets anew.
const SALT: &str = "salt";

/// What evaluates targeting: JsonLogic, and `fractional` with our bucket.
pub(crate) fn logic() -> Engine {
    Engine::builder().add_operator("fractional", Fractional).build()
}

impl Flags {
    /// Reads a file in flagd's format.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let document: Json = serde_json::from_str(text).map_err(|error| {
            let why = error.to_string();
            let why = why.split(" at line ").next().unwrap_or_default().to_owned();
            Error::Syntax { line: error.line(), column: error.column(), why }
        })?;
        let shared = match document.get("$evaluators") {
            None => Map::new(),
            Some(evaluators) => object(evaluators, "$evaluators")?.clone(),
        };
        let written = document.get("flags").ok_or_else(|| wrong("flags", "it is missing"))?;
        let logic = logic();
        let mut flags = BTreeMap::new();
        for (name, written) in object(written, "flags")? {
            let path = format!("flags.{name}");
            flags.insert(name.clone(), flag(object(written, &path)?, &path, &shared, &logic)?);
        }
        Ok(Self { version: hex(&Sha256::digest(text)), flags })
    }
}

fn flag(written: &Map<String, Json>, path: &str, shared: &Map<String, Json>, logic: &Engine) -> Result<Flag, Error> {
    let place = |member: &str| format!("{path}.{member}");
    let is_enabled = match written.get("state").and_then(Json::as_str) {
        Some("ENABLED") => true,
        Some("DISABLED") => false,
        _ => return Err(wrong(place("state"), "it must be `ENABLED` or `DISABLED`")),
    };
    let variants = written.get("variants").ok_or_else(|| wrong(place("variants"), "it is missing"))?;
    let variants = object(variants, &place("variants"))?;
    if variants.is_empty() {
        return Err(wrong(place("variants"), "there must be at least one"));
    }
    let default_variant = match written.get("defaultVariant") {
        None | Some(Json::Null) => None,
        Some(Json::String(name)) if variants.contains_key(name) => Some(name.clone()),
        Some(other) => return Err(wrong(place("defaultVariant"), &format!("{other} is no variant"))),
    };
    let metadata = match written.get("metadata") {
        None => Map::new(),
        Some(metadata) => object(metadata, &place("metadata"))?.clone(),
    };
    let targeting = match written.get("targeting") {
        None | Some(Json::Null) => None,
        Some(Json::Object(rule)) if rule.is_empty() => None,
        Some(rule) => {
            let rule = resolved(rule, shared, &place("targeting"))?;
            check_bucket(&rule, &metadata, &place("metadata"))?;
            let compiled = logic.compile(rule.to_string().as_str());
            Some(compiled.map_err(|error| wrong(place("targeting"), &error.to_string()))?)
        }
    };
    let salt = metadata.get(SALT).and_then(Json::as_str).map(str::to_owned);
    let variants = variants.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(Flag { is_enabled, variants, default_variant, targeting, salt })
}

/// A flag that deals by buckets says by which function, so that a change of the function cannot pass unseen.
fn check_bucket(rule: &Json, metadata: &Map<String, Json>, path: &str) -> Result<(), Error> {
    match metadata.get(BUCKET) {
        Some(Json::String(name)) if name == ALGORITHM => Ok(()),
        Some(other) => Err(wrong(format!("{path}.{BUCKET}"), &format!("{other} is unknown; this is `{ALGORITHM}`"))),
        None if has_operator(rule, "fractional") => {
            Err(wrong(format!("{path}.{BUCKET}"), &format!("targeting with `fractional` needs it: `{ALGORITHM}`")))
        }
        None => Ok(()),
    }
}

fn has_operator(rule: &Json, name: &str) -> bool {
    match rule {
        Json::Object(members) => members.iter().any(|(key, value)| key == name || has_operator(value, name)),
        Json::Array(items) => items.iter().any(|item| has_operator(item, name)),
        _ => false,
    }
}

/// Puts `$evaluators` in the places of their `$ref`s; they may not refer to each other, as in flagd.
fn resolved(rule: &Json, shared: &Map<String, Json>, path: &str) -> Result<Json, Error> {
    match rule {
        Json::Object(members) => {
            if let (Some(Json::String(name)), 1) = (members.get("$ref"), members.len()) {
                let found = shared.get(name);
                return found.cloned().ok_or_else(|| wrong(path, &format!("`$evaluators` has no `{name}`")));
            }
            let members = members.iter().map(|(key, value)| Ok((key.clone(), resolved(value, shared, path)?)));
            Ok(Json::Object(members.collect::<Result<_, Error>>()?))
        }
        Json::Array(items) => {
            Ok(Json::Array(items.iter().map(|item| resolved(item, shared, path)).collect::<Result<_, Error>>()?))
        }
        other => Ok(other.clone()),
    }
}

fn object<'a>(value: &'a Json, path: &str) -> Result<&'a Map<String, Json>, Error> {
    value.as_object().ok_or_else(|| wrong(path, "it must be an object"))
}

fn wrong(path: impl Into<String>, why: &str) -> Error {
    Error::Content { path: path.into(), why: why.to_owned() }
}
