//! Asking a server how it is.

use std::time::{Duration, Instant};

use anyhow::Context;
use reqwest::StatusCode;

use super::scrape::Scrape;

/// How long an answer may take; a server that is so slow is in trouble.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// Where a server is.
#[derive(Debug)]
pub(crate) struct Server {
    url: String,
    client: reqwest::Client,
}

/// What a server said at one moment.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) at: Instant,
    pub(crate) is_ready: bool,
    pub(crate) metrics: Scrape,
}

impl Server {
    /// Nothing is asked yet.
    pub(crate) fn new(url: &str) -> anyhow::Result<Self> {
        let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let client = reqwest::Client::builder().timeout(ANSWER_MAX).build()?;
        Ok(Self { url: url.trim_end_matches('/').to_owned(), client })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Asks it.
    pub(crate) async fn look(&self) -> anyhow::Result<Look> {
        let ready = self.ask("/readyz").await?;
        let metrics = self.ask("/metrics").await?;
        let status = metrics.status();
        anyhow::ensure!(status.is_success(), "{}/metrics answered {status}", self.url);
        let at = Instant::now();
        let text = metrics.text().await.with_context(|| format!("the answer of {}/metrics broke off", self.url))?;
        let metrics = Scrape::parse(&text).with_context(|| format!("{}/metrics is not a page of metrics", self.url))?;
        Ok(Look { at, is_ready: ready.status() == StatusCode::OK, metrics })
    }

    async fn ask(&self, path: &str) -> anyhow::Result<reqwest::Response> {
        let answer = self.client.get(format!("{}{path}", self.url)).send().await;
        answer.map_err(reqwest::Error::without_url).with_context(|| format!("{} does not answer", self.url))
    }
}
