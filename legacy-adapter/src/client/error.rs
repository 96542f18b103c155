//! Why a server's answer is not there, or is none.

use reqwest::Url;
use workflow::port::{Reason, Refusal};

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is no address of a server.
    #[error("`{0}` is not the address of a server; one looks like `http://host:8080`")]
    Address(String),
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be made")]
    Client(#[source] reqwest::Error),
    /// An id cannot stand in an address.
    #[error("`{0}` cannot be a part of an address")]
    Unaddressable(String),
    /// A user's name cannot stand in a header.
    #[error("the user's name cannot be sent in a header")]
    User,
    /// Nobody answers there, or not in time.
    #[error("the server at {url} could not be reached")]
    Unreachable {
        /// Where.
        url: Url,
        /// Why.
        source: reqwest::Error,
    },
    /// Somebody answers, but not as Maestro would.
    #[error("what answers at {url} is not a Maestro server: {because}")]
    NotMaestro {
        /// Where.
        url: Url,
        /// How it shows.
        because: String,
    },
    /// The server refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl Error {
    /// What a person can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Address(_) => "give scheme, host and port, and the path before `/api/v3` if there is one",
            Self::Client(_) => "check the system's certificates and proxy settings",
            Self::Unaddressable(_) | Self::User => "correct the name",
            Self::Unreachable { .. } => "check the address, and that the server runs and lets this machine in",
            Self::NotMaestro { .. } => {
                "check host, port and the path before `/api/v3`, and what stands in front of the server"
            }
            Self::Refused(_) => "the server's log says more",
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal,
            Error::Unaddressable(_) | Error::User | Error::Address(_) => {
                Self::new(Reason::BadRequest, error.to_string())
            }
            Error::Unreachable { ref source, .. } => {
                let message = format!("{error}: {}", cause(source));
                Self { is_retryable: true, ..Self::new(Reason::Unavailable, message) }
            }
            Error::NotMaestro { .. } | Error::Client(_) => Self::new(Reason::Unavailable, error.to_string()),
        }
    }
}

/// The innermost cause: the system's words, such as "connection refused".
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
