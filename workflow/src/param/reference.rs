//! References of the form `step__param`.

use super::Error;

/// A reference taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    /// A step, or a signal where no step has that id.
    pub step: &'a str,
    /// Its param.
    pub param: &'a str,
}

/// Takes a reference apart at its separator; `None` when it has none.
///
/// Where the separator's characters repeat, the step's id may end one character later: what the run knows decides.
pub fn split<'a>(
    reference: &'a str,
    separator: &str,
    is_step: impl Fn(&str) -> bool,
) -> Result<Option<Reference<'a>>, Error> {
    let Some(first) = reference.find(separator) else { return Ok(None) };
    let mut at = first;
    if reference.rfind(separator) != Some(first) {
        let later = first + separator.chars().next().map_or(0, char::len_utf8);
        let (short, long) = (&reference[..first], &reference[..later]);
        let texts = || (reference.to_owned(), short.to_owned(), long.to_owned());
        match (is_step(short), is_step(long)) {
            (true, false) => {}
            (false, true) => at = later,
            (true, true) => {
                let (reference, short, long) = texts();
                return Err(Error::AmbiguousStep { reference, short, long });
            }
            (false, false) => {
                let (reference, short, long) = texts();
                return Err(Error::NoSuchStep { reference, short, long });
            }
        }
    }
    // One character later the separator may no longer fit, as in `a__b__c`: what follows it is then the param all the same.
    let after = (at + separator.len()).min(reference.len());
    let param = reference.get(after..).unwrap_or_default();
    Ok(Some(Reference { step: &reference[..at], param }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reference: &str, steps: &[&str], expected: Result<(&str, &str), &str>) {
        let found = split(reference, "__", |id| steps.contains(&id));
        match (found, expected) {
            (Ok(Some(found)), Ok(expected)) => assert_eq!((found.step, found.param), expected, "{reference}"),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (found, _) => panic!("{reference}: {found:?}"),
        }
    }

    #[test]
    fn the_known_step_decides_where_underscores_run_together() {
        check("a__x", &[], Ok(("a", "x")));
        check("a___x", &["a"], Ok(("a", "_x")));
        check("a___x", &["a_"], Ok(("a_", "x")));
        check("a___x", &["a", "a_"], Err("ambiguity (both step ids [a] and [a_] exist"));
        check("a____x", &["b"], Err("cannot find either step id [a] or [a_]"));
    }

    #[test]
    fn a_name_without_separator_is_no_reference() {
        assert_eq!(split("a_x", "__", |_| true).unwrap(), None);
    }
}
