//! Machines that are out of memory for a while, and come back for a message or a timer.

use std::collections::BTreeMap;

use workflow::life::{Address, Message};

use crate::lives::Lives;

/// Who rests in one place.
#[derive(Debug, Default)]
pub(crate) struct Resting(BTreeMap<Address, Away>);

/// How a machine is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Away {
    /// It left; its timers go on.
    Left,
    /// It was not in memory since its group came here and has no timers: it has to recover before all else.
    Dormant {
        /// Whether it has all the permits that were asked for in its stead.
        holds_all: bool,
    },
}

impl Resting {
    /// Notes that a machine is away; says whether that is news.
    pub(crate) fn goes(&mut self, address: Address, away: Away) -> bool {
        self.0.insert(address, away).is_none()
    }

    /// Notes that a machine is needed; says how it was away.
    pub(crate) fn comes(&mut self, address: &Address) -> Option<Away> {
        self.0.remove(address)
    }

    pub(crate) fn is_dormant(&self, address: &Address) -> bool {
        matches!(self.0.get(address), Some(Away::Dormant { .. }))
    }

    /// Whether a message says nothing new to a machine that is away, so that it need not come for it.
    pub(crate) fn knows(&self, lives: &dyn Lives, address: &Address, message: &Message) -> bool {
        let holds_all = |away: &Away| *away == Away::Dormant { holds_all: true };
        self.0.get(address).is_some_and(|away| lives.knows(message, holds_all(away)))
    }

    pub(crate) fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.0.keys()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
