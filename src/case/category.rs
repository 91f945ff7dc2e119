//! What a case is about, by the words in it, and what cannot wait for us. Pure tables; used by
//! filing and by dispatch rules.

use crate::base::dialect::standard;
use crate::base::text::fold;

/// A row of the table of categories.
struct Category {
    name: &'static str,
    says: &'static str,
    words: &'static [&'static str],
}

/// First match wins: what is more particular stands first.
const CATEGORIES: &[Category] = &[
    Category {
        name: "gas",
        says: "燃气",
        words: &["燃气", "煤气", "天然气"],
    },
    Category {
        name: "lift",
        says: "电梯",
        words: &["电梯", "升降机"],
    },
    Category {
        name: "leak",
        says: "漏水",
        words: &["漏水", "渗水", "滴水", "返水", "爆管"],
    },
    Category {
        name: "water",
        says: "供排水",
        words: &[
            "停水",
            "没水",
            "水管",
            "水压",
            "下水道",
            "堵塞",
            "堵了",
            "污水",
            "水龙头",
        ],
    },
    Category {
        name: "power",
        says: "供电照明",
        words: &[
            "停电",
            "没电",
            "跳闸",
            "路灯",
            "灯坏",
            "灯不亮",
            "电线",
            "电表",
        ],
    },
    Category {
        name: "fumes",
        says: "油烟",
        words: &["油烟"],
    },
    Category {
        name: "decoration",
        says: "装修",
        words: &["装修", "砸墙"],
    },
    Category {
        name: "noise",
        says: "噪音",
        words: &["噪音", "噪声", "太吵", "扰民", "广场舞", "吵"],
    },
    Category {
        name: "pets",
        says: "养宠",
        words: &["养狗", "遛狗", "狗", "宠物", "流浪猫"],
    },
    Category {
        name: "parking",
        says: "停车",
        words: &["停车", "车位", "占道", "充电桩", "飞线", "电动车", "堵车"],
    },
    Category {
        name: "garbage",
        says: "卫生",
        words: &["垃圾", "卫生", "异味", "臭", "脏", "蚊", "老鼠"],
    },
    Category {
        name: "access",
        says: "门禁",
        words: &["门禁", "单元门", "大门", "门锁", "对讲"],
    },
    Category {
        name: "green",
        says: "绿化",
        words: &["绿化", "树", "草坪", "花坛"],
    },
    Category {
        name: "fee",
        says: "收费",
        words: &["物业费", "收费", "账单", "公摊", "缴费", "财务公开"],
    },
    Category {
        name: "safety",
        says: "安全",
        words: &["小偷", "被盗", "监控", "保安", "高空抛物", "消防"],
    },
];

/// The category that the words point to; none when they point nowhere.
#[must_use]
pub fn guess(text: &str) -> Option<&'static str> {
    let text = standard(text);
    CATEGORIES
        .iter()
        .find(|row| row.words.iter().any(|word| text.contains(word)))
        .map(|row| row.name)
}

/// All categories: name, and what people read.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    CATEGORIES.iter().map(|row| (row.name, row.says))
}

/// What people read for a category's name.
#[must_use]
pub fn says(name: &str) -> Option<&'static str> {
    CATEGORIES
        .iter()
        .find(|row| row.name == name)
        .map(|row| row.says)
}

/// Categories whose faults can be seen: a photo shows that the work is done.
const VISIBLE: &[&str] = &[
    "leak", "water", "power", "parking", "garbage", "access", "green",
];

/// Whether a photo can show that the work is done.
#[must_use]
pub fn is_visible(name: &str) -> bool {
    VISIBLE.contains(&name)
}

/// Something for which others have to be called before us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emergency {
    /// The numbers to call, the fitting one first.
    pub calls: &'static str,
    /// What to do, first sentence of the reply.
    pub advice: &'static str,
    words: &'static [&'static str],
}

