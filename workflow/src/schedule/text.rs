//! The text by which a trigger is named: trigger uuids and jitters are derived from it, so it must never change.

use serde_json::Value as Json;
use uuid::Uuid;

use crate::{
    definition::{Parsable, TimeTrigger, TimeTriggerKind},
    id::name_uuid,
};

/// A trigger's text, as the reference prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(String);

/// The uuid of all time triggers of one version.
pub fn triggers_uuid(triggers: &[Text]) -> Uuid {
    let texts: Vec<_> = triggers.iter().map(Text::as_str).collect();
    name_uuid(&format!("[{}]", texts.join(", ")))
}

impl Text {
    /// Of a trigger.
    pub fn of(trigger: &TimeTrigger) -> Self {
        let delay = trigger.fuzzy_max_delay.as_ref().map(|delay| match delay {
            Parsable::Number(number) => number.to_string(),
            Parsable::Text(text) => format!("\"{text}\""),
        });
        let timezone = trigger.timezone.as_deref();
        match &trigger.kind {
            TimeTriggerKind::Cron(line) => Self::render("CronTimeTrigger(cron", Some(line), timezone, delay),
            TimeTriggerKind::Predefined(name) => Self::predefined(Some(name), timezone, delay),
            TimeTriggerKind::Interval { interval, start } => Self::interval(interval.as_ref(), start.as_ref(), delay),
        }
    }

    /// Of a trigger's document, which may lack what a definition must have.
    pub fn of_json(document: &Json) -> Self {
        let text = |name: &str| document.get(name).and_then(Json::as_str);
        // A number prints as it is, a text in quotes: just as in JSON.
        let delay = document.get("fuzzy_max_delay").filter(|delay| !delay.is_null()).map(Json::to_string);
        match text("type").unwrap_or("CRON").to_ascii_uppercase().as_str() {
            "PREDEFINED" => Self::predefined(text("expression"), text("timezone"), delay),
            "INTERVAL" => Self::interval(document.get("interval"), document.get("start"), delay),
            _ => Self::render("CronTimeTrigger(cron", text("cron"), text("timezone"), delay),
        }
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn predefined(name: Option<&str>, timezone: Option<&str>, delay: Option<String>) -> Self {
        let name = name.map(|name| name.strip_prefix('@').unwrap_or(name).to_uppercase());
        Self::render("PredefinedTimeTrigger(expression", name.as_deref(), timezone, delay)
    }

    fn interval(interval: Option<&Json>, start: Option<&Json>, delay: Option<String>) -> Self {
        let part = |value: Option<&Json>| value.map_or("null".to_owned(), Json::to_string);
        let delay = delay.map_or(String::new(), |delay| format!(", fuzzyMaxDelay={delay}"));
        Self(format!("IntervalTimeTrigger(interval={}, start={}{delay})", part(interval), part(start)))
    }

    fn render(head: &str, value: Option<&str>, timezone: Option<&str>, delay: Option<String>) -> Self {
        let delay = delay.map_or(String::new(), |delay| format!(", fuzzyMaxDelay={delay}"));
        Self(format!("{head}={}, timezone={}{delay})", value.unwrap_or("null"), timezone.unwrap_or("null")))
    }
}
