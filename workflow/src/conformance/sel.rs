//! Expressions: `sel.jsonl`.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Value as Json, json};

use super::{Case, Failure};
use crate::{
    id::Ids,
    sel::{self, Environment, Error, Kind, Limits, Program, Refusal, Scope, Value},
    time::Timestamp,
};

/// The limits of cases that state none.
const LIMITS: Limits =
    Limits { stack: 128, loops: 10_000, array: 10_000, length: 10_000, visits: 100_000_000, memory_bytes: 10_000_000 };

/// Evaluates the program of a case, or parses it where the case is about the names that it reads.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    let field = |name: &str| case.line.get(name).and_then(Json::as_str);
    let text = field("expr").unwrap_or_default();
    let limits = limits(case);
    let mode = field("mode");
    if mode == Some("validate") {
        Program::check_length(text, &limits).map_err(failure)?;
        let program = Program::parse(text).map_err(failure)?;
        return Ok(json!(program.inputs().iter().map(ToString::to_string).collect::<Vec<_>>()));
    }
    let mut scope = Inputs::read(case);
    let evaluate = |program: &Program, scope: &mut Inputs| {
        let now = Timestamp(case.line.get("now_ms").and_then(Json::as_i64).unwrap_or_default());
        sel::evaluate(program, scope, &limits, &mut Environment { now, ids: &mut Counted(0), deadline: None })
    };
    for earlier in case.line.get("run_after").and_then(Json::as_array).into_iter().flatten() {
        let earlier = Program::parse(earlier.as_str().unwrap_or_default()).map_err(failure)?;
        evaluate(&earlier, &mut scope).map_err(failure)?;
    }
    let before = scope.params.clone();
    let value = if mode == Some("engine") {
        let program = Program::parse_prepared(text).map_err(|error| failure(error.of_expression(text)))?;
        let outcome = evaluate(&program, &mut scope);
        sel::conclude(&program, outcome).map(|value| sel::of_param(&value))
    } else {
        Program::parse(text).and_then(|program| evaluate(&program, &mut scope))
    };
    if scope.params != before {
        let text = "the inputs changed".to_owned();
        return Err(Failure { kind: "AssertionError", text });
    }
    value.map(|value| json!({"type": value.kind().name(), "value": plain(&value)})).map_err(failure)
}

fn limits(case: &Case) -> Limits {
    let stated = case.line.get("limits");
    let limit = |name: &str| stated.and_then(|limits| limits.get(name)).and_then(Json::as_u64);
    let size = |name: &str, default: usize| limit(name).and_then(|size| size.try_into().ok()).unwrap_or(default);
    Limits {
        stack: size("stack", LIMITS.stack),
        loops: size("loop", LIMITS.loops),
        array: size("array", LIMITS.array),
        length: size("length", LIMITS.length),
        visits: limit("visit").unwrap_or(LIMITS.visits),
        memory_bytes: limit("memory").unwrap_or(LIMITS.memory_bytes),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn failure(error: Error) -> Failure {
    // A thrown message is a result of the bare language and an error of the engine.
    let kind = if error.kind() == Kind::Thrown { "ERROR" } else { error.class().name() };
    Failure { kind, text: error.full_text() }
}

/// The case's inputs and functions.
struct Inputs {
    params: IndexMap<String, Value>,
    functions: Option<Vec<Json>>,
}

impl Inputs {
    fn read(case: &Case) -> Self {
        let params = case.line.get("params").and_then(Json::as_object).into_iter().flatten();
        let params = params.map(|(name, typed)| (name.clone(), value(typed))).collect();
        Self { params, functions: case.line.get("ext").and_then(Json::as_array).cloned() }
    }
}

impl Scope for Inputs {
    fn value(&mut self, name: &str) -> Result<Option<Value>, Refusal> {
        Ok(self.params.get(name).cloned())
    }

    fn call(&mut self, function: &str, arguments: &[Value]) -> Result<Value, Refusal> {
        let arguments = Json::Array(arguments.iter().map(plain).collect());
        let functions = self.functions.as_ref().ok_or(Refusal::NoFunctions)?;
        let known = functions.iter().find(|known| known["fn"] == function && known["args"] == arguments);
        known.map(|known| value(&known["returns"])).ok_or(Refusal::UnknownFunction)
    }
}

/// Ids that only have to differ from each other.
struct Counted(i64);

impl Ids for Counted {
    fn uuid(&mut self) -> uuid::Uuid {
        uuid::Uuid::from_u128(self.number().unsigned_abs().into())
    }

    fn number(&mut self) -> i64 {
        self.0 += 1;
        self.0
    }
}

/// The value of `{"type", "value"}`.
fn value(typed: &Json) -> Value {
    let inner = &typed["value"];
    let items = || inner.as_array().into_iter().flatten();
    match typed["type"].as_str().unwrap_or_default() {
        "STRING" => Value::String(inner.as_str().unwrap_or_default().into()),
        "LONG" => Value::Long(inner.as_i64().unwrap_or_default()),
        "DOUBLE" => Value::Double(inner.as_f64().unwrap_or_default()),
        "BOOLEAN" => Value::Boolean(inner.as_bool().unwrap_or_default()),
        "STRING_ARRAY" => Value::StringArray(items().map(|item| item.as_str().map(Arc::from)).collect()),
        "LONG_ARRAY" => Value::LongArray(items().filter_map(Json::as_i64).collect()),
        "DOUBLE_ARRAY" => Value::DoubleArray(items().filter_map(Json::as_f64).collect()),
        "BOOLEAN_ARRAY" => Value::BooleanArray(items().filter_map(Json::as_bool).collect()),
        "MAP" => {
            let entries = inner.as_object().into_iter().flatten();
            Value::Map(Arc::new(entries.map(|(key, inner)| (Arc::from(key.as_str()), value(inner))).collect()))
        }
        _ => Value::Null,
    }
}

/// A value as the cases write it: JSON where there is one, text otherwise.
fn plain(value: &Value) -> Json {
    match value {
        Value::Null | Value::Void | Value::Unset(_) | Value::DateTimeFormatter(_) => Json::Null,
        Value::String(text) => json!(**text),
        Value::Long(number) => json!(number),
        Value::Double(number) => json!(number),
        Value::Boolean(flag) => json!(flag),
        Value::StringArray(items) => json!(items.iter().map(|item| item.as_deref()).collect::<Vec<_>>()),
        Value::LongArray(items) => json!(**items),
        Value::DoubleArray(items) => json!(**items),
        Value::BooleanArray(items) => json!(**items),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|(key, value)| (key.to_string(), plain(value))).collect())
        }
        Value::DateTime(moment) => json!(moment.to_string()),
        Value::DateTimeZone(zone) => json!(zone.to_string()),
        Value::DateTimeProperty(property) => json!(property.to_string()),
        Value::DateTimeDays(days) => json!(format!("P{days}D")),
        Value::Uuid(uuid) => json!(uuid.to_string()),
    }
}
