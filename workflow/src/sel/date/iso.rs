//! ISO 8601 texts: `[date]['T'time[offset]]`.

use super::{
    calendar::{self, DAY_MS, Date},
    moment::{Moment, check_year, local_of, out_of_range},
    zone::{self, Zone},
};
use crate::sel::Error;

/// The moment of a text. An offset in the text fixes the instant; without one the local time is one of `zone`.
pub(in crate::sel) fn parse(text: &str, zone: &Zone) -> Result<Moment, Error> {
    let mut reader = Reader { text, at: 0 };
    let ranged = |error: Error| Error::argument(format!("Cannot parse \"{text}\": {}", error.message()));
    if text.is_empty() {
        return Err(Error::argument("Invalid format: \"\""));
    }
    let days = if text.starts_with('T') { Ok(0) } else { reader.date()? }.map_err(ranged)?;
    let (mut time, mut offset) = (0, None);
    if reader.take('T') && !reader.rest().is_empty() {
        time = reader.time()?.map_err(ranged)?;
        offset = reader.offset()?;
    }
    if !reader.rest().is_empty() {
        return Err(reader.malformed());
    }
    let local = local_of(days, time)?;
    match offset {
        None => Moment::of_local(local, zone),
        Some(offset) => {
            let instant_ms = local.checked_sub(offset).ok_or_else(super::moment::overflow)?;
            Ok(Moment { instant_ms, zone: zone.clone() })
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// A number that was read may still be out of the calendar's range; the outer result says that the text is no date at all.
type Read<T> = Result<Result<T, Error>, Error>;

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn take(&mut self, sign: char) -> bool {
        let found = self.rest().starts_with(sign);
        self.at += usize::from(found);
        found
    }

    fn malformed(&self) -> Error {
        let text = self.text;
        if self.rest().is_empty() {
            return Error::argument(format!("Invalid format: \"{text}\" is too short"));
        }
        if self.at == 0 {
            return Error::argument(format!("Invalid format: \"{text}\""));
        }
        Error::argument(format!("Invalid format: \"{text}\" is malformed at \"{}\"", self.rest()))
    }

    /// One to `most` digits.
    fn number(&mut self, most: usize) -> Result<i64, Error> {
        let length = self.rest().bytes().take(most).take_while(u8::is_ascii_digit).count();
        let value = self.rest()[..length].parse().map_err(|_| self.malformed())?;
        self.at += length;
        Ok(value)
    }

    fn digits(&self) -> usize {
        self.rest().bytes().take_while(u8::is_ascii_digit).count()
    }

    /// Days since 1970-01-01.
    fn date(&mut self) -> Read<i64> {
        let is_negative = self.take('-');
        if !is_negative {
            self.take('+');
        }
        let year = self.number(9)?;
        let year = if is_negative { -year } else { year };
        if !self.take('-') {
            return Ok(check_year(year).map(calendar::first_day));
        }
        if self.take('W') {
            return self.week_date(year);
        }
        if self.digits() == 3 {
            let day = self.number(3)?;
            let found = check_year(year).and_then(|year| {
                let day = within("dayOfYear", day, 1, calendar::year_length(year))?;
                Ok(calendar::first_day(year) + day - 1)
            });
            return Ok(found);
        }
        let month = self.number(2)?;
        let day = if self.take('-') { self.number(2)? } else { 1 };
        Ok(check_year(year).and_then(|year| {
            let month = within("monthOfYear", month, 1, 12)?;
            let day = within("dayOfMonth", day, 1, calendar::month_length(year, month))?;
            Ok(Date { year, month, day }.days())
        }))
    }

    fn week_date(&mut self, year: i64) -> Read<i64> {
        let week = self.number(2)?;
        let day = if self.take('-') { self.number(1)? } else { 1 };
        Ok(check_year(year).and_then(|year| {
            let week = within("weekOfWeekyear", week, 1, calendar::weeks_in(year))?;
            let day = within("dayOfWeek", day, 1, 7)?;
            Ok(calendar::first_week_day(year) + (week - 1) * 7 + day - 1)
        }))
    }

    /// Milliseconds of the day; the last unit may have a fraction.
    fn time(&mut self) -> Read<i64> {
        let units = [("hourOfDay", 3_600_000, 23), ("minuteOfHour", 60_000, 59), ("secondOfMinute", 1000, 59)];
        let mut total = 0;
        for (index, (name, unit, max)) in units.into_iter().enumerate() {
            if index > 0 && !self.take(':') {
                break;
            }
            let value = self.number(2)?;
            match within(name, value, 0, max) {
                Ok(value) => total += value * unit,
                Err(error) => return Ok(Err(error)),
            }
            if self.take('.') || self.take(',') {
                total += self.fraction(unit)?;
                break;
            }
        }
        Ok(Ok(total.min(DAY_MS - 1)))
    }

    /// Milliseconds of a fraction of a unit; digits beyond the ninth cannot matter.
    fn fraction(&mut self, unit: i64) -> Result<i64, Error> {
        let length = self.digits();
        if length == 0 {
            return Err(self.malformed());
        }
        let digits = &self.rest()[..length.min(9)];
        let value: i64 = digits.parse().map_err(|_| self.malformed())?;
        let scale = digits.bytes().fold(1, |scale, _| scale * 10);
        self.at += length;
        Ok(value * unit / scale)
    }

    fn offset(&mut self) -> Result<Option<i64>, Error> {
        if self.take('Z') {
            return Ok(Some(0));
        }
        if !self.rest().starts_with(['+', '-']) {
            return Ok(None);
        }
        let offset = zone::parse_offset(self.rest()).ok_or_else(|| self.malformed())?;
        self.at = self.text.len();
        Ok(Some(offset))
    }
}

fn within(field: &str, value: i64, min: i64, max: i64) -> Result<i64, Error> {
    if (min..=max).contains(&value) { Ok(value) } else { Err(out_of_range(field, value, min, max)) }
}
