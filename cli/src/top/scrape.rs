//! Metrics as a server writes them down: one sample a line, in the text format of Prometheus.

use std::collections::BTreeMap;

/// Lines of one page of metrics; a server of ours has some hundred.
const LINES_MAX: usize = 100_000;

/// One page of metrics.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scrape {
    samples: Vec<Sample>,
}

#[derive(Clone, Debug, PartialEq)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

/// A page that is not one of metrics.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the metrics is not a sample: {text}")]
pub(crate) struct Unreadable {
    line: usize,
    text: String,
}

/// How often values up to each bound were seen, in order of the bounds; the last one is infinite.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Histogram {
    buckets: Vec<(f64, f64)>,
    sum: f64,
    count: f64,
}

impl Scrape {
    /// Reads a page.
    pub(crate) fn parse(text: &str) -> Result<Self, Unreadable> {
        let mut samples = Vec::new();
        for (number, line) in text.lines().take(LINES_MAX).enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let sample = sample(line);
            samples.push(sample.ok_or_else(|| Unreadable { line: number + 1, text: line.chars().take(80).collect() })?);
        }
        Ok(Self { samples })
    }

    /// The sum over all samples of a name that have a label's value, if one is given; `None` without any.
    pub(crate) fn value(&self, name: &str, label: Option<(&str, &str)>) -> Option<f64> {
        let mut found = self.named(name, label).map(|sample| sample.value).peekable();
        found.peek()?;
        Some(found.sum())
    }

    /// A histogram, over all samples that have a label's value.
    pub(crate) fn histogram(&self, name: &str, label: Option<(&str, &str)>) -> Histogram {
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for sample in self.named(&format!("{name}_bucket"), label) {
            let bound = sample.labels.get("le").and_then(|bound| number(bound));
            let Some(bound) = bound else { continue };
            match buckets.iter_mut().find(|(known, _)| known.total_cmp(&bound).is_eq()) {
                Some((_, count)) => *count += sample.value,
                None => buckets.push((bound, sample.value)),
            }
        }
        buckets.sort_by(|(left, _), (right, _)| left.total_cmp(right));
        let total = |what: &str| self.value(&format!("{name}_{what}"), label).unwrap_or_default();
        Histogram { buckets, sum: total("sum"), count: total("count") }
    }

    fn named(&self, name: &str, label: Option<(&str, &str)>) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(move |sample| {
            let has_label = label.is_none_or(|(key, value)| sample.labels.get(key).is_some_and(|own| own == value));
            sample.name == name && has_label
        })
    }
}

impl Histogram {
    /// What was seen since an earlier page; all of it if the server has started anew since then.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        if earlier.count > self.count || earlier.buckets.len() != self.buckets.len() {
            return self.clone();
        }
        let pairs = self.buckets.iter().zip(&earlier.buckets);
        let buckets = pairs.map(|((bound, now), (_, before))| (*bound, (now - before).max(0.0))).collect();
        Self { buckets, sum: self.sum - earlier.sum, count: self.count - earlier.count }
    }

    /// How many were seen.
    pub(crate) fn count(&self) -> f64 {
        self.count
    }

    /// Their mean; `None` of none.
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.count > 0.0).then(|| self.sum / self.count)
    }

    /// The value that a share of them does not exceed, as if they lay evenly within their bucket; `None` of none.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let total = self.buckets.last().map(|(_, count)| *count).filter(|count| *count > 0.0)?;
        let rank = share * total;
        let (mut below, mut low) = (0.0, 0.0);
        for &(bound, count) in &self.buckets {
            if count >= rank && count > below {
                // Beyond the last bound nothing more is known.
                let is_open = bound.is_infinite();
                return Some(if is_open {
                    low
                } else {
                    low + (bound - low) * (rank - below).max(0.0) / (count - below)
                });
            }
            (below, low) = (count, bound);
        }
        None
    }
}

