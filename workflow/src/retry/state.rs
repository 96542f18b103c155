//! How often a step was tried again in this run, and what is left.

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value as Json;

use super::{
    backoff::Backoff,
    class::{Class, PerClass},
    field::Field,
};
use crate::{status::StepStatus, time::Millis};

/// The `step_retry` of an attempt; copied into the next attempt of the same run, new in a new run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRetry {
    /// How often each class was tried again.
    pub retries: PerClass<i64>,
    /// How often each class may be tried again.
    pub limits: PerClass<i64>,
    /// How often a person brought the step back.
    pub manual_retries: i64,
    /// False once the job vetoed its retry.
    pub is_retryable: bool,
    /// How long to wait; the default one when a stored document has none.
    pub backoff: Option<Backoff>,
}

impl StepRetry {
    /// Nothing tried yet.
    pub fn new(limits: PerClass<i64>, backoff: Backoff) -> Self {
        Self { retries: PerClass::default(), limits, manual_retries: 0, is_retryable: true, backoff: Some(backoff) }
    }

    /// Whether a failure of this class is final.
    pub fn is_exhausted(&self, class: Class) -> bool {
        !self.is_retryable || self.retries.of(class) >= self.limits.of(class)
    }

    /// The wait after an attempt that ended like this; `None` unless the system tries it again.
    pub fn next_delay(&self, status: StepStatus) -> Option<Millis> {
        let class = Class::of(status)?;
        Some(self.backoff.unwrap_or_default().delay(class, *self.retries.of(class)))
    }

    /// Counts the next attempt, after one that ended like this; false when no attempt follows such an end.
    pub fn increment(&mut self, status: StepStatus) -> bool {
        match Class::of(status) {
            Some(class) => *self.retries.of_mut(class) += 1,
            None if status.is_manually_restartable() => self.manual_retries += 1,
            None => return false,
        }
        true
    }

    /// As a document.
    pub fn to_json(&self) -> Json {
        serde_json::to_value(self).expect("its keys are texts")
    }

    /// From a document; what is missing counts as nothing done and nothing allowed.
    pub fn from_json(document: &Json) -> Self {
        let number = |name: &str| document.get(name).and_then(Json::as_i64).unwrap_or(0);
        let classes = PerClass::<()>::default();
        Self {
            retries: classes.map(|class, ()| number(Field::Retries.of(class))),
            limits: classes.map(|class, ()| number(Field::Limit.of(class))),
            manual_retries: number("manual_retries"),
            is_retryable: document.get("retryable").and_then(Json::as_bool).unwrap_or(false),
            backoff: document.get("backoff").and_then(Backoff::from_json),
        }
    }
}

impl Serialize for StepRetry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        for class in Class::ALL {
            object.serialize_entry(Field::Retries.of(class), self.retries.of(class))?;
            object.serialize_entry(Field::Limit.of(class), self.limits.of(class))?;
        }
        object.serialize_entry("manual_retries", &self.manual_retries)?;
        object.serialize_entry("retryable", &self.is_retryable)?;
        if let Some(backoff) = &self.backoff {
            object.serialize_entry("backoff", backoff)?;
        }
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::{Class, StepRetry, StepStatus};
    use crate::{retry::Parsed, time::Millis};

    #[test]
    fn default_waits_double_up_to_their_limit() {
        let mut retry = Parsed::default().begin();
        let mut waits = Vec::new();
        while !retry.is_exhausted(Class::Platform) {
            waits.push(retry.next_delay(StepStatus::PlatformFailed).unwrap().0 / 1000);
            assert!(retry.increment(StepStatus::PlatformFailed));
        }
        assert_eq!(waits, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]);
        assert!(!retry.is_exhausted(Class::Error));
        assert!(retry.is_exhausted(Class::Timeout), "a timeout is final by default");
    }

    #[test]
    fn every_way_to_a_next_attempt_is_counted_apart() {
        let mut retry = Parsed::default().begin();
        for status in
            [StepStatus::UserFailed, StepStatus::TimeoutFailed, StepStatus::Stopped, StepStatus::FatallyFailed]
        {
            assert!(retry.increment(status));
        }
        assert_eq!((retry.retries.error, retry.retries.platform, retry.retries.timeout), (1, 0, 1));
        assert_eq!(retry.manual_retries, 2);
        assert!(!retry.increment(StepStatus::Succeeded));
        assert_eq!(retry.next_delay(StepStatus::Stopped), None);
        assert_eq!(StepRetry::from_json(&retry.to_json()), retry);
    }

    #[test]
    fn a_huge_exponent_waits_the_limit() {
        let mut retry = Parsed::default().begin();
        retry.retries.error = 1_000_000;
        assert_eq!(retry.next_delay(StepStatus::UserFailed), Some(Millis::from_secs(600)));
    }
}
