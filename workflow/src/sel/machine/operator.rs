//! Operators: what they do depends on the left operand's type.

use super::{Datum, Text, budget::Budget, text};
use crate::sel::{
    Error,
    syntax::{AssignOperator, BinaryOperator, UnaryOperator},
    value::Type,
};

pub(super) fn mismatch(left: Type, right: Type) -> Error {
    Error::argument(format!("Type mismatch, lhs type: {}, rhs object type: {}", left.name(), right.name()))
}

fn unsupported(kind: Type, symbol: &str) -> Error {
    Error::unsupported(format!("{} DO NOT support expression operation {symbol}", kind.operand_name()))
}

pub(super) fn unary(operator: UnaryOperator, operand: &Datum) -> Result<Datum, Error> {
    Ok(match (operator, operand) {
        (UnaryOperator::Minus, Datum::Long(value)) => Datum::Long(value.wrapping_neg()),
        (UnaryOperator::Minus, Datum::Double(value)) => Datum::Double(-value),
        (UnaryOperator::Plus, Datum::Long(_) | Datum::Double(_)) => operand.clone(),
        (UnaryOperator::Not, Datum::Boolean(value)) => Datum::Boolean(!value),
        _ => return Err(unsupported(operand.kind(), operator.symbol())),
    })
}

#[expect(clippy::cast_precision_loss, reason = "the language widens to the nearest double")]
pub(super) fn binary(
    operator: BinaryOperator,
    left: &Datum,
    right: &Datum,
    budget: &mut Budget<'_>,
) -> Result<Datum, Error> {
    use BinaryOperator::{Add, Equal, NotEqual};
    let result = match (left, right) {
        (Datum::Long(a), Datum::Long(b)) => long(operator, *a, *b)?,
        (Datum::Long(a), Datum::Double(b)) => double(operator, *a as f64, *b, Type::Long)?,
        (Datum::Double(a), Datum::Long(b)) => double(operator, *a, *b as f64, Type::Double)?,
        (Datum::Double(a), Datum::Double(b)) => double(operator, *a, *b, Type::Double)?,
        (Datum::Boolean(a), Datum::Boolean(b)) => boolean(operator, *a, *b)?,
        (Datum::Long(_) | Datum::Double(_), _) if right.kind() == Type::String => match operator {
            Add => return concat(left, right, budget),
            Equal | NotEqual => {
                let same = matches!(right, Datum::Text(right) if text::plain(left) == **right);
                Datum::Boolean(same == (operator == Equal))
            }
            _ => return Err(unsupported(left.kind(), operator.symbol())),
        },
        (Datum::Long(_) | Datum::Boolean(_) | Datum::Double(_), Datum::Null)
            if matches!(operator, Equal | NotEqual) =>
        {
            Datum::Boolean(operator == NotEqual)
        }
        (Datum::Double(_), Datum::Null) => return Err(unsupported(Type::Double, operator.symbol())),
        (Datum::Double(_), _) => return Err(Error::cast(right.kind().name(), Type::Double.name())),
        (Datum::Long(_) | Datum::Boolean(_), _) => return Err(mismatch(left.kind(), right.kind())),
        (Datum::Text(_) | Datum::Unset(Type::String), _) => return string(operator, left, right, budget),
        (Datum::Null, _) => return null(operator, right, budget),
        _ => return Err(unsupported(left.kind(), operator.symbol())),
    };
    budget.value()?;
    Ok(result)
}

#[inline]
pub(super) fn long(operator: BinaryOperator, a: i64, b: i64) -> Result<Datum, Error> {
    use BinaryOperator as Op;
    Ok(match operator {
        Op::Add => Datum::Long(a.wrapping_add(b)),
        Op::Subtract => Datum::Long(a.wrapping_sub(b)),
        Op::Multiply => Datum::Long(a.wrapping_mul(b)),
        Op::Divide | Op::Remainder if b == 0 => return Err(Error::arithmetic("/ by zero")),
        Op::Divide => Datum::Long(a.wrapping_div(b)),
        Op::Remainder => Datum::Long(a.wrapping_rem(b)),
        Op::Equal => Datum::Boolean(a == b),
        Op::NotEqual => Datum::Boolean(a != b),
        Op::Less => Datum::Boolean(a < b),
        Op::Greater => Datum::Boolean(a > b),
        Op::LessOrEqual => Datum::Boolean(a <= b),
        Op::GreaterOrEqual => Datum::Boolean(a >= b),
        Op::And | Op::Or => return Err(unsupported(Type::Long, operator.symbol())),
    })
}

#[expect(clippy::float_cmp, reason = "the language compares doubles exactly")]
fn double(operator: BinaryOperator, a: f64, b: f64, left: Type) -> Result<Datum, Error> {
    use BinaryOperator as Op;
    Ok(match operator {
        Op::Add => Datum::Double(a + b),
        Op::Subtract => Datum::Double(a - b),
        Op::Multiply => Datum::Double(a * b),
        Op::Divide => Datum::Double(a / b),
        Op::Remainder => Datum::Double(a % b),
        Op::Equal => Datum::Boolean(a == b),
        Op::NotEqual => Datum::Boolean(a != b),
        Op::Less => Datum::Boolean(a < b),
        Op::Greater => Datum::Boolean(a > b),
        Op::LessOrEqual => Datum::Boolean(a <= b),
        Op::GreaterOrEqual => Datum::Boolean(a >= b),
        Op::And | Op::Or => return Err(unsupported(left, operator.symbol())),
    })
}

