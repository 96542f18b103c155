//! What two pages of metrics come to: rates and times of what lay between them, and where things stand now.

use std::time::Duration;

use serde::Serialize;

use super::scrape::{Histogram, Scrape};

/// What a person wants to know of a server; `None` where it does not say, or nothing happened.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Figures {
    pub(crate) runs_live: Option<f64>,
    pub(crate) runs_per_s: f64,
    pub(crate) run_p50_ms: Option<f64>,
    pub(crate) steps_per_s: f64,
    pub(crate) launch_p50_ms: Option<f64>,
    pub(crate) launch_p99_ms: Option<f64>,
    pub(crate) calls_per_s: f64,
    pub(crate) calls_refused: f64,
    pub(crate) commits_per_s: f64,
    pub(crate) commit_p50_ms: Option<f64>,
    pub(crate) commit_p99_ms: Option<f64>,
    pub(crate) durable_p50_ms: Option<f64>,
    pub(crate) durable_p99_ms: Option<f64>,
    pub(crate) batch_commits: Option<f64>,
    pub(crate) batch_rows: Option<f64>,
    pub(crate) commits_waiting: Option<f64>,
    pub(crate) messages_waiting: Option<f64>,
    pub(crate) steps_running: Option<f64>,
    pub(crate) steps_waiting: Option<f64>,
    pub(crate) letters_waiting: Option<f64>,
    pub(crate) commits_refused: f64,
    pub(crate) faults: f64,
    pub(crate) residents: Option<f64>,
    pub(crate) groups: Option<f64>,
    pub(crate) nodes: Option<f64>,
    pub(crate) memory_bytes: Option<f64>,
}

impl Figures {
    /// Of two pages, so long apart.
    pub(crate) fn between(before: &Scrape, now: &Scrape, apart: Duration) -> Self {
        let seconds = apart.as_secs_f64().max(0.001);
        let passed = |name: &str, label| now.histogram(name, label).since(&before.histogram(name, label));
        let ms = |histogram: &Histogram, share| histogram.quantile(share).map(|seconds| seconds * 1_000.0);
        let total = |page: &Scrape, name: &str| page.value(name, None).unwrap_or_default();
        // A server that has started anew counts from nothing.
        let rate = |name: &str| (total(now, name) - total(before, name)).max(0.0) / seconds;
        let (work, launch) =
            ["work", "launch"].map(|phase| passed("engine_step_phase_seconds", Some(("phase", phase)))).into();
        let (commit, wait) =
            (passed("engine_commit_duration_seconds", None), passed("engine_commit_wait_seconds", None));
        let runs = passed("engine_run_seconds", None);
        Self {
            // A server that never had one does not mention it.
            runs_live: now
                .value("engine_residents_live", None)
                .map(|_| now.value("engine_residents_live", Some(("kind", "run"))).unwrap_or_default()),
            runs_per_s: runs.count() / seconds,
            run_p50_ms: ms(&runs, 0.5),
            steps_per_s: work.count() / seconds,
            launch_p50_ms: ms(&launch, 0.5),
            launch_p99_ms: ms(&launch, 0.99),
            calls_per_s: rate("gateway_calls_total"),
            calls_refused: total(now, "engine_calls_refused_total"),
            commits_per_s: commit.count() / seconds,
            commit_p50_ms: ms(&commit, 0.5),
            commit_p99_ms: ms(&commit, 0.99),
            durable_p50_ms: ms(&wait, 0.5),
            durable_p99_ms: ms(&wait, 0.99),
            batch_commits: passed("engine_commit_batch_commits", None).mean(),
            batch_rows: passed("engine_commit_batch_rows", None).mean(),
            commits_waiting: now.value("engine_commits_waiting", None),
            messages_waiting: now.value("engine_messages_waiting", None),
            steps_running: now.value("engine_steps_running", None),
            steps_waiting: now.value("engine_steps_waiting", None),
            letters_waiting: now.value("engine_letters_waiting", None),
            commits_refused: total(now, "engine_commits_refused_total"),
            faults: total(now, "engine_faults_total"),
            residents: now.value("engine_residents_live", None),
            groups: now.value("engine_groups_owned", None),
            nodes: now.value("engine_nodes_living", None),
            memory_bytes: now.value("process_resident_memory_bytes", None),
        }
    }

