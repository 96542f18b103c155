//! Rules that excuse differences: each says what, why, and until when.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Difference, Kind, tree::segments};

/// One rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which places: a path in which `*` stands for one segment and `**` for any number of them.
    pub path: String,
    /// What to do there.
    pub action: Action,
    /// Why this is no disagreement between the engines; shown in every report that uses it.
    pub reason: String,
    /// The last day (`YYYY-MM-DD`) on which the rule holds; an expired rule excuses nothing and is reported.
    pub expires: String,
}

/// What a rule excuses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Anything.
    Ignore,
    /// Numbers at most so far apart.
    Within(f64),
    /// Values that are both in this set.
    OneOf(Vec<Json>),
}

/// Rules in force on a given day.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    active: Vec<Rule>,
    expired: Vec<Rule>,
}

/// A rule that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// Nobody could say why it is there.
    #[error("the rule for `{0}` has no reason")]
    NoReason(String),
    /// It would hold for ever, or never.
    #[error("the rule for `{path}` expires on {expires:?}, which is not a date like 2027-01-31")]
    BadDate {
        /// The rule's path.
        path: String,
        /// What stands there.
        expires: String,
    },
}

impl Rules {
    /// None at all.
    pub fn none() -> Self {
        Self { active: Vec::new(), expired: Vec::new() }
    }

    /// Checks rules and sorts out those that have expired by `today` (`YYYY-MM-DD`).
    pub fn checked(rules: Vec<Rule>, today: &str) -> Result<Self, RulesError> {
        for rule in &rules {
            if rule.reason.trim().is_empty() {
                return Err(RulesError::NoReason(rule.path.clone()));
            }
            if !is_date(&rule.expires) {
                return Err(RulesError::BadDate { path: rule.path.clone(), expires: rule.expires.clone() });
            }
        }
        // Dates of this form compare as text.
        let (active, expired) = rules.into_iter().partition(|rule| rule.expires.as_str() >= today);
        Ok(Self { active, expired })
    }

    /// Rules that no longer hold; a report lists them, so that somebody renews or removes them.
    pub fn expired(&self) -> &[Rule] {
        &self.expired
    }

    /// Marks every difference that a rule excuses, by the first rule that does.
    pub fn apply(&self, differences: &mut [Difference]) {
        for difference in differences.iter_mut().filter(|one| one.is_unexplained()) {
            let rule = self.active.iter().find(|rule| rule.excuses(difference));
            difference.excused_by = rule.map(|rule| rule.reason.clone());
        }
    }
}

impl Rule {
    fn excuses(&self, difference: &Difference) -> bool {
        matches(&segments(&self.path), &segments(&difference.path)) && self.action.allows(difference)
    }
}

impl Action {
    fn allows(&self, difference: &Difference) -> bool {
        match self {
            Self::Ignore => true,
            Self::Within(most) => {
                let pair = difference.left.as_f64().zip(difference.right.as_f64());
                pair.is_some_and(|(left, right)| (left - right).abs() <= *most)
            }
            Self::OneOf(set) => {
                difference.kind == Kind::Changed && set.contains(&difference.left) && set.contains(&difference.right)
            }
        }
    }
}

fn matches(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern, path) {
        ([], []) => true,
        (["**", rest @ ..], _) => matches(rest, path) || (!path.is_empty() && matches(pattern, &path[1..])),
        (["*", rest @ ..], [_, below @ ..]) => matches(rest, below),
        ([segment, rest @ ..], [head, below @ ..]) => segment == head && matches(rest, below),
        _ => false,
    }
}

fn is_date(text: &str) -> bool {
    let shape = |(index, c): (usize, char)| if index == 4 || index == 7 { c == '-' } else { c.is_ascii_digit() };
    let part = |range: std::ops::Range<usize>| text[range].parse::<u32>().unwrap_or(0);
    text.len() == 10
        && text.chars().enumerate().all(shape)
        && (1..=12).contains(&part(5..7))
        && (1..=31).contains(&part(8..10))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule(path: &str, action: Action) -> Rule {
        Rule { path: path.to_owned(), action, reason: "known".to_owned(), expires: "2027-01-31".to_owned() }
    }

    #[track_caller]
    fn check(rule: Rule, path: &str, left: Json, right: Json, is_excused: bool) {
        let rules = Rules::checked(vec![rule], "2027-01-31").expect("the rule is well formed");
        let mut differences =
            [Difference { path: path.to_owned(), kind: Kind::Changed, left, right, excused_by: None }];
        rules.apply(&mut differences);
        assert_eq!(!differences[0].is_unexplained(), is_excused);
    }

    #[test]
    fn a_star_stands_for_one_segment() {
        check(rule("runs.*.status", Action::Ignore), "runs.a.status", json!(1), json!(2), true);
        check(rule("runs.*.status", Action::Ignore), "runs.a.b.status", json!(1), json!(2), false);
    }

    #[test]
    fn two_stars_stand_for_any_number_of_segments() {
        check(rule("**.params.now", Action::Ignore), "runs.a.steps.b.1.params.now", json!(1), json!(2), true);
        check(rule("**", Action::Ignore), "status", json!(1), json!(2), true);
    }

    #[test]
    fn a_tolerance_excuses_only_near_numbers() {
        check(rule("x", Action::Within(0.5)), "x", json!(1.0), json!(1.5), true);
        check(rule("x", Action::Within(0.5)), "x", json!(1.0), json!(1.6), false);
        check(rule("x", Action::Within(0.5)), "x", json!("a"), json!(1.0), false);
    }

    #[test]
    fn a_set_excuses_only_its_members() {
        let set = || Action::OneOf(vec![json!("STOPPED"), json!("SUCCEEDED")]);
        check(rule("s", set()), "s", json!("STOPPED"), json!("SUCCEEDED"), true);
        check(rule("s", set()), "s", json!("STOPPED"), json!("FATALLY_FAILED"), false);
    }

    #[test]
    fn an_expired_rule_excuses_nothing_and_is_listed() {
        let rules = Rules::checked(vec![rule("**", Action::Ignore)], "2027-02-01").expect("the rule is well formed");
        assert_eq!(rules.expired().len(), 1);
        let mut differences = [Difference {
            path: "x".to_owned(),
            kind: Kind::Changed,
            left: json!(1),
            right: json!(2),
            excused_by: None,
        }];
        rules.apply(&mut differences);
        assert!(differences[0].is_unexplained());
    }

    #[test]
    fn a_rule_needs_a_reason_and_a_date() {
        let without_reason = Rule { reason: " ".to_owned(), ..rule("x", Action::Ignore) };
        assert!(matches!(Rules::checked(vec![without_reason], "2027-01-01"), Err(RulesError::NoReason(_))));
        for bad in ["", "never", "2027-13-01", "2027-1-1", "20270101--", "2027-01-ü1"] {
            let undated = Rule { expires: bad.to_owned(), ..rule("x", Action::Ignore) };
            assert!(matches!(Rules::checked(vec![undated], "2027-01-01"), Err(RulesError::BadDate { .. })), "{bad}");
        }
    }
}
