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

impl Flow {
    /// The report of an http step, judged by its `state_expr`; any other report as it is.
    ///
    /// A program that cannot be evaluated is fatal, and nothing of the response is kept.
    pub(super) fn judged(&self, at: usize, report: Report, turn: &mut Turn<'_>) -> Report {
        let definition = &self.steps[at].definition;
        let is_http = matches!(definition.kind, Kind::Typed { step_type: StepType::Http, .. });
        let is_response = report.conclusion == Conclusion::Done && report.outputs.contains_key(STATUS_CODE);
        if !is_http || !is_response || turn.surroundings.stands_in(definition) {
            return report;
        }
        match self.http_state(at, &report.outputs, turn) {
            Ok((word, conclusion)) => {
                let message =
                    format!("HTTP step finished with state [{word}] based on the SEL evaluation of state_expr");
                let mut timeline = report.timeline;
                timeline.push(Event::log(turn.now, Level::Info, message).to_json());
                Report { conclusion, timeline, ..report }
            }
            Err(failure) => {
                let message = "Failed to execute http step runtime with an error";
                let event = Event::internal_error(turn.now, message, failure.lines());
                let timeline = vec![event.to_json()];
                let (outputs, artifacts) = (Map::new(), Map::new());
                Report { conclusion: Conclusion::FatalError, outputs, artifacts, timeline }
            }
        }
    }

    fn http_state(
        &self,
        at: usize,
        outputs: &Map<String, Json>,
        turn: &mut Turn<'_>,
    ) -> Result<(Arc<str>, Conclusion), Failure> {
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
            Ok(Some(conclusion)) => Ok((word, conclusion)),
            Ok(None) => Err(Failure::text(format!("state_expr must end the step but says [{word}]"))),
            Err(error) => Err(Failure::text(error.to_string())),
        }
    }
}
