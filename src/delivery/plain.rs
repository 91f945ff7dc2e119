//! Errors of sending in words for people: what the platform said, and whose turn it is. Pure; used by the
//! console, where the letters and numbers of the log would help nobody.

use crate::base::redact::hide_numbers;
use crate::wechat::errors::{Action, action};

/// What stands in the log before the platform's code.
const CODE: &str = "platform error ";

/// What else a log may say, and how people say it.
const PHRASES: &[(&str, &str)] = &[
    ("network failure", "平台没有回应"),
    ("the platform was not reached", "连不上平台"),
    ("the platform answered nonsense", "平台的回应读不懂"),
    ("the request is refused", "平台拒绝了请求"),
    ("storage", "存储没有回应"),
];

/// An error as people read it.
#[must_use]
pub fn error_says(text: &str) -> String {
    let mut said: Vec<String> = Vec::new();
    for rest in text.split(CODE).skip(1) {
        let end = rest
            .find(|letter: char| !letter.is_ascii_digit() && letter != '-')
            .unwrap_or(rest.len());
        if let Some(code) = rest.get(..end).and_then(|code| code.parse().ok()) {
            let words = format!("{}（{code}）", code_says(code));
            if !said.contains(&words) {
                said.push(words);
            }
        }
    }
    for (phrase, words) in PHRASES {
        if text.contains(phrase) {
            said.push((*words).to_owned());
        }
    }
    if !said.is_empty() {
        return said.join("；");
    }
    // Only what a log of ours says in Chinese is left.
    match text.is_ascii() {
        true => "原因不明，请看服务器日志".to_owned(),
        false => hide_numbers(text),
    }
}

/// What a code of the platform means for us.
#[must_use]
pub fn code_says(code: i64) -> &'static str {
    match action(code) {
        Action::Retry => "平台出错或正忙",
        Action::RefreshToken => "平台不认凭证，程序会换新的",
        Action::Drop => "这个人收不到，再发也没有用",
        Action::Unfollowed => "对方没有关注公众号",
        Action::SubscriptionUsed => "对方没有同意接收，或同意的次数用完了",
        Action::Config => "配置有误，请管理员检查账号设置",
        Action::StopUntilTomorrow => "今天的额度用完了",
        Action::BackoffMinute => "发得太快，被平台拦下",
        Action::WaitForUser => "客服消息条数用完，要等对方再来消息",
        Action::OutsideWindow => "超过48小时，客服消息发不了",
        Action::Serialise => "同时给一个人发了两条",
        Action::Cut => "内容太长",
        Action::AlreadySent => "已经发过了",
        Action::Alarm => "账号被平台限制，请管理员处理",
        Action::Fix => "消息内容不合平台要求",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_put_into_words() {
        for (text, said) in [
            (
                "无法送达: template: platform error 43004: require subscribe; customer: platform error 45015: response out of time limit",
                "对方没有关注公众号（43004）；超过48小时，客服消息发不了（45015）",
            ),
            (
                "template: network failure (timed out: true)",
                "平台没有回应",
            ),
            ("customer: the platform was not reached", "连不上平台"),
            ("没有收件人", "没有收件人"),
            ("给 13800000101 的消息", "给 *** 的消息"),
            ("", "原因不明，请看服务器日志"),
            ("template: platform error -1: busy", "平台出错或正忙（-1）"),
        ] {
            assert_eq!(error_says(text), said, "{text}");
        }
    }
}
