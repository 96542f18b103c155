//! `segue replay`: do the samples of a corpus come out alike on both engines?

use std::path::PathBuf;

use anyhow::anyhow;
use replay::{
    campaign::Report,
    compare::{Rule, Rules},
    defect::Defect,
    verdict::Gate,
};
use reports::text::{self, Colour};

use crate::{
    campaign::{self, CorpusArgs, Plan},
    exit::{Exit, Failure},
    output::Output,
};

/// Replay the samples of a corpus on the polling engine and on the actor engine, twice each, in virtual time, with placeholders
/// instead of outside effects; exit code 1 if anything differs that no rule excuses.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  segue replay --corpus segue-demo/corpus
  segue replay --corpus s3://runs/prod --endpoint http://localhost:9000 --samples 500 --out reports/
  segue replay --corpus segue-demo/corpus --inject retry-lost        is the harness awake?
  segue replay --corpus segue-demo/corpus --sample 3f2a --json")]
pub(crate) struct Args {
    #[command(flatten)]
    corpus: CorpusArgs,

    /// Only this sample; an id may be cut short. Repeatable.
    #[arg(long, value_name = "ID")]
    sample: Vec<String>,

    /// At most so many samples, chosen so that every kind of run is there.
    #[arg(long, value_name = "N", conflicts_with = "sample")]
    samples: Option<usize>,

    /// What all random choices follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Make the new engine wrong on purpose, to see whether the replay notices; `--inject list` lists the ways.
    #[arg(long, value_name = "NAME")]
    inject: Option<String>,

    /// A JSON file with rules that excuse differences: [{"path", "action", "reason", "expires"}].
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,

    /// The largest acceptable rate of disagreement, as the upper bound at 95 % confidence.
    #[arg(long, value_name = "RATE", default_value_t = Gate::ONE_IN_A_HUNDRED.rate_max)]
    rate_max: f64,

    /// Also write report.html, report.junit.xml and report.json into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Replays.
pub(crate) async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    if args.inject.as_deref() == Some("list") {
        output.table(
            &["DEFECT", "WHAT GOES WRONG"],
            Defect::all().iter().map(|one| vec![one.name.to_owned(), one.sentence.to_owned()]),
        );
        return Ok(Exit::Success);
    }
    let plan = plan(args)?;
    let samples = campaign::samples(&args.corpus.location()?, &args.sample, args.samples, args.seed).await?;
    if samples.kept.is_empty() {
        return Err(Failure::new(Exit::BadInput, anyhow!("the corpus {} has no samples", samples.identity.location))
            .with_hint("`segue capture` fills a corpus from a running server"));
    }
    let (report, took) = tokio::task::block_in_place(|| campaign::play(&samples, &plan, output));
    let occasion = campaign::occasion(&samples.identity.location, took);
    if args.json {
        output.line(reports::json::write(&report, &occasion));
    } else {
        let colour = if output.is_terminal() { Colour::Always } else { Colour::Never };
        output.line(text::write(&report, &occasion, colour));
    }
    if let Some(folder) = &args.out {
        for path in campaign::write(&report, &occasion, folder)? {
            output.say(format_args!("wrote {}", path.display()));
        }
    }
    Ok(exit(&report))
}

/// What a report makes of the exit code: disagreement and a failing harness are findings, too little evidence is not.
pub(crate) fn exit(report: &Report) -> Exit {
    if report.totals.differ > 0 || report.totals.failed > 0 || !report.is_complete {
        Exit::Findings
    } else {
        Exit::Success
    }
}

fn plan(args: &Args) -> Result<Plan, Failure> {
    let mut reproduce = format!("segue replay --corpus {}", args.corpus.corpus);
    if let Some(endpoint) = &args.corpus.endpoint {
        reproduce += &format!(" --endpoint {endpoint}");
    }
    if let Some(name) = &args.inject {
        reproduce += &format!(" --inject {name}");
    }
    Ok(Plan {
        seed: args.seed,
        defect: args.inject.as_deref().map(defect).transpose()?,
        rules: args.rules.as_deref().map_or_else(|| Ok(Rules::none()), rules)?,
        gate: Gate { rate_max: args.rate_max, ..Gate::ONE_IN_A_HUNDRED },
        reproduce,
    })
}

/// The defect of a name; an unknown one is answered with the nearest.
pub(crate) fn defect(name: &str) -> Result<&'static Defect, Failure> {
    Defect::named(name).ok_or_else(|| {
        let near = workflow::problem::nearest(name, Defect::all().iter().map(|one| one.name));
        let failure = Failure::new(Exit::Usage, anyhow!("there is no defect `{name}`"));
        failure.with_hint(match near {
            Some(near) => format!("did you mean `{near}`? `segue replay --inject list` lists them all"),
            None => "`segue replay --inject list` lists them all".to_owned(),
        })
    })
}

fn rules(path: &std::path::Path) -> Result<Rules, Failure> {
    let bad =
        |error: anyhow::Error| Failure::new(Exit::BadInput, error.context(format!("the rules in {}", path.display())));
    let text = std::fs::read_to_string(path).map_err(|error| bad(error.into()))?;
    let rules: Vec<Rule> = serde_json::from_str(&text).map_err(|error| bad(error.into()))?;
    Rules::checked(rules, &crate::clock::today()).map_err(|error| bad(error.into()))
}
