//! Replaying samples on both embedded engines: what `demo` and `replay` share.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
    thread,
    time::{Duration, Instant},
};

use engine::stage::ActorStage;
use indicatif::{ProgressBar, ProgressStyle};
use legacy_adapter::{LegacyStage, Profile};
use replay::{
    campaign::{Baseline, Contest, CorpusIdentity, Report},
    compare::Rules,
    corpus::{self, Corpus, Location},
    defect::Defect,
    placeholder::stands_in,
    sample::Kept,
    verdict::Gate,
};
use reports::Occasion;
use workflow::{
    life::{Decisions, Faithful, Settings},
    port::EngineName,
};

use crate::{
    clock,
    exit::{Exit, Failure},
    output::Output,
};

/// Which corpus, as arguments say it.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct CorpusArgs {
    /// Where samples are kept: `s3://bucket/prefix`, or a folder.
    #[arg(long, value_name = "LOCATION", env = "SEGUE_CORPUS")]
    pub(crate) corpus: String,

    /// URL of an S3 server other than AWS.
    #[arg(long, value_name = "URL", env = "SEGUE_S3_ENDPOINT")]
    pub(crate) endpoint: Option<String>,
}

impl CorpusArgs {
    /// The location that is meant.
    pub(crate) fn location(&self) -> Result<Location, Failure> {
        Location::parse(&self.corpus, self.endpoint.as_deref()).map_err(corpus_failure)
    }
}

/// What is asked of a campaign.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// What all random choices follow from.
    pub(crate) seed: u64,
    /// A defect to inject into the candidate.
    pub(crate) defect: Option<&'static Defect>,
    /// What is excused.
    pub(crate) rules: Rules,
    /// What must be shown.
    pub(crate) gate: Gate,
    /// The command by which a finding is repeated.
    pub(crate) reproduce: String,
}

/// Samples of a corpus, with the name of these exact contents.
#[derive(Debug)]
pub(crate) struct Samples {
    /// In order of their ids.
    pub(crate) kept: Vec<Kept>,
    /// Which corpus.
    pub(crate) identity: CorpusIdentity,
}

/// Reads samples: those with the given ids, or a stratified selection, or all.
pub(crate) async fn samples(
    location: &Location,
    ids: &[String],
    wanted: Option<usize>,
    seed: u64,
) -> Result<Samples, Failure> {
    let corpus = Corpus::open(location).await.map_err(corpus_failure)?;
    let contents = corpus.contents().await.map_err(corpus_failure)?;
    let entries: Vec<_> = contents.manifest.samples.iter().collect();
    let chosen: Vec<&str> = if ids.is_empty() {
        let shapes = entries.iter().map(|(_, entry)| &entry.shape);
        let wanted = wanted.unwrap_or(entries.len());
        replay::sample::select(shapes, wanted, seed).into_iter().map(|index| entries[index].0.as_str()).collect()
    } else {
        ids.iter().map(|id| full_id(id, &entries)).collect::<Result<_, _>>()?
    };
    let kept = corpus.load(chosen).await.map_err(corpus_failure)?;
    let identity = CorpusIdentity { location: corpus.location().to_string(), manifest_sha256: contents.sha256 };
    Ok(Samples { kept, identity })
}

/// An id may be cut short as long as it names one sample.
fn full_id<'a, E>(id: &str, entries: &[(&'a String, E)]) -> Result<&'a str, Failure> {
    let mut matching = entries.iter().filter(|(full, _)| full.starts_with(id));
    match (matching.next(), matching.next()) {
        (Some((full, _)), None) => Ok(full),
        (None, _) => Err(Failure::new(Exit::BadInput, anyhow::anyhow!("the corpus has no sample `{id}`"))),
        (Some(_), Some(_)) => {
            Err(Failure::new(Exit::BadInput, anyhow::anyhow!("more than one sample begins with `{id}`"))
                .with_hint("give more characters of the id"))
        }
    }
}

/// Replays samples on the polling engine and on the actor engine, each twice.
pub(crate) fn play(samples: &Samples, plan: &Plan, output: &Output) -> (Report, Duration) {
    let faithful: Arc<dyn Decisions> = Arc::new(Faithful);
    let candidate_decisions = plan.defect.map_or_else(|| Arc::clone(&faithful), Defect::decisions);
    let settings = Settings::production();
    let legacy = LegacyStage::new(EngineName("legacy".into()), Profile::maestro(), settings.clone(), stands_in);
    let actor = ActorStage::new(settings, stands_in);
    let contest = Contest {
        baseline: Baseline::Stage { stage: &legacy, decisions: &faithful },
        candidate: &actor,
        candidate_decisions: &candidate_decisions,
        rules: &plan.rules,
        seed: plan.seed,
        workers: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        reproduce: &plan.reproduce,
    };
    let bar = bar(samples.kept.len(), "samples", output);
    let started = now();
    let findings = contest.run(&samples.kept, &|_| bar.inc(1), &AtomicBool::new(false));
    let took = started.elapsed();
    bar.finish_and_clear();
    let defect = plan.defect.map(|defect| defect.name.to_owned());
    (Report::of(samples.identity.clone(), &contest, defect, plan.gate, &samples.kept, findings), took)
}

/// Writes a report in every form that others read; gives the paths.
pub(crate) fn write(report: &Report, occasion: &Occasion, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let broken = |error: std::io::Error| {
        Failure::new(Exit::Storage, anyhow::anyhow!("the report could not be written to {}: {error}", folder.display()))
    };
    std::fs::create_dir_all(folder).map_err(broken)?;
    let files = [
        ("report.html", reports::html::write(report, occasion)),
        ("report.junit.xml", reports::junit::write(report, occasion)),
        ("report.json", reports::json::write(report, occasion)),
    ];
    let mut paths = Vec::new();
    for (name, text) in files {
        // Under another name first: a full disk leaves no half report behind.
        let (path, partial) = (folder.join(name), folder.join(format!("{name}.partial")));
        std::fs::write(&partial, text).and_then(|()| std::fs::rename(&partial, &path)).map_err(|error| {
            let _ = std::fs::remove_file(&partial);
            broken(error)
        })?;
        paths.push(path);
    }
    Ok(paths)
}

/// The occasion of a campaign that has just ended.
pub(crate) fn occasion(title: &str, took: Duration) -> Occasion {
    Occasion { title: title.to_owned(), at: clock::now(), took: Some(took), mutants: Vec::new() }
}

/// A progress bar on standard error, where a person is watching.
pub(crate) fn bar(of: usize, what: &str, output: &Output) -> ProgressBar {
    if !output.is_watched() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(of as u64);
    let style = ProgressStyle::with_template("  {bar:32.cyan/dim} {pos}/{len} {msg} {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.with_message(what.to_owned())
}

/// A failure of the corpus, with what to do next.
pub(crate) fn corpus_failure(error: corpus::Error) -> Failure {
    let hint = error.hint();
    let exit = match &error {
        corpus::Error::Location(_)
        | corpus::Error::BucketMissing { .. }
        | corpus::Error::FolderMissing(_)
        | corpus::Error::Missing { .. } => Exit::BadInput,
        corpus::Error::NotWritable { .. }
        | corpus::Error::DiskFull { .. }
        | corpus::Error::Folder { .. }
        | corpus::Error::Newer { .. }
        | corpus::Error::Damaged { .. } => Exit::Storage,
        _ => Exit::Unreachable,
    };
    Failure::new(exit, error).with_hint(hint)
}

fn now() -> Instant {
    Instant::now()
}
