//! A bounded run of the fuzz targets: what they demand of any text, of mutations of their seeds and of generated programs.

#[path = "../../../fuzz/src/program.rs"]
#[allow(unreachable_pub, reason = "the file is a public module of the fuzz crate")]
mod program;
#[path = "../../../fuzz/src/property.rs"]
#[allow(unreachable_pub, reason = "the file is a public module of the fuzz crate")]
mod property;

use std::{fs, panic, path::Path};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use workflow::sel::Program;

/// Mutated texts a target.
const MUTATIONS: u32 = 400;
/// Generated programs.
const PROGRAMS: u64 = 10_000;

/// One change of a text: where it happens, as a share of the text, and what.
#[derive(Clone, Debug)]
enum Change {
    Put(u8),
    Insert(Vec<u8>),
    Remove(usize),
    /// A piece of another seed.
    Splice {
        seed: prop::sample::Index,
        from: prop::sample::Index,
        length: usize,
    },
    Repeat(usize),
}

fn change() -> impl Strategy<Value = (prop::sample::Index, Change)> {
    let change = prop_oneof![
        any::<u8>().prop_map(Change::Put),
        prop::sample::select(b"\"'{}[]();:,.$\\-+*/% \n\0".to_vec()).prop_map(Change::Put),
        prop::collection::vec(any::<u8>(), 1..6).prop_map(Change::Insert),
        (1_usize..40).prop_map(Change::Remove),
        (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1_usize..80)
            .prop_map(|(seed, from, length)| Change::Splice { seed, from, length }),
        (1_usize..30).prop_map(Change::Repeat),
    ];
    (any::<prop::sample::Index>(), change)
}

fn mutated(seeds: &[Vec<u8>], seed: prop::sample::Index, changes: &[(prop::sample::Index, Change)]) -> String {
    let mut bytes = seed.get(seeds).clone();
    for (place, change) in changes {
        let at = place.index(bytes.len() + 1);
        let rest = bytes.len() - at;
        match change {
            Change::Put(byte) if rest > 0 => bytes[at] = *byte,
            Change::Put(byte) => bytes.push(*byte),
            Change::Insert(more) => drop(bytes.splice(at..at, more.iter().copied())),
            Change::Remove(length) => drop(bytes.drain(at..at + rest.min(*length))),
            Change::Splice { seed, from, length } => {
                let other = seed.get(seeds);
                let from = from.index(other.len() + 1);
                let piece = other[from..other.len().min(from + length)].to_vec();
                bytes.splice(at..at, piece);
            }
            Change::Repeat(length) => {
                let piece = bytes[at..at + rest.min(*length)].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Runs a target over its seeds as they are, and over mutations of them.
#[track_caller]
fn check(target: &str, property: fn(&str)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let seeds: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    assert!(!seeds.is_empty(), "{} holds no seeds", folder.display());
    for seed in &seeds {
        property(&String::from_utf8_lossy(seed));
    }
    let config = Config { cases: MUTATIONS, failure_persistence: None, ..Config::default() };
    let texts = (any::<prop::sample::Index>(), prop::collection::vec(change(), 1..6));
    let outcome = TestRunner::new(config).run(&texts, |(seed, changes)| {
        property(&mutated(&seeds, seed, &changes));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn mutated_expressions_keep_the_properties() {
    check("sel", property::sel);
}

#[test]
fn mutated_json_keeps_the_properties() {
    check("json", property::json);
}

#[test]
fn mutated_yaml_keeps_the_properties() {
    check("yaml", property::yaml);
}

#[test]
fn mutated_cron_lines_keep_the_properties() {
    check("cron", property::cron);
}

#[test]
fn mutated_durations_keep_the_properties() {
    check("duration", property::duration);
}

#[test]
fn generated_programs_parse_and_come_to_the_same_each_time() {
    for seed in 0..PROGRAMS {
        let text = program::program(seed);
        let checked = panic::catch_unwind(|| {
            let program = Program::parse(&text).expect("the generator follows the grammar");
            let first = property::outcome(&property::run(&program));
            assert_eq!(property::outcome(&property::run(&program)), first);
        });
        assert!(checked.is_ok(), "the program of seed {seed} fails: {text}");
    }
}
