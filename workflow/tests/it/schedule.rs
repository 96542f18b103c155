//! Fire times against a scan of every minute, and the traps of both dialects.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use workflow::{
    schedule::{Cron, zone},
    time::Timestamp,
};

const MINUTE_MS: i64 = 60_000;

/// A Unix field as text, with the values it means.
fn field(min: i64, max: i64) -> impl Strategy<Value = (String, Vec<i64>)> {
    let all: Vec<_> = (min..=max).collect();
    let (every, ranges) = (all.clone(), all);
    prop_oneof![
        Just(("*".to_owned(), every)),
        (min..=max).prop_map(|value| (value.to_string(), vec![value])),
        (min..=max, min..=max).prop_map(move |(from, to)| {
            let holds =
                |value: &i64| if from <= to { (from..=to).contains(value) } else { *value >= from || *value <= to };
            (format!("{from}-{to}"), ranges.iter().copied().filter(holds).collect())
        }),
        (min..=max, 1..=max.max(2) / 2).prop_map(move |(from, step)| {
            (format!("{from}/{step}"), (from..=max).filter(|value| (value - from) % step == 0).collect())
        }),
    ]
}

proptest! {
    #[test]
    fn a_line_fires_at_exactly_the_minutes_that_it_names(
        minute in field(0, 59),
        hour in field(0, 23),
        month_days in prop_oneof![field(1, 31).prop_map(Some), Just(None)],
        week_days in field(0, 6),
        start in 0_i64..20_000,
    ) {
        let (day, weekday) = match &month_days {
            Some((text, _)) => (text.clone(), "*".to_owned()),
            None => ("*".to_owned(), week_days.0.clone()),
        };
        let line = format!("{} {} {day} * {weekday}", minute.0, hour.0);
        let cron = Cron::parse(&line).unwrap();
        let from = start * 1440 * MINUTE_MS;
        let until = from + 3 * 1440 * MINUTE_MS;
        let expected: Vec<_> = (from / MINUTE_MS + 1..until / MINUTE_MS)
            .filter(|at| {
                let wall = TimeZone::UTC.to_datetime(jiff::Timestamp::from_millisecond(at * MINUTE_MS).unwrap());
                let is_day = match &month_days {
                    Some((_, days)) => days.contains(&i64::from(wall.day())),
                    None => week_days.1.contains(&i64::from(wall.weekday().to_sunday_zero_offset())),
                };
                is_day && minute.1.contains(&i64::from(wall.minute())) && hour.1.contains(&i64::from(wall.hour()))
            })
            .map(|at| Timestamp(at * MINUTE_MS))
            .collect();
        let fires = std::iter::successors(cron.next(Timestamp(from), &TimeZone::UTC), |at| cron.next(*at, &TimeZone::UTC));
        let got: Vec<_> = fires.take_while(|at| at.0 < until).collect();
        prop_assert_eq!(got, expected, "{}", line);
    }

    #[test]
    fn fire_times_only_go_forward_where_clocks_change(minute in 0..60, hour in 0..24, start in 0_i64..1_000_000) {
        let new_york = zone(Some("America/New_York")).unwrap();
        for line in [format!("{minute} {hour} * * *"), format!("{minute} * * * *"), format!("*/7 {hour} * * *")] {
            let cron = Cron::parse(&line).unwrap();
            let mut last = Timestamp(start * 37 * MINUTE_MS);
            for _ in 0..40 {
                let next = cron.next(last, &new_york).unwrap();
                prop_assert!(next > last, "{line} after {last}");
                last = next;
            }
        }
    }
}

/// Wall-clock fire times after a moment, in a zone.
#[track_caller]
fn check(line: &str, name: &str, after: &str, expected: &[&str]) {
    let zone = zone(Some(name)).unwrap();
    let cron = Cron::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    let mut at = Timestamp(after.parse::<jiff::Timestamp>().unwrap().as_millisecond());
    for expected in expected {
        at = cron.next(at, &zone).unwrap();
        let got = jiff::Timestamp::from_millisecond(at.0).unwrap().to_zoned(zone.clone());
        assert_eq!(got.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(), *expected, "{line}");
    }
}

#[test]
fn quartz_names_special_days() {
    let (utc, after) = ("UTC", "2026-01-01T00:00:00Z");
    check("0 0 0 L * ?", utc, after, &["2026-01-31T00:00:00+00:00", "2026-02-28T00:00:00+00:00"]);
    check("0 0 0 L-3 * ?", utc, after, &["2026-01-28T00:00:00+00:00", "2026-02-25T00:00:00+00:00"]);
    check("0 0 0 LW * ?", utc, after, &["2026-01-30T00:00:00+00:00", "2026-02-27T00:00:00+00:00"]);
    check("0 0 0 15W 2 ?", utc, after, &["2026-02-16T00:00:00+00:00"]);
    check("0 0 0 ? * 6L", utc, after, &["2026-01-30T00:00:00+00:00"]);
    check("0 0 0 ? * 6#3", utc, after, &["2026-01-16T00:00:00+00:00"]);
    check("0 0 0 ? * SUN", utc, after, &["2026-01-04T00:00:00+00:00"]);
    check("0 0 12 1/1 * ? *", utc, after, &["2026-01-01T12:00:00+00:00", "2026-01-02T12:00:00+00:00"]);
    check("0 0/15 22-1 * * ?", utc, after, &["2026-01-01T00:15:00+00:00"]);
}

#[test]
fn a_time_that_a_day_lacks_is_passed_over_and_one_it_has_twice_fires_once() {
    let zone = "America/New_York";
    check("30 2 * * *", zone, "2026-03-07T12:00:00Z", &["2026-03-09T02:30:00-04:00"]);
    let twice = ["2026-11-01T01:30:00-05:00", "2026-11-02T01:30:00-05:00"];
    check("30 1 * * *", zone, "2026-11-01T00:00:00-04:00", &twice);
}

#[test]
fn weekdays_count_from_0_in_unix_and_from_1_in_quartz() {
    let after = "2026-01-01T00:00:00Z";
    check("0 0 * * 1", "UTC", after, &["2026-01-05T00:00:00+00:00"]);
    check("0 0 0 ? * 1", "UTC", after, &["2026-01-04T00:00:00+00:00"]);
    check("0 0 * * 7", "UTC", after, &["2026-01-04T00:00:00+00:00"]);
}

#[test]
fn a_line_that_never_fires_ends_the_search() {
    let never = Cron::parse("0 0 30 2 *").unwrap();
    assert_eq!(never.next(Timestamp(0), &TimeZone::UTC), None);
}

#[test]
fn an_error_names_its_place_in_the_line() {
    let cases = [
        ("0 0 25 * * ?", "Hour values must be between 0 and 23", (4, 6)),
        (
            "0 0 0 * * *",
            "Support for specifying both a day-of-week AND a day-of-month parameter is not implemented.",
            (6, 11),
        ),
        ("* * *", "Unexpected end of expression.", (5, 5)),
        ("0 0 0 ? FOO 1", "Invalid Month value: 'FOO'", (8, 11)),
        ("0 0 0 ? * 6#9", "A numeric value between 1 and 5 must follow the '#' option", (10, 13)),
    ];
    for (line, message, span) in cases {
        let error = Cron::parse(line).unwrap_err();
        assert_eq!((error.message.as_str(), error.span), (message, span), "{line}");
    }
}
