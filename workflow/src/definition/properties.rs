//! How properties of a workflow change: by a push, by an update, and what of it is kept.

use super::{Properties, Rule, RunStrategy};
use crate::{id::WorkflowId, time::Timestamp, user::User};

/// Properties as they are stored, with who changed them and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// The workflow.
    pub workflow_id: Option<WorkflowId>,
    /// When this state began.
    pub create_time: Option<Timestamp>,
    /// Who changed it.
    pub author: Option<User>,
    /// The state.
    pub properties: Properties,
}

/// A change of properties: what is set, and what is unset.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Update {
    /// What is set; unset fields stay as they are.
    pub properties: Properties,
    /// The run strategy goes back to SEQUENTIAL.
    pub resets_run_strategy: bool,
    /// A PARALLEL run strategy goes back to its default concurrency.
    pub resets_workflow_concurrency: bool,
    /// The step concurrency goes back to its default.
    pub resets_step_concurrency: bool,
}

impl Update {
    /// Whether something is both set and reset.
    pub fn contradicts_itself(&self) -> bool {
        let resets_strategy = self.resets_run_strategy || self.resets_workflow_concurrency;
        (resets_strategy && self.properties.run_strategy.is_some())
            || (self.resets_step_concurrency && self.properties.step_concurrency.is_some())
    }

    /// The properties after this change.
    #[must_use]
    pub fn apply(&self, before: &Properties) -> Properties {
        let change = self.properties.clone();
        let mut after = change.over(before);
        if self.resets_run_strategy {
            after.run_strategy = None;
        }
        if self.resets_workflow_concurrency
            && let Some(strategy) = &mut after.run_strategy
            && strategy.rule == Rule::Parallel
        {
            *strategy = RunStrategy::of(Rule::Parallel);
        }
        if self.resets_step_concurrency {
            after.step_concurrency = None;
        }
        after
    }
}

impl Properties {
    /// The properties after a push that carries these: what it leaves out stays, but the run strategy, the step concurrency
    /// and alerting, which are unset.
    #[must_use]
    pub fn pushed_over(self, before: &Properties) -> Self {
        let (run_strategy, step_concurrency, alerting) =
            (self.run_strategy, self.step_concurrency, self.alerting.clone());
        Self { run_strategy, step_concurrency, alerting, ..self.over(before) }
    }

    /// These, and where one is unset the one before.
    fn over(self, before: &Properties) -> Self {
        let before = before.clone();
        Self {
            owner: self.owner.or(before.owner),
            access_control: self.access_control.or(before.access_control),
            run_strategy: self.run_strategy.or(before.run_strategy),
            step_concurrency: self.step_concurrency.or(before.step_concurrency),
            alerting: self.alerting.or(before.alerting),
            alerting_disabled: self.alerting_disabled.or(before.alerting_disabled),
            signal_trigger_disabled: self.signal_trigger_disabled.or(before.signal_trigger_disabled),
            time_trigger_disabled: self.time_trigger_disabled.or(before.time_trigger_disabled),
            description: self.description.or(before.description),
            tags: self.tags.or(before.tags),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before() -> Properties {
        Properties {
            owner: Some(User::named("ann")),
            run_strategy: Some(RunStrategy { rule: Rule::Parallel, workflow_concurrency: 5 }),
            step_concurrency: Some(3),
            description: Some("kept".into()),
            ..Properties::default()
        }
    }

    #[test]
    fn a_push_keeps_what_it_leaves_out_but_resets_concurrency_and_alerting() {
        let push = Properties { alerting_disabled: Some(true), ..Properties::default() };
        let after = push.pushed_over(&before());
        assert_eq!(after.owner, before().owner);
        assert_eq!(after.description, before().description);
        assert_eq!(after.alerting_disabled, Some(true));
        assert_eq!((after.run_strategy, after.step_concurrency, after.alerting), (None, None, None));
    }

    #[test]
    fn an_update_changes_only_what_it_names() {
        let update = Update { resets_step_concurrency: true, ..Update::default() };
        let after = update.apply(&before());
        assert_eq!(after, Properties { step_concurrency: None, ..before() });
    }

    #[test]
    fn the_workflow_concurrency_is_reset_without_the_rule() {
        let update = Update { resets_workflow_concurrency: true, ..Update::default() };
        assert_eq!(update.apply(&before()).run_strategy, Some(RunStrategy::of(Rule::Parallel)));
    }

    #[test]
    fn setting_and_resetting_contradict_each_other() {
        let set = Properties { step_concurrency: Some(1), ..Properties::default() };
        assert!(Update { properties: set, resets_step_concurrency: true, ..Update::default() }.contradicts_itself());
        assert!(!Update { resets_step_concurrency: true, ..Update::default() }.contradicts_itself());
    }
}
