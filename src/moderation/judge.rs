//! What an answer of the platform means. Pure: only a plain `pass` passes, everything else is a
//! doubt that a person decides. Called by `remind` and `actions`.

use crate::wechat::Error;
use crate::wechat::mini::{MediaVerdict, Opinion, Suggest};

/// What follows from an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Others may see it.
    Pass,
    /// A person decides, for this reason.
    Doubt(String),
}

/// Of a text.
#[must_use]
pub fn of_text(answer: &Result<Opinion, Error>) -> Judgement {
    match answer {
        Ok(opinion) => of_suggest(opinion.suggest, opinion.label),
        Err(error) => of_error(error),
    }
}

/// Of a picture.
#[must_use]
pub fn of_media(verdict: &MediaVerdict) -> Judgement {
    match (verdict.errcode, verdict.suggest) {
        (0, Some(suggest)) => of_suggest(suggest, verdict.label),
        (code, _) => Judgement::Doubt(format!("平台没有查成（{code}）")),
    }
}

/// Why the platform could not say.
#[must_use]
pub fn of_error(error: &Error) -> Judgement {
    Judgement::Doubt(match error {
        Error::Platform { code: 61010, .. } => "作者两小时内没有用过小程序".to_owned(),
        Error::Platform { code, .. } => format!("平台没有查成（{code}）"),
        Error::Network { timeout: true } => "平台没有及时回答".to_owned(),
        Error::Network { .. } | Error::Unreached => "平台连不上".to_owned(),
        Error::Malformed(_) => "内容太长".to_owned(),
        Error::Refused | Error::Nonsense => "平台的回答看不懂".to_owned(),
    })
}

fn of_suggest(suggest: Suggest, label: i64) -> Judgement {
    match suggest {
        Suggest::Pass => Judgement::Pass,
        Suggest::Review => Judgement::Doubt(format!("平台建议人工看：{}", label_says(label))),
        Suggest::Risky => Judgement::Doubt(format!("平台认为违规：{}", label_says(label))),
    }
}

/// The platform's labels (protocols.md §2.8).
const fn label_says(label: i64) -> &'static str {
    match label {
        100 => "正常",
        10001 => "广告",
        20001 => "时政",
        20002 => "色情",
        20003 => "辱骂",
        20006 => "违法犯罪",
        20008 => "欺诈",
        20012 => "低俗",
        20013 => "版权",
        _ => "其他",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_pass_passes() {
        let opinion = |suggest| {
            Ok(Opinion {
                suggest,
                label: 100,
            })
        };
        assert_eq!(of_text(&opinion(Suggest::Pass)), Judgement::Pass);
        let platform = |code| {
            Err(Error::Platform {
                code,
                message: String::new(),
                rid: None,
            })
        };
        for answer in [
            opinion(Suggest::Review),
            opinion(Suggest::Risky),
            platform(61010),
            platform(-1),
            platform(87014),
            platform(45009),
            Err(Error::Network { timeout: true }),
            Err(Error::Network { timeout: false }),
            Err(Error::Malformed("too long")),
            Err(Error::Nonsense),
            Err(Error::Refused),
        ] {
            let judgement = of_text(&answer);
            assert!(matches!(judgement, Judgement::Doubt(_)), "{answer:?}");
        }
    }

    #[test]
    fn a_picture_that_was_not_looked_at_is_a_doubt_whatever_else_is_said() {
        let verdict = |errcode, suggest| MediaVerdict {
            trace_id: "x".to_owned(),
            errcode,
            suggest,
            label: 100,
        };
        assert_eq!(of_media(&verdict(0, Some(Suggest::Pass))), Judgement::Pass);
        for verdict in [
            verdict(-1008, Some(Suggest::Pass)),
            verdict(0, None),
            verdict(0, Some(Suggest::Risky)),
            verdict(0, Some(Suggest::Review)),
        ] {
            assert!(matches!(of_media(&verdict), Judgement::Doubt(_)));
        }
    }
}
