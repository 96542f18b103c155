//! Rules of a workflow as a whole.

use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};

use super::{Rules, STEPS_MAX, id, step, trigger};
use crate::{
    definition::{Kind, Step, Workflow, all_steps},
    problem::{Path, code, nearest},
};

const INSTANCE_STEP_CONCURRENCY_MAX: i64 = 999;

/// All rules of a workflow.
pub(super) fn workflow(rules: &mut Rules<'_>, path: &Path<'_>, workflow: &Workflow) {
    id::workflow_id(rules, &path.key("id"), &workflow.id);
    id::name_length(rules, &path.key("name"), workflow.name.as_deref().unwrap_or_default());
    id::description(rules, &path.key("description"), workflow.description.as_deref());
    id::tags(rules, &path.key("tags"), workflow.tags.as_ref());
    if let Some(timeout) = &workflow.timeout {
        step::timeout(rules, &path.key("timeout"), timeout);
    }
    for (index, written) in workflow.time_triggers_or_none().iter().enumerate() {
        trigger::time_trigger(rules, &path.key("time_triggers").index(index), written, &workflow.id);
    }
    for (index, written) in workflow.signal_triggers_or_none().iter().enumerate() {
        trigger::signal_trigger(rules, &path.key("signal_triggers").index(index), written);
    }
    id::params(rules, &path.key("params"), workflow.params.as_ref());
    step::steps(rules, &path.key("steps"), &workflow.steps);
    structure(rules, path, workflow);
}

/// The rules that look at all steps together: the first rule that is broken is reported, in all places.
pub fn structure(rules: &mut Rules<'_>, path: &Path<'_>, workflow: &Workflow) {
    let at = path.key("steps");
    let before = rules.problems.len();
    let checks: [&dyn Fn(&mut Rules<'_>); 5] = [
        &|rules| size(rules, &at, workflow),
        &|rules| unique(rules, &at, &workflow.steps, &mut IndexSet::new()),
        &|rules| edges(rules, &at, &workflow.steps),
        &|rules| instance_step_concurrency(rules, path, workflow),
        &|rules| loops(rules, &at, &workflow.steps, &mut Vec::new()),
    ];
    for check in checks {
        check(rules);
        if rules.problems.len() > before {
            return;
        }
    }
}

fn size(rules: &mut Rules<'_>, path: &Path<'_>, workflow: &Workflow) {
    let count = all_steps(&workflow.steps).count();
    if count == 0 {
        rules.report(code::NO_STEPS, path, "[workflow step definitions] cannot be null or empty");
    } else if count > STEPS_MAX {
        let message = format!("[workflow step list] is too large [{count}] and over the size limit [{STEPS_MAX}]");
        rules.report(code::TOO_MANY_STEPS, path, message);
    }
}

fn unique<'w>(rules: &mut Rules<'_>, path: &Path<'_>, steps: &'w [Arc<Step>], known: &mut IndexSet<&'w str>) {
    for (index, step) in steps.iter().enumerate() {
        let at = path.index(index);
        let body = at.key(step.wrapper());
        if !known.insert(&step.id) {
            let hint = format!("`{}` stands at least twice", step.id);
            let message = "[workflow step definitions] contain duplicate step ids";
            rules.report(code::DUPLICATE_STEP, &body.key("id"), message).hint = Some(hint);
        }
        unique(rules, &body.key("steps"), step.body(), known);
    }
}

/// Successors exist, and written predecessors say the same as successors. Cycles are found by the dry run.
pub(super) fn edges(rules: &mut Rules<'_>, path: &Path<'_>, steps: &[Arc<Step>]) {
    let mut computed: IndexMap<&str, Vec<&str>> = steps.iter().map(|step| (step.id.as_str(), Vec::new())).collect();
    for (index, step) in steps.iter().enumerate() {
        for (successor, _) in step.successors() {
            if let Some(predecessors) = computed.get_mut(successor.as_str()) {
                predecessors.push(&step.id);
                continue;
            }
            let message = format!(
                "[workflow step transition] is invalid for step [{}]'s successor step id [{successor}], which does not exist in steps",
                step.id
            );
            let known = steps.iter().map(|step| step.id.as_str());
            let hint = nearest(successor, known).map(|meant| format!("did you mean `{meant}`?"));
            let at = path.index(index);
            let (body, transition) = (at.key(step.wrapper()), "transition");
            let place = body.key(transition);
            let successors = place.key("successors");
            rules.report(code::UNKNOWN_SUCCESSOR, &successors.key(successor), message).hint = hint;
        }
    }
    for (index, step) in steps.iter().enumerate() {
        let Some(written) = step.transition.predecessors.as_ref().filter(|list| !list.is_empty()) else { continue };
        let real: IndexSet<&str> = computed.get(step.id.as_str()).into_iter().flatten().copied().collect();
        let said: IndexSet<&str> = written.iter().map(crate::id::StepId::as_str).collect();
        if real != said {
            let list = |ids: &IndexSet<&str>| ids.iter().copied().collect::<Vec<_>>().join(", ");
            let message = format!(
                "[workflow step transition] is invalid for step [{}]'s predecessors list [{}], which does match computed one [{}] based on the DAG",
                step.id,
                list(&said),
                list(&real)
            );
            let at = path.index(index);
            let body = at.key(step.wrapper());
            rules.report(code::PREDECESSORS, &body.key("transition").key("predecessors"), message);
        }
    }
}

fn instance_step_concurrency(rules: &mut Rules<'_>, path: &Path<'_>, workflow: &Workflow) {
    let out_of_range = |number: &i64| !(1..=INSTANCE_STEP_CONCURRENCY_MAX).contains(number);
    if let Some(number) = workflow.instance_step_concurrency.filter(out_of_range) {
        let message = format!(
            "[workflow definitions] instance_step_concurrency should be positive and less than {} - rejected value is [{number}]",
            INSTANCE_STEP_CONCURRENCY_MAX + 1
        );
        rules.report(code::INSTANCE_STEP_CONCURRENCY, &path.key("instance_step_concurrency"), message);
    }
}

/// Loops have literal loop params, whose names no outer loop uses.
fn loops<'w>(rules: &mut Rules<'_>, path: &Path<'_>, steps: &'w [Arc<Step>], outer: &mut Vec<&'w str>) {
    for (index, step) in steps.iter().enumerate() {
        if !matches!(step.kind, Kind::Foreach { .. } | Kind::While { .. }) {
            continue;
        }
        let at = path.index(index);
        let body = at.key(step.wrapper());
        let depth = outer.len();
        match step.loop_params() {
            None => {
                let message = format!(
                    "[workflow step definitions] loop step [{}] must have a param loop_params with a literal MAP value",
                    step.id
                );
                rules.report(code::LOOP_PARAMS, &body, message);
            }
            Some(params) => {
                for name in params.keys() {
                    if outer.contains(&&**name) {
                        let message = format!("[workflow step definitions] contain duplicate loop param name [{name}]");
                        let params = body.key("params");
                        let place = params.key("loop_params");
                        rules.report(code::LOOP_NAME, &place.key("value").key(name), message);
                    }
                    outer.push(name);
                }
            }
        }
        loops(rules, &body.key("steps"), step.body(), outer);
        outer.truncate(depth);
    }
}
