//! Why a mail did not arrive, and what to do about it.

use std::{error::Error as StdError, fmt};

use lettre::transport::smtp;

/// Why a mail did not arrive at everybody it was for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An address is none.
    #[error("`{text}` is no mail address")]
    Address {
        /// What was given.
        text: String,
        /// What is wrong with it.
        #[source]
        source: lettre::address::AddressError,
    },
    /// The mail has no recipient or cannot be put together.
    #[error("the mail could not be put together")]
    Compose(#[source] lettre::error::Error),
    /// The layout of the mail is broken.
    #[error("the mail's layout could not be rendered: {0}")]
    Layout(String),
    /// A password would have crossed the network in the clear; nothing was sent.
    #[error("{server} would have seen the password in the clear")]
    Exposed {
        /// Which server.
        server: String,
    },
    /// Nobody answers there; nothing was sent.
    #[error("the mail server {server} could not be reached")]
    Unreachable {
        /// Which server.
        server: String,
        /// Why not.
        #[source]
        source: smtp::Error,
    },
    /// No trusted encrypted connection; nothing was sent.
    #[error("no encrypted connection to the mail server {server}")]
    Tls {
        /// Which server.
        server: String,
        /// Why not.
        #[source]
        source: smtp::Error,
    },
    /// The server does not take the login; nothing was sent.
    #[error("the mail server {server} does not let `{user}` in: {said}")]
    Login {
        /// Which server.
        server: String,
        /// Which account.
        user: String,
        /// What the server said.
        said: String,
    },
    /// The server does not take this mail, from this sender, or at all.
    #[error("the mail server {server} refused while {during}: {said}")]
    Rejected {
        /// Which server.
        server: String,
        /// At which step.
        during: Step,
        /// What the server said.
        said: String,
    },
    /// The server cannot take the mail now, however often it was asked.
    #[error("the mail server {server} put us off while {during}: {said}")]
    Busy {
        /// Which server.
        server: String,
        /// At which step.
        during: Step,
        /// What the server said last.
        said: String,
    },
    /// The server fell silent.
    #[error("the mail server {server} did not answer within {after_ms} ms while {during}")]
    TimedOut {
        /// Which server.
        server: String,
        /// At which step.
        during: Step,
        /// How long an answer may take.
        after_ms: u64,
    },
    /// The connection broke, or what came was no SMTP.
    #[error("the connection to the mail server {server} broke off while {during}")]
    BrokeOff {
        /// Which server.
        server: String,
        /// At which step.
        during: Step,
        /// How.
        #[source]
        source: smtp::Error,
    },
    /// The server took the mail for some recipients and refused others.
    #[error("{}", told(delivered, refused))]
    Refused {
        /// Who gets the mail.
        delivered: Vec<String>,
        /// Who does not, and why.
        refused: Vec<Refusal>,
    },
    /// Some got the mail before everything else failed.
    #[error("the mail reached {}, but not {}", names(delivered), names(missing))]
    Partly {
        /// Who gets the mail.
        delivered: Vec<String>,
        /// Who does not.
        missing: Vec<String>,
        /// Why not.
        #[source]
        source: Box<Error>,
    },
}

/// A recipient that the server refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Who.
    pub recipient: String,
    /// What the server said.
    pub said: String,
}

/// A step of a conversation with a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Up to its answer to our greeting.
    Connecting,
    /// Changing over to an encrypted connection.
    StartingTls,
    /// Giving name and password.
    LoggingIn,
    /// Saying who the mail is from.
    NamingSender,
    /// Saying who it is for.
    NamingRecipient,
    /// Asking to hand over the mail, handing it over, and hearing that it was kept.
    HandingOver,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connecting => "connecting",
            Self::StartingTls => "starting TLS",
            Self::LoggingIn => "logging in",
            Self::NamingSender => "naming the sender",
            Self::NamingRecipient => "naming a recipient",
            Self::HandingOver => "handing over the mail",
        })
    }
}

impl Error {
    /// What to do about it, in a sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Address { .. } => "write addresses like `team@example.org` or `The team <team@example.org>`",
            Self::Compose(_) => "give at least one recipient",
            Self::Layout(_) => "this is a defect of the report: please tell us, with the report as JSON",
            Self::Exposed { .. } => "set the server's security to `starttls` or `tls`, or leave the login out",
            Self::Unreachable { .. } => "check host, port and firewall; nothing was sent",
            Self::Tls { .. } => {
                "check that port and security belong together (587 `starttls`, 465 `tls`) and that the certificate is trusted"
            }
            Self::Login { .. } => "check account and password; some servers want a password made for programs",
            Self::Rejected { .. } => "the server will not change its mind: ask its operator, with what it said",
            Self::Busy { .. } => "try again later, or raise `tries` and `pause_ms`",
            Self::TimedOut { .. } => "check that this is a mail server, or raise `timeout_ms`",
            Self::BrokeOff { .. } => "check that port and security belong together, then try again",
            Self::Refused { .. } => "correct or remove the refused recipients, then send to them only",
            Self::Partly { .. } => "send again to those who are missing only",
        }
    }

    /// Whether the same may work a little later.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::TimedOut { .. } | Self::BrokeOff { .. })
    }

    /// What an answer of a server, or none, means at a step.
    pub(super) fn at(during: Step, server: &str, source: smtp::Error) -> Self {
        let server = server.to_owned();
        if source.is_transient() {
            return Self::Busy { server, during, said: said(&source) };
        }
        if source.is_permanent() {
            return Self::Rejected { server, during, said: said(&source) };
        }
        let io = io_kind(&source);
        // What TLS does not understand, or does not trust, arrives as invalid data.
        if source.is_tls() || io == Some(std::io::ErrorKind::InvalidData) || during == Step::StartingTls {
            return Self::Tls { server, source };
        }
        if during == Step::Connecting && io.is_some_and(|kind| !is_break(kind)) {
            return Self::Unreachable { server, source };
        }
        Self::BrokeOff { server, during, source }
    }
}

/// The server's own words, code first.
fn said(error: &smtp::Error) -> String {
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    let words = crate::visible::line(words.trim());
    error.status().map_or_else(|| words.clone().into_owned(), |code| format!("{code} {words}"))
}

fn io_kind(error: &smtp::Error) -> Option<std::io::ErrorKind> {
    let mut cause = error.source();
    while let Some(one) = cause {
        if let Some(io) = one.downcast_ref::<std::io::Error>() {
            return Some(io.kind());
        }
        cause = one.source();
    }
    None
}

/// Whether a connection was there and is no more.
fn is_break(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

fn told(delivered: &[String], refused: &[Refusal]) -> String {
    let each: Vec<_> = refused.iter().map(|one| format!("{} ({})", one.recipient, one.said)).collect();
    format!("the mail reached {}; the server refused {}", names(delivered), each.join(", "))
}

fn names(people: &[String]) -> String {
    if people.is_empty() { "nobody".to_owned() } else { people.join(", ") }
}
