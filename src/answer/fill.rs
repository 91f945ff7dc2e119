//! Blanks of a template: which there may be, and what is put into them. Pure.

use crate::base::text::half_width;

/// The blanks, and what each looks like.
pub const BLANKS: &[(&str, &str)] = &[
    ("诉求", "#12"),
    ("种类", "报修"),
    ("类别", "电梯"),
    ("地点", "桂园小区3栋"),
    ("日期", "11月30日"),
];

/// What a case puts into the blanks. Nothing of it says who somebody is or which home is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// `#12`
    pub case: String,
    /// `报修`
    pub kind: String,
    /// `电梯`; the kind where it has none.
    pub category: String,
    /// Compound and building.
    pub place: String,
    /// `11月30日`
    pub day: String,
}

impl Facts {
    /// What the page of a template shows.
    #[must_use]
    pub fn example() -> Self {
        let of = |blank: &str| {
            let found = BLANKS.iter().find(|(name, _)| *name == blank);
            found.map_or_else(String::new, |(_, words)| (*words).to_owned())
        };
        Self {
            case: of("诉求"),
            kind: of("种类"),
            category: of("类别"),
            place: of("地点"),
            day: of("日期"),
        }
    }

    fn of(&self, blank: &str) -> Option<&str> {
        match blank {
            "诉求" => Some(&self.case),
            "种类" => Some(&self.kind),
            "类别" => Some(&self.category),
            "地点" => Some(&self.place),
            "日期" => Some(&self.day),
            _ => None,
        }
    }
}

/// A piece of a template.
enum Piece<'a> {
    Words(&'a str),
    Blank(&'a str),
    /// A brace without its other half.
    Brace,
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (words, behind) = rest.split_at(at);
        if !words.is_empty() {
            pieces.push(Piece::Words(words));
        }
        let inside = behind.strip_prefix('{').and_then(|inside| {
            let (name, rest) = inside.split_once('}')?;
            (!name.contains('{')).then_some((name, rest))
        });
        rest = match inside {
            Some((name, rest)) => {
                pieces.push(Piece::Blank(name.trim()));
                rest
            }
            None => {
                pieces.push(Piece::Brace);
                behind.get(1..).unwrap_or_default()
            }
        };
    }
    if !rest.is_empty() {
        pieces.push(Piece::Words(rest));
    }
    pieces
}

/// Braces as they are stored, however they are typed: ｛诉求｝.
#[must_use]
pub fn braces(text: &str) -> String {
    text.chars()
        .map(|c| match half_width(c) {
            brace @ ('{' | '}') => brace,
            _ => c,
        })
        .collect()
}

/// Whether every blank can be filled.
///
/// # Errors
/// Which cannot, in a sentence that says which there are.
pub fn check(text: &str) -> Result<(), String> {
    let facts = Facts::example();
    for piece in pieces(text) {
        let wrong = match piece {
            Piece::Words(_) => continue,
            Piece::Blank(name) if facts.of(name).is_some() => continue,
            Piece::Blank(name) => {
                format!("没有“{{{}}}”这个空", crate::base::text::shorten(name, 20))
            }
            Piece::Brace => "花括号要成对，一左一右".to_owned(),
        };
        let names: Vec<String> = BLANKS
            .iter()
            .map(|(name, _)| format!("{{{name}}}"))
            .collect();
        return Err(format!("{wrong}。可以写：{}。", names.join(" ")));
    }
    Ok(())
}

/// The text with its blanks filled; what cannot be filled stays as it is. Braces that a case brings are
/// words, no blanks.
#[must_use]
pub fn fill(text: &str, facts: &Facts) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Words(words) => out.push_str(words),
            Piece::Blank(name) => match facts.of(name) {
                Some(words) => out.push_str(words),
                None => out.push_str(&format!("{{{name}}}")),
            },
            Piece::Brace => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blanks_are_filled_and_unknown_ones_are_refused() {
        let facts = Facts::example();
        assert_eq!(
            fill("诉求 {诉求}（{ 地点 }）{类别}已修好。", &facts),
            "诉求 #12（桂园小区3栋）电梯已修好。"
        );
        assert_eq!(braces("｛诉求｝"), "{诉求}");
        for good in ["", "没有空", "{诉求}{日期}", "{种类}"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, word) in [
            ("{姓名}您好", "没有“{姓名}”"),
            ("{电话}", "没有“{电话}”"),
            ("{诉求", "成对"),
            ("诉求}", "成对"),
            ("{{诉求}}", "成对"),
            ("{}", "没有“{}”"),
        ] {
            let why = check(bad).expect_err(bad);
            assert!(why.contains(word) && why.contains("{地点}"), "{bad}: {why}");
        }
    }

    #[test]
    fn what_a_case_brings_is_no_template() {
        let facts = Facts {
            place: "{诉求}".to_owned(),
            ..Facts::example()
        };
        assert_eq!(fill("{地点}", &facts), "{诉求}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[{}诉求a ]{0,20}") {
            let filled = fill(&text, &Facts::example());
            if check(&text).is_ok() {
                let left = filled.contains(['{', '}']);
                prop_assert!(!left);
            }
        }
    }
}
