//! Rules of triggers.

use super::{Rules, id, step};
use crate::{
    definition::{SignalTrigger, TimeTrigger, write},
    problem::{Path, code},
    schedule,
};

/// The most signals that one trigger joins.
const SIGNALS_MAX: usize = 8;

/// Cron line, zone, distance of fire times and jitter of a time trigger.
pub fn time_trigger(rules: &mut Rules<'_>, path: &Path<'_>, trigger: &TimeTrigger, workflow: &str) {
    if let Some(delay) = &trigger.fuzzy_max_delay {
        step::timeout(rules, &path.key("fuzzy_max_delay"), delay);
    }
    let Err(error) = schedule::check(trigger, workflow, rules.now) else { return };
    match &error {
        schedule::Error::NoCron => rules.report(code::CRON, &path.key("cron"), error.to_string()),
        schedule::Error::Cron { syntax, .. } => {
            let (start, end) = syntax.span;
            let problem = rules.report(code::CRON, &path.key("cron"), error.to_string());
            problem.span = Some((start, end));
            problem
        }
        schedule::Error::Zone(_) => rules.report(code::TIME_ZONE, &path.key("timezone"), error.to_string()),
        schedule::Error::TooOften(_) => rules.report(code::TIME_TRIGGER, path, error.to_string()),
        schedule::Error::Predefined(_) | schedule::Error::Interval | schedule::Error::Jitter => {
            let written = write::time_trigger(trigger);
            let message = format!("[time-trigger] is not valid - rejected value is [{written}] - error: [{error}]");
            rules.report(code::TIME_TRIGGER, path, message)
        }
    };
}

/// Number of signals and join keys of a signal trigger.
pub fn signal_trigger(rules: &mut Rules<'_>, path: &Path<'_>, trigger: &SignalTrigger) {
    id::params(rules, &path.key("params"), trigger.params.as_ref());
    let Some(definitions) = &trigger.definitions else { return };
    let at = path.key("definitions");
    if definitions.len() > SIGNALS_MAX {
        let message = format!(
            "[signal-trigger] the signal names within the signal triggers are more than the limit [{SIGNALS_MAX}]"
        );
        rules.report(code::SIGNAL_TRIGGER, &at, message);
    }
    let lengths: Vec<usize> = definitions.values().map(|entry| entry.join_keys.as_ref().map_or(0, Vec::len)).collect();
    if lengths.windows(2).any(|pair| pair[0] != pair[1]) {
        let message = "[signal-trigger] the join_keys lengths between signals in the signal triggers must be the same";
        rules.report(code::SIGNAL_TRIGGER, &at, message);
    }
    for (name, entry) in definitions {
        let Some(matches) = &entry.match_params else { continue };
        for key in entry.join_keys.iter().flatten().filter(|key| matches.contains_key(*key)) {
            let message =
                format!("[signal-trigger] the join_key [{key}] cannot be used in match_params at the same time");
            rules.report(code::SIGNAL_TRIGGER, &at.key(name).key("join_keys"), message);
        }
    }
}
