//! Every defect exists and changes a decision.

use std::{collections::BTreeSet, sync::Arc};

use replay::defect::{Defect, MutationScore, Tried};
use workflow::{
    id::{AttemptId, AttemptKey, InstanceId, RunId, RunKey, StepId},
    life::{Decisions, Faithful},
    param::{Definition, Evaluated, Literal, Param, Params, Type, Value},
    time::Timestamp,
};

fn attempt() -> AttemptKey {
    let run = RunKey { workflow: "etl".into(), instance: InstanceId::FIRST, run: RunId::FIRST };
    AttemptKey { run, step: "load".into(), attempt: AttemptId::FIRST }
}

/// `i: i + 1`, where the run's `i` is 10, and a plain param.
fn params() -> Params {
    let param = |definition: Definition| Arc::new(Param { definition: Arc::new(definition), evaluated: None });
    let mut params = Params::new();
    params.insert("i".into(), param(Definition::expression(Type::Long, "i + 1")));
    params.insert("day".into(), param(Definition::literal(Type::Long, Literal::Long(7))));
    params
}

/// Evaluates `i + 1` against the attempt's own `i` where it is settled, else against the run's, and literals to themselves.
fn evaluate(mut params: Params) -> Params {
    let settled = params.get("i").and_then(|param| param.value().cloned());
    let base = if let Some(Value::Long(own)) = settled { own } else { 10 };
    for param in params.values_mut().filter(|param| param.evaluated.is_none()) {
        let value = match &param.definition.body {
            workflow::param::Body::Literal(Literal::Long(value)) => *value,
            _ => base + 1,
        };
        Arc::make_mut(param).evaluated = Some(Evaluated { value: Value::Long(value), at: Timestamp(0), note: None });
    }
    params
}

/// Everything that decisions can say, as text.
fn decided(decisions: &dyn Decisions) -> Vec<String> {
    let attempt = attempt();
    let (from, to) = (StepId::from("load"), StepId::from("check"));
    let mut said = Vec::new();
    for decided in [false, true] {
        said.push(format!("retries {decided}: {}", decisions.retries(&attempt, decided)));
        said.push(format!("gate {decided}: {}", decisions.gate_is_open(&attempt.run, &to, decided)));
        said.push(format!("edge {decided}: {}", decisions.edge_is_taken(&attempt.run, &from, &to, decided)));
    }
    said.push(format!("iterations: {}", decisions.iterations(&attempt, 3)));
    let params = decisions.step_params(&attempt, params(), &mut evaluate);
    said.extend(params.iter().map(|(name, param)| format!("{name}: {:?}", param.value())));
    said
}

#[test]
fn every_defect_changes_a_decision_and_no_two_change_the_same() {
    let faithful = decided(&Faithful);
    let mut seen = BTreeSet::new();
    for defect in Defect::all() {
        let said = decided(&*defect.decisions());
        assert_ne!(said, faithful, "{defect:?} changes nothing");
        assert!(seen.insert(said), "{defect:?} does what another defect does");
        assert!(defect.sentence.ends_with('.'));
        assert_eq!(Defect::named(defect.name).map(|found| found.name), Some(defect.name));
    }
    assert!(Defect::named("none").is_none());
}

#[test]
fn a_param_that_builds_on_itself_moves_twice_and_no_other() {
    let defect = Defect::named("param-twice").expect("it is listed");
    let params = defect.decisions().step_params(&attempt(), params(), &mut evaluate);
    let values: Vec<_> = params.iter().map(|(name, param)| (&**name, param.value().cloned())).collect();
    assert_eq!(values, [("i", Some(Value::Long(12))), ("day", Some(Value::Long(7)))]);
}

#[test]
fn the_score_is_the_share_of_defects_that_some_sample_caught() {
    let tried = |name: &str, caught_by| Tried { name: name.to_owned(), caught_by, samples: 10 };
    let score = MutationScore { defects: vec![tried("a", 3), tried("b", 0), tried("c", 1), tried("d", 10)] };
    assert_eq!((score.caught(), score.share()), (3, Some(0.75)));
    assert_eq!(MutationScore::default().share(), None);
}
