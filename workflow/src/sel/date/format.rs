//! Patterns for printing and reading dates: `yyyy-MM-dd'T'HH:mm:ss.SSSZZ`.

use super::{
    calendar::DAY_MS,
    field::Field,
    moment::{Moment, overflow},
    text,
    zone::{self, Zone},
};
use crate::sel::Error;

/// More letters in a row than anybody prints; longer runs would only pad.
const RUN_MAX: usize = 512;
/// A `yy` that stands alone means a year from so many years before now …
const PIVOT_BEFORE: i64 = 80;

/// A pattern, and the zone it reads and prints in.
#[derive(Clone, Debug, PartialEq)]
pub struct Format {
    items: Vec<Item>,
    /// The first year that two digits can mean.
    pivot: i64,
    zone: Option<Zone>,
}

#[derive(Clone, Debug, PartialEq)]
enum Item {
    Literal(String),
    Letter(u8, usize),
}

impl Item {
    fn is_number(&self) -> bool {
        match self {
            Self::Literal(_) => false,
            Self::Letter(b'M', count) => *count <= 2,
            Self::Letter(letter, _) => b"CxyYdhHmsSeDwkK".contains(letter),
        }
    }
}

impl Format {
    /// Reads a pattern; `now` decides which century two digits of a year mean.
    pub(in crate::sel) fn of_pattern(pattern: &str, now: &Moment) -> Result<Self, Error> {
        if pattern.is_empty() {
            return Err(Error::argument("Invalid pattern specification"));
        }
        let mut items = Vec::new();
        let mut rest = pattern;
        while let Some(first) = rest.chars().next() {
            if first.is_ascii_alphabetic() {
                let count = rest.chars().take_while(|letter| *letter == first).count();
                if !"GCYxywEeDMdaKhHkmsSzZ".contains(first) || count > RUN_MAX {
                    return Err(Error::argument(format!("Illegal pattern component: {}", &rest[..count])));
                }
                items.push(Item::Letter(first as u8, count));
                rest = &rest[count..];
            } else {
                let (literal, length) = literal(rest);
                items.push(Item::Literal(literal));
                rest = &rest[length..];
            }
        }
        let pivot = Field::Year.of(now) - PIVOT_BEFORE;
        Ok(Self { items, pivot, zone: None })
    }

    /// The same pattern in a zone.
    #[must_use]
    pub(in crate::sel) fn with_zone(&self, zone: &Zone) -> Self {
        Self { zone: Some(zone.clone()), ..self.clone() }
    }

    /// The moment as text, in the pattern's zone where it has one.
    pub(in crate::sel) fn print(&self, moment: &Moment) -> String {
        let moment = self.zone.as_ref().map_or_else(|| moment.clone(), |zone| moment.in_zone(zone));
        let mut printed = String::new();
        for item in &self.items {
            match item {
                Item::Literal(literal) => printed += literal,
                Item::Letter(letter, count) => printed += &print_letter(*letter, *count, &moment),
            }
        }
        printed
    }

    /// The moment of a text, in the pattern's zone, or UTC.
    pub(in crate::sel) fn parse(&self, text: &str) -> Result<Moment, Error> {
        let mut reader = Reader { text, at: 0, pivot: self.pivot, found: Vec::new(), offset: None, zone: None };
        for (index, item) in self.items.iter().enumerate() {
            let next_is_number = self.items.get(index + 1).is_some_and(Item::is_number);
            match item {
                Item::Literal(literal) => reader.literal(literal),
                Item::Letter(letter, count) => reader.letter(*letter, *count, next_is_number),
            }
            .ok_or_else(|| reader.malformed())?;
        }
        if reader.at < text.len() {
            return Err(reader.malformed());
        }
        let explained = |error: Error| Error::argument(format!("Cannot parse \"{text}\": {}", error.message()));
        let local = local_ms(reader.found).map_err(explained)?;
        let zone = self.zone.clone().unwrap_or(Zone::UTC);
        match (reader.offset, reader.zone) {
            (Some(offset), _) => {
                let instant_ms = local.checked_sub(offset).ok_or_else(overflow)?;
                Ok(Moment { instant_ms, zone })
            }
            (None, Some(read)) => Ok(Moment::of_local(local, &read).map_err(explained)?.in_zone(&zone)),
            (None, None) => Moment::of_local(local, &zone).map_err(explained),
        }
    }
}

