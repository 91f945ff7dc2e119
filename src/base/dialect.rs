//! Cantonese and other everyday words in the standard ones that our tables of categories and
//! emergencies are written in: «冇水» is «没水», «𨋢壞咗» is «电梯坏了». For comparison only; what a
//! person wrote is kept and shown as written. Any module may use it.

use super::text::fold;

/// Said → meant, both folded (simplified, half-width), longer ones before what they contain.
const WORDS: &[(&str, &str)] = &[
    // The lift has a character of its own (U+282E2), which many phones write as «车立» or «lift».
    ("困𨋢", "困电梯"),
    ("困车立", "困电梯"),
    ("困lift", "困电梯"),
    ("车𨋢", "电梯"),
    ("𨋢", "电梯"),
    ("车立", "电梯"),
    ("lift", "电梯"),
    // Water and pipes.
    ("爆水喉", "爆管"),
    ("爆喉", "爆管"),
    ("水喉", "水管"),
    ("水龙喉", "水龙头"),
    ("渠塞", "下水道堵塞"),
    ("塞渠", "下水道堵塞"),
    ("塞咗", "堵了"),
    ("漏紧水", "漏水"),
    ("漏咗水", "漏水"),
    ("冇水", "没水"),
    ("无水", "没水"),
    // Power and light.
    ("冇电", "没电"),
    ("无电", "没电"),
    ("跳掣", "跳闸"),
    ("着唔到灯", "灯不亮"),
    ("灯唔着", "灯不亮"),
    ("盏灯烂", "灯坏"),
    ("灯烂", "灯坏"),
    // Gas and fire.
    ("漏gas", "漏煤气"),
    ("石油气", "煤气"),
    ("火烛", "着火"),
    ("着咗火", "着火"),
    ("出烟", "冒烟"),
    // People.
    ("晕低", "晕倒"),
    ("晕咗", "晕倒"),
    ("打交", "打架"),
    ("冇呼吸", "没呼吸"),
    ("阿公阿婆", "老人"),
    // The compound.
    ("好嘈", "太吵"),
    ("嘈", "吵"),
    ("泊车", "停车"),
    ("泊位", "车位"),
    ("单车", "自行车"),
    ("垃圾房", "垃圾"),
    ("好臭", "臭"),
    ("曱甴", "虫"),
    ("大闸", "大门"),
    ("闸门", "大门"),
    ("管理费", "物业费"),
    ("看更", "保安"),
    ("贼仔", "小偷"),
    ("掉嘢落街", "高空抛物"),
    ("高空掷物", "高空抛物"),
    // Little words, last: they stand inside many of the others.
    ("坏咗", "坏了"),
    ("烂咗", "坏了"),
    ("停咗", "停了"),
    ("冇", "没"),
    ("唔", "不"),
    ("咗", "了"),
    ("喺", "在"),
    ("嘅", "的"),
    ("搵", "找"),
    ("揾", "找"),
];

/// The text folded, and said in standard words.
#[must_use]
pub fn standard(text: &str) -> String {
    let mut said = fold(text);
    for (from, to) in WORDS {
        if said.contains(from) {
            said = said.replace(from, to);
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_said_is_understood() {
        for (said, meant) in [
            ("冇水呀", "没水呀"),
            ("3座部𨋢壞咗", "3座部电梯坏了"),
            ("𨋢停咗", "电梯停了"),
            ("有人困𨋢", "有人困电梯"),
            ("爆水喉", "爆管"),
            ("走廊盞燈爛咗", "走廊灯坏了"),
            ("樓上好嘈", "楼上太吵"),
            ("火燭呀", "着火呀"),
            ("LIFT 坏了", "电梯 坏了"),
            ("電梯停了", "电梯停了"),
        ] {
            assert_eq!(standard(said), meant, "{said}");
        }
    }

    #[test]
    fn the_table_is_folded_and_no_row_hides_a_later_one() {
        for (at, (from, to)) in WORDS.iter().enumerate() {
            assert_eq!(fold(from), *from);
            assert_eq!(fold(to), *to);
            let hidden = WORDS
                .iter()
                .take(at)
                .find(|(earlier, _)| from.contains(earlier));
            assert_eq!(hidden, None, "{from} is never reached");
        }
    }

    proptest! {
        #[test]
        fn standard_words_stay(text in "[电梯停水漏管道三栋的了 ]{0,20}") {
            prop_assert_eq!(standard(&text), fold(&text));
        }
    }
}
