//! All timers of a node in one ordered set, and one task that waits for the first of them.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::task::JoinSet;
use workflow::{
    life::{Address, Wake},
    port::Clock,
    time::Timestamp,
};

use crate::actor::{self, Actor, Handle, Next};

/// The longest sleep: a clock that jumps is noticed after this long.
const NAP_MAX: Duration = Duration::from_secs(30);
/// Timers that one turn lets fire, so that setting new ones is not kept waiting.
const FIRED_MAX: usize = 1024;

/// Why a timer was set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Due {
    /// A machine wanted it.
    Woken(Wake),
    /// A machine that may leave memory has had time enough to be needed again.
    Idle,
    /// A machine that was left where it was after a crash has to go on.
    Recovery,
}

/// By moment, then by when it was set.
type Place = (Timestamp, u64);

/// Timers in the order in which they fire. Setting one again replaces it.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    queue: BTreeMap<Place, (Address, Due)>,
    places: HashMap<Address, Vec<(Due, Place)>>,
    count: u64,
}

impl Timers {
    pub(crate) fn set(&mut self, address: Address, due: Due, at: Timestamp) {
        self.count += 1;
        let place = (at, self.count);
        let places = self.places.entry(address.clone()).or_default();
        match places.iter_mut().find(|(set, _)| *set == due) {
            Some((_, old)) => {
                self.queue.remove(old);
                *old = place;
            }
            None => places.push((due.clone(), place)),
        }
        self.queue.insert(place, (address, due));
    }

    /// Drops all timers of a machine that has left.
    pub(crate) fn forget(&mut self, address: &Address) {
        for (_, place) in self.places.remove(address).unwrap_or_default() {
            self.queue.remove(&place);
        }
    }

    /// When the first one fires.
    pub(crate) fn first(&self) -> Option<Timestamp> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the first one if its moment has come.
    pub(crate) fn fire(&mut self, now: Timestamp) -> Option<(Address, Due)> {
        let first = self.queue.first_entry().filter(|entry| entry.key().0 <= now)?;
        let (place, (address, due)) = first.remove_entry();
        if let Some(places) = self.places.get_mut(&address) {
            places.retain(|(_, set)| *set != place);
            if places.is_empty() {
                self.places.remove(&address);
            }
        }
        Some((address, due))
    }
}

/// What the timer actor is told.
#[derive(Debug)]
pub(crate) enum Order {
    Set {
        address: Address,
        due: Due,
        at: Timestamp,
    },
    Forget(Address),
    /// The sleep is over; of which nap.
    Up(u64),
}

/// What happens when a timer fires.
pub(crate) type Fire = Box<dyn Fn(Address, Due) + Send + Sync>;

/// Starts the timers of a node.
pub(crate) fn start(clock: Arc<dyn Clock>, fire: Fire, owner: &mut JoinSet<()>) -> Handle<Order> {
    actor::spawn_with(
        |own| Wheel { timers: Timers::default(), clock, fire, own, naps: JoinSet::new(), nap: 0, until: None },
        usize::MAX,
        owner,
    )
}

struct Wheel {
    timers: Timers,
    clock: Arc<dyn Clock>,
    fire: Fire,
    own: Handle<Order>,
    naps: JoinSet<()>,
    /// Counts naps, so that an alarm of an earlier one is known as such.
    nap: u64,
    until: Option<Timestamp>,
}

impl Actor for Wheel {
    type Message = Order;

    async fn turn(&mut self, waiting: &mut VecDeque<Order>) -> Next {
        for order in waiting.drain(..) {
            match order {
                Order::Set { address, due, at } => self.timers.set(address, due, at),
                Order::Forget(address) => self.timers.forget(&address),
                Order::Up(nap) if nap == self.nap => self.until = None,
                Order::Up(_) => {}
            }
        }
        let now = self.clock.now();
        for _ in 0..FIRED_MAX {
            let Some((address, due)) = self.timers.fire(now) else {
                self.sleep(now);
                return Next::Wait;
            };
            (self.fire)(address, due);
        }
        Next::GoOn
    }

    fn panicked(&mut self, what: String) -> Next {
        tracing::error!(what, "the timers panicked");
        Next::GoOn
    }

    async fn end(mut self) {
        self.naps.shutdown().await;
    }
}

impl Wheel {
    /// Sleeps until the first timer fires, unless that is already so.
    fn sleep(&mut self, now: Timestamp) {
        let Some(first) = self.timers.first() else { return };
        if self.until.is_some_and(|until| until <= first) {
            return;
        }
        let rest = (first - now).to_std().min(NAP_MAX);
        self.nap += 1;
        self.until = Some(first);
        let (own, nap) = (self.own.clone(), self.nap);
        self.naps.abort_all();
        while self.naps.try_join_next().is_some() {}
        self.naps.spawn(async move {
            tokio::time::sleep(rest).await;
            let _gone = own.tell(Order::Up(nap));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_timer_with_the_same_reason_replaces_the_earlier_one() {
        let mut timers = Timers::default();
        timers.set(Address::Permits, Due::Idle, Timestamp(5));
        timers.set(Address::Permits, Due::Idle, Timestamp(9));
        assert_eq!(timers.fire(Timestamp(8)), None);
        assert_eq!(timers.fire(Timestamp(9)), Some((Address::Permits, Due::Idle)));
        assert_eq!(timers.fire(Timestamp(99)), None);
    }

    #[test]
    fn timers_fire_in_the_order_of_their_moments_then_as_they_were_set() {
        let mut timers = Timers::default();
        let wake = |n| Due::Woken(Wake::Other(n));
        for (n, at) in [(1, 7), (2, 5), (3, 7)] {
            timers.set(Address::Signals, wake(n), Timestamp(at));
        }
        let fired: Vec<_> = std::iter::from_fn(|| timers.fire(Timestamp(7))).map(|(_, due)| due).collect();
        assert_eq!(fired, [wake(2), wake(1), wake(3)]);
    }

    #[test]
    fn a_machine_that_left_is_not_woken() {
        let mut timers = Timers::default();
        timers.set(Address::Library, Due::Idle, Timestamp(1));
        timers.forget(&Address::Library);
        assert_eq!((timers.fire(Timestamp(2)), timers.first()), (None, None));
    }
}
