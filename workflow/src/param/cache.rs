//! Parsed programs, kept by their text: a definition is parsed once, however many runs evaluate it.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use crate::sel;

/// Programs per generation; two generations are kept. A program takes a few kilobytes, a busy server has some thousand.
const GENERATION_MAX: usize = 4096;

static SHARED: LazyLock<Cache> = LazyLock::new(Cache::new);

/// A bounded memory of parsed programs. Threads share it; what was not asked for in two generations is forgotten.
#[derive(Debug, Default)]
pub struct Cache {
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Arc<str>, sel::Program>,
    old: HashMap<Arc<str>, sel::Program>,
}

impl Cache {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// The one of this process: programs are values, so that sharing them changes nothing but the cost.
    pub fn shared() -> &'static Self {
        &SHARED
    }

    /// The program of an expression, parsed now where it is not known.
    pub fn program(&self, text: &Arc<str>) -> Result<sel::Program, sel::Error> {
        if let Some(program) = self.known(text) {
            return Ok(program);
        }
        // Not under the lock: two threads may parse the same text, and one result is dropped.
        let program = sel::Program::parse_prepared(text)?;
        self.generations().keep(Arc::clone(text), program.clone());
        Ok(program)
    }

    fn known(&self, text: &Arc<str>) -> Option<sel::Program> {
        let mut generations = self.generations();
        if let Some(program) = generations.young.get(text) {
            return Some(program.clone());
        }
        let (text, program) = generations.old.remove_entry(text)?;
        generations.keep(text, program.clone());
        Some(program)
    }

    fn generations(&self) -> MutexGuard<'_, Generations> {
        // A thread that panicked while it held the lock left whole entries behind.
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn keep(&mut self, text: Arc<str>, program: sel::Program) {
        if self.young.len() >= GENERATION_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(text, program);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_is_bounded_and_keeps_what_is_asked_for() {
        let cache = Cache::new();
        let asked: Arc<str> = Arc::from("1 + 1");
        for number in 0..3 * GENERATION_MAX {
            cache.program(&Arc::from(format!("{number}"))).unwrap();
            cache.program(&asked).unwrap();
        }
        let generations = cache.generations();
        assert!(generations.young.len() <= GENERATION_MAX && generations.old.len() <= GENERATION_MAX);
        assert!(generations.young.contains_key(&asked) || generations.old.contains_key(&asked));
    }
}
