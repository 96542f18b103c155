//! Whether a difference is only about the moment at which somebody stepped in.
//!
//! A stop that met the old engine in the middle of a run may find the new one done: both are right. So an outcome that the baseline
//! itself comes to when the same acts come at another moment is a race between a person and a run, not a disagreement between engines
//! (runtime.md §24, rule 11). It is set aside by name, and counts for neither side.

use workflow::{port::Rehearsal, time::Millis};

/// Under which reason such differences are set aside.
pub(super) const RACE: &str = "the baseline comes to the same when the act comes at another moment";

/// Other moments of an act, in hundredths of its recorded one.
const MOMENTS: [i64; 9] = [0, 10, 25, 50, 75, 125, 150, 200, 400];

/// The same rehearsal with its acts at other moments, the end of the run last; nothing for one without acts in its midst.
pub(super) fn other_moments(rehearsal: &Rehearsal) -> impl Iterator<Item = Rehearsal> {
    let has_any = rehearsal.acts.iter().any(|act| !act.is_after_end);
    let at = move |hundredths: Option<i64>| {
        let mut other = rehearsal.clone();
        for act in other.acts.iter_mut().filter(|act| !act.is_after_end) {
            match hundredths {
                Some(hundredths) => act.after = Millis(act.after.0.saturating_mul(hundredths) / 100),
                None => act.is_after_end = true,
            }
        }
        other
    };
    MOMENTS.into_iter().map(Some).chain([None]).filter(move |_| has_any).map(at)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;
    use workflow::{
        port::{Act, Request},
        time::Timestamp,
    };

    use super::*;

    fn rehearsal(acts: Vec<Act>) -> Rehearsal {
        Rehearsal {
            id: "one".to_owned(),
            definitions: Vec::new(),
            workflow: "w".to_owned(),
            start: json!({}),
            acts,
            stand_ins: BTreeMap::new(),
            at: Timestamp(0),
            seed: 1,
        }
    }

    fn act(after: i64, is_after_end: bool) -> Act {
        Act { after: Millis(after), is_after_end, request: Request::InstanceActionMap }
    }

    #[test]
    fn an_act_is_tried_earlier_later_and_after_the_end() {
        let rehearsal = rehearsal(vec![act(1_000, false), act(0, true)]);
        let others: Vec<_> = other_moments(&rehearsal).collect();
        let moments: Vec<_> = others.iter().map(|other| (other.acts[0].after.0, other.acts[0].is_after_end)).collect();
        assert_eq!(moments.first(), Some(&(0, false)));
        assert!(moments.contains(&(4_000, false)));
        assert_eq!(moments.last(), Some(&(1_000, true)));
        assert!(others.iter().all(|other| other.acts[1].is_after_end), "what follows the end stays there");
    }

    #[test]
    fn a_run_that_nobody_stepped_into_has_no_other_moments() {
        assert_eq!(other_moments(&rehearsal(vec![act(0, true)])).count(), 0);
        assert_eq!(other_moments(&rehearsal(Vec::new())).count(), 0);
    }
}
