//! Texts that refer to params as `$name` or `${name}`.
//!
//! A reference's value goes in as it is: a `$` inside it means nothing. What only looks like a reference stays as it was written.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{Body, Definition, Literal, Value, result};

/// Whether a text has anything to interpolate at all; most do not.
pub fn is_plain(text: &str) -> bool {
    !text.contains('$')
}

/// The names that a text refers to, each once, in the order in which they are written.
///
/// A reference counts where it follows something other than `$`, or two of them. So `$$$$v` refers to `v` although the result is
/// `$$v`; Maestro asks for such a name too.
pub fn names(text: &str) -> Vec<Arc<str>> {
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('$') {
        let start = at + found;
        match reference(&text[start..]).filter(|_| is_unescaped(text, start)) {
            Some((name, length)) => {
                add(&mut names, name);
                at = start + length;
            }
            None => at = start + 1,
        }
    }
    names
}

/// The names that a literal definition refers to; entries of a MAP are asked one by one.
pub fn literal_names(definition: &Definition) -> Vec<Arc<str>> {
    let mut all = Vec::new();
    let mut texts = |text: &str| names(text).iter().for_each(|name| add(&mut all, name));
    match &definition.body {
        Body::Literal(Literal::String(text)) => texts(text),
        Body::Literal(Literal::StringArray(array)) => array.iter().flatten().for_each(|text| texts(text)),
        Body::Literal(Literal::StringMap(map)) => {
            map.keys().for_each(|key| texts(key));
            map.values().flatten().for_each(|text| texts(text));
        }
        _ => {}
    }
    all
}

fn add(names: &mut Vec<Arc<str>>, name: &str) {
    if !names.iter().any(|known| **known == *name) {
        names.push(Arc::from(name));
    }
}

/// The text with every reference replaced by its value and every `$$` by one `$`.
pub fn interpolate<E>(text: &str, mut value: impl FnMut(&str) -> Result<String, E>) -> Result<String, E> {
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) = text[at..].find('$') {
        let start = at + found;
        result.push_str(&text[at..start]);
        let rest = &text[start..];
        if let Some((name, length)) = reference(rest).filter(|_| is_unescaped(text, start)) {
            result.push_str(&value(name)?);
            at = start + length;
        } else if let Some((_, length)) =
            rest.strip_prefix('$').and_then(reference).filter(|_| is_unescaped(text, start))
        {
            // `$$name`: the first `$` was the escape.
            result.push_str(&rest[1..=length]);
            at = start + 1 + length;
        } else {
            result.push('$');
            at = start + if rest.starts_with("$$") { 2 } else { 1 };
        }
    }
    result.push_str(&text[at..]);
    Ok(result)
}

/// A literal's value with every reference in its texts replaced; `value` is given the text and the name in it.
///
/// `None` for what has no value of its own: a MAP, whose entries are evaluated one by one, and a DOUBLE beyond binary64.
pub fn literal<E>(
    literal: &Literal,
    mut value: impl FnMut(&str, &str) -> Result<String, E>,
) -> Result<Option<Value>, E> {
    let mut put_in = |text: &Arc<str>| -> Result<Arc<str>, E> {
        if is_plain(text) {
            return Ok(Arc::clone(text));
        }
        interpolate(text, |name| value(text, name)).map(Arc::from)
    };
    Ok(match literal {
        Literal::String(text) => Some(Value::String(put_in(text)?)),
        Literal::StringArray(array) => {
            let texts = array.iter().map(|text| text.as_ref().map(&mut put_in).transpose());
            Some(Value::StringArray(texts.collect::<Result<_, _>>()?))
        }
        Literal::StringMap(map) => {
            let mut entries = IndexMap::with_capacity(map.len());
            for (key, text) in map.iter() {
                let value = text.as_ref().map(&mut put_in).transpose()?;
                entries.insert(put_in(key)?, value.map_or(Value::Null, Value::String));
            }
            Some(Value::Map(Arc::new(entries)))
        }
        literal => result::of_literal(literal),
    })
}

/// Whether the `$` at `start` begins something: it is the first character, or follows one that is no `$`, or two that are.
fn is_unescaped(text: &str, start: usize) -> bool {
    let before = &text.as_bytes()[..start];
    before.last() != Some(&b'$') || before.ends_with(b"$$")
}

/// The name that a text starting with `$` refers to, and how long the reference is.
fn reference(text: &str) -> Option<(&str, usize)> {
    let rest = text.strip_prefix('$')?;
    let (open, close) = if rest.starts_with('{') { (1, 1) } else { (0, 0) };
    let body = &rest[open..];
    let is_part =
        |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || (open == 1 && matches!(byte, b'-' | b'.' | b'/'));
    if !body.as_bytes().first()?.is_ascii_alphabetic() {
        return None;
    }
    let length = body.bytes().take_while(|byte| is_part(*byte)).count();
    if open == 1 && body.as_bytes().get(length) != Some(&b'}') {
        return None;
    }
    Some((&body[..length], 1 + open + length + close))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str, expected_names: &[&str]) {
        let value = |name: &str| Ok::<_, String>(if name == "v" { "7".to_owned() } else { format!("<{name}>") });
        assert_eq!(interpolate(text, value).unwrap(), expected, "{text}");
        assert_eq!(names(text).iter().map(|name| &**name).collect::<Vec<_>>(), expected_names, "{text}");
    }

    #[test]
    fn a_reference_is_replaced_by_its_value() {
        check("a$v-b", "a7-b", &["v"]);
        check("${v}x", "7x", &["v"]);
        check("$vx", "<vx>", &["vx"]);
        check("${a-b}${a.b}", "<a-b><a.b>", &["a-b", "a.b"]);
        check("é$v", "é7", &["v"]);
        check("${step1__out} $step1__out", "<step1__out> <step1__out>", &["step1__out"]);
    }

    #[test]
    fn a_doubled_dollar_is_one_dollar() {
        check("$$v", "$v", &[]);
        check("$${v}", "${v}", &[]);
        check("$$$v", "$7", &["v"]);
        check("$$$$v", "$$v", &["v"]);
        check("a$$b$$", "a$b$", &[]);
    }

    #[test]
    fn what_only_looks_like_a_reference_stays() {
        for text in ["$5", "$", "${", "${}", "${ v }", "$_v", "${_v}", "${v", "${vé}"] {
            check(text, text, &[]);
        }
    }
}
