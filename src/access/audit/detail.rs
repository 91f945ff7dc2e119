//! What else a row of the audit trail says, as people read it. A new key or word of a detail gets its line here. Pure;
//! used by the console.

use entity::kinds::RoleKind;
use sea_orm::ActiveEnum;
use serde_json::Value;

use crate::access::audit::words::says_subject;
use crate::access::holders;
use crate::base::redact::hide_numbers;

/// What stands in `audit.detail`, by its key. What is not here is for programs and is not shown.
const DETAILS: &[(&str, &str)] = &[
    ("kind", "种类"),
    ("level", "层级"),
    ("grade", "等级"),
    ("found", "找到办理人"),
    ("reason", "原因"),
    ("fee", "收费"),
    ("month", "月份"),
    ("merchant", "收款账户"),
    ("amount", "金额"),
    ("line", "账单项"),
    ("version", "版本"),
    ("score", "评分"),
    ("role", "职务"),
    ("place", "地点"),
    ("organisation", "组织"),
    ("person", "人员"),
    ("from", "从"),
    ("to", "到"),
    ("account", "账号"),
    ("with", "随绑定"),
    ("field", "哪一项"),
    ("topic", "哪一类"),
    ("on", "打开"),
    ("gone", "已离开"),
    ("of", "内容"),
    ("accept", "接单分钟"),
    ("arrive", "到场分钟"),
    ("finish", "办结分钟"),
    ("plan", "方案分钟"),
    ("calendar", "日历"),
    ("message", "提醒种类"),
    ("places", "地点"),
    ("organisations", "组织"),
    ("people", "人员"),
    ("homes", "户"),
    ("below", "下面的地点"),
    ("roles", "职务"),
    ("fee_items", "收费项目"),
    ("fee_readings", "表的读数"),
    ("fee_spaces", "车位"),
    ("dispatch_rules", "派单规则"),
    ("response_policies", "时限"),
    ("skipped", "跳过有错的行"),
    ("fen", "金额（分）"),
    ("payment", "缴费"),
    ("bill", "账单"),
    ("entry", "分录"),
    ("home", "房屋"),
    ("article", "手册文章"),
];

/// Words that stand in details as the columns hold them.
const VALUES: &[(&str, &str)] = &[
    ("ordinary", "普通"),
    ("major", "重大"),
    ("complex", "特殊复杂"),
    ("compound", "小区"),
    ("community", "社区"),
    ("street", "街道"),
    ("department", "职能部门"),
    ("name", "姓名"),
    ("phone", "手机号"),
    ("wecom", "企业微信登记有变"),
    ("role", "担任了职务"),
    ("task", "办理任务"),
    ("progress", "诉求进度"),
    ("news", "工作动态"),
    ("safety", "账号安全"),
    ("dues", "缴费提醒"),
    ("public", "公开公示"),
];

/// What else was recorded, as people read it: `职务：楼栋长，从：2026-11-21`. Numbers that could be
/// somebody's are hidden, whoever let them in.
#[must_use]
pub fn says_detail(detail: Option<&Value>) -> String {
    let Some(Value::Object(parts)) = detail else {
        return String::new();
    };
    let said = DETAILS.iter().filter_map(|(key, label)| {
        let value = says_value(key, parts.get(*key)?)?;
        Some(format!("{label}：{value}"))
    });
    said.collect::<Vec<_>>().join("，")
}

fn says_value(key: &str, value: &Value) -> Option<String> {
    match value {
        Value::Bool(true) => Some("是".to_owned()),
        Value::Bool(false) => Some("否".to_owned()),
        Value::Number(number) => Some(match key {
            "place" | "organisation" | "person" | "account" | "with" | "calendar" | "payment"
            | "bill" | "entry" | "home" => {
                format!("#{number}")
            }
            _ => number.to_string(),
        }),
        Value::String(text) => Some(says_text(key, text)),
        // Of an import: how many rows were new, how many were changed.
        Value::Array(two) => match two.as_slice() {
            [new, changed] => Some(format!("新增{new}，更新{changed}")),
            _ => None,
        },
        Value::Null | Value::Object(_) => None,
    }
}

fn says_text(key: &str, text: &str) -> String {
    match key {
        "role" => {
            let role = RoleKind::try_from_value(&text.to_owned());
            role.map_or_else(|_| text.to_owned(), |role| holders::says(role).to_owned())
        }
        "of" => says_subject(text),
        "from" | "to" => text.chars().take("2026-11-21".len()).collect(),
        _ => {
            let found = VALUES.iter().find(|(known, _)| *known == text);
            found.map_or_else(|| hide_numbers(text), |(_, words)| (*words).to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_read_and_hold_no_number_of_anybody() {
        let detail = serde_json::json!({
            "role": "steward", "place": 7, "from": "2026-11-21T00:00:00Z", "to": null, "inside": 3,
        });
        assert_eq!(
            says_detail(Some(&detail)),
            "职务：楼栋长，地点：#7，从：2026-11-21"
        );
        let detail = serde_json::json!({ "reason": "回访 13800000101", "on": false });
        assert_eq!(says_detail(Some(&detail)), "原因：回访 ***，打开：否");
        let detail = serde_json::json!({ "people": [3, 1] });
        assert_eq!(says_detail(Some(&detail)), "人员：新增3，更新1");
        assert_eq!(says_detail(None), "");
    }
}
