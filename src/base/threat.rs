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

/// The threat in a text, if there is one; written with blanks, dots or in traditional characters it is
/// the same.
#[must_use]
pub fn threat(text: &str) -> Option<&'static str> {
    let plain: String = fold(text).chars().filter(|c| c.is_alphanumeric()).collect();
    let found = THREATS.iter().find(|threat| plain.contains(**threat));
    found.copied()
}

/// The words, if there is no threat in them.
///
/// # Errors
/// `invalid`, and why.
pub fn harmless(field: &'static str, text: String) -> Result<String, Fault> {
    match threat(&text) {
        Some(threat) => Err(Fault::invalid(field, refusal(threat))),
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
        ] {
            assert_eq!(threat(text), None, "{text}");
        }
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
