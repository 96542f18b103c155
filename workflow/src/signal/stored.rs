//! Signals that were sent, by name and number.

use std::{collections::BTreeMap, sync::Arc};

use indexmap::IndexMap;

use super::matching::Pattern;
use crate::definition::SignalValue;

/// One signal, as far as matching is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Its name.
    pub name: Arc<str>,
    /// Its number among the signals of that name, from 1.
    pub id: i64,
    /// Its params.
    pub params: IndexMap<Arc<str>, SignalValue>,
}

/// Values by param.
type Params = IndexMap<Arc<str>, SignalValue>;

/// Signals of all names.
#[derive(Clone, Debug, Default)]
pub struct Log {
    by_name: BTreeMap<Arc<str>, BTreeMap<i64, Params>>,
}

impl Log {
    /// Keeps a signal under its number.
    pub fn insert(&mut self, signal: Signal) {
        self.by_name.entry(signal.name).or_default().insert(signal.id, signal.params);
    }

    /// The newest number of a name; 0 when there is none.
    pub fn newest(&self, name: &str) -> i64 {
        self.by_name.get(name).and_then(|signals| signals.last_key_value()).map_or(0, |(id, _)| *id)
    }

    /// The params of a signal.
    pub fn params(&self, name: &str, id: i64) -> Option<&IndexMap<Arc<str>, SignalValue>> {
        self.by_name.get(name)?.get(&id)
    }

    /// The oldest signal after a number that fits; the reference leaves open which one if several do.
    pub fn first_after(&self, pattern: &Pattern, after: i64) -> Option<i64> {
        let signals = self.by_name.get(&pattern.name)?;
        let newer = signals.range((std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded));
        newer.into_iter().find(|(_, params)| pattern.fits(params)).map(|(id, _)| *id)
    }
}
