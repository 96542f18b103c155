//! What an instance came to over all its runs (runtime.md §4.6, §18.3).

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{InstanceStatus, StepState, StepStatus};
use crate::{
    graph::{self, Dag},
    id::{RunId, RunKey, StepId},
    restart::Policy,
    time::Timestamp,
};

/// The `aggregated_info` of an instance: stored with a restart as what went before, computed for readers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aggregate {
    /// The status of the instance as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_instance_status: Option<InstanceStatus>,
    /// Every step, from the latest run that says something about it.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub step_aggregated_views: IndexMap<StepId, StepView>,
}

/// One step over all runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepView {
    /// The run that the rest is from; `None` for a step that does not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_run_id: Option<RunId>,
    /// Its status.
    pub status: StepStatus,
    /// When its latest attempt was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// When its latest attempt ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
}

impl StepView {
    /// A step that does not exist.
    pub const NOT_CREATED: Self =
        Self { workflow_run_id: None, status: StepStatus::NotCreated, start_time: None, end_time: None };
}

/// The latest run, as far as the aggregate depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Which one it is.
    pub key: &'a RunKey,
    /// Its status.
    pub status: InstanceStatus,
    /// How it came about.
    pub policy: Policy,
    /// The step that it restarts, if its policy is to restart one.
    pub restarted: Option<&'a StepId>,
    /// Its steps.
    pub dag: &'a Dag,
    /// Where its steps stand; `None` before it is picked up.
    pub states: Option<&'a IndexMap<StepId, StepState>>,
    /// What went before; `None` for a first run.
    pub baseline: Option<&'a Aggregate>,
}

impl Aggregate {
    /// The steps over all runs up to this one; `steps` are all steps of the workflow. The instance's status is left open.
    pub fn of<'a>(run: Run<'_>, steps: impl IntoIterator<Item = &'a StepId>) -> Result<Self, graph::Error> {
        let mut views = run.baseline.map(|baseline| baseline.step_aggregated_views.clone()).unwrap_or_default();
        let is_known = |step: &StepId| run.states.is_some_and(|states| states.contains_key(step));
        let restarted = run.restarted.filter(|_| run.policy == Policy::RestartFromSpecific);
        for position in run.dag.reachable(|position| is_known(run.dag.id(position)), restarted)? {
            let step = run.dag.id(position);
            if !is_known(step) {
                views.shift_remove(step);
            }
        }
        for (step, state) in run.states.into_iter().flatten() {
            let &StepState { status, start_time, end_time } = state;
            views.insert(step.clone(), StepView { workflow_run_id: Some(run.key.run), status, start_time, end_time });
        }
        for step in steps {
            views.entry(step.clone()).or_insert(StepView::NOT_CREATED);
        }
        Ok(Self { workflow_instance_status: None, step_aggregated_views: views })
    }

    /// The same with the instance's status, where it is that of the run.
    #[must_use]
    pub fn with_status(self, status: InstanceStatus) -> Self {
        Self { workflow_instance_status: Some(status), ..self }
    }
}

/// A run ended although one of its instance's steps has not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "State {} is not expected during aggregated status computation for workflow_id = {} ; workflow_instance_id = {} ; workflow_run_id = {}",
    InstanceStatus::InProgress, .0.workflow, .0.instance, .0.run
)]
pub struct Unsettled(pub RunKey);

/// The status of an instance whose latest run is `run`, given its steps over all runs.
///
/// Only a restart that succeeded can leave the instance with another status than its own: the steps that it did not run count as well.
pub fn aggregated_status(run: Run<'_>, views: &IndexMap<StepId, StepView>) -> Result<InstanceStatus, Unsettled> {
    if run.status != InstanceStatus::Succeeded || run.policy.is_fresh() {
        return Ok(run.status);
    }
    let (mut has_timed_out, mut has_stopped, mut has_not_created) = (false, false, false);
    for view in views.values() {
        match view.status {
            StepStatus::FatallyFailed | StepStatus::InternallyFailed => return Ok(InstanceStatus::Failed),
            status if status.is_retryable() => return Ok(InstanceStatus::Failed),
            StepStatus::TimedOut => has_timed_out = true,
            StepStatus::Stopped => has_stopped = true,
            StepStatus::NotCreated => has_not_created = true,
            status if status.is_complete() => {}
            _ => return Err(Unsettled(run.key.clone())),
        }
    }
    Ok(if has_timed_out {
        InstanceStatus::TimedOut
    } else if has_stopped {
        InstanceStatus::Stopped
    } else if has_not_created {
        run.baseline.and_then(|baseline| baseline.workflow_instance_status).unwrap_or(run.status)
    } else {
        run.status
    })
}
