//! The demo: the main job from end to end, on real definitions and embedded defaults.

pub(crate) mod definitions;
mod post;
mod production;
mod traffic;

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use replay::{
    campaign::{self, Report},
    compare::Rules,
    corpus::{Corpus, Location},
    defect::Defect,
    verdict::Gate,
};
use reports::{
    Mutant,
    text::{self, Colour},
};

use crate::{
    campaign::{bar, corpus_failure, occasion, play, samples, write},
    clock,
    command::replay::exit,
    exit::{Exit, Failure},
    output::Output,
};

/// What is asked of the demo.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) runs: usize,
    pub(crate) seed: u64,
    pub(crate) defect: Option<&'static Defect>,
    pub(crate) folder: PathBuf,
    pub(crate) smtp: Option<String>,
    pub(crate) mail_to: String,
}

/// Tells the story; ends with findings if the engines disagree.
pub(crate) async fn run(plan: &Plan, output: &mut Output) -> Result<Exit, Failure> {
    let storage =
        |error: anyhow::Error| Failure::new(Exit::Storage, error).with_hint("choose another folder with `--dir`");
    std::fs::create_dir_all(&plan.folder)
        .with_context(|| format!("the folder {} could not be made", plan.folder.display()))
        .map_err(storage)?;
    let corpus = plan.folder.join("corpus");
    capture(plan, &corpus, output).await?;

    output.heading("3. Replay: every sample on both engines, twice each, in virtual time");
    let location = Location::folder(&corpus);
    let samples = samples(&location, &[], None, plan.seed).await?;
    let reproduce = format!("segue replay --corpus {}", corpus.display());
    let (mut report, mut occasion) = {
        let named = plan.defect.map_or_else(String::new, |defect| format!(" --inject {}", defect.name));
        let (report, took) = tokio::task::block_in_place(|| {
            play(&samples, &campaign_plan(plan, plan.defect, format!("{reproduce}{named}")), output)
        });
        said(&report, took, output);
        (report, occasion("segue demo", took))
    };
    if plan.defect.is_none() {
        occasion.mutants = mutants(plan, &samples, &reproduce, output);
    }
    report.corpus.location = corpus.display().to_string();

    output.heading("\n4. The report");
    let colour = if output.is_terminal() { Colour::Always } else { Colour::Never };
    output.line(text::write(&report, &occasion, colour));
    let paths = write(&report, &occasion, &plan.folder.join("report"))?;
    for path in &paths {
        output.line(format_args!("  {}", path.display()));
    }
    post::send(plan, &report, &occasion, output).await?;

    if plan.defect.is_none() {
        output.heading("\n5. Traffic: by a flag, sticky per root run, and back by itself");
        traffic::shift(plan, &report, output).await?;
    }
    Ok(exit(&report))
}

/// Production and capture.
async fn capture(plan: &Plan, corpus: &std::path::Path, output: &mut Output) -> Result<(), Failure> {
    let defect = |error: anyhow::Error| Failure::new(Exit::Defect, error);
    let definitions = definitions::samples(clock::now()).map_err(defect)?;
    output.heading("1. Production: the old polling engine, with its polls, callbacks and sweeps");
    let progress = bar(plan.runs, "runs", output);
    let (runs, seed) = (plan.runs, plan.seed);
    let made = {
        let progress = progress.clone();
        // A runtime of its own, with a clock that jumps: it must not run on this one's threads.
        tokio::task::spawn_blocking(move || {
            production::run(&definitions, runs, seed, &|done| progress.set_position(done as u64))
        })
    };
    let production = made.await.map_err(|error| defect(error.into()))?.map_err(defect)?;
    progress.finish_and_clear();
    let total: usize = production.ended.iter().map(|(_, count)| count).sum();
    let by_status: Vec<String> = production.ended.iter().map(|(status, count)| format!("{count} {status}")).collect();
    output.line(format_args!(
        "  {total} runs of {runs} instances ended in {} of virtual time: {}",
        spoken(production.took),
        by_status.join(", ")
    ));
    output.heading("2. Capture: samples on S3, secrets scrubbed");
    let location = Location::folder(corpus);
    let store = Corpus::open_or_create(&location).await.map_err(corpus_failure)?;
    let added = store.add(&production.additions).await.map_err(corpus_failure)?;
    output.line(format_args!("  {} samples in {}, {added} of them new", production.additions.len(), store.location()));
    for reason in production.left_out.iter().take(3) {
        output.line(format_args!("  left out: {reason}"));
    }
    if production.left_out.len() > 3 {
        output.line(format_args!("  and {} more left out", production.left_out.len() - 3));
    }
    Ok(())
}

fn campaign_plan(plan: &Plan, defect: Option<&'static Defect>, reproduce: String) -> crate::campaign::Plan {
    crate::campaign::Plan { seed: plan.seed, defect, rules: Rules::none(), gate: Gate::ONE_IN_A_HUNDRED, reproduce }
}

fn said(report: &Report, took: Duration, output: &mut Output) {
    output.line(format_args!(
        "  {} samples, four runs each, in {:.1} s: {} agree, {} differ, {} noisy, {} failed in the harness",
        report.totals.total(),
        took.as_secs_f64(),
        report.totals.agree,
        report.totals.differ,
        report.totals.noisy,
        report.totals.failed,
    ));
    if let Some(defect) = &report.injected_defect
        && let Some(finding) = report.findings.iter().find(|finding| finding.kind == campaign::Kind::Differs)
    {
        output.line(format_args!(
            "  the injected defect `{defect}` was caught; say it again with:\n    {}",
            finding.reproduce
        ));
    }
}

/// The harness tested by engines that are wrong on purpose.
fn mutants(plan: &Plan, samples: &crate::campaign::Samples, reproduce: &str, output: &mut Output) -> Vec<Mutant> {
    output.line("  Is the harness awake? The same replay against engines that are wrong on purpose:");
    let mut mutants = Vec::new();
    for defect in Defect::all() {
        let reproduce = format!("{reproduce} --inject {}", defect.name);
        let (report, _) =
            tokio::task::block_in_place(|| play(samples, &campaign_plan(plan, Some(defect), reproduce), output));
        let caught = if report.is_caught() {
            format!("caught by {} samples", report.totals.differ)
        } else {
            "missed".to_owned()
        };
        output.line(format_args!("    {:<16} {:<64} {caught}", defect.name, defect.sentence));
        mutants.extend(Mutant::of(&report));
    }
    mutants
}

/// A span as people say it.
fn spoken(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{:.1} h", span.as_secs_f64() / 3_600.0),
    }
}
