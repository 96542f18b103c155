//! `segue capture`: past runs of a running server, kept as samples.

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::{Context, anyhow};
use legacy_adapter::{MaestroClient, client};
use replay::{
    capture::{self, Camera},
    corpus::{Addition, Corpus, Manifest},
};
use serde_json::{Value as Json, json};
use workflow::{
    id::{InstanceKey, WorkflowId},
    port::{Engine, Reason},
};

use crate::{
    campaign::{self, CorpusArgs, corpus_failure},
    clock,
    exit::{Exit, Failure},
    output::Output,
};

/// Samples that are held in memory before they go to the corpus; what was added before a failure stays.
const BATCH: usize = 64;

/// Runs that are told of one by one when they could not be captured; the rest is counted.
const SHOWN_MAX: usize = 20;

/// Capture runs that have ended on a Maestro-compatible server: what was started, with what, what callers did, and what came of it.
///
/// Only reads, over the REST API. Runs that the corpus has already are skipped, so that a second capture brings what is new. Sub-workflows
/// are captured on their own as well. Secrets are taken out before anything is kept. Exit code 1 if a run could not be captured.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  segue capture --from http://maestro:8080 --corpus runs/ --workflow billing.daily
  segue capture --from http://maestro:8080 --corpus s3://runs/prod --workflow-file workflows.txt --most 500
  segue capture --from http://localhost:8080 --corpus runs/ --workflow etl --json

The API lists no workflows, so they are named; `--workflow-file` takes one id a line, `#` begins a comment.
Next: `segue replay --corpus runs/` replays on both engines what was captured.")]
pub(crate) struct Args {
    /// Address of the server, e.g. `http://host:8080`.
    #[arg(long, value_name = "URL", env = "SEGUE_FROM")]
    from: String,

    #[command(flatten)]
    corpus: CorpusArgs,

    /// A workflow whose runs are captured; repeatable.
    #[arg(long, value_name = "ID", required_unless_present = "workflow_file")]
    workflow: Vec<String>,

    /// A file with one workflow id a line.
    #[arg(long, value_name = "FILE")]
    workflow_file: Option<PathBuf>,

    /// At most so many of the latest runs of each workflow.
    #[arg(long, value_name = "N", default_value_t = 200)]
    most: usize,

    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

/// A run, or all runs of a workflow, that could not be captured.
struct Missed {
    what: String,
    because: String,
}

/// What a capture came to.
#[derive(Default)]
struct Tally {
    found: usize,
    known: usize,
    added: usize,
    missed: Vec<Missed>,
}

/// Captures.
pub(crate) async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let workflows = workflows(args)?;
    let server = MaestroClient::new(&args.from).map_err(server_failure)?;
    server.check().await.map_err(server_failure)?;
    let corpus = Corpus::open_or_create(&args.corpus.location()?).await.map_err(corpus_failure)?;
    let manifest = corpus.contents().await.map_err(corpus_failure)?.manifest;
    let camera = Camera::new(&server, server.address().to_string(), clock::now());
    let mut tally = Tally::default();
    let mut wanted = Vec::new();
    for workflow in &workflows {
        match camera.ended(workflow, args.most).await {
            Ok(instances) => wanted.extend(instances),
            Err(error) => tally.miss(format!("the runs of {workflow}"), error)?,
        }
    }
    tally.found = wanted.len();
    let mut known = known(&manifest, &server);
    wanted.retain(|instance| !known.contains(&first_run(instance)));
    tally.known = tally.found - wanted.len();
    take(&camera, &corpus, &wanted, &mut known, &mut tally, output).await?;
    tell(args, &tally, &corpus, output);
    Ok(if tally.missed.is_empty() { Exit::Success } else { Exit::Findings })
}

/// Captures what is wanted and adds it, some at a time.
async fn take(
    camera: &Camera<'_>,
    corpus: &Corpus,
    wanted: &[InstanceKey],
    known: &mut BTreeSet<String>,
    tally: &mut Tally,
    output: &Output,
) -> Result<(), Failure> {
    let bar = campaign::bar(wanted.len(), "runs", output);
    let mut batch: Vec<Addition> = Vec::new();
    for instance in wanted {
        match camera.with_children(instance).await {
            // A sub-workflow may have been captured before, or be one of the named workflows.
            Ok(additions) => {
                batch.extend(additions.into_iter().filter(|one| known.insert(one.sample.lineage.run.clone())));
            }
            Err(error) => {
                let missed = tally.miss(format!("{}/{}", instance.workflow, instance.instance), error);
                if let Err(failure) = missed {
                    // The server went away: what has been captured is kept all the same.
                    tally.added += corpus.add(&batch).await.map_err(corpus_failure)?;
                    bar.finish_and_clear();
                    return Err(failure.with_hint(format!(
                        "{} samples are kept; the same command captures the rest when the server is back",
                        tally.added
                    )));
                }
            }
        }
        if batch.len() >= BATCH {
            tally.added += corpus.add(&batch).await.map_err(corpus_failure)?;
            batch.clear();
        }
        bar.inc(1);
    }
    if !batch.is_empty() {
        tally.added += corpus.add(&batch).await.map_err(corpus_failure)?;
    }
    bar.finish_and_clear();
    Ok(())
}

