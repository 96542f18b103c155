//! What is wrong with a trigger.

/// Where a cron line cannot be read, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Syntax {
    /// In the reference's words where it has any.
    pub message: String,
    /// Byte range in the line.
    pub span: (usize, usize),
}

impl Syntax {
    pub(super) fn at(span: (usize, usize), message: impl Into<String>) -> Self {
        Self { message: message.into(), span }
    }
}

/// A trigger that can never fire as written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no cron line.
    #[error("[cron expression] cannot be null or empty")]
    NoCron,
    /// The cron line cannot be read.
    #[error("[cron expression] is not valid - rejected value is [{line}] - error: [{syntax}]")]
    Cron {
        /// The line.
        line: String,
        /// Where and why.
        syntax: Syntax,
    },
    /// The zone is unknown.
    #[error(
        "[timezone expression] is not valid: The datetime zone id '{0}' is not recognised - rejected value is [{0}]"
    )]
    Zone(String),
    /// Not one of `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.
    #[error("No enum constant com.netflix.maestro.models.trigger.PredefinedTimeTrigger.PredefinedSchedule.{0}")]
    Predefined(String),
    /// Interval triggers parse and never run.
    #[error("TimeTrigger nextExecutionDate is not implemented for type: INTERVAL")]
    Interval,
    /// A jitter below one second.
    #[error("bound must be positive")]
    Jitter,
    /// Two fire times are too close.
    #[error("[time-trigger] the interval between time triggers is less than the minimal value [{0}] millis")]
    TooOften(i64),
}
