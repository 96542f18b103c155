//! How a signal's param is compared.

use std::cmp::Ordering;

use crate::definition::{Operator, SignalValue};

/// A text that is no operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid operator code: {0}")]
pub struct UnknownOperator(pub String);

/// The operator of a sign.
pub fn operator_from_code(code: &str) -> Result<Operator, UnknownOperator> {
    match code {
        "=" => Ok(Operator::Equals),
        ">" => Ok(Operator::Greater),
        ">=" => Ok(Operator::GreaterOrEqual),
        "<" => Ok(Operator::Less),
        "<=" => Ok(Operator::LessOrEqual),
        other => Err(UnknownOperator(other.to_owned())),
    }
}

/// The sign of an operator.
pub fn operator_code(operator: Operator) -> &'static str {
    match operator {
        Operator::Equals => "=",
        Operator::Greater => ">",
        Operator::GreaterOrEqual => ">=",
        Operator::Less => "<",
        Operator::LessOrEqual => "<=",
    }
}

/// Whether `left operator right` is true. Numbers and texts never match each other.
pub fn holds(left: &SignalValue, operator: Operator, right: &SignalValue) -> bool {
    let order = match (left, right) {
        (SignalValue::Long(left), SignalValue::Long(right)) => left.cmp(right),
        // By UTF-16 code unit, as Java compares; beyond the basic plane this differs from the order of bytes.
        (SignalValue::String(left), SignalValue::String(right)) => left.encode_utf16().cmp(right.encode_utf16()),
        _ => return false,
    };
    match operator {
        Operator::Equals => order == Ordering::Equal,
        Operator::Greater => order == Ordering::Greater,
        Operator::GreaterOrEqual => order != Ordering::Less,
        Operator::Less => order == Ordering::Less,
        Operator::LessOrEqual => order != Ordering::Greater,
    }
}
