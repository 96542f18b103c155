//! Secrets taken out before anything leaves memory.
//!
//! A value is replaced by the same token wherever it stands, so that what depended on two values being equal still does.

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use regex::Regex;
use serde_json::Value as Json;

use crate::sample::Redaction;

/// What secrets look like, by name.
static PATTERNS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    let pattern = |(name, text)| (name, Regex::new(text).expect("the pattern is a constant"));
    [
        ("aws-access-key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
        ("bearer-token", r"(?i)\bbearer\s+[a-z0-9._~+/-]{16,}=*"),
        ("json-web-token", r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
        ("private-key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----"),
        ("github-token", r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
        ("slack-token", r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
        ("url-password", r"://[^/\s:@]+:[^/\s@]+@"),
    ]
    .map(pattern)
    .into()
});

/// Names of params that hold secrets.
static SECRET_NAME: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"(?i)passw(?:or)?d|passphrase|secret|token$|api_?key|credential|private_?key|access_?key";
    Regex::new(words).expect("the pattern is a constant")
});

/// A text that only refers to another param is none.
static REFERENCE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\$(?:\{\w+\}|\w+)$").expect("the pattern is a constant"));

/// The name under which values of secret-looking params are reported.
const BY_NAME: &str = "secret-param";

/// A secret at least this long is also replaced within longer texts.
const WITHIN_MIN_BYTES: usize = 6;

/// Fields of a param object that hold its value.
const VALUE_FIELDS: [&str; 3] = ["value", "evaluated_result", "literal"];

/// Takes secrets out of documents that belong together.
#[derive(Debug, Default)]
pub struct Redactor {
    tokens: HashMap<String, String>,
    /// Secrets known by name, longest first once sealed.
    known: Vec<String>,
    places: BTreeMap<&'static str, u64>,
}

impl Redactor {
    /// Notes the values of secret-looking params of a document.
    pub fn learn(&mut self, document: &Json) {
        match document {
            Json::Object(fields) => {
                for (name, value) in fields {
                    if SECRET_NAME.is_match(name) {
                        self.learn_value(value);
                    }
                    self.learn(value);
                }
            }
            Json::Array(items) => items.iter().for_each(|item| self.learn(item)),
            _ => {}
        }
        // A secret that contains another one goes first.
        self.known.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }

    /// Replaces every secret in a document.
    pub fn redact(&mut self, document: &mut Json) {
        match document {
            Json::String(text) => self.text(text),
            Json::Array(items) => items.iter_mut().for_each(|item| self.redact(item)),
            Json::Object(fields) => fields.values_mut().for_each(|value| self.redact(value)),
            _ => {}
        }
    }

    /// What was found, and in how many places.
    pub fn redactions(&self) -> Vec<Redaction> {
        let redaction =
            |(pattern, places): (&&str, &u64)| Redaction { pattern: (*pattern).to_owned(), places: *places };
        self.places.iter().map(redaction).collect()
    }

    fn learn_value(&mut self, value: &Json) {
        match value {
            Json::String(text) if !text.is_empty() && !REFERENCE.is_match(text) && !self.known.contains(text) => {
                self.known.push(text.clone());
            }
            Json::Array(items) => items.iter().for_each(|item| self.learn_value(item)),
            Json::Object(fields) => {
                for field in VALUE_FIELDS {
                    fields.get(field).into_iter().for_each(|value| self.learn_value(value));
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &mut String) {
        for secret in 0..self.known.len() {
            let secret = &self.known[secret];
            let is_here = text == secret || (secret.len() >= WITHIN_MIN_BYTES && text.contains(secret.as_str()));
            if is_here {
                let token = token(&mut self.tokens, secret);
                *text = text.replace(secret.as_str(), &token);
                *self.places.entry(BY_NAME).or_default() += 1;
            }
        }
        for (name, pattern) in PATTERNS.iter() {
            if !pattern.is_match(text) {
                continue;
            }
            *self.places.entry(name).or_default() += 1;
            let tokens = &mut self.tokens;
            *text = pattern.replace_all(text, |found: &regex::Captures<'_>| token(tokens, &found[0])).into_owned();
        }
    }
}

fn token(tokens: &mut HashMap<String, String>, secret: &str) -> String {
    let next = tokens.len() + 1;
    tokens.entry(secret.to_owned()).or_insert_with(|| format!("<redacted {next}>")).clone()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(mut document: Json, expected: &Json, patterns: &[&str]) {
        let mut redactor = Redactor::default();
        redactor.learn(&document);
        redactor.redact(&mut document);
        assert_eq!(&document, expected);
        let found: Vec<_> = redactor.redactions().into_iter().map(|one| one.pattern).collect();
        assert_eq!(found, patterns);
    }

    #[test]
    fn a_secret_param_is_replaced_alike_wherever_its_value_stands() {
        check(
            json!({"db_password": {"type": "STRING", "value": "hunter22"}, "url": "x?p=hunter22", "n": "hunter2"}),
            &json!({"db_password": {"type": "STRING", "value": "<redacted 1>"}, "url": "x?p=<redacted 1>", "n": "hunter2"}),
            &["secret-param"],
        );
    }

    #[test]
    fn a_reference_to_a_param_is_no_secret() {
        let plain = json!({"password": {"type": "STRING", "value": "${vault}"}});
        check(plain.clone(), &plain, &[]);
    }

    #[test]
    fn what_looks_like_a_secret_is_one_under_any_name() {
        check(
            json!({"command": "curl -H 'Authorization: Bearer abcdefghijklmnop123' http://me:pw@host/"}),
            &json!({"command": "curl -H 'Authorization: <redacted 1>' http<redacted 2>host/"}),
            &["bearer-token", "url-password"],
        );
        check(json!(["AKIAIOSFODNN7EXAMPLE"]), &json!(["<redacted 1>"]), &["aws-access-key"]);
    }
}
