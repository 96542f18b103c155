//! Which engine runs a new root run.
//!
//! Invariant: a pure function of the rules in force and the workflow; it reads no clock, no store and no random number. Whatever
//! is not plainly in favour of the candidate is in favour of the legacy engine.

use workflow::port::EngineName;

use super::{Because, Decision};
use crate::{
    flags::{Bucket, Choice, Flag, Flags, Subject},
    rollout::{Share, Stage, State},
};

/// The flag that is asked. The values of its variants are names of engines.
pub const FLAG: &str = "engine";

/// What is in force.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The flags, if there are any.
    pub flags: Option<&'a Flags>,
    /// Where the rollout stands.
    pub rollout: &'a State,
    /// The engine that workflows leave.
    pub legacy: &'a EngineName,
    /// The engine that they move to.
    pub candidate: &'a EngineName,
    /// Whether both engines have the same versions of the workflow.
    pub is_on_both: bool,
}

/// Decides for one workflow.
pub fn decide(rules: &Rules<'_>, subject: Subject<'_>) -> Decision {
    let decision = wish(rules, subject);
    if decision.engine == *rules.candidate && !rules.is_on_both {
        return Decision { engine: rules.legacy.clone(), because: Because::HalfPushed, ..decision };
    }
    decision
}

/// What flags and rollout say, wherever the definition is.
fn wish(rules: &Rules<'_>, subject: Subject<'_>) -> Decision {
    let legacy = |because, bucket| decision(rules, rules.legacy, because, bucket);
    let Some(flag) = rules.flags.and_then(|flags| flags.flag(FLAG)) else {
        return legacy(Because::NoFlags, None);
    };
    let bucket = flag.bucket(FLAG, subject.workflow);
    let choice = match flag.choice(FLAG, subject) {
        Ok(choice) => choice,
        Err(failed) => return legacy(Because::FlagFailed { why: failed.to_string() }, Some(bucket)),
    };
    let named = match named(rules, &choice, flag) {
        Ok(named) => named,
        Err(because) => return legacy(because, Some(bucket)),
    };
    let Some(stage) = rules.rollout.routes_by() else {
        return legacy(Because::Rollout { state: rules.rollout.clone() }, Some(bucket));
    };
    by_stage(rules, stage, named, bucket)
}

/// The engine that the rules of the flag name; `None` where they leave it open.
fn named<'a>(rules: &Rules<'a>, choice: &Choice, flag: &Flag) -> Result<Option<&'a EngineName>, Because> {
    let value = match choice {
        Choice::Disabled => return Err(Because::FlagDisabled),
        Choice::Targeted(value) => value,
        // A default that is no engine is a mistake even where nobody falls back to it yet.
        Choice::Open => match flag.default_value() {
            Some(value) => return engine(rules, value).map(|_| None),
            None => return Ok(None),
        },
    };
    engine(rules, value).map(Some)
}

fn engine<'a>(rules: &Rules<'a>, value: &serde_json::Value) -> Result<&'a EngineName, Because> {
    let engines = [rules.legacy, rules.candidate];
    let found = engines.into_iter().find(|engine| value.as_str() == Some(&engine.0));
    found.ok_or_else(|| Because::FlagFailed { why: format!("{value} is no engine") })
}

fn by_stage(rules: &Rules<'_>, stage: Stage, named: Option<&EngineName>, bucket: Bucket) -> Decision {
    let decide = |engine, because| decision(rules, engine, because, Some(bucket));
    match (stage, named) {
        (Stage::Complete, _) => decide(rules.candidate, Because::Complete),
        (Stage::OptIn | Stage::Ramp { .. } | Stage::Drain, Some(engine)) => decide(engine, Because::Targeted),
        (Stage::Ramp { share }, None) => shared(rules, share, bucket),
        (Stage::Drain, None) => shared(rules, Share::ALL, bucket),
        (Stage::OptIn, None) | (Stage::Off | Stage::Replay | Stage::Shadow, _) => {
            decide(rules.legacy, Because::Rollout { state: rules.rollout.clone() })
        }
    }
}

fn shared(rules: &Rules<'_>, share: Share, bucket: Bucket) -> Decision {
    let engine = if bucket.is_in(share) { rules.candidate } else { rules.legacy };
    decision(rules, engine, Because::Share { share }, Some(bucket))
}

fn decision(rules: &Rules<'_>, engine: &EngineName, because: Because, bucket: Option<Bucket>) -> Decision {
    let flags = rules.flags.map(|flags| flags.version.clone());
    Decision { engine: engine.clone(), because, flags, bucket }
}
