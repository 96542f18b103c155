//! Every metric of the engine, with its unit in the name and a sentence each.
//!
//! What happens is counted when it happens; how much waits is looked at when somebody asks (`ActorEngine::measure`).

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use workflow::life::{Address, Phase};

/// What a metric is to those who collect it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

const COMMITS: &str = "engine_commit_batch_commits";
const ROWS: &str = "engine_commit_batch_rows";
const COMMIT: &str = "engine_commit_duration_seconds";
const COMMIT_WAIT: &str = "engine_commit_wait_seconds";
const COMMITS_WAITING: &str = "engine_commits_waiting";
const COMMITS_REFUSED: &str = "engine_commits_refused_total";
const RESIDENTS: &str = "engine_residents_live";
const MESSAGES: &str = "engine_messages_waiting";
const STEPS: &str = "engine_steps_running";
const STEPS_WAITING: &str = "engine_steps_waiting";
const PHASE: &str = "engine_step_phase_seconds";
const RUNS: &str = "engine_run_seconds";
const FAULTS: &str = "engine_faults_total";
const REFUSALS: &str = "engine_calls_refused_total";
const GROUPS: &str = "engine_groups_owned";
const GROUPS_TAKEN: &str = "engine_groups_taken_total";
const GROUPS_GIVEN: &str = "engine_groups_given_up_total";
const GROUPS_LOST: &str = "engine_groups_lost_total";
const NODES: &str = "engine_nodes_living";
const HEARTBEATS: &str = "engine_heartbeats_failed_total";
const LETTERS: &str = "engine_letters_waiting";
const LETTERS_BYTES: &str = "engine_letters_waiting_bytes";
const EVENTS: &str = "engine_outbox_delivered_total";
const BACKLOG: &str = "engine_outbox_backlog_bundles";
const EVENTS_REFUSED: &str = "engine_outbox_refused_total";

/// All of them; nothing else is recorded.
const METRICS: [(&str, Kind, Unit, &str); 25] = [
    (COMMITS, Kind::Histogram, Unit::Count, "Commits of machines that one transaction made durable"),
    (ROWS, Kind::Histogram, Unit::Count, "Rows that one transaction wrote"),
    (COMMIT, Kind::Histogram, Unit::Seconds, "Seconds that one transaction took, the disk's fsync included"),
    (
        COMMIT_WAIT,
        Kind::Histogram,
        Unit::Seconds,
        "Seconds from a decision to its being durable: of the oldest one in each transaction",
    ),
    (COMMITS_WAITING, Kind::Gauge, Unit::Count, "Commits that wait for the next transaction"),
    (
        COMMITS_REFUSED,
        Kind::Counter,
        Unit::Count,
        "Transactions that the store refused, by reason; the first one stops the engine",
    ),
    (RESIDENTS, Kind::Gauge, Unit::Count, "Machines in memory, by kind"),
    (MESSAGES, Kind::Gauge, Unit::Count, "Messages that wait in the mailboxes of groups and machines"),
    (STEPS, Kind::Gauge, Unit::Count, "Steps whose outside work is running"),
    (STEPS_WAITING, Kind::Gauge, Unit::Count, "Steps whose outside work waits for a place"),
    (
        PHASE,
        Kind::Histogram,
        Unit::Seconds,
        "Seconds, in whole milliseconds, that a step took: `launch` from its creation to its work, `work` from there to its end, `follow` from the end of the last step before it to its creation",
    ),
    (
        RUNS,
        Kind::Histogram,
        Unit::Seconds,
        "Seconds, in whole milliseconds, that runs took from their start to their end",
    ),
    (FAULTS, Kind::Counter, Unit::Count, "Machines that panicked or could not be loaded, and were loaded again"),
    (REFUSALS, Kind::Counter, Unit::Count, "Calls refused because a limit of live work was reached"),
    (GROUPS, Kind::Gauge, Unit::Count, "Groups of machines that this node owns"),
    (GROUPS_TAKEN, Kind::Counter, Unit::Count, "Groups that this node took over"),
    (GROUPS_GIVEN, Kind::Counter, Unit::Count, "Groups that this node gave up to others"),
    (GROUPS_LOST, Kind::Counter, Unit::Count, "Groups that were found to be owned by another node"),
    (NODES, Kind::Gauge, Unit::Count, "Nodes that live, this one included, as the store said last"),
    (HEARTBEATS, Kind::Counter, Unit::Count, "Heartbeats that the store did not take in time"),
    (LETTERS, Kind::Gauge, Unit::Count, "Letters to other nodes that are not acknowledged"),
    (LETTERS_BYTES, Kind::Gauge, Unit::Bytes, "Bytes of letters that wait to be sent to other nodes"),
    (EVENTS, Kind::Counter, Unit::Count, "Events that the consumer has taken from the outbox"),
    (BACKLOG, Kind::Gauge, Unit::Count, "Commits since the start whose events wait for their consumer"),
    (
        EVENTS_REFUSED,
        Kind::Counter,
        Unit::Count,
        "Deliveries of events that the consumer did not take and that were tried again",
    ),
];

