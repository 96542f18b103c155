//! The rules that a request must keep beyond its shape: all violations are found in one go, with the API's texts.

mod expression;
mod id;
mod properties;
mod signal;
mod step;
mod trigger;
mod warning;
mod workflow;

use super::{CreateRequest, metadata::Metadata, write};
use crate::{
    problem::{Path, Problem, code},
    time::Timestamp,
};

pub(super) use expression::unreadable_params;
pub use id::{name, name_length, reference_id, workflow_id};
pub use properties::properties;
pub use signal::{dependencies as signal_dependencies, outputs as signal_outputs};
pub use step::{retry_policy, timeout};
pub use trigger::{signal_trigger, time_trigger};
pub use workflow::structure;

/// What an installation can set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most characters of an id or a param's name.
    pub id_max: usize,
    /// The most characters of a name.
    pub name_max: usize,
    /// What separates a step's id from its param's name in a reference, and may thus not stand in either.
    pub separator: String,
}

impl Limits {
    /// As the reference is delivered.
    pub fn standard() -> Self {
        Self { id_max: 128, name_max: 256, separator: "__".to_owned() }
    }
}

/// The most bytes of a request, written as JSON.
pub const REQUEST_MAX_BYTES: usize = 262_144;
/// The most steps of a definition, loop bodies included.
pub const STEPS_MAX: usize = 300;
/// The most characters of a description.
pub const TEXT_MAX: usize = 16_384;

/// Notes problems against the rules.
#[derive(Debug)]
pub struct Rules<'a> {
    /// What the installation allows.
    pub limits: &'a Limits,
    /// Triggers are asked when they fire next after this.
    pub now: Timestamp,
    problems: Vec<Problem>,
}

impl<'a> Rules<'a> {
    /// Nothing noted yet.
    pub fn new(limits: &'a Limits, now: Timestamp) -> Self {
        Self { limits, now, problems: Vec::new() }
    }

    /// What was noted.
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    fn report(&mut self, code: &'static str, path: &Path<'_>, message: impl Into<String>) -> &mut Problem {
        self.problems.push(Problem::new(code, path.to_string(), message));
        self.problems.last_mut().expect("a problem was just pushed")
    }
}

/// Everything that is against the rules in a request, and what will go wrong later.
pub fn check(request: &CreateRequest, limits: &Limits, now: Timestamp) -> Vec<Problem> {
    let mut rules = Rules::new(limits, now);
    rules.problems.extend(size(request, &Path::Root));
    if let Some(properties) = &request.properties {
        self::properties(&mut rules, &Path::Root.key("properties"), properties);
        if properties.tags.is_some() {
            let message = "Cannot set workflow property tags (also known as dynamic tags) in the request, please use the tag endpoint instead";
            rules.report(code::PROPERTY_TAGS, &Path::Root.key("properties").key("tags"), message);
        }
    }
    workflow::workflow(&mut rules, &Path::Root.key("workflow"), &request.workflow);
    warning::workflow(&mut rules, &Path::Root.key("workflow"), &request.workflow);
    rules.into_problems()
}

/// What is kept beside a version must be there.
pub fn metadata(rules: &mut Rules<'_>, path: &Path<'_>, metadata: Option<&Metadata>) {
    if metadata.is_none() {
        rules.report(code::MISSING_FIELD, path, "[workflow metadata] cannot be null");
    }
}

/// Whether a request is too large.
pub fn size(request: &CreateRequest, path: &Path<'_>) -> Option<Problem> {
    let bytes = write::create_request(request).to_string().len();
    (bytes > REQUEST_MAX_BYTES).then(|| {
        let message = format!(
            "Size of class com.netflix.maestro.models.api.WorkflowCreateRequest is {bytes} bytes which is larger than limit of {REQUEST_MAX_BYTES} bytes"
        );
        Problem::new(code::TOO_LARGE, path.to_string(), message)
    })
}
