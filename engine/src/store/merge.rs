//! Rows of a table and of its archive as the rows of one table.

use std::cmp::Ordering;

use workflow::life::{Body, Order, RowKey};

use super::layout::Layout;

/// Rows in order, from sources that are each in order; where two have a row, that of the earlier one counts.
pub(super) fn merge(sources: Vec<Vec<(RowKey, Body)>>, order: Order, limit: usize) -> Vec<(RowKey, Body)> {
    let mut sources = sources.into_iter().filter(|rows| !rows.is_empty());
    let Some(mut merged) = sources.next() else { return Vec::new() };
    for later in sources {
        merged = both(merged, later, order);
    }
    merged.truncate(limit);
    merged
}

fn both(first: Vec<(RowKey, Body)>, second: Vec<(RowKey, Body)>, order: Order) -> Vec<(RowKey, Body)> {
    let mut merged = Vec::with_capacity(first.len() + second.len());
    let (mut first, mut second) = (first.into_iter().peekable(), second.into_iter().peekable());
    while let (Some((left, _)), Some((right, _))) = (first.peek(), second.peek()) {
        let place = match order {
            Order::Ascending => left.cmp(right),
            Order::Descending => right.cmp(left),
        };
        if place == Ordering::Equal {
            second.next();
        }
        merged.extend(if place == Ordering::Greater { second.next() } else { first.next() });
    }
    merged.extend(first);
    merged.extend(second);
    merged
}

/// The columns of a key as SQL orders by them.
pub(super) fn key_order(layout: &Layout, order: Order) -> String {
    match order {
        Order::Ascending => layout.key(),
        Order::Descending => layout.columns.map(|column| format!("{column} DESC")).join(", "),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use workflow::life::Table;

    use super::*;

    fn rows(numbers: &std::collections::BTreeSet<i64>, text: &str) -> Vec<(RowKey, Body)> {
        let row = |n: &i64| (RowKey { first: *n, ..RowKey::named(Table::Run, "w") }, Arc::from(text.as_bytes()));
        numbers.iter().map(row).collect()
    }

    proptest! {
        #[test]
        fn a_merge_has_every_key_once_in_order_and_prefers_the_first(
            left in proptest::collection::btree_set(0..20_i64, 0..10),
            right in proptest::collection::btree_set(0..20_i64, 0..10),
            limit in 0..20_usize,
        ) {
            let (new, old) = (rows(&left, "new"), rows(&right, "old"));
            let up = merge(vec![new.clone(), old.clone()], Order::Ascending, limit);
            let keys: Vec<_> = up.iter().map(|(key, _)| key.first).collect();
            let expected: Vec<_> = left.union(&right).copied().take(limit).collect();
            prop_assert_eq!(keys, expected);
            for (key, body) in &up {
                let is_new = left.contains(&key.first);
                prop_assert_eq!(&**body, if is_new { &b"new"[..] } else { &b"old"[..] });
            }
            let turned = |mut rows: Vec<_>| { rows.reverse(); rows };
            let down = merge(vec![turned(new), turned(old)], Order::Descending, limit);
            let keys: Vec<_> = down.iter().map(|(key, _)| key.first).collect();
            let all: std::collections::BTreeSet<_> = left.union(&right).copied().collect();
            prop_assert_eq!(keys, all.into_iter().rev().take(limit).collect::<Vec<_>>());
        }
    }
}
