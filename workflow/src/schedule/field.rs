//! One field of a cron line: which values it allows.

use super::Syntax;

/// The numbers that a field may hold, and what names they have.
#[derive(Debug)]
pub(super) struct Domain {
    /// Smallest value.
    pub(super) min: u8,
    /// Largest value.
    pub(super) max: u8,
    /// Three-letter names of the values from `min` on.
    pub(super) names: &'static [&'static str],
    /// The reference's words for a value outside.
    pub(super) outside: &'static str,
    /// A second number for a value: 7 is Sunday too, in Unix.
    pub(super) alias: Option<(u8, u8)>,
    /// What the reference calls its largest step.
    pub(super) step_max: u8,
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Minutes and seconds.
pub(super) const SIXTIETHS: Domain = Domain {
    min: 0,
    max: 59,
    names: &[],
    outside: "Minute and Second values must be between 0 and 59",
    alias: None,
    step_max: 60,
};
/// Hours.
pub(super) const HOURS: Domain =
    Domain { min: 0, max: 23, names: &[], outside: "Hour values must be between 0 and 23", alias: None, step_max: 24 };
/// Days of a month.
pub(super) const DAYS: Domain = Domain {
    min: 1,
    max: 31,
    names: &[],
    outside: "Day of month values must be between 1 and 31",
    alias: None,
    step_max: 31,
};
/// Months.
pub(super) const MONTHS_OF_YEAR: Domain = Domain {
    min: 1,
    max: 12,
    names: &MONTHS,
    outside: "Month values must be between 1 and 12",
    alias: None,
    step_max: 12,
};
/// Weekdays as Quartz counts them: 1 is Sunday.
pub(super) const WEEKDAYS_FROM_1: Domain = Domain {
    min: 1,
    max: 7,
    names: &WEEKDAYS,
    outside: "Day-of-Week values must be between 1 and 7",
    alias: None,
    step_max: 7,
};

/// A set of the numbers 0 to 63.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Set(u64);

impl Set {
    pub(super) fn of(value: u8) -> Self {
        Self(1 << (value & 63))
    }

    pub(super) fn insert(&mut self, value: u8) {
        self.0 |= Self::of(value).0;
    }

    pub(super) fn contains(self, value: u8) -> bool {
        value < 64 && self.0 & Self::of(value).0 != 0
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The smallest member that is not below `value`.
    pub(super) fn at_or_after(self, value: u8) -> Option<u8> {
        let rest = if value < 64 { self.0 >> value << value } else { 0 };
        // At most 63, so it fits.
        (rest != 0).then(|| u8::try_from(rest.trailing_zeros()).unwrap_or(63))
    }

    pub(super) fn first(self) -> Option<u8> {
        self.at_or_after(0)
    }
}

/// A piece of a cron line with its place in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) start: usize,
}

impl<'a> Piece<'a> {
    pub(super) fn span(self) -> (usize, usize) {
        (self.start, self.start + self.text.len())
    }

    pub(super) fn error(self, message: impl Into<String>) -> Syntax {
        Syntax::at(self.span(), message)
    }

    /// The pieces between separators.
    pub(super) fn split(self, separator: char) -> impl Iterator<Item = Piece<'a>> {
        let mut start = self.start;
        self.text.split(separator).map(move |text| {
            let piece = Piece { text, start };
            start += text.len() + separator.len_utf8();
            piece
        })
    }

    /// What stands before and behind the first separator.
    pub(super) fn split_once(self, separator: char) -> Option<(Piece<'a>, Piece<'a>)> {
        let (left, right) = self.text.split_once(separator)?;
        let behind = self.start + left.len() + separator.len_utf8();
        Some((Piece { text: left, start: self.start }, Piece { text: right, start: behind }))
    }
}

/// Cuts a line into its fields.
pub(super) fn fields(line: &str) -> Vec<Piece<'_>> {
    let mut fields = Vec::new();
    let mut rest = line;
    let mut start = 0;
    loop {
        let trimmed = rest.trim_start();
        start += rest.len() - trimmed.len();
        if trimmed.is_empty() {
            return fields;
        }
        let length = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
        fields.push(Piece { text: &trimmed[..length], start });
        start += length;
        rest = &trimmed[length..];
    }
}

/// One list entry: `*`, `a`, `a-b`, each with an optional `/step`; a range may wrap around the end.
pub(super) fn entry(piece: Piece<'_>, domain: &Domain) -> Result<Set, Syntax> {
    let (range, step) = match piece.split_once('/') {
        Some((range, step)) => (range, Some(self::step(step, domain)?)),
        None => (piece, None),
    };
    let (from, to) = match range.split_once('-') {
        _ if range.text == "*" || (range.text.is_empty() && step.is_some()) => (domain.min, domain.max),
        Some((from, to)) => (value(from, domain)?, value(to, domain)?),
        // `a/b` goes on to the end of the field.
        None if step.is_some() => (value(range, domain)?, domain.max),
        None => return Ok(Set::of(value(range, domain)?)),
    };
    Ok(spread(from, to, step.unwrap_or(1), domain))
}

fn spread(from: u8, to: u8, step: u8, domain: &Domain) -> Set {
    let size = domain.max - domain.min + 1;
    let end = if to < from { to + size } else { to };
    let mut set = Set::default();
    for value in (from..=end).step_by(usize::from(step.max(1))) {
        set.insert(if value > domain.max { value - size } else { value });
    }
    set
}

fn step(piece: Piece<'_>, domain: &Domain) -> Result<u8, Syntax> {
    if piece.text.is_empty() {
        return Err(piece.error("'/' must be followed by an integer."));
    }
    let step: u32 = piece.text.parse().map_err(|_| piece.error("'/' must be followed by an integer."))?;
    match u8::try_from(step) {
        Ok(step) if step <= domain.step_max && step > 0 => Ok(step),
        _ => Err(piece.error(format!("Increment > {} : {step}", domain.step_max))),
    }
}

/// A number or a name.
pub(super) fn value(piece: Piece<'_>, domain: &Domain) -> Result<u8, Syntax> {
    if let Some(index) = domain.names.iter().position(|name| name.eq_ignore_ascii_case(piece.text)) {
        return Ok(domain.min + u8::try_from(index).unwrap_or(0));
    }
    if piece.text.is_empty() || !piece.text.bytes().all(|byte| byte.is_ascii_digit()) {
        let what =
            if piece.text.is_empty() { "Unexpected end of expression.".to_owned() } else { unexpected(piece, domain) };
        return Err(piece.error(what));
    }
    let value = piece.text.parse::<u8>().ok();
    let value = value.map(|value| domain.alias.filter(|alias| alias.0 == value).map_or(value, |alias| alias.1));
    let value = value.filter(|value| (domain.min..=domain.max).contains(value));
    value.ok_or_else(|| piece.error(domain.outside))
}

fn unexpected(piece: Piece<'_>, domain: &Domain) -> String {
    let is_name = piece.text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    match (domain.max, is_name) {
        (12, true) => format!("Invalid Month value: '{}'", piece.text),
        (7, true) => format!("Invalid Day-of-Week value: '{}'", piece.text),
        (_, true) => format!("Illegal characters for this position: '{}'", piece.text),
        (_, false) => format!("Unexpected character: {}", piece.text.chars().next().unwrap_or(' ')),
    }
}
