//! Runs as many generated programs of the expression language as it is told, and says what they came to and what they used.
//!
//! `cargo run --release -p workflow --example sel_programs -- 10000000 [FIRST_SEED]`

#![allow(clippy::print_stdout, reason = "what it is for")]
#![allow(unreachable_pub, reason = "the shared files are public modules of the fuzz crate")]

#[path = "../../fuzz/src/program.rs"]
mod program;
#[path = "../../fuzz/src/property.rs"]
#[allow(dead_code, reason = "the properties of other texts are not of interest here")]
mod property;

use std::{
    collections::BTreeMap,
    fs, panic,
    time::{Duration, Instant},
};

use workflow::sel::{Kind, Program, Value};

/// What a run of one program may take: visits and bytes are bounded, and with them the time, on any machine that is not overrun.
const TIME_MAX: Duration = Duration::from_secs(2);
/// What the process may have grown to, in KiB: many times a program's memory limit, a small part of what leaks would come to.
const RESIDENT_MAX_KIB: u64 = 256 * 1024;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default| arguments.next().and_then(|argument| argument.parse::<u64>().ok()).unwrap_or(default);
    let (count, first) = (number(100_000), number(0));
    let mut outcomes: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut slowest = (Duration::ZERO, 0);
    let mut overruns = 0_u64;
    let begun = Instant::now();
    for seed in first..first + count {
        let start = Instant::now();
        let outcome = panic::catch_unwind(|| outcome(seed)).unwrap_or("panicked");
        let taken = start.elapsed();
        *outcomes.entry(outcome).or_default() += 1;
        slowest = slowest.max((taken, seed));
        if taken > TIME_MAX || matches!(outcome, "panicked" | "not a program" | "differs") {
            overruns += u64::from(taken > TIME_MAX);
            println!("seed {seed}: {outcome} after {taken:?}");
        }
    }
    let (slowest, slowest_seed) = slowest;
    println!("{count} programs, seeds {first} to {}, in {:.1?}", first + count - 1, begun.elapsed());
    for (outcome, count) in &outcomes {
        println!("  {outcome:24} {count:>10}");
    }
    println!("slowest: {slowest:?} (seed {slowest_seed}); over {TIME_MAX:?}: {overruns}");
    if let Some(resident) = resident_max_kib() {
        println!("most memory of the process: {resident} KiB");
        assert!(resident < RESIDENT_MAX_KIB, "the programs held on to memory");
    }
    let broken = ["panicked", "not a program", "differs"].iter().filter_map(|name| outcomes.get(name)).sum::<u64>();
    assert!(broken == 0 && overruns == 0, "{broken} programs broke a rule and {overruns} took too long");
}

/// What the program of a seed comes to; every hundredth is run twice.
fn outcome(seed: u64) -> &'static str {
    let text = program::program(seed);
    let Ok(program) = Program::parse(&text) else { return "not a program" };
    let result = property::run(&program);
    if seed.is_multiple_of(100) && property::outcome(&property::run(&program)) != property::outcome(&result) {
        return "differs";
    }
    match result {
        Ok(Value::Void | Value::Null) => "no value",
        Ok(_) => "a value",
        Err(error) => match error.kind() {
            Kind::Limit if error.full_text().contains("memory") => "stopped: memory",
            Kind::Limit if error.full_text().contains("operations") => "stopped: visits",
            Kind::Limit if error.full_text().contains("loop") => "stopped: loop",
            Kind::Limit if error.full_text().contains("array") => "stopped: array",
            Kind::Limit => "stopped: other limits",
            Kind::Thrown => "thrown",
            _ => "refused",
        },
    }
}

/// The most memory that the process ever held, where the system tells it.
fn resident_max_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}
