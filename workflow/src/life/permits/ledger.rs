//! Who holds which tag, and who waits for one.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::{id::AttemptKey, time::Timestamp};

/// A place in the order of arrival.
type Place = (Timestamp, u64);

/// A wish for one permit of each of several tags.
#[derive(Clone, Debug)]
struct Wish {
    attempt: AttemptKey,
    tags: Vec<(Arc<str>, Option<i64>)>,
}

/// The permits of all tags.
///
/// A wish that cannot be granted is parked at the first of its tags that is used up, and looked at again when one of that tag comes
/// back. So a blocked wish costs nothing until it has a chance, and never holds up one that needs other tags.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Limits set by operators; they win over those that a wish carries.
    limits: HashMap<Arc<str>, i64>,
    held: HashMap<Arc<str>, i64>,
    holders: HashMap<AttemptKey, Vec<Arc<str>>>,
    waiting: HashMap<AttemptKey, (Place, Arc<str>)>,
    parked: HashMap<Arc<str>, BTreeMap<Place, Wish>>,
    arrivals: u64,
}

impl Ledger {
    /// Sets or lifts an operator's limit, and gives the attempts that hold their permits now.
    pub(super) fn limit(&mut self, tag: &Arc<str>, max: Option<i64>) -> Vec<AttemptKey> {
        match max {
            Some(max) => self.limits.insert(Arc::clone(tag), max),
            None => self.limits.remove(tag),
        };
        let mut granted = Vec::new();
        self.unpark(tag, &mut granted);
        granted
    }

    /// Whether the attempt holds its permits now; otherwise it waits in the order of `since`.
    pub(super) fn want(&mut self, attempt: AttemptKey, tags: Vec<(Arc<str>, Option<i64>)>, since: Timestamp) -> bool {
        if self.holders.contains_key(&attempt) {
            return true;
        }
        self.withdraw(&attempt);
        self.arrivals += 1;
        let place = (since, self.arrivals);
        self.grant_or_park(place, Wish { attempt, tags })
    }

    /// An attempt needs nothing any more; gives the attempts that hold their permits because of it.
    pub(super) fn release(&mut self, attempt: &AttemptKey) -> Vec<AttemptKey> {
        self.withdraw(attempt);
        let mut granted = Vec::new();
        let tags = self.holders.remove(attempt).unwrap_or_default();
        for tag in &tags {
            if let Some(count) = self.held.get_mut(tag) {
                *count -= 1;
                if *count == 0 {
                    self.held.remove(tag);
                }
            }
        }
        for tag in &tags {
            self.unpark(tag, &mut granted);
        }
        granted
    }

    /// Everybody who holds or waits.
    pub(super) fn attempts(&self) -> impl Iterator<Item = &AttemptKey> {
        self.holders.keys().chain(self.waiting.keys())
    }

    /// Whether nobody holds or waits.
    pub(super) fn is_empty(&self) -> bool {
        self.holders.is_empty() && self.waiting.is_empty()
    }

    fn withdraw(&mut self, attempt: &AttemptKey) {
        let Some((place, tag)) = self.waiting.remove(attempt) else { return };
        if let Some(parked) = self.parked.get_mut(&tag) {
            parked.remove(&place);
            if parked.is_empty() {
                self.parked.remove(&tag);
            }
        }
    }

    fn grant_or_park(&mut self, place: Place, wish: Wish) -> bool {
        if let Some(full) = wish.tags.iter().find(|(tag, limit)| !self.has_room(tag, *limit)) {
            let tag = Arc::clone(&full.0);
            self.waiting.insert(wish.attempt.clone(), (place, Arc::clone(&tag)));
            self.parked.entry(tag).or_default().insert(place, wish);
            return false;
        }
        let tags: Vec<Arc<str>> = wish.tags.into_iter().map(|(tag, _)| tag).collect();
        for tag in &tags {
            *self.held.entry(Arc::clone(tag)).or_default() += 1;
        }
        self.holders.insert(wish.attempt, tags);
        true
    }

    fn has_room(&self, tag: &Arc<str>, carried: Option<i64>) -> bool {
        let limit = self.limits.get(tag).copied().or(carried);
        limit.is_none_or(|limit| self.held.get(tag).copied().unwrap_or(0) < limit)
    }

