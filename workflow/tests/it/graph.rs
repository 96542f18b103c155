//! Graphs against recorded documents and against a naive model.

use std::{fs, path::Path};

use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use workflow::{
    conformance::{Case, adapter},
    graph::{Dag, Progress, Stop},
};

#[test]
fn documents_list_steps_in_the_recorded_order() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/dag.jsonl")).unwrap();
    let cases = Case::read_all(&text).unwrap();
    let translated = cases.iter().filter(|case| ["translate", "compute_dag"].contains(&case.function.as_str()));
    let mut compared = 0;
    for case in translated.filter(|case| case.line.get("expect").is_some()) {
        let found = adapter("dag").unwrap()(case).unwrap();
        assert_eq!(found.to_string(), case.line["expect"].to_string(), "{}", case.id);
        compared += 1;
    }
    assert!(compared > 10, "only {compared} documents were compared");
}

/// How a step of a model run stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stand {
    Idle,
    Complete,
    Failed,
}

/// A DAG whose edges go from lower to higher numbers.
fn dags() -> impl Strategy<Value = Dag> {
    (1_usize..9).prop_flat_map(|size| {
        proptest::collection::vec(any::<bool>(), size * size).prop_map(move |bits| {
            let has_edge = |from: usize, to: usize| from < to && bits[from * size + to];
            let name = |step: usize| format!("s{step}");
            let node = |step: usize| {
                let before: Vec<_> = (0..size).filter(|&from| has_edge(from, step)).map(name).collect();
                let after: IndexMap<_, _> =
                    (0..size).filter(|&to| has_edge(step, to)).map(|to| (name(to), "true")).collect();
                json!({"predecessors": before, "successors": after})
            };
            let document: IndexMap<_, Json> = (0..size).map(|step| (name(step), node(step))).collect();
            Dag::from_json(&serde_json::to_value(document).unwrap()).unwrap()
        })
    })
}

/// Nothing can still be started: every step that has not ended waits, near or far, for one that failed or is a placeholder.
fn naive_is_done(dag: &Dag, stands: &[Stand], placeholders: &[usize]) -> bool {
    fn leads_nowhere(dag: &Dag, stands: &[Stand], placeholders: &[usize], step: usize) -> bool {
        match stands[step] {
            Stand::Complete => false,
            Stand::Failed => true,
            Stand::Idle => {
                let before = &dag.node(step).predecessors;
                placeholders.contains(&step)
                    || before.iter().any(|&other| leads_nowhere(dag, stands, placeholders, other))
            }
        }
    }
    (0..dag.len()).all(|step| stands[step] == Stand::Complete || leads_nowhere(dag, stands, placeholders, step))
}

/// Ends steps whose gates are open, in the order that `choices` picks, and checks every state on the way.
fn check_run(dag: &Dag, choices: &[(u8, u8)], restarts_root: bool) {
    let root = dag.roots().next().unwrap();
    let restarted = restarts_root.then(|| dag.id(root).clone());
    let mut placeholders: Vec<usize> =
        if restarts_root { dag.placeholders(restarted.as_ref()).unwrap() } else { Vec::new() };
    let mut progress = Progress::new(dag, restarted.as_ref()).unwrap();
    let mut stands = vec![Stand::Idle; dag.len()];
    let mut woken = Vec::new();
    let mut ready = progress.starts(dag);
    for &(pick, way) in choices {
        let ended: Vec<Option<bool>> =
            stands.iter().map(|stand| (*stand != Stand::Idle).then_some(*stand == Stand::Complete)).collect();
        let done = naive_is_done(dag, &stands, &placeholders);
        assert_eq!(progress.is_done(), done, "progress, {stands:?}");
        // The batch form takes a root without a status for a placeholder, even one that somebody started meanwhile.
        let is_batch_comparable = woken.iter().all(|&step: &usize| stands[step] != Stand::Idle);
        if is_batch_comparable {
            assert_eq!(dag.is_done(&ended, restarted.as_ref()).unwrap(), done, "batch, {stands:?}");
        }
        if way % 4 == 0 {
            // Somebody starts a failed step or a placeholder again.
            let failed = (0..dag.len()).filter(|&step| stands[step] == Stand::Failed || placeholders.contains(&step));
            let failed: Vec<usize> = failed.collect();
            if let Some(&step) = failed.get(usize::from(pick) % failed.len().max(1)) {
                if placeholders.contains(&step) {
                    placeholders.retain(|&other| other != step);
                    woken.push(step);
                }
                stands[step] = Stand::Idle;
                progress.reopen(dag, step);
                ready.push(step);
            }
        } else if !ready.is_empty() {
            let step = ready.remove(usize::from(pick) % ready.len());
            if way % 4 == 1 {
                stands[step] = Stand::Failed;
                progress.fail(dag, step);
            } else {
                stands[step] = Stand::Complete;
                ready.extend(progress.complete(dag, step));
            }
        }
        for step in 0..dag.len() {
            let before = &dag.node(step).predecessors;
            let open = before.iter().all(|&other| stands[other] == Stand::Complete);
            assert_eq!(progress.is_gate_open(step), open, "gate of {step}");
        }
    }
}

proptest! {
    #[test]
    fn done_agrees_with_a_naive_model(
        dag in dags(),
        choices in proptest::collection::vec(any::<(u8, u8)>(), 0..40),
        restarts_root in any::<bool>(),
    ) {
        check_run(&dag, &choices, restarts_root);
    }

    #[test]
    fn every_step_is_on_one_path_behind_a_gate_unless_its_only_edge_leads_to_it(dag in dags()) {
        let ids: Vec<_> = dag.ids().cloned().collect();
        let paths = dag.paths(&ids);
        let mut seen: Vec<usize> = Vec::new();
        for path in &paths {
            for (place, stop) in path.iter().enumerate() {
                let Stop::Step(step) = *stop else { continue };
                seen.push(step);
                let before = &dag.node(step).predecessors;
                match place.checked_sub(1).map(|place| path[place]) {
                    Some(Stop::Gate(gate)) => prop_assert_eq!(gate, step),
                    Some(Stop::Step(other)) => prop_assert_eq!(before, &vec![other]),
                    None => prop_assert!(before.is_empty()),
                }
            }
        }
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..dag.len()).collect::<Vec<_>>());
    }

    #[test]
    fn documents_come_back_as_they_are(dag in dags()) {
        prop_assert_eq!(Dag::from_json(&dag.to_json()).unwrap(), dag);
    }
}
