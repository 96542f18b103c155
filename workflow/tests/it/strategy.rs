//! What holds of a run queue whatever happens to it.

use std::sync::Arc;

use proptest::prelude::*;
use workflow::{
    definition::{Rule, RunStrategy},
    id::{InstanceId, WorkflowId},
    status::InstanceStatus,
    strategy::{Arrival, Memory, Queue, Stored, Target},
};

const RULES: [Rule; 6] =
    [Rule::Sequential, Rule::StrictSequential, Rule::FirstOnly, Rule::LastOnly, Rule::Parallel, Rule::SerialLatestOnly];

#[derive(Clone, Debug)]
enum Op {
    Start(Vec<u8>),
    Restart(i64),
    Launch,
    Finish(usize, InstanceStatus),
    Unblock,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        prop::collection::vec(0_u8..60, 1..4).prop_map(Op::Start),
        (1_i64..8).prop_map(Op::Restart),
        Just(Op::Launch),
        (
            0_usize..4,
            prop::sample::select(vec![InstanceStatus::Failed, InstanceStatus::Succeeded, InstanceStatus::Stopped])
        )
            .prop_map(|(index, status)| Op::Finish(index, status)),
        Just(Op::Unblock),
    ]
}

fn apply(queue: &mut Queue, past: &mut Memory, strategy: RunStrategy, op: &Op, step: usize) {
    let arrivals: Vec<_> = match op {
        Op::Start(uuids) => {
            let fresh =
                |uuid: &u8| Arrival { uuid: Arc::from(uuid.to_string()), target: Target::Fresh, is_failed: false };
            uuids.iter().map(fresh).collect()
        }
        Op::Restart(instance) if *instance <= queue.latest_instance().0 => {
            let target = Target::Restart(InstanceId(*instance));
            vec![Arrival { uuid: Arc::from(format!("restart {step}")), target, is_failed: false }]
        }
        _ => Vec::new(),
    };
    match op {
        Op::Launch => queue.launchable(strategy).into_iter().for_each(|at| assert!(queue.launch(at))),
        Op::Finish(index, status) => {
            let live: Vec<_> = queue.running().chain(queue.queued()).collect();
            if let Some(at) = live.get(*index) {
                assert!(queue.finish(*at, *status));
            }
        }
        Op::Unblock => drop(queue.unblock_oldest(100)),
        Op::Start(_) | Op::Restart(_) => {
            let before = queue.clone();
            match queue.start_batch(strategy, &arrivals, past) {
                Err(_) => assert_eq!(*queue, before, "a refused start changes nothing"),
                Ok(decided) => {
                    for (arrival, decision) in arrivals.iter().zip(&decided.decisions) {
                        decision.at().into_iter().for_each(|at| past.record(at, &arrival.uuid));
                    }
                    for (run, _) in &decided.stopped {
                        assert!(!queue.is_queued(run.at));
                    }
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn a_queue_never_runs_more_than_its_rule_allows(
        rule in prop::sample::select(RULES.to_vec()),
        width in 1_i64..4,
        ops in prop::collection::vec(op(), 1..80),
    ) {
        let strategy = RunStrategy { rule, workflow_concurrency: if rule == Rule::Parallel { width } else { 1 } };
        let mut queue = Queue::new(WorkflowId::from("etl"));
        let mut past = Memory::default();
        for (step, op) in ops.iter().enumerate() {
            apply(&mut queue, &mut past, strategy, op, step);
            prop_assert!(queue.running().count() <= usize::try_from(strategy.workflow_concurrency).unwrap());
            match rule {
                Rule::FirstOnly => prop_assert!(queue.live_count() <= 1),
                Rule::LastOnly | Rule::SerialLatestOnly => prop_assert!(queue.queued().count() <= 1),
                Rule::StrictSequential if queue.blocking().next().is_some() => {
                    prop_assert!(queue.launchable(strategy).is_empty());
                }
                _ => {}
            }
            let stored = serde_json::to_string(&Stored::from(&queue)).unwrap();
            let loaded = Queue::try_from(serde_json::from_str::<Stored>(&stored).unwrap()).unwrap();
            prop_assert_eq!(&loaded, &queue, "what is stored comes back");
        }
    }

    #[test]
    fn every_run_that_stays_queued_is_launched_in_the_end(
        rule in prop::sample::select(RULES.to_vec()),
        ops in prop::collection::vec(op(), 1..60),
    ) {
        let strategy = RunStrategy { rule, workflow_concurrency: 1 };
        let mut queue = Queue::new(WorkflowId::from("etl"));
        let mut past = Memory::default();
        ops.iter().enumerate().for_each(|(step, op)| apply(&mut queue, &mut past, strategy, op, step));
        queue.unblock_oldest(usize::MAX);
        for _ in 0..=queue.live_count() {
            let running: Vec<_> = queue.running().collect();
            for at in running {
                assert!(queue.finish(at, InstanceStatus::Succeeded));
            }
            for at in queue.launchable(strategy) {
                assert!(queue.launch(at));
            }
        }
        prop_assert_eq!(queue.queued().count(), 0);
    }
}

#[test]
fn a_queue_counts_on_from_where_its_engine_begins() {
    let mut queue = Queue::new(WorkflowId::from("etl"));
    let strategy = RunStrategy { rule: Rule::Parallel, workflow_concurrency: 9 };
    let mut numbers = Vec::new();
    for (step, first) in [1, 1_000_001, 1_000_001, 5].into_iter().enumerate() {
        queue.count_from(InstanceId(first));
        apply(&mut queue, &mut Memory::default(), strategy, &Op::Start(vec![u8::try_from(step).unwrap()]), step);
        numbers.push(queue.latest_instance().0);
    }
    assert_eq!(numbers, [1, 1_000_001, 1_000_002, 1_000_003]);
}
