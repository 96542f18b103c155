//! The language checked against recorded facts: case files in, agreement out.
//!
//! A case is one line of JSON: an operation, its input, and what the reference made of it. An adapter here maps the case's names and
//! shapes to the public functions that the engines call; it never computes a result of its own.

mod case;
mod compare;
mod cron;
mod dag;
mod dsl;
mod duration;
mod foreach;
mod http;
mod ids;
mod kubernetes;
mod literal;
mod models;
mod pagination;
mod param_ext;
mod params;
mod params_evaluation;
mod restart;
mod retry;
mod run_context;
mod run_strategy;
mod sel;
mod signal_match;
mod status;
mod timeline;
mod validation;
pub mod workflows;

pub use case::{Case, Failure, Finding, Unreadable};

/// Runs one operation of a case file: the result as JSON, or the failure with its kind and text.
pub type Adapter = fn(&Case) -> Result<serde_json::Value, Failure>;

/// The adapter of a case file, by the file's name without `.jsonl`; `None` for a file that this version does not know.
pub fn adapter(file: &str) -> Option<Adapter> {
    // One line a file, in alphabetical order.
    Some(match file {
        "cron" => cron::run,
        "dag" => dag::run,
        "dsl" => dsl::run,
        "duration" => duration::run,
        "foreach" => foreach::run,
        "http" => http::run,
        "ids" => ids::run,
        "kubernetes" => kubernetes::run,
        "literal" => literal::run,
        "models" => models::run,
        "pagination" => pagination::run,
        "param_ext" => param_ext::run,
        "params" => params::run,
        "restart" => restart::run,
        "retry" => retry::run,
        "run_strategy" => run_strategy::run,
        "sel" => sel::run,
        "signal_match" => signal_match::run,
        "status" => status::run,
        "validation" => validation::run,
        "timeline" => timeline::run,
        _ => return None,
    })
}
