//! Every metric of the gateway, with its unit in the name and a sentence each.

use metrics::{Unit, counter, describe_counter};
use workflow::port::EngineName;

const CALLS: &str = "gateway_calls_total";
const ROOT_RUNS: &str = "gateway_root_runs_total";

/// Tells the exporter what the metrics mean; once a process.
pub fn describe() {
    describe_counter!(CALLS, Unit::Count, "Calls answered, by operation and class of HTTP status");
    describe_counter!(ROOT_RUNS, Unit::Count, "Runs without a parent that were sent to an engine, by engine");
}

pub(crate) fn answered(operation: &'static str, class: &'static str) {
    counter!(CALLS, "operation" => operation, "status" => class).increment(1);
}

pub(crate) fn routed(engine: &EngineName) {
    counter!(ROOT_RUNS, "engine" => engine.to_string()).increment(1);
}