/// The runs of this server that the corpus has, as lineages name them.
fn known(manifest: &Manifest, server: &MaestroClient) -> BTreeSet<String> {
    let engine = server.name().to_string();
    manifest.samples.values().filter(|entry| entry.engine == engine).map(|entry| entry.run.clone()).collect()
}

/// A sample holds all runs of an instance, and is named by the first.
fn first_run(instance: &InstanceKey) -> String {
    format!("{}/{}/1", instance.workflow, instance.instance)
}

impl Tally {
    /// Takes note of what one run is to blame for; a server that is gone ends the capture.
    fn miss(&mut self, what: String, error: capture::Error) -> Result<(), Failure> {
        if let capture::Error::Refused { source, .. } = &error
            && source.reason == Reason::Unavailable
        {
            return Err(Failure::new(Exit::Unreachable, error).with_hint("check that the server runs, and try again"));
        }
        let causes = anyhow::Error::from(error);
        let because = causes.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
        self.missed.push(Missed { what, because });
        Ok(())
    }
}

fn tell(args: &Args, tally: &Tally, corpus: &Corpus, output: &mut Output) {
    if args.json {
        let missed = tally.missed.iter().map(|one| json!({ "what": one.what, "because": one.because }));
        output.json(&json!({
            "from": args.from,
            "corpus": corpus.location().to_string(),
            "runs_found": tally.found,
            "runs_known": tally.known,
            "samples_added": tally.added,
            "missed": missed.collect::<Vec<Json>>(),
        }));
        return;
    }
    let plural = |count: usize, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    output.line(format_args!(
        "{} added to {}; {} found, {} known before, {} missed",
        plural(tally.added, "sample"),
        corpus.location(),
        plural(tally.found, "run"),
        tally.known,
        tally.missed.len(),
    ));
    if !tally.missed.is_empty() {
        let shown = tally.missed.iter().take(SHOWN_MAX).map(|one| vec![one.what.clone(), one.because.clone()]);
        output.table(&["MISSED", "BECAUSE"], shown);
        if tally.missed.len() > SHOWN_MAX {
            output.say(format_args!("and {} more: `--json` lists them all", tally.missed.len() - SHOWN_MAX));
        }
    }
    if tally.found == 0 && tally.missed.is_empty() {
        output.say("no run of these workflows has ended: check the ids, and that the server is the right one");
    } else if tally.added > 0 {
        output.say(format_args!(
            "`segue replay --corpus {}` replays on both engines what was captured",
            args.corpus.corpus
        ));
    }
}

/// Every workflow once, in order.
fn workflows(args: &Args) -> Result<Vec<WorkflowId>, Failure> {
    let mut ids = args.workflow.clone();
    if let Some(path) = &args.workflow_file {
        let text = std::fs::read_to_string(path).with_context(|| format!("{} could not be read", path.display()));
        let text = text.map_err(|error| Failure::new(Exit::BadInput, error))?;
        ids.extend(text.lines().filter_map(|line| {
            let id = line.split('#').next().unwrap_or_default().trim();
            (!id.is_empty()).then(|| id.to_owned())
        }));
    }
    let mut seen = BTreeSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    if ids.is_empty() {
        return Err(Failure::new(Exit::BadInput, anyhow!("no workflow is named"))
            .with_hint("put one workflow id a line into the file of `--workflow-file`"));
    }
    Ok(ids.into_iter().map(WorkflowId::from).collect())
}

/// A failure of the server, with what to do next.
fn server_failure(error: client::Error) -> Failure {
    let hint = error.hint();
    let exit = match &error {
        client::Error::Address(_) => Exit::Usage,
        client::Error::Unaddressable(_) | client::Error::User => Exit::BadInput,
        _ => Exit::Unreachable,
    };
    Failure::new(exit, error).with_hint(hint)
}
