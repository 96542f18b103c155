//! The expression language: a table of its rules, and properties of generated programs.

mod property;
mod table;

use workflow::{
    id::Ids,
    sel::{Empty, Environment, Error, Limits, Program, Type, Value, evaluate},
    time::Timestamp,
};

/// Ids that only differ from each other.
#[derive(Debug)]
struct Counted(i64);

impl Ids for Counted {
    fn uuid(&mut self) -> uuid::Uuid {
        uuid::Uuid::from_u128(u128::from(self.number().unsigned_abs()))
    }

    fn number(&mut self) -> i64 {
        self.0 += 1;
        self.0
    }
}

/// Evaluates a bare program without inputs at a fixed time in 2025.
fn run_within(text: &str, limits: &Limits) -> Result<Value, Error> {
    let program = Program::parse(text)?;
    let now = Timestamp(1_750_000_000_000);
    evaluate(&program, &mut Empty, limits, &mut Environment { now, ids: &mut Counted(0), deadline: None })
}

/// A result in short: its text, or `! ` and the failure with its causes.
fn shown(outcome: Result<Value, Error>) -> String {
    outcome.map_or_else(|error| format!("! {}", error.full_text()), |value| text(&value))
}

fn text(value: &Value) -> String {
    fn list<T: ToString>(items: &[T]) -> String {
        format!("[{}]", items.iter().map(T::to_string).collect::<Vec<_>>().join(", "))
    }
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Void => "VOID".to_owned(),
        Value::Unset(kind) => format!("unset {}", Type::name(*kind)),
        Value::String(text) => text.to_string(),
        Value::Long(number) => number.to_string(),
        Value::Double(number) => format!("{number:?}"),
        Value::Boolean(flag) => flag.to_string(),
        Value::StringArray(items) => {
            list(&items.iter().map(|item| item.as_deref().unwrap_or("null")).collect::<Vec<_>>())
        }
        Value::LongArray(items) => list(items),
        Value::DoubleArray(items) => list(items),
        Value::BooleanArray(items) => list(items),
        Value::Map(entries) => {
            let entries: Vec<_> = entries.iter().map(|(key, value)| format!("{key}={}", text(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::DateTime(moment) => moment.to_string(),
        Value::DateTimeZone(zone) => zone.to_string(),
        other => format!("{other:?}"),
    }
}
