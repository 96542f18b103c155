//! The flattened view of loops: the leaf iterations of a step inside foreach loops, however deep they nest, as one list.
//!
//! The reference feeds a table of its own from its events. Here the view is read from the rows of the runs themselves, so it is never
//! behind them.

mod page;
mod summary;
mod walk;

use self::walk::{Leaf, View};
use super::{Found, number, run::Stored};
use crate::{
    id::{InstanceKey, RunId, StepId},
    life::Rows,
    port::{Reason, Refusal},
};

/// A page, one iteration or a summary, as the query says.
pub(super) fn answer(
    rows: &dyn Rows,
    instance: &InstanceKey,
    run: &str,
    step: &StepId,
    query: &[(String, String)],
) -> Found {
    let stored = Stored::expect(rows, instance, number(run)?)?;
    let view = View::new(rows, &stored, step);
    let asked = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    if let Some(iteration) = asked("iteration") {
        return one(&view, iteration);
    }
    match asked("view") {
        Some("summary") => summary::answer(&view, &asked),
        _ => page::answer(&view, query),
    }
}

fn one(view: &View<'_>, iteration: &str) -> Found {
    let ids: Option<Vec<i64>> = iteration.split('-').map(|id| id.parse().ok()).collect();
    let leaf = ids.map(|ids| view.leaf(&ids)).transpose()?.flatten();
    let missing = || {
        let InstanceKey { workflow, instance } = &view.instance;
        let (run, step) = (view.run, &view.step);
        let message = format!(
            "Step iteration is not found for workflowId=[{workflow}], instanceId=[{instance}], runId=[{run}], stepId=[{step}], iterationId=[{iteration}]"
        );
        Refusal::new(Reason::NotFound, message)
    };
    Ok(leaf.ok_or_else(missing)?.document(view))
}

/// Whether a walk goes on.
type Flow = std::ops::ControlFlow<()>;

/// The number of a run that a document names.
fn run_of(json: &serde_json::Value) -> RunId {
    RunId(json.as_i64().unwrap_or_default())
}

impl Leaf {
    fn status(&self) -> Option<crate::status::StepStatus> {
        serde_json::from_value(self.state["status"].clone()).ok()
    }
}
