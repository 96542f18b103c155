//! Measuring the language: reading and checking definitions, and expressions beside another language's.

use std::{hint::black_box, sync::Arc, time::Instant};

use anyhow::anyhow;
use replay::latency::quantile;
use serde::Serialize;
use workflow::{
    definition::{Format, Settings, check, rules::Limits, template::NoTemplates},
    id::Ids,
    sel::{self, Environment, Program, Refusal, Value, evaluate},
    time::Timestamp,
};

use super::{figure::short, peer};
use crate::{
    demo::definitions::FILES,
    exit::{Exit, Failure},
    output::Output,
};

/// The largest of Maestro's sample definitions.
const LARGEST: &str =
    include_str!("../../../workflow/tests/cases/workflows/def-sample-active-wf-with-output-signals.json");
/// Definitions that are checked in a row.
const DEFINITIONS: usize = 10_000;
/// How long one sample takes at least, so that the clock's own steps do not count.
const SAMPLE_MS: f64 = 2.0;

/// An expression as most conditions are, in our language and in the peer's.
const SIMPLE: [&str; 2] = ["count * 2 + 1 > limit && name == 'daily'", "count * 2 + 1 > limit && name == \"daily\""];
/// A loop of as many iterations as are allowed.
const LOOP: [&str; 2] = [
    "n = 0; for (i = 0; i < 25000; i += 1) { n += i; } return n;",
    "let n = 0; let i = 0; while i < 25000 { n += i; i += 1; } n",
];

/// What was measured, and what it is measured by.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    /// Of a build without optimisations, the bounds are not expected to hold.
    is_optimised: bool,
    figures: Vec<Figure>,
}

/// One figure; all times in one unit.
#[derive(Debug, Serialize)]
struct Figure {
    name: &'static str,
    about: &'static str,
    unit: &'static str,
    p50: f64,
    p99: f64,
    /// The most that it may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    bound: Option<f64>,
    /// The same work of another make.
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<Baseline>,
}

/// Another program's time for the same work, measured in the same run.
#[derive(Debug, Serialize)]
struct Baseline {
    by: &'static str,
    p50: f64,
}

/// Milliseconds in one unit.
const UNITS: [(&str, f64); 3] = [("s", 1_000.0), ("ms", 1.0), ("µs", 0.001)];

/// Measures everything, in so many samples each.
pub(crate) fn run(samples: usize) -> Result<Figures, Failure> {
    let samples = samples.max(1);
    let figures = vec![
        largest(samples)?,
        many()?,
        expression("parse", "a simple expression read", "µs", None, SIMPLE, samples, Work::Parse)?,
        expression(
            "simple",
            "a simple expression evaluated, read before",
            "µs",
            Some(2.0),
            SIMPLE,
            samples,
            Work::Run,
        )?,
        expression("loop", "a loop of 25,000 iterations", "ms", Some(5.0), LOOP, samples, Work::Run)?,
    ];
    Ok(Figures { is_optimised: !cfg!(debug_assertions), figures })
}

/// What is measured of an expression.
#[derive(Clone, Copy, PartialEq)]
enum Work {
    Parse,
    Run,
}

fn largest(samples: usize) -> Result<Figure, Failure> {
    accepted(LARGEST, Format::Json)?;
    let ours = times(samples, "ms", || drop(black_box(accepted(LARGEST, Format::Json))));
    let theirs = times(samples, "ms", || drop(black_box(serde_json::from_str::<serde_json::Value>(LARGEST))));
    let baseline = Baseline { by: "serde_json, reading alone", p50: quantile(&theirs, 0.5) };
    Ok(Figure::of("definition", "the largest sample, read and checked", "ms", Some(1.0), &ours, Some(baseline)))
}

fn many() -> Result<Figure, Failure> {
    let files = FILES.iter().cycle().take(DEFINITIONS);
    let begun = Instant::now();
    for (name, text) in files.clone() {
        let is_yaml = std::path::Path::new(name).extension().is_some_and(|ending| ending == "yaml");
        accepted(text, if is_yaml { Format::Yaml } else { Format::Json })?;
    }
    let ours = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    for (_, text) in files {
        drop(black_box(serde_json::from_str::<serde_json::Value>(text)));
    }
    let baseline = Baseline { by: "serde_json, reading alone", p50: begun.elapsed().as_secs_f64() };
    Ok(Figure::of("definitions", "10,000 definitions read and checked", "s", Some(5.0), &[ours], Some(baseline)))
}

fn accepted(text: &str, format: Format) -> Result<(), Failure> {
    let limits = Limits::standard();
    let now = Timestamp(1_750_000_000_000);
    let checked = check(text, format, Settings { limits: &limits, templates: &NoTemplates, environment: "bench", now });
    if checked.is_accepted() {
        return Ok(());
    }
    let why = checked.problems.first().map(|located| located.problem.to_string()).unwrap_or_default();
    Err(Failure::new(Exit::Defect, anyhow!("a sample of the bench is refused: {why}")))
}

