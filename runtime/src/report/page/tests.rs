//! Text stays text.

use super::style::policy;
use super::*;
use crate::report::plot::{Curve, Plot};
use proptest::prelude::*;

/// A page that says `text` wherever something can be said.
fn saying(text: &str) -> Page {
    let t = || text.to_string();
    let plot = Plot {
        title: t(),
        x: t(),
        y: t(),
        curves: vec![Curve { name: t(), points: vec![(0.0, 1.0), (1.0, f64::NAN), (2.0, 3.0)] }; 2],
    };
    let chart = |drawing| Chart { title: t(), note: t(), drawing };
    let charts = vec![
        chart(Drawing::Lines(plot.clone())),
        chart(Drawing::LogLines(plot)),
        chart(Drawing::Shares(vec![(t(), None)])),
    ];
    let table = Table { caption: t(), header: vec![t()], rows: vec![vec![t(), t()]] };
    Page {
        title: t(),
        verdict: t(),
        warnings: vec![Warning { text: t(), place: t() }],
        beside: vec![Outcome { name: t(), verdict: t(), warnings: vec![] }],
        headlines: vec![Headline { name: t(), value: t(), note: t() }],
        sections: vec![Section {
            title: t(),
            lead: t(),
            details: charts.clone(),
            charts,
            tables: vec![table],
        }],
        samples: vec![Sample { prompt: t(), before: [t(), t()], after: [t(), t()] }],
        writers: [t(), t()],
        notes: vec![t()],
        overrides: vec![[t(), t(), t(), t()]],
        settings: vec![[t(), t()]],
        origin: vec![[t(), t()]],
    }
}

/// A page as its parts: elements' names with their attributes' names, ends, texts.
#[derive(Debug, PartialEq)]
enum Part {
    Element(String, Vec<String>),
    End(String),
    Text(String),
}

/// Reads HTML as we write it: all attributes quoted, the five entities, every element closed but the void
/// one. Whatever else is there fails.
fn parse(html: &str) -> Vec<Part> {
    let (mut parts, mut open, mut rest) = (vec![], vec![], html.strip_prefix("<!DOCTYPE html>").unwrap());
    while !rest.is_empty() {
        if let Some(tag) = rest.strip_prefix("</") {
            let (name, after) = tag.split_once('>').unwrap();
            assert_eq!(open.pop(), Some(name.to_string()), "closed in order");
            parts.push(Part::End(name.into()));
            rest = after;
        } else if let Some(tag) = rest.strip_prefix('<') {
            let end = tag.find([' ', '>']).unwrap();
            let (name, mut tag) = tag.split_at(end);
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
            let mut attributes = vec![];
            while let Some(attribute) = tag.strip_prefix(' ') {
                let (name, value) = attribute.split_once("=\"").unwrap();
                attributes.push(name.to_string());
                tag = value.split_once('"').unwrap().1;
            }
            rest = tag.strip_prefix('>').unwrap();
            if name == "style" {
                rest = &rest[rest.find("</style>").unwrap()..];
            }
            if name != "meta" {
                open.push(name.to_string());
            }
            parts.push(Part::Element(name.into(), attributes));
        } else {
            let (text, after) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
            assert!(!text.contains('>'), "{text}");
            let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
            parts.push(Part::Text(text.replace("&amp;", "&")));
            rest = after;
        }
    }
    assert!(open.is_empty());
    parts
}

/// Checks that `text` is in a page what `plain` is in another one.
fn stays(text: &str) {
    let plain = "§";
    let (hostile, usual) = (parse(&saying(text).html()), parse(&saying(plain).html()));
    assert_eq!(hostile.len(), usual.len(), "no element more or less");
    let mut times = 0;
    for (a, b) in hostile.iter().zip(&usual) {
        match (a, b) {
            (Part::Text(a), Part::Text(b)) if b == plain => {
                assert!(*a == visible(text) || a.ends_with('…'), "{a:?} for {text:?}");
                times += 1;
            }
            // What pictures tell a screen reader names the curves among numbers.
            (Part::Text(a), Part::Text(b)) => assert!(a == b || b.contains(plain), "{a:?}, {b:?}"),
            (a, b) => assert_eq!(a, b),
        }
    }
    assert!(times > 30, "{times}");
}

#[test]
fn hostile_text_stays_text() {
    for text in [
        "<script>alert(1)</script>",
        "</style><style>*{display:none}</style>",
        "\" onload=\"alert(1)",
        "--></svg><img src=x onerror=alert(1)>",
        "&lt;script&gt; &amp;amp; &#60;",
        "nul \0, turned \u{202e}around\u{202c}, tag \u{e0041}",
        "{{7*7}} ${x} <!-- <![CDATA[",
    ] {
        stays(text);
    }
    stays(&"long".repeat(20_000));
}

proptest! {
    #[test]
    fn any_text_stays_text(text in "\\PC*[!-~]|[<>&\"'/a-z\0\u{202e}\r\n]*[!-~]|(?s).*x") {
        stays(&text);
    }

    #[test]
    fn nothing_hidden_is_left_and_the_rest_is_as_it_was(text in "(?s).*") {
        let shown = visible(&text);
        prop_assert_eq!(visible(&shown), shown.clone());
        prop_assert!(!shown.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
        let letters: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
        let names = shown.replace(['‹', '›'], "\u{1}");
        let outside: String = names.split('\u{1}').step_by(2).collect();
        if !text.contains(['‹', '›']) {
            prop_assert_eq!(outside.chars().filter(|c| c.is_alphanumeric()).collect::<String>(), letters);
        }
    }
}

#[test]
fn the_page_needs_and_allows_nothing_else() {
    let html = saying("x").html();
    assert!(html.contains(&policy()) && policy().starts_with("default-src 'none'; style-src 'sha256-"));
    for never in
        ["<script", "<link", "<img", "<iframe", "<object", "src=", " style=", " on", "url(", "@import"]
    {
        assert!(!html.contains(never), "{never}");
    }
    // Links lead within the page.
    assert_eq!(html.matches("href=").count(), html.matches("href=\"#").count());
    // RFC 6234's "abc", to know that the hash is SHA-256 in base 64.
    use base64ct::Encoding as _;
    use sha2::Digest as _;
    let abc = base64ct::Base64::encode_string(&sha2::Sha256::digest("abc"));
    assert_eq!(abc, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
}
