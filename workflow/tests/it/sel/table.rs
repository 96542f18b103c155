//! Programs and what they come to, by the rules of the reference.

use workflow::sel::{Limits, Program};

use super::{run_within, shown};

/// Compares programs with their results; a result that ends with `…` is the start of a failure's text.
#[track_caller]
fn check(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(program, expected)| {
            let got = shown(run_within(program, &Limits::DEFAULT));
            let agrees = expected.strip_suffix('…').map_or(got == *expected, |part| got.contains(part));
            (!agrees).then(|| format!("{program}\n    expected {expected}\n    got      {got}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} disagree:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn operators_follow_their_left_operand() {
    check(&[
        ("1 + 2 * 3;", "7"),
        ("1 + 2 + 'a';", "3a"),
        ("'a' + 1 + 2;", "a12"),
        ("-7 / 2;", "-3"),
        ("-7 % 3;", "-1"),
        ("7 / 2.0;", "3.5"),
        ("1 / 2 * 2.0;", "0.0"),
        ("1 == '1';", "true"),
        ("'1' == 1;", "! Type mismatch, lhs type: STRING, rhs object type: LONG"),
        ("2.5 == '2.5';", "true"),
        ("9223372036854775807 + 1;", "-9223372036854775808"),
        ("-9223372036854775807 - 1 == -9223372036854775808;", "! For input string…"),
        ("true ? false ? 1 : 2 : 3;", "2"),
        ("null + 1;", "null1"),
        ("null > 3 && null < 9;", "false"),
        ("null >= 1;", "! NULL DO NOT support expression operation >="),
        ("false && (1 / 0 == 1);", "! / by zero"),
        ("1 + null;", "! Type mismatch, lhs type: LONG, rhs object type: NULL"),
        ("1 && 2;", "! int/Integer/long/Long DO NOT support expression operation &&"),
        ("'' + 100.0 + ' ' + 1e7 + ' ' + 0.00001 + ' ' + 1000000.5;", "100.0 1.0E7 1.0E-5 1000000.5"),
        ("017;", "17"),
        ("0x10;", "! For input string: \"0x10\""),
        ("'\\u0041' + \"a'b\";", "Aa'b"),
        ("x = y = 3; x + y;", "6"),
        ("5.0 % 0;", "NaN"),
        ("DateTimeZone.UTC == null;", "! DATETIME_ZONE DO NOT support…"),
    ]);
}

#[test]
fn values_are_boxes() {
    check(&[
        ("a = 1; b = a; b += 1; a;", "1"),
        ("int a = 1; int b = a; b += 1; a;", "2"),
        ("box = new Map(); amount = 5; box.put('a', amount); amount = 8; box;", "{a=8}"),
        ("box = new Map(); amount = 5; box.put('a', amount + 0); amount = 8; box;", "{a=5}"),
        ("Map m = new HashMap(); k = 'a'; m.put(k, 1); k = 'b'; m;", "{b=1}"),
        ("Map m = new HashMap(); m.put('a', 1); int x = m.get('a'); x += 5; m;", "{a=6}"),
        ("Map m = new HashMap(); m.put('a', 1); x = m.get('a'); x += 5; m;", "{a=1}"),
        ("int[] r = new int[]{1,2}; int e = r[0]; e += 10; r;", "[11, 2]"),
        ("int[] r = new int[]{1,2}; e = r[0]; e += 10; r;", "[1, 2]"),
        ("int[] r = new int[]{1,2}; int k = 5; r[0] = k; k = 9; r;", "[5, 2]"),
        ("a = new int[]{1,2}; b = a; b[0] = 9; a;", "[9, 2]"),
        ("x = 1; x + (x += 1);", "4"),
        ("x = 5; y = (x = 7) + x; y;", "14"),
        ("s = 0; for (int i = 0; i < 3; i += 1) { int x = 1; x += 1; s += x; } s;", "9"),
        ("s = 0; for (int i = 0; i < 2; i += 1) { for (int j = 0; j < 2; j += 1) { s += 1; } } s;", "2"),
        ("s = 0; for (i = 0; i < 2; i += 1) { for (j = 0; j < 2; j += 1) { s += 1; } } s;", "4"),
    ]);
}

#[test]
fn a_box_takes_a_value_that_holds_the_box_itself() {
    check(&[
        ("x = 'a'; m = new Map(); m.put('k', x); x += m; x;", "a{k=a}"),
        ("x = 'a'; m = new Map(); m.put('k', x); x += m; m;", "{k=a{k=a}}"),
        ("x = 'a'; m = new Map(); m.put('k', x); x = x + m; m;", "{k=a{k=a}}"),
        ("x = 'a'; m = new Map(); m.put(x, 1); x += m; m;", "{a{a=1}=1}"),
        ("x = 1; m = new Map(); m.put('k', x); x = m;", "! Type mismatch, lhs type: LONG, rhs object type: MAP"),
        ("m = new Map(); m.put('k', 'a'); m.put('m', m); m += m;", "! MAP DO NOT support assignment operation +="),
        ("m = new Map(); m.put('m', m); m = m; m;", "! maps may not stand deeper…"),
        ("r = new String[]{'a','b'}; m = new Map(); m.put('k', r[0]); r[0] += m; r;", "[a{k=a}, b]"),
        ("r = new String[]{'a','b'}; m = new Map(); m.put('k', r[0]); r[0] = '' + m; m;", "{k={k=a}}"),
        ("r = new String[]{'a','b'}; r[0] += r[0] + r[0]; r;", "[aaa, b]"),
    ]);
}

#[test]
fn statements_leave_values_or_none() {
    check(&[
        ("n = 0; for (k = 0; k < 6; k += 1) { n += 10; if (n > 30) continue; n += 1; } return n;", "62"),
        ("n = 0; while (true) { n += 4; if (n > 20) break; n += 3; } return n;", "25"),
        ("v = 7; v < 5 || v > 9 ? 'out' : 'in';", "in"),
        ("import java.util.*; import static a.b.C; 3;", "3"),
        ("if (true) 'big'; else 'small';", "VOID"),
        ("{ 1; 2; }", "2"),
        ("long k = 4;", "VOID"),
        ("break; 5;", "5"),
        ("break;", "! Invalid expression : break ;  with wrong return type: BREAK"),
        ("throw 1;", "! Can only throw a string error message. Invalid thrown object 1"),
        ("double d = 1;", "! Type mismatch, lhs type: DOUBLE, rhs object type: LONG"),
        ("String x = 'a'; Long x = 3; x;", "3"),
        ("x = null;", "! Not support creating an empty object for type NULL"),
        ("String s; s + 'x';", "nullx"),
        ("{ int x = 5; } x;", "5"),
        ("s = ''; for (int p = 0, q = 3; p < q; p += 1) { s += p; } s;", "012"),
        ("; ", "! Encountered…"),
        ("y = 1 + 2 = 4;", "! Encountered…"),
        ("for (a = 0, b = 1; a < 2; a += 1) {}", "! Encountered…"),
        ("u = UUID.randomUUID();", "! UUID DO NOT support assignment operation ="),
        ("m = new Map(); m['k'];", "! MAP cannot be cast…"),
    ]);
}

#[test]
fn texts_have_the_methods_of_java() {
    check(&[
        ("'Zebra'.compareTo('apple');", "-7"),
        ("'apple'.compareTo('apples');", "-1"),
        ("'a,b,,'.split(',');", "[a, b]"),
        ("'a,b,,'.split(',', -1);", "[a, b, , ]"),
        ("''.split(',').length;", "1"),
        ("'abc'.split('');", "[a, b, c]"),
        ("'a|b'.split('|');", "[a, |, b]"),
        ("',,'.split(',').length;", "0"),
        ("'ab'.replaceAll('(a)(b)', '$2$1');", "ba"),
        ("'aab'.replaceAll('a*', '-');", "--b-"),
        ("'1234567'.replaceAll('(?<=\\\\d)(?=(\\\\d{3})+$)', ',');", "1,234,567"),
        ("'aXbYc'.split('(?=[A-Z])');", "[a, Xb, Yc]"),
        ("'aa bc cc'.replaceAll('(\\\\w)\\\\1', '<$1>');", "<a> bc <c>"),
        ("'aa bc cc'.replaceAll('(?<x>\\\\w)\\\\k<x>', '${x}');", "a bc c"),
        ("'foobar'.replaceAll('foo(?!baz)', '');", "bar"),
        ("'aaa'.replaceAll('a++a', '-') + 'aab'.replaceAll('(?>a*)b', '-');", "aaa-"),
        (
            "('a'.replaceAll('a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa') + '!').replaceAll('(?=b)|(a+)+$', '');",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
        ),
        (
            "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.replaceAll('((a|a)+)+(?!.)\\\\1x', '');",
            "! the regular expression takes more than 200000 steps",
        ),
        ("String.valueOf(-3000000000);", "1294967296"),
        ("String.join('-');", ""),
        (
            "String.format('%.2f|%5d|%-5s|%,d|%x|%05d', 2.345, 42, 'a', 1234567, 255, -42);",
            "2.35|   42|a    |1,234,567|ff|-0042",
        ),
        ("String.format('%s %s', new String[]{'a','b'});", "! Failed calling method format2…"),
        ("'a'.charAt(0);", "! STRING DO NOT support calling method: charAt1 with args: [0]"),
        ("'abc'.substring(2, 1);", "! Failed calling method substring2: begin 2, end 1, length 3"),
        ("'\u{1f600}'.length();", "2"),
        ("'  x '.trim() + 'q'.toUpperCase();", "xQ"),
        ("new Boolean('yes');", "false"),
        ("new Double(1);", "! Invalid input argument(s) (1) for Double constructor"),
        ("2.9.intValue() + Math.max(3, 4);", "6"),
        ("Math.pow(2, 3);", "8.0"),
    ]);
}

#[test]
fn dates_follow_the_calendar_and_the_zones() {
    const LA: &str = "DateTimeZone.forID('America/Los_Angeles')";
    let local = |date: &str, then: &str| format!("new DateTime('{date}', {LA}).{then};");
    let cases = [
        (local("2020-03-07T02:30", "plusDays(1)"), "2020-03-08T03:30:00.000-07:00"),
        (local("2020-11-01T00:00", "plusHours(24)"), "2020-11-01T23:00:00.000-08:00"),
        (local("2020-11-01T00:00", "plusDays(1)"), "2020-11-02T00:00:00.000-08:00"),
        (local("2020-11-01T01:30", "toString()"), "2020-11-01T01:30:00.000-07:00"),
        (local("2020-03-08T02:30", "getMillis()"), "! …"),
        ("new DateTime('2020-01-31').plusMonths(1);".into(), "2020-02-29T00:00:00.000Z"),
        ("new DateTime('2020-02-29').plusYears(1);".into(), "2021-02-28T00:00:00.000Z"),
        ("new DateTime('2020-01-01').withDayOfWeek(7);".into(), "2020-01-05T00:00:00.000Z"),
        ("new DateTime('2020-12-31').getWeekOfWeekyear();".into(), "53"),
        ("new DateTime('2020-032');".into(), "2020-02-01T00:00:00.000Z"),
        ("new DateTime('2020-W02-3');".into(), "2020-01-08T00:00:00.000Z"),
        ("new DateTime('T10.5');".into(), "1970-01-01T10:30:00.000Z"),
        ("new DateTime('2020-01-01T00:00:00+09:00', DateTimeZone.UTC);".into(), "2019-12-31T15:00:00.000Z"),
        ("new DateTime('2020-02-30');".into(), "! Cannot parse \"2020-02-30\": Value 30 for dayOfMonth…"),
        (
            "new DateTime('2020-01-01').withMonthOfYear(13);".into(),
            "! Failed calling method withMonthOfYear1: Value 13 for monthOfYear…",
        ),
        ("new DateTime('2020-03-01').dayOfMonth().withMaximumValue();".into(), "2020-03-31T00:00:00.000Z"),
        ("DateTimeFormat.forPattern('EEE, d MMM yyyy').print(0);".into(), "Thu, 1 Jan 1970"),
        ("DateTimeFormat.forPattern(\"yyyy'T'HH\").print(0);".into(), "1970T00"),
        ("DateTimeFormat.forPattern('yyyy-MM-dd').parseDateTime('2020-1-2');".into(), "2020-01-02T00:00:00.000Z"),
        ("DateTimeFormat.forPattern('yy').parseDateTime('70');".into(), "1970-01-01T00:00:00.000Z"),
        ("DateTimeFormat.forPattern('yy').parseDateTime('44');".into(), "2044-01-01T00:00:00.000Z"),
        ("DateTimeFormat.forPattern('MM-dd').parseDateTime('03-04');".into(), "2000-03-04T00:00:00.000Z"),
        ("DateTimeFormat.forPattern('HH').parseDateTime('03');".into(), "1970-01-01T03:00:00.000Z"),
        (
            "DateTimeFormat.forPattern('yyyy-MM-dd Z').parseDateTime('2020-01-01 -0800');".into(),
            "2020-01-01T08:00:00.000Z",
        ),
        (
            "DateTimeFormat.forPattern('HH').parseDateTime('24');".into(),
            "! Cannot parse \"24\": Value 24 for hourOfDay must be in the range [0,23]",
        ),
        ("DateTimeFormat.forPattern('Q');".into(), "! Illegal pattern component: Q"),
        ("DateTimeZone.forID('PST');".into(), "! The datetime zone id 'PST' is not recognised"),
        ("DateTimeZone.forID('utc');".into(), "! The datetime zone id 'utc' is not recognised"),
        ("DateTimeZone.forID('+02:30:15');".into(), "+02:30:15"),
        (
            "Days.daysBetween(new DateTime('2020-01-01T23:00Z'), new DateTime('2020-01-02T22:00Z')).getDays();".into(),
            "0",
        ),
    ];
    let cases: Vec<(&str, &str)> = cases.iter().map(|(program, expected)| (program.as_str(), *expected)).collect();
    check(&cases);
}

#[test]
fn the_utilities_count_days_and_numbers() {
    check(&[
        ("Util.dateIntToTs('20240229');", "1709164800000"),
        ("Util.dateIntToTs('20230229');", "! Cannot parse…"),
        ("Util.tsToDateInt(-1);", "19691231"),
        ("Util.incrementDateInt('20200228', 2);", "20200301"),
        ("Util.dateIntHourToTs('20240301', '03', 'UTC', '1', 2);", "1709168400000"),
        ("Util.dateIntsBetween('20240227', 20240302, '1');", "[20240227, 20240228, 20240229, 20240301]"),
        ("Util.dateIntsBetween(20240201, 20240101, -10);", "[20240131, 20240121, 20240111, 20240101]"),
        ("Util.intsBetween(9, 2, -3);", "[9, 6, 3]"),
        ("Util.intsBetween(9, 2, 0);", "! SEL evaluation aborted as it takes too much memory…"),
        (
            "Util.timeoutForDateIntDeadline('20270101', '1 month');",
            "! Cannot convert to Duration as this period contains months and months vary in length",
        ),
        ("Util.timeoutForDateIntDeadline('20270101', '1d');", "! Invalid format: \"1d\""),
        ("Util.toJson(1);", "! PRESET_UTIL_FUNCTION DO NOT support calling method: toJson with args: [1]"),
    ]);
}

#[test]
fn every_limit_stops_a_program() {
    let elements = |count: usize| format!("new long[]{{{}}};", vec!["1"; count].join(","));
    let depth = |count: usize| format!("{}1{};", "(".repeat(count), ")".repeat(count));
    let cases = [
        ("n = 0; for (i = 0; i < 25000; i += 1) { n += 1; } n;".to_owned(), "25000"),
        (
            "n = 0; for (i = 0; i < 25001; i += 1) { n += 1; } n;".to_owned(),
            "! Loop execution aborted as the iteration is over the loop limit 25001",
        ),
        ("new long[25001];".to_owned(), "! New array size is over the limit: 25001 vs length: 25001"),
        (format!("a = {} a.length;", elements(127)), "127"),
        (elements(128), "! Index 128 out of bounds for length 128"),
        (format!("long[] a = {} a.length;", elements(126)), "126"),
        (format!("long[] a = {}", elements(127)), "! Index 128 out of bounds…"),
        (depth(150), "1"),
        (depth(4000), "! the expression is nested deeper…"),
        ("s = 'ab'; while (true) { s += s; }".to_owned(), "! SEL evaluation aborted as it takes too much memory…"),
        ("m = new Map(); m.put('m', m); m;".to_owned(), "! maps may not stand deeper…"),
        ("m = new Map(); m.put('m', m); '' + m;".to_owned(), "! maps within maps…"),
        (format!("{}1;", "1 + ".repeat(2400)), "2401"),
        (format!("{}1;", "- ".repeat(4000)), "1"),
        (format!("'{}';", "x".repeat(10_000)), "! Expression length is over the limit: 10000 vs length: 10003"),
    ];
    let cases: Vec<(&str, &str)> = cases.iter().map(|(program, expected)| (program.as_str(), *expected)).collect();
    check(&cases);
}

#[test]
fn a_program_reads_what_it_does_not_assign_first() {
    for (text, expected) in [
        ("foo + bar;", "foo bar"),
        ("x = 1; x + y;", "y"),
        ("x = x + 1;", ""),
        ("if (a) b = 1; return b;", "a"),
        ("params.get('q');", "params"),
        ("new Foo(x).y(z, Math.max(1, z));", "x z"),
    ] {
        assert_eq!(Program::parse(text).unwrap().inputs().join(" "), expected, "{text}");
    }
}

#[test]
fn an_expression_gets_the_semicolon_that_it_lacks() {
    for (text, expected) in
        [("  1 + 1 ", "1 + 1;"), ("if (a) { return 1; }", "if (a) { return 1; }"), ("1; // c", "! "), ("", "")]
    {
        let prepared = Program::parse_prepared(text).map(|program| program.text().to_owned());
        match expected.strip_prefix("! ") {
            None => assert_eq!(prepared.unwrap(), expected),
            Some(_) => assert_eq!(prepared.unwrap(), "1; // c;"),
        }
    }
    assert!(Program::parse_prepared("1 // c").is_err());
    assert!(Program::parse_prepared("return new long[]{1,2}").is_err());
    assert!(Program::parse_prepared("{\"a\": 1}").is_err());
}
