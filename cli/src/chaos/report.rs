//! What a chaos run came to, as people and machines read it.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use super::{faults::Injected, witness::Violation};
use crate::output::Output;

/// Violations that are shown one by one; `--json` has them all.
const SHOWN: usize = 20;

/// Everything that is told.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(super) seed: u64,
    pub(super) nodes: usize,
    pub(super) took_seconds: f64,
    pub(super) faults: Injected,
    pub(super) runs: Runs,
    pub(super) steps: Steps,
    pub(super) processes: Processes,
    pub(super) database: Seen,
    pub(super) violations: Vec<Violation>,
}

/// The load.
#[derive(Debug, Serialize)]
pub(super) struct Runs {
    pub(super) started: usize,
    pub(super) stops_asked_for: usize,
    pub(super) by_status: BTreeMap<String, usize>,
    pub(super) lost: usize,
    pub(super) start_wait_p50_ms: u128,
    pub(super) start_wait_max_ms: u128,
    /// From the end of the last fault to the end of the last run.
    pub(super) rest_seconds: f64,
}

/// What was executed.
#[derive(Debug, Serialize)]
pub(super) struct Steps {
    pub(super) attempts: usize,
    pub(super) calls: usize,
    /// Calls of attempts that had been called before and were not known to be complete.
    pub(super) resumed: usize,
    pub(super) completed_repeated: usize,
    pub(super) late_calls_of_paused_nodes: usize,
    /// The longest time without any call.
    pub(super) longest_silence_ms: u128,
}

/// The nodes' processes.
#[derive(Debug, Serialize)]
pub(super) struct Processes {
    pub(super) started: usize,
    /// Processes that ended without having been killed, by how.
    pub(super) ended_by_themselves: BTreeMap<String, usize>,
    /// Those because a group of theirs had been taken.
    pub(super) fenced: usize,
    /// Those because the database had not answered within the lease.
    pub(super) silent: usize,
}

/// What the database noted.
#[derive(Debug, Serialize)]
pub(super) struct Seen {
    pub(super) groups_taken: usize,
    pub(super) commits_refused: usize,
    pub(super) fenced_writes_accepted: usize,
    pub(super) outage_max_ms: u128,
}

impl Report {
    pub(crate) fn holds(&self) -> bool {
        self.violations.is_empty()
    }

    /// The verdict, the figures, and what is wrong.
    pub(crate) fn show(&self, output: &mut Output) {
        let Self { faults, runs, steps, processes, database, .. } = self;
        let verdict = format!(
            "{} faults in {:.0} s: {} lost, {} completed steps repeated, {} fenced writes accepted",
            faults.total(),
            self.took_seconds,
            runs.lost,
            steps.completed_repeated,
            database.fenced_writes_accepted
        );
        output.heading(verdict);
        let list = |counts: &BTreeMap<String, usize>| {
            let told: Vec<String> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
            if told.is_empty() { "none".to_owned() } else { told.join(", ") }
        };
        let row = |what: &str, told: String| vec![what.to_owned(), told];
        output.table(
            &["WHAT", "SEEN"],
            [
                row("nodes killed", faults.kills.to_string()),
                row(
                    "nodes paused",
                    format!("{} ({} for longer than the lease)", faults.pauses, faults.pauses_over_lease),
                ),
                row(
                    "database restarted",
                    format!("{} ({} for longer than the lease)", faults.restarts, faults.outages_over_lease),
                ),
                row("runs", format!("{} ({})", runs.started, list(&runs.by_status))),
                row("stops asked for", runs.stops_asked_for.to_string()),
                row("attempts of steps", steps.attempts.to_string()),
                row("calls made by steps", format!("{} ({} of them again after a fault)", steps.calls, steps.resumed)),
                row("calls of nodes just after a pause", steps.late_calls_of_paused_nodes.to_string()),
                row("processes", processes.started.to_string()),
                row("ended by themselves", list(&processes.ended_by_themselves)),
                row("  for a group was taken", processes.fenced.to_string()),
                row("  for the database was silent", processes.silent.to_string()),
                row("groups taken", database.groups_taken.to_string()),
                row("commits refused", database.commits_refused.to_string()),
                row(
                    "wait for the answer to a start",
                    format!("p50 {} ms, at most {} ms", runs.start_wait_p50_ms, runs.start_wait_max_ms),
                ),
                row("longest time without a step", format!("{} ms", steps.longest_silence_ms)),
                row("longest outage of the database", format!("{} ms", database.outage_max_ms)),
                row("last run after the last fault", format!("{:.1} s", runs.rest_seconds)),
            ],
        );
        for violation in self.violations.iter().take(SHOWN) {
            output.line(format_args!("  {}   {}", violation.rule, violation.what));
        }
        if self.violations.len() > SHOWN {
            output.line(format_args!("  and {} more", self.violations.len() - SHOWN));
        }
        output.line(format_args!(
            "seed {}: the same faults again by `segue chaos --seed {} --faults {} --nodes {}`",
            self.seed,
            self.seed,
            faults.total(),
            self.nodes
        ));
    }
}

/// The value in the middle and the largest, in milliseconds.
pub(super) fn middle_and_most(mut values: Vec<Duration>) -> (u128, u128) {
    values.sort_unstable();
    let at = |index: usize| values.get(index).copied().unwrap_or_default().as_millis();
    (at(values.len() / 2), at(values.len().saturating_sub(1)))
}
