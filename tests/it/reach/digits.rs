//! 71 years old, digits only: from a bare conversation every command is reached by numbers, typed or
//! spoken, in whatever script; a wrong number is met kindly three times, then with the menu; a human
//! is found from anywhere.

use std::collections::{HashMap, HashSet, VecDeque};

use linli::bot::{Speaker, lexicon};
use linli::sandbox::Say;
use regex::Regex;

use crate::harness::app::TestApp;
use crate::harness::people::Person;

/// How a number reaches us.
#[derive(Clone, Copy)]
enum By {
    Typing,
    /// A voice message, with what the platform heard.
    Voice,
}

/// A voice message that the platform has heard as these words.
fn spoken(words: &str) -> Say {
    Say::Voice {
        recognition: Some(words.to_owned()),
    }
}

async fn press(person: &Person<'_>, by: By, digit: &str) -> String {
    match by {
        By::Typing => person.says(digit).await,
        By::Voice => {
            let heard = spoken(digit);
            let answer = person.does(&heard).await;
            answer.unwrap_or_else(|| panic!("no answer to the spoken «{digit}»"))
        }
    }
}

/// The numbered lines of a menu page: digit and the word behind it.
fn lines(page: &str) -> Vec<(String, String)> {
    let line = Regex::new(r"(?m)^(\d) ([^：\n]+)").unwrap();
    let found = line.captures_iter(page);
    found
        .map(|hit| (hit[1].to_owned(), hit[2].to_owned()))
        .collect()
}

/// Walks the menu as a graph: each page is a node, each digit an edge. Says for each command by
/// which digits it is reached from a bare conversation.
async fn walk(person: &Person<'_>, by: By) -> HashMap<String, Vec<String>> {
    let mut found = HashMap::new();
    let mut pages = HashSet::new();
    let mut open = VecDeque::from([Vec::<String>::new()]);
    while let Some(path) = open.pop_front() {
        let mut page = press(person, by, "0").await;
        for digit in &path {
            page = press(person, by, digit).await;
        }
        if !pages.insert(page.clone()) {
            continue;
        }
        for (digit, word) in lines(&page) {
            let mut next = path.clone();
            next.push(digit);
            let leads = ["更多功能", "更多", "回到目录", "回到第一页"];
            if leads.contains(&word.as_str()) || word.ends_with("项）") {
                open.push_back(next);
            } else {
                found.entry(word).or_insert(next);
            }
        }
    }
    found
}

async fn reaches_everything(person: &Person<'_>, by: By, speaker: Speaker) {
    // What answers to the last message only has no line of its own.
    const IN_PASSING: [&str; 5] = ["菜单", "更多", "不提交", "同意", "不同意"];
    let found = walk(person, by).await;
    for command in lexicon().commands().filter(|command| speaker.may(command)) {
        let word = command.words[0];
        if IN_PASSING.contains(&word) {
            continue;
        }
        let path = found
            .get(word)
            .unwrap_or_else(|| panic!("no digits lead to {word}"));
        press(person, by, "0").await;
        let mut reply = String::new();
        for digit in path {
            reply = press(person, by, digit).await;
        }
        for refusal in ["没有这个数字", "没看懂", "没有在等您选"] {
            assert!(!reply.contains(refusal), "{word} by {path:?}: {reply}");
        }
        assert!(!reply.contains("系统出了点问题"), "{word}: {reply}");
    }
}

