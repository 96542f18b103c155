//! Executions that are due, and how far each trigger has come.

use super::Schedule;
use crate::time::Timestamp;

/// A trigger with its last execution.
#[derive(Clone, Debug)]
pub struct Watermark {
    /// The trigger.
    pub schedule: Schedule,
    /// When it last fired, or when it was subscribed.
    pub last: Timestamp,
}

/// A due execution of a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Execution {
    /// Which trigger, by its place.
    pub trigger: usize,
    /// When.
    pub at: Timestamp,
}

/// The earliest next execution of any trigger; `None` when none fires again.
pub fn earliest(triggers: &[Watermark]) -> Option<Timestamp> {
    triggers.iter().filter_map(|trigger| trigger.schedule.next(trigger.last)).min()
}

/// Executions after the watermarks and before `end`, oldest first. Triggers are read in order until `limit` is reached.
pub fn planned(triggers: &[Watermark], end: Timestamp, limit: usize) -> Vec<Execution> {
    let mut executions = Vec::new();
    for (index, trigger) in triggers.iter().enumerate() {
        let mut last = trigger.last;
        while executions.len() < limit {
            let Some(at) = trigger.schedule.next(last).filter(|&at| at < end) else { break };
            executions.push(Execution { trigger: index, at });
            last = at;
        }
    }
    executions.sort_by_key(|execution| execution.at);
    executions
}

/// The last executions after these ones ran.
pub fn watermarks_after(triggers: &[Watermark], executions: &[Execution]) -> Vec<Timestamp> {
    let mut last: Vec<_> = triggers.iter().map(|trigger| (trigger.last, false)).collect();
    for execution in executions {
        if let Some((at, has_run)) = last.get_mut(execution.trigger) {
            *at = if *has_run { execution.at.max(*at) } else { execution.at };
            *has_run = true;
        }
    }
    last.into_iter().map(|(at, _)| at).collect()
}
