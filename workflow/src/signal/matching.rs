//! What a signal must look like.

use std::sync::Arc;

use indexmap::IndexMap;

use super::operator::holds;
use crate::definition::{Operator, SignalValue};

/// A condition on one param.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What to compare with.
    pub value: SignalValue,
    /// How.
    pub operator: Operator,
}

impl Condition {
    /// Whether a param's value satisfies it: `value operator condition`.
    pub fn is_satisfied(&self, value: &SignalValue) -> bool {
        holds(value, self.operator, &self.value)
    }
}

/// A signal's name and its conditions by param.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The signal's name.
    pub name: Arc<str>,
    /// All must be satisfied; a param that the signal lacks satisfies none.
    pub conditions: IndexMap<Arc<str>, Condition>,
}

impl Pattern {
    /// Whether a signal of the right name has such params.
    pub fn fits(&self, params: &IndexMap<Arc<str>, SignalValue>) -> bool {
        self.conditions
            .iter()
            .all(|(name, condition)| params.get(name).is_some_and(|value| condition.is_satisfied(value)))
    }
}