const RESIDENT: Speaker = Speaker {
    bound: true,
    staff: false,
};
const STAFF: Speaker = Speaker {
    bound: true,
    staff: true,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resident_reaches_every_command_by_digits_typed_or_spoken() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    reaches_everything(&resident, By::Typing, RESIDENT).await;
    reaches_everything(&resident, By::Voice, RESIDENT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staff_and_newcomers_reach_theirs_too() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    reaches_everything(&steward, By::Typing, STAFF).await;
    let newcomer = app.newcomer("o-new").await;
    reaches_everything(&newcomer, By::Typing, Speaker::default()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_is_filed_followed_nudged_and_rated_without_a_command_word() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let resident = app.resident("张秀英").await;
    let word = |page: &str, word: &str| -> String {
        let lines = lines(page);
        let line = lines.iter().find(|(_, line)| line.starts_with(word));
        line.unwrap_or_else(|| panic!("no {word} in {page}"))
            .0
            .clone()
    };
    let menu = resident.says("0").await;
    let asked = resident.says(&word(&menu, "报修")).await;
    assert!(asked.contains("请直接写下"), "{asked}");
    // The words themselves are spoken.
    let filed = resident.does(&spoken("楼道灯坏了")).await.unwrap();
    assert!(
        filed.contains("诉求 #") && filed.contains("听到：“楼道灯坏了”"),
        "{filed}"
    );
    let id = resident.case().await.id;
    let menu = resident.says("0").await;
    let shown = resident.says(&word(&menu, "进度")).await;
    assert!(shown.contains(&format!("诉求 #{id}")), "{shown}");
    assert!(shown.contains("可以回复数字：1 催办"), "{shown}");
    assert!(resident.says("1").await.contains("已催办"));

    let tasks = steward.says("0").await;
    let list = steward.says(&word(&tasks, "待办")).await;
    let one = steward.says(&word(&list, &format!("#{id}"))).await;
    assert!(one.contains("1 接单"), "{one}");
    assert!(steward.says("1").await.contains("接单"));
    steward.says(&format!("办结 {id} 换了灯泡")).await;
    let menu = resident.says("0").await;
    let rating = resident.says(&word(&menu, "评价")).await;
    assert!(rating.contains("数字1到5"), "{rating}");
    assert!(
        resident
            .does(&spoken("五"))
            .await
            .unwrap()
            .contains("谢谢您的评价")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traditional_and_cantonese_words_do_the_same() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    for (said, wanted) in [
        ("報修 燈壞咗", "诉求 #"),
        ("整嘢 水喉漏水", "诉求 #"),
        ("投訴 樓上好嘈", "诉求 #"),
        ("幫手 阿媽一個人喺屋企", "诉求 #"),
        ("進度", "诉求"),
        ("我的管家", "孙梅"),
        ("有冇人", "紧急情况"),
        ("幫助", "请回复数字"),
        ("訂閱", "您的提醒"),
        ("二", "账号安全"),
    ] {
        let reply = resident.says(said).await;
        assert!(reply.contains(wanted), "{said}: {reply}");
        let voice = spoken(said);
        if said != "二" {
            let heard = resident.does(&voice).await.unwrap();
            assert!(heard.contains(wanted), "spoken {said}: {heard}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_number_is_met_kindly_twice_and_then_with_the_menu() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    resident.says("订阅").await;
    for _ in 0..2 {
        let again = resident.says("77").await;
        assert!(again.contains("没有这个数字。请在下面选一个"), "{again}");
        assert!(again.contains("0 返回菜单"), "{again}");
    }
    let menu = resident.says("77").await;
    assert!(
        menu.contains("没关系，我们从头来。") && menu.contains("1 报修"),
        "{menu}"
    );
    // The same where an answer was asked for and does not fit.
    let mut replies = vec![resident.says("解绑").await];
    for _ in 0..3 {
        replies.push(resident.says("99-9-999").await);
    }
    let last = replies.last().unwrap();
    assert!(
        last.contains("1 报修"),
        "not the menu after three tries: {replies:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_human_is_found_from_anywhere() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    // In a menu, in a question, in a list, after nonsense, after a refusal, out of the blue.
    for before in ["0", "报修", "订阅", "呜呜呜", "评价 999 5", "更多", "绑定"] {
        resident.says(before).await;
        let found = resident.says("人工").await;
        assert!(
            found.contains("孙梅") && found.contains("回复 1 写下求助"),
            "after {before}: {found}"
        );
        assert!(
            resident.says("1").await.contains("请直接写下需要什么帮助"),
            "{before}"
        );
        let heard = resident.does(&spoken("揾人")).await.unwrap();
        assert!(heard.contains("孙梅"), "{heard}");
    }
    let newcomer = app.newcomer("o-new").await;
    assert!(newcomer.says("人工").await.contains("绑定房号"));
}