/// Those whose values all carry a label.
const LABELLED: [&str; 2] = [COMMITS_REFUSED, RESIDENTS];

/// Kinds of machines.
const KINDS: [&str; 3] = ["run", "workflow", "shared"];

/// Tells the exporter what the metrics mean, and that nothing has happened yet; once a process.
pub fn describe() {
    for (name, kind, unit, about) in METRICS {
        match kind {
            Kind::Counter => describe_counter!(name, unit, about),
            Kind::Gauge => describe_gauge!(name, unit, about),
            Kind::Histogram => describe_histogram!(name, unit, about),
        }
        match kind {
            Kind::Counter if !LABELLED.contains(&name) => counter!(name).increment(0),
            Kind::Gauge if !LABELLED.contains(&name) => gauge!(name).increment(0.0),
            Kind::Counter | Kind::Gauge | Kind::Histogram => {}
        }
    }
    for kind in KINDS {
        gauge!(RESIDENTS, "kind" => kind).increment(0.0);
    }
}

/// How much waits at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Waiting {
    pub(crate) commits: usize,
    pub(crate) messages: usize,
    pub(crate) letters: usize,
    pub(crate) letters_bytes: usize,
}

pub(crate) fn waiting(waiting: Waiting) {
    gauge!(COMMITS_WAITING).set(real(waiting.commits));
    gauge!(MESSAGES).set(real(waiting.messages));
    gauge!(LETTERS).set(real(waiting.letters));
    gauge!(LETTERS_BYTES).set(real(waiting.letters_bytes));
}

pub(crate) fn committed(commits: usize, rows: usize, took: Duration, waited: Duration) {
    histogram!(COMMITS).record(real(commits));
    histogram!(ROWS).record(real(rows));
    histogram!(COMMIT).record(took.as_secs_f64());
    histogram!(COMMIT_WAIT).record(waited.as_secs_f64());
}

/// The store refused a transaction: because another node owns a group, or for any other reason.
pub(crate) fn commit_refused(is_fenced: bool) {
    counter!(COMMITS_REFUSED, "reason" => if is_fenced { "fenced" } else { "failed" }).increment(1);
}

pub(crate) fn resident_came(address: &Address) {
    gauge!(RESIDENTS, "kind" => kind(address)).increment(1.0);
}

pub(crate) fn resident_left(address: &Address) {
    gauge!(RESIDENTS, "kind" => kind(address)).decrement(1.0);
}

fn kind(address: &Address) -> &'static str {
    let [run, workflow, shared] = KINDS;
    match address {
        Address::Run(_) => run,
        Address::Workflow(_) => workflow,
        Address::Permits | Address::Signals | Address::Library => shared,
    }
}

