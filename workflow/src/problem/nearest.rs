//! Which known word an unknown one probably means.

/// The known word that is fewest edits away from `word`, if it is near enough to be meant. Case does not count.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
    let tolerance = (word.len() / 3).clamp(1, 3);
    let distances = known.into_iter().map(|candidate| {
        let letters: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
        (distance(&word, &letters), candidate)
    });
    let near = distances.filter(|(distance, _)| *distance <= tolerance);
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// Edits (insert, remove, replace, swap of neighbours) that lead from `left` to `right`.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let replaced = above[j] + usize::from(a != b);
            let mut best = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        let known = ["transition", "timeout", "tags", "type"];
        let cases = [
            ("transitions", Some("transition")),
            ("Timeout", Some("timeout")),
            ("tiemout", Some("timeout")),
            ("tpye", Some("type")),
            ("colour", None),
            ("", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }
}
