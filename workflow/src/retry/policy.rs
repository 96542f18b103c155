//! A parsed policy: numbers where something was written, nothing where the defaults apply.

use serde_json::{Map, Value as Json, json};

use super::{
    backoff::{Backoff, Exponential, Waits},
    class::{Class, PerClass},
    field::Field,
    state::StepRetry,
};

/// Limits and waits as far as they were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// How often each class is tried again.
    pub limits: PerClass<Option<i64>>,
    /// How long to wait.
    pub waits: Option<Waits>,
}

impl Parsed {
    /// The first `step_retry` of an attempt under this policy, defaults filled in.
    pub fn begin(&self) -> StepRetry {
        let limits = self.limits.map(|class, limit| limit.unwrap_or(default_limit(class)));
        let backoff = match &self.waits {
            None => Backoff::default(),
            Some(Waits::Fixed(waits)) => Backoff::Fixed(waits.map(|_, wait| wait.unwrap_or(Backoff::BASE_SECS))),
            Some(Waits::Exponential(waits)) => Backoff::Exponential(waits.map(|class, wait| {
                let default = Backoff::default_of(class);
                Exponential {
                    base_secs: wait.base_secs.unwrap_or(default.base_secs),
                    exponent: wait.exponent.unwrap_or(default.exponent),
                    limit_secs: wait.limit_secs.unwrap_or(default.limit_secs),
                }
            })),
        };
        StepRetry::new(limits, backoff)
    }

    /// As a document; unset fields are absent.
    pub fn to_json(&self) -> Json {
        let mut object = Map::new();
        for (class, limit) in self.limits.iter() {
            if let Some(limit) = limit {
                object.insert(Field::Limit.of(class).to_owned(), json!(limit));
            }
        }
        if let Some(waits) = &self.waits {
            object.insert("backoff".to_owned(), json!(waits));
        }
        Json::Object(object)
    }
}

fn default_limit(class: Class) -> i64 {
    match class {
        Class::Error => 2,
        Class::Platform => 10,
        Class::Timeout => 0,
    }
}