/// Words are whole phrases: «防火门坏了» or «打架子鼓» is no emergency, «着火» is. One false alarm
/// costs a sentence, one missed costs more; in doubt a phrase is in the table.
const EMERGENCIES: &[Emergency] = &[
    Emergency {
        calls: "119／110／120",
        advice: "紧急情况请先到室外拨打119和燃气抢修电话，不要开关电器、不要点火！",
        words: &[
            "燃气泄漏",
            "煤气泄漏",
            "天然气泄漏",
            "燃气漏",
            "煤气漏",
            "漏煤气",
            "漏燃气",
            "漏天然气",
            "煤气味",
            "燃气味",
            "天然气味",
            "闻到煤气",
            "闻到燃气",
            "煤气中毒",
            "一氧化碳",
        ],
    },
    Emergency {
        calls: "119／110／120",
        advice: "紧急情况请先撤离并拨打119！",
        words: &[
            "着火",
            "起火",
            "失火",
            "火灾",
            "冒烟",
            "烧起来",
            "着了火",
            "火警",
            "火烧",
            "爆炸",
        ],
    },
    Emergency {
        calls: "120／110／119",
        advice: "紧急情况请先拨打120！",
        words: &[
            "晕倒",
            "昏倒",
            "昏迷",
            "没有呼吸",
            "没呼吸",
            "心梗",
            "中风",
            "大出血",
            "流血不止",
            "触电",
            "坠楼",
            "跳楼",
            "溺水",
            "快不行了",
            "晕过去",
            "不省人事",
            "没有心跳",
            "喘不上气",
            "喘不过气",
            "噎住了",
            "抽搐",
            "摔倒",
            "跌倒",
            "滑倒",
            "摔伤",
            "摔下",
            "起不来",
            "站不起来",
            "爬不起来",
            "心脏病",
            "心绞痛",
            "胸口疼",
            "胸口痛",
            "胸痛",
            "心口疼",
            "心口痛",
            "砸到人",
            "砸中人",
            "砸伤",
            "救护车",
            "打120",
        ],
    },
    Emergency {
        calls: "110／120／119",
        advice: "紧急情况请先拨打110！",
        words: &[
            "打架",
            "打人",
            "持刀",
            "砍人",
            "抢劫",
            "入室",
            "家暴",
            "杀人",
            "绑架",
            "小偷在",
            "快报警",
            "要报警",
            "帮我报警",
            "打110",
        ],
    },
    Emergency {
        calls: "119／110／120",
        advice: "有人被困请先按轿厢内的呼叫键，并拨打119或96333，不要扒门！",
        words: &[
            "电梯困人",
            "困在电梯",
            "困电梯",
            "被困",
            "关在电梯",
            "困了人",
            "困住",
        ],
    },
    Emergency {
        calls: "120／110／119",
        advice: "您很重要！请马上拨打120或110，也可以拨打心理援助热线12356，有人陪您说话。",
        words: &["不想活", "自杀", "轻生", "寻短见", "割腕"],
    },
    Emergency {
        calls: "110／120／119",
        advice: "紧急情况请先拨打110、120或119！",
        words: &["救命", "打119", "快救人"],
    },
];

/// Somebody is gone: a word of the one and one of the other.
const LOST: (&[&str], &[&str]) = (
    &["走丢", "走失", "失踪", "不见了", "找不到了"],
    &[
        "小孩", "孩子", "宝宝", "儿子", "女儿", "孙子", "孙女", "老人", "爷爷", "奶奶", "外公",
        "外婆", "爸", "妈", "有人",
    ],
);
/// What is said to it.
const MISSING: Emergency = Emergency {
    calls: "110／120／119",
    advice: "有人走失请马上拨打110，说清衣着和最后在哪里看到！",
    words: &[],
};
/// In these the words of emergencies mean something else: an instrument is no fight, a call to a human none either,
/// and a floor on which somebody may fall is one to be mended.
const HARMLESS: &[&str] = &[
    "打架子鼓",
    "打人工",
    "其中风",
    "进入室",
    "火烧云",
    "跳楼价",
    "容易摔倒",
    "容易跌倒",
    "容易滑倒",
    "怕摔倒",
    "怕跌倒",
    "怕滑倒",
    "防摔倒",
    "防跌倒",
    "防滑倒",
    "差点摔倒",
    "差点跌倒",
    "差点滑倒",
    "会砸到人",
    "差点砸到人",
    "差点砸伤",
];

