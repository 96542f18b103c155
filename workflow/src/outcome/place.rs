//! Where a step stands in the tree of a root run, as outcomes and recordings name it.

use std::fmt::Write as _;

use crate::id::{RunId, RunKey, StepId, is_loop_body};

/// The path of a step: `check` in the root's first run, `#2/check` in its second, `load[3]/check` in the third iteration of a loop,
/// `child/check` in a sub-workflow.
///
/// `above` are the steps around the run, outermost first, each with the run that it is in.
pub fn step_path<'a>(above: impl IntoIterator<Item = (&'a RunKey, &'a StepId)>, run: &RunKey, step: &StepId) -> String {
    let mut path = String::new();
    let mut above = above.into_iter().peekable();
    while let Some((_, outer)) = above.next() {
        let within = above.peek().map_or(run, |(within, _)| within);
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(outer);
        if is_loop_body(&within.workflow) {
            // Writing to a `String` cannot fail.
            let _ = write!(path, "[{}]", within.instance);
        }
    }
    if run.run != RunId::FIRST {
        let _ = write!(path, "#{}", run.run);
    }
    if !path.is_empty() {
        path.push('/');
    }
    path.push_str(step);
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::InstanceId;

    fn run(workflow: &str, instance: i64, run: i64) -> RunKey {
        RunKey { workflow: workflow.into(), instance: InstanceId(instance), run: RunId(run) }
    }

    #[track_caller]
    fn check(above: &[(RunKey, &str)], run: &RunKey, expected: &str) {
        let above: Vec<_> = above.iter().map(|(run, step)| (run.clone(), StepId::from(*step))).collect();
        let borrowed = above.iter().map(|(run, step)| (run, step));
        assert_eq!(step_path(borrowed, run, &"check".into()), expected);
    }

    #[test]
    fn a_step_is_named_by_the_steps_around_it() {
        let body = run("maestro_foreach_Iz1_A1_0123456789abcdef0123456789abcdef", 3, 1);
        check(&[], &run("etl", 17, 1), "check");
        check(&[], &run("etl", 17, 2), "#2/check");
        check(&[(run("etl", 17, 1), "load")], &body, "load[3]/check");
        check(&[(run("etl", 17, 1), "load"), (body, "child")], &run("other", 8, 2), "load[3]/child#2/check");
    }
}
