//! The server as an engine.

use std::time::Duration;

use reqwest::{
    Client, Url,
    header::{ACCEPT, CONTENT_TYPE, HeaderValue},
    redirect,
};
use serde_json::Value as Json;
use tokio::time::sleep;
use workflow::{
    id::{InstanceKey, RunKey},
    port::{Answer, Caller, Engine, EngineName, Pending, Reason, Refusal, Request},
    status::InstanceStatus,
};

use super::{Body, Call, Error, answer::Response};

/// What all paths of the API begin with.
const BASE: [&str; 2] = ["api", "v3"];

/// A server that takes longer to accept a connection is as good as down.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Blocking actions take five seconds; large documents of a busy server somewhat longer.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

/// An instance with its 25,000 iterations stays far below.
const ANSWER_MAX_BYTES: usize = 256 << 20;

/// How often a read is sent before the server counts as out of reach.
const READS_MAX: u32 = 4;

/// The wait before a read is sent again; it doubles each time.
const READ_WAIT: Duration = Duration::from_millis(250);

/// Between two looks at a run that has not ended.
const POLL: Duration = Duration::from_secs(1);

/// Looks at one run: a hundred and twenty days, the longest timeout that a workflow may have.
const POLLS_MAX: u32 = 120 * 24 * 60 * 60;

/// A running Maestro server. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct MaestroClient {
    name: EngineName,
    base: Url,
    http: Client,
}

impl MaestroClient {
    /// The server at an address, with or without `/api/v3` at its end. Sends nothing yet.
    pub fn new(address: &str) -> Result<Self, Error> {
        let wrong = || Error::Address(address.to_owned());
        let mut base = Url::parse(address).map_err(|_| wrong())?;
        let host = base.host_str().ok_or_else(wrong)?.to_owned();
        if !matches!(base.scheme(), "http" | "https") || base.query().is_some() || base.fragment().is_some() {
            return Err(wrong());
        }
        let place = base.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        let is_whole = base.path().trim_end_matches('/').ends_with("/api/v3");
        base.path_segments_mut().map_err(|()| wrong())?.pop_if_empty().extend(BASE.iter().filter(|_| !is_whole));
        let http = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            .redirect(redirect::Policy::none())
            .build()
            .map_err(Error::Client)?;
        Ok(Self { name: EngineName(format!("maestro@{place}").into()), base, http })
    }

    /// Where it is.
    pub fn address(&self) -> &Url {
        &self.base
    }

    /// Whether a Maestro server answers there.
    pub async fn check(&self) -> Result<(), Error> {
        let call = Call::of(Request::InstanceActionMap);
        let answer = self.send(None, &call).await?;
        if answer.body.as_ref().is_some_and(Json::is_object) {
            return Ok(());
        }
        Err(Error::NotMaestro { url: call.url(&self.base)?, because: "it knows no actions on instances".to_owned() })
    }

    /// Sends a call; a read is sent again when the connection fails.
    async fn send(&self, user: Option<&HeaderValue>, call: &Call) -> Result<Answer, Error> {
        let tries = if call.is_read() { READS_MAX } else { 1 };
        let mut wait = READ_WAIT;
        let mut tried = 1;
        loop {
            match self.try_send(user, call).await {
                Err(Error::Unreachable { source, url }) if tried < tries && !source.is_timeout() => {
                    tracing::debug!(error = &source as &dyn std::error::Error, %url, tried, "a read is sent again");
                }
                answered => return answered,
            }
            sleep(wait).await;
            wait *= 2;
            tried += 1;
        }
    }

    async fn try_send(&self, user: Option<&HeaderValue>, call: &Call) -> Result<Answer, Error> {
        let url = call.url(&self.base)?;
        let unreachable =
            |source: reqwest::Error| Error::Unreachable { url: url.clone(), source: source.without_url() };
        let mut request =
            self.http.request(call.method.clone(), url.clone()).header(ACCEPT, "application/json, text/plain");
        if let Some(user) = user {
            request = request.header("user", user);
        }
        request = match &call.body {
            Body::Json(body) => request.json(body),
            Body::Yaml(text) => request.header(CONTENT_TYPE, "application/yaml").body(text.clone()),
            // Some actions without a body are refused without its type.
            Body::None if !call.is_read() => request.header(CONTENT_TYPE, "application/json"),
            Body::None => request,
        };
        let mut response = request.send().await.map_err(unreachable)?;
        let media = response.headers().get(CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
        let (status, media) = (response.status(), media.to_ascii_lowercase());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > ANSWER_MAX_BYTES {
                let because = format!("its answer is larger than {ANSWER_MAX_BYTES} bytes");
                return Err(Error::NotMaestro { url, because });
            }
            body.extend_from_slice(&chunk);
        }
        Response { url, status, media, body }.into_answer()
    }

    async fn status(&self, run: &RunKey) -> Result<InstanceStatus, Error> {
        let call = Call::of(Request::Run {
            instance: InstanceKey { workflow: run.workflow.clone(), instance: run.instance },
            run: run.run.to_string(),
            is_enriched: false,
            is_aggregated: false,
        });
        let document = self.send(None, &call).await?.body.unwrap_or_default();
        let status = document.get("status").cloned().unwrap_or_default();
        serde_json::from_value(status.clone()).map_err(|_| {
            let because = format!("it gives the run {run} the status {status}");
            call.url(&self.base).map_or_else(|error| error, |url| Error::NotMaestro { url, because })
        })
    }
}

impl Engine for MaestroClient {
    fn name(&self) -> EngineName {
        self.name.clone()
    }

    fn call(&self, caller: Caller, request: Request) -> Pending<'_, Result<Answer, Refusal>> {
        Box::pin(async move {
            let user = caller.user.map(|user| HeaderValue::from_bytes(user.name.as_bytes())).transpose();
            let user = user.map_err(|_| Error::User)?;
            Ok(self.send(user.as_ref(), &Call::of(request)).await?)
        })
    }

    fn ended(&self, run: RunKey) -> Pending<'_, Result<InstanceStatus, Refusal>> {
        Box::pin(async move {
            for _ in 0..POLLS_MAX {
                let status = self.status(&run).await?;
                if status.is_terminal() {
                    return Ok(status);
                }
                sleep(POLL).await;
            }
            Err(Refusal::new(Reason::RequestTimeout, format!("the run {run} did not end within 120 days")))
        })
    }
}
