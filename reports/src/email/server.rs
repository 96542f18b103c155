//! Which mail server takes reports, and how it is spoken to.

use std::{net::IpAddr, time::Duration};

use serde::Deserialize;

use super::Secret;

/// A mail server, as configured.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Its name or address.
    pub host: String,
    /// Its port: usually 25 in the clear, 587 with STARTTLS, 465 with TLS.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Who we are there, if it wants to know.
    #[serde(default)]
    pub login: Option<Login>,
    /// A certificate authority to trust besides those of the system, as PEM.
    #[serde(default)]
    pub authority_pem: Option<String>,
    /// How long one answer may take.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u64,
    /// How often a mail is tried while the server says that it cannot take it now.
    #[serde(default = "tries")]
    pub tries: u32,
    /// How long to wait before the second try; twice as long before each further one.
    #[serde(default = "pause_ms")]
    pub pause_ms: u64,
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// Not at all: for the loopback interface and trusted networks.
    Plain,
    /// In the clear at first, then encrypted; never goes on without.
    StartTls,
    /// Encrypted from the first byte.
    Tls,
}

/// Who we are at a server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The account.
    pub user: String,
    /// Its password.
    pub password: Secret,
}

/// Longest wait between two tries, whatever the configuration multiplies up to.
const PAUSE_MAX: Duration = Duration::from_mins(5);

fn timeout_ms() -> u64 {
    30_000
}

fn tries() -> u32 {
    3
}

fn pause_ms() -> u64 {
    2_000
}

impl Server {
    /// A server with the usual patience and without a login.
    pub fn at(host: impl Into<String>, port: u16, security: Security) -> Self {
        Self {
            host: host.into(),
            port,
            security,
            login: None,
            authority_pem: None,
            timeout_ms: timeout_ms(),
            tries: tries(),
            pause_ms: pause_ms(),
        }
    }

    /// `host:port`, for messages.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Whether a password would cross a network in the clear.
    pub(super) fn exposes_password(&self) -> bool {
        let is_loopback =
            self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        self.login.is_some() && self.security == Security::Plain && !is_loopback
    }

    /// How long one answer may take.
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// How long to wait after so many tries.
    pub(super) fn pause_after(&self, tries: u32) -> Duration {
        let factor = 1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX);
        Duration::from_millis(self.pause_ms).saturating_mul(factor).min(PAUSE_MAX)
    }
}