    /// Looks again at what waits for a tag, in order, until one of those must go on waiting for it.
    fn unpark(&mut self, tag: &Arc<str>, granted: &mut Vec<AttemptKey>) {
        // Each turn takes one wish out: it is granted, moves to another tag, or ends the loop.
        while let Some((place, wish)) = self.parked.get_mut(tag).and_then(BTreeMap::pop_first) {
            let attempt = wish.attempt.clone();
            self.waiting.remove(&attempt);
            if self.grant_or_park(place, wish) {
                granted.push(attempt);
            } else if self.waiting.get(&attempt).is_some_and(|(_, parked)| parked == tag) {
                break;
            }
        }
        if self.parked.get(tag).is_some_and(BTreeMap::is_empty) {
            self.parked.remove(tag);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AttemptId, InstanceId, RunId, RunKey};

    fn attempt(n: i64) -> AttemptKey {
        let run = RunKey { workflow: "w".into(), instance: InstanceId(n), run: RunId::FIRST };
        AttemptKey { run, step: "s".into(), attempt: AttemptId::FIRST }
    }

    fn want(ledger: &mut Ledger, n: i64, tags: &[(&str, i64)]) -> bool {
        let tags = tags.iter().map(|(tag, limit)| (Arc::from(*tag), Some(*limit))).collect();
        ledger.want(attempt(n), tags, Timestamp(n))
    }

    #[test]
    fn a_blocked_wish_does_not_hold_up_one_for_other_tags() {
        let mut ledger = Ledger::default();
        assert!(want(&mut ledger, 1, &[("a", 1)]));
        assert!(!want(&mut ledger, 2, &[("a", 1), ("b", 1)]));
        assert!(want(&mut ledger, 3, &[("b", 1)]));
        assert_eq!(ledger.release(&attempt(1)), [], "2 now waits for b");
        assert_eq!(ledger.release(&attempt(3)), [attempt(2)]);
    }

    #[test]
    fn those_that_wait_longest_come_first() {
        let mut ledger = Ledger::default();
        assert!(want(&mut ledger, 1, &[("a", 1)]));
        assert!(!want(&mut ledger, 3, &[("a", 1)]));
        assert!(!want(&mut ledger, 2, &[("a", 1)]));
        assert_eq!(ledger.release(&attempt(1)), [attempt(2)]);
        assert_eq!(ledger.release(&attempt(2)), [attempt(3)]);
        assert_eq!(ledger.release(&attempt(3)), []);
        assert!(ledger.is_empty());
    }

    #[test]
    fn an_operators_limit_wins_and_a_higher_one_lets_go() {
        let mut ledger = Ledger::default();
        let tag = Arc::from("a");
        assert_eq!(ledger.limit(&tag, Some(1)), []);
        assert!(want(&mut ledger, 1, &[("a", 20)]));
        assert!(!want(&mut ledger, 2, &[("a", 20)]));
        assert!(!want(&mut ledger, 3, &[("a", 20)]));
        assert_eq!(ledger.limit(&tag, Some(2)), [attempt(2)]);
        assert_eq!(ledger.limit(&tag, None), [attempt(3)]);
    }

    #[test]
    fn asking_again_changes_nothing() {
        let mut ledger = Ledger::default();
        assert!(want(&mut ledger, 1, &[("a", 1)]));
        assert!(want(&mut ledger, 1, &[("a", 1)]));
        assert!(!want(&mut ledger, 2, &[("a", 1)]));
        assert!(!want(&mut ledger, 2, &[("a", 1)]));
        assert_eq!(ledger.release(&attempt(1)), [attempt(2)]);
        assert_eq!(ledger.release(&attempt(2)), []);
        assert!(ledger.is_empty());
    }

    #[test]
    fn one_that_gives_up_leaves_its_place() {
        let mut ledger = Ledger::default();
        assert!(want(&mut ledger, 1, &[("a", 1)]));
        assert!(!want(&mut ledger, 2, &[("a", 1)]));
        assert!(!want(&mut ledger, 3, &[("a", 1)]));
        assert_eq!(ledger.release(&attempt(2)), []);
        assert_eq!(ledger.release(&attempt(1)), [attempt(3)]);
    }
}
