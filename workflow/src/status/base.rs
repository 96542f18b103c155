//! The leaf steps of earlier runs that a restarted run does not do again (runtime.md §18.2).

use std::sync::Arc;

use indexmap::IndexMap;

use super::{Aggregate, Rollup};
use crate::{
    definition::{Kind, Step},
    graph::Dag,
    id::{AttemptId, InstanceKey, RunId, RunKey, StepId},
};

/// Loops and subworkflows outside the new DAG, with the run whose artifacts tell of the leaf steps below them.
pub fn nested_steps_of_earlier_runs(steps: &[Arc<Step>], before: &Aggregate, dag: &Dag) -> IndexMap<StepId, RunId> {
    let is_nested = |id: &StepId| {
        let step = steps.iter().find(|step| step.id == *id);
        step.is_some_and(|step| {
            matches!(step.kind, Kind::Foreach { .. } | Kind::While { .. } | Kind::Subworkflow { .. })
        })
    };
    let views = before.step_aggregated_views.iter().filter(|(id, _)| !dag.contains(id) && is_nested(id));
    views.filter_map(|(id, view)| Some((id.clone(), view.workflow_run_id?))).collect()
}

/// The steps outside the new DAG that are leaves themselves, one rollup each; `nested` names those that are not.
///
/// Attempts of earlier runs are not looked up: refs name attempt 0.
pub fn rollups_of_earlier_runs(
    instance: &InstanceKey,
    before: &Aggregate,
    dag: &Dag,
    is_nested: impl Fn(&StepId) -> bool,
) -> Vec<Rollup> {
    let views = before.step_aggregated_views.iter().filter(|(id, _)| !dag.contains(id) && !is_nested(id));
    views
        .map(|(id, view)| {
            let (workflow, instance) = (instance.workflow.clone(), instance.instance);
            let run = RunKey { workflow, instance, run: view.workflow_run_id.unwrap_or_default() };
            Rollup::leaf(&run, id, AttemptId(0), view.status)
        })
        .collect()
}
