//! The `foreach_overview` of a loop step: how its iterations stand, in short.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Details, Intervals};
use crate::status::{InstanceStatus, Mismatch, Rollup};

/// How the iterations of a loop stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// The first iteration that has not ended, or the one after the last when all have.
    #[serde(default)]
    pub checkpoint: i64,
    /// How many ended in which status, those kept from earlier runs included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<BTreeMap<InstanceStatus, i64>>,
    /// How many have not ended, by status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_stats: Option<BTreeMap<InstanceStatus, i64>>,
    /// Leaf steps of the iterations that ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollup: Option<Rollup>,
    /// Leaf steps of those that have not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running_rollup: Option<Rollup>,
    /// Which iterations stand in which status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
    /// Iterations that were restarted by themselves and have not ended.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub restart_info: BTreeSet<i64>,
}

/// Which iterations of an earlier run a restarted loop does not run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Those that succeeded: the restart is from incomplete.
    Succeeded,
    /// All that ended: one iteration is restarted by name.
    Ended,
}

/// What cannot be done to an overview. The texts are those that clients of Maestro match.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No iteration stands in the status that one is said to be in.
    #[error("Invalid: the restarted iteration [{iteration}]'s status [{status}] is missing in the foreach details")]
    StatusMissing {
        /// The iteration.
        iteration: i64,
        /// Its alleged status.
        status: InstanceStatus,
    },
    /// An iteration is not in the status that it is said to be in.
    #[error("Invalid: the restarted iteration [{iteration}] is missing in the foreach details")]
    IterationMissing {
        /// The iteration.
        iteration: i64,
    },
    /// An iteration has not ended, or is being restarted already.
    #[error("Invalid: pending action tries to restart a non-restartable iteration: {iteration}")]
    NotRestartable {
        /// The iteration.
        iteration: i64,
    },
    /// Iterations are to be run again of which the earlier run knows nothing.
    #[error("Previous run rollup cannot be null if to-be-restarted rollup is not empty.")]
    RollupMissing,
    /// More leaf steps are to be run again than there were.
    #[error(
        "Rollup of the previous run cannot have less steps [{before}] than rollup of the previous steps that are also expected to execute in the new run [{again}]."
    )]
    TooMany {
        /// Leaf steps of the earlier run.
        before: i64,
        /// Leaf steps to run again.
        again: i64,
    },
    /// A rollup does not contain what is to be taken out.
    #[error(transparent)]
    Rollup(#[from] Mismatch),
}

impl Overview {
    /// Counts an iteration.
    pub fn add(&mut self, iteration: i64, status: InstanceStatus, rollup: Option<&Rollup>) {
        let (stats, sum) = if status.is_terminal() {
            (&mut self.stats, &mut self.rollup)
        } else {
            (&mut self.running_stats, &mut self.running_rollup)
        };
        *stats.get_or_insert_default().entry(status).or_default() += 1;
        let sum = sum.get_or_insert_default();
        if let Some(rollup) = rollup {
            sum.add(rollup);
        }
        self.details.get_or_insert_default().add(iteration, status);
    }

    /// Takes in what was added since the last refresh.
    pub fn refresh(&mut self) {
        if let Some(details) = &mut self.details {
            details.refresh();
        }
    }

    /// Forgets the iterations that have not ended, to count them anew.
    pub fn reset_running(&mut self) {
        self.running_stats = None;
        self.running_rollup = None;
    }

    /// Leaf steps of all iterations.
    pub fn overall_rollup(&self) -> Rollup {
        self.rollup.iter().chain(&self.running_rollup).collect()
    }

    /// How many iterations have not ended.
    pub fn running(&self) -> i64 {
        self.running_stats.iter().flat_map(BTreeMap::values).sum()
    }

    /// How many iterations lie between the first that has not ended and the last launched, both included.
    pub fn window(&self) -> i64 {
        if self.running_stats.is_none() {
            return 0;
        }
        let Some(details) = &self.details else { return 0 };
        let last = details.all(|_| true).last().unwrap_or(0).max(0);
        let open = details.all(|status| !status.is_terminal()).first().map_or(last + 1, |first| first.min(last + 1));
        last - open + 1
    }

    /// Whether some iteration stands in a status.
    pub fn has(&self, status: InstanceStatus) -> bool {
        [&self.stats, &self.running_stats].into_iter().flatten().any(|stats| stats.get(&status).is_some_and(|n| *n > 0))
    }

    /// Whether an iteration has ended and is not being restarted.
    pub fn is_restartable(&self, iteration: i64) -> bool {
        !self.restart_info.contains(&iteration)
            && self.details.as_ref().is_some_and(|details| details.is_restartable(iteration))
    }

