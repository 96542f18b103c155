//! Which values the loop params of a foreach take in which iteration.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::param::{Name, Value};

/// All combinations of the values of loop params, the first listed varying fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    params: IndexMap<Name, Value>,
    len: usize,
}

/// Why loop params cannot be combined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A loop param is no array of texts, numbers or booleans.
    #[error("the loop param [{name}] is not an array")]
    NotAnArray {
        /// The param.
        name: Name,
    },
    /// There are more combinations than can be counted.
    #[error("the loop params have too many combinations")]
    TooMany,
}

impl Product {
    /// Combines loop params; no params at all, or one without values, make an empty product.
    pub fn of(params: IndexMap<Name, Value>) -> Result<Self, Error> {
        let mut len = usize::from(!params.is_empty());
        for (name, value) in &params {
            let values = values(value).ok_or_else(|| Error::NotAnArray { name: name.clone() })?;
            len = len.checked_mul(values).ok_or(Error::TooMany)?;
        }
        Ok(Self { params, len })
    }

    /// How many iterations there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no iteration.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The values in the iteration with a zero-based index; `None` beyond the last.
    pub fn at(&self, index: usize) -> Option<IndexMap<Name, Value>> {
        if index >= self.len {
            return None;
        }
        let mut rest = index;
        let mut row = IndexMap::with_capacity(self.params.len());
        for (name, value) in &self.params {
            let size = values(value)?;
            row.insert(Arc::clone(name), element(value, rest % size)?);
            rest /= size;
        }
        Some(row)
    }
}

fn values(value: &Value) -> Option<usize> {
    match value {
        Value::StringArray(values) => Some(values.len()),
        Value::LongArray(values) => Some(values.len()),
        Value::DoubleArray(values) => Some(values.len()),
        Value::BooleanArray(values) => Some(values.len()),
        _ => None,
    }
}

fn element(value: &Value, index: usize) -> Option<Value> {
    Some(match value {
        Value::StringArray(values) => values.get(index)?.clone().map_or(Value::Null, Value::String),
        Value::LongArray(values) => Value::Long(*values.get(index)?),
        Value::DoubleArray(values) => Value::Double(*values.get(index)?),
        Value::BooleanArray(values) => Value::Boolean(*values.get(index)?),
        _ => return None,
    })
}
