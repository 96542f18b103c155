//! Which engine was chosen for which root run, on disk before the engine hears of it.
//!
//! A start is known by its request id: whoever asks again, after a crash or a change of the rules, gets the engine of the first time,
//! which then knows the request itself. So no root run is ever started on two engines.

use std::{
    collections::{HashMap, HashSet, VecDeque, hash_map},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use workflow::{port::EngineName, time::Timestamp};
use xxhash_rust::xxh3::xxh3_128;

use super::Decision;
use crate::journal::{self, Journal};

/// The form in which entries are written.
const FORM: u32 = 1;

/// Decisions that are remembered, about 100 bytes each. A start that is repeated after so many others is decided again.
const KEPT: usize = 2_000_000;

/// What a start is known by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// The workflow.
    pub workflow: String,
    /// The request id.
    pub request: String,
}

/// Why a decision could not be kept.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read or written.
    #[error("the ledger of decisions cannot be kept")]
    File(#[from] journal::Error),
    /// A line is no decision.
    #[error("line {line} of the ledger cannot be read: {why}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Entry {
    form: u32,
    at: Timestamp,
    root: Root,
    decision: Decision,
}

/// The ledger of one gateway.
#[derive(Debug)]
pub struct Ledger {
    journal: Journal,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    engines: HashMap<u128, EngineName>,
    order: VecDeque<u128>,
    /// Decided, and on the way to the disk.
    written: HashSet<u128>,
}

impl Ledger {
    /// Opens the ledger and remembers what it holds.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (journal, lines) = Journal::open(path)?;
        let mut known = Known::default();
        let skipped = lines.len().saturating_sub(KEPT);
        for (line, text) in (1..).zip(&lines).skip(skipped) {
            let entry: Entry =
                serde_json::from_str(text).map_err(|error| Error::Line { line, why: error.to_string() })?;
            if entry.form != FORM {
                return Err(Error::Line { line, why: format!("it is written in form {}", entry.form) });
            }
            known.remember(key(&entry.root), entry.decision.engine);
        }
        Ok(Self { journal, known: Mutex::new(known) })
    }

    /// The engine of a root run: that of the first time it was asked for, or else what `decide` says. On disk when this resolves.
    pub async fn settle(
        &self,
        root: Root,
        at: Timestamp,
        decide: impl FnOnce() -> Decision,
    ) -> Result<EngineName, Error> {
        let key = key(&root);
        if let Some(engine) = self.lock().settled(key) {
            return Ok(engine);
        }
        let place = self.journal.place().await?;
        let (engine, written) = {
            let mut known = self.lock();
            if let Some(engine) = known.settled(key) {
                return Ok(engine);
            }
            let mut decision = decide();
            // Somebody who asks for the same at the same time has decided, and is not on disk yet. Writing their engine down once
            // more is the way to wait for them: lines reach the disk in order.
            if let Some(engine) = known.engines.get(&key) {
                decision.engine = engine.clone();
            }
            let engine = decision.engine.clone();
            let entry = Entry { form: FORM, at, root, decision };
            let line = serde_json::to_string(&entry).expect("decisions hold nothing but text and numbers");
            known.remember(key, engine.clone());
            known.written.insert(key);
            (engine, place.append(line))
        };
        written.await?;
        self.lock().written.remove(&key);
        Ok(engine)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The decision for a start, as it was written down; for people who ask why.
pub fn find(path: &Path, root: &Root) -> Result<Option<Decision>, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| journal::Error::Open { path: path.to_owned(), source: Arc::new(source) })?;
    let entries = text.lines().filter_map(|line| serde_json::from_str::<Entry>(line).ok());
    Ok(entries.into_iter().find(|entry| entry.root == *root).map(|entry| entry.decision))
}

impl Known {
    /// The engine, once it is on disk.
    fn settled(&self, key: u128) -> Option<EngineName> {
        if self.written.contains(&key) { None } else { self.engines.get(&key).cloned() }
    }

    /// The first decision for a start is the one that counts.
    fn remember(&mut self, key: u128, engine: EngineName) {
        if let hash_map::Entry::Vacant(place) = self.engines.entry(key) {
            place.insert(engine);
            self.order.push_back(key);
        }
        while self.order.len() > KEPT {
            if let Some(oldest) = self.order.pop_front() {
                self.engines.remove(&oldest);
            }
        }
    }
}

fn key(root: &Root) -> u128 {
    let mut bytes = Vec::with_capacity(root.workflow.len() + 1 + root.request.len());
    bytes.extend_from_slice(root.workflow.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(root.request.as_bytes());
    xxh3_128(&bytes)
}
