//! HTTP steps: which hosts may be called, and what a response means.

use std::collections::BTreeSet;

use crate::port::Conclusion;

/// The largest response body that a step takes, in bytes.
pub const BODY_MAX_BYTES: usize = 1 << 20;

/// A URL that must not be called. The step fails fatally.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not HTTP.
    #[error("URL scheme [{}] is not allowed. Only [HTTP, HTTPS] are allowed.", .0.as_deref().unwrap_or("null"))]
    Scheme(Option<String>),
    /// Not on the list; an empty list allows nothing.
    #[error("URL host [{}] is not allowed. Please contact the administrator.", .0.as_deref().unwrap_or("null"))]
    Host(Option<String>),
    /// No URL.
    #[error("BAD_REQUEST - Invalid URL: [{0}]")]
    Malformed(String),
}

/// The hosts that steps may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList(BTreeSet<String>);

impl AllowList {
    /// Hosts are compared without regard to case; ports, users and paths do not matter.
    pub fn new(hosts: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self(hosts.into_iter().map(|host| host.as_ref().to_lowercase()).collect())
    }

    /// Whether a URL may be called; `None` is a URL that was not given.
    pub fn check(&self, url: Option<&str>) -> Result<(), Refused> {
        let malformed = || Refused::Malformed(url.unwrap_or("null").to_owned());
        let url = url.ok_or_else(malformed)?;
        if !url.bytes().all(is_uri_byte) {
            return Err(malformed());
        }
        let scheme = url.split_once(':').filter(|(scheme, _)| is_scheme(scheme));
        let Some((scheme, rest)) = scheme else { return Err(Refused::Scheme(None)) };
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return if rest.is_empty() { Err(malformed()) } else { Err(Refused::Scheme(Some(scheme.to_owned()))) };
        }
        let host = match rest.strip_prefix("//") {
            Some(rest) => {
                let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
                if authority.is_empty() {
                    return Err(malformed());
                }
                host(authority)
            }
            None if rest.is_empty() => return Err(malformed()),
            None => None,
        };
        match host {
            Some(host) if self.0.contains(&host.to_lowercase()) => Ok(()),
            other => Err(Refused::Host(other.map(str::to_owned))),
        }
    }
}

/// The host of an authority. Of two `@` the last one ends the user, so that no user name can pose as a host.
fn host(authority: &str) -> Option<&str> {
    let behind_user = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if behind_user.starts_with('[') {
        let end = behind_user.find(']')?;
        return Some(&behind_user[..=end]).filter(|_| is_port(&behind_user[end + 1..]));
    }
    let (host, port) = behind_user.find(':').map_or((behind_user, ""), |colon| behind_user.split_at(colon));
    let is_name = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    (is_name && is_port(port)).then_some(host)
}

fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_scheme(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && text.bytes().all(is_part)
}

/// Whether a byte may stand in a URI as it is.
fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) || byte >= 0x80
}

/// What a `state_expr` came to: a state's name in any case; `Ok(None)` asks for another poll, `Err` is no state.
pub fn conclusion(state: &str) -> Result<Option<Conclusion>, UnknownState> {
    Ok(Some(match state.to_ascii_uppercase().as_str() {
        "CONTINUE" => return Ok(None),
        "DONE" => Conclusion::Done,
        "USER_ERROR" => Conclusion::UserError,
        "PLATFORM_ERROR" => Conclusion::PlatformError,
        "FATAL_ERROR" => Conclusion::FatalError,
        "STOPPED" => Conclusion::Stopped,
        "TIMED_OUT" => Conclusion::TimedOut,
        _ => return Err(UnknownState(state.to_owned())),
    }))
}

/// A `state_expr` gave no state. The step fails fatally.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`state_expr` gave {0:?}, which is no state")]
pub struct UnknownState(pub String);
