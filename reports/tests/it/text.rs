use reports::text::{Colour, write};

use crate::campaigns::{self, occasion, tested_occasion};

#[test]
fn the_engines_disagree() {
    insta::assert_snapshot!(write(&campaigns::mixed(), &tested_occasion(), Colour::Never));
}

#[test]
fn every_kind_may_move() {
    insta::assert_snapshot!(write(&campaigns::agrees(), &occasion(), Colour::Never));
}

#[test]
fn there_are_too_few_samples() {
    insta::assert_snapshot!(write(&campaigns::inconclusive(), &occasion(), Colour::Never));
}

#[test]
fn the_campaign_was_broken_off() {
    insta::assert_snapshot!(write(&campaigns::broken_off(), &occasion(), Colour::Never));
}

#[test]
fn an_injected_defect_was_caught() {
    insta::assert_snapshot!(write(&campaigns::caught(), &occasion(), Colour::Never));
}

#[test]
fn nothing_was_replayed() {
    insta::assert_snapshot!(write(&campaigns::empty(), &occasion(), Colour::Never));
}

#[test]
fn colour_changes_nothing_but_colour() {
    let (plain, coloured) = (
        write(&campaigns::mixed(), &occasion(), Colour::Never),
        write(&campaigns::mixed(), &occasion(), Colour::Always),
    );
    assert!(!plain.contains('\u{1b}'));
    let mut stripped = String::new();
    for (index, part) in coloured.split("\u{1b}[").enumerate() {
        stripped.push_str(if index == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(stripped, plain);
}

#[test]
fn hostile_text_neither_paints_nor_fills_the_terminal() {
    let (report, occasion) = campaigns::hostile();
    let told = write(&report, &occasion, Colour::Never);
    assert!(!told.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'));
    assert!(told.len() < 300_000, "{}", told.len());
    assert!(told.contains("and 9,995 differences more"));
    assert!(told.contains("and 381 findings more"));
}
