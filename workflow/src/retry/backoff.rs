//! How long to wait before the next attempt.

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value as Json;

use super::{
    class::{Class, PerClass},
    field::Field,
};
use crate::time::Millis;

const FIXED: &str = "FIXED_BACKOFF";
const EXPONENTIAL: &str = "EXPONENTIAL_BACKOFF";

/// The wait of each class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backoff {
    /// Grows with every retry of the class.
    Exponential(PerClass<Exponential<i64>>),
    /// The same each time, in seconds.
    Fixed(PerClass<i64>),
}

/// Waits as far as they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// Growing.
    Exponential(PerClass<Exponential<Option<i64>>>),
    /// The same each time, in seconds.
    Fixed(PerClass<Option<i64>>),
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

    /// As though all of it had been written.
    fn written(&self) -> Waits {
        match self {
            Self::Fixed(waits) => Waits::Fixed(waits.map(|_, wait| Some(*wait))),
            Self::Exponential(waits) => Waits::Exponential(waits.map(|_, wait| Exponential {
                base_secs: Some(wait.base_secs),
                exponent: Some(wait.exponent),
                limit_secs: Some(wait.limit_secs),
            })),
        }
    }

    /// The wait after so many retries of the class.
    pub fn delay(&self, class: Class, retries: i64) -> Millis {
        Millis::from_secs(match self {
            Self::Fixed(waits) => *waits.of(class),
            Self::Exponential(waits) => waits.of(class).delay_secs(retries),
        })
    }

    /// From a document; `None` when its type is unknown. Missing fields take their defaults.
    pub fn from_json(document: &Json) -> Option<Self> {
        let of = |class: Class, field: Field| document.get(field.of(class)).and_then(Json::as_i64);
        let classes = PerClass::<()>::default();
        match document.get("type").and_then(Json::as_str)? {
            FIXED => Some(Self::Fixed(classes.map(|class, ()| of(class, Field::Base).unwrap_or(Self::BASE_SECS)))),
            EXPONENTIAL => Some(Self::Exponential(classes.map(|class, ()| {
                let default = Self::default_of(class);
                Exponential {
                    base_secs: of(class, Field::Base).unwrap_or(default.base_secs),
                    exponent: of(class, Field::Exponent).unwrap_or(default.exponent),
                    limit_secs: of(class, Field::WaitLimit).unwrap_or(default.limit_secs),
                }
            }))),
            _ => None,
        }
    }
}

impl Serialize for Backoff {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written().serialize(serializer)
    }
}

impl Serialize for Waits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        let mut add = |class, field: Field, value: Option<i64>| match value {
            Some(value) => object.serialize_entry(field.of(class), &value),
            None => Ok(()),
        };
        let kind = match self {
            Self::Fixed(waits) => {
                for (class, wait) in waits.iter() {
                    add(class, Field::Base, *wait)?;
                }
                FIXED
            }
            Self::Exponential(waits) => {
                for (class, wait) in waits.iter() {
                    add(class, Field::Base, wait.base_secs)?;
                    add(class, Field::Exponent, wait.exponent)?;
                    add(class, Field::WaitLimit, wait.limit_secs)?;
                }
                EXPONENTIAL
            }
        };
        object.serialize_entry("type", kind)?;
        object.end()
    }
}

impl Exponential<i64> {
    fn delay_secs(&self, retries: i64) -> i64 {
        let power = u32::try_from(retries).ok().and_then(|retries| self.exponent.checked_pow(retries));
        // What overflows is above every limit.
        power.and_then(|power| self.base_secs.checked_mul(power)).unwrap_or(i64::MAX).min(self.limit_secs)
    }
}
