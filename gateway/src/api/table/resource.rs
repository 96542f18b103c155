//! Calls about what workflows share: permits, signals, job templates, outputs; and views.

use workflow::port::Request;

use super::query::{FLATTENED, NONE as NO_QUERY, SUMMARY, VERSION};
use crate::api::{
    input::Input,
    problem::Problem,
    route::{Body, Route, Verb},
};

pub(super) static ROUTES: &[Route] = &[
    Route {
        name: "add_tag_permit",
        verb: Verb::Post,
        path: "/tag-permits",
        about: "Limits how many steps with a tag run at once.",
        body: Body::Json,
        query: NO_QUERY,
        build: |call| Ok(Request::AddTagPermit { body: call.json() }),
    },
    Route {
        name: "tag_permit",
        verb: Verb::Get,
        path: "/tag-permits/{tag}",
        about: "The limit of a tag.",
        body: Body::None,
        query: NO_QUERY,
        build: |call| Ok(Request::TagPermit { tag: call.text_part("tag") }),
    },
    Route {
        name: "delete_tag_permit",
        verb: Verb::Delete,
        path: "/tag-permits/{tag}",
        about: "Removes the limit of a tag.",
        body: Body::None,
        query: NO_QUERY,
        build: |call| Ok(Request::DeleteTagPermit { tag: call.text_part("tag") }),
    },
    Route {
        name: "send_signal",
        verb: Verb::Post,
        path: "/signals",
        about: "Announces a signal.",
        body: Body::Json,
        query: NO_QUERY,
        build: |call| Ok(Request::SendSignal { body: call.json() }),
    },
    Route {
        name: "signal",
        verb: Verb::Get,
        path: "/signals/{signalName}/instances/{sequence}",
        about: "One announcement: a number or `latest`.",
        body: Body::None,
        query: NO_QUERY,
        build: |call| signal(call),
    },
    Route {
        name: "add_job_template",
        verb: Verb::Post,
        path: "/job-templates",
        about: "Stores a job template.",
        body: Body::Json,
        query: NO_QUERY,
        build: |call| Ok(Request::AddJobTemplate { body: call.json() }),
    },
    Route {
        name: "add_job_template_yaml",
        verb: Verb::Post,
        path: "/job-templates/yaml",
        about: "Stores a job template that is written in YAML.",
        body: Body::Yaml,
        query: NO_QUERY,
        build: |call| Ok(Request::AddJobTemplateYaml { text: call.yaml() }),
    },
    Route {
        name: "job_templates",
        verb: Verb::Get,
        path: "/job-templates",
        about: "All job templates of a version.",
        body: Body::None,
        query: &[VERSION],
        build: |call| Ok(Request::JobTemplate { job_type: String::new(), version: version(call) }),
    },
    Route {
        name: "job_template",
        verb: Verb::Get,
        path: "/job-templates/{jobType}",
        about: "One job template.",
        body: Body::None,
        query: &[VERSION],
        build: |call| Ok(Request::JobTemplate { job_type: call.text_part("jobType"), version: version(call) }),
    },
    Route {
        name: "delete_job_template",
        verb: Verb::Delete,
        path: "/job-templates/{jobType}",
        about: "Removes a job template, in one version or in all.",
        body: Body::None,
        query: &[VERSION],
        build: |call| Ok(Request::DeleteJobTemplate { job_type: call.text_part("jobType"), version: version(call) }),
    },
    Route {
        name: "put_output",
        verb: Verb::Put,
        path: "/output-data",
        about: "Takes the outputs of an external job.",
        body: Body::Json,
        query: NO_QUERY,
        build: |call| Ok(Request::PutOutput { body: call.json() }),
    },
    Route {
        name: "foreach_view",
        verb: Verb::Get,
        path: "/views/flatten/workflows/{workflowId}/instances/{workflowInstanceId}/runs/{workflowRunId}/steps/{stepId}",
        about: "A page of the leaf iterations of a loop.",
        body: Body::None,
        query: FLATTENED,
        build: |call| flattened(call, None),
    },
    Route {
        name: "foreach_iteration",
        verb: Verb::Get,
        path: "/views/flatten/workflows/{workflowId}/instances/{workflowInstanceId}/runs/{workflowRunId}/steps/{stepId}/iterations/{iterationId}",
        about: "One leaf iteration of a loop.",
        body: Body::None,
        query: NO_QUERY,
        build: |call| flattened(call, Some(("iteration", call.text_part("iterationId")))),
    },
    Route {
        name: "foreach_summary",
        verb: Verb::Get,
        path: "/views/flatten/workflows/{workflowId}/instances/{workflowInstanceId}/runs/{workflowRunId}/steps/{stepId}/summary",
        about: "How the leaf iterations of a loop stand.",
        body: Body::None,
        query: SUMMARY,
        build: |call| flattened(call, Some(("view", "summary".to_owned()))),
    },
];

fn version(call: &Input) -> Option<String> {
    call.query("version").map(str::to_owned)
}

/// The latest announcement is asked for as number -1, which is also what answers about it say.
fn signal(call: &mut Input) -> Result<Request, Problem> {
    let sequence = match call.text_part("sequence").as_str() {
        "latest" => -1,
        number => number.parse().map_err(|_| Problem::no_number(number))?,
    };
    Ok(Request::Signal { name: call.text_part("signalName"), sequence })
}

/// What only the path says is handed on as one more parameter.
fn flattened(call: &mut Input, further: Option<(&str, String)>) -> Result<Request, Problem> {
    let (instance, run, step) = (call.instance()?, call.text_part("workflowRunId"), call.step());
    let mut query = call.all_query();
    query.extend(further.map(|(name, value)| (name.to_owned(), value)));
    Ok(Request::FlattenedForeach { instance, run, step, query })
}
