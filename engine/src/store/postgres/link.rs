//! Connections: how they are made, what their failures mean, and for how long to try again.

use std::time::{Duration, Instant};

use tokio_postgres::{Client, Config, config::Host, error::SqlState};

use super::way::Way;
use crate::store::{Cause, Error};

/// How long a database may be away (a restart, a failover) before the store gives up. Leases of groups expire earlier.
const AWAY_MAX: Duration = Duration::from_secs(30);
/// Pauses between attempts to connect grow from the first to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));
/// Attempts at a transaction that the database wants to see again.
pub(super) const TRIES_MAX: usize = 20;

/// What to do about a failure.
#[derive(Debug)]
pub(super) enum Failure {
    /// The connection is gone; what was under way may have been done.
    Lost(Cause),
    /// Nothing was done because of others; the same again may succeed.
    Conflict(Cause),
    /// Nothing was done for want of space.
    Full(Cause),
    /// Nothing was done, and the same again would fail again.
    Refused(Cause),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(state) = error.code().cloned() else {
            // Without a word of the server: the connection, or a value that could not be sent.
            return if is_ours(&error) { Self::Refused(error.into()) } else { Self::Lost(error.into()) };
        };
        let is_fatal = error.as_db_error().is_some_and(|error| matches!(error.severity(), "FATAL" | "PANIC"));
        if state == SqlState::T_R_SERIALIZATION_FAILURE || state == SqlState::T_R_DEADLOCK_DETECTED {
            Self::Conflict(error.into())
        } else if is_fatal || state == SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN || state.code().starts_with("57P") {
            Self::Lost(error.into())
        } else if state.code().starts_with("53") {
            Self::Full(error.into())
        } else {
            Self::Refused(error.into())
        }
    }
}

impl Failure {
    /// What this comes to where nothing more is tried.
    pub(super) fn into_error(self, place: &str, act: &'static str) -> Error {
        match self {
            Self::Lost(source) => Error::Unreachable { place: place.to_owned(), source },
            Self::Full(source) => Error::Full { place: place.to_owned(), source },
            Self::Conflict(source) | Self::Refused(source) => Error::broken(place, act, source),
        }
    }
}

/// Whether a value could not be turned into what the database takes, or back.
fn is_ours(error: &tokio_postgres::Error) -> bool {
    let text = error.to_string();
    text.starts_with("error serializing") || text.starts_with("error deserializing")
}

/// Connects, trying again for a while where the database is only away for now.
pub(super) async fn connect(way: &Way, place: &str) -> Result<Client, Error> {
    connect_within(way, place, AWAY_MAX).await
}

/// The same for so long.
pub(super) async fn connect_within(way: &Way, place: &str, away_max: Duration) -> Result<Client, Error> {
    let start = Instant::now();
    let mut pause = PAUSES.0;
    loop {
        let error = match connect_once(way).await {
            Ok(client) => return Ok(client),
            Err(error) => error,
        };
        if !is_away(&error) || start.elapsed() >= away_max {
            return Err(Error::Unreachable { place: place.to_owned(), source: error.into() });
        }
        tracing::warn!(error = &error as &dyn std::error::Error, place, "the database is away and will be asked again");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// Connects or says why not.
async fn connect_once(way: &Way) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = way.config.connect(way.tls.clone()).await?;
    // Ends with the client, or with the connection; whoever uses the client learns of it.
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(error = &error as &dyn std::error::Error, "a connection to the database ended");
        }
    });
    Ok(client)
}

/// Not there, starting, stopping, or full: all pass.
fn is_away(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        None => true,
        Some(state) => state.code().starts_with("57P") || *state == SqlState::TOO_MANY_CONNECTIONS,
    }
}

/// Where a database is, in words that can be shown: without its password.
pub(super) fn place(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        #[cfg(unix)]
        Some(Host::Unix(folder)) => folder.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().map(|port| format!(":{port}")).unwrap_or_default();
    format!("postgres://{host}{port}/{}", config.get_dbname().unwrap_or_default())
}

/// An address that could not be understood.
pub(super) fn address(url: &str, source: impl Into<Cause>) -> Error {
    // Everything up to the last `@` of the authority may be a password.
    let shown = url.rsplit_once('@').map_or(url, |(_, rest)| rest);
    Error::Address { place: shown.to_owned(), source: source.into() }
}
