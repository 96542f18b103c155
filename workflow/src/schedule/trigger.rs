//! A time trigger, ready to say when it fires.

use jiff::tz::TimeZone;

use super::{Cron, Error, Text, jitter_secs, zone};
use crate::{
    definition::{TimeTrigger, TimeTriggerKind},
    time::{Millis, Timestamp},
};

/// A cron line in its zone, with its jitter.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
    jitter: Millis,
}

impl Schedule {
    /// Reads a trigger; `workflow` is what the jitter is derived from, beside the trigger.
    pub fn new(trigger: &TimeTrigger, workflow: &str) -> Result<Self, Error> {
        let (cron, zone) = (cron_of(trigger)?, zone(trigger.timezone.as_deref())?);
        let jitter = jitter_secs(trigger.fuzzy_max_delay.as_ref(), &Text::of(trigger), workflow)?;
        Ok(Self { cron, zone, jitter: Millis::from_secs(jitter) })
    }

    /// The next execution after a moment, jitter included; `None` when there is none.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        self.cron.next(after, &self.zone).map(|at| at + self.jitter)
    }
}

/// The cron line of a predefined schedule; the `@` may be left out.
pub fn predefined_cron(name: &str) -> Result<&'static str, Error> {
    match name.strip_prefix('@').unwrap_or(name).to_ascii_uppercase().as_str() {
        "HOURLY" => Ok("0 * * * *"),
        "DAILY" => Ok("0 0 * * *"),
        "WEEKLY" => Ok("0 0 * * 0"),
        "MONTHLY" => Ok("0 0 1 * *"),
        "YEARLY" => Ok("0 0 1 1 *"),
        other => Err(Error::Predefined(other.to_owned())),
    }
}

fn cron_of(trigger: &TimeTrigger) -> Result<Cron, Error> {
    let line = match &trigger.kind {
        TimeTriggerKind::Cron(line) => line,
        TimeTriggerKind::Predefined(name) => predefined_cron(name)?,
        TimeTriggerKind::Interval { .. } => return Err(Error::Interval),
    };
    if line.is_empty() {
        return Err(Error::NoCron);
    }
    Cron::parse(line).map_err(|syntax| Error::Cron { line: line.to_owned(), syntax })
}
