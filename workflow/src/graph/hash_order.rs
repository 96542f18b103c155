//! The order in which Java's `HashMap` gives back its text keys.
//!
//! Documents of recorded runs list a runtime DAG in that order and count steps by it, so a DAG is built in it as well. Bins that
//! grow into trees (nine and more steps in one bin of a table of 64 or more) are taken as lists: their order inside the bin may differ.

/// How keys come in, which decides where a key goes within its bin and when the table grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Insertion {
    /// `put`: at the end of its bin; the table grows right after the key that fills it.
    Put,
    /// `merge`: at the front of its bin; the table grows right before the key after that.
    Merge,
}

/// Size of a new table.
const TABLE_MIN: usize = 16;
/// A table of at least this size makes trees of long bins instead of growing.
const TREE_TABLE_MIN: usize = 64;
/// A bin of this length is too long for a list.
const BIN_MAX: usize = 8;

/// Indices of `keys`, which must be distinct, in iteration order.
pub(super) fn order<'a>(keys: impl IntoIterator<Item = &'a str>, insertion: Insertion) -> Vec<usize> {
    let mut table = Table { bins: vec![Vec::new(); TABLE_MIN], hashes: Vec::new() };
    for key in keys {
        table.insert(spread(hash(key)), insertion);
    }
    table.bins.into_iter().flatten().collect()
}

struct Table {
    /// Indices of keys.
    bins: Vec<Vec<usize>>,
    /// By index of key.
    hashes: Vec<u32>,
}

impl Table {
    fn insert(&mut self, hash: u32, insertion: Insertion) {
        if insertion == Insertion::Merge && self.hashes.len() > self.threshold() {
            self.grow();
        }
        let index = self.hashes.len();
        self.hashes.push(hash);
        let bin = self.bin_of(hash);
        let length_max = match insertion {
            Insertion::Put => {
                self.bins[bin].push(index);
                BIN_MAX
            }
            Insertion::Merge => {
                self.bins[bin].insert(0, index);
                BIN_MAX - 1
            }
        };
        if self.bins[bin].len() > length_max && self.bins.len() < TREE_TABLE_MIN {
            self.grow();
        }
        if insertion == Insertion::Put && self.hashes.len() > self.threshold() {
            self.grow();
        }
    }

    fn threshold(&self) -> usize {
        self.bins.len() / 4 * 3
    }

    fn bin_of(&self, hash: u32) -> usize {
        hash as usize & (self.bins.len() - 1)
    }

    /// Doubles the table; keys of one bin keep their order.
    fn grow(&mut self) {
        let size = self.bins.len() * 2;
        for index in std::mem::replace(&mut self.bins, vec![Vec::new(); size]).into_iter().flatten() {
            let bin = self.bin_of(self.hashes[index]);
            self.bins[bin].push(index);
        }
    }
}

/// `String.hashCode`: over UTF-16 units.
fn hash(text: &str) -> u32 {
    text.encode_utf16().fold(0, |hash: u32, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)))
}

/// What `HashMap` makes of a hash before it picks a bin.
fn spread(hash: u32) -> u32 {
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::{Insertion, hash, order};

    #[test]
    fn hashes_are_javas() {
        assert_eq!(hash(""), 0);
        assert_eq!(hash("job_1"), 101_297_199);
        assert_eq!(hash("Aa"), hash("BB"));
        assert_eq!(hash("polygenelubricants"), 0x8000_0000);
    }

    #[test]
    fn equal_hashes_stand_in_order_of_insertion() {
        assert_eq!(order(["Aa", "BB"], Insertion::Put), [0, 1]);
        assert_eq!(order(["Aa", "BB"], Insertion::Merge), [1, 0]);
    }

    #[test]
    fn every_key_comes_back_once() {
        let keys: Vec<String> = (0..300).map(|n| format!("step_{n}")).collect();
        for insertion in [Insertion::Put, Insertion::Merge] {
            let mut found = order(keys.iter().map(String::as_str), insertion);
            found.sort_unstable();
            assert_eq!(found, (0..300).collect::<Vec<_>>());
        }
    }
}
