//! Signals: params, operators, matching, triggers.

mod dependency;
mod matching;
mod operator;
mod output;
mod request;
mod stored;
mod text;
mod trigger;
mod value;

pub use dependency::{Dependencies, Dependency, DependencyStatus};
pub use matching::{Condition, Pattern};
pub use operator::{UnknownOperator, holds, operator_code, operator_from_code};
pub use output::Output;
pub use request::request_id;
pub use stored::{Log, Signal};
pub use text::trigger_uuid;
pub use trigger::{Checkpoints, match_trigger, trigger_request};
pub use value::{NotSupported, value_from_json, value_to_json};
