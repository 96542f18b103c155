//! `segue rollout`: where a rollout stands, what it takes to go on, and the brakes.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use gateway::{
    Closed,
    audit::{self, Change, Entry},
    gateway::{AUDIT, ControlError, Error, replayed},
    rollout::{Bundle, Event, Policy, Rollout, Share, Stage, State, Stratum},
};
use replay::{
    campaign::Report,
    verdict::{Gate, Tally, upper_bound},
};
use serde_json::json;
use workflow::{port::EngineName, time::Millis, time::Timestamp};

use crate::{
    clock,
    exit::{Exit, Failure},
    output::Output,
};

/// Older evidence carries no step.
const EVIDENCE_AGE_MAX_HOURS: i64 = 24;

/// Show or move the rollout that a gateway's folder keeps: OFF → REPLAY → SHADOW → OPT-IN → RAMP → DRAIN → COMPLETE.
///
/// Every step forward rests on a report made after its stage began; the brakes need none. Every change goes into a hash-chained audit log.
/// `show` and `audit` may be used at any time; what changes something is refused while a gateway has the folder open.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  segue rollout --dir gateway/                                          where does it stand, and what is next?
  segue rollout --dir gateway/ advance replay --why \"begin\"
  segue rollout --dir gateway/ advance ramp:25 --evidence report.json --why \"a quiet week\"
  segue rollout --dir gateway/ rollback --why \"orders fail\"
  segue rollout --dir gateway/ audit                                    exit code 1 if somebody touched the log

Evidence is what `segue replay --out DIR` writes as report.json.")]
pub(crate) struct Args {
    /// The gateway's folder.
    #[arg(long, value_name = "DIR", env = "SEGUE_GATEWAY")]
    dir: PathBuf,

    /// Who does it; goes into the audit log.
    #[arg(long, value_name = "NAME", env = "USER", default_value = "operator", global = true)]
    who: String,

    /// The engine that workflows leave.
    #[arg(long, value_name = "ENGINE", default_value = "legacy", global = true)]
    baseline: String,

    /// The engine that they move to.
    #[arg(long, value_name = "ENGINE", default_value = "actor", global = true)]
    candidate: String,

    /// The largest acceptable rate of disagreement, as the upper bound of every kind of workflow.
    #[arg(long, value_name = "RATE", default_value_t = Gate::ONE_IN_A_HUNDRED.rate_max, global = true)]
    rate_max: f64,

    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    action: Option<Action>,
}

/// What to do; without any, `show`.
#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Where it stands, since when, and what the next stage needs.
    Show,
    /// Verify the audit log, and list it.
    Audit,
    /// Go on to a stage, resting on evidence.
    Advance(Advance),
    /// Do not go on for now; new runs are routed as before.
    Hold(Why),
    /// Send no new run to the new engine for now; the stage is kept.
    Freeze(Why),
    /// End a hold or a freeze.
    Release(Why),
    /// Send no new run to the new engine, and give the stage up.
    Rollback(Because),
    /// Begin again after a rollback.
    BeginAgain(Because),
}

#[derive(Debug, clap::Args)]
struct Advance {
    /// replay, shadow, opt-in, ramp:PERCENT, drain or complete.
    #[arg(value_parser = stage)]
    stage: Stage,

    /// A report; only `replay` is reached without.
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,

    /// Judge all samples together, not every kind of workflow by itself: for corpora that are too small for that.
    #[arg(long, requires = "evidence")]
    all_kinds: bool,

    #[command(flatten)]
    why: Because,
}

#[derive(Debug, clap::Args)]
struct Because {
    /// Why; goes into the audit log.
    #[arg(long, value_name = "TEXT")]
    why: String,
}

#[derive(Debug, clap::Args)]
struct Why {
    /// Why; goes into the audit log.
    #[arg(long, value_name = "TEXT", default_value = "no reason was given")]
    why: String,
}

/// Shows or moves it.
pub(crate) async fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let (event, why) = match args.action.as_ref().unwrap_or(&Action::Show) {
        Action::Show => return show(args, output),
        Action::Audit => return list(args, output),
        Action::Advance(advance) => {
            let evidence = advance.evidence.as_deref().map(|path| evidence(path, advance.all_kinds)).transpose()?;
            (Event::Advance { to: advance.stage, evidence: evidence.map(Box::new) }, &advance.why.why)
        }
        Action::Hold(Why { why }) => (Event::Hold, why),
        Action::Freeze(Why { why }) => (Event::Freeze, why),
        Action::Release(Why { why }) => (Event::Release, why),
        Action::Rollback(Because { why }) => (Event::RollBack, why),
        Action::BeginAgain(Because { why }) => (Event::BeginAgain, why),
    };
    let mut closed = Closed::open(&args.dir).map_err(folder_failure)?;
    closed.change(&args.who, event, clock::now(), &policy(args), why).await.map_err(control_failure)?;
    drop(closed);
    show(args, output)
}

