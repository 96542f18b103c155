//! Programs of the expression language, generated from its grammar: the same seed, the same program.
//!
//! Most expressions have the type that their place wants, so that programs get far before they fail; the others do not, so that every
//! refusal is reached, too.

use std::fmt::Write;

/// Levels of expressions and of statements within each other.
const DEPTH: u32 = 4;

/// What an expression should come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    Long,
    Double,
    Boolean,
    Text,
    Array,
    Map,
    Date,
    Zone,
}

const WANTS: [Want; 8] =
    [Want::Long, Want::Double, Want::Boolean, Want::Text, Want::Array, Want::Map, Want::Date, Want::Zone];
const NAMES: [&str; 6] = ["a", "b", "c", "m", "x", "params"];
const PATTERNS: [&str; 12] = [
    "yyyyMMdd",
    "yyyy-MM-dd HH:mm",
    "EEE, d MMM yyyy",
    "xxxx-ww-e",
    "yy",
    "HH",
    "MM-dd",
    "S",
    "a K h k",
    "G C Y",
    "ZZZ",
    "Q'",
];
const EXPRESSIONS: [&str; 14] = [
    ",",
    "",
    "a*",
    "(a)(b)?",
    "[^x]+",
    "(?<=a)b",
    "(.)\\\\1",
    "a++",
    "(?i)A|b",
    "(a|a)*$",
    "\\\\d{1,3}",
    "(",
    "[a-z&&[^b]]",
    "\\\\p{Upper}",
];
const ZONES: [&str; 7] =
    ["UTC", "America/Los_Angeles", "Europe/Paris", "+02:30", "Asia/Kathmandu", "PST", "Australia/Lord_Howe"];
const FORMATS: [&str; 8] = ["%s", "%5d|%-5s", "%,d %x", "%.2f", "%e", "%b %n %%", "%2$s", "%"];
const DATES: [&str; 9] = [
    "2020-02-29",
    "2020-03-08T02:30",
    "2020-W53-7",
    "2020-366",
    "T10.5",
    "2021-11-07T01:30:00.123-08:00",
    "20200101",
    "2020-02-30",
    "x",
];

/// A small generator of numbers (SplitMix64): programs need variety, not secrecy.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[usize::try_from(self.below(items.len() as u64)).unwrap_or(0)]
    }

    fn is_one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
}

/// The program of a seed.
pub fn program(seed: u64) -> String {
    let mut writer = Writer { random: Random(seed), out: String::new() };
    if writer.random.is_one_in(16) {
        writer.out.push_str("import static java.util.*; ");
    }
    // Most programs begin with variables that have values, or they would not get far.
    if !writer.random.is_one_in(5) {
        writer.put("a = 3; b = 'a1b2'; c = 1.5; m = new Map(); m.put('a', 1); x = new long[]{4, 5}; ");
    }
    for _ in 0..=writer.random.below(5) {
        writer.statement(DEPTH);
    }
    writer.out
}

struct Writer {
    random: Random,
    out: String,
}

impl Writer {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn name(&mut self) {
        let name = self.random.one_of(&NAMES);
        self.put(name);
    }

    /// A name that holds what is wanted, where the program began with its variables.
    fn name_of(&mut self, want: Want) {
        match want {
            Want::Long => self.put("a"),
            Want::Text => self.put("b"),
            Want::Double => self.put("c"),
            Want::Map => self.put("m"),
            Want::Array => self.put("x"),
            _ => self.leaf(want),
        }
    }

    fn statement(&mut self, depth: u32) {
        let choice = if depth == 0 { self.random.below(7) } else { self.random.below(13) };
        match choice {
            0 | 1 => self.value(DEPTH),
            2 => self.assignment(" = "),
            3 => {
                let operator = self.random.one_of(&[" += ", " += ", " += ", " -= ", " *= ", " /= ", " %= "]);
                self.assignment(operator);
            }
            4 => self.declaration(),
            5 => self.element(),
            6 => self.jump(),
            7 => return self.branch(depth),
            8 => {
                self.put("while (");
                self.expression(Want::Boolean, 2);
                return self.body(depth);
            }
            9 | 10 => return self.count(depth),
            11 => {
                self.put("{ ");
                for _ in 0..self.random.below(3) {
                    self.statement(depth - 1);
                }
                return self.put("} ");
            }
            _ => {
                self.put("m.put(");
                self.expression(Want::Text, 1);
                self.put(", ");
                self.value(2);
                self.put(")");
            }
        }
        self.put("; ");
    }

