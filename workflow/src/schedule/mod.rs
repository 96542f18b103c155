//! Time triggers: cron lines in two dialects, zones, next and missed executions.
