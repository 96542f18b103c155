//! `param_ext.jsonl`: the functions behind `params.getFrom…`.

use serde_json::Value as Json;

use super::{
    Case, Failure,
    run_context::{Counting, RunContext},
};
use crate::param::{
    functions::{self, Refused},
    write,
};

/// Runs one case.
pub(super) fn run(case: &Case) -> Result<Json, Failure> {
    let context = case.input("context");
    let mut run = RunContext::new(context, &context["steps"])?;
    run.is_step_level = context["instance"]["is_workflow_param"].as_bool() != Some(true);
    let arguments: Vec<&str> = case.input("args").as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let failed = |text| Failure { kind: "MaestroInternalError", text };
    match functions::call(&run, &mut Counting::default(), &case.function, &arguments) {
        Ok(value) => Ok(write::value(&value)),
        Err(Refused::Failed(text)) => Err(failed(text)),
        Err(Refused::Unknown) => {
            Err(Failure { kind: "UnsupportedOperationException", text: format!("no function {}", case.function) })
        }
        // A case brings all that its function may find: what it lacks is not stored anywhere.
        Err(Refused::Pending(lookup)) => {
            Err(failed(format!("{} throws an exception: nothing is stored for {lookup:?}", case.function)))
        }
    }
}
