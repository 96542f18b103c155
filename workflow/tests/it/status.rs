//! Statuses, overviews and what many steps amount to.

use std::convert::Infallible;

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use workflow::{
    graph::Dag,
    id::{AttemptId, InstanceId, RunId, RunKey, WorkflowId},
    status::{Board, Check, Entry, InstanceStatus, Overview, Rollup, StepState, StepStatus, Tally, action, verdict},
    time::Timestamp,
};

fn statuses() -> impl Strategy<Value = StepStatus> {
    proptest::sample::select(StepStatus::all().collect::<Vec<_>>())
}

fn flat_dag(steps: usize) -> Dag {
    let document: serde_json::Map<String, Json> = (0..steps).map(|step| (format!("s{step}"), json!({}))).collect();
    Dag::from_json(&Json::Object(document)).unwrap()
}

fn run() -> RunKey {
    RunKey { workflow: WorkflowId::from("w"), instance: InstanceId(1), run: RunId(1) }
}

fn state(status: StepStatus) -> StepState {
    StepState { status, start_time: Some(Timestamp(5)), end_time: None }
}

proptest! {
    #[test]
    fn a_board_changed_step_by_step_tells_what_its_steps_tell(
        changes in proptest::collection::vec((0_usize..6, statuses()), 0..40),
    ) {
        let dag = flat_dag(6);
        let mut board = Board::new(dag.len());
        let mut model = vec![StepStatus::NotCreated; dag.len()];
        for (step, status) in changes {
            board.put(step, Entry { state: state(status), attempt: AttemptId(1), nested: None });
            model[step] = status;
            let mut tally = Tally::default();
            for status in &model {
                tally.add(*status, 1);
            }
            prop_assert_eq!(board.tally(), &tally);

            let overview = board.overview(&dag, &run(), None);
            prop_assert_eq!(&overview.tally(), &tally);
            let decoded = overview.decode(&dag).unwrap();
            for (step, status) in dag.ids().zip(&model) {
                let found = decoded.get(step).map_or(StepStatus::NotCreated, |state| state.status);
                prop_assert_eq!(found, *status);
            }
            let document = serde_json::to_value(&overview).unwrap();
            prop_assert_eq!(serde_json::from_value::<Overview>(document).unwrap(), overview);
        }
    }

    #[test]
    fn taking_out_what_was_added_leaves_the_rest(
        one in proptest::collection::vec(statuses(), 0..8),
        other in proptest::collection::vec(statuses(), 0..8),
    ) {
        let leaves = |attempt: i64, statuses: &[StepStatus]| -> Rollup {
            let dag = flat_dag(statuses.len());
            let leaf = |(step, status): (usize, &StepStatus)| Rollup::leaf(&run(), dag.id(step), AttemptId(attempt), *status);
            let leaves: Vec<Rollup> = statuses.iter().enumerate().map(leaf).collect();
            leaves.iter().collect()
        };
        let (kept, taken) = (leaves(1, &one), leaves(2, &other));
        let mut both = kept.clone();
        both.add(&taken);
        prop_assert_eq!(both.total_leaf_count, i64::try_from(one.len() + other.len()).unwrap());
        both.subtract(&taken).unwrap();
        prop_assert_eq!(both.total_leaf_count, kept.total_leaf_count);
        let counts = |rollup: &Rollup| -> Vec<(StepStatus, i64)> {
            rollup.overview.iter().flatten().map(|(status, count)| (*status, count.cnt)).collect()
        };
        prop_assert_eq!(counts(&both), counts(&kept));
    }

    #[test]
    fn a_later_status_of_an_attempt_has_no_lower_code(one in statuses(), other in statuses()) {
        if !one.is_terminal() && other.is_terminal() {
            prop_assert!(one.code() < other.code());
        }
        prop_assert_eq!(one == other, one.code() == other.code());
        prop_assert_eq!(one == other, one.priority() == other.priority());
    }
}

/// What steps in the given statuses amount to, of `steps` steps of which no more can start.
#[track_caller]
fn check(found: &[StepStatus], steps: usize, check: Check, expected: Option<InstanceStatus>) {
    let mut tally = Tally::default();
    for status in found {
        tally.add(*status, 1);
    }
    assert_eq!(verdict(&tally, steps, check, || Ok::<_, Infallible>(true)).unwrap(), expected, "{found:?}");
}

#[test]
fn a_run_comes_to_the_worst_of_its_steps() {
    use InstanceStatus as I;
    use StepStatus as S;
    check(&[], 0, Check::Running, Some(I::Failed));
    check(&[S::Succeeded, S::Skipped, S::Unsatisfied, S::CompletedWithError], 4, Check::Running, Some(I::Succeeded));
    check(&[S::Succeeded, S::Stopped], 2, Check::Running, Some(I::Stopped));
    check(&[S::TimedOut, S::Stopped], 2, Check::Running, Some(I::TimedOut));
    check(&[S::Stopped, S::TimedOut, S::FatallyFailed], 4, Check::Running, Some(I::Failed));
    check(&[S::InternallyFailed, S::Running], 2, Check::Running, None);
    check(&[S::UserFailed], 1, Check::Running, None);
    check(&[S::UserFailed], 1, Check::Final, Some(I::Failed));
}

#[test]
fn a_run_that_can_start_more_is_not_over() {
    let mut tally = Tally::default();
    tally.add(StepStatus::Succeeded, 1);
    assert_eq!(verdict(&tally, 2, Check::Final, || Ok::<_, Infallible>(false)).unwrap(), None);
    assert_eq!(verdict(&tally, 1, Check::Final, || Err("not asked")), Ok(Some(InstanceStatus::Succeeded)));
}

#[test]
fn only_what_has_ended_can_be_restarted() {
    for status in StepStatus::all() {
        let allowed = action::Step::allowed(status);
        let can_restart = status.is_complete() || status.is_manually_restartable();
        assert_eq!(allowed.contains(&action::Step::Restart), can_restart, "{status}");
        let can_stop = status != StepStatus::NotCreated && !can_restart;
        assert_eq!(allowed.contains(&action::Step::Stop), can_stop, "{status}");
    }
    for status in InstanceStatus::ALL {
        let allowed = action::Instance::allowed(status);
        assert_eq!(allowed.contains(&action::Instance::Restart), status.is_terminal(), "{status}");
    }
}

#[test]
fn an_ordinal_beyond_the_dag_is_refused() {
    let overview: Overview = serde_json::from_value(
        json!({"total_step_count": 1, "step_overview": {"RUNNING": {"cnt": 1, "steps": [[3, 1, null]]}}}),
    )
    .unwrap();
    assert!(overview.decode(&flat_dag(2)).is_err());
}

#[test]
fn a_failure_reads_as_one_whether_or_not_it_still_blocks() {
    for text in ["FAILED", "FAILED_1", "FAILED_2"] {
        let status: InstanceStatus = serde_json::from_value(json!(text)).unwrap();
        assert_eq!((status, json!(status)), (InstanceStatus::Failed, json!("FAILED")));
    }
}
