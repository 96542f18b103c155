//! Problems of a request's body as the API answers them.

use crate::{
    port::{Reason, Refusal},
    problem::{Problem, Stage},
};

/// The refusal of a body with these problems: the first one that keeps it from being read, or all that break rules.
pub(crate) fn refused(problems: &[Problem]) -> Refusal {
    let unread =
        problems.iter().filter(|problem| problem.stage() <= Stage::Parse).min_by_key(|problem| problem.stage());
    if let Some(problem) = unread {
        return Refusal::new(Reason::BadRequest, format!("JSON parse error: {}", problem.message));
    }
    let broken = problems.iter().filter(|problem| problem.stage() == Stage::Rules);
    Refusal {
        errors: broken.map(Problem::api_text).collect(),
        ..Refusal::new(Reason::BadRequest, "400 BAD_REQUEST \"Validation failure\"")
    }
}
