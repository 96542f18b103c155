//! A definition's text checked as a push would check it, every problem with its place in the text.

use std::ops::Range;

use serde_json::Value as Json;

use super::{
    CreateRequest,
    dry_run::{self, Surroundings},
    dsl, read,
    rules::{self, Limits},
    source::{self, Places, Position},
    template::Templates,
};
use crate::{
    id::Ids,
    param::Params,
    problem::{Problem, Stage, code},
    time::Timestamp,
};

/// The form of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A create request, or a stored version with its metadata.
    Json,
    /// The YAML form.
    Yaml,
}

/// The most bytes of a text: many times what a request may have, written with blanks and with what is kept beside a stored version.
const TEXT_MAX_BYTES: usize = 16 * rules::REQUEST_MAX_BYTES;

/// What a check needs to know of the installation.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// What the installation allows.
    pub limits: &'a Limits,
    /// Its job templates.
    pub templates: &'a dyn Templates,
    /// Its configured name.
    pub environment: &'a str,
    /// Triggers are asked when they fire next after this.
    pub now: Timestamp,
}

impl std::fmt::Debug for Settings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("limits", self.limits).field("now", &self.now).finish_non_exhaustive()
    }
}

/// A problem and where in the text it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// What is wrong.
    pub problem: Problem,
    /// Bytes of the text.
    pub span: Range<usize>,
    /// Where the span begins.
    pub position: Position,
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// In the order in which they stand in the text.
    pub problems: Vec<Located>,
    /// The request, if nothing refuses it.
    pub request: Option<CreateRequest>,
    /// What the params of the workflow come to in a simulated start; empty where there was none.
    pub params: Params,
}

impl Checked {
    /// What is said of bytes that are no text, shown as `text` with what could not be read replaced; `valid` bytes of it are fine.
    pub fn no_text(text: &str, format: Format, valid: usize) -> Self {
        let code = if format == Format::Json { code::JSON_SYNTAX } else { code::YAML_SYNTAX };
        Self::unread(text, Problem::new(code, "", "the file is not text in UTF-8"), valid)
    }

    /// A text of which nothing can be said but why it cannot be read, and where.
    fn unread(text: &str, problem: Problem, at: usize) -> Self {
        let end = text[at..].chars().next().map_or(at, |letter| at + letter.len_utf8());
        let located = Located { problem, span: at..end, position: source::position(text, at) };
        Self { problems: vec![located], request: None, params: Params::new() }
    }

    /// Whether a push of the text would be accepted.
    pub fn is_accepted(&self) -> bool {
        self.request.is_some()
    }
}

/// Checks a text: its syntax, its shape, the rules as far as the shape can be made out, and at last a simulated start.
pub fn check(text: &str, format: Format, settings: Settings<'_>) -> Checked {
    // A byte order mark is no part of the document.
    let document = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mark = text.len() - document.len();
    let mut checked = check_document(document, format, settings);
    for located in &mut checked.problems {
        located.span = located.span.start + mark..located.span.end + mark;
    }
    checked
}

fn check_document(text: &str, format: Format, settings: Settings<'_>) -> Checked {
    if text.len() > TEXT_MAX_BYTES {
        let bytes = text.len();
        let message = format!("the text has {bytes} bytes, more than {TEXT_MAX_BYTES} are not even looked at");
        return Checked::unread(text, Problem::new(code::TOO_LARGE, "", message), 0);
    }
    let (json, places, mut problems) = match document(text, format, settings) {
        Ok(document) => document,
        Err((problem, at)) => return Checked::unread(text, problem, at),
    };
    let mut params = Params::new();
    let request = json.as_ref().and_then(|json| request(json, &mut problems, &mut params, settings));
    let is_refused = problems.iter().any(Problem::refuses);
    let mut located: Vec<Located> = problems
        .into_iter()
        .map(|problem| {
            let span = source::locate(text, &places, &problem);
            Located { position: source::position(text, span.start), problem, span }
        })
        .collect();
    located.sort_by_key(|found| (found.span.start, found.problem.stage()));
    Checked { problems: located, request: request.filter(|_| !is_refused), params }
}

type Document = (Option<Json>, Places, Vec<Problem>);

fn document(text: &str, format: Format, settings: Settings<'_>) -> Result<Document, (Problem, usize)> {
    Ok(match format {
        Format::Json => {
            let parsed = source::json::parse(text)?;
            (Some(parsed.json), parsed.places, parsed.warnings)
        }
        Format::Yaml => {
            let converted = dsl::convert(&source::yaml::parse(text)?, settings.templates);
            (converted.request, converted.places, converted.problems)
        }
    })
}

fn request(
    json: &Json,
    problems: &mut Vec<Problem>,
    params: &mut Params,
    settings: Settings<'_>,
) -> Option<CreateRequest> {
    let is_stored = json.pointer("/metadata/workflow_id").is_some();
    let request = if is_stored {
        let reading = read::version(json);
        problems.extend(reading.problems);
        reading.value.map(|version| version.to_request())
    } else {
        let reading = read::create_request(json);
        // What the YAML form already said needs not be said again.
        let known: Vec<String> = problems.iter().map(|problem| problem.path.clone()).collect();
        problems.extend(reading.problems.into_iter().filter(|problem| !known.contains(&problem.path)));
        reading.value
    };
    // Where the shape is broken, rules about the whole would mislead; those about single values still help.
    if let Some(request) = &request {
        let is_broken = problems.iter().any(|problem| problem.stage() <= Stage::Parse);
        let found = rules::check(request, settings.limits, settings.now);
        problems.extend(found.into_iter().filter(|problem| !is_broken || is_about_one_value(problem)));
        if problems.iter().any(Problem::refuses) {
            rules::unreadable_params(&request.workflow, problems);
        } else {
            let owner = request.properties.as_ref().and_then(|properties| properties.owner.as_ref());
            let surroundings = Surroundings {
                caller: owner.map(|owner| &*owner.name),
                environment: settings.environment,
                separator: &settings.limits.separator,
                templates: settings.templates,
                now: settings.now,
                deadline: None,
            };
            let simulation = dry_run::dry_run(&request.workflow, surroundings, &mut Counted(0));
            problems.extend(simulation.problems);
            *params = simulation.params;
        }
    }
    request
}

/// Uuids and numbers that only have to differ.
struct Counted(u64);

impl Ids for Counted {
    fn uuid(&mut self) -> uuid::Uuid {
        self.0 += 1;
        uuid::Uuid::from_u64_pair(0x4000, (1 << 63) | self.0)
    }

    fn number(&mut self) -> i64 {
        self.0 += 1;
        self.0.cast_signed()
    }
}

fn is_about_one_value(problem: &Problem) -> bool {
    matches!(
        problem.code,
        code::ID
            | code::NAME
            | code::TEXT_TOO_LONG
            | code::TIMEOUT
            | code::RETRY_POLICY
            | code::CRON
            | code::TIME_ZONE
            | code::CONDITION
            | code::LOOKS_LIKE_REFERENCE
    )
}
