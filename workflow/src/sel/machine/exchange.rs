//! Values that enter and leave an evaluation.

use std::{rc::Rc, sync::Arc};

use indexmap::IndexMap;

use super::{Array, Datum, Machine, Text};
use crate::sel::{Error, Property, Value, value::Type};

/// Maps within maps deeper than this neither enter nor leave.
const DEPTH_MAX: usize = 64;

impl Machine<'_> {
    /// A copy of a value from outside: what the program does to it stays inside.
    pub(in crate::sel) fn datum_of(&mut self, value: &Value) -> Result<Datum, Error> {
        self.datum_within(value, 0)
    }

    fn datum_within(&mut self, value: &Value, depth: usize) -> Result<Datum, Error> {
        self.budget.value()?;
        Ok(match value {
            Value::Null | Value::Void => Datum::Null,
            Value::Unset(kind) => Datum::Unset(*kind),
            Value::String(text) => {
                self.budget.growth(Text::units(text))?;
                Datum::Text(Text::Whole(Arc::clone(text)))
            }
            Value::Long(number) => Datum::Long(*number),
            Value::Double(number) => Datum::Double(*number),
            Value::Boolean(flag) => Datum::Boolean(*flag),
            Value::StringArray(items) => {
                self.budget.values(items.len())?;
                let mut texts = Vec::with_capacity(items.len());
                for item in items.iter() {
                    let Some(text) = item else {
                        texts.push(Datum::Unset(Type::String));
                        continue;
                    };
                    self.budget.growth(Text::units(text))?;
                    texts.push(Datum::Text(Text::Whole(Arc::clone(text))));
                }
                array(Type::String, texts)
            }
            Value::LongArray(items) => {
                self.budget.values(items.len())?;
                array(Type::Long, items.iter().copied().map(Datum::Long).collect())
            }
            Value::DoubleArray(items) => {
                self.budget.values(items.len())?;
                array(Type::Double, items.iter().copied().map(Datum::Double).collect())
            }
            Value::BooleanArray(items) => {
                self.budget.values(items.len())?;
                array(Type::Boolean, items.iter().copied().map(Datum::Boolean).collect())
            }
            Value::Map(entries) => return self.map_of(entries, depth),
            Value::DateTime(moment) => Datum::DateTime(moment.clone()),
            Value::DateTimeZone(zone) => Datum::Zone(zone.clone()),
            Value::DateTimeFormatter(format) => Datum::Formatter(Arc::clone(format)),
            Value::DateTimeProperty(property) => Datum::Property(Rc::new(property.clone())),
            Value::DateTimeDays(days) => Datum::Days(*days),
            Value::Uuid(uuid) => Datum::Uuid(*uuid),
        })
    }

    fn map_of(&mut self, entries: &IndexMap<Arc<str>, Value>, depth: usize) -> Result<Datum, Error> {
        if depth == DEPTH_MAX {
            return Err(too_deep());
        }
        let map = self.new_map()?;
        for (key, value) in entries {
            if matches!(value, Value::Null) {
                return Err(Error::argument(format!("Invalid type, not support having map entry value {key}=null")));
            }
            self.budget.text(Text::units(key))?;
            let value = self.datum_within(value, depth + 1)?.shared();
            let key = Datum::Text(Text::Whole(Arc::clone(key))).shared();
            if let Datum::Map(map) = &map {
                map.borrow_mut().put(&key, value);
            }
        }
        Ok(map)
    }

    /// A value for the outside; maps are copied and paid for entry by entry.
    pub(in crate::sel) fn value_of(&mut self, datum: &Datum) -> Result<Value, Error> {
        self.value_within(datum, 0)
    }

    fn value_within(&mut self, datum: &Datum, depth: usize) -> Result<Value, Error> {
        Ok(match datum {
            Datum::Null => Value::Null,
            Datum::Unset(kind) => Value::Unset(*kind),
            Datum::Text(text) => Value::String(text.to_shared()),
            Datum::Long(number) => Value::Long(*number),
            Datum::Double(number) => Value::Double(*number),
            Datum::Boolean(flag) => Value::Boolean(*flag),
            Datum::Array(items) => array_value(items),
            Datum::Map(_) if depth == DEPTH_MAX => return Err(too_deep()),
            Datum::Map(map) => {
                let map = map.borrow();
                let mut entries = IndexMap::with_capacity(map.entries.len());
                for entry in &map.entries {
                    // A program can put a map many times into others: the copy may be far larger than what was made.
                    self.budget.value()?;
                    let Datum::Text(key) = &*entry.key.borrow() else { continue };
                    self.budget.growth(Text::units(key))?;
                    entries.insert(key.to_shared(), self.value_within(&entry.value.borrow(), depth + 1)?);
                }
                Value::Map(Arc::new(entries))
            }
            Datum::DateTime(moment) => Value::DateTime(moment.clone()),
            Datum::Zone(zone) => Value::DateTimeZone(zone.clone()),
            Datum::Formatter(format) => Value::DateTimeFormatter(Arc::clone(format)),
            Datum::Property(property) => Value::DateTimeProperty(Property::clone(property)),
            Datum::Days(days) => Value::DateTimeDays(*days),
            Datum::Uuid(uuid) => Value::Uuid(*uuid),
        })
    }
}

fn too_deep() -> Error {
    Error::argument(format!("maps may not stand deeper than {DEPTH_MAX} within each other"))
}

fn array(element: Type, items: Vec<Datum>) -> Datum {
    Array::of(element, items).map_or(Datum::Null, Datum::Array)
}

fn array_value(array: &Array) -> Value {
    let items = array.items.borrow();
    let data = items.iter().map(super::Item::read);
    match array.element {
        Type::Long => Value::LongArray(data.map(|item| if let Datum::Long(item) = item { item } else { 0 }).collect()),
        Type::Double => {
            Value::DoubleArray(data.map(|item| if let Datum::Double(item) = item { item } else { 0.0 }).collect())
        }
        Type::Boolean => Value::BooleanArray(data.map(|item| matches!(item, Datum::Boolean(true))).collect()),
        _ => {
            let texts = data.map(|item| if let Datum::Text(item) = item { Some(item.to_shared()) } else { None });
            Value::StringArray(texts.collect())
        }
    }
}
