//! When a run should be complete, as a param that is evaluated when the run starts.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::param::{Definition, Literal, Type};

/// The `tct` of alerting settings; a definition sets exactly one of the three times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetTime {
    /// The moment, in epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_by_ts: Option<i64>,
    /// Hours after the midnight that begins the target date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_by_hour: Option<i64>,
    /// Minutes after the moment for which the run runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_minutes: Option<i64>,
    /// The zone of the midnight; the one of the workflow's trigger when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tz: Option<Arc<str>>,
}

/// No time is set. The text is the one that clients of Maestro match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid TCT definition, neither of time fields is set")]
pub struct NoTime;

impl TargetTime {
    /// The field that holds the moment, and the name of its param.
    pub const MOMENT: &'static str = "completed_by_ts";

    /// The moment as a param of the run.
    pub fn completed_by(&self) -> Result<Definition, NoTime> {
        if let Some(moment) = self.completed_by_ts {
            return Ok(Definition::literal(Type::Long, Literal::Long(moment)));
        }
        let expression = match (self.completed_by_hour, self.duration_minutes) {
            (Some(hour), _) => {
                let zone = self.tz.as_ref().map_or("WORKFLOW_CRON_TIMEZONE".to_owned(), |zone| format!("'{zone}'"));
                format!(
                    "tz_dateint_formatter = DateTimeFormat.forPattern('yyyyMMdd').withZone(DateTimeZone.forID({zone}));\
                     dt = tz_dateint_formatter.parseDateTime(TARGET_RUN_DATE).plusHours({hour}).minusSeconds(1);\
                     return dt.getMillis();"
                )
            }
            (None, Some(minutes)) => format!("return new DateTime(RUN_TS).plusMinutes({minutes}).getMillis();"),
            (None, None) => return Err(NoTime),
        };
        Ok(Definition::expression(Type::Long, expression))
    }
}
