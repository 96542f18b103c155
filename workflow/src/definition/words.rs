//! The words that stand for values in documents.

use super::{Criticality, FailureMode, Operator, Rule, StepType};
use crate::words::words;

words!(Rule {
    Sequential = "SEQUENTIAL",
    StrictSequential = "STRICT_SEQUENTIAL",
    FirstOnly = "FIRST_ONLY",
    LastOnly = "LAST_ONLY",
    Parallel = "PARALLEL",
    SerialLatestOnly = "SERIAL_LATEST_ONLY",
});

words!(Criticality { Critical = "CRITICAL", High = "HIGH", Medium = "MEDIUM", Low = "LOW" });

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

words!(Operator { Equals = "=", Greater = ">", GreaterOrEqual = ">=", Less = "<", LessOrEqual = "<=" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_any_case_and_written_in_their_own() {
        assert_eq!(StepType::from_word("NOOP").map(StepType::word), Some("NoOp"));
        assert_eq!(Rule::from_word("first_only"), Some(Rule::FirstOnly));
        assert_eq!(Operator::from_word("=="), None);
    }
}
