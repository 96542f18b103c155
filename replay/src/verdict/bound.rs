//! How large the true rate of disagreement may still be.

/// Halvings of the interval: beyond binary64's precision.
const BISECTIONS: usize = 60;

/// The exact (Clopper–Pearson) upper bound of a rate at one-sided `confidence`, after `hits` of `n` independent trials.
///
/// With no hits this is `1 − (1 − confidence)^(1/n)`, close to the rule of three, 3/n at 95 %. Without trials nothing is known: 1.
pub fn upper_bound(hits: u64, n: u64, confidence: f64) -> f64 {
    if n == 0 || hits >= n {
        return 1.0;
    }
    let alpha = 1.0 - confidence;
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..BISECTIONS {
        let middle = f64::midpoint(low, high);
        if at_most(hits, n, middle) > alpha { low = middle } else { high = middle }
    }
    high
}

/// The probability of at most `hits` in `n` trials at rate `p`, summed in logarithms so that large n does not underflow.
fn at_most(hits: u64, n: u64, p: f64) -> f64 {
    if p <= 0.0 {
        return 1.0;
    }
    if p >= 1.0 {
        return 0.0;
    }
    let (yes, no) = (p.ln(), (-p).ln_1p());
    let mut log_choose = 0.0_f64;
    let mut sum = 0.0;
    for k in 0..=hits {
        if k > 0 {
            log_choose += real(n - k + 1).ln() - real(k).ln();
        }
        sum += (log_choose + real(k) * yes + real(n - k) * no).exp();
    }
    sum.min(1.0)
}

#[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^52")]
fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{Beta, ContinuousCDF};

    use super::*;

    #[test]
    fn no_disagreement_follows_the_rule_of_three() {
        for n in [30_u64, 300, 3_000, 60_000] {
            let bound = upper_bound(0, n, 0.95);
            assert!((bound * real(n) - 3.0).abs() < 0.15, "{n}: {bound}");
        }
    }

    #[test]
    fn the_bound_agrees_with_the_beta_quantile() {
        for (hits, n) in [(0, 10), (1, 10), (3, 50), (7, 300), (40, 1_000), (250, 20_000)] {
            let beta = Beta::new(real(hits + 1), real(n - hits)).expect("both shapes are positive");
            let (ours, theirs) = (upper_bound(hits, n, 0.95), beta.inverse_cdf(0.95));
            assert!((ours - theirs).abs() < 1e-4, "{hits} of {n}: {ours} against {theirs}");
        }
    }

    #[test]
    fn nothing_is_known_without_trials_or_without_agreement() {
        assert!((upper_bound(0, 0, 0.95) - 1.0).abs() < f64::EPSILON);
        assert!((upper_bound(5, 5, 0.95) - 1.0).abs() < f64::EPSILON);
    }
}
