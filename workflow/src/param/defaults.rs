//! The params that every workflow and every step of a type start from.

use std::{collections::HashMap, sync::LazyLock};

use super::{Definitions, layers::bundled, read};
use crate::definition::StepType;

static WORKFLOW: LazyLock<Definitions> = LazyLock::new(|| parsed(include_str!("defaults/workflow.json")));
static STEP: LazyLock<Definitions> = LazyLock::new(|| parsed(include_str!("defaults/step.json")));
static DRY_RUN: LazyLock<Definitions> = LazyLock::new(|| parsed(include_str!("defaults/dry_run.json")));
static FOREACH: LazyLock<Definitions> = LazyLock::new(|| parsed(include_str!("defaults/foreach.json")));
static WHILE: LazyLock<Definitions> = LazyLock::new(|| parsed(include_str!("defaults/while.json")));
static SUBWORKFLOW: LazyLock<Definitions> = LazyLock::new(|| parsed(include_str!("defaults/subworkflow.json")));
static HTTP: LazyLock<Definitions> = LazyLock::new(|| parsed(include_str!("defaults/http.json")));
static KUBERNETES: LazyLock<Definitions> = LazyLock::new(|| parsed(include_str!("defaults/kubernetes.json")));
static NOTEBOOK: LazyLock<Definitions> = LazyLock::new(|| parsed(include_str!("defaults/notebook.json")));

static BUNDLED_WORKFLOW: LazyLock<Definitions> = LazyLock::new(|| merged([workflow()]));
static BUNDLED_STEP: LazyLock<Definitions> = LazyLock::new(|| merged([step()]));
static BUNDLED_BY_TYPE: LazyLock<HashMap<StepType, Definitions>> = LazyLock::new(|| {
    let own = TYPES.into_iter().filter_map(|step_type| Some((step_type, of_type(step_type)?)));
    own.map(|(step_type, own)| (step_type, merged([step(), own]))).collect()
});

/// Types that bring params along.
const TYPES: [StepType; 6] = [
    StepType::Foreach,
    StepType::While,
    StepType::Subworkflow,
    StepType::Http,
    StepType::Kubernetes,
    StepType::Notebook,
];

fn merged<const N: usize>(defaults: [&Definitions; N]) -> Definitions {
    bundled(defaults).expect("bundled files do not contradict each other")
}

fn parsed(text: &str) -> Definitions {
    let json = serde_json::from_str(text).expect("a bundled file is JSON");
    let mut problems = Vec::new();
    let definitions = read::partial_definitions(&json, "", &mut problems);
    assert!(problems.is_empty(), "a bundled file is free of problems: {problems:?}");
    definitions
}

/// Of every workflow.
pub fn workflow() -> &'static Definitions {
    &WORKFLOW
}

/// Of every step.
pub fn step() -> &'static Definitions {
    &STEP
}

/// Of every workflow, merged: what others are merged over.
pub fn bundled_workflow() -> &'static Definitions {
    &BUNDLED_WORKFLOW
}

/// Of every step of a type, merged: what others are merged over.
pub fn bundled_step(step_type: StepType) -> &'static Definitions {
    BUNDLED_BY_TYPE.get(&step_type).unwrap_or(&BUNDLED_STEP)
}

/// What a dry run supplies where a workflow defines it.
pub fn dry_run() -> &'static Definitions {
    &DRY_RUN
}

/// Of every step of a type; `None` where the type brings none.
pub fn of_type(step_type: StepType) -> Option<&'static Definitions> {
    match step_type {
        StepType::Foreach => Some(&FOREACH),
        StepType::While => Some(&WHILE),
        StepType::Subworkflow => Some(&SUBWORKFLOW),
        StepType::Http => Some(&HTTP),
        StepType::Kubernetes => Some(&KUBERNETES),
        StepType::Notebook => Some(&NOTEBOOK),
        StepType::NoOp | StepType::Sleep | StepType::Titus | StepType::Join | StepType::Template => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_file_is_readable() {
        for step_type in TYPES {
            assert!(of_type(step_type).is_some_and(|params| !params.is_empty()));
            assert!(bundled_step(step_type).len() > bundled_step(StepType::NoOp).len(), "{step_type:?}");
        }
        assert_eq!((workflow().len(), step().len(), dry_run().len()), (24, 4, 2));
    }
}
