//! Machines that are out of memory for a while, and come back for a message or a timer.

use std::collections::BTreeMap;

use workflow::{
    id::RunKey,
    life::{Address, Message, Rest},
};

use crate::{lives::Lives, router::Envelope};

/// Who rests in one place.
#[derive(Debug, Default)]
pub(crate) struct Resting(BTreeMap<Address, Away>);

/// How a machine is away.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Away {
    /// It left; its timers go on.
    Left(Rest),
    /// It was not in memory since its group came here and has no timers: it has to recover before all else.
    Dormant(Rest),
}

impl Away {
    fn rest(&self) -> &Rest {
        match self {
            Self::Left(rest) | Self::Dormant(rest) => rest,
        }
    }
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
        matches!(self.0.get(address), Some(Away::Dormant(_)))
    }

    /// Whether a message says nothing new to a machine that is away, so that it need not come for it.
    pub(crate) fn knows(&self, lives: &dyn Lives, address: &Address, message: &Message) -> bool {
        self.0.get(address).is_some_and(|away| lives.knows(message, away.rest()))
    }

    /// What those who are away would say if they were asked again. They need not come for it.
    pub(crate) fn ask_again(&self) -> impl Iterator<Item = Envelope> {
        self.0.iter().flat_map(|(address, away)| {
            let run = if let Address::Run(run) = address { Some(run) } else { None };
            run.into_iter().flat_map(|run| said(run, away.rest()))
        })
    }

    pub(crate) fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.0.keys()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// What a run that rests would tell others if it were asked to do so again.
pub(crate) fn said(run: &RunKey, rest: &Rest) -> impl Iterator<Item = Envelope> {
    let from = Address::Run(run.clone());
    rest.says(run).map(move |(to, note)| Envelope { to, from: Some(from.clone()), message: Message::Note(note) })
}