/// The emergency that the words point to.
#[must_use]
pub fn emergency(text: &str) -> Option<Emergency> {
    let mut text = standard(text);
    for word in HARMLESS {
        text = text.replace(word, "");
    }
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let known = EMERGENCIES.iter().find(|row| has(row.words)).copied();
    let (gone, whom) = LOST;
    known.or_else(|| (has(gone) && has(whom)).then_some(MISSING))
}

/// The building that a text names: 3 for «3栋», «3 幢», «三号楼».
#[must_use]
pub fn building(text: &str) -> Option<u32> {
    let text: Vec<char> = fold(text).chars().filter(|c| *c != ' ').collect();
    text.iter().enumerate().find_map(|(at, _)| {
        let rest = text.get(at..)?;
        let sign = matches!(rest, ['栋' | '幢', ..] | ['号', '楼', ..]);
        if sign {
            number_before(text.get(..at)?)
        } else {
            None
        }
    })
}

fn number_before(text: &[char]) -> Option<u32> {
    let digits: Vec<char> = {
        let mut tail: Vec<char> = text
            .iter()
            .rev()
            .take_while(|c| c.is_ascii_digit())
            .copied()
            .collect();
        tail.reverse();
        tail
    };
    if !digits.is_empty() {
        let number: String = digits.into_iter().take(5).collect();
        return number.parse().ok().filter(|number| *number > 0);
    }
    let mut tail: Vec<char> = text
        .iter()
        .rev()
        .take_while(|c| chinese_digit(**c).is_some() || **c == '十')
        .take(3)
        .copied()
        .collect();
    tail.reverse();
    match tail.as_slice() {
        [one] if *one != '十' => chinese_digit(*one),
        ['十'] => Some(10),
        ['十', one] => Some(10 + chinese_digit(*one)?),
        [ten, '十'] => Some(10 * chinese_digit(*ten)?),
        [ten, '十', one] => Some(10 * chinese_digit(*ten)? + chinese_digit(*one)?),
        _ => None,
    }
}

/// 1 to 9 as Chinese writes it.
#[must_use]
pub fn chinese_digit(c: char) -> Option<u32> {
    let at = ['一', '二', '三', '四', '五', '六', '七', '八', '九']
        .iter()
        .position(|digit| *digit == c)?;
    u32::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_lead_to_a_category() {
        assert_eq!(guess("3栋電梯停了"), Some("lift"));
        assert_eq!(guess("楼上漏水"), Some("leak"));
        assert_eq!(guess("你好"), None);
        assert_eq!(says("lift"), Some("电梯"));
        assert!(VISIBLE.iter().all(|name| says(name).is_some()));
        assert!(is_visible("leak") && !is_visible("noise"));
    }

    #[test]
    fn emergencies_are_seen_and_their_likes_are_not() {
        for text in [
            "楼下着火了",
            "有煤气味",
            "老人暈倒在楼道",
            "有人打架",
            "电梯困人了",
            "电梯又坏了，困了人！快来",
            "救命",
            "着火了",
            "火灾",
            "不想活了",
            "小孩走丢了",
            "老人不見了",
            "打110",
            "老人在家摔倒了",
            "摔倒了起不来",
            "奶奶跌倒了",
            "心脏病犯了",
            "胸口疼",
            "高空坠物砸到人了",
        ] {
            assert!(emergency(text).is_some(), "{text}");
        }
        for text in [
            "防火门坏了",
            "楼上打架子鼓",
            "火锅味太大",
            "灯不亮",
            "我要打人工电话",
            "其中风险谁担",
            "猫走丢了",
            "钥匙不见了",
            "楼道有水，容易滑倒",
            "卫生间怕摔倒，想装扶手",
            "花盆放窗台上会砸到人",
        ] {
            assert!(emergency(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_building_is_found_however_it_is_written() {
        for (text, number) in [
            ("3栋电梯停了", Some(3)),
            ("１２ 幢", Some(12)),
            ("在三号楼", Some(3)),
            ("二十一棟门口", Some(21)),
            ("十栋", Some(10)),
            ("整栋楼", None),
            ("一楼的灯", None),
            ("栋", None),
        ] {
            assert_eq!(building(text), number, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}", digits in "[0-9一二十栋号楼 ]{0,20}") {
            for text in [text, digits] {
                let _ = (guess(&text), emergency(&text), building(&text));
            }
        }
    }
}
