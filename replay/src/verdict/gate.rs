//! From counts to a verdict.

use serde::{Deserialize, Serialize};

use super::upper_bound;

/// What a stratum must show before its workflows may move.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// The largest rate of unexplained disagreement that is acceptable, as the upper bound at `confidence`.
    pub rate_max: f64,
    /// One-sided confidence of the bound.
    pub confidence: f64,
}

impl Gate {
    /// Evidence for a first ramp: at most one run in a hundred may come out differently, at 95 %. That takes about 300 samples.
    pub const ONE_IN_A_HUNDRED: Self = Self { rate_max: 0.01, confidence: 0.95 };

    /// How many samples without any disagreement this gate takes.
    pub fn samples_needed(&self) -> u64 {
        // Without any disagreement the bound is 1 − (1 − confidence)^(1/n).
        let needed = (1.0 - self.confidence).ln() / (-self.rate_max).ln_1p();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast saturates: no number of samples does"
        )]
        let needed = needed.ceil() as u64;
        needed.max(1)
    }
}

/// How the samples of one stratum came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Both engines came to the same outcome, or what differed was excused.
    pub agree: u64,
    /// Something unexplained differed.
    pub differ: u64,
    /// Equal engines did not agree with themselves, so nothing can be said.
    pub noisy: u64,
    /// The harness itself failed; neither for nor against the engine.
    pub failed: u64,
}

impl Tally {
    /// Samples that say something.
    pub fn conclusive(&self) -> u64 {
        self.agree + self.differ
    }

    /// All samples.
    pub fn total(&self) -> u64 {
        self.conclusive() + self.noisy + self.failed
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            agree: self.agree + other.agree,
            differ: self.differ + other.differ,
            noisy: self.noisy + other.noisy,
            failed: self.failed + other.failed,
        }
    }

    /// What the counts amount to under a gate.
    pub fn verdict(&self, gate: Gate) -> Verdict {
        let (n, bound) = (self.conclusive(), upper_bound(self.differ, self.conclusive(), gate.confidence));
        if self.differ > 0 {
            Verdict::Differs { differ: self.differ, n, bound }
        } else if n == 0 || bound > gate.rate_max {
            Verdict::Inconclusive { n, needed: gate.samples_needed(), bound }
        } else {
            Verdict::Agrees { n, bound }
        }
    }
}

/// May this kind of workflow move?
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Yes: no disagreement, and enough samples for the gate.
    Agrees {
        /// Conclusive samples.
        n: u64,
        /// The true rate of disagreement is below this.
        bound: f64,
    },
    /// Not known: no disagreement, but too few samples for the gate. Never a pass.
    Inconclusive {
        /// Conclusive samples.
        n: u64,
        /// How many would do.
        needed: u64,
        /// The true rate of disagreement is below this.
        bound: f64,
    },
    /// No: something unexplained differed.
    Differs {
        /// Samples that differed.
        differ: u64,
        /// Conclusive samples.
        n: u64,
        /// The true rate of disagreement is below this.
        bound: f64,
    },
}

impl Verdict {
    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Agrees { .. } => "agrees",
            Self::Inconclusive { .. } => "inconclusive",
            Self::Differs { .. } => "differs",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(agree: u64, differ: u64, expected: &str) {
        let tally = Tally { agree, differ, noisy: 3, failed: 2 };
        assert_eq!(tally.verdict(Gate::ONE_IN_A_HUNDRED).word(), expected);
    }

    #[test]
    fn few_samples_are_inconclusive_however_well_they_agree() {
        check(0, 0, "inconclusive");
        check(298, 0, "inconclusive");
    }

    #[test]
    fn enough_agreement_passes_the_gate() {
        check(299, 0, "agrees");
        assert_eq!(Gate::ONE_IN_A_HUNDRED.samples_needed(), 299);
    }

    #[test]
    fn no_number_of_samples_shows_that_there_is_no_disagreement_at_all() {
        assert_eq!(Gate { rate_max: 0.0, confidence: 0.95 }.samples_needed(), u64::MAX);
        assert_eq!(Gate { rate_max: 0.01, confidence: 1.0 }.samples_needed(), u64::MAX);
        assert_eq!(Gate { rate_max: 0.001, confidence: 0.95 }.samples_needed(), 2_995);
    }

    #[test]
    fn a_verdict_can_be_stored_and_read_back() {
        let verdict = Tally { agree: 400, ..Tally::default() }.verdict(Gate::ONE_IN_A_HUNDRED);
        let stored = serde_json::to_string(&verdict).expect("a verdict is plain data");
        // The last digit of a bound may get lost.
        let read = serde_json::from_str(&stored).expect("it was just written");
        assert!(matches!(read, Verdict::Agrees { n: 400, bound } if bound > 0.007 && bound < 0.008), "{stored}");
    }

    #[test]
    fn one_unexplained_difference_fails_whatever_the_number() {
        check(1_000_000, 1, "differs");
    }

    #[test]
    fn noise_and_harness_errors_count_for_neither_side() {
        let only_noise = Tally { noisy: 1_000, failed: 1_000, ..Tally::default() };
        assert_eq!(only_noise.verdict(Gate::ONE_IN_A_HUNDRED).word(), "inconclusive");
    }
}