    fn assignment(&mut self, operator: &str) {
        let want = self.random.one_of(&[Want::Long, Want::Long, Want::Text, Want::Double, Want::Map, Want::Array]);
        if self.random.is_one_in(10) {
            self.name();
        } else {
            self.name_of(want);
        }
        self.put(operator);
        self.expression(want, DEPTH);
    }

    fn declaration(&mut self) {
        let (kind, want) = self.random.one_of(&[
            ("int ", Want::Long),
            ("Double ", Want::Double),
            ("boolean ", Want::Boolean),
            ("String ", Want::Text),
            ("long[] ", Want::Array),
            ("Map ", Want::Map),
            ("DateTime ", Want::Date),
            ("DateTimeZone ", Want::Zone),
        ]);
        self.put(kind);
        self.name();
        if !self.random.is_one_in(4) {
            self.put(" = ");
            self.expression(want, 3);
        }
    }

    fn element(&mut self) {
        self.put("x[");
        self.leaf(Want::Long);
        self.put("] = ");
        self.expression(Want::Long, 2);
    }

    fn jump(&mut self) {
        match self.random.below(6) {
            0 => self.put("break"),
            1 => self.put("continue"),
            2 => {
                self.put("throw ");
                self.expression(Want::Text, 2);
            }
            _ => {
                self.put("return ");
                self.value(3);
            }
        }
    }

    fn branch(&mut self, depth: u32) {
        self.put("if (");
        self.expression(Want::Boolean, 2);
        self.body(depth);
        if self.random.is_one_in(2) {
            self.put("else { ");
            self.statement(depth - 1);
            self.put("} ");
        }
    }

    fn count(&mut self, depth: u32) {
        let (kind, bound) = (self.random.one_of(&["int ", ""]), self.random.below(300));
        let name = self.random.one_of(&NAMES);
        let step = self.random.one_of(&[" += 1", " += 1", " *= 2", " -= 1"]);
        write!(self.out, "for ({kind}{name} = 0; {name} < {bound}; {name}{step}").expect("a text takes all");
        self.body(depth);
    }

    fn body(&mut self, depth: u32) {
        self.put(") { ");
        for _ in 0..=self.random.below(2) {
            self.statement(depth - 1);
        }
        self.put("} ");
    }

    fn value(&mut self, depth: u32) {
        let want = self.random.one_of(&WANTS);
        self.expression(want, depth);
    }

    fn expression(&mut self, want: Want, depth: u32) {
        let want = if self.random.is_one_in(60) { self.random.one_of(&WANTS) } else { want };
        match self.random.below(14) {
            0 | 4 => return self.name_of(want),
            5 if self.random.is_one_in(4) => return self.name(),
            1 if depth > 0 => {
                self.put("(");
                self.expression(Want::Boolean, depth - 1);
                self.put(" ? ");
                self.expression(want, depth - 1);
                self.put(" : ");
                self.expression(want, depth - 1);
                return self.put(")");
            }
            2 if depth > 0 && self.random.is_one_in(2) => {
                self.put("(");
                if matches!(want, Want::Boolean | Want::Date | Want::Zone) {
                    self.name();
                } else {
                    self.name_of(want);
                }
                self.put(" = ");
                self.expression(want, depth - 1);
                return self.put(")");
            }
            3 if self.random.is_one_in(8) => return self.put("null"),
            _ => {}
        }
        if depth == 0 {
            return self.leaf(want);
        }
        let depth = depth - 1;
        match want {
            Want::Long => self.long(depth),
            Want::Double => self.double(depth),
            Want::Boolean => self.boolean(depth),
            Want::Text => self.text(depth),
            Want::Array => self.array(depth),
            Want::Map => self.map(depth),
            Want::Date => self.date(depth),
            Want::Zone => self.leaf(want),
        }
    }

    fn leaf(&mut self, want: Want) {
        match want {
            Want::Long => {
                let digits =
                    self.random.one_of(&["0", "1", "7", "60", "017", "9223372036854775807", "3000000000", "-5"]);
                self.put(digits);
            }
            Want::Double => {
                let digits = self.random.one_of(&["0.0", "1.5", ".5e1", "1e7", "1e400", "-2.5f", "3d"]);
                self.put(digits);
            }
            Want::Boolean => {
                let word = self.random.one_of(&["true", "false"]);
                self.put(word);
            }
            Want::Text => {
                let text = self.random.one_of(&[
                    "''",
                    "'a'",
                    "'a,b,,c'",
                    "'aabb12'",
                    "'12'",
                    "'\u{e9}\u{1f600}'",
                    "'20240229'",
                    "\"$1\"",
                ]);
                self.put(text);
            }
            Want::Array => self.put("new long[]{1, 2, 3}"),
            Want::Map => self.put("new HashMap()"),
            Want::Date => {
                let date = self.random.one_of(&DATES);
                write!(self.out, "new DateTime('{date}')").expect("a text takes all");
            }
            Want::Zone => {
                let zone = self.random.one_of(&ZONES);
                write!(self.out, "DateTimeZone.forID('{zone}')").expect("a text takes all");
            }
        }
    }