/// A literal part at the start of a pattern, and how many bytes of the pattern it takes.
fn literal(pattern: &str) -> (String, usize) {
    let mut literal = String::new();
    let mut characters = pattern.char_indices().peekable();
    let mut is_quoted = false;
    while let Some((at, character)) = characters.next() {
        if character == '\'' {
            if characters.peek().is_some_and(|(_, next)| *next == '\'') {
                characters.next();
                literal.push('\'');
            } else {
                is_quoted = !is_quoted;
            }
        } else if !is_quoted && character.is_ascii_alphabetic() {
            return (literal, at);
        } else {
            literal.push(character);
        }
    }
    (literal, pattern.len())
}

fn print_letter(letter: u8, count: usize, moment: &Moment) -> String {
    let get = |field: Field| field.of(moment);
    let padded = |value: i64| {
        let sign = if value < 0 { "-" } else { "" };
        format!("{sign}{:0count$}", value.unsigned_abs())
    };
    let year = |value: i64| if count == 2 { format!("{:02}", value.abs() % 100) } else { padded(value) };
    let of_era = |year: i64| if year > 0 { year } else { 1 - year };
    let hour = get(Field::HourOfDay);
    match letter {
        b'G' => if get(Field::Year) > 0 { "AD" } else { "BC" }.to_owned(),
        b'C' => padded(of_era(get(Field::Year)) / 100),
        b'Y' => year(of_era(get(Field::Year))),
        b'x' => year(get(Field::Weekyear)),
        b'y' => year(get(Field::Year)),
        b'w' => padded(get(Field::WeekOfWeekyear)),
        b'e' => padded(get(Field::DayOfWeek)),
        b'E' if count >= 4 => text::weekday(get(Field::DayOfWeek)).to_owned(),
        b'E' => text::weekday(get(Field::DayOfWeek))[..3].to_owned(),
        b'D' => padded(get(Field::DayOfYear)),
        b'M' if count >= 4 => text::month(get(Field::MonthOfYear)).to_owned(),
        b'M' if count == 3 => text::month(get(Field::MonthOfYear))[..3].to_owned(),
        b'M' => padded(get(Field::MonthOfYear)),
        b'd' => padded(get(Field::DayOfMonth)),
        b'a' => if hour < 12 { "AM" } else { "PM" }.to_owned(),
        b'K' => padded(hour % 12),
        b'h' => padded((hour + 11) % 12 + 1),
        b'H' => padded(hour),
        b'k' => padded((hour + 23) % 24 + 1),
        b'm' => padded(get(Field::MinuteOfHour)),
        b's' => padded(get(Field::SecondOfMinute)),
        b'S' => {
            let digits = format!("{:03}", get(Field::MillisOfSecond));
            if count <= 3 { digits[..count].to_owned() } else { format!("{digits:0<count$}") }
        }
        b'z' => {
            let short = moment.zone.abbreviation(moment.instant_ms);
            if count >= 4 { text::zone_name(&short).to_owned() } else { short }
        }
        _ => match count {
            1 => zone::print_offset(moment.zone.offset_ms(moment.instant_ms), ""),
            2 => zone::print_offset(moment.zone.offset_ms(moment.instant_ms), ":"),
            _ => moment.zone.to_string(),
        },
    }
}

