//! Keys of the flattened view of nested loops: text that sorts as the numbers in it do.

use serde::{Deserialize, Serialize};

use crate::id::{AttemptId, InstanceId, RunId, StepId, WorkflowId};

/// Between the parts of a key.
const SEPARATOR: char = '-';
/// Digits of the longest number that has a length character of its own.
const DIGITS_MAX: usize = 71;
/// Lengths below this are told by a digit, others by the characters from `A` on.
const NUMERIC_LENGTHS: usize = 10;

/// A leaf step of a loop body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeafRef {
    /// The loop body's workflow.
    pub workflow_id: WorkflowId,
    /// The iteration.
    pub workflow_instance_id: InstanceId,
    /// The loop run.
    pub workflow_run_id: RunId,
    /// The step.
    pub step_id: StepId,
    /// Its attempt.
    pub step_attempt_id: AttemptId,
}

/// A number's digits behind a character that tells how many there are; `None` for more than can be told.
pub fn encode_by_length(digits: &str) -> Option<String> {
    let length = digits.chars().count();
    let mark = match length {
        0..NUMERIC_LENGTHS => b'0' + u8::try_from(length).ok()?,
        NUMERIC_LENGTHS..=DIGITS_MAX => b'A' + u8::try_from(length - NUMERIC_LENGTHS).ok()?,
        _ => return None,
    };
    Some(format!("{}{digits}", char::from(mark)))
}

/// The digits behind the length character; `None` when there is none.
pub fn decode_by_length(encoded: &str) -> Option<&str> {
    let mut characters = encoded.chars();
    characters.next()?;
    Some(characters.as_str())
}

/// The rank of an iteration id such as `4-7-22`, outermost loop first; `None` for an empty or overlong one.
pub fn iteration_rank(iteration: &str) -> Option<String> {
    if iteration.is_empty() {
        return None;
    }
    let parts: Option<Vec<String>> = iteration.split(SEPARATOR).map(encode_by_length).collect();
    Some(parts?.join("-"))
}

/// The leaf step that a row of the flattened view is about; `None` when the row does not say enough.
///
/// The rank ends with the iteration, the attempt sequence with the run and the attempt.
pub fn leaf_step_instance_ref(workflow: Option<&str>, rank: &str, step: &str, attempts: &str) -> Option<LeafRef> {
    let number = |part: &str| decode_by_length(part)?.parse::<i64>().ok();
    let mut attempts = attempts.rsplit(SEPARATOR);
    let (attempt, run) = (attempts.next()?, attempts.next()?);
    Some(LeafRef {
        workflow_id: WorkflowId::from(workflow?),
        workflow_instance_id: InstanceId(number(rank.rsplit(SEPARATOR).next()?)?),
        workflow_run_id: RunId(number(run)?),
        step_id: StepId::from(step),
        step_attempt_id: AttemptId(number(attempt)?),
    })
}
