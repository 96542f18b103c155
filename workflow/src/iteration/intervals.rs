//! Sets of iteration ids as intervals: `[10,[16,20],22]`.
//!
//! Invariant: no two intervals of a set touch.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, SeqAccess, Visitor},
    ser::SerializeSeq,
};
use serde_json::Value as Json;

/// A set of iteration ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intervals {
    /// Last id by first id.
    ranges: BTreeMap<i64, i64>,
}

impl Intervals {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// How many ids there are.
    pub fn len(&self) -> i64 {
        self.ranges().fold(0, |sum, (first, last)| sum.saturating_add(last.saturating_sub(first).saturating_add(1)))
    }

    /// The intervals, both ends included, in order.
    pub fn ranges(&self) -> impl DoubleEndedIterator<Item = (i64, i64)> {
        self.ranges.iter().map(|(&first, &last)| (first, last))
    }

    /// The ids in order.
    pub fn ids(&self) -> impl Iterator<Item = i64> {
        self.ranges().flat_map(|(first, last)| first..=last)
    }

    /// The smallest id.
    pub fn first(&self) -> Option<i64> {
        self.ranges().next().map(|(first, _)| first)
    }

    /// The largest id.
    pub fn last(&self) -> Option<i64> {
        self.ranges().next_back().map(|(_, last)| last)
    }

    /// Whether an id is in it.
    pub fn contains(&self, id: i64) -> bool {
        self.ranges.range(..=id).next_back().is_some_and(|(_, &last)| id <= last)
    }

    /// Adds an id.
    pub fn insert(&mut self, id: i64) {
        self.insert_range(id, id);
    }

    /// Adds the ids from `first` to `last`, both included; nothing when they are out of order.
    pub fn insert_range(&mut self, first: i64, last: i64) {
        if first > last {
            return;
        }
        let (mut from, mut to) = (first, last);
        let touching = self.ranges.range(..=last.saturating_add(1)).rev();
        let touching: Vec<_> =
            touching.take_while(|(_, end)| end.saturating_add(1) >= first).map(|(&s, &e)| (s, e)).collect();
        for (start, end) in touching {
            self.ranges.remove(&start);
            from = from.min(start);
            to = to.max(end);
        }
        self.ranges.insert(from, to);
    }

    /// Takes an id out; tells whether it was there.
    pub fn remove(&mut self, id: i64) -> bool {
        let Some((&first, &last)) = self.ranges.range(..=id).next_back().filter(|&(_, &last)| id <= last) else {
            return false;
        };
        self.ranges.remove(&first);
        if first < id {
            self.ranges.insert(first, id - 1);
        }
        if id < last {
            self.ranges.insert(id + 1, last);
        }
        true
    }

    /// Adds all ids of another set.
    pub fn extend(&mut self, other: &Self) {
        for (first, last) in other.ranges() {
            self.insert_range(first, last);
        }
    }

    /// The ids that are not in another set.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut rest = Self::default();
        for (first, last) in self.ranges() {
            let mut from = first;
            let start = other.ranges.range(..=first).next_back().map_or(first, |(&start, _)| start);
            for (&start, &end) in other.ranges.range(start..=last) {
                if start > from {
                    rest.insert_range(from, start - 1);
                }
                from = from.max(end.saturating_add(1));
            }
            rest.insert_range(from, last);
        }
        rest
    }

    /// The ids from `first` on.
    #[must_use]
    pub fn from_id(&self, first: i64) -> Self {
        let tail = self.ranges().filter(|(_, last)| *last >= first);
        Self { ranges: tail.map(|(start, last)| (start.max(first), last)).collect() }
    }
}

impl FromIterator<i64> for Intervals {
    fn from_iter<I: IntoIterator<Item = i64>>(ids: I) -> Self {
        let mut set = Self::default();
        for id in ids {
            set.insert(id);
        }
        set
    }
}

impl Serialize for Intervals {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.ranges.len()))?;
        for (first, last) in self.ranges() {
            if first == last {
                list.serialize_element(&first)?;
            } else {
                list.serialize_element(&[first, last])?;
            }
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Intervals {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Ranges;

        impl<'de> Visitor<'de> for Ranges {
            type Value = Intervals;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of iterations, each a number or [first, last]")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Intervals, A::Error> {
                let mut set = Intervals::default();
                while let Some(item) = list.next_element::<Json>()? {
                    let (first, last) = range(&item).ok_or_else(|| {
                        de::Error::custom(format!("an interval is a number or [first, last], not {item}"))
                    })?;
                    set.insert_range(first, last);
                }
                Ok(set)
            }
        }

        deserializer.deserialize_seq(Ranges)
    }
}

fn range(json: &Json) -> Option<(i64, i64)> {
    match json.as_array() {
        None => json.as_i64().map(|id| (id, id)),
        Some(ends) => match ends.as_slice() {
            [first, last] => Some((first.as_i64()?, last.as_i64()?)),
            _ => None,
        },
    }
}
