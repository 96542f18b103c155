//! Requests and definitions read from JSON.
//!
//! Reading is lenient where Maestro is (case of words, scalars for text, text for numbers) and strict where it is (unknown fields).
//! All problems are collected; the first of stage parse is what the API answers with. A value is given back whenever the problems
//! leave enough of it to check its rules as well; it is to be trusted only if no problem refuses it.

mod alerting;
mod properties;
mod reader;
mod request;
mod retry;
mod signal;
mod step;
mod template;
mod trigger;
mod workflow;

use serde_json::Value as Json;

pub use reader::Reader;

use super::{CreateRequest, Properties, RetryPolicy, RunStrategy, SignalTrigger, Step, TimeTrigger, Workflow};
use crate::problem::{Path, Problem};

/// What was read, as far as it could be, and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Reading<T> {
    /// `None` where too little could be read to go on.
    pub value: Option<T>,
    /// In document order.
    pub problems: Vec<Problem>,
}

impl<T> Reading<T> {
    /// The value, if nothing refuses it.
    pub fn accepted(self) -> Result<T, Vec<Problem>> {
        match self.value {
            Some(value) if !self.problems.iter().any(Problem::refuses) => Ok(value),
            _ => Err(self.problems),
        }
    }
}

macro_rules! entries {
    ($($(#[$doc:meta])* $name:ident -> $type:ty: $inner:path;)*) => {
        $($(#[$doc])*
        pub fn $name(json: &Json) -> Reading<$type> {
            let mut reader = Reader::default();
            let value = $inner(&mut reader, &Path::Root, json);
            Reading { value, problems: reader.into_problems() }
        })*
    };
}

entries! {
    /// Reads the body of a push.
    create_request -> CreateRequest: request::create_request;
    /// Reads a stored version: a workflow with its metadata and the snapshot of its properties.
    version -> super::version::Version: request::version;
    /// Reads what is kept beside a version.
    metadata -> super::metadata::Metadata: request::metadata;
    /// Reads a workflow.
    workflow -> Workflow: workflow::workflow;
    /// Reads one wrapped step.
    step -> Step: step::wrapped;
    /// Reads properties as a push carries them.
    properties -> Properties: properties::properties;
    /// Reads properties as they are stored.
    snapshot -> super::properties::Snapshot: properties::snapshot;
    /// Reads a run strategy in any of its forms.
    run_strategy -> RunStrategy: properties::run_strategy;
    /// Reads a retry policy.
    retry_policy -> RetryPolicy: retry::policy;
    /// Reads a time trigger.
    time_trigger -> TimeTrigger: trigger::time;
    /// Reads a signal trigger.
    signal_trigger -> SignalTrigger: trigger::signal;
    /// Reads the signals that a step waits for.
    signal_dependencies -> Vec<super::SignalDependency>: signal::dependencies;
    /// Reads one signal that a step waits for.
    signal_dependency -> super::SignalDependency: signal::dependency;
    /// Reads the signals that a step sends.
    signal_outputs -> Vec<super::SignalOutput>: signal::outputs;
    /// Reads where a source lies, in its canonical form.
    git_info -> Json: request::git_info;
    /// Reads alerting settings, in their canonical form.
    alerting -> Json: alerting::alerting;
    /// Reads a job template with who answers for it.
    stored_template -> super::template::Stored: template::stored;
    /// Reads a job template.
    template -> super::template::Template: template::template;
    /// Reads a change of properties.
    properties_update -> super::properties::Update: properties::update;
}
