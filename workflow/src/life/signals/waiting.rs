//! Attempts that wait for signals, by the signal's name.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use indexmap::IndexMap;

use crate::{
    definition::{Operator, SignalValue},
    id::AttemptKey,
    life::note::WantedSignal,
    param::Value,
    signal::{Condition, Pattern},
};

/// A dependency that has not been met.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) attempt: AttemptKey,
    /// Position among the attempt's dependencies.
    pub(super) index: usize,
    pub(super) pattern: Pattern,
    /// Only signals after this number count.
    pub(super) after: i64,
}

/// All dependencies that have not been met.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    by_name: HashMap<Arc<str>, BTreeMap<(AttemptKey, usize), Wanted>>,
    names: HashMap<AttemptKey, Vec<Arc<str>>>,
}

impl Waiting {
    pub(super) fn add(&mut self, wanted: Wanted) {
        let name = Arc::clone(&wanted.pattern.name);
        self.names.entry(wanted.attempt.clone()).or_default().push(Arc::clone(&name));
        self.by_name.entry(name).or_default().insert((wanted.attempt.clone(), wanted.index), wanted);
    }

    /// An attempt waits no more.
    pub(super) fn forget(&mut self, attempt: &AttemptKey) {
        for name in self.names.remove(attempt).unwrap_or_default() {
            if let Some(all) = self.by_name.get_mut(&name) {
                all.retain(|(known, _), _| known != attempt);
                if all.is_empty() {
                    self.by_name.remove(&name);
                }
            }
        }
    }

    /// Takes out what a new signal meets.
    pub(super) fn met_by(&mut self, name: &str, id: i64, params: &IndexMap<Arc<str>, SignalValue>) -> Vec<Wanted> {
        let Some(all) = self.by_name.get_mut(name) else { return Vec::new() };
        let (mut met, mut left) = (Vec::new(), BTreeMap::new());
        for (key, wanted) in std::mem::take(all) {
            if id > wanted.after && wanted.pattern.fits(params) {
                met.push(wanted);
            } else {
                left.insert(key, wanted);
            }
        }
        if left.is_empty() {
            self.by_name.remove(name);
        } else {
            *all = left;
        }
        met
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }
}

/// What a dependency asks of a signal, with its values filled in.
pub(super) fn pattern(wanted: &WantedSignal) -> Pattern {
    let operators = wanted.dependency.match_params.as_ref();
    let operator = |name: &str| operators.and_then(|all| all.get(name)).map_or(Operator::Equals, |one| one.operator);
    let conditions = wanted.values.iter().filter_map(|(name, value)| {
        let value = match value {
            Value::Long(number) => SignalValue::Long(*number),
            Value::String(text) => SignalValue::String(Arc::clone(text)),
            _ => return None,
        };
        Some((Arc::clone(name), Condition { value, operator: operator(name) }))
    });
    Pattern { name: Arc::clone(&wanted.name), conditions: conditions.collect() }
}