fn expression(
    name: &'static str,
    about: &'static str,
    unit: &'static str,
    bound: Option<f64>,
    [ours, theirs]: [&'static str; 2],
    samples: usize,
    work: Work,
) -> Result<Figure, Failure> {
    let program = Program::parse_prepared(ours).map_err(|error| Failure::new(Exit::Defect, error))?;
    let answer = value(&program).map_err(|error| Failure::new(Exit::Defect, error))?;
    let times_of_ours = match work {
        Work::Parse => times(samples, unit, || drop(black_box(Program::parse_prepared(ours)))),
        Work::Run => times(samples, unit, || drop(black_box(value(&program)))),
    };
    let peer = peer::Peer::new(theirs).map_err(|error| Failure::new(Exit::Defect, error))?;
    let baseline = peer.map(|peer| {
        let same = format!("{answer:?}").contains(&peer.answer());
        debug_assert!(same, "{name}: {answer:?} is not {}", peer.answer());
        let times_of_theirs = match work {
            Work::Parse => times(samples, unit, || peer.parse()),
            Work::Run => times(samples, unit, || peer.run()),
        };
        Baseline { by: peer::NAME, p50: quantile(&times_of_theirs, 0.5) }
    });
    Ok(Figure::of(name, about, unit, bound, &times_of_ours, baseline))
}

fn value(program: &Program) -> Result<Value, sel::Error> {
    let mut environment = Environment { now: Timestamp(1_750_000_000_000), ids: &mut NoIds, deadline: None };
    evaluate(program, &mut Inputs, &sel::Limits::DEFAULT, &mut environment)
}

/// What the expressions read.
struct Inputs;

impl sel::Scope for Inputs {
    fn value(&mut self, name: &str) -> Result<Option<Value>, Refusal> {
        Ok(match name {
            "count" => Some(Value::Long(peer::COUNT)),
            "limit" => Some(Value::Long(peer::LIMIT)),
            "name" => Some(Value::String(Arc::from(peer::TEXT))),
            _ => None,
        })
    }

    fn call(&mut self, _: &str, _: &[Value]) -> Result<Value, Refusal> {
        Err(Refusal::NoFunctions)
    }
}

/// The expressions take no ids.
struct NoIds;

impl Ids for NoIds {
    fn uuid(&mut self) -> uuid::Uuid {
        uuid::Uuid::nil()
    }

    fn number(&mut self) -> i64 {
        0
    }
}

/// Sorted times of one piece of work, in a unit; each sample repeats it until it can be timed.
fn times(samples: usize, unit: &'static str, mut work: impl FnMut()) -> Vec<f64> {
    let unit_ms = UNITS.iter().find(|(name, _)| *name == unit).map_or(1.0, |(_, millis)| *millis);
    let millis_of = |repeats: u32, work: &mut dyn FnMut()| {
        let begun = Instant::now();
        (0..repeats).for_each(|_| work());
        begun.elapsed().as_secs_f64() * 1_000.0
    };
    let mut repeats = 1;
    while millis_of(repeats, &mut work) < SAMPLE_MS && repeats < 1 << 20 {
        repeats *= 2;
    }
    let mut times: Vec<f64> =
        (0..samples).map(|_| millis_of(repeats, &mut work) / f64::from(repeats) / unit_ms).collect();
    times.sort_by(f64::total_cmp);
    times
}

impl Figure {
    fn of(
        name: &'static str,
        about: &'static str,
        unit: &'static str,
        bound: Option<f64>,
        times: &[f64],
        baseline: Option<Baseline>,
    ) -> Self {
        Self { name, about, unit, p50: quantile(times, 0.5), p99: quantile(times, 0.99), bound, baseline }
    }

    fn holds(&self) -> bool {
        self.bound.is_none_or(|bound| self.p50 <= bound)
    }
}

impl Figures {
    /// Whether every bound is kept.
    pub(crate) fn hold(&self) -> bool {
        self.figures.iter().all(Figure::holds)
    }

    /// The table for people.
    pub(crate) fn show(&self, output: &mut Output) {
        let rows = self.figures.iter().map(|figure| {
            let bound = figure.bound.map_or("-".to_owned(), |bound| {
                format!("≤ {bound} {}", if figure.holds() { "(kept)" } else { "(BROKEN)" })
            });
            let baseline = figure.baseline.as_ref();
            vec![
                figure.name.to_owned(),
                figure.about.to_owned(),
                figure.unit.to_owned(),
                short(figure.p50),
                short(figure.p99),
                bound,
                baseline.map_or("-".to_owned(), |baseline| format!("{} ({})", short(baseline.p50), baseline.by)),
            ]
        });
        output.table(&["FIGURE", "WHAT", "UNIT", "P50", "P99", "BOUND", "BASELINE"], rows.collect::<Vec<_>>());
        if !self.is_optimised {
            output.say("this build is not optimised: its figures say nothing");
        }
        if self.figures.iter().any(|figure| figure.baseline.is_none()) {
            output.say("expressions of the peer are measured by builds with the feature `peer`");
        }
    }
}
