//! One row of the route table.

use workflow::port::Request;

use super::{input::Input, problem::Problem};

/// What all of Maestro's paths begin with.
pub(crate) const BASE: &str = "/api/v3";

/// An HTTP method that the API uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

/// What a route wants as a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// Nothing; what is sent is not looked at.
    None,
    /// A JSON document.
    Json,
    /// A JSON document, or nothing.
    JsonIfAny,
    /// Nothing, but the call says that it sends JSON.
    JsonHeader,
    /// A YAML text.
    Yaml,
}

/// What a parameter's text must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anything.
    Text,
    /// A 64-bit number.
    Integer,
    /// `true` or `false`, in the spellings that Maestro's server takes.
    Boolean,
    /// A page size.
    PageSize,
}

/// A query parameter.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// As written in the address.
    pub name: &'static str,
    /// What it must be.
    pub kind: Kind,
    /// Whether a call without it is refused.
    pub is_required: bool,
}

/// One call of the API: where it is, what it takes, and the request that it makes.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Its name in metrics and in the API's document.
    pub name: &'static str,
    /// The method.
    pub verb: Verb,
    /// The path after `/api/v3`, with named parts in braces.
    pub path: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    /// What it wants as a body.
    pub body: Body,
    /// The query parameters that it reads.
    pub query: &'static [Query],
    /// Makes the request.
    pub(crate) build: fn(&mut Input) -> Result<Request, Problem>,
}

impl Verb {
    /// The name in HTTP.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

impl Route {
    /// The whole path.
    pub fn full_path(&self) -> String {
        format!("{BASE}{}", self.path)
    }

    /// The named parts of the path, in order.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, Kind)> {
        let names = self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        names.map(|name| (name, part_kind(name)))
    }
}

/// Numbers are checked by the server; what may be a word as well has another name, and whoever answers judges it.
fn part_kind(name: &str) -> Kind {
    match name {
        "workflowInstanceId" | "workflowRunId" | "stepAttemptId" => Kind::Integer,
        _ => Kind::Text,
    }
}