    /// `receiver.method(arguments)`.
    fn call(&mut self, receiver: Want, method: &str, arguments: &[Want], depth: u32) {
        self.put("(");
        self.expression(receiver, depth);
        write!(self.out, ").{method}(").expect("a text takes all");
        self.arguments(arguments, depth);
    }

    fn arguments(&mut self, arguments: &[Want], depth: u32) {
        // Now and then one too many.
        let extra: &[Want] = if self.random.is_one_in(24) { &[Want::Long] } else { &[] };
        for (index, want) in arguments.iter().chain(extra).enumerate() {
            if index > 0 {
                self.put(", ");
            }
            self.expression(*want, depth);
        }
        self.put(")");
    }

    fn function(&mut self, name: &str, arguments: &[Want], depth: u32) {
        self.put(name);
        self.put("(");
        self.arguments(arguments, depth);
    }

    fn operation(&mut self, want: Want, operators: &[&str], depth: u32) {
        self.put("(");
        self.expression(want, depth);
        let operator = self.random.one_of(operators);
        write!(self.out, " {operator} ").expect("a text takes all");
        self.expression(want, depth);
        self.put(")");
    }

    fn long(&mut self, depth: u32) {
        use Want::{Array, Date, Double, Long, Map, Text};
        match self.random.below(14) {
            0..4 => self.operation(Long, &["+", "-", "*", "/", "%"], depth),
            4 => {
                let method = self.random.one_of(&["length", "length", "compareTo", "lastIndexOf"]);
                let arguments: &[Want] = if method == "length" { &[] } else { &[Text] };
                self.call(Text, method, arguments, depth);
            }
            5 => {
                let field = self.random.one_of(&[
                    "getMillis",
                    "getYear",
                    "getDayOfWeek",
                    "getWeekOfWeekyear",
                    "getMillisOfDay",
                ]);
                self.call(Date, field, &[], depth);
            }
            6 => self.call(Map, "size", &[], depth),
            7 => {
                self.put("(");
                self.expression(Array, depth);
                self.put(")[");
                self.expression(Long, depth);
                self.put("]");
            }
            8 => {
                let name = self.random.one_of(&["Math.min", "Math.max"]);
                self.function(name, &[Long, Long], depth);
            }
            9 => {
                let method = self.random.one_of(&["intValue", "longValue"]);
                self.call(Double, method, &[], depth);
            }
            10 => self.function("Util.dateIntToTs", &[Text], depth),
            11 => self.function("Days.daysBetween", &[Date, Date], depth),
            12 => {
                self.put("- ");
                self.expression(Long, depth);
            }
            _ => self.function("Long.valueOf", &[Text], depth),
        }
    }

    fn double(&mut self, depth: u32) {
        match self.random.below(6) {
            0..3 => self.operation(Want::Double, &["+", "-", "*", "/", "%"], depth),
            3 => self.function("Math.pow", &[Want::Double, Want::Long], depth),
            4 => self.function("Double.parseDouble", &[Want::Text], depth),
            _ => self.function("Math.random", &[], depth),
        }
    }

    fn boolean(&mut self, depth: u32) {
        use Want::{Boolean, Date, Long, Map, Text};
        match self.random.below(9) {
            0 => self.operation(Boolean, &["&&", "||", "==", "!="], depth),
            1 | 2 => self.operation(Long, &["<", ">", "<=", ">=", "==", "!="], depth),
            3 => self.operation(Text, &["==", "!="], depth),
            4 => {
                let method = self.random.one_of(&["startsWith", "endsWith", "contains", "equals"]);
                self.call(Text, method, &[Text], depth);
            }
            5 => {
                let method = self.random.one_of(&["isAfter", "isBefore", "isEqual"]);
                self.call(Date, method, &[Date], depth);
            }
            6 => self.call(Map, "containsKey", &[Text], depth),
            7 => {
                self.put("!");
                self.expression(Boolean, depth);
            }
            _ => self.function("new Boolean", &[Text], depth),
        }
    }

