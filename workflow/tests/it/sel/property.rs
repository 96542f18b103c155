//! What holds of every program and every text.

use proptest::prelude::*;
use workflow::sel::{Limits, Program};

use super::{run_within, shown};

/// Small enough that a runaway program ends at once.
const LIMITS: Limits =
    Limits { stack: 64, loops: 50, array: 100, length: 20_000, visits: 20_000, memory_bytes: 200_000 };

/// Programs that parse, made of all that the grammar has.
fn program() -> impl Strategy<Value = String> {
    prop::collection::vec(statement(), 1..6).prop_map(|statements| statements.join(" "))
}

fn statement() -> impl Strategy<Value = String> {
    let simple = prop_oneof![
        expression().prop_map(|value| format!("{value};")),
        (name(), expression()).prop_map(|(name, value)| format!("{name} = {value};")),
        (name(), expression()).prop_map(|(name, value)| format!("int {name} = {value};")),
        (name(), expression()).prop_map(|(name, value)| format!("String {name} = {value};")),
        (name(), expression()).prop_map(|(name, value)| format!("{name} += {value};")),
        (name(), expression(), expression()).prop_map(|(name, at, value)| format!("{name}[{at}] = {value};")),
        expression().prop_map(|value| format!("return {value};")),
        Just("break;".to_owned()),
    ];
    simple.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (expression(), inner.clone(), inner.clone()).prop_map(|(c, a, b)| format!("if ({c}) {a} else {b}")),
            (expression(), inner.clone()).prop_map(|(c, body)| format!("while ({c}) {{ {body} }}")),
            (name(), inner.clone()).prop_map(|(i, body)| format!("for (int {i} = 0; {i} < 9; {i} += 1) {{ {body} }}")),
            prop::collection::vec(inner, 0..3).prop_map(|inner| format!("{{ {} }}", inner.join(" "))),
        ]
    })
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c", "m", "x", "Math", "String", "params"])
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(|number| number.unsigned_abs().min(i64::MAX as u64).to_string()),
        (0..200_i64).prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(|number| format!("{:?}", number.abs())),
        "[a-c%$.,\\[(*+é\u{1f600}-]{0,6}".prop_map(|text| format!("'{text}'")),
        prop::sample::select(vec!["true", "false", "null", "new Map()", "new DateTime()", "DateTimeZone.UTC"])
            .prop_map(str::to_owned),
        name().prop_map(str::to_owned),
    ];
    let operator = prop::sample::select(vec!["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||"]);
    let method = prop::sample::select(vec![
        "length",
        "split",
        "replaceAll",
        "replace",
        "substring",
        "put",
        "get",
        "plusMonths",
        "withYear",
        "plusMillis",
        "toString",
        "join",
        "format",
        "forPattern",
        "parseDateTime",
        "print",
        "forID",
        "min",
        "dayOfWeek",
        "minusWeeks",
        "withMaximumValue",
        "valueOf",
        "intsBetween",
        "escape",
        "getOrDefault",
        "withTimeAtStartOfDay",
        "withZone",
    ]);
    leaf.prop_recursive(4, 24, 3, move |inner| {
        prop_oneof![
            (inner.clone(), operator.clone(), inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            (inner.clone(), operator.clone(), inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} - {b}")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            (inner.clone(), method.clone(), prop::collection::vec(inner.clone(), 0..4))
                .prop_map(|(a, method, arguments)| format!("({a}).{method}({})", arguments.join(", "))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}]")),
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("new long[]{{{}}}", items.join(", "))),
            inner.clone().prop_map(|value| format!("new DateTime({value}, DateTimeZone.forID('Europe/Paris'))")),
            (name(), inner).prop_map(|(name, value)| format!("({name} = {value})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn programs_end_within_their_limits_and_always_alike(text in program()) {
        let first = shown(run_within(&text, &LIMITS));
        prop_assert_eq!(shown(run_within(&text, &LIMITS)), first);
    }

    #[test]
    fn printing_and_parsing_agree(text in program()) {
        if let Ok(program) = Program::parse(&text) {
            let printed = program.to_string();
            let again = Program::parse(&printed).unwrap();
            prop_assert_eq!(again.to_string(), &*printed);
            prop_assert_eq!(again.inputs(), program.inputs());
            prop_assert_eq!(shown(run_within(&printed, &LIMITS)), shown(run_within(&text, &LIMITS)));
        }
    }

    #[test]
    fn any_text_is_a_program_or_an_error_at_characters_of_it(text in "\\PC{0,40}|[a-z0-9'\"\\\\u{}()\\[\\];=+*/.? :]{0,60}") {
        if let Err(error) = Program::parse(&text) {
            let span = error.span().unwrap();
            prop_assert!(span.start <= span.end);
        }
    }

    #[test]
    fn any_text_is_a_pattern_a_date_or_an_error(pattern in "[GCYxywEeDMdaKhHkmsSzZ' -]{0,8}", date in "[0-9TWZ:+.-]{0,14}") {
        let pattern = pattern.replace('\'', "\\'");
        for program in [
            format!("DateTimeFormat.forPattern('{pattern}').parseDateTime('{date}');"),
            format!("new DateTime('{date}').toString('{pattern}');"),
            format!("DateTimeFormat.forPattern('{pattern}').parseDateTime(DateTimeFormat.forPattern('{pattern}').print(1e12.longValue()));"),
        ] {
            let _either = shown(run_within(&program, &LIMITS));
        }
    }
}