/// What was read, in the order in which the fields are set: a longer field first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    Era,
    Century,
    Year,
    YearOfEra,
    Weekyear,
    Month,
    DayOfYear,
    Week,
    DayOfMonth,
    DayOfWeek,
    HalfDay,
    Hour,
    HourOfHalfDay,
    ClockHour,
    ClockHourOfHalfDay,
    Minute,
    Second,
    Millis,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    pivot: i64,
    found: Vec<(Found, i64)>,
    offset: Option<i64>,
    zone: Option<Zone>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn malformed(&self) -> Error {
        let text = self.text;
        if self.at >= text.len() && !text.is_empty() {
            return Error::argument(format!("Invalid format: \"{text}\" is too short"));
        }
        if self.at == 0 {
            return Error::argument(format!("Invalid format: \"{text}\""));
        }
        Error::argument(format!("Invalid format: \"{text}\" is malformed at \"{}\"", self.rest()))
    }

    fn literal(&mut self, literal: &str) -> Option<()> {
        let start = self.rest().get(..literal.len())?;
        let same = start == literal || start.to_lowercase() == literal.to_lowercase();
        self.at += if same { literal.len() } else { return None };
        Some(())
    }

    fn letter(&mut self, letter: u8, count: usize, next_is_number: bool) -> Option<()> {
        let (found, width) = match letter {
            b'G' => return self.word(Found::Era, &[("AD", 1), ("BC", 0), ("CE", 1), ("BCE", 0)]),
            b'a' => return self.word(Found::HalfDay, &[("AM", 0), ("PM", 1)]),
            b'E' => return self.name(Found::DayOfWeek, text::parse_weekday),
            b'M' if count >= 3 => return self.name(Found::Month, text::parse_month),
            b'Y' => return self.year(Found::YearOfEra, count, next_is_number),
            b'x' => return self.year(Found::Weekyear, count, next_is_number),
            b'y' => return self.year(Found::Year, count, next_is_number),
            b'S' => return self.fraction(count),
            b'z' => {
                let (zone, length) = text::parse_zone(self.rest())?;
                (self.zone, self.at) = (Some(zone), self.at + length);
                return Some(());
            }
            b'Z' if count >= 3 => return self.zone_id(),
            b'Z' => return self.offset(),
            b'C' => (Found::Century, count),
            b'w' => (Found::Week, 2),
            b'e' => (Found::DayOfWeek, 1),
            b'D' => (Found::DayOfYear, 3),
            b'M' => (Found::Month, 2),
            b'd' => (Found::DayOfMonth, 2),
            b'K' => (Found::HourOfHalfDay, 2),
            b'h' => (Found::ClockHourOfHalfDay, 2),
            b'H' => (Found::Hour, 2),
            b'k' => (Found::ClockHour, 2),
            b'm' => (Found::Minute, 2),
            _ => (Found::Second, 2),
        };
        let value = self.number(width)?;
        self.found.push((found, value));
        Some(())
    }

    fn digits(&self) -> usize {
        self.rest().bytes().take_while(u8::is_ascii_digit).count()
    }

    /// One to `most` digits.
    fn number(&mut self, most: usize) -> Option<i64> {
        let length = self.digits().min(most).min(9);
        let value = self.rest()[..length].parse().ok()?;
        self.at += length;
        Some(value)
    }

    fn signed(&mut self, most: usize) -> Option<i64> {
        let start = self.at;
        let is_negative = self.rest().starts_with('-');
        self.at += usize::from(is_negative || self.rest().starts_with('+'));
        let value = self.number(most);
        if value.is_none() {
            self.at = start;
        }
        value.map(|value| if is_negative { -value } else { value })
    }

    fn year(&mut self, found: Found, count: usize, next_is_number: bool) -> Option<()> {
        let value = if count != 2 {
            self.signed(if next_is_number { count } else { 9 })?
        } else if next_is_number || self.digits() == 2 {
            let two = (self.digits() >= 2).then(|| self.number(2)).flatten()?;
            self.pivot + (two - self.pivot).rem_euclid(100)
        } else {
            self.signed(9)?
        };
        self.found.push((found, value));
        Some(())
    }

    fn fraction(&mut self, count: usize) -> Option<()> {
        let length = self.digits().min(count);
        let millis = format!("{:0<3}", &self.rest()[..length.min(3)]).parse().ok()?;
        self.at += length;
        self.found.push((Found::Millis, millis));
        Some(())
    }

    fn word(&mut self, found: Found, words: &[(&str, i64)]) -> Option<()> {
        let fits = |word: &str| self.rest().get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        let (word, value) = words.iter().filter(|(word, _)| fits(word)).max_by_key(|(word, _)| word.len())?;
        self.at += word.len();
        self.found.push((found, *value));
        Some(())
    }

    fn name(&mut self, found: Found, parse: fn(&str) -> Option<(i64, usize)>) -> Option<()> {
        let (value, length) = parse(self.rest())?;
        self.at += length;
        self.found.push((found, value));
        Some(())
    }

    fn offset(&mut self) -> Option<()> {
        let rest = self.rest();
        if rest.starts_with('Z') {
            (self.offset, self.at) = (Some(0), self.at + 1);
            return Some(());
        }
        let most = rest.bytes().skip(1).take_while(|byte| byte.is_ascii_digit() || b":.".contains(byte)).count();
        let starts_signed = rest.starts_with(['+', '-']);
        let longest = (2..=most.min(12)).rev().find_map(|length| {
            let part = rest.get(..=length).filter(|_| starts_signed)?;
            Some((zone::parse_offset(part)?, length + 1))
        });
        let (offset, length) = longest?;
        (self.offset, self.at) = (Some(offset), self.at + length);
        Some(())
    }

    fn zone_id(&mut self) -> Option<()> {
        let rest = self.rest();
        let most =
            rest.bytes().take(64).take_while(|byte| byte.is_ascii_alphanumeric() || b"_/+-:".contains(byte)).count();
        let longest = (1..=most).rev().find_map(|length| Some((Zone::of_id(&rest[..length]).ok()?, length)));
        let (zone, length) = longest?;
        (self.zone, self.at) = (Some(zone), self.at + length);
        Some(())
    }
}

