use reports::json::{Error, read, write};

use crate::campaigns::{self, occasion, tested_occasion};

/// The first format, as it was first written. It never changes: a new format gets a file of its own.
const GOLDEN: &str = include_str!("../golden/report-1.json");

#[test]
fn the_first_format_is_as_it_was_kept() {
    assert_eq!(write(&campaigns::caught(), &tested_occasion()), GOLDEN);
}

#[test]
fn the_first_format_can_still_be_read() {
    let (report, occasion) = read(GOLDEN).unwrap();
    assert_eq!((report, occasion), (campaigns::caught(), tested_occasion()));
}

#[test]
fn what_is_written_can_be_told_again() {
    for report in [campaigns::mixed(), campaigns::empty(), campaigns::broken_off()] {
        assert_eq!(read(&write(&report, &occasion())).unwrap(), (report, occasion()));
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    assert!(matches!(read("{}"), Err(Error::Malformed(_))));
    assert!(matches!(read("{\"format\":1}"), Err(Error::Malformed(_))));
    assert!(matches!(read("{\"format\":2,\"new\":1}"), Err(Error::Newer { found: 2 })));
}