/// `name{label="value",…} 12 [time]`
fn sample(line: &str) -> Option<Sample> {
    let end = line.find(|c: char| c == '{' || c.is_whitespace())?;
    let (name, rest) = line.split_at(end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (BTreeMap::new(), rest),
    };
    let value = number(rest.split_whitespace().next()?)?;
    (!name.is_empty()).then(|| Sample { name: name.to_owned(), labels, value })
}

/// Labels up to their closing brace, and what follows it.
fn labels(mut rest: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(rest) = rest.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (key, after) = rest.split_once("=\"")?;
        let (mut value, mut escaped, mut end) = (String::new(), false, None);
        for (at, c) in after.char_indices() {
            match (escaped, c) {
                (true, 'n') => value.push('\n'),
                (true, c) => value.push(c),
                (false, '"') => {
                    end = Some(at);
                    break;
                }
                (false, '\\') => {}
                (false, c) => value.push(c),
            }
            escaped = !escaped && c == '\\';
        }
        labels.insert(key.trim().to_owned(), value);
        rest = &after[end? + 1..];
    }
}

fn number(text: &str) -> Option<f64> {
    match text {
        "+Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        text => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
# HELP engine_commit_duration_seconds Seconds
# TYPE engine_commit_duration_seconds histogram
engine_commit_duration_seconds_bucket{le=\"0.001\"} 50
engine_commit_duration_seconds_bucket{le=\"0.002\"} 90
engine_commit_duration_seconds_bucket{le=\"0.01\"} 100
engine_commit_duration_seconds_bucket{le=\"+Inf\"} 100
engine_commit_duration_seconds_sum 0.12
engine_commit_duration_seconds_count 100

gateway_calls_total{operation=\"start\",status=\"ok\"} 7
gateway_calls_total{operation=\"a \\\"b\\\" \\\\ c\",status=\"refused\"} 2 1700000000000
engine_residents_live{kind=\"run\"} 3
";

    #[track_caller]
    fn check(name: &str, label: Option<(&str, &str)>, value: Option<f64>) {
        let page = Scrape::parse(PAGE).expect("it is a page");
        assert_eq!(page.value(name, label), value);
    }

    #[test]
    fn samples_are_summed_over_the_labels_that_are_not_asked_for() {
        check("gateway_calls_total", None, Some(9.0));
        check("gateway_calls_total", Some(("status", "refused")), Some(2.0));
        check("gateway_calls_total", Some(("operation", "a \"b\" \\ c")), Some(2.0));
        check("gateway_calls_total", Some(("status", "failed")), None);
        check("engine_residents_live", Some(("kind", "run")), Some(3.0));
        check("engine_residents", None, None);
    }

    #[test]
    fn quantiles_lie_within_their_bucket() {
        let page = Scrape::parse(PAGE).expect("it is a page");
        let commits = page.histogram("engine_commit_duration_seconds", None);
        for (share, value) in [(0.25, 0.0005), (0.5, 0.001), (0.7, 0.0015), (0.95, 0.006), (1.0, 0.01)] {
            let found = commits.quantile(share).expect("there are some");
            assert!((found - value).abs() < 1e-9, "{share}: {found}");
        }
        assert_eq!(commits.mean(), Some(0.0012));
        assert_eq!(page.histogram("nothing", None).quantile(0.5), None);
        let none = commits.since(&commits);
        assert_eq!((none.count(), none.quantile(0.5), none.mean()), (0.0, None, None));
        let started_anew = Histogram::default().since(&commits);
        assert_eq!(started_anew, Histogram::default());
    }

    #[test]
    fn what_is_no_page_of_metrics_is_said_with_its_line() {
        for (text, line) in [("<html>", 1), ("a 1\nb", 2), ("a{x=\"y} 1", 1), ("a{x} 1", 1), ("a one", 1), (" {} 1", 1)]
        {
            let unreadable = Scrape::parse(text).expect_err(text);
            assert_eq!(unreadable.line, line, "{text}");
        }
    }
}
