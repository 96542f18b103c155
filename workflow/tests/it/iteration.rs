//! Loops against naive models.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::json;
use workflow::{
    id::{AttemptId, InstanceId, RunId, RunKey, StepId, WorkflowId},
    iteration::{Intervals, Keep, Ordering, Overview, Product, Tracker, encode_by_length},
    param::Value,
    status::{InstanceStatus, Rollup, StepStatus},
};

proptest! {
    #[test]
    fn intervals_are_sets(changes in proptest::collection::vec((any::<bool>(), 0_i64..40, 0_i64..6), 0..60)) {
        let mut set = Intervals::default();
        let mut model = BTreeSet::new();
        for (adds, first, more) in changes {
            if adds {
                set.insert_range(first, first + more);
                model.extend(first..=first + more);
            } else {
                prop_assert_eq!(set.remove(first), model.remove(&first));
            }
            prop_assert_eq!(set.ids().collect::<Vec<_>>(), model.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(set.len(), i64::try_from(model.len()).unwrap());
            prop_assert_eq!(set.contains(first), model.contains(&first));
            let ranges: Vec<_> = set.ranges().collect();
            prop_assert!(ranges.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "{ranges:?} touch");
        }
    }

    #[test]
    fn intervals_come_back_from_documents(ids in proptest::collection::btree_set(0_i64..60, 0..40)) {
        let set: Intervals = ids.iter().copied().collect();
        let text = serde_json::to_string(&set).unwrap();
        prop_assert_eq!(serde_json::from_str::<Intervals>(&text).unwrap(), set);
    }

    #[test]
    fn differences_leave_what_only_the_first_has(
        one in proptest::collection::btree_set(0_i64..40, 0..30),
        other in proptest::collection::btree_set(0_i64..40, 0..30),
        from in 0_i64..40,
    ) {
        let (a, b): (Intervals, Intervals) = (one.iter().copied().collect(), other.iter().copied().collect());
        prop_assert_eq!(a.without(&b).ids().collect::<BTreeSet<_>>(), &one - &other);
        prop_assert_eq!(a.from_id(from).ids().collect::<BTreeSet<_>>(), one.range(from..).copied().collect::<BTreeSet<_>>());
    }

    #[test]
    fn lengths_make_text_sort_as_numbers(a in 0_u64.., b in 0_u64..) {
        let key = |number: u64| encode_by_length(&number.to_string()).unwrap();
        prop_assert_eq!(key(a).cmp(&key(b)), a.cmp(&b));
    }

    #[test]
    fn a_tracked_loop_tells_what_counting_anew_would(
        changes in proptest::collection::vec((1_i64..25, 0_usize..6), 0..80),
    ) {
        let mut tracker = Tracker::default();
        let mut model: BTreeMap<i64, InstanceStatus> = BTreeMap::new();
        for (iteration, choice) in changes {
            let status = STATUSES[choice];
            if model.get(&iteration).is_some_and(|status| status.is_terminal()) {
                continue;
            }
            tracker.update(iteration, status, Arc::new(rollup(iteration, status)));
            model.insert(iteration, status);
            prop_assert_eq!(sorted(tracker.overview()), sorted(counted_anew(&model)));
            check_slots(&tracker, &model);
        }
    }
}

const STATUSES: [InstanceStatus; 6] = [
    InstanceStatus::Created,
    InstanceStatus::InProgress,
    InstanceStatus::Succeeded,
    InstanceStatus::Failed,
    InstanceStatus::Stopped,
    InstanceStatus::TimedOut,
];

/// One leaf step, which needs a look unless the iteration succeeded.
fn rollup(iteration: i64, status: InstanceStatus) -> Rollup {
    let step = match status {
        InstanceStatus::Succeeded => StepStatus::Succeeded,
        InstanceStatus::Failed => StepStatus::FatallyFailed,
        InstanceStatus::Stopped => StepStatus::Stopped,
        InstanceStatus::TimedOut => StepStatus::TimedOut,
        _ => StepStatus::Running,
    };
    let run = RunKey { workflow: WorkflowId::from("body"), instance: InstanceId(iteration), run: RunId(1) };
    Rollup::leaf(&run, &StepId::from("job"), AttemptId(1), step)
}

fn counted_anew(model: &BTreeMap<i64, InstanceStatus>) -> Overview {
    let mut overview = Overview::default();
    for (&iteration, &status) in model {
        overview.add(iteration, status, Some(&rollup(iteration, status)));
    }
    overview.refresh();
    let is_open = |id: &i64| !model.get(id).is_some_and(|status| status.is_terminal());
    let last = model.last_key_value().map_or(0, |(id, _)| *id);
    overview.checkpoint = (1..=last + 1).find(is_open).unwrap();
    overview
}

/// The document with steps named in order: a loop that is tracked names them in the order in which they ended.
fn sorted(overview: Overview) -> Overview {
    let sort = |rollup: Option<Rollup>| {
        rollup.map(|mut rollup| {
            for count in rollup.overview.iter_mut().flat_map(BTreeMap::values_mut) {
                count.refs.iter_mut().flat_map(IndexMap::values_mut).for_each(|steps| steps.sort());
            }
            rollup
        })
    };
    Overview { rollup: sort(overview.rollup), running_rollup: sort(overview.running_rollup), ..overview }
}

#[track_caller]
fn check_slots(tracker: &Tracker, model: &BTreeMap<i64, InstanceStatus>) {
    let running: Vec<i64> = model.iter().filter(|(_, status)| !status.is_terminal()).map(|(&id, _)| id).collect();
    let free = 10 - i64::try_from(running.len()).unwrap();
    assert_eq!(tracker.slots(10, Ordering::Free), free.max(0));
    let window = running.first().map_or(0, |first| model.last_key_value().unwrap().0 - first + 1);
    assert_eq!(tracker.slots(10, Ordering::Strict), (10 - window).max(0));
    assert_eq!(tracker.overview().window(), window, "the document's window");
}

#[test]
fn an_iteration_restarted_by_itself_is_counted_once_it_has_ended() {
    let mut tracker = Tracker::default();
    for iteration in 1..=3 {
        let status = if iteration == 2 { InstanceStatus::Failed } else { InstanceStatus::Succeeded };
        tracker.update(iteration, status, Arc::new(rollup(iteration, status)));
    }
    let failed = rollup(2, InstanceStatus::Failed);
    tracker.restart(2, InstanceStatus::Failed, Some(&failed)).unwrap();
    assert!(tracker.restart(2, InstanceStatus::Failed, Some(&failed)).is_err(), "it is being restarted already");
    let open = tracker.overview();
    assert_eq!(open.checkpoint, 4, "a restart does not take the loop back");
    assert_eq!(open.restart_info, BTreeSet::from([2]));
    assert_eq!(serde_json::to_value(&open.details).unwrap(), json!({"CREATED": [2], "SUCCEEDED": [1, 3]}));

    tracker.update(2, InstanceStatus::Succeeded, Arc::new(rollup(2, InstanceStatus::Succeeded)));
    let ended = serde_json::to_value(tracker.overview()).unwrap();
    assert_eq!(
        ended,
        json!({
            "checkpoint": 4,
            "stats": {"SUCCEEDED": 3},
            "rollup": {"total_leaf_count": 3, "overview": {"SUCCEEDED": {"cnt": 3}}},
            "details": {"SUCCEEDED": [[1, 3]]},
        })
    );
}

#[test]
fn a_refused_restart_changes_nothing() {
    let mut overview = Overview::default();
    overview.add(1, InstanceStatus::Failed, Some(&rollup(1, InstanceStatus::Failed)));
    overview.add(2, InstanceStatus::Stopped, None);
    overview.refresh();
    let before = overview.clone();
    let stranger = rollup(1, InstanceStatus::TimedOut);
    let mut refuse = |from, counted| {
        assert!(overview.restart(1, InstanceStatus::Created, from, counted).is_err());
        assert_eq!(overview, before);
    };
    refuse(InstanceStatus::Failed, Some(&stranger));
    refuse(InstanceStatus::Stopped, None);
    refuse(InstanceStatus::TimedOut, None);
}

#[test]
fn a_loop_without_iterations_has_nothing_to_tell() {
    let overview = Tracker::of(Overview::default()).overview();
    assert_eq!(serde_json::to_value(overview).unwrap(), json!({"checkpoint": 0}));
}

#[test]
fn a_restarted_loop_keeps_what_succeeded() {
    let mut before = Overview::default();
    for (iteration, status) in [(1, STATUSES[2]), (2, STATUSES[2]), (3, STATUSES[3]), (4, STATUSES[2])] {
        before.add(iteration, status, None);
    }
    before.refresh();
    let mut overview = Overview::default();
    assert_eq!(overview.keep(Some(&before), Keep::Succeeded), 4);
    assert_eq!(overview.checkpoint, 2);
    assert_eq!(overview.to_run_again(Some(&before)).ids().collect::<Vec<_>>(), [3]);
    let tracker = Tracker::of(overview);
    assert!(tracker.has_ended(4) && !tracker.has_ended(3));
    assert_eq!(tracker.checkpoint(), 3);
}

#[test]
fn the_first_loop_param_varies_fastest() {
    let params: IndexMap<Arc<str>, Value> = IndexMap::from([
        (Arc::from("a"), Value::LongArray(Arc::from([1, 2, 3]))),
        (Arc::from("b"), Value::StringArray(Arc::from([Some(Arc::from("x")), Some(Arc::from("y"))]))),
    ]);
    let product = Product::of(params).unwrap();
    assert_eq!(product.len(), 6);
    let row = |index: usize| {
        let row = product.at(index)?;
        match (&row["a"], &row["b"]) {
            (Value::Long(a), Value::String(b)) => Some(format!("{a}{b}")),
            _ => None,
        }
    };
    let rows: Vec<_> = (0..6).map(|index| row(index).unwrap()).collect();
    assert_eq!(rows, ["1x", "2x", "3x", "1y", "2y", "3y"]);
    assert_eq!(row(6), None);
}
