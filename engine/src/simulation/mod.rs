//! Many nodes over one store in virtual time, under every fault that can happen to them, from a seed.
//!
//! Nodes crash, stand still for longer than their leases, and have clocks that are off; batches of letters are lost, come twice or late;
//! commits fail before or after they are durable. What is decided (turns, shares, links, letters) is the engine's own code; what is
//! simulated is when it happens. After a while the faults end, and then everything must come to the end that it would have had.
//!
//! `SEGUE_SIMULATION=17` replays seed 17, `SEGUE_SIMULATION=0..100000` runs more than the usual ones.

mod history;
mod load;
mod network;
mod node;
mod store;
mod world;

use std::{
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use world::World;

/// Chooses the seeds.
const SEEDS: &str = "SEGUE_SIMULATION";
/// Prints what happens, if set.
const TRACE: &str = "SEGUE_SIMULATION_TRACE";
/// Seeds of an ordinary run.
const USUAL: Range<u64> = 0..1000;

fn seeds() -> Range<u64> {
    let Ok(text) = std::env::var(SEEDS) else { return USUAL };
    let number = |text: &str| text.trim().parse::<u64>().expect("SEGUE_SIMULATION is a seed or a range like 0..1000");
    match text.split_once("..") {
        Some((from, to)) => number(from)..number(to),
        None => number(&text)..number(&text) + 1,
    }
}

fn trace(what: std::fmt::Arguments<'_>) {
    static IS_WANTED: LazyLock<bool> = LazyLock::new(|| std::env::var_os(TRACE).is_some());
    if *IS_WANTED {
        println!("{what}");
    }
}

fn run(seed: u64) -> Result<world::Summary, String> {
    let run = || World::new(seed).run();
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(crate::actor::message(&*panic)))
}

#[test]
fn no_fault_makes_nodes_lose_or_repeat_anything() {
    let seeds = seeds();
    let next = AtomicU64::new(seeds.start);
    let work = || {
        let mut total = world::Summary::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return total;
            }
            match run(seed) {
                Ok(summary) => total += summary,
                Err(why) => panic!("seed {seed}: {why}\nrepeat it with {SEEDS}={seed}"),
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let total = thread::scope(|scope| {
        let working: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        working.into_iter().fold(world::Summary::default(), |mut total, worker| {
            total += worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            total
        })
    });
    println!("{total}");
    assert!(total.crashes > 0 && total.pauses > 0 && total.lost > 0 && total.refused > 0, "no faults: {total}");
}

#[test]
fn the_same_seed_gives_the_same_history() {
    for seed in [3, 8] {
        assert_eq!(run(seed), run(seed));
    }
}
