//! Timelines: what is kept, and what a reader sees.

use proptest::prelude::*;
use workflow::{
    status::{InstanceStatus, StepStatus},
    time::Timestamp,
    timeline::{EVENTS_MAX, Event, Level, Timeline},
    user::User,
};

fn events() -> impl Strategy<Value = Event> {
    (0_u8..5, 0_i64..50, "[a-c]").prop_map(|(kind, at, text)| {
        let at = Timestamp(at);
        match kind {
            0 => Event::log(at, Level::Warn, text.as_str()),
            1 => Event::internal_error(at, text.as_str(), vec![]),
            2 => Event::status(at, &text),
            3 => Event::action(at, "STOP", User::named(&text), Some("m"), None),
            _ => Event::log(at, Level::Info, text.as_str()),
        }
    })
}

proptest! {
    #[test]
    fn the_newest_events_are_kept_and_repetitions_are_not(events in proptest::collection::vec(events(), 0..100)) {
        let timeline = Timeline::of(events.clone());
        let mut distinct = events;
        distinct.dedup_by(|next, last| next.body == last.body);
        let kept = &distinct[distinct.len().saturating_sub(EVENTS_MAX)..];
        prop_assert_eq!(timeline.events(), kept);
    }

    #[test]
    fn timelines_come_back_from_documents(events in proptest::collection::vec(events(), 0..40)) {
        let timeline = Timeline::of(events);
        prop_assert_eq!(Timeline::from_json(&timeline.to_json(), Timestamp(0)).unwrap(), timeline);
    }
}

/// `type text` of each event a reader sees.
fn told(events: &[Event]) -> Vec<String> {
    let word = |event: &Event| {
        let json = event.to_json();
        let text = json.get("message").or_else(|| json.get("status")).unwrap();
        format!("{} {}", json["type"].as_str().unwrap(), text.as_str().unwrap())
    };
    events.iter().map(word).collect()
}

#[test]
fn a_reader_sees_notes_before_the_statuses_of_the_same_moment() {
    let mut timeline = Timeline::default();
    timeline.info(Timestamp(2), "Workflow instance is dequeued.");
    let at = |ms| Some(Timestamp(ms));
    let seen = timeline.enriched(Event::run_statuses(at(1), at(2), at(3), InstanceStatus::Failed));
    let expected = ["STATUS CREATED", "LOG Workflow instance is dequeued.", "STATUS IN_PROGRESS", "STATUS FAILED"];
    assert_eq!(told(&seen), expected);
}

#[test]
fn a_reader_sees_the_statuses_that_an_attempt_went_through() {
    let time = |name: &str| match name {
        "create_time" => Some(Timestamp(1)),
        "end_time" => Some(Timestamp(4)),
        _ => None,
    };
    let seen = Timeline::default().enriched(Event::step_statuses(StepStatus::Unsatisfied, time));
    assert_eq!(told(&seen), ["STATUS CREATED", "STATUS UNSATISFIED"]);
}

#[test]
fn a_document_of_an_unknown_type_is_refused() {
    let json = serde_json::json!({"type": "RUMOUR", "timestamp": 1});
    let error = Event::from_json(&json, Timestamp(0)).unwrap_err();
    assert_eq!(error.to_string(), "a timeline event cannot be read: its type `RUMOUR` is unknown");
}
