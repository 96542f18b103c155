//! Two engines look like one to clients.

use serde_json::{Value as Json, json};
use workflow::{
    id::{InstanceId, InstanceKey},
    port::{Engine as _, Page, Reason, Refusal, Request},
};

use crate::{
    ramp::{Door, FAR, ann},
    small::Small,
};
use gateway::{
    Fleet,
    rollout::{Event, Stage},
};

/// Three runs on the legacy engine, then four on the other, then one more on the first.
async fn mixed() -> Door {
    let door = Door::new();
    door.push("etl").await.unwrap();
    for _ in 0..3 {
        assert_eq!(door.goes_to("etl").await, "legacy");
    }
    door.walk_to(Stage::Drain).await;
    for _ in 0..4 {
        assert_eq!(door.goes_to("etl").await, "actor");
    }
    door.gateway.change("ann", Event::RollBack, "").await.unwrap();
    assert_eq!(door.goes_to("etl").await, "legacy");
    door
}

async fn page(door: &Door, page: Page) -> Json {
    let request = Request::Instances { workflow: "etl".into(), page, is_aggregated: true };
    door.gateway.call(ann(), request).await.unwrap().body.unwrap()
}

fn ids(page: &Json) -> Vec<i64> {
    let elements = page["elements"].as_array().unwrap();
    elements.iter().map(|element| element["workflow_instance_id"].as_i64().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_client_pages_through_instances_of_both_engines() {
    let door = mixed().await;
    let newest_first = vec![FAR + 3, FAR + 2, FAR + 1, FAR, 4, 3, 2, 1];
    for size in 1..=9 {
        let (mut seen, mut cursor) = (Vec::new(), None);
        for index in (1..).step_by(usize::try_from(size).unwrap()) {
            let page = page(&door, Page { first: Some(size), last: None, cursor: cursor.clone() }).await;
            let info = &page["page_info"];
            assert_eq!((&page["total_count"], &info["start_index"]), (&json!(8), &json!(index)), "{size}: {page}");
            assert_eq!(info["has_previous_page"], json!(!seen.is_empty()), "{size}: {page}");
            seen.extend(ids(&page));
            cursor = info["end_cursor"].as_str().map(str::to_owned);
            if info["has_next_page"] == json!(false) {
                break;
            }
        }
        assert_eq!(seen, newest_first, "{size}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_pages_back_to_the_newest() {
    let door = mixed().await;
    for size in 1..=9 {
        let (mut seen, mut cursor) = (Vec::new(), None);
        for _ in 0..10 {
            let page = page(&door, Page { first: None, last: Some(size), cursor: cursor.clone() }).await;
            let mut oldest_first = ids(&page);
            oldest_first.reverse();
            seen.extend(oldest_first);
            cursor = page["page_info"]["start_cursor"].as_str().map(str::to_owned);
            if page["page_info"]["has_previous_page"] == json!(false) {
                break;
            }
        }
        assert_eq!(seen, [1, 2, 3, 4, FAR, FAR + 1, FAR + 2, FAR + 3], "{size}");
    }
}

#[tokio::test(start_paused = true)]
async fn pages_beyond_the_end_and_of_nothing_are_empty() {
    let door = mixed().await;
    for beyond in [
        Page { first: Some(5), last: None, cursor: Some("1".into()) },
        Page { first: None, last: Some(5), cursor: Some((FAR + 3).to_string()) },
    ] {
        let page = page(&door, beyond).await;
        assert_eq!((ids(&page), &page["total_count"]), (vec![], &json!(8)), "{page}");
    }
    let request = Request::Instances {
        workflow: "nowhere".into(),
        page: Page { first: Some(5), last: None, cursor: None },
        is_aggregated: true,
    };
    let page = door.gateway.call(ann(), request).await.unwrap().body.unwrap();
    assert_eq!((ids(&page), &page["total_count"]), (vec![], &json!(0)));
}

#[tokio::test(start_paused = true)]
async fn an_instance_is_read_where_it_lives_and_counted_once() {
    let door = mixed().await;
    for (number, by) in [(1, "legacy"), (4, "legacy"), (FAR, "actor"), (FAR + 3, "actor")] {
        let instance = InstanceKey { workflow: "etl".into(), instance: InstanceId(number) };
        let answer = door.gateway.call(ann(), Request::Instance { instance, is_enriched: false }).await.unwrap();
        assert_eq!(answer.body.unwrap()["by"], by, "{number}");
    }
    let overview = door.gateway.call(ann(), Request::Overview { workflow: "etl".into() }).await.unwrap().body.unwrap();
    assert_eq!(overview["nonterminal_instances"], json!({"CREATED": 0, "IN_PROGRESS": 8}));
    assert_eq!((&overview["latest_instance_id"], &overview["latest_version_id"]), (&json!(FAR + 3), &json!(1)));
}

#[tokio::test(start_paused = true)]
async fn a_half_push_is_told_and_keeps_runs_where_the_definition_is_until_the_next_push_repairs_it() {
    let door = Door::new();
    door.push("etl").await.unwrap();
    door.walk_to(Stage::Complete).await;
    door.actor.refuse_pushes(Some(Refusal::new(Reason::Unavailable, "the disk is full")));
    let refusal = door.push("etl").await.unwrap_err();
    let text = "version 2 is on `legacy` but not on `actor`: the disk is full; push again to repair it";
    assert_eq!((refusal.reason, refusal.message.as_str()), (Reason::Unavailable, text));
    assert_eq!(door.goes_to("etl").await, "legacy");
    door.actor.refuse_pushes(None);
    assert_eq!(door.push("etl").await.unwrap()["workflow_definition"]["metadata"]["workflow_version_id"], 3);
    assert_eq!((door.legacy.versions("etl"), door.actor.versions("etl")), (3, 3));
    assert_eq!(door.goes_to("etl").await, "actor");
}

#[tokio::test(start_paused = true)]
async fn a_workflow_from_before_the_gateway_is_brought_over_on_request() {
    let door = Door::new();
    for _ in 0..2 {
        let body = json!({"properties": {"owner": "ann"}, "workflow": {"id": "old", "steps": []}});
        door.legacy.call(ann(), Request::Push { body }).await.unwrap();
    }
    door.walk_to(Stage::Complete).await;
    assert_eq!(door.goes_to("old").await, "legacy");
    assert_eq!(door.gateway.repair(&ann(), &"old".into()).await, Ok(2));
    assert_eq!(door.goes_to("old").await, "actor");
}

#[tokio::test(start_paused = true)]
async fn a_signal_is_a_duplicate_only_where_all_engines_know_it() {
    let door = Door::new();
    let signal = |id: &str| Request::SendSignal { body: json!({"name": "s", "request_id": id}) };
    door.legacy.call(ann(), signal("1")).await.unwrap();
    assert!(door.gateway.call(ann(), signal("1")).await.is_ok());
    assert_eq!(door.gateway.call(ann(), signal("1")).await.unwrap_err().reason, Reason::Conflict);
}

#[test]
fn engines_that_count_alike_are_not_put_together() {
    let error = Fleet::new(Small::new("a", 1), Small::new("b", 1)).unwrap_err().to_string();
    assert_eq!(error, "engines `a` and `b` both count instances from 1: start one of them with another first instance");
}
