//! A YAML text as a tree in which every node knows where it stands. Scalars are read as YAML 1.1 reads them.

use std::{collections::HashMap, ops::Range, sync::Arc};

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Number, Value as Json};

use crate::{
    param::number,
    problem::{Problem, code},
};

/// A node and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// Bytes of the text.
    pub span: Range<usize>,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Value {
    /// A scalar.
    Scalar(Json),
    /// A list.
    List(Vec<Arc<Node>>),
    /// Keys with their places, and values, in document order.
    Map(Vec<(Key, Arc<Node>)>),
}

/// A key of a map.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its text.
    pub name: String,
    /// Bytes of the text.
    pub span: Range<usize>,
}

/// The most nodes of a document, those that aliases repeat included.
const NODES_MAX: usize = 100_000;
/// The most levels of a document.
const DEPTH_MAX: usize = 100;

/// Reads the one document of a text; a syntax error comes with the byte at which the text stops being YAML.
pub fn parse(text: &str) -> Result<Node, (Problem, usize)> {
    let bytes: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let mut builder = Builder { bytes: &bytes, anchors: HashMap::new(), nodes: 0 };
    let mut events = Parser::new_from_str(text);
    let mut documents = Vec::new();
    loop {
        let (event, span) = next(&mut events, &bytes)?;
        match event {
            Event::StreamEnd => break,
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            event => documents.push(builder.node(&mut events, event, span, 0)?),
        }
    }
    let one = documents.pop().ok_or_else(|| problem("the text holds no document", 0))?;
    match documents.pop() {
        None => Ok(one.0),
        Some(_) => Err(problem("the text holds more than one document", one.0.span.start)),
    }
}

type Failure = (Problem, usize);
type Entries = Vec<(Key, Arc<Node>)>;

fn problem(message: impl Into<String>, at: usize) -> Failure {
    (Problem::new(code::YAML_SYNTAX, "", message), at)
}

fn next<'t>(
    events: &mut Parser<'t, saphyr_parser::StrInput<'t>>,
    bytes: &[usize],
) -> Result<(Event<'t>, Span), Failure> {
    match events.next_event() {
        None => Ok((Event::StreamEnd, Span::default())),
        Some(Ok(event)) => Ok(event),
        Some(Err(error)) => {
            let at = bytes.get(error.marker().index()).or(bytes.last()).copied().unwrap_or(0);
            let code = if error.info().contains("recursion limit") { code::TOO_DEEP } else { code::YAML_SYNTAX };
            Err((Problem::new(code, "", error.info()), at))
        }
    }
}

struct Builder<'b> {
    /// Byte of each character.
    bytes: &'b [usize],
    /// Anchored nodes with how many nodes they are.
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
}

impl Builder<'_> {
    /// A node, and how many nodes it is.
    fn node<'t>(
        &mut self,
        events: &mut Parser<'t, saphyr_parser::StrInput<'t>>,
        event: Event<'t>,
        span: Span,
        depth: usize,
    ) -> Result<(Node, usize), Failure> {
        let start = self.byte(span.start.index());
        if depth > DEPTH_MAX {
            let message = format!("the document is nested deeper than {DEPTH_MAX} levels");
            return Err((Problem::new(code::TOO_DEEP, "", message), start));
        }
        let mut size = 1;
        let mut end = self.byte(span.end.index());
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = style != ScalarStyle::Plain
                    || tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
                (Value::Scalar(if is_text { Json::from(&*text) } else { plain(&text) }), anchor)
            }
            Event::SequenceStart(anchor, _) => {
                let mut list = Vec::new();
                loop {
                    let (event, span) = next(events, self.bytes)?;
                    if matches!(event, Event::SequenceEnd) {
                        end = end.max(self.byte(span.end.index()));
                        break;
                    }
                    let (node, nodes) = self.node(events, event, span, depth + 1)?;
                    size += nodes;
                    end = node.span.end;
                    list.push(Arc::new(node));
                }
                (Value::List(list), anchor)
            }
            Event::MappingStart(anchor, _) => {
                let (map, nodes, last) = self.map(events, depth, end)?;
                size += nodes;
                end = last;
                (Value::Map(map), anchor)
            }
            Event::Alias(anchor) => {
                let (node, nodes) =
                    self.anchors.get(&anchor).cloned().ok_or_else(|| problem("the alias is not known", start))?;
                self.count(nodes, start)?;
                return Ok((Node { span: start..end, ..node }, nodes));
            }
            _ => return Err(problem("the document ends too early", start)),
        };
        self.count(1, start)?;
        let node = Node { span: start..end, value };
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        Ok((node, size))
    }

    fn map<'t>(
        &mut self,
        events: &mut Parser<'t, saphyr_parser::StrInput<'t>>,
        depth: usize,
        mut end: usize,
    ) -> Result<(Entries, usize, usize), Failure> {
        let mut map = Entries::new();
        let mut size = 0;
        loop {
            let (event, span) = next(events, self.bytes)?;
            if matches!(event, Event::MappingEnd) {
                return Ok((map, size, end));
            }
            let key = self.byte(span.start.index())..self.byte(span.end.index());
            let Event::Scalar(name, ..) = event else { return Err(problem("a key is a scalar", key.start)) };
            let name = name.into_owned();
            if map.iter().any(|(known, _)| known.name == name) {
                return Err(problem(format!("the key `{name}` stands twice in one map"), key.start));
            }
            let (event, span) = next(events, self.bytes)?;
            let (value, nodes) = self.node(events, event, span, depth + 1)?;
            size += nodes + 1;
            end = value.span.end.max(end);
            map.push((Key { name, span: key }, Arc::new(value)));
        }
    }

    fn byte(&self, character: usize) -> usize {
        self.bytes.get(character).or(self.bytes.last()).copied().unwrap_or(0)
    }

    fn count(&mut self, nodes: usize, at: usize) -> Result<(), Failure> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > NODES_MAX {
            return Err(problem(format!("the document has more than {NODES_MAX} nodes"), at));
        }
        Ok(())
    }
}

