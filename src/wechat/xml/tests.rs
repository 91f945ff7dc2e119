//! The reader against whatever may come in, and the writer against whatever people write.

use super::{MAX_BYTES, Writer, clean, cut, parse};
use crate::wechat::Error;
use proptest::prelude::*;

fn content(body: &str) -> String {
    parse(body.as_bytes())
        .unwrap()
        .text("a")
        .unwrap()
        .unwrap()
        .to_owned()
}

fn fault(body: &str) -> &'static str {
    match parse(body.as_bytes()) {
        Err(Error::Malformed(fault)) => fault,
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn joins_all_pieces_of_a_value() {
    assert_eq!(
        content("<xml><a>1<![CDATA[<2>]]>&amp;&lt;&#65;&#x4e00;3</a></xml>"),
        "1<2>&<A一3"
    );
    assert_eq!(content("<xml>\n <a>x]]&gt;</a>\n</xml>\n"), "x]]>");
    assert_eq!(content("<xml><a><![CDATA[]]></a></xml>"), "");
    assert_eq!(content("<xml><a/></xml>"), "");
    assert_eq!(content("<xml><a>🏠</a></xml>"), "🏠");
}

#[test]
fn control_characters_are_dropped_not_refused() {
    assert_eq!(
        content("<xml><a><![CDATA[a\u{1d}b\u{0}\tc\u{ffff}]]>&#1;d</a></xml>"),
        "ab\tcd"
    );
}

#[test]
fn nothing_that_expands_or_hides() {
    assert_eq!(fault("<!DOCTYPE xml><xml/>"), "DOCTYPE");
    let bomb = r#"<!DOCTYPE xml [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><a>&e;</a></xml>"#;
    assert_eq!(fault(bomb), "DOCTYPE");
    assert_eq!(fault("<xml><a>&e;</a></xml>"), "unknown entity");
    assert_eq!(
        fault("<xml><a>&#xD800;</a></xml>"),
        "bad character reference"
    );
    for hidden in [
        "<?php ?><xml/>",
        "<xml><?x y?></xml>",
        "<?xml version=\"1.0\"?><xml/>",
        "<xml><!-- a --></xml>",
    ] {
        assert_eq!(fault(hidden), "processing instruction or comment");
    }
}

#[test]
fn exactly_one_closed_root() {
    assert_eq!(fault("<xml/><xml/>"), "the root must be one xml element");
    assert_eq!(fault("<xml></xml><b/>"), "the root must be one xml element");
    assert_eq!(fault("<html/>"), "the root must be one xml element");
    assert_eq!(fault("<xml/>x"), "text outside the root");
    assert_eq!(fault("x<xml/>"), "text outside the root");
    assert_eq!(fault("<xml><a>1</a>"), "ends too early");
    assert_eq!(fault(""), "no root");
    for broken in [
        "<xml><a></b></xml>",
        "</xml>",
        "<xml",
        "<xml><![CDATA[",
        "<xml>&amp</xml>",
    ] {
        assert!(parse(broken.as_bytes()).is_err(), "{broken}");
    }
}

#[test]
fn limits_hold() {
    let nested = |n: usize| format!("<xml>{}{}</xml>", "<a>".repeat(n), "</a>".repeat(n));
    assert!(parse(nested(5).as_bytes()).is_ok());
    assert_eq!(fault(&nested(6)), "nested too deeply");
    assert_eq!(fault(&nested(9000)), "nested too deeply");
    let wide = |n: usize| {
        let all: String = (0..n).map(|i| format!("<a{i}/>")).collect();
        format!("<xml>{all}</xml>")
    };
    assert!(parse(wide(64).as_bytes()).is_ok());
    assert_eq!(fault(&wide(65)), "too many elements");
    let long = |n: usize| format!("<xml><a>{}</a></xml>", "x".repeat(n - 18));
    assert!(parse(long(MAX_BYTES).as_bytes()).is_ok());
    assert_eq!(fault(&long(MAX_BYTES + 1)), "body too large");
    assert_eq!(
        fault(&format!("<xml><{}/></xml>", "a".repeat(65))),
        "element name"
    );
    assert_eq!(fault("<xml><内容/></xml>"), "element name");
    assert_eq!(
        parse(b"<xml>\xff</xml>"),
        Err(Error::Malformed("not UTF-8"))
    );
}

#[test]
fn a_scalar_comes_once_and_holds_no_elements() {
    assert_eq!(fault("<xml><a>1</a><a>2</a></xml>"), "duplicate element");
    assert_eq!(
        fault("<xml><a><b>1</b></a><a>2</a></xml>"),
        "duplicate element"
    );
    assert_eq!(
        fault("<xml><a>2</a><a><b>1</b></a></xml>"),
        "duplicate element"
    );
    // A list holds nothing but its like.
    for mixed in [
        "<xml><l><b>1</b><a>1</a><a>1</a></l></xml>",
        "<xml><l><a>1</a><a>1</a><b>1</b></l></xml>",
        "<xml><l><a>1</a><a><b>1</b></a><b>1</b></l></xml>",
    ] {
        assert_eq!(fault(mixed), "duplicate element", "{mixed}");
    }
    let list = parse(b"<xml><l><a>1</a><a>2</a></l></xml>").unwrap();
    assert_eq!(list.child("l").unwrap().texts("a"), ["1", "2"]);
    assert_eq!(fault("<xml><a>1<b/></a></xml>"), "text between elements");
    let nested = parse(b"<xml><a><b>1</b></a></xml>").unwrap();
    assert_eq!(
        nested.text("a"),
        Err(Error::Malformed("elements inside a scalar"))
    );
    let list = parse(b"<xml><l><item><p>1</p></item><item><p>2</p></item></l></xml>").unwrap();
    assert_eq!(
        list.child("l").unwrap().child("item").unwrap().text("p"),
        Ok(Some("1"))
    );
}

#[test]
fn user_text_cannot_become_an_element() {
    for evil in [
        "]]><MsgType>news</MsgType>",
        "]]\u{1}><b/>",
        "]]]]>>",
        "]]",
        "]",
        "<a>&amp;",
        "]]>]]>",
    ] {
        let xml = Writer::default().text("a", evil).number("n", -1).finish();
        let back = parse(xml.as_bytes()).unwrap();
        assert_eq!(back.text("a").unwrap().unwrap(), clean(evil));
        assert_eq!(back.children().count(), 2);
    }
}

#[test]
fn cuts_between_characters() {
    assert_eq!(cut("小区", 6), "小区");
    assert_eq!(cut("小区", 5), "小");
    assert_eq!(cut("🏠🏠", 7), "🏠");
    assert_eq!(cut("小区", 2), "");
    assert_eq!(cut("", 0), "");
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn almost_xml_never_panics(
        parts in proptest::collection::vec(prop_oneof![
            "<(/)?[a-z:!?]{0,5}(/)?>", "<xml>", "</xml>", "<!\\[CDATA\\[", "]]>", "&[#a-z0-9]{0,6};?", "\\PC{0,8}",
        ], 0..30)
    ) {
        let _ = parse(parts.concat().as_bytes());
    }

    #[test]
    fn any_text_survives_the_way_out_and_in(text in any::<String>()) {
        let xml = Writer::default().text("a", &text).finish();
        let wanted = clean(&text).replace("\r\n", "\n").replace('\r', "\n");
        if xml.len() <= MAX_BYTES {
            prop_assert_eq!(content(&xml), wanted);
        }
    }

    #[test]
    fn a_cut_never_exceeds_its_limit(text in any::<String>(), bytes in 0..50_usize) {
        prop_assert!(cut(&text, bytes).len() <= bytes);
        prop_assert!(text.starts_with(cut(&text, bytes)));
    }
}
