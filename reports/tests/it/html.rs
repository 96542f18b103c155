use reports::html::write;

use crate::campaigns::{self, HOSTILE, occasion, tested_occasion};

#[test]
fn the_verdict_comes_first_and_everything_is_there() {
    let page = write(&campaigns::mixed(), &tested_occasion());
    let order = [
        "✗ differs",
        "not yet: the engines disagree",
        "698 of 703 samples agree; 3 differ, 1 is noisy, 1 could not be replayed (4 min 12 s)",
        "id=\"next\"",
        "id=\"findings\"",
        "<mark>",
        "id=\"kinds\"",
        "id=\"latency\"",
        "<svg",
        "id=\"coverage\"",
        "id=\"aside\"",
        "Rules that expired",
        "2026-10-31",
        "host names differ between stacks",
        "events.order",
        "the harness caught 3 of 4 defects",
        "id=\"campaign\"",
    ];
    let mut from = 0;
    for part in order {
        let at = page[from..].find(part).unwrap_or_else(|| panic!("`{part}` is not there, or too early"));
        from += at;
    }
}

#[test]
fn nothing_outside_the_file_is_loaded() {
    for report in [campaigns::realistic(), campaigns::agrees(), campaigns::empty()] {
        let page = write(&report, &occasion());
        for forbidden in ["http:", "https:", "src=", "@import", "url(", "<link", "<iframe", "<object", "<img"] {
            assert!(!page.contains(forbidden), "`{forbidden}` stands in the page");
        }
        assert!(page.contains("default-src 'none'"));
    }
}

#[test]
fn every_element_is_closed() {
    let (report, occasion) = campaigns::hostile();
    for page in [
        write(&campaigns::mixed(), &tested_occasion()),
        write(&campaigns::empty(), &occasion),
        write(&report, &occasion),
    ] {
        let body = &page[page.find("<body>").unwrap()..page.find("<script>").unwrap()];
        for name in
            ["section", "table", "tr", "td", "th", "details", "pre", "span", "code", "svg", "div", "bdi", "mark", "ul"]
        {
            let opened = body.matches(&format!("<{name}>")).count() + body.matches(&format!("<{name} ")).count();
            assert_eq!(opened, body.matches(&format!("</{name}>")).count(), "<{name}>");
        }
    }
}

#[test]
fn hostile_text_stays_text() {
    let (report, occasion) = campaigns::hostile();
    let page = write(&report, &occasion);
    for text in HOSTILE {
        assert!(!page.contains(text), "{text:?} stands in the page as it is");
    }
    assert_eq!(page.matches("<script>").count(), 1);
    for forbidden in ["<img", "onmouseover='", "\u{202e}", "\u{1b}", "\u{0}", "<!--"] {
        assert!(!page.contains(forbidden), "{forbidden:?} stands in the page");
    }
    assert!(page.contains("⟨U+202E⟩"));
}

#[test]
fn what_is_left_out_is_said() {
    let (report, occasion) = campaigns::hostile();
    let page = write(&report, &occasion);
    assert!(page.len() < 12 * 1024 * 1024, "{}", page.len());
    for said in [
        "and 9,950 differences more",
        "and 201 findings more",
        "the diff is left out",
        "lines more",
        "and 4,500 lines more",
    ] {
        assert!(page.contains(said), "`{said}` is not said");
    }
}
