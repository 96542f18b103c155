//! Published events for whoever listens at a URL, as a batch of CloudEvents.
//!
//! Delivery is at least once and in the order of commits of each run: a receiver knows an event that it has taken already by its `id`.

use std::time::Duration;

use engine::{
    outbox::{Consumer, NotTaken},
    store::chain,
};
use reqwest::{Client, Url, header::CONTENT_TYPE, redirect::Policy};
use serde_json::{Value as Json, json};
use workflow::{event::Event, port::Pending};

use crate::exit::{Exit, Failure};

/// How long a receiver may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// The media type of a batch.
const BATCH: &str = "application/cloudevents-batch+json";
/// What all events come from.
const SOURCE: &str = "/segue";

/// Posts events to a URL.
#[derive(Debug)]
pub(crate) struct Webhook {
    client: Client,
    url: Url,
}

impl Webhook {
    pub(crate) fn to(url: &Url) -> Result<Self, Failure> {
        // A redirection would turn the batch into a question.
        let client = Client::builder().timeout(ANSWER_MAX).redirect(Policy::none()).build();
        let client = client.map_err(|error| Failure::new(Exit::Defect, error))?;
        Ok(Self { client, url: url.clone() })
    }

    async fn post(&self, batch: Vec<Json>) -> Result<(), NotTaken> {
        let body = Json::Array(batch).to_string();
        let request = self.client.post(self.url.clone()).header(CONTENT_TYPE, BATCH).body(body);
        let answer = request.send().await.map_err(|error| NotTaken(chain(&error.without_url())))?;
        let status = answer.status();
        if status.is_success() { Ok(()) } else { Err(NotTaken(format!("the receiver answered {status}"))) }
    }
}

impl Consumer for Webhook {
    fn consume(&self, events: Vec<Event>) -> Pending<'_, Result<(), NotTaken>> {
        let now = crate::clock::now();
        Box::pin(self.post(events.into_iter().map(|event| cloud_event(event, now.0)).collect()))
    }
}

/// An event in its envelope; the document gets the times that only who sends it knows.
fn cloud_event(Event { key, mut document }: Event, now: i64) -> Json {
    for time in ["sync_time", "send_time"] {
        document[time] = now.into();
    }
    json!({
        "specversion": "1.0",
        "id": key,
        "source": SOURCE,
        "type": document["type"],
        "datacontenttype": "application/json",
        "data": document,
    })
}
