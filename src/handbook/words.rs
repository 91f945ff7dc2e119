//! Words as the search compares them: traditional and full-width forms folded, what means the same made the
//! same, what is polite left out, what asks made a gap. Articles and questions go through the same. Pure; used
//! by [`super::index`] and for the keys of questions.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::base::text::fold;

/// Words that ask: they say nothing of the matter, and what stands before and behind them does not belong together.
const ASKING: &[&str] = &[
    "怎么",
    "咋个",
    "咋整",
    "咋办",
    "咋",
    "啷个",
    "怎样",
    "怎么样",
    "如何",
    "点样",
    "点算",
    "点解决",
    "怎么办",
    "怎么弄",
    "怎么搞",
    "怎么做",
    "怎么处理",
    "为什么",
    "为啥",
    "为何",
    "点解",
    "干嘛",
    "凭什么",
    "凭啥",
    "什么",
    "啥",
    "乜嘢",
    "咩",
    "甚么",
    "谁",
    "边个",
    "哪个",
    "哪位",
    "谁人",
    "哪里",
    "边度",
    "哪儿",
    "哪块",
    "何处",
    "哪",
    "多少",
    "几多",
    "几个",
    "几",
    "能不能",
    "可唔可以",
    "可不可以",
    "可否",
    "能否",
    "得唔得",
    "行不行",
    "可以不",
    "能",
    "可以",
    "是不是",
    "系咪",
    "是否",
    "系唔系",
];

/// What means the same, the kept word first. In simplified characters, lower case. Dialects are those of our
/// towns: Cantonese, Sichuanese, the north-east.
const SAME: &[&[&str]] = &[
    // -- little words --
    &["没有", "冇", "没"],
    &["不", "唔"],
    &["找", "揾", "搵"],
    &["给", "畀", "俾"],
    &["在", "喺"],
    &["要", "需要", "必须", "要不要"],
    // -- what they ask about --
    &["业委会", "业主委员会", "业委", "业主会"],
    &["业主大会", "业主会议", "全体业主会"],
    &[
        "物业费",
        "物业服务费",
        "物业管理费",
        "物管费",
        "管理费",
        "物业收费",
    ],
    &["物业", "物管", "管理处"],
    &[
        "换掉",
        "更换",
        "炒掉",
        "辞退",
        "解聘",
        "撤换",
        "赶走",
        "罢免",
        "换人",
        "炒鱿鱼",
    ],
    &["换届", "换界", "改选"],
    &[
        "维修资金",
        "维修基金",
        "大修基金",
        "专项维修资金",
        "公共维修金",
        "维修金",
    ],
    &["公共收益", "公共收入", "公益收入", "公摊收益"],
    &["账", "帐", "账目", "帐目", "账本", "财务", "收支"],
    &["公开", "公布", "公示"],
    &["电梯", "升降机"],
    &["困", "关在", "卡在"],
    &["检验", "年检", "检修", "检测", "年审"],
    &["漏水", "渗水", "滴水", "渗漏", "漏雨", "漏了", "水渍"],
    &["天花板", "顶棚", "吊顶"],
    &["垃圾", "废弃物"],
    &["厨余", "剩饭", "剩菜", "湿垃圾", "泔水"],
    &[
        "牵绳",
        "拴绳",
        "栓绳",
        "拴狗绳",
        "栓狗绳",
        "牵狗绳",
        "狗绳",
        "系绳",
    ],
    &["狗", "犬", "狗狗", "小狗", "狗子", "宠物狗"],
    &["咬", "咬伤"],
    &["噪音", "噪声", "吵", "嘈", "太吵", "好嘈", "好吵", "扰民"],
    &["广场舞", "跳舞", "坝坝舞"],
    &["装修", "装潢", "翻修"],
    &["承重墙", "主墙"],
    &["押金", "保证金"],
    &["停车", "泊车", "停放"],
    &["车位", "停车位", "泊位"],
    &["被占", "占了", "被别人占", "霸占", "占用"],
    &[
        "老人",
        "老年人",
        "老人家",
        "长者",
        "爷爷",
        "奶奶",
        "高龄",
        "老年",
        "爸妈",
        "老妈",
        "老爸",
        "我妈",
        "我爸",
        "阿婆",
        "阿公",
    ],
    &["津贴", "补贴", "补助"],
    &["食堂", "饭堂", "助餐"],
    &["12345", "市民热线", "市长热线"],
    &[
        "没人管",
        "没人理",
        "冇人理",
        "冇人跟进",
        "没人处理",
        "不处理",
        "不理",
        "不管",
        "没回音",
        "不作为",
        "没反应",
    ],
    &["举报", "告发", "去告"],
    &["扔", "抛", "丢", "掷", "掟", "抛掷"],
    &["高空抛物", "高空扔物", "高空坠物"],
    &["赔", "赔偿", "索赔", "赔钱"],
    &["群租", "隔断房", "合租房", "隔成"],
    &["出租", "租给", "放租"],
    &["民宿", "短租", "日租房"],
    &[
        "电动车",
        "电瓶车",
        "电动自行车",
        "小电驴",
        "电驴",
        "电单车",
        "电摩",
    ],
    &["充电", "充电桩"],
    &["电池", "电瓶"],
    &["楼道", "走廊", "楼梯间", "过道"],
    &["投票", "表决"],
    &["过半", "过半数", "一半以上"],
    &["加装电梯", "装电梯", "加电梯", "安装电梯", "装升降机"],
    &["老楼", "旧楼", "老房子", "旧房"],
    &["缴", "交", "缴纳", "交纳", "缴费"],
    &["罚款", "罚多少", "处罚", "罚"],
    &["违法", "犯法", "犯罪", "坐牢"],
];

