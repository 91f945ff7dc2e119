//! Words that nobody may be asked for money with. Pure. A provider must not cut water, power, heat or gas to make an
//! owner pay (Civil Code, article 944), so that it must not threaten with it either; a door that does not open any
//! more is the same.

use super::fault::Fault;
use super::text::fold;

/// What must not be written, simplified and without anything between the characters.
const THREATS: &[&str] = &[
    "停水",
    "停电",
    "停气",
    "停暖",
    "停热",
    "停供",
    "停燃气",
    "停天然气",
    "断水",
    "断电",
    "断气",
    "断暖",
    "断热",
    "断供",
    "断网",
    "断燃气",
    "断天然气",
    "掐水",
    "掐电",
    "拉闸",
    "限水",
    "限电",
    "限气",
    "水电停",
    "停止供",
    "暂停供",
    "中止供",
    "终止供",
    "门禁停",
    "门禁卡停",
    "停门禁",
    "停用门禁",
    "停用您的门禁",
    "停用你的门禁",
    "关闭门禁",
    "关门禁",
    "关闭您的门禁",
    "注销门禁",
    "取消门禁",
    "禁用门禁",
    "锁门",
    "停用电梯",
    "电梯停",
    "停梯",
    "禁止出入",
    "不让进",
];

/// What stops something, as one character: it may stand before what it stops or behind it.
const STOPS: &str = "停断关掐切限";
/// What nobody may be kept from.
const NEEDS: &str = "水电气暖";
/// Stands for the door in what is looked through; text that is folded has no capitals.
const DOOR: char = 'M';
/// Stands for words that only a door can be stopped with.
const VOID: char = 'V';
/// Stands for words that mean no harm.
const OTHER: char = '·';
/// Characters between what stops and what it stops: `停止向您家供应水电`.
const BETWEEN: usize = 6;
/// The same where what is stopped stands before it: `门禁卡将于下周失效`.
const BEHIND: usize = 5;
/// What calls a door by another name.
const DOORS: &[&str] = &["门禁", "门卡"];
/// What becomes of a card.
const VOIDS: &[&str] = &["失效", "作废", "注销", "冻结", "拉黑"];
/// Where a clause ends, in folded text.
const ENDS: &[char] = &['.', ',', ';', '!', '?'];

/// Words with one of these characters in them that speak of something else.
#[rustfmt::skip]
const HARMLESS: &[&str] = &[
    "停车", "停放", "停靠", "停泊", "停收", "停机", "停走", "乱停",
    "不断", "判断", "诊断", "果断", "断定", "断裂", "断路", "断线",
    "有关", "相关", "无关", "关于", "关系", "关乎", "关心", "关注", "关怀", "关爱", "关照", "关键", "关联",
    "机关", "开关", "海关", "把关", "难关", "攻关",
    "一切", "密切", "亲切", "迫切", "确切", "切实", "切勿", "切记", "切割", "切换", "切分",
    "期限", "年限", "时限", "无限", "有限", "上限", "下限", "权限", "界限", "局限", "极限", "限期", "限额",
    "限速", "限高", "限于",
    "水电费", "水费", "电费", "气费", "暖费", "水电公摊", "水电工",
    "水平", "水果", "薪水", "水管", "水泵", "水箱", "水池", "污水", "雨水", "排水", "漏水", "防水", "积水",
    "电话", "电子", "电脑", "电视", "电信", "电影", "电动", "电瓶", "电池", "电机", "电缆", "充电", "配电",
    "发电", "家电", "节电", "省电",
    "天气", "空气", "客气", "和气", "气氛", "语气", "气温", "气象", "气味", "生气",
    "温暖", "暖心",
];

/// The threat in a text, if there is one; written with blanks, dots or in traditional characters it is
/// the same. Found by fixed words, and by what stops within some characters of what it stops.
#[must_use]
pub fn threat(text: &str) -> Option<String> {
    let plain: String = fold(text).chars().filter(|c| c.is_alphanumeric()).collect();
    let fixed = THREATS.iter().find(|threat| plain.contains(**threat));
    let fixed = fixed.map(|threat| (*threat).to_owned());
    fixed.or_else(|| {
        text.lines()
            .find_map(|line| fold(line).split(ENDS).find_map(within))
    })
}

/// The threat in a clause, by how near the characters stand.
fn within(clause: &str) -> Option<String> {
    // Numbers of homes and days stand between the words.
    let mut plain: String = clause.chars().filter(|c| c.is_alphabetic()).collect();
    for (words, sign) in [(HARMLESS, OTHER), (DOORS, DOOR), (VOIDS, VOID)] {
        for word in words {
            plain = plain.replace(word, &sign.to_string());
        }
    }
    let all: Vec<char> = plain.chars().collect();
    let is_need = |c: char| c == DOOR || NEEDS.contains(c);
    (0..all.len()).find_map(|at| {
        let (first, rest) = all.get(at..)?.split_first()?;
        let length = if STOPS.contains(*first) {
            rest.iter().take(BETWEEN + 1).position(|c| is_need(*c))
        } else if is_need(*first) && rest.first() != Some(&'梯') {
            let stops = |c: &char| STOPS.contains(*c) || (*first == DOOR && *c == VOID);
            rest.iter().take(BEHIND + 1).position(stops)
        } else {
            None
        };
        // From the first of the two to the second.
        let found = all.get(at..at + length? + 2)?.iter().collect::<String>();
        Some(readable(&found))
    })
}

/// What was found, without the signs that stand for words.
fn readable(found: &str) -> String {
    found
        .replace(DOOR, "门禁")
        .replace(VOID, "失效")
        .replace(OTHER, "…")
}