fn boolean(operator: BinaryOperator, a: bool, b: bool) -> Result<Datum, Error> {
    Ok(Datum::Boolean(match operator {
        BinaryOperator::Equal => a == b,
        BinaryOperator::NotEqual => a != b,
        BinaryOperator::And => a && b,
        BinaryOperator::Or => a || b,
        _ => return Err(unsupported(Type::Boolean, operator.symbol())),
    }))
}

fn string(operator: BinaryOperator, left: &Datum, right: &Datum, budget: &mut Budget<'_>) -> Result<Datum, Error> {
    let same = match (operator, left, right) {
        (BinaryOperator::Add, _, _) => return concat(left, right, budget),
        (BinaryOperator::Equal | BinaryOperator::NotEqual, Datum::Text(a), Datum::Text(b)) => **a == **b,
        (BinaryOperator::Equal | BinaryOperator::NotEqual, _, Datum::Null) => !matches!(left, Datum::Text(_)),
        (BinaryOperator::Equal | BinaryOperator::NotEqual, _, _) if right.kind() == Type::String => {
            matches!((left, right), (Datum::Unset(_), Datum::Unset(_)))
        }
        (BinaryOperator::Equal | BinaryOperator::NotEqual, _, _) => return Err(mismatch(Type::String, right.kind())),
        _ => return Err(unsupported(Type::String, operator.symbol())),
    };
    budget.value()?;
    Ok(Datum::Boolean(same == (operator == BinaryOperator::Equal)))
}

fn null(operator: BinaryOperator, right: &Datum, budget: &mut Budget<'_>) -> Result<Datum, Error> {
    let is_null = matches!(right, Datum::Null | Datum::Unset(_));
    let result = match operator {
        BinaryOperator::Add => return concat(&Datum::Null, right, budget),
        BinaryOperator::Equal => is_null,
        BinaryOperator::NotEqual => !is_null,
        BinaryOperator::Less | BinaryOperator::Greater => false,
        _ => return Err(unsupported(Type::Null, operator.symbol())),
    };
    budget.value()?;
    Ok(Datum::Boolean(result))
}

fn concat(left: &Datum, right: &Datum, budget: &mut Budget<'_>) -> Result<Datum, Error> {
    let mut joined = String::new();
    text::write(left, &mut joined, budget)?;
    text::write(right, &mut joined, budget)?;
    budget.text(Text::units(&joined))?;
    Ok(Datum::from(joined))
}

/// Assigns into a box.
pub(super) fn assign(
    target: &mut Datum,
    operator: AssignOperator,
    value: &Datum,
    budget: &mut Budget<'_>,
) -> Result<(), Error> {
    let kind = target.kind();
    let refuse = || {
        let (name, symbol) = (kind.operand_name(), operator.symbol());
        Err(Error::unsupported(format!("{name} DO NOT support assignment operation {symbol}")))
    };
    match kind {
        Type::Null | Type::Void | Type::Uuid | Type::Math | Type::Util | Type::Misc | Type::Params => return refuse(),
        Type::Long | Type::Double | Type::Boolean if kind != value.kind() => return Err(mismatch(kind, value.kind())),
        Type::String if operator == AssignOperator::Add => return append(target, value, budget),
        _ => {}
    }
    if operator == AssignOperator::Set {
        if kind != value.kind() {
            return Err(mismatch(kind, value.kind()));
        }
        *target = value.clone();
        return Ok(());
    }
    let arithmetic = operator.arithmetic().unwrap_or(BinaryOperator::Add);
    *target = match (&*target, value) {
        (Datum::Long(a), Datum::Long(b)) => long(arithmetic, *a, *b)?,
        (Datum::Double(a), Datum::Double(b)) => double(arithmetic, *a, *b, Type::Double)?,
        _ => return refuse(),
    };
    Ok(())
}

fn append(target: &mut Datum, value: &Datum, budget: &mut Budget<'_>) -> Result<(), Error> {
    if !matches!(target, Datum::Text(_)) {
        *target = Datum::from("null");
    }
    let Datum::Text(content) = target else { return Ok(()) };
    let is_copied = matches!(content, Text::Whole(_))
        || matches!(content, Text::Grown(grown) if std::rc::Rc::strong_count(grown) > 1);
    if is_copied {
        budget.work(content.len())?;
    }
    match value {
        Datum::Text(more) => {
            budget.growth(Text::units(more))?;
            content.append(&more.clone());
        }
        other => {
            let mut more = String::new();
            text::write(other, &mut more, budget)?;
            budget.growth(Text::units(&more))?;
            content.append(&more);
        }
    }
    Ok(())
}
