//! Every metric of the engine, with its unit in the name.

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

const COMMITS: &str = "engine_commit_batch_commits";
const ROWS: &str = "engine_commit_batch_rows";
const COMMIT: &str = "engine_commit_duration_seconds";
const RESIDENTS: &str = "engine_residents_live";
const STEPS: &str = "engine_steps_running";
const FAULTS: &str = "engine_faults_total";
const REFUSALS: &str = "engine_calls_refused_total";

/// Tells the exporter what the metrics mean; once a process.
pub fn describe() {
    describe_histogram!(COMMITS, "Commits of machines that one transaction made durable");
    describe_histogram!(ROWS, "Rows that one transaction wrote");
    describe_histogram!(COMMIT, "Seconds that one transaction took, the disk's fsync included");
    describe_gauge!(RESIDENTS, "Machines in memory");
    describe_gauge!(STEPS, "Steps whose outside work is running");
    describe_counter!(FAULTS, "Machines that panicked or could not be loaded, and were loaded again");
    describe_counter!(REFUSALS, "Calls refused because a limit of live work was reached");
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn committed(commits: usize, rows: usize, took: std::time::Duration) {
    histogram!(COMMITS).record(commits as f64);
    histogram!(ROWS).record(rows as f64);
    histogram!(COMMIT).record(took.as_secs_f64());
}

pub(crate) fn resident_came() {
    gauge!(RESIDENTS).increment(1.0);
}

pub(crate) fn resident_left() {
    gauge!(RESIDENTS).decrement(1.0);
}

pub(crate) fn step_started() {
    gauge!(STEPS).increment(1.0);
}

pub(crate) fn step_ended() {
    gauge!(STEPS).decrement(1.0);
}

pub(crate) fn faulted() {
    counter!(FAULTS).increment(1);
}

pub(crate) fn refused() {
    counter!(REFUSALS).increment(1);
}