/// The local time that the fields describe; what they leave open is the smallest possible.
fn local_ms(mut found: Vec<(Found, i64)>) -> Result<i64, Error> {
    found.sort_by_key(|(kind, _)| *kind);
    let has = |wanted: Found| found.iter().any(|(kind, _)| *kind == wanted);
    let has_year = has(Found::Year) || has(Found::YearOfEra) || has(Found::Weekyear) || has(Found::Century);
    let starts_below_year = found.first().is_some_and(|(kind, _)| (Found::Month..=Found::DayOfWeek).contains(kind));
    let mut moment = Moment { instant_ms: 0, zone: Zone::UTC };
    if !has_year && starts_below_year {
        moment = Field::Year.set(&moment, 2000)?;
    }
    let is_before_era = found.iter().any(|(kind, value)| *kind == Found::Era && *value == 0);
    let (mut half_day, mut hour_is_set) = (0, false);
    for (kind, value) in &found {
        let value = *value;
        let checked = |name: &str, min: i64, max: i64| {
            if (min..=max).contains(&value) {
                Ok(value)
            } else {
                Err(super::moment::out_of_range(name, value, min, max))
            }
        };
        let (field, value) = match kind {
            Found::Era => continue,
            Found::Century => (Field::Year, value * 100),
            Found::Year => (Field::Year, value),
            Found::YearOfEra => {
                let year = checked("yearOfEra", 1, super::calendar::YEAR_MAX)?;
                (Field::Year, if is_before_era { 1 - year } else { year })
            }
            Found::Weekyear => (Field::Weekyear, value),
            Found::Month => (Field::MonthOfYear, value),
            Found::Week => (Field::WeekOfWeekyear, value),
            Found::DayOfYear => (Field::DayOfYear, value),
            Found::DayOfMonth => (Field::DayOfMonth, value),
            Found::DayOfWeek => (Field::DayOfWeek, value),
            Found::HalfDay => {
                half_day = value;
                continue;
            }
            Found::Hour => (Field::HourOfDay, value),
            Found::HourOfHalfDay => (Field::HourOfDay, checked("hourOfHalfday", 0, 11)? + half_day * 12),
            Found::ClockHour => (Field::HourOfDay, checked("clockhourOfDay", 1, 24)? % 24),
            Found::ClockHourOfHalfDay => (Field::HourOfDay, checked("clockhourOfHalfday", 1, 12)? % 12 + half_day * 12),
            Found::Minute => (Field::MinuteOfHour, value),
            Found::Second => (Field::SecondOfMinute, value),
            Found::Millis => (Field::MillisOfSecond, value),
        };
        hour_is_set |= field == Field::HourOfDay;
        moment = floored(&field.set(&moment, value)?, field);
    }
    if half_day == 1 && !hour_is_set {
        moment.instant_ms = moment.instant_ms.saturating_add(12 * 3_600_000);
    }
    Ok(moment.instant_ms)
}

/// The start of the week where a week-based year or a week was set: the day is open until it is read.
fn floored(moment: &Moment, field: Field) -> Moment {
    let days = moment.instant_ms.div_euclid(DAY_MS);
    let first = match field {
        Field::Weekyear => super::calendar::first_week_day(super::calendar::week(days).0),
        Field::WeekOfWeekyear => days - (super::calendar::day_of_week(days) - 1),
        _ => return moment.clone(),
    };
    Moment {
        instant_ms: first.saturating_mul(DAY_MS).saturating_add(moment.instant_ms.rem_euclid(DAY_MS)),
        zone: moment.zone.clone(),
    }
}
