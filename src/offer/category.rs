//! What needs and resources are about: the words of each category, and a guess from what somebody wrote.
//! Pure; the owner may put it right by a digit.

use entity::kinds::OfferCategory;
use sea_orm::Iterable;

use crate::base::text::fold;

/// What people call a category.
#[must_use]
pub const fn says(category: OfferCategory) -> &'static str {
    match category {
        OfferCategory::Care => "照护陪伴",
        OfferCategory::Health => "健康医疗",
        OfferCategory::Repair => "维修安装",
        OfferCategory::Labour => "搬运出力",
        OfferCategory::Skill => "技能教学",
        OfferCategory::Culture => "文体活动",
        OfferCategory::Goods => "物品",
        OfferCategory::Space => "场地",
        OfferCategory::Other => "其他",
    }
}

/// Words by which a category is known, simplified.
const fn words(category: OfferCategory) -> &'static [&'static str] {
    match category {
        OfferCategory::Health => &[
            "量血压",
            "体检",
            "义诊",
            "医",
            "药",
            "看病",
            "康复",
            "血糖",
            "挂号",
        ],
        OfferCategory::Care => &[
            "照看", "照顾", "陪", "接送", "托管", "看护", "聊天", "送饭", "理发",
        ],
        OfferCategory::Repair => &["修", "安装", "换灯", "疏通", "换锁", "水管", "电路"],
        OfferCategory::Skill => &["教", "学", "辅导", "培训", "讲座", "法律", "咨询"],
        OfferCategory::Labour => &["搬", "抬", "打扫", "清理", "除雪", "志愿者", "人手"],
        OfferCategory::Space => &["场地", "会议室", "活动室", "车位", "停车", "教室", "院子"],
        OfferCategory::Culture => &["书法", "合唱", "跳舞", "演出", "太极", "球", "棋", "节目"],
        OfferCategory::Goods => &[
            "轮椅", "衣", "书", "家具", "米", "油", "拐杖", "电器", "玩具", "物资",
        ],
        OfferCategory::Other => &[],
    }
}

/// The category that a text sounds like: the one with most of its words in it, the first of equals;
/// `Other` when there is none.
#[must_use]
pub fn guess(text: &str) -> OfferCategory {
    let text = fold(text);
    let mut best = (0, OfferCategory::Other);
    for category in OfferCategory::iter() {
        let hits = words(category).iter().filter(|word| text.contains(**word));
        let letters: usize = hits.map(|word| word.chars().count()).sum();
        if letters > best.0 {
            best = (letters, category);
        }
    }
    best.1
}

/// The category that is meant by its name, or by its digit in the list of all.
#[must_use]
pub fn read(typed: &str) -> Option<OfferCategory> {
    let typed = fold(typed);
    let by_digit = typed
        .parse::<usize>()
        .ok()
        .and_then(|digit| OfferCategory::iter().nth(digit.checked_sub(1)?));
    let mut all = OfferCategory::iter();
    by_digit.or_else(|| all.find(|category| says(*category) == typed))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_write_is_put_where_it_belongs() {
        for (text, wanted) in [
            ("想找人教我用手机", OfferCategory::Skill),
            ("義診：量血壓", OfferCategory::Health),
            ("需要人帮忙搬家具上楼", OfferCategory::Goods),
            ("可以陪老人聊天", OfferCategory::Care),
            ("会议室周末可以借用", OfferCategory::Space),
            ("免费疏通下水道、修水管", OfferCategory::Repair),
            ("呜呜呜", OfferCategory::Other),
        ] {
            assert_eq!(guess(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_category_is_read_by_digit_and_by_name() {
        for (at, category) in OfferCategory::iter().enumerate() {
            assert_eq!(read(&(at + 1).to_string()), Some(category));
            assert_eq!(read(says(category)), Some(category));
        }
        // One digit each.
        assert_eq!(OfferCategory::iter().count(), 9);
        for none in ["0", "10", "", "别的"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let _ = (guess(&text), read(&text));
        }
    }
}