/// A scalar without quotes.
fn plain(text: &str) -> Json {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Json::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Json::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Json::Bool(false),
        _ => {}
    }
    integer(text).or_else(|| decimal(text)).map_or_else(|| Json::from(text), Json::Number)
}

/// Decimal, octal (`017`), hexadecimal and binary integers; `_` groups digits.
fn integer(text: &str) -> Option<Number> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|digit: char| digit.is_ascii_digit()) {
        return None;
    }
    let digits = digits.replace('_', "");
    // What follows a prefix has no sign of its own.
    let parse = |digits: &str, radix| {
        digits.starts_with(|digit: char| digit.is_ascii_hexdigit()).then(|| i64::from_str_radix(digits, radix).ok())?
    };
    let magnitude = match digits.get(..2) {
        Some("0x" | "0X") => parse(&digits[2..], 16),
        Some("0b" | "0B") => parse(&digits[2..], 2),
        Some(start) if start.starts_with('0') => parse(&digits[1..], 8),
        _ => parse(&digits, 10),
    }?;
    Some(Number::from(sign * magnitude))
}

/// Decimals with a point or an exponent; the digits are kept.
fn decimal(text: &str) -> Option<Number> {
    let unsigned = text.trim_start_matches(['-', '+']);
    let looks_like_one = unsigned.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.')
        && unsigned.contains(|letter: char| letter.is_ascii_digit())
        && unsigned.contains(['.', 'e', 'E']);
    if !looks_like_one {
        return None;
    }
    let plain = text.replace('_', "");
    let plain = plain.strip_prefix('+').unwrap_or(&plain);
    number::decimal(plain)
}

impl From<&Json> for Node {
    fn from(json: &Json) -> Self {
        let value = match json {
            Json::Array(list) => Value::List(list.iter().map(|json| Arc::new(Self::from(json))).collect()),
            Json::Object(object) => {
                let entries = object
                    .iter()
                    .map(|(name, json)| (Key { name: name.clone(), span: 0..0 }, Arc::new(Self::from(json))));
                Value::Map(entries.collect())
            }
            scalar => Value::Scalar(scalar.clone()),
        };
        Self { span: 0..0, value }
    }
}

impl Node {
    /// Its text, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(Json::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(Json::Null))
    }

    /// The same without places.
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::Scalar(scalar) => scalar.clone(),
            Value::List(list) => list.iter().map(|node| node.to_json()).collect(),
            Value::Map(entries) => {
                Json::Object(entries.iter().map(|(key, node)| (key.name.clone(), node.to_json())).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_are_read_as_yaml_1_1_reads_them() {
        let cases = [
            ("yes", json!(true)),
            ("Off", json!(false)),
            ("~", json!(null)),
            ("12", json!(12)),
            ("-1_000", json!(-1000)),
            ("0x1F", json!(31)),
            ("010", json!(8)),
            ("-0x-8000000000000000", json!("-0x-8000000000000000")),
            ("2024-01-02", json!("2024-01-02")),
            ("1.2.3", json!("1.2.3")),
            ("'12'", json!("12")),
            ("!!str 12", json!("12")),
            ("maybe", json!("maybe")),
            (".inf", json!(".inf")),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).unwrap().to_json(), expected, "{text}");
        }
        assert!(parse("1e3").unwrap().to_json().is_f64());
        assert_eq!(parse("1.50").unwrap().to_json().to_string(), "1.50");
    }

    #[test]
    fn nodes_know_where_they_stand() {
        let text = "é: [a, {b: 'c d'}]\n";
        let Value::Map(entries) = parse(text).unwrap().value else { panic!("a map") };
        assert_eq!(&text[entries[0].0.span.clone()], "é");
        let Value::List(list) = &entries[0].1.value else { panic!("a list") };
        assert_eq!(&text[list[0].span.clone()], "a");
        let Value::Map(inner) = &list[1].value else { panic!("a map") };
        assert_eq!(&text[inner[0].1.span.clone()], "'c d'");
    }

    #[test]
    fn aliases_are_followed_within_bounds() {
        let doubled = parse("a: &x [1, 2]\nb: *x").unwrap().to_json();
        assert_eq!(doubled, json!({"a": [1, 2], "b": [1, 2]}));
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        assert_eq!(parse(&bomb).unwrap_err().0.code, code::YAML_SYNTAX);
    }

    #[test]
    fn broken_texts_are_refused_with_their_place() {
        for text in ["a: [", ": - [", "a: 1\n b: 2", "", "a: 1\n---\nb: 2", "a: 1\na: 2"] {
            assert!(parse(text).is_err(), "{text}");
        }
        let deep = "[".repeat(5000);
        assert!(parse(&deep).is_err());
    }
}
