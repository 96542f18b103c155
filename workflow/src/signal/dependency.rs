//! The signals that a step waits for, and how far it has come.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{
    matching::{Condition, Pattern},
    operator::{operator_code, operator_from_code},
    value::{value_from_json, value_to_json},
};

/// Where one dependency stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DependencyStatus {
    /// No signal has matched.
    Pending,
    /// A signal has matched; it stays the one.
    Matched,
    /// A person bypassed it.
    Skipped,
    /// Its step ended first.
    Canceled,
    /// It could not be evaluated.
    Failed,
}

/// One signal that a step waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct Dependency {
    /// What it must look like.
    pub pattern: Pattern,
    /// Whether `match_params` was there, so that it is given back as it came.
    pub has_match_params: bool,
    /// Where it stands.
    pub status: DependencyStatus,
    /// The signal that matched.
    pub signal_id: Option<i64>,
    /// Further fields of its document.
    pub extra: Map<String, Json>,
}

/// All signals that a step waits for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dependencies {
    /// In the order of the definition.
    pub dependencies: Vec<Dependency>,
}

impl Dependencies {
    /// Whether the step may go on: every dependency matched or was bypassed.
    pub fn are_satisfied(&self) -> bool {
        let is_met = |status| matches!(status, DependencyStatus::Matched | DependencyStatus::Skipped);
        self.dependencies.iter().all(|dependency| is_met(dependency.status))
    }

    /// Ends the wait for those that never came; true when there were any.
    pub fn cancel_pending(&mut self) -> bool {
        self.settle_pending(DependencyStatus::Canceled)
    }

    /// Goes on without those that have not come; true when there were any.
    pub fn bypass(&mut self) -> bool {
        self.settle_pending(DependencyStatus::Skipped)
    }

    /// Fixes the signal of a pending dependency, by its place; true when that changed something.
    pub fn matched(&mut self, index: usize, signal_id: i64) -> bool {
        let pending = self.dependencies.get_mut(index).filter(|one| one.status == DependencyStatus::Pending);
        pending.is_some_and(|dependency| {
            dependency.status = DependencyStatus::Matched;
            dependency.signal_id = Some(signal_id);
            true
        })
    }

    /// Those still waited for, with their places.
    pub fn pending(&self) -> impl Iterator<Item = (usize, &Dependency)> {
        self.dependencies.iter().enumerate().filter(|(_, one)| one.status == DependencyStatus::Pending)
    }

    fn settle_pending(&mut self, status: DependencyStatus) -> bool {
        let pending = self.dependencies.iter_mut().filter(|one| one.status == DependencyStatus::Pending);
        pending.map(|dependency| dependency.status = status).count() > 0
    }

    /// As a document.
    pub fn to_json(&self) -> Json {
        let list: Vec<_> = self.dependencies.iter().map(Dependency::to_json).collect();
        let mut object = Map::new();
        if !list.is_empty() {
            object.insert("dependencies".to_owned(), Json::Array(list));
        }
        Json::Object(object)
    }

    /// From a document; the text says what cannot be read.
    pub fn from_json(document: &Json) -> Result<Self, String> {
        let list = document.get("dependencies").and_then(Json::as_array).into_iter().flatten();
        Ok(Self { dependencies: list.map(Dependency::from_json).collect::<Result<_, _>>()? })
    }
}

impl Dependency {
    /// As a document.
    pub fn to_json(&self) -> Json {
        let mut object = Map::new();
        object.insert("name".to_owned(), Json::from(&*self.pattern.name));
        object.insert("status".to_owned(), serde_json::to_value(self.status).unwrap_or_default());
        if let Some(id) = self.signal_id {
            object.insert("signal_id".to_owned(), Json::from(id));
        }
        if self.has_match_params {
            let conditions = self.pattern.conditions.iter();
            let conditions = conditions.map(|(name, condition)| (name.to_string(), condition.to_json()));
            object.insert("match_params".to_owned(), Json::Object(conditions.collect()));
        }
        object.extend(self.extra.clone());
        Json::Object(object)
    }

    /// From a document; the text says what cannot be read.
    pub fn from_json(document: &Json) -> Result<Self, String> {
        let Json::Object(mut extra) = document.clone() else { return Err(format!("{document} is no dependency")) };
        let name = extra.shift_remove("name").and_then(|name| name.as_str().map(Arc::from));
        let status = extra.shift_remove("status").unwrap_or_else(|| Json::from("PENDING"));
        let match_params = extra.shift_remove("match_params").filter(|params| !params.is_null());
        let signal_id = extra.shift_remove("signal_id").and_then(|id| id.as_i64());
        let conditions = match_params.as_ref().and_then(Json::as_object).into_iter().flatten();
        let conditions =
            conditions.map(|(name, condition)| Ok((Arc::from(name.as_str()), Condition::from_json(condition)?)));
        Ok(Self {
            pattern: Pattern {
                name: name.ok_or("a dependency needs a name")?,
                conditions: conditions.collect::<Result<_, String>>()?,
            },
            has_match_params: match_params.is_some(),
            status: serde_json::from_value(status).map_err(|error| error.to_string())?,
            signal_id,
            extra,
        })
    }
}

impl Condition {
    /// As a document.
    pub fn to_json(&self) -> Json {
        serde_json::json!({"value": value_to_json(&self.value), "operator": operator_code(self.operator)})
    }

    /// From a document; the text says what cannot be read.
    pub fn from_json(document: &Json) -> Result<Self, String> {
        let value = value_from_json(document.get("value").unwrap_or(&Json::Null)).map_err(|error| error.to_string())?;
        let code = document.get("operator").and_then(Json::as_str).unwrap_or("=");
        Ok(Self { value, operator: operator_from_code(code).map_err(|error| error.to_string())? })
    }
}
