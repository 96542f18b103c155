//! The store of a simulation: rows in memory, with commits that fail and a record of what became durable.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use serde_json::Value as Json;
use workflow::{
    life::{RowKey, Table},
    port::Clock,
    status::StepStatus,
    time::Timestamp,
};

use crate::store::{Batch, Error, Memory, Store, Write};

/// The true time.
#[derive(Debug)]
pub(super) struct Time(AtomicI64);

impl Time {
    pub(super) fn new(at: Timestamp) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(at.0)))
    }

    pub(super) fn set(&self, at: Timestamp) {
        self.0.store(at.0, Ordering::Relaxed);
    }
}

impl Clock for Time {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// What happens to a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Done,
    /// It fails and nothing was written.
    LostBefore,
    /// It is durable, but whoever asked is told that it failed.
    LostAfter,
}

/// Rows, and how far every attempt has come.
pub(super) struct Durable {
    pub(super) rows: Memory,
    attempts: Mutex<BTreeMap<RowKey, StepStatus>>,
}

impl fmt::Debug for Durable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Durable")
    }
}

impl Durable {
    pub(super) fn new(time: Arc<Time>) -> Arc<Self> {
        Arc::new(Self { rows: Memory::new(time), attempts: Mutex::default() })
    }

    /// Writes a batch, and fails the simulation if a step's state goes back.
    pub(super) fn commit(&self, batch: &Batch, fate: Fate) -> Result<(), Error> {
        let lost = || Error::Lost { what: "the connection".to_owned() };
        if fate == Fate::LostBefore {
            return Err(lost());
        }
        self.rows.commit(batch)?;
        for (key, write) in &batch.writes {
            if key.table == Table::Attempt
                && let Write::Save { body, .. } = write
            {
                self.check(key, body);
            }
        }
        if fate == Fate::LostAfter { Err(lost()) } else { Ok(()) }
    }

    /// Where an attempt durably stands.
    pub(super) fn attempt(&self, key: &RowKey) -> Option<StepStatus> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied()
    }

    fn check(&self, key: &RowKey, body: &[u8]) {
        let row: Json = serde_json::from_slice(body).expect("a row is JSON");
        let status: StepStatus =
            serde_json::from_value(row["runtime_state"]["status"].clone()).expect("an attempt has a status");
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = attempts.insert(key.clone(), status) {
            let is_back = before != status && (before.is_terminal() || status.code() < before.code());
            assert!(!is_back, "{key:?} went back from {before:?} to {status:?}");
        }
    }
}