    /// Notes that an iteration which ended in `from` was restarted; `rollup` is what it counted then. Changes nothing when refused.
    pub fn restart(
        &mut self,
        iteration: i64,
        to: InstanceStatus,
        from: InstanceStatus,
        rollup: Option<&Rollup>,
    ) -> Result<(), Error> {
        let refused = Error::NotRestartable { iteration };
        if !self.is_restartable(iteration) {
            return Err(refused);
        }
        let (Some(stats), Some(details)) = (&mut self.stats, &mut self.details) else { return Err(refused) };
        let Some(count) = stats.get_mut(&from).filter(|count| **count > 0) else { return Err(refused) };
        if !details.of(from).is_some_and(|ids| ids.contains(iteration)) {
            return Err(Error::IterationMissing { iteration });
        }
        let mut sum = self.rollup.take().unwrap_or_default();
        let taken = rollup.map_or(Ok(()), |rollup| sum.subtract(rollup));
        self.rollup = Some(sum);
        taken?;
        details.reset(iteration, to, from)?;
        *count -= 1;
        if *count == 0 {
            stats.remove(&from);
        }
        *self.running_stats.get_or_insert_default().entry(to).or_default() += 1;
        self.running_rollup.get_or_insert_default();
        self.restart_info.insert(iteration);
        Ok(())
    }

    /// The first iteration that is being restarted by itself; 0 when there is none.
    pub fn first_restarted(&self) -> i64 {
        self.restart_info.first().copied().unwrap_or(0)
    }

    /// Iterations from the checkpoint on that need not be looked at again: they have ended, or are looked at one by one.
    pub fn settled_after_checkpoint(&self) -> Intervals {
        let ended = self.details.as_ref().map(|details| details.all(InstanceStatus::is_terminal)).unwrap_or_default();
        let mut settled = ended.from_id(self.checkpoint);
        for &iteration in &self.restart_info {
            settled.insert(iteration);
        }
        settled
    }

    /// Iterations from `start` on that succeeded before and are not launched again, in a restart that knows `known` iterations.
    pub fn succeeded_from(&self, start: i64, known: Option<i64>) -> Intervals {
        match (&self.details, known) {
            (Some(details), Some(known)) if known >= start => {
                details.of(InstanceStatus::Succeeded).map(|ids| ids.from_id(start)).unwrap_or_default()
            }
            _ => Intervals::default(),
        }
    }

    /// Takes over what a restarted loop keeps of its earlier run; gives back the last iteration that was launched then.
    pub fn keep(&mut self, before: Option<&Self>, keep: Keep) -> i64 {
        let Some(details) = before.and_then(|before| before.details.as_ref()) else { return 0 };
        let is_kept = |status: InstanceStatus| match keep {
            Keep::Succeeded => status == InstanceStatus::Succeeded,
            Keep::Ended => status.is_terminal(),
        };
        self.checkpoint = match details.all(is_kept).ranges().next() {
            Some((1, last)) => last,
            _ => 0,
        };
        for (status, ids) in details.iter().filter(|(status, _)| is_kept(*status)) {
            *self.stats.get_or_insert_default().entry(status).or_default() += ids.len();
            self.rollup.get_or_insert_default();
            self.details.get_or_insert_default().add_all(ids, status);
        }
        self.refresh();
        details.all(|_| true).last().unwrap_or(0).max(0)
    }

    /// Takes over the leaf steps of the earlier run, less those of the iterations that will run `again`.
    pub fn keep_rollup(&mut self, before: Option<Rollup>, again: Option<&Rollup>) -> Result<(), Error> {
        let Some(again) = again.filter(|again| again.total_leaf_count != 0) else {
            self.rollup = before;
            return Ok(());
        };
        let mut base = before.ok_or(Error::RollupMissing)?;
        if base.total_leaf_count < again.total_leaf_count {
            return Err(Error::TooMany { before: base.total_leaf_count, again: again.total_leaf_count });
        }
        base.subtract(again)?;
        if base.total_leaf_count != 0 {
            self.rollup.get_or_insert_default().add(&base);
        }
        Ok(())
    }

    /// Iterations that ran before and that this overview does not keep.
    pub fn to_run_again(&self, before: Option<&Self>) -> Intervals {
        let all = |overview: &Self| overview.details.as_ref().map(|details| details.all(|_| true)).unwrap_or_default();
        before.map(|before| all(before).without(&all(self))).unwrap_or_default()
    }
}