/// Words for money that is owed: where they stand, a whole notice is about it.
const OWED: &[&str] = &[
    "欠费", "欠缴", "欠交", "拖欠", "未缴", "未交", "不缴", "不交", "没缴", "没交", "逾期", "催缴",
    "催交", "催费",
];
/// Words for money that is asked for.
const MONEY: &[&str] = &["物业费", "缴费", "交费", "缴纳", "缴清", "交清", "收费"];
/// Words that make one thing hang on another.
const OR_ELSE: &[&str] = &[
    "否则", "不然", "要不", "如不", "若不", "不按", "才能", "才会", "才给",
];

/// The threat in a notice: a stop of water is told to people as it is, but not as what comes of owing money. A
/// title about money makes all of it be about money.
#[must_use]
pub fn threat_to_pay(title: &str, body: &str) -> Option<String> {
    let holds = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
    let whole = format!("{title}\n{body}");
    let folded = fold(&whole);
    let heading = fold(title);
    if holds(&folded, OWED) || (holds(&heading, MONEY) && threat(title).is_none()) {
        return threat(&whole);
    }
    let sentences = whole.split(['。', '！', '？', '!', '?', '；', ';', '\n']);
    sentences
        .filter(|text| {
            let text = fold(text);
            holds(&text, MONEY) && holds(&text, OR_ELSE)
        })
        .find_map(threat)
}

/// A notice, if it does not threaten whoever owes money.
///
/// # Errors
/// `invalid`, and how to write it.
pub fn kind_notice(title: &str, body: &str) -> Result<(), Fault> {
    match threat_to_pay(title, body) {
        Some(threat) => Err(Fault::invalid(
            "body",
            format!(
                "提到缴费的公告里不能写“{threat}”：民法典第944条规定，物业不得用停水、停电、停气、停暖催缴，也不能用门禁催缴。停水停电的公告请另发一条，不提缴费。"
            ),
        )),
        None => Ok(()),
    }
}

/// The words, if there is no threat in them.
///
/// # Errors
/// `invalid`, and why.
pub fn harmless(field: &'static str, text: String) -> Result<String, Fault> {
    match threat(&text) {
        Some(threat) => Err(Fault::invalid(field, refusal(&threat))),
        None => Ok(text),
    }
}

/// Why it is refused.
#[must_use]
fn refusal(threat: &str) -> String {
    format!(
        "不能写“{threat}”：民法典第944条规定，物业不得用停水、停电、停气、停暖催缴，也不能用门禁催缴。请换成客气的说法。"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threats_are_found_however_they_are_written() {
        for text in [
            "再不交就停水停电",
            "將停電處理",
            "停 水",
            "停-电",
            "停。电",
            "停\u{200b}水",
            "断　　电",
            "斷水",
            "逾期限電",
            "停止供电",
            "停止供暖",
            "门禁停用",
            "門禁卡停用",
            "停用門禁卡",
            "物业有权停 暖 气",
            "拉闸",
            "ＳＴＯＰ：停水",
            "再不交费，就停您家的水电",
            "停掉水电",
            "切断您家的电",
            "断您家的水电",
            "关水关电",
            "水电暂停",
            "水、电一律停掉",
            "门禁卡将失效",
            "門禁卡將於下週失效",
            "把您家的门禁关了",
            "停止向3-2-501供应水电",
            "限您家用电",
            "掐您家的暖气",
        ] {
            assert!(threat(text).is_some(), "{text}");
        }
    }

    #[test]
    fn kind_words_pass() {
        for text in [
            "",
            "感谢您支持小区的物业服务",
            "电费和水费请分别缴纳",
            "如有困难请联系服务中心，我们一起想办法",
            "可以在门禁旁的服务中心交现金",
            "停车费请一起缴",
            "有关水费、电费的问题，请在期限内联系",
            "我们无限热情地为您服务",
            "电梯、水电公摊按面积分",
            "停车场用电",
            "电动车停放管理费",
            "地下车库停车费和水电费",
            "与供水有关的费用由自来水有限公司收取",
            "不断改进用水用电的服务",
            "水表和电表以期末读数为准",
            "水泵房配电开关更换",
            "门禁卡工本费",
            "限期10天内提出异议，电话见账单",
            "一切费用已包含在水电公摊里",
            "面积登记有误，减去一平方米",
            "电梯年检，停车棚照明用电",
        ] {
            assert_eq!(threat(text), None, "{text}");
        }
    }

    #[test]
    fn a_notice_may_tell_of_a_stop_but_not_for_money() {
        for (title, body) in [
            ("催缴通知", "月底前交清，以后停水。"),
            (
                "温馨提示",
                "欠费名单如下：3-2-501。以上住户下周断您家的水电。",
            ),
            ("物业费", "请本月交清。门禁卡将失效。"),
            ("提示", "请在10日前缴清物业费，否则停电。"),
            ("提示", "不交费的住户，就停您家的水电。"),
        ] {
            assert!(threat_to_pay(title, body).is_some(), "{title} {body}");
        }
        for (title, body) in [
            ("明天停水", "因管道维修，明天9点到12点停水，请提前储水。"),
            ("停电通知", "供电局检修停电。当天服务中心照常收物业费。"),
            ("门禁升级", "旧门禁卡周五失效，请到服务中心免费换卡。"),
            ("物业费", "请在10日前缴费，有困难请联系管家。"),
        ] {
            assert_eq!(threat_to_pay(title, body), None, "{title} {body}");
        }
        let says = kind_notice("催缴", "停水").unwrap_err().detail;
        assert!(
            says.contains("“停水”") && says.contains("另发一条"),
            "{says}"
        );
    }

    #[test]
    fn it_is_said_why() {
        let says = harmless("basis", "欠费停水".to_owned()).unwrap_err().detail;
        assert!(
            says.contains("“停水”") && says.contains("第944条"),
            "{says}"
        );
    }
}
