//! What must hold of any text that a user sends, whatever it is: nothing panics or hangs, and what is told is true.

use workflow::{
    definition::{Format, Settings, check, read, rules::Limits, template::NoTemplates, write},
    duration,
    id::Ids,
    schedule::{self, Cron},
    sel::{self, Empty, Environment, Program, Value, evaluate},
    time::Timestamp,
};

/// When everything happens.
const NOW: Timestamp = Timestamp(1_750_000_000_000);

/// Small enough that a program without an end has one soon.
pub const LIMITS: sel::Limits =
    sel::Limits { stack: 64, loops: 200, array: 500, length: 20_000, visits: 50_000, memory_bytes: 1_000_000 };

/// Ids that only differ from each other.
#[derive(Debug, Default)]
pub struct Counted(i64);

impl Ids for Counted {
    fn uuid(&mut self) -> uuid::Uuid {
        uuid::Uuid::from_u128(u128::from(self.number().unsigned_abs()))
    }

    fn number(&mut self) -> i64 {
        self.0 += 1;
        self.0
    }
}

/// Runs a program within [`LIMITS`], at the same moment and with the same ids each time.
pub fn run(program: &Program) -> Result<Value, sel::Error> {
    evaluate(program, &mut Empty, &LIMITS, &mut Environment { now: NOW, ids: &mut Counted::default(), deadline: None })
}

/// What an evaluation came to, for comparing; `NaN` equals itself here.
pub fn outcome(outcome: &Result<Value, sel::Error>) -> String {
    match outcome {
        Ok(value) => format!("{value:?}"),
        Err(error) => error.full_text(),
    }
}

/// A program comes to the same each time, prints as itself, and a text that is none is told where.
pub fn sel(text: &str) {
    for parsed in [Program::parse(text), Program::parse_prepared(text)] {
        let program = match parsed {
            Ok(program) => program,
            Err(error) => {
                let span = error.span().expect("a parser knows where it stopped");
                assert!(span.start <= span.end, "{error}");
                continue;
            }
        };
        let first = outcome(&run(&program));
        assert_eq!(outcome(&run(&program)), first, "an evaluation differs from the one before");
        let printed = program.to_string();
        let again = Program::parse(&printed).expect("what is printed can be parsed");
        assert_eq!(again.to_string(), printed, "printing is not stable");
        assert_eq!(again.inputs(), program.inputs(), "a printed program reads other names");
    }
}

/// A definition in JSON is accepted or has problems at places of its text.
pub fn json(text: &str) {
    definition(text, Format::Json);
}

/// A definition in YAML likewise.
pub fn yaml(text: &str) {
    definition(text, Format::Yaml);
}

fn definition(text: &str, format: Format) {
    let limits = Limits::standard();
    let settings = Settings { limits: &limits, templates: &NoTemplates, environment: "fuzz", now: NOW };
    let checked = check(text, format, settings);
    let lines = text.matches('\n').count() + 1;
    for located in &checked.problems {
        assert!(text.get(located.span.clone()).is_some(), "{} stands outside of the text", located.problem);
        assert!((1..=lines).contains(&located.position.line), "{} stands on no line", located.problem);
        assert!(!located.problem.message.is_empty(), "{} says nothing", located.problem.code);
    }
    let Some(request) = checked.request else {
        assert!(checked.problems.iter().any(|located| located.problem.refuses()), "refused without a reason");
        return;
    };
    let written = write::create_request(&request);
    let again = read::create_request(&written).accepted().expect("what was accepted is accepted as it is written");
    assert_eq!(again, request, "something was lost on the way out and in");
    assert_eq!(write::create_request(&again).to_string(), written.to_string(), "writing is not stable");
}

/// A cron line fires at moments that go on, or says where it is wrong.
pub fn cron(text: &str) {
    match Cron::parse(text) {
        Ok(cron) => {
            let zone = schedule::zone(Some("America/New_York")).expect("the zone is a known one");
            let mut last = NOW;
            for _ in 0..3 {
                let Some(next) = cron.next(last, &zone) else { break };
                assert!(next > last, "{next:?} does not follow {last:?}");
                last = next;
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A duration is never negative, and two of them are at least as long as one.
pub fn duration(text: &str) {
    let millis = duration::parse(text).0;
    assert!(millis >= 0, "a negative duration");
    assert_eq!(duration::parse(&text.to_ascii_uppercase()).0, millis, "capitals change a duration");
    assert!(duration::parse(&format!("{text} 1h")).0 >= millis, "more text makes a duration shorter");
}
