//! Whether the handbook answers by itself. Pure. A text that complains is somebody's trouble and not a
//! question, however it ends; a question is answered when one article fits well and clearly best.

use crate::base::text::fold;
use crate::handbook::index::Hit;

/// From here on an article fits well.
const FITS: f64 = 0.5;
/// So much less has the second one.
const CLEARLY: f64 = 0.2;
/// From here on an article is worth being offered.
const NEAR: f64 = 0.3;

/// What makes a question.
const ASKS: &[&str] = &[
    "?",
    "怎么",
    "怎样",
    "咋",
    "如何",
    "什么",
    "啥",
    "吗",
    "谁",
    "哪",
    "多少",
    "几",
    "为何",
    "能不能",
    "可不可以",
    "能否",
    "可否",
    "要不要",
    "是不是",
    "是否",
    "有没有",
    "行不行",
    "算不算",
    "合法",
    "犯法",
    "有用",
    "点样",
    "点解",
    "点算",
    "点计",
    "边个",
    "边度",
    "可唔可以",
    "系咪",
    "有冇",
    "咩",
    "啷个",
    "归谁",
    "规定",
    "标准",
    "流程",
    "手续",
    "办理",
    "么",
];

/// What is said of trouble that is there now.
const COMPLAINS: &[&str] = &[
    "没人管",
    "没人理",
    "没人来",
    "没人扫",
    "没人打扫",
    "没人清",
    "没人修",
    "太脏",
    "脏死",
    "冇人理",
    "冇人跟进",
    "不管事",
    "坏了",
    "坏咗",
    "坏掉",
    "停了",
    "停电了",
    "停水了",
    "断电了",
    "漏了",
    "漏水了",
    "漏到",
    "爆了",
    "堵了",
    "裂了",
    "倒了",
    "掉下来了",
    "砸到",
    "砸了",
    "被咬",
    "咬了",
    "被占了",
    "占了",
    "吵死",
    "太吵",
    "好嘈",
    "臭死",
    "太臭",
    "烦死",
    "气死",
    "又来",
    "又停",
    "又坏",
    "又漏",
    "天天",
    "一直",
    "好几天",
    "好几次",
    "几个月",
    "不修",
    "不处理",
    "快来",
    "赶紧",
    "马上来",
    "派人",
    "帮忙",
    "救命",
    "着火",
    "冒烟",
    "被困",
];

/// What is hoped for: who says so may tell of trouble and still wish for something.
const HOPES: &[&str] = &[
    "想",
    "希望",
    "需要",
    "借",
    "请",
    "求",
    "教",
    "找人",
    "谁能",
    "谁会",
    "有没有",
    "能不能",
    "帮忙",
    "帮我",
];

/// What is said by nobody who only wishes for something.
const BLAMES: &[&str] = &[
    "没人管",
    "没人理",
    "没人扫",
    "没人打扫",
    "没人清",
    "冇人理",
    "不管事",
    "不处理",
    "气死",
    "烦死",
    "吵死",
    "臭死",
    "脏死",
    "太吵",
    "太臭",
    "太脏",
    "又停",
    "又坏",
    "又漏",
];

/// A short text that is itself the name of a matter: `噪音`, `养狗`.
const SHORT: usize = 4;

/// Whether it asks something.
#[must_use]
pub fn asks(text: &str) -> bool {
    let folded = fold(text);
    let last = folded.trim_end_matches(['.', '!', ',']).chars().last();
    last == Some('不') || ASKS.iter().any(|word| folded.contains(word))
}

/// Whether it tells of trouble that is there now.
#[must_use]
pub fn complains(text: &str) -> bool {
    let folded = fold(text);
    COMPLAINS.iter().any(|word| folded.contains(word))
}

/// Whether it reports something where a wish was asked for: it blames somebody, or tells of trouble and hopes for
/// nothing.
#[must_use]
pub fn reports(text: &str) -> bool {
    let folded = fold(text);
    let has = |words: &[&str]| words.iter().any(|word| folded.contains(word));
    has(BLAMES) || (complains(text) && !has(HOPES))
}

/// Whether it is too short for a sentence: it may name a matter.
#[must_use]
pub fn is_short(text: &str) -> bool {
    fold(text).chars().count() <= SHORT
}

/// The article that answers, if one does for sure.
#[must_use]
pub fn sure(hits: &[Hit]) -> Option<i64> {
    let first = hits.first()?;
    let second = hits.get(1).map_or(0.0, |hit| hit.score);
    (first.score >= FITS && first.score - second >= CLEARLY).then_some(first.id)
}

/// The articles that are worth being offered, best first.
pub fn near(hits: &[Hit], most: usize) -> impl Iterator<Item = i64> {
    let near = hits.iter().filter(|hit| hit.score >= NEAR);
    near.take(most).map(|hit| hit.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_no_question() {
        for text in [
            "楼上漏水了怎么办没人管",
            "電梯壞咗快啲嚟",
            "3栋电梯又停了，老人下不去怎么办",
            "广场舞吵死了谁来管",
        ] {
            assert!(complains(text), "{text}");
        }
        for text in ["业委会怎么选", "養狗要辦證嗎", "装修要去登记不", "噪音"]
        {
            assert!(!complains(text), "{text}");
        }
        for text in ["业委会怎么选", "養狗要辦證嗎", "装修要去登记不"] {
            assert!(asks(text), "{text}");
        }
        assert!(!asks("电梯里有烟味") && is_short("噪音"));
    }

    #[test]
    fn a_wish_reports_nothing_and_blame_is_no_wish() {
        for text in [
            "楼上天天半夜吵，没人管！",
            "楼道垃圾没人扫太脏了",
            "楼上漏水没人管，气死了",
            "3栋电梯停了",
        ] {
            assert!(reports(text), "{text}");
        }
        for text in [
            "想要一副老花镜",
            "轮椅坏了，想借一个",
            "一直想学书法",
            "想请人帮忙看看化验单",
            "周末可以免费理发",
        ] {
            assert!(!reports(text), "{text}");
        }
    }

    #[test]
    fn only_one_that_fits_clearly_best_is_sure() {
        let hit = |id, score| Hit { id, score };
        assert_eq!(sure(&[hit(1, 0.9), hit(2, 0.3)]), Some(1));
        assert_eq!(sure(&[hit(1, 0.9), hit(2, 0.88)]), None);
        assert_eq!(sure(&[hit(1, 0.4)]), None);
        assert_eq!(sure(&[]), None);
        let offered: Vec<i64> = near(&[hit(1, 0.9), hit(2, 0.88), hit(3, 0.1)], 5).collect();
        assert_eq!(offered, [1, 2]);
    }
}
