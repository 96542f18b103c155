//! How long to wait before the next attempt.

use serde_json::{Map, Value as Json, json};

use super::class::{Class, PerClass};
use crate::time::Millis;

/// The wait of each class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backoff {
    /// Grows with every retry of the class.
    Exponential(PerClass<Exponential<i64>>),
    /// The same each time, in seconds.
    Fixed(PerClass<i64>),
}

/// `base × exponent^retries`, at most `limit`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exponential<T> {
    /// `*_retry_backoff_in_secs`.
    pub base_secs: T,
    /// `*_retry_exponent`.
    pub exponent: T,
    /// `*_retry_limit_in_secs`.
    pub limit_secs: T,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::Exponential(PerClass::<()>::default().map(|class, ()| Self::default_of(class)))
    }
}

impl Backoff {
    /// The first wait where none is written.
    pub const BASE_SECS: i64 = 60;

    /// The exponential wait of a class where none is written.
    pub(super) fn default_of(class: Class) -> Exponential<i64> {
        let limit_secs = match class {
            Class::Error => 600,
            Class::Platform | Class::Timeout => 3600,
        };
        Exponential { base_secs: Self::BASE_SECS, exponent: 2, limit_secs }
    }

    /// The wait after so many retries of the class.
    pub fn delay(&self, class: Class, retries: i64) -> Millis {
        Millis::from_secs(match self {
            Self::Fixed(waits) => *waits.of(class),
            Self::Exponential(waits) => waits.of(class).delay_secs(retries),
        })
    }

    /// As a document.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Fixed(waits) => write_fixed(&waits.map(|_, wait| Some(*wait))),
            Self::Exponential(waits) => write_exponential(&waits.map(|_, wait| Exponential {
                base_secs: Some(wait.base_secs),
                exponent: Some(wait.exponent),
                limit_secs: Some(wait.limit_secs),
            })),
        }
    }

    /// From a document; `None` when its type is unknown. Missing fields take their defaults.
    pub fn from_json(document: &Json) -> Option<Self> {
        let field =
            |class: Class, part: &str| document.get(format!("{}_{part}", class.as_str())).and_then(Json::as_i64);
        let classes = PerClass::<()>::default();
        match document.get("type").and_then(Json::as_str)? {
            "FIXED_BACKOFF" => Some(Self::Fixed(
                classes.map(|class, ()| field(class, "retry_backoff_in_secs").unwrap_or(Self::BASE_SECS)),
            )),
            "EXPONENTIAL_BACKOFF" => Some(Self::Exponential(classes.map(|class, ()| {
                let default = Self::default_of(class);
                Exponential {
                    base_secs: field(class, "retry_backoff_in_secs").unwrap_or(default.base_secs),
                    exponent: field(class, "retry_exponent").unwrap_or(default.exponent),
                    limit_secs: field(class, "retry_limit_in_secs").unwrap_or(default.limit_secs),
                }
            }))),
            _ => None,
        }
    }
}

impl Exponential<i64> {
    fn delay_secs(&self, retries: i64) -> i64 {
        let power = u32::try_from(retries).ok().and_then(|retries| self.exponent.checked_pow(retries));
        // What overflows is above every limit.
        power.and_then(|power| self.base_secs.checked_mul(power)).unwrap_or(i64::MAX).min(self.limit_secs)
    }
}

pub(super) fn write_fixed(waits: &PerClass<Option<i64>>) -> Json {
    let mut object = Map::new();
    for (class, wait) in waits.iter() {
        write(&mut object, class, "retry_backoff_in_secs", *wait);
    }
    object.insert("type".to_owned(), json!("FIXED_BACKOFF"));
    Json::Object(object)
}

pub(super) fn write_exponential(waits: &PerClass<Exponential<Option<i64>>>) -> Json {
    let mut object = Map::new();
    for (class, wait) in waits.iter() {
        write(&mut object, class, "retry_backoff_in_secs", wait.base_secs);
        write(&mut object, class, "retry_exponent", wait.exponent);
        write(&mut object, class, "retry_limit_in_secs", wait.limit_secs);
    }
    object.insert("type".to_owned(), json!("EXPONENTIAL_BACKOFF"));
    Json::Object(object)
}

fn write(object: &mut Map<String, Json>, class: Class, part: &str, value: Option<i64>) {
    if let Some(value) = value {
        object.insert(format!("{}_{part}", class.as_str()), json!(value));
    }
}
