//! What an evaluation has used of what it may use.

use crate::sel::{Error, Kind, Limits, error::Class};

/// The deadline is asked for once in so many visits.
const VISITS_A_LOOK: u64 = 4096;
/// Bytes that are copied or searched in about the time of one visit. Without it, few visits over long texts would take hours.
const BYTES_A_VISIT: u64 = 1024;
/// The reference's estimate of a value's size.
const VALUE_BYTES: u64 = 32;
/// The reference's estimate of a character's size.
const UNIT_BYTES: u64 = 2;

pub(in crate::sel) struct Budget<'a> {
    limits: Limits,
    visits: u64,
    next_look: u64,
    memory_bytes: u64,
    deadline: Option<&'a dyn Fn() -> bool>,
}

impl<'a> Budget<'a> {
    pub(super) fn new(limits: &Limits, deadline: Option<&'a dyn Fn() -> bool>) -> Self {
        Self { limits: *limits, visits: 0, next_look: VISITS_A_LOOK, memory_bytes: 0, deadline }
    }

    pub(in crate::sel) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// One syntax node.
    pub(super) fn visit(&mut self) -> Result<(), Error> {
        self.visits += 1;
        if self.visits >= self.next_look || self.visits >= self.limits.visits { self.look() } else { Ok(()) }
    }

    /// Work on so many bytes of text.
    pub(in crate::sel) fn work(&mut self, bytes: usize) -> Result<(), Error> {
        let visits = bytes as u64 / BYTES_A_VISIT;
        if visits == 0 {
            return Ok(());
        }
        self.visits = self.visits.saturating_add(visits);
        self.look()
    }

    /// So much work at once.
    pub(in crate::sel) fn visits(&mut self, count: u64) -> Result<(), Error> {
        self.visits = self.visits.saturating_add(count);
        self.look()
    }

    fn look(&mut self) -> Result<(), Error> {
        if self.visits >= self.limits.visits {
            let limit = self.limits.visits;
            let message = format!("SEL evaluation aborted as it takes too many operations over the limit {limit}");
            return Err(Error::limit(Class::IllegalState, message));
        }
        self.next_look = self.visits.saturating_add(VISITS_A_LOOK);
        if self.deadline.is_some_and(|is_over| is_over()) {
            return Err(Error::new(Kind::Timeout, Class::Timeout, "SEL evaluation aborted as its time is up"));
        }
        Ok(())
    }

    /// One value.
    pub(in crate::sel) fn value(&mut self) -> Result<(), Error> {
        self.charge(VALUE_BYTES)
    }

    /// So many values at once.
    pub(in crate::sel) fn values(&mut self, count: usize) -> Result<(), Error> {
        self.charge(VALUE_BYTES.saturating_mul(count as u64))
    }

    /// One text value of so many UTF-16 units.
    pub(in crate::sel) fn text(&mut self, units: usize) -> Result<(), Error> {
        self.work(units)?;
        self.charge(VALUE_BYTES.saturating_add(UNIT_BYTES.saturating_mul(units as u64)))
    }

    /// A text that grows in place.
    pub(in crate::sel) fn growth(&mut self, units: usize) -> Result<(), Error> {
        self.work(units)?;
        self.charge(UNIT_BYTES.saturating_mul(units as u64))
    }

    /// Fails now if so many more units could not be paid for.
    pub(in crate::sel) fn afford(&mut self, units: usize) -> Result<(), Error> {
        let bytes = self.memory_bytes.saturating_add(UNIT_BYTES.saturating_mul(units as u64));
        if bytes >= self.limits.memory_bytes { Err(self.too_much_memory()) } else { Ok(()) }
    }

    fn charge(&mut self, bytes: u64) -> Result<(), Error> {
        self.memory_bytes = self.memory_bytes.saturating_add(bytes);
        if self.memory_bytes >= self.limits.memory_bytes { Err(self.too_much_memory()) } else { Ok(()) }
    }

    fn too_much_memory(&self) -> Error {
        let limit = self.limits.memory_bytes;
        let message = format!("SEL evaluation aborted as it takes too much memory (in byte) over the limit {limit}");
        Error::limit(Class::IllegalState, message)
    }
}
