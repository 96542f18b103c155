//! The words of definitions: rules, step types, failure modes, criticalities and operators.

use super::model::{Criticality, FailureMode, Operator, Rule, StepType};
use crate::words::words;

words!(Rule {
    Sequential = "SEQUENTIAL",
    StrictSequential = "STRICT_SEQUENTIAL",
    FirstOnly = "FIRST_ONLY",
    LastOnly = "LAST_ONLY",
    Parallel = "PARALLEL",
    SerialLatestOnly = "SERIAL_LATEST_ONLY",
});

words!(Criticality {
    Critical = "CRITICAL",
    High = "HIGH",
    Medium = "MEDIUM",
    Low = "LOW",
});

words!(StepType {
    NoOp = "NoOp",
    Sleep = "Sleep",
    Http = "Http",
    Kubernetes = "Kubernetes",
    Notebook = "Notebook",
    Titus = "Titus",
    Join = "Join",
    Foreach = "foreach",
    While = "while",
    Subworkflow = "subworkflow",
    Template = "template",
});

words!(FailureMode {
    FailImmediately = "FAIL_IMMEDIATELY",
    FailAfterRunning = "FAIL_AFTER_RUNNING",
    IgnoreFailure = "IGNORE_FAILURE",
});

words!(Operator {
    Equals = "=",
    Greater = ">",
    GreaterOrEqual = ">=",
    Less = "<",
    LessOrEqual = "<=",
});
