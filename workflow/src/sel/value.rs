//! What a program reads and what it comes to.

use std::sync::Arc;

use indexmap::IndexMap;

use super::date::{Format, Moment, Property, Zone};

/// A value of the language outside an evaluation: immutable and cheap to clone.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the variants are those of `Type`")]
pub enum Value {
    Null,
    Void,
    String(Arc<str>),
    Long(i64),
    Double(f64),
    Boolean(bool),
    /// An entry is null where nobody set it.
    StringArray(Arc<[Option<Arc<str>>]>),
    LongArray(Arc<[i64]>),
    DoubleArray(Arc<[f64]>),
    BooleanArray(Arc<[bool]>),
    Map(Arc<IndexMap<Arc<str>, Value>>),
    DateTime(Moment),
    DateTimeZone(Zone),
    DateTimeFormatter(Arc<Format>),
    DateTimeProperty(Property),
    DateTimeDays(i32),
    Uuid(uuid::Uuid),
    /// A typed null: a variable that was declared and never set, or the name of a class.
    Unset(Type),
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the reference's")]
pub enum Type {
    Null,
    Void,
    String,
    Long,
    Double,
    Boolean,
    StringArray,
    LongArray,
    DoubleArray,
    BooleanArray,
    Map,
    DateTime,
    DateTimeZone,
    DateTimeFormatter,
    DateTimeProperty,
    DateTimeDays,
    Uuid,
    Math,
    Util,
    Misc,
    Params,
}

impl Type {
    /// The name that error messages use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Void => "VOID",
            Self::String => "STRING",
            Self::Long => "LONG",
            Self::Double => "DOUBLE",
            Self::Boolean => "BOOLEAN",
            Self::StringArray => "STRING_ARRAY",
            Self::LongArray => "LONG_ARRAY",
            Self::DoubleArray => "DOUBLE_ARRAY",
            Self::BooleanArray => "BOOLEAN_ARRAY",
            Self::Map => "MAP",
            Self::DateTime => "DATETIME",
            Self::DateTimeZone => "DATETIME_ZONE",
            Self::DateTimeFormatter => "DATETIME_FORMATTER",
            Self::DateTimeProperty => "DATETIME_PROPERTY",
            Self::DateTimeDays => "DATETIME_DAYS",
            Self::Uuid => "UUID",
            Self::Math => "MATH",
            Self::Util => "PRESET_UTIL_FUNCTION",
            Self::Misc => "PRESET_MISC_FUNC_FIELDS",
            Self::Params => "PRESET_PARAMS",
        }
    }

    /// How operators name the type when they refuse it.
    pub(super) fn operand_name(self) -> &'static str {
        match self {
            Self::Long => "int/Integer/long/Long",
            Self::Double => "float/Float/double/Doubles",
            _ => self.name(),
        }
    }

    /// The type that a class name stands for as a receiver (`Long.valueOf`), `params` excepted.
    pub(super) fn of_class(name: &str) -> Option<Self> {
        Some(match name {
            "String" => Self::String,
            "Long" | "Integer" => Self::Long,
            "Double" | "Float" => Self::Double,
            "Boolean" => Self::Boolean,
            "Map" | "HashMap" | "LinkedHashMap" => Self::Map,
            "DateTime" => Self::DateTime,
            "DateTimeZone" => Self::DateTimeZone,
            "DateTimeFormatter" | "DateTimeFormat" => Self::DateTimeFormatter,
            "Property" => Self::DateTimeProperty,
            "Days" => Self::DateTimeDays,
            "UUID" => Self::Uuid,
            "Math" => Self::Math,
            "Util" => Self::Util,
            "System" | "Arrays" | "DateTimeConstants" => Self::Misc,
            _ => return None,
        })
    }

    /// The type of a variable declared or created with `name`.
    pub(super) fn declared(name: &str) -> Option<Self> {
        match name {
            "int" | "long" => Some(Self::Long),
            "float" | "double" => Some(Self::Double),
            "boolean" => Some(Self::Boolean),
            _ => Self::of_class(name).filter(|class| !matches!(class, Self::Math | Self::Util | Self::Misc)),
        }
    }

    /// The type of arrays of this.
    pub(super) fn array(self) -> Option<Self> {
        Some(match self {
            Self::String => Self::StringArray,
            Self::Long => Self::LongArray,
            Self::Double => Self::DoubleArray,
            Self::Boolean => Self::BooleanArray,
            _ => return None,
        })
    }
}

impl Value {
    /// Its type.
    pub fn kind(&self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Void => Type::Void,
            Self::String(_) => Type::String,
            Self::Long(_) => Type::Long,
            Self::Double(_) => Type::Double,
            Self::Boolean(_) => Type::Boolean,
            Self::StringArray(_) => Type::StringArray,
            Self::LongArray(_) => Type::LongArray,
            Self::DoubleArray(_) => Type::DoubleArray,
            Self::BooleanArray(_) => Type::BooleanArray,
            Self::Map(_) => Type::Map,
            Self::DateTime(_) => Type::DateTime,
            Self::DateTimeZone(_) => Type::DateTimeZone,
            Self::DateTimeFormatter(_) => Type::DateTimeFormatter,
            Self::DateTimeProperty(_) => Type::DateTimeProperty,
            Self::DateTimeDays(_) => Type::DateTimeDays,
            Self::Uuid(_) => Type::Uuid,
            Self::Unset(kind) => *kind,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}
