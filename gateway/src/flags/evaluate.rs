//! What a flag says of one workflow.

use std::sync::LazyLock;

use datalogic_rs::Engine;
use serde_json::{Value as Json, json};

use super::{
    bucket::Bucket,
    file::Flag,
    fractional::{ADDED, FLAG_KEY, TARGETING_KEY},
    parse::logic,
};

/// Operators only; rules were compiled when their file was read.
static LOGIC: LazyLock<Engine> = LazyLock::new(logic);

/// What rules can look at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The workflow; also what shares are dealt by, so that all runs of a workflow go the same way.
    pub workflow: &'a str,
    /// The version that is asked for, as written.
    pub version: &'a str,
    /// Who starts it.
    pub user: Option<&'a str>,
    /// What starts it: `manual`, `time`, `signal` or another type in lower case.
    pub initiator: &'a str,
}

/// What a flag came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// The flag is switched off.
    Disabled,
    /// Its rules name a variant.
    Targeted(Json),
    /// Its rules leave it open.
    Open,
}

/// A flag cannot be evaluated for somebody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// Its rules stop with an error.
    #[error("its targeting fails: {0}")]
    Rules(String),
    /// Its rules name something that it has not.
    #[error("its targeting names `{0}`, which is no variant")]
    NoVariant(String),
}

impl Flag {
    /// Which variant it names, without its default: that is for whoever asks.
    pub fn choice(&self, name: &str, subject: Subject<'_>) -> Result<Choice, Failed> {
        if !self.is_enabled {
            return Ok(Choice::Disabled);
        }
        let Some(targeting) = &self.targeting else { return Ok(Choice::Open) };
        let Subject { workflow, version, user, initiator } = subject;
        let input = json!({
            TARGETING_KEY: workflow, ADDED: { FLAG_KEY: self.salt.as_deref().unwrap_or(name) },
            "workflow": workflow, "version": version, "user": user, "initiator": initiator,
        });
        let mut session = LOGIC.session();
        let said =
            session.eval(targeting, input.to_string().as_str()).map_err(|error| Failed::Rules(error.to_string()))?;
        // As in flagd, a rule that comes to true or false names the variants of these names.
        let variant = match (said.as_str(), said.as_bool()) {
            (Some(name), _) => name.to_owned(),
            (None, Some(truth)) => truth.to_string(),
            (None, None) if said.is_null() => return Ok(Choice::Open),
            (None, None) => return Err(Failed::NoVariant(format!("{said:?}"))),
        };
        self.variants.get(&variant).cloned().map(Choice::Targeted).ok_or(Failed::NoVariant(variant))
    }

    /// The bucket of a workflow under this flag's salt.
    pub fn bucket(&self, name: &str, workflow: &str) -> Bucket {
        Bucket::of(self.salt.as_deref().unwrap_or(name), workflow)
    }

    /// The value of its default variant.
    pub fn default_value(&self) -> Option<&Json> {
        self.variants.get(self.default_variant.as_ref()?)
    }
}
