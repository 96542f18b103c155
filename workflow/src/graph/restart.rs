//! With which steps a restarted run begins.

use std::sync::Arc;

use super::{
    Dag, Error, Scope,
    hash_order::{self, Insertion},
    translate,
};
use crate::{definition::Step, id::StepId, restart::Policy, status::StepStatus};

/// What a restart of `workflow` under `policy` runs again, given what the runs before it came to; `None` is the whole DAG.
///
/// `restarted` is the step that the restart names. A step that waits for others which run again as well cannot be restarted by
/// itself: its run could neither begin with it nor with them ([`Error::NotARoot`], runtime.md §7.4).
pub fn part_to_restart<'a>(
    workflow: &str,
    steps: &[Arc<Step>],
    policy: Policy,
    views: impl IntoIterator<Item = (&'a StepId, StepStatus)>,
    restarted: Option<&StepId>,
) -> Result<Option<Dag>, Error> {
    let Some(start) = start_steps(policy, views, restarted) else { return Ok(None) };
    let dag = translate(workflow, steps, Scope::Part { start: &start, end: &[] })?;
    dag.placeholders(restarted.filter(|_| policy == Policy::RestartFromSpecific))?;
    Ok(Some(dag))
}

/// The start steps of a run under `policy`, given what the runs before it came to; `None` is the whole DAG.
///
/// `restarted` is the step that the restart names, for a restart from a specific step.
pub fn start_steps<'a>(
    policy: Policy,
    views: impl IntoIterator<Item = (&'a StepId, StepStatus)>,
    restarted: Option<&StepId>,
) -> Option<Vec<StepId>> {
    if !matches!(policy, Policy::RestartFromIncomplete | Policy::RestartFromSpecific) {
        return None;
    }
    let views: Vec<_> = views.into_iter().collect();
    let restarted = restarted.filter(|_| policy == Policy::RestartFromSpecific);
    if views.is_empty() && restarted.is_none() {
        return None;
    }
    let order = hash_order::order(views.iter().map(|(id, _)| id.as_str()), Insertion::Put);
    let open = order.into_iter().map(|index| views[index]).filter(|(_, status)| is_open(*status));
    let mut start: Vec<StepId> = open.map(|(id, _)| id.clone()).collect();
    if let Some(step) = restarted.filter(|step| !start.contains(step)) {
        start.push(step.clone());
    }
    Some(start)
}

/// Whether a restart from incomplete runs a step in this status again.
fn is_open(status: StepStatus) -> bool {
    status == StepStatus::NotCreated || (status.is_terminal() && !status.is_complete())
}
