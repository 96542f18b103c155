//! Replaying many samples on all cores.

use std::{
    fmt,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use workflow::{life::Decisions, port::Stage};

use super::{Finding, trial::trial};
use crate::{compare::Rules, sample::Kept};

/// What a candidate is measured by.
#[derive(Clone, Copy)]
pub enum Baseline<'a> {
    /// Another engine, rehearsing the same samples.
    Stage {
        /// The engine.
        stage: &'a dyn Stage,
        /// How it decides.
        decisions: &'a Arc<dyn Decisions>,
    },
    /// What the samples came to when they were recorded; the name is that of the recorded engine.
    Recorded(&'a str),
}

/// Two engines and how they are compared.
#[derive(Clone, Copy)]
pub struct Contest<'a> {
    /// What the candidate is measured by.
    pub baseline: Baseline<'a>,
    /// The engine that is judged.
    pub candidate: &'a dyn Stage,
    /// How the candidate decides: faithfully, or with an injected defect.
    pub candidate_decisions: &'a Arc<dyn Decisions>,
    /// What is excused.
    pub rules: &'a Rules,
    /// What all random choices follow from.
    pub seed: u64,
    /// How many samples are replayed at once.
    pub workers: NonZeroUsize,
    /// The command that a finding repeats itself by, without the sample and the seed.
    pub reproduce: &'a str,
}

/// How far a campaign is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Samples that are done.
    pub done: usize,
    /// All samples.
    pub of: usize,
    /// What the last one showed.
    pub finding: &'a Finding,
}

impl fmt::Debug for Contest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contest")
            .field("baseline", &self.baseline.name())
            .field("candidate", &self.candidate.name())
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Baseline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl Baseline<'_> {
    /// Its name.
    pub fn name(&self) -> String {
        match self {
            Self::Stage { stage, .. } => stage.name().to_string(),
            Self::Recorded(engine) => format!("{engine} (recorded)"),
        }
    }
}

impl Contest<'_> {
    /// Replays the samples and gives what each showed, in their order; those not reached before `cancel` became true are missing.
    ///
    /// `progress` is called from the worker threads, one at a time.
    pub fn run(&self, samples: &[Kept], progress: &(dyn Fn(Progress<'_>) + Sync), cancel: &AtomicBool) -> Vec<Finding> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new((0, (0..samples.len()).map(|_| None).collect::<Vec<Option<Finding>>>()));
        let work = || {
            while !cancel.load(Ordering::Relaxed) {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(kept) = samples.get(index) else { break };
                let finding = trial(kept, self);
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                done.0 += 1;
                progress(Progress { done: done.0, of: samples.len(), finding: &finding });
                done.1[index] = Some(finding);
            }
        };
        std::thread::scope(|threads| {
            for _ in 0..self.workers.get().min(samples.len()) {
                threads.spawn(work);
            }
        });
        let (_, findings) = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        findings.into_iter().flatten().collect()
    }
}
