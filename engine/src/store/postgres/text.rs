//! Key columns as PostgreSQL can hold them: text without NUL, in the same order.

use std::{borrow::Cow, sync::Arc};

/// NUL becomes two bytes 1 and 1, byte 1 becomes 1 and 2. Whatever was smaller before is smaller after.
pub(super) fn stored(text: &str) -> Cow<'_, str> {
    if text.contains(['\0', '\u{1}']) {
        Cow::Owned(text.replace('\u{1}', "\u{1}\u{2}").replace('\0', "\u{1}\u{1}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// What [`stored`] was made of.
pub(super) fn read(text: &str) -> Arc<str> {
    if text.contains('\u{1}') {
        Arc::from(text.replace("\u{1}\u{1}", "\0").replace("\u{1}\u{2}", "\u{1}"))
    } else {
        Arc::from(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text() -> impl Strategy<Value = String> {
        proptest::collection::vec(prop_oneof!["\0", "\u{1}", "\u{2}", "a", "é"], 0..6).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn stored_text_has_no_nul_keeps_its_order_and_is_read_back(left in text(), right in text()) {
            prop_assert!(!stored(&left).contains('\0'));
            prop_assert_eq!(&*read(&stored(&left)), &*left);
            prop_assert_eq!(stored(&left).cmp(&stored(&right)), left.cmp(&right));
        }
    }
}
