//! Values during an evaluation.
//!
//! Every value of the reference is a mutable box. Most boxes have one owner who never looks again, so a value stays plain until
//! somebody shares it: a typed declaration, a map, or the read of an array's element.

use std::{
    cell::{Ref, RefCell},
    collections::HashMap,
    ops::Deref,
    rc::Rc,
    sync::Arc,
};

use crate::sel::{
    date::{Format, Moment, Property, Zone},
    value::Type,
};

/// A box that several may hold; what one writes all others see.
pub(in crate::sel) type Shared = Rc<RefCell<Datum>>;

/// The content of a box.
#[derive(Clone, Debug)]
pub(in crate::sel) enum Datum {
    Null,
    /// A typed null, or the class of that name.
    Unset(Type),
    Text(Text),
    Long(i64),
    Double(f64),
    Boolean(bool),
    Array(Rc<Array>),
    Map(Rc<RefCell<Map>>),
    DateTime(Moment),
    Zone(Zone),
    Formatter(Arc<Format>),
    Property(Rc<Property>),
    Days(i32),
    Uuid(uuid::Uuid),
}

/// A text, either shared with the program or the inputs, or one that this evaluation is building.
#[derive(Clone, Debug)]
pub(in crate::sel) enum Text {
    Whole(Arc<str>),
    Grown(Rc<String>),
}

/// What an expression came to.
#[derive(Clone, Debug)]
pub(in crate::sel) enum Operand {
    /// A box that nobody else holds.
    Own(Datum),
    Shared(Shared),
    /// The box of a literal, which the program has once an evaluation.
    Literal(u32),
}

/// An array of fixed length; assignment copies only the reference to it.
#[derive(Debug)]
pub(in crate::sel) struct Array {
    pub kind: Type,
    pub element: Type,
    pub items: RefCell<Vec<Item>>,
}

#[derive(Clone, Debug)]
pub(in crate::sel) enum Item {
    Plain(Datum),
    Boxed(Shared),
}

/// Keys and values are boxes; a key that is written to after it was put can no longer be found.
#[derive(Debug, Default)]
pub(in crate::sel) struct Map {
    pub entries: Vec<Entry>,
    /// The newest entry by the content of its key when it was put.
    index: HashMap<Arc<str>, usize>,
}

#[derive(Debug)]
pub(in crate::sel) struct Entry {
    pub key: Shared,
    pub value: Shared,
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Whole(text) => text,
            Self::Grown(text) => text,
        }
    }
}

impl Text {
    pub(in crate::sel) fn to_shared(&self) -> Arc<str> {
        match self {
            Self::Whole(text) => Arc::clone(text),
            Self::Grown(text) => text.as_str().into(),
        }
    }

    /// Appends in place where nobody else holds the text.
    pub(in crate::sel) fn append(&mut self, more: &str) {
        if let Self::Grown(text) = self {
            Rc::make_mut(text).push_str(more);
            return;
        }
        let mut grown = String::with_capacity(self.len() + more.len());
        grown += self;
        grown += more;
        *self = Self::Grown(Rc::new(grown));
    }

    /// Characters as the reference counts them: UTF-16 units.
    pub(in crate::sel) fn units(text: &str) -> usize {
        if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
    }
}

impl From<String> for Datum {
    fn from(text: String) -> Self {
        Self::Text(Text::Grown(Rc::new(text)))
    }
}

impl From<&str> for Datum {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl Datum {
    pub(in crate::sel) fn kind(&self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Unset(kind) => *kind,
            Self::Text(_) => Type::String,
            Self::Long(_) => Type::Long,
            Self::Double(_) => Type::Double,
            Self::Boolean(_) => Type::Boolean,
            Self::Array(array) => array.kind,
            Self::Map(_) => Type::Map,
            Self::DateTime(_) => Type::DateTime,
            Self::Zone(_) => Type::DateTimeZone,
            Self::Formatter(_) => Type::DateTimeFormatter,
            Self::Property(_) => Type::DateTimeProperty,
            Self::Days(_) => Type::DateTimeDays,
            Self::Uuid(_) => Type::Uuid,
        }
    }

    /// What a variable of a type holds before anybody sets it.
    pub(in crate::sel) fn initial(kind: Type) -> Self {
        match kind {
            Type::Long => Self::Long(0),
            Type::Double => Self::Double(0.0),
            Type::Boolean => Self::Boolean(false),
            kind => Self::Unset(kind),
        }
    }

    pub(in crate::sel) fn shared(self) -> Shared {
        Rc::new(RefCell::new(self))
    }
}

impl Item {
    pub(in crate::sel) fn read(&self) -> Datum {
        match self {
            Self::Plain(datum) => datum.clone(),
            Self::Boxed(shared) => shared.borrow().clone(),
        }
    }
}

impl Array {
    pub(in crate::sel) fn of(element: Type, items: Vec<Datum>) -> Option<Rc<Self>> {
        let items = items.into_iter().map(Item::Plain).collect();
        Some(Rc::new(Self { kind: element.array()?, element, items: RefCell::new(items) }))
    }

    pub(in crate::sel) fn len(&self) -> usize {
        self.items.borrow().len()
    }

    /// The box of an element.
    pub(in crate::sel) fn shared(&self, index: usize) -> Option<Shared> {
        let mut items = self.items.borrow_mut();
        let item = items.get_mut(index)?;
        if let Item::Plain(datum) = item {
            *item = Item::Boxed(datum.clone().shared());
        }
        let Item::Boxed(shared) = item else { return None };
        Some(Rc::clone(shared))
    }
}

/// Whether the content of a key's box is this text.
fn is_key(key: &Shared, text: &str) -> bool {
    matches!(&*key.borrow(), Datum::Text(content) if **content == *text)
}

impl Map {
    pub(in crate::sel) fn get(&self, key: &str) -> Option<&Shared> {
        let entry = &self.entries[*self.index.get(key)?];
        is_key(&entry.key, key).then_some(&entry.value)
    }

    /// Stores the boxes and gives back the value that was there.
    pub(in crate::sel) fn put(&mut self, key: &Shared, value: Shared) -> Option<Shared> {
        let name = {
            let content: Ref<'_, Datum> = key.borrow();
            let Datum::Text(text) = &*content else { return None };
            text.to_shared()
        };
        if let Some(&index) = self.index.get(&name) {
            let entry = &mut self.entries[index];
            if is_key(&entry.key, &name) {
                return Some(std::mem::replace(&mut entry.value, value));
            }
        }
        self.index.insert(name, self.entries.len());
        self.entries.push(Entry { key: Rc::clone(key), value });
        None
    }

    /// Drops all entries, so that maps that hold each other do not live on.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.index.clear();
    }
}
