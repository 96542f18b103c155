//! Places that many samples share.

/// `runs.load[3].steps` → `runs.load[*].steps`, so that the iterations of a loop are one place.
pub fn without_numbers(path: &str) -> String {
    let mut parts = path.split('[');
    let mut place = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(']') {
            Some((number, rest)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
                place.push_str("[*]");
                place.push_str(rest);
            }
            _ => {
                place.push('[');
                place.push_str(part);
            }
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use super::without_numbers;

    #[test]
    fn iterations_are_one_place() {
        assert_eq!(without_numbers("runs.load[3].steps.a[12].x"), "runs.load[*].steps.a[*].x");
        assert_eq!(without_numbers("runs.'a[b].c'[.x[]"), "runs.'a[b].c'[.x[]");
    }
}
