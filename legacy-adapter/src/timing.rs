//! When the old stack gets round to things.
//!
//! Every figure is a default or a measured value of the 2.x polling stack as Maestro ran on it (queue polls, callbacks, sweeps). A
//! random wait is uniform over its range, drawn from a seeded generator, so that a run in virtual time repeats exactly.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use workflow::{
    life::Wake,
    status::StepStatus,
    time::{Millis, Timestamp},
};

/// The old stack's intervals, in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Pause between two polls of the system-task queue.
    pub queue_poll: i64,
    /// How long one pop of that queue takes.
    pub queue_pop: i64,
    /// Messages taken by one poll.
    pub queue_batch: u32,
    /// What one decide costs, shortest and longest.
    pub decide: (i64, i64),
    /// Until a step that waits or runs is looked at again.
    pub callback_waiting: i64,
    /// Until any other step is looked at again.
    pub callback: i64,
    /// Steps younger than this are looked at again at once.
    pub fresh: i64,
    /// Until the sweeper visits a running workflow again: time-outs fire here and lost wake-ups are found here.
    pub sweep: i64,
    /// Longest pass of the sweeper.
    pub sweep_pass: i64,
    /// How often a wake-up is lost to a held lock and found by the next sweep, in ten-thousandths.
    pub lost_wake_ups: u16,
    /// How often a queue message is handed out twice, in ten-thousandths.
    pub duplicates: u16,
}

impl Profile {
    /// Maestro on its old polling core, as shipped: 100 ms polls, 3 s callbacks, 30 s sweeps.
    pub fn maestro() -> Self {
        Self {
            queue_poll: 100,
            queue_pop: 200,
            queue_batch: 16,
            decide: (30, 60),
            callback_waiting: 3_000,
            callback: 1_000,
            fresh: 3_000,
            sweep: 30_000,
            sweep_pass: 2_500,
            lost_wake_ups: 0,
            duplicates: 0,
        }
    }

    /// The same stack with its weak guarantees showing: wake-ups get lost, messages come twice.
    #[must_use]
    pub fn with_weaknesses(mut self, lost_wake_ups: u16, duplicates: u16) -> Self {
        (self.lost_wake_ups, self.duplicates) = (lost_wake_ups, duplicates);
        self
    }

    /// Every interval times `pace`; 1 is the old stack, 0.02 makes 30 s of it 0.6 s. Not below 0.
    #[must_use]
    pub fn paced(mut self, pace: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "intervals are far below 2^52"
        )]
        let scaled = |interval: i64| (interval as f64 * pace.max(0.0)).round() as i64;
        for interval in [
            &mut self.queue_poll,
            &mut self.queue_pop,
            &mut self.decide.0,
            &mut self.decide.1,
            &mut self.callback_waiting,
            &mut self.callback,
            &mut self.fresh,
            &mut self.sweep,
            &mut self.sweep_pass,
        ] {
            *interval = scaled(*interval);
        }
        self
    }
}

/// Something that waits for the old stack to get round to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turn<'a> {
    /// The decider, called inside the request that changed something.
    Decide,
    /// A step's next look; its status and how long ago it was created.
    Step {
        /// Where it stands.
        status: StepStatus,
        /// Since when it is there.
        age: Millis,
    },
    /// Something that a waiting step would see at its next callback.
    Callback,
    /// A step's result, put into the queue.
    Queue,
    /// A timer that fired; who notices depends on what it is for.
    Wake(&'a Wake),
}

/// Draws the moments at which things happen.
#[derive(Debug)]
pub struct Timing {
    profile: Profile,
    random: StdRng,
    /// Polls of the system-task queue come at this moment and every step before and after.
    phase: i64,
    /// How many messages each coming poll takes already, by its number.
    taken: BTreeMap<i64, u32>,
}

impl Timing {
    /// The profile's timing, drawn from `seed`.
    pub fn new(profile: Profile, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let phase = random.random_range(0..=(profile.queue_poll + profile.queue_pop).max(0));
        Self { profile, random, phase, taken: BTreeMap::new() }
    }

    /// When it happens.
    pub fn when(&mut self, turn: Turn<'_>, now: Timestamp) -> Timestamp {
        if matches!(turn, Turn::Decide | Turn::Callback) && self.happens(self.profile.lost_wake_ups) {
            return self.next_sweep(now);
        }
        match turn {
            Turn::Decide => now + self.between(self.profile.decide),
            Turn::Queue => self.next_poll(now, now),
            Turn::Callback => {
                let seen = now + self.between((0, self.profile.callback_waiting));
                self.next_poll(seen, now)
            }
            Turn::Step { status, age } => {
                let due = now + self.callback(status, age);
                self.next_poll(due, now)
            }
            Turn::Wake(wake) => self.noticed(wake, now),
        }
    }