fn policy(args: &Args) -> Policy {
    Policy {
        baseline: EngineName(args.baseline.as_str().into()),
        candidate: EngineName(args.candidate.as_str().into()),
        age_max: Millis::from_secs(EVIDENCE_AGE_MAX_HOURS * 3_600),
        rate_max: args.rate_max,
    }
}

fn show(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let entries = entries(&args.dir)?.map_err(|error| Failure::new(Exit::Storage, error))?;
    let rollout = replayed(&entries).unwrap_or_else(|| Rollout::new(Timestamp(0)));
    let last = entries.iter().rev().find_map(|entry| match &entry.change {
        Change::Rollout { why, evidence, .. } => Some((entry, why, evidence)),
        _ => None,
    });
    let next = next(&rollout.state);
    let needed = Gate { rate_max: args.rate_max, ..Gate::ONE_IN_A_HUNDRED }.samples_needed();
    let needs_evidence = matches!(rollout.state, State::Moving { at } if at != Stage::Off && at != Stage::Complete);
    if args.json {
        output.json(&json!({
            "state": rollout.state,
            "stands_at": rollout.state.to_string(),
            "since": last.map(|_| rollout.since.0),
            "last_change": last.map(|(entry, why, evidence)| {
                json!({ "number": entry.number, "at": entry.at.0, "who": entry.who, "why": why, "evidence": evidence })
            }),
            "next": next,
            "evidence_needed": needs_evidence.then(|| json!({
                "baseline": args.baseline,
                "candidate": args.candidate,
                "made_after": rollout.since.0,
                "age_max_hours": EVIDENCE_AGE_MAX_HOURS,
                "rate_max": args.rate_max,
                "samples_a_kind": needed,
            })),
        }));
        return Ok(Exit::Success);
    }
    let since = last.map(|_| format!(" since {}", clock::told(rollout.since))).unwrap_or_default();
    output.heading(format_args!("{}{since}", rollout.state));
    if let Some((entry, why, _)) = last {
        output.line(format_args!("  last change: {}, {}: {why}", clock::told(entry.at), entry.who));
    }
    output.line(format_args!("  next: {next}"));
    if needs_evidence {
        output.line(format_args!(
            "  evidence: a report on `{}` against `{}`, made after the stage began and at most {EVIDENCE_AGE_MAX_HOURS} h ago; in every \
             kind of workflow\n  no difference and a bound of at most {} %: {needed} samples that agree",
            args.candidate,
            args.baseline,
            args.rate_max * 100.0,
        ));
    }
    Ok(Exit::Success)
}

/// Where the way leads from here.
fn next(state: &State) -> &'static str {
    match state {
        State::Held { .. } | State::Frozen { .. } => "`release` goes on in the stage, `rollback` gives it up",
        State::RolledBack { .. } => "`begin-again` leads back to OFF, from where the stages are taken again",
        State::Moving { at } => match at {
            Stage::Off => "`advance replay`, which needs no evidence",
            Stage::Replay => "`advance shadow`",
            Stage::Shadow => "`advance opt-in`",
            Stage::OptIn => "`advance ramp:PERCENT`",
            Stage::Ramp { .. } => "`advance ramp:PERCENT` with more, or `advance drain`",
            Stage::Drain => "`advance complete`",
            Stage::Complete => "nothing: the new engine has every new run",
        },
    }
}

/// Lists the log if its chain holds, and names the first entry that does not.
fn list(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    match entries(&args.dir)? {
        Ok(entries) if args.json => output.json(&json!({ "is_intact": true, "entries": entries })),
        Ok(entries) => {
            output.line(audit::list(&entries).trim_end());
            let count = entries.len();
            output.say(format_args!("the chain of {count} {} holds", if count == 1 { "entry" } else { "entries" }));
        }
        Err(broken) => {
            if args.json {
                let found = json!({ "number": broken.number, "because": broken.why });
                output.json(&json!({ "is_intact": false, "broken": found }));
            } else {
                output.line(&broken);
                output.say(
                    "somebody changed the log: restore it from a copy, and find out who could write to the folder",
                );
            }
            return Ok(Exit::Findings);
        }
    }
    Ok(Exit::Success)
}

/// The log, or its first entry that does not hold.
fn entries(folder: &Path) -> Result<Result<Vec<Entry>, audit::Broken>, Failure> {
    if !folder.join(AUDIT).is_file() {
        return Err(folder_failure(Error::NoGateway { path: folder.to_owned() }));
    }
    match audit::read(&folder.join(AUDIT)) {
        Ok(entries) => Ok(Ok(entries)),
        Err(audit::Error::Broken(broken)) => Ok(Err(broken)),
        Err(error) => Err(Failure::new(Exit::Storage, error)),
    }
}