    /// Rows of a table: what it is about, and its figures.
    pub(crate) fn rows(&self) -> Vec<Vec<String>> {
        let row = |name: &str, value: String, more: String| vec![name.to_owned(), value, more];
        let spread = |p50, p99| format!("p50 {}, p99 {}", time(p50), time(p99));
        vec![
            row(
                "runs",
                format!("{} live", count(self.runs_live)),
                format!("{} ended a second, p50 {}", rate(self.runs_per_s), time(self.run_p50_ms)),
            ),
            row(
                "steps",
                format!("{} a second", rate(self.steps_per_s)),
                format!("created to launched: {}", spread(self.launch_p50_ms, self.launch_p99_ms)),
            ),
            row(
                "work outside",
                format!("{} running", count(self.steps_running)),
                format!("{} wait for a place", count(self.steps_waiting)),
            ),
            row(
                "transactions",
                format!("{} a second", rate(self.commits_per_s)),
                spread(self.commit_p50_ms, self.commit_p99_ms),
            ),
            row(
                "batches",
                format!("{} decisions", mean(self.batch_commits)),
                format!(
                    "{} rows; decided to durable: {}",
                    mean(self.batch_rows),
                    spread(self.durable_p50_ms, self.durable_p99_ms)
                ),
            ),
            row(
                "queues",
                format!("{} commits", count(self.commits_waiting)),
                format!(
                    "{} messages, {} letters to other nodes",
                    count(self.messages_waiting),
                    count(self.letters_waiting)
                ),
            ),
            row(
                "calls",
                format!("{} a second", rate(self.calls_per_s)),
                format!("{} refused by limits since the start", self.calls_refused),
            ),
            row("node", format!("{} groups", count(self.groups)), format!("of {} living nodes", count(self.nodes))),
            row("memory", bytes(self.memory_bytes), format!("{} machines in it", count(self.residents))),
            row("trouble", format!("{} faults", self.faults), format!("{} commits refused", self.commits_refused)),
        ]
    }
}

fn count(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.0}"))
}

fn mean(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.1}"))
}

fn rate(value: f64) -> String {
    if value < 10.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}

fn time(ms: Option<f64>) -> String {
    match ms {
        None => "-".to_owned(),
        Some(ms) if ms < 10.0 => format!("{ms:.2} ms"),
        Some(ms) if ms < 10_000.0 => format!("{ms:.0} ms"),
        Some(ms) => format!("{:.0} s", ms / 1_000.0),
    }
}

fn bytes(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| format!("{:.1} MiB", value / f64::from(1 << 20)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "\
engine_step_phase_seconds_bucket{phase=\"work\",le=\"0.001\"} 10
engine_step_phase_seconds_bucket{phase=\"work\",le=\"+Inf\"} 10
engine_step_phase_seconds_sum{phase=\"work\"} 0
engine_step_phase_seconds_count{phase=\"work\"} 10
engine_commit_batch_commits_sum 100
engine_commit_batch_commits_count 50
gateway_calls_total{operation=\"a\"} 5
";
    const NOW: &str = "\
engine_step_phase_seconds_bucket{phase=\"work\",le=\"0.001\"} 410
engine_step_phase_seconds_bucket{phase=\"work\",le=\"+Inf\"} 410
engine_step_phase_seconds_sum{phase=\"work\"} 0
engine_step_phase_seconds_count{phase=\"work\"} 410
engine_commit_batch_commits_sum 400
engine_commit_batch_commits_count 150
gateway_calls_total{operation=\"a\"} 5
gateway_calls_total{operation=\"b\"} 4
engine_residents_live{kind=\"run\"} 7
engine_residents_live{kind=\"workflow\"} 2
engine_groups_owned 16
process_resident_memory_bytes 10485760
";

    type Read = fn(&Figures) -> Option<f64>;

    #[test]
    fn two_pages_come_to_rates_of_what_lay_between_and_to_what_stands_now() {
        let [before, now] = [BEFORE, NOW].map(|page| Scrape::parse(page).expect("it is a page"));
        let figures = Figures::between(&before, &now, Duration::from_secs(2));
        let cases: [(&str, Read, Option<f64>); 9] = [
            ("steps a second", |f| Some(f.steps_per_s), Some(200.0)),
            ("calls a second", |f| Some(f.calls_per_s), Some(2.0)),
            ("decisions in a batch", |f| f.batch_commits, Some(3.0)),
            ("runs", |f| f.runs_live, Some(7.0)),
            ("machines", |f| f.residents, Some(9.0)),
            ("groups", |f| f.groups, Some(16.0)),
            ("memory", |f| f.memory_bytes, Some(10_485_760.0)),
            ("commits that wait are not said", |f| f.commits_waiting, None),
            ("no commit was timed", |f| f.commit_p50_ms, None),
        ];
        for (name, read, value) in cases {
            assert_eq!(read(&figures), value, "{name}");
        }
    }

    #[test]
    fn a_server_that_started_anew_has_no_negative_rates() {
        let [before, now] = [NOW, BEFORE].map(|page| Scrape::parse(page).expect("it is a page"));
        let figures = Figures::between(&before, &now, Duration::from_secs(1));
        assert_eq!((figures.calls_per_s, figures.steps_per_s), (0.0, 10.0));
    }
}