    /// Whether a queue message is handed out twice.
    pub fn comes_twice(&mut self) -> bool {
        self.happens(self.profile.duplicates)
    }

    fn callback(&self, status: StepStatus, age: Millis) -> Millis {
        if age.0 < self.profile.fresh {
            return Millis(0);
        }
        Millis(match status {
            StepStatus::Running
            | StepStatus::WaitingForPermits
            | StepStatus::WaitingForSignals
            | StepStatus::Paused => self.profile.callback_waiting,
            _ => self.profile.callback,
        })
    }

    /// A retry's delay is a queue offset; everything else is noticed by a callback or a sweep.
    fn noticed(&mut self, wake: &Wake, now: Timestamp) -> Timestamp {
        match wake {
            Wake::RunTimeout => self.next_sweep(now),
            Wake::Retry(_) => self.next_poll(now, now),
            Wake::StepTimeout(_) | Wake::Sleep(_) | Wake::Poll(_) | Wake::StopOthers(_) => {
                let seen = now + self.between((0, self.profile.callback_waiting));
                self.next_poll(seen, now)
            }
            Wake::ActionDeadline(_) | Wake::Trigger | Wake::Other(_) => now,
        }
    }

    fn next_sweep(&mut self, now: Timestamp) -> Timestamp {
        now + self.between((0, self.profile.sweep)) + self.between((0, self.profile.sweep_pass))
    }

    /// The first poll at or after `due` that has room in its batch.
    fn next_poll(&mut self, due: Timestamp, now: Timestamp) -> Timestamp {
        let step = self.profile.queue_poll + self.profile.queue_pop;
        if step <= 0 {
            return due;
        }
        let tick =
            |at: Timestamp| (at.0 - self.phase).div_euclid(step) + i64::from((at.0 - self.phase).rem_euclid(step) > 0);
        let (first, passed) = (tick(due), tick(now));
        self.taken = self.taken.split_off(&passed);
        let batch = self.profile.queue_batch.max(1);
        let mut free = first;
        // Ends: only so many polls are full as there are messages.
        while self.taken.get(&free).is_some_and(|&taken| taken >= batch) {
            free += 1;
        }
        *self.taken.entry(free).or_insert(0) += 1;
        Timestamp(self.phase + free * step)
    }

    fn between(&mut self, (least, most): (i64, i64)) -> Millis {
        Millis(if most > least { self.random.random_range(least..=most) } else { least })
    }

    fn happens(&mut self, per_ten_thousand: u16) -> bool {
        per_ten_thousand > 0 && self.random.random_range(0..10_000) < per_ten_thousand
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(1_700_000_000_000);

    #[track_caller]
    fn check(turn: Turn<'_>, least: i64, most: i64) {
        let mut timing = Timing::new(Profile::maestro(), 7);
        for _ in 0..1_000 {
            timing.taken.clear();
            let waited = (timing.when(turn, NOON) - NOON).0;
            assert!((least..=most).contains(&waited), "{turn:?} waited {waited} ms, expected {least} to {most}");
        }
    }

    #[test]
    fn a_decide_costs_what_it_was_measured_to_cost() {
        check(Turn::Decide, 30, 60);
    }

    #[test]
    fn a_fresh_step_waits_for_the_next_poll_only() {
        check(Turn::Step { status: StepStatus::Created, age: Millis(0) }, 0, 300);
    }

    #[test]
    fn a_running_step_is_looked_at_every_three_seconds() {
        check(Turn::Step { status: StepStatus::Running, age: Millis(10_000) }, 3_000, 3_300);
    }

    #[test]
    fn a_run_that_is_out_of_time_is_noticed_by_a_sweep() {
        check(Turn::Wake(&Wake::RunTimeout), 0, 32_500);
    }

    #[test]
    fn a_poll_takes_no_more_than_its_batch() {
        let mut timing = Timing::new(Profile::maestro(), 7);
        let moments: Vec<_> = (0..33).map(|_| timing.when(Turn::Queue, NOON)).collect();
        assert_eq!(moments[0], moments[15]);
        assert_eq!(moments[16], moments[0] + Millis(300));
        assert_eq!(moments[32], moments[0] + Millis(600));
    }

    #[test]
    fn the_same_seed_draws_the_same_moments() {
        let drawn = |seed| {
            let mut timing = Timing::new(Profile::maestro(), seed);
            (0..50).map(|_| timing.when(Turn::Callback, NOON)).collect::<Vec<_>>()
        };
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
    }

    #[test]
    fn a_pace_of_zero_waits_for_nothing() {
        let mut timing = Timing::new(Profile::maestro().paced(0.0), 7);
        for turn in [Turn::Decide, Turn::Queue, Turn::Callback, Turn::Wake(&Wake::RunTimeout)] {
            assert_eq!(timing.when(turn, NOON), NOON);
        }
    }
}
