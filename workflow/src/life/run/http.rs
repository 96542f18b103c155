//! What the response to an http step means: its `state_expr` decides, with the response among the step's params.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{Failure, flow::Flow};
use crate::{
    definition::{Kind, StepType},
    life::Turn,
    param::{self, Params, StepLevel, Value, stored},
    port::{Conclusion, Report},
    runtime::http,
    timeline::{Event, Level},
};

/// The param that holds the program.
const STATE: &str = "state_expr";
/// The output that tells of a response.
const STATUS_CODE: &str = "status_code";

/// What a response makes of the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It ends as the report says.
    End,
    /// Its expression says `CONTINUE`: the request is made again in a while.
    AskAgain,
}

impl Flow {
    /// The report of an http step and what comes next, judged by its `state_expr`; any other report as it is.
    ///
    /// A program that cannot be evaluated is fatal, and nothing of the response is kept.
    pub(super) fn judged(&self, at: usize, report: Report, turn: &mut Turn<'_>) -> (Report, Next) {
        let definition = &self.steps[at].definition;
        let is_http = matches!(definition.kind, Kind::Typed { step_type: StepType::Http, .. });
        let is_response = report.conclusion == Conclusion::Done && report.outputs.contains_key(STATUS_CODE);
        if !is_http || !is_response || turn.surroundings.stands_in(definition) {
            return (report, Next::End);
        }
        match self.http_state(at, &report.outputs, turn) {
            Ok((word, state)) => {
                let word = word.to_uppercase();
                let message =
                    format!("HTTP step finished with state [{word}] based on the SEL evaluation of state_expr");
                let mut timeline = report.timeline;
                timeline.push(Event::log(turn.now, Level::Info, message).to_json());
                match state {
                    Some(conclusion) => (Report { conclusion, timeline, ..report }, Next::End),
                    None => (Report { timeline, ..report }, Next::AskAgain),
                }
            }
            Err(failure) => {
                let message = "Failed to execute http step runtime with an error";
                let event = Event::internal_error(turn.now, message, failure.lines());
                let timeline = vec![event.to_json()];
                let (outputs, artifacts) = (Map::new(), Map::new());
                (Report { conclusion: Conclusion::FatalError, outputs, artifacts, timeline }, Next::End)
            }
        }
    }

    fn http_state(
        &self,
        at: usize,
        outputs: &Map<String, Json>,
        turn: &mut Turn<'_>,
    ) -> Result<(Arc<str>, Option<Conclusion>), Failure> {
        let Some(attempt) = self.attempt(at) else { return Err(Failure::text("the attempt is gone")) };
        let program = match attempt.params.get(STATE).and_then(|param| param.value()) {
            Some(Value::String(program)) => Arc::clone(program),
            _ => return Err(Failure::text("[state_expr] is a required parameter")),
        };
        let mut own: Params = attempt.params.clone();
        let published = stored::params(&Json::Object(outputs.clone()), "outputs", &mut Vec::new());
        param::output::merge_output(&mut own, &published)?;
        let level = StepLevel { id: self.step_id(at), workflow: &self.seed.params, own: &own };
        let word = self.evaluating(at, turn, |evaluator| evaluator.text(STATE, &program, level))?;
        match http::conclusion(&word) {
            Ok(state) => Ok((word, state)),
            Err(error) => Err(Failure::text(error.to_string())),
        }
    }
}
