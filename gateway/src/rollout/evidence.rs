//! What a step forward rests on: the verdict of a campaign, as a file that names its own content.

use serde::{Deserialize, Serialize};
use workflow::{
    port::EngineName,
    time::{Millis, Timestamp},
};

use crate::canonical::content_hash;

/// A campaign's verdict, by strata.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// The engine that was compared with.
    pub baseline: EngineName,
    /// The engine that is to take over.
    pub candidate: EngineName,
    /// When the campaign ended.
    pub made_at: Timestamp,
    /// What it showed, by kind of workflow.
    pub strata: Vec<Stratum>,
    /// SHA-256 over all of the above as canonical JSON, in lower-case hex.
    pub hash: String,
}

/// What a campaign showed of one kind of workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stratum {
    /// Which kind.
    pub name: String,
    /// Conclusive samples.
    pub n: u64,
    /// How many of them differed without an excuse.
    pub differ: u64,
    /// The true rate of disagreement is below this, with the campaign's confidence.
    pub bound: f64,
}

/// Why evidence does not carry a step.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Insufficient {
    /// There is none.
    #[error("no evidence was given")]
    Missing,
    /// The content is not what the hash says.
    #[error("its content was changed: its hash does not fit")]
    Changed,
    /// It is about other engines.
    #[error("it compares {0} with {1}")]
    OtherEngines(EngineName, EngineName),
    /// It was made before the stage began that is to be left.
    #[error("it is older than the stage that it is to lead out of")]
    BeforeStage,
    /// It is too old, or from the future.
    #[error("it is {age_ms} ms old; at most {max_ms} ms are allowed")]
    Stale {
        /// Its age.
        age_ms: i64,
        /// The limit.
        max_ms: i64,
    },
    /// It says nothing.
    #[error("it has no strata")]
    Empty,
    /// A kind of workflow did not agree, or not surely enough.
    #[error("stratum `{name}` allows a disagreement of up to {bound} after {n} samples, {differ} of which differ")]
    Unsure {
        /// The stratum.
        name: String,
        /// Its samples.
        n: u64,
        /// Those that differ.
        differ: u64,
        /// Its bound.
        bound: f64,
    },
}

impl Bundle {
    /// A verdict with its hash.
    pub fn sealed(baseline: EngineName, candidate: EngineName, made_at: Timestamp, strata: Vec<Stratum>) -> Self {
        let mut bundle = Self { baseline, candidate, made_at, strata, hash: String::new() };
        bundle.hash = bundle.content_hash();
        bundle
    }

    fn content_hash(&self) -> String {
        let mut document = serde_json::to_value(self).expect("bundles hold nothing but text, numbers and lists");
        if let Some(fields) = document.as_object_mut() {
            fields.shift_remove("hash");
        }
        content_hash(&document)
    }

    /// Whether it carries a step out of a stage that began at `since`: whole, about these engines, fresh, and sure in every stratum.
    pub fn carries(&self, step: &Needed<'_>) -> Result<(), Insufficient> {
        if self.hash != self.content_hash() {
            return Err(Insufficient::Changed);
        }
        if self.baseline != *step.baseline || self.candidate != *step.candidate {
            return Err(Insufficient::OtherEngines(self.baseline.clone(), self.candidate.clone()));
        }
        if self.made_at < step.since {
            return Err(Insufficient::BeforeStage);
        }
        let age = step.now - self.made_at;
        if age < Millis(0) || age > step.age_max {
            return Err(Insufficient::Stale { age_ms: age.0, max_ms: step.age_max.0 });
        }
        if self.strata.is_empty() {
            return Err(Insufficient::Empty);
        }
        // A bound that is no number carries nothing.
        let is_sure = |stratum: &Stratum| stratum.differ == 0 && (0.0..=step.rate_max).contains(&stratum.bound);
        let unsure = self.strata.iter().find(|stratum| !is_sure(stratum));
        unsure.map_or(Ok(()), |Stratum { name, n, differ, bound }| {
            Err(Insufficient::Unsure { name: name.clone(), n: *n, differ: *differ, bound: *bound })
        })
    }
}

/// What a step asks of its evidence.
#[derive(Clone, Copy, Debug)]
pub struct Needed<'a> {
    pub(crate) baseline: &'a EngineName,
    pub(crate) candidate: &'a EngineName,
    pub(crate) since: Timestamp,
    pub(crate) now: Timestamp,
    pub(crate) age_max: Millis,
    pub(crate) rate_max: f64,
}
