use reports::junit::write;

use crate::campaigns::{self, Campaign, chain, fails_at_load, is_broken, is_noisy, occasion};

#[test]
fn a_suite_a_kind_and_a_case_a_sample() {
    let other = campaigns::family("ads.attribution", &["foreach"], workflow_motif(), (9_000, 90));
    let report = Campaign::new()
        .agreeing(&chain(), 1)
        .with(&chain(), fails_at_load)
        .with(&other, is_noisy)
        .with(&other, is_broken)
        .report();
    insta::assert_snapshot!(write(&report, &occasion()));
}

fn workflow_motif() -> replay::sample::Motif {
    replay::sample::Motif::FanOut
}

#[test]
fn hostile_text_stays_text() {
    let (report, occasion) = campaigns::hostile();
    let told = write(&report, &occasion);
    let elements = elements(&told);
    let count = |name: &str| elements.iter().filter(|element| *element == name).count();
    assert_eq!((count("testcase"), count("failure"), count("error")), (401, 400, 1));
    assert_eq!(count("script") + count("img") + count("mj-text"), 0);
    assert!(!told.contains(|c: char| c.is_control() && c != '\n'));
    assert!(told.len() < 40_000_000, "{}", told.len());
}

/// Names of all elements; fails on what is not well-formed.
fn elements(xml: &str) -> Vec<String> {
    let (mut open, mut names) = (Vec::new(), Vec::new());
    let mut rest = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").unwrap();
    while let Some((text, tail)) = rest.split_once('<') {
        check_text(text);
        let (tag, tail) = tail.split_once('>').unwrap();
        rest = tail;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap().to_owned();
        names.push(name.clone());
        let quotes = tag.matches('"').count();
        assert!(quotes % 2 == 0 && !tag.contains('<'), "{tag}");
        check_text(tag);
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty());
    names
}

#[track_caller]
fn check_text(text: &str) {
    for (at, _) in text.match_indices('&') {
        let is_entity = ["&amp;", "&lt;", "&gt;", "&quot;"].iter().any(|entity| text[at..].starts_with(entity));
        assert!(is_entity, "a bare & in {text}");
    }
}
