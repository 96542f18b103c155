//! Job templates, and output data that external jobs deliver.

mod template;

use serde_json::Value as Json;

pub(crate) use self::template::{DEFAULT_VERSION, Template};
use super::{Machine, Message, Row, RowKey, Rows, Scan, Table, Turn, Unreadable, author, row};
use crate::{
    definition::source::yaml,
    port::{Answer, Caller, Reason, Refusal, Request},
};

/// Versions of one template that one call removes at most.
const VERSIONS_MAX: usize = 1_000;

/// The machine of job templates and output data. It keeps nothing in memory but which templates there are.
#[derive(Debug, Default)]
pub struct Library {
    /// Stored templates by type and version, so that a removal knows what there is.
    known: std::collections::BTreeSet<(String, String)>,
}

impl Library {
    /// The machine as its rows say.
    pub fn load(rows: &dyn Rows) -> Result<Self, Unreadable> {
        let mut library = Self::default();
        Scan::table(Table::Template).each(rows, |key, body| {
            let _: Template = row::parse(&key, body)?;
            library.known.insert((key.name.to_string(), key.part.to_string()));
            Ok(())
        })?;
        Ok(library)
    }

    fn answer(&mut self, caller: &Caller, request: &Request, turn: &mut Turn<'_>) -> Result<Answer, Refusal> {
        match request {
            Request::AddJobTemplate { body } => self.add(caller, body, turn),
            Request::AddJobTemplateYaml { text } => self.add(caller, &yaml(text)?, turn),
            Request::DeleteJobTemplate { job_type, version } => Ok(self.remove(job_type, version.as_deref(), turn)),
            Request::PutOutput { body } => put_output(body, turn),
            _ => Err(Refusal::new(Reason::InternalError, "this request is not about templates or output data")),
        }
    }

    fn add(&mut self, caller: &Caller, body: &Json, turn: &mut Turn<'_>) -> Result<Answer, Refusal> {
        let author = author(caller)?;
        let template = Template::read(body, &author, turn.now)?;
        turn.save(Row::settled(template.key(), &template));
        self.known.insert((template.job_type().to_owned(), template.version().to_owned()));
        Ok(Answer::ok(template.document()))
    }

    fn remove(&mut self, job_type: &str, version: Option<&str>, turn: &mut Turn<'_>) -> Answer {
        let all = self.known.iter().filter(|(known, of)| known == job_type && version.is_none_or(|asked| asked == of));
        let removed: Vec<(String, String)> = all.take(VERSIONS_MAX).cloned().collect();
        for key in &removed {
            self.known.remove(key);
            turn.forget(Template::key_of(&key.0, &key.1));
        }
        let of = version.map_or_else(String::new, |version| format!("[{version}]"));
        let count = removed.len();
        Answer::ok(Json::from(format!("Removed [{count}] job template versions for job type: [{job_type}]{of}")))
    }
}

impl Machine for Library {
    fn on(&mut self, message: Message, turn: &mut Turn<'_>) {
        if let Message::Request { ticket, caller, request } = message {
            let answer = self.answer(&caller, &request, turn);
            turn.reply(ticket, answer);
        }
    }

    fn flush(&mut self, _turn: &mut Turn<'_>) {}

    fn is_settled(&self) -> bool {
        true
    }
}

/// A template in YAML says the same as one in JSON.
fn yaml(text: &str) -> Result<Json, Refusal> {
    let unreadable = |_| Refusal::new(Reason::BadRequest, "I/O error while reading input message");
    yaml::parse(text).map(|root| root.to_json()).map_err(unreadable)
}

/// Keeps what a job publishes until its step ends; a later call replaces it.
fn put_output(body: &Json, turn: &mut Turn<'_>) -> Result<Answer, Refusal> {
    let refuse = |message: &str| Err(Refusal::new(Reason::BadRequest, message));
    let text = |name: &str| body.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
    // The caller's credentials would say which job it is; this API does not carry them, so the body must.
    let (Some(kind), Some(job)) = (text("external_job_type"), text("external_job_id")) else {
        return refuse("output data cannot be accepted: the caller's credentials do not say which job it is");
    };
    let mut stored = serde_json::Map::new();
    for name in ["params", "artifacts"] {
        match body.get(name) {
            None | Some(Json::Null) => {}
            Some(Json::Object(map)) => {
                stored.insert(name.to_owned(), Json::Object(map.clone()));
            }
            Some(_) => return refuse(&format!("JSON parse error: `{name}` of output data is a map")),
        }
    }
    let max = turn.surroundings.settings().params_json_max;
    let size = stored.get("params").map_or(0, |params| params.to_string().len());
    if size > max {
        return refuse(&format!("Output data's total size [{size}] is larger than system limit [{max}]"));
    }
    turn.save(Row::settled(output_key(&output_name(kind, job)), &Json::Object(stored)));
    Ok(Answer { status: 200, body: None })
}

/// The name of a job's output data.
pub(crate) fn output_name(kind: &str, job: &str) -> String {
    format!("{}/{job}", kind.to_uppercase())
}

/// Where output data is stored.
pub(crate) fn output_key(name: &str) -> RowKey {
    RowKey::named(Table::Output, name)
}