/// What asks or is polite and says nothing of the matter: left out wherever it stands.
const NOTHING: &[&str] = &[
    "请问一下",
    "请问",
    "我想问一下",
    "我想问",
    "想问一下",
    "想问",
    "问一下",
    "咨询一下",
    "咨询",
    "一下",
    "麻烦",
    "您好",
    "你好",
    "谢谢",
    "想知道",
    "知道了",
    "知道",
    "那个",
    "这个",
    "的话",
    "我们小区",
    "我们",
    "小区里",
    "小区",
];

/// Particles of the end of a sentence.
const PARTICLES: &str = "啊呀呢吗嘛哦吧啦㗎噶呐哈嘢咗嘅的了么";

/// What stands between two parts that do not belong together.
pub const GAP: char = ' ';

/// A variant, and what is put in its place.
type Variant = (Vec<char>, Vec<char>);

/// The variants by their first character, the longest first.
static VARIANTS: LazyLock<HashMap<char, Vec<Variant>>> = LazyLock::new(|| {
    let same = SAME.iter().filter_map(|group| {
        let (kept, _) = group.split_first()?;
        Some(group.iter().map(move |word| (*word, *kept)))
    });
    let nothing = NOTHING.iter().map(|word| (*word, ""));
    let asking = ASKING.iter().map(|word| (*word, " "));
    let mut all: HashMap<char, Vec<Variant>> = HashMap::new();
    for (word, kept) in same.flatten().chain(nothing).chain(asking) {
        let word: Vec<char> = word.chars().collect();
        if let Some(first) = word.first() {
            let of_first = all.entry(*first).or_default();
            of_first.push((word, kept.chars().collect()));
        }
    }
    for of_first in all.values_mut() {
        of_first.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    }
    all
});

/// Words as they are compared. Signs and spaces become one [`GAP`].
#[must_use]
pub fn normal(text: &str) -> Vec<char> {
    let folded: Vec<char> = fold(text).chars().collect();
    let mut out: Vec<char> = Vec::with_capacity(folded.len());
    let mut at = 0;
    while let Some(&c) = folded.get(at) {
        let rest = folded.get(at..).unwrap_or_default();
        let of_first = VARIANTS.get(&c).map(Vec::as_slice).unwrap_or_default();
        let found = of_first.iter().find(|(word, _)| rest.starts_with(word));
        if let Some((word, kept)) = found {
            kept.iter().for_each(|kept| put(&mut out, *kept));
            at += word.len();
            continue;
        }
        at += 1;
        if !PARTICLES.contains(c) {
            put(&mut out, c);
        }
    }
    if out.last() == Some(&GAP) {
        out.pop();
    }
    out
}

/// A letter or a digit as it is, anything else as one gap.
fn put(out: &mut Vec<char>, c: char) {
    if c.is_alphanumeric() {
        out.push(c);
    } else if out.last().is_some_and(|last| *last != GAP) {
        out.push(GAP);
    }
}

/// The same as one string: what two ways of asking have in common.
#[must_use]
pub fn key(text: &str) -> String {
    normal(text).into_iter().filter(|c| *c != GAP).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_means_the_same_is_the_same() {
        for (one, other) in [
            ("请问业主委员会怎样成立？", "業委會咋個成立"),
            ("维修基金如何动用呢", "維修資金怎么动用"),
            ("升降機壞咗搵邊個", "电梯坏了找谁"),
            ("物业管理费在哪儿交", "物业费在哪里缴"),
            ("小电驴停走廊", "电动车停楼道"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
    }

    #[test]
    fn a_kept_word_is_no_part_of_a_longer_one() {
        assert_eq!(key("业委会"), "业委会");
        assert_eq!(key("加装电梯"), "加装电梯");
        assert_ne!(key("加装电梯"), key("装修电梯"));
    }

    #[test]
    fn every_variant_belongs_to_one_word() {
        let mut seen = HashMap::new();
        let alone = ASKING.iter().chain(NOTHING).map(|word| (*word, *word));
        let same = SAME
            .iter()
            .flat_map(|group| group.iter().map(|word| (*word, group[0])));
        for (word, kept) in same.chain(alone) {
            assert_eq!(fold(word), word, "not folded");
            let other = seen.insert(word, kept);
            assert_eq!(other, None, "{word} stands in two groups");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_gaps_stand_alone(text in "\\PC{0,60}") {
            let found: String = normal(&text).into_iter().collect();
            prop_assert!(!found.contains("  ") && !found.starts_with(GAP) && !found.ends_with(GAP));
        }
    }
}
