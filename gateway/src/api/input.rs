//! What a caller sent, taken apart and checked as far as the framework of Maestro's server checks it.

use serde_json::Value as Json;
use workflow::{
    id::{InstanceId, InstanceKey, StepId, WorkflowId},
    port::Page,
};

use super::{
    problem::Problem,
    route::{Kind, Route},
};

/// The smallest and the largest page that can be asked for.
const PAGE_SIZE: std::ops::RangeInclusive<i64> = 1..=200;

/// A call's parts. Accessors are given names that the route declares; what is not there reads as empty.
#[derive(Debug, Default)]
pub(crate) struct Input {
    /// Named parts of the path, decoded.
    pub(crate) path: Vec<(String, String)>,
    /// Query parameters in order, decoded.
    pub(crate) query: Vec<(String, String)>,
    /// A JSON body.
    pub(crate) json: Json,
    /// A YAML body.
    pub(crate) text: String,
}

impl Input {
    /// Checks what the route declares of its parts and its query.
    pub(crate) fn check(&self, route: &Route) -> Result<(), Problem> {
        for (name, kind) in route.parts() {
            check_value(name, self.part(name), kind)?;
        }
        for query in route.query {
            match self.query(query.name) {
                Some(value) => check_value(query.name, value, query.kind)?,
                None if query.is_required => return Err(Problem::missing_parameter(query.name)),
                None => {}
            }
        }
        Ok(())
    }

    fn part(&self, name: &str) -> &str {
        self.path.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The first value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A part of the path as text.
    pub(crate) fn text_part(&self, name: &str) -> String {
        self.part(name).to_owned()
    }

    /// A part of the path as a number, which [`Input::check`] has seen to be one.
    pub(crate) fn number_part(&self, name: &str) -> Result<i64, Problem> {
        integer(name, self.part(name))
    }

    pub(crate) fn workflow(&self) -> WorkflowId {
        self.part("workflowId").into()
    }

    pub(crate) fn instance(&self) -> Result<InstanceKey, Problem> {
        let instance = InstanceId(self.number_part("workflowInstanceId")?);
        Ok(InstanceKey { workflow: self.workflow(), instance })
    }

    pub(crate) fn step(&self) -> StepId {
        self.part("stepId").into()
    }

    /// A query parameter as yes or no.
    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool, Problem> {
        self.query(name).map_or(Ok(default), |value| boolean(name, value))
    }

    pub(crate) fn page(&self) -> Result<Page, Problem> {
        let size = |name| self.query(name).map(|value| integer(name, value)).transpose();
        Ok(Page { first: size("first")?, last: size("last")?, cursor: self.query("cursor").map(str::to_owned) })
    }

    /// The JSON body, once.
    pub(crate) fn json(&mut self) -> Json {
        self.json.take()
    }

    /// The YAML body, once.
    pub(crate) fn yaml(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// All query parameters, once.
    pub(crate) fn all_query(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.query)
    }
}

fn check_value(name: &str, value: &str, kind: Kind) -> Result<(), Problem> {
    match kind {
        Kind::Text => Ok(()),
        Kind::Integer => integer(name, value).map(drop),
        Kind::Boolean => boolean(name, value).map(drop),
        Kind::PageSize => match integer(name, value)? {
            size if PAGE_SIZE.contains(&size) => Ok(()),
            size if size < *PAGE_SIZE.start() => {
                Err(Problem::violation(format!("{name} must be greater than or equal to {}", PAGE_SIZE.start())))
            }
            _ => Err(Problem::violation(format!("{name} must be less than or equal to {}", PAGE_SIZE.end()))),
        },
    }
}

fn integer(name: &str, value: &str) -> Result<i64, Problem> {
    value.trim().parse().map_err(|_| Problem::cannot_convert(name, value))
}

fn boolean(name: &str, value: &str) -> Result<bool, Problem> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" | "1" => Ok(true),
        "false" | "off" | "no" | "0" => Ok(false),
        _ => Err(Problem::cannot_convert(name, value)),
    }
}