    fn text(&mut self, depth: u32) {
        use Want::{Array, Date, Long, Map, Text};
        match self.random.below(14) {
            0 | 1 => self.operation(Text, &["+"], depth),
            2 => {
                self.put("'' + ");
                self.value(depth);
            }
            3 => {
                let method = self.random.one_of(&["trim", "toUpperCase", "toLowerCase", "escape"]);
                self.call(Text, method, &[], depth);
            }
            4 => self.call(Text, "substring", &[Long, Long], depth),
            5 => self.call(Text, "replace", &[Text, Text], depth),
            6 | 7 => {
                let expression = self.random.one_of(&EXPRESSIONS);
                self.put("(");
                self.expression(Text, depth);
                write!(self.out, ").replaceAll('{expression}', ").expect("a text takes all");
                self.expression(Text, depth);
                self.put(")");
            }
            8 => {
                let format = self.random.one_of(&FORMATS);
                write!(self.out, "String.format('{format}', ").expect("a text takes all");
                self.value(depth);
                self.put(", ");
                self.value(depth);
                self.put(")");
            }
            9 => self.function("String.join", &[Text, Text], depth),
            10 => {
                let pattern = self.random.one_of(&PATTERNS);
                self.put("(");
                self.expression(Date, depth);
                write!(self.out, ").toString(\"{pattern}\")").expect("a text takes all");
            }
            11 => self.function("Util.incrementDateInt", &[Text, Long], depth),
            12 => self.call(Map, "get", &[Text], depth),
            _ => self.function("String.valueOf", &[Array], depth),
        }
    }

    fn array(&mut self, depth: u32) {
        use Want::{Long, Text};
        match self.random.below(6) {
            0 => {
                self.put("new long[");
                self.expression(Long, depth);
                self.put("]");
            }
            1 => {
                self.put("new String[]{");
                self.expression(Text, depth);
                self.put(", ");
                self.expression(Text, depth);
                self.put("}");
            }
            2 => {
                let expression = self.random.one_of(&EXPRESSIONS);
                self.put("(");
                self.expression(Text, depth);
                write!(self.out, ").split('{expression}', ").expect("a text takes all");
                self.expression(Long, depth);
                self.put(")");
            }
            3 => self.function("Util.intsBetween", &[Long, Long, Long], depth),
            4 => self.function("Util.dateIntsBetween", &[Text, Text, Long], depth),
            _ => self.function("Arrays.asList", &[Want::Array], depth),
        }
    }

    fn map(&mut self, depth: u32) {
        match self.random.below(3) {
            0 => self.function("new HashMap", &[], depth),
            1 => self.call(Want::Map, "getOrDefault", &[Want::Text, Want::Map], depth),
            _ => {
                self.put("(m = ");
                self.expression(Want::Map, depth);
                self.put(")");
            }
        }
    }

    fn date(&mut self, depth: u32) {
        use Want::{Date, Long, Text, Zone};
        match self.random.below(8) {
            0 => self.function("new DateTime", &[Long], depth),
            1 => self.function("new DateTime", &[Text, Zone], depth),
            2 => self.function("new DateTime", &[Long, Long, Long, Long, Long, Long, Long, Zone], depth.min(1)),
            3 => self.call(Date, "withZone", &[Zone], depth),
            4 => {
                let method = self.random.one_of(&[
                    "plusYears",
                    "minusMonths",
                    "plusWeeks",
                    "minusDays",
                    "plusHours",
                    "minusMillis",
                ]);
                self.call(Date, method, &[Long], depth);
            }
            5 => {
                let method = self.random.one_of(&[
                    "withYear",
                    "withWeekOfWeekyear",
                    "withDayOfYear",
                    "withHourOfDay",
                    "withMillisOfDay",
                ]);
                self.call(Date, method, &[Long], depth);
            }
            6 => {
                let property =
                    self.random.one_of(&["monthOfYear", "dayOfMonth", "weekyear", "minuteOfDay", "millisOfSecond"]);
                let end = self.random.one_of(&["withMaximumValue", "withMinimumValue"]);
                self.call(Date, property, &[], depth);
                write!(self.out, ".{end}()").expect("a text takes all");
            }
            _ => {
                let pattern = self.random.one_of(&PATTERNS);
                write!(self.out, "DateTimeFormat.forPattern(\"{pattern}\").parseDateTime(").expect("a text takes all");
                self.expression(Text, depth);
                self.put(")");
            }
        }
    }
}