/// Counts one for as long as it lives, however that ends.
#[derive(Debug)]
pub(crate) struct Held(&'static str);

impl Held {
    fn new(name: &'static str) -> Self {
        gauge!(name).increment(1.0);
        Self(name)
    }

    /// A step's outside work waits for a place.
    pub(crate) fn waiting_step() -> Self {
        Self::new(STEPS_WAITING)
    }

    /// A step's outside work runs.
    pub(crate) fn running_step() -> Self {
        Self::new(STEPS)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        gauge!(self.0).decrement(1.0);
    }
}

pub(crate) fn passed(phase: Phase, took: Duration) {
    let histogram = match phase {
        Phase::Launch => histogram!(PHASE, "phase" => "launch"),
        Phase::Work => histogram!(PHASE, "phase" => "work"),
        Phase::Follow => histogram!(PHASE, "phase" => "follow"),
        Phase::Run => histogram!(RUNS),
    };
    histogram.record(took.as_secs_f64());
}

pub(crate) fn faulted() {
    counter!(FAULTS).increment(1);
}

pub(crate) fn refused() {
    counter!(REFUSALS).increment(1);
}

pub(crate) fn groups_owned(count: usize) {
    gauge!(GROUPS).set(real(count));
}

pub(crate) fn groups_taken(count: usize) {
    counter!(GROUPS_TAKEN).increment(count as u64);
}

pub(crate) fn groups_given_up(count: usize) {
    counter!(GROUPS_GIVEN).increment(count as u64);
}

pub(crate) fn group_lost() {
    counter!(GROUPS_LOST).increment(1);
}

pub(crate) fn nodes_living(count: usize) {
    gauge!(NODES).set(real(count));
}

pub(crate) fn heartbeat_failed() {
    counter!(HEARTBEATS).increment(1);
}

pub(crate) fn outbox_waiting(bundles: usize) {
    gauge!(BACKLOG).set(real(bundles));
}

pub(crate) fn events_delivered(events: usize) {
    counter!(EVENTS).increment(events as u64);
}

pub(crate) fn events_refused() {
    counter!(EVENTS_REFUSED).increment(1);
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn real(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Mutex};

    use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, with_local_recorder};

    use super::*;

    /// Units that a name may end with; a count says what it counts.
    const UNITS: [&str; 11] = [
        "_total", "_seconds", "_bytes", "_commits", "_rows", "_bundles", "_live", "_waiting", "_running", "_owned",
        "_living",
    ];

    /// Remembers what was described and what was recorded, with its kind.
    #[derive(Default)]
    struct Names {
        described: Mutex<BTreeSet<(String, &'static str)>>,
        recorded: Mutex<BTreeSet<(String, &'static str)>>,
    }

    impl Names {
        fn describe(&self, name: &KeyName, kind: &'static str) {
            self.described.lock().unwrap().insert((name.as_str().to_owned(), kind));
        }

        fn record(&self, key: &Key, kind: &'static str) {
            self.recorded.lock().unwrap().insert((key.name().to_owned(), kind));
        }
    }

    impl Recorder for Names {
        fn describe_counter(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
            self.describe(&name, "counter");
        }

        fn describe_gauge(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
            self.describe(&name, "gauge");
        }

        fn describe_histogram(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
            self.describe(&name, "histogram");
        }

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            self.record(key, "counter");
            Counter::noop()
        }

        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            self.record(key, "gauge");
            Gauge::noop()
        }

        fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
            self.record(key, "histogram");
            Histogram::noop()
        }
    }

    #[test]
    fn every_metric_that_is_recorded_is_described_and_no_other() {
        let all: [fn(); 19] = [
            || waiting(Waiting::default()),
            || committed(1, 1, Duration::ZERO, Duration::ZERO),
            || commit_refused(true),
            || resident_came(&Address::Permits),
            || resident_left(&Address::Permits),
            || drop(Held::waiting_step()),
            || drop(Held::running_step()),
            || passed(Phase::Launch, Duration::ZERO),
            || passed(Phase::Run, Duration::ZERO),
            faulted,
            refused,
            || groups_owned(1),
            || groups_taken(1),
            || groups_given_up(1),
            group_lost,
            || nodes_living(1),
            heartbeat_failed,
            || outbox_waiting(1),
            || {
                events_delivered(1);
                events_refused();
            },
        ];
        let [told, seen] = [Names::default(), Names::default()];
        with_local_recorder(&told, describe);
        with_local_recorder(&seen, || {
            for record in all {
                record();
            }
        });
        let (described, recorded) = (told.described.into_inner().unwrap(), seen.recorded.into_inner().unwrap());
        assert_eq!(described, recorded);
        assert_eq!(described.len(), METRICS.len(), "each has a name of its own");
    }

    #[test]
    fn a_name_ends_with_what_is_counted_and_a_description_is_a_phrase() {
        for (name, kind, _, about) in METRICS {
            assert!(name.starts_with("engine_") && UNITS.iter().any(|unit| name.ends_with(unit)), "{name}");
            assert_eq!(kind == Kind::Counter, name.ends_with("_total"), "{name}");
            assert!(about.len() > 15 && !about.ends_with('.'), "{name}: {about}");
        }
    }
}
