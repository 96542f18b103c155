//! Map.

use super::{Datum, Error, Machine, Operand, Type, no_method};

pub(super) fn call(
    machine: &mut Machine<'_>,
    receiver: &Datum,
    name: &str,
    arguments: Vec<Operand>,
    data: &[Datum],
) -> Result<Operand, Error> {
    let is_known = matches!((name, data.len()), ("size", 0) | ("get" | "containsKey", 1) | ("getOrDefault" | "put", 2));
    if !is_known {
        return Err(no_method(Type::Map, name, data));
    }
    let key = match data.first() {
        None => None,
        Some(Datum::Text(key)) => Some(key),
        Some(other) => return Err(Error::cast(other.kind().name(), Type::String.name())),
    };
    let (Datum::Map(map), key) = (receiver, key) else {
        return match name {
            "size" => Ok(Operand::Own(Datum::Long(0))),
            "containsKey" => Ok(Operand::Own(Datum::Boolean(false))),
            _ => Err(Error::null(format!("{name} of a null map"))),
        };
    };
    let key = key.map_or("", |key| key);
    machine.budget.value()?;
    Ok(match name {
        "size" => Operand::Own(Datum::Long(i64::try_from(map.borrow().entries.len()).unwrap_or(i64::MAX))),
        "containsKey" => Operand::Own(Datum::Boolean(map.borrow().get(key).is_some())),
        "put" => {
            // The boxes themselves go in: what is assigned to a variable later shows in the map.
            let mut shared = arguments.into_iter().map(|operand| machine.share(operand));
            let (Some(key), Some(value)) = (shared.next(), shared.next()) else {
                return Err(no_method(Type::Map, name, data));
            };
            drop(shared);
            let previous = map.borrow_mut().put(&key, value);
            previous.map_or(Operand::Own(Datum::Null), Operand::Shared)
        }
        _ => {
            let found = map.borrow().get(key).cloned().map(Operand::Shared);
            found.or_else(|| arguments.into_iter().nth(1)).unwrap_or(Operand::Own(Datum::Null))
        }
    })
}