/// Seals what a stored report shows.
fn evidence(path: &Path, is_all_kinds: bool) -> Result<Bundle, Failure> {
    let bad =
        |error: anyhow::Error| Failure::new(Exit::BadInput, error.context(format!("the report {}", path.display())));
    let text = std::fs::read_to_string(path).context("it could not be read").map_err(bad)?;
    let (report, occasion) = reports::json::read(&text).map_err(|error| bad(error.into()))?;
    if let Some(defect) = &report.injected_defect {
        let error = anyhow!("it is about an engine that was made wrong on purpose (`{defect}`)");
        return Err(bad(error).with_hint("replay without `--inject`"));
    }
    if !report.is_complete {
        return Err(bad(anyhow!("not all of its samples were replayed")).with_hint("let the replay run to its end"));
    }
    let strata = if is_all_kinds {
        vec![stratum("all kinds", report.totals, &report)]
    } else {
        report.strata.iter().map(|one| stratum(&one.name, one.tally, &report)).collect()
    };
    let name = |text: &str| EngineName(text.into());
    Ok(Bundle::sealed(name(&report.baseline), name(&report.candidate), occasion.at, strata))
}

fn stratum(name: &str, tally: Tally, report: &Report) -> Stratum {
    let bound = upper_bound(tally.differ, tally.conclusive(), report.gate.confidence);
    Stratum { name: name.to_owned(), n: tally.conclusive(), differ: tally.differ, bound }
}

/// A stage as it is typed.
fn stage(text: &str) -> Result<Stage, String> {
    let share = |percent: &str| share(percent).ok_or_else(|| format!("`{percent}` is no percentage from 0.01 to 100"));
    match text.to_ascii_lowercase().as_str() {
        "replay" => Ok(Stage::Replay),
        "shadow" => Ok(Stage::Shadow),
        "opt-in" => Ok(Stage::OptIn),
        "drain" => Ok(Stage::Drain),
        "complete" => Ok(Stage::Complete),
        other => match other.strip_prefix("ramp:") {
            Some(percent) => Ok(Stage::Ramp { share: share(percent)? }),
            None => Err("one of replay, shadow, opt-in, ramp:PERCENT, drain, complete".to_owned()),
        },
    }
}

/// A percentage with at most two digits behind the point.
fn share(percent: &str) -> Option<Share> {
    let percent = percent.trim_end_matches('%');
    let (whole, part) = percent.split_once('.').unwrap_or((percent, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > 2 || !is_digits(whole) || !is_digits(part) {
        return None;
    }
    let whole: u16 = whole.parse().ok()?;
    let part: u16 = format!("{part:0<2}").parse().ok()?;
    Share::per_ten_thousand(whole.checked_mul(100)?.checked_add(part)?).filter(|share| *share > Share::NONE)
}

fn folder_failure(error: Error) -> Failure {
    let (exit, hint) = match &error {
        Error::NoGateway { .. } => (Exit::BadInput, "name the folder that the gateway keeps its audit log in"),
        Error::InUse { .. } => (
            Exit::Unreachable,
            "stop the gateway first; while it runs, its flags file sends new runs to the old engine at once",
        ),
        Error::Audit(audit::Error::Broken(_)) => {
            (Exit::Storage, "`segue rollout --dir DIR audit` says more; restore the log from a copy")
        }
        Error::Folder { .. } | Error::Audit(_) | Error::Ledger(_) => {
            (Exit::Storage, "check the folder's owner, mode and free space")
        }
    };
    Failure::new(exit, error).with_hint(hint)
}

fn control_failure(error: ControlError) -> Failure {
    match error {
        ControlError::Rejected(_) => Failure::new(Exit::Findings, error)
            .with_hint("`segue rollout --dir DIR show` says where it stands and what the next stage needs"),
        ControlError::Audit(_) => {
            Failure::new(Exit::Storage, error).with_hint("nothing was changed; make room and try again")
        }
        ControlError::OnlyEngine => Failure::new(Exit::BadInput, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_read_as_it_is_typed() {
        let ramp = |share| Share::per_ten_thousand(share).map(|share| Stage::Ramp { share });
        for (text, expected) in [
            ("opt-in", Some(Stage::OptIn)),
            ("REPLAY", Some(Stage::Replay)),
            ("ramp:25", ramp(2_500)),
            ("ramp:0.01", ramp(1)),
            ("ramp:12.5%", ramp(1_250)),
            ("ramp:100", ramp(10_000)),
            ("ramp:0", None),
            ("ramp:100.01", None),
            ("ramp:-1", None),
            ("ramp:1.234", None),
            ("ramp", None),
            ("off", None),
        ] {
            assert_eq!(stage(text).ok(), expected, "{text}");
        }
    }
}
