//! The rules that every dialog obeys, tried on the first question of every command: a digit that is not there and
//! what is no text are met kindly twice, then with the menu; 0 leads back; «人工» brings a person; a command in the
//! middle is done; a photo in the middle takes nothing away; a sentence that is no answer is offered to be filed;
//! silence lets it lapse.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use entity::account;
use linli::chat::{Dialog, FILINGS, Who};
use sea_orm::ActiveModelTrait;
use sea_orm::ActiveValue::Set;

use super::{HUMAN, MENU, OFFERED, cases, commands, is_kind, photo, question, says, waiting};
use crate::harness::app::TestApp;
use crate::harness::people::Person;

/// The standard compound with a steward. Most of its offices are held by nobody who can be reached, which is an
/// error in the log once a case comes to them.
pub async fn house() -> TestApp {
    let mut app = TestApp::with_instances(2).await;
    app.allow_errors();
    app.steward("1栋").await;
    app
}

/// Asks the question again from the beginning.
pub async fn open(person: &Person<'_>, opening: &[&str]) -> Dialog {
    for text in opening {
        says(person, text).await;
    }
    waiting(person).await
}

/// Whether a digit or a question waits.
pub fn waits(dialog: &Dialog) -> bool {
    dialog.prompt.is_some() || !dialog.choices.is_empty()
}

/// Trouble that somebody tells of in the middle of something else: with a word that says so, and without.
const TROUBLE: [&str; 2] = ["3栋电梯停了", "单元门打不开"];

/// Answers the question that stands behind these messages wrongly, in every way that changes nothing.
pub async fn obeys(app: &TestApp, person: &Person<'_>, opening: &[&str]) {
    if !keeps_the_rules(app, person, opening).await {
        for said in TROUBLE {
            offers(person, opening, said).await;
        }
    }
}

/// The same for a question for a few words, a thing or a room: what tells of trouble is none, whatever else is said
/// is named in the next question, from which 0 leads back.
pub async fn obeys_but_takes_words(app: &TestApp, person: &Person<'_>, opening: &[&str]) {
    keeps_the_rules(app, person, opening).await;
    let [trouble, words] = TROUBLE;
    offers(person, opening, trouble).await;
    open(person, opening).await;
    let reply = says(person, words).await;
    let named = reply.contains(&format!("“{words}”")) && waits(&waiting(person).await);
    assert!(named, "{opening:?}: {reply}");
    assert!(says(person, "0").await.contains(MENU), "{opening:?}");
}

/// Whether words that are no answer are offered to be filed, all of them.
async fn offers(person: &Person<'_>, opening: &[&str], said: &str) {
    open(person, opening).await;
    let reply = says(person, said).await;
    assert!(
        reply.contains(OFFERED),
        "{opening:?} swallowed {said}: {reply}"
    );
    let kept = waiting(person).await.said;
    assert_eq!(kept.as_deref(), Some(said), "{opening:?}: {reply}");
}

/// As if nobody had answered for a long time, for this person alone.
async fn falls_silent(person: &Person<'_>) {
    let row = person.account().await;
    let mut dialog = row.dialog.expect("nothing waits");
    dialog["until_ms"] = 1.into();
    let change = account::ActiveModel {
        id: Set(row.id),
        dialog: Set(Some(dialog)),
        ..Default::default()
    };
    change.update(person.app.store.write()).await.unwrap();
}

/// All rules but that of sentences; whether a sentence is what was asked for.
async fn keeps_the_rules(app: &TestApp, person: &Person<'_>, opening: &[&str]) -> bool {
    let what = opening.join(" → ");
    let asked = open(person, opening).await;
    assert!(waits(&asked), "{what}: nothing waits");
    let same = async |asked: &Dialog, after: &str, reply: &str| {
        let (now, own) = (question(&waiting(person).await), question(asked));
        assert_eq!(now, own, "{what}: another question after {after}: {reply}");
    };

    // What is no text: twice kindly, then the menu.
    for odd in ["😀😀", "。。。"] {
        let reply = says(person, odd).await;
        assert!(reply.contains("没有看到文字"), "{what}: {reply}");
        same(&asked, odd, &reply).await;
    }
    let reply = says(person, "😀").await;
    assert!(reply.contains(MENU), "{what}: no menu after three: {reply}");

    // A digit that is not there; a number that was asked for may not be there either.
    let before = cases(app).await;
    open(person, opening).await;
    let mut replies = Vec::new();
    for _ in 0..3 {
        replies.push(says(person, "77").await);
    }
    let is_words = asked.prompt.is_some() && replies[0].contains("只有数字");
    let is_number = asked.prompt.is_some() && !is_words;
    assert!(
        is_number || replies[2].contains(MENU),
        "{what}: no menu after three: {replies:?}"
    );
    assert_eq!(cases(app).await, before, "{what}: a digit was filed");

    // 0 leads back from everywhere.
    open(person, opening).await;
    let reply = says(person, "0").await;
    assert!(reply.contains(MENU), "{what}: {reply}");

    // A person is found from everywhere.
    for call in ["人工", "转人工", "人工，快来"] {
        open(person, opening).await;
        let reply = says(person, call).await;
        assert!(reply.contains(HUMAN), "{what}, {call}: {reply}");
    }
    let reply = says(person, "0").await;
    assert!(reply.contains(MENU), "{what}, behind 人工: {reply}");

    // A photo in the middle takes nothing away, but for the menu itself. A draft that is written anew has a new
    // number.
    let asked = open(person, opening).await;
    let reply = person.does(&photo()).await.unwrap();
    is_kind(&what, &reply);
    assert!(
        reply.contains("收到了") || reply.contains("已加到"),
        "{what}: {reply}"
    );
    let filings = asked.choices.iter().any(|choice| {
        let command = choice.command.as_str();
        FILINGS.contains(&command) || command.starts_with("菜单 ")
    });
    if !filings || asked.said.is_some() {
        same(&asked, "a photo", &reply).await;
    }

    // Nobody answers: a digit comes too late.
    open(person, opening).await;
    falls_silent(person).await;
    let reply = says(person, "1").await;
    assert!(reply.contains("没有在等您选数字"), "{what}: {reply}");

    // A complaint in the middle is one; another command is done.
    open(person, opening).await;
    let before = cases(app).await.len();
    let reply = says(person, "报修 3栋电梯停了").await;
    assert!(reply.contains("诉求 #"), "{what}: {reply}");
    assert_eq!(cases(app).await.len(), before + 1, "{what}: {reply}");
    open(person, opening).await;
    let reply = says(person, "缴费").await;
    assert!(
        ["费用", "房号", "缴费"]
            .iter()
            .any(|word| reply.contains(word)),
        "{what}: {reply}"
    );
    is_words
}

/// What asks of a resident of an empty compound, named alone.
const OF_RESIDENTS: &str = "报修 投诉 建议 求助 纠纷 进度 补充 催办 撤回 加照片 匿名投诉 匿名建议 匿名 同意 不同意 \
    账单 预存 质询 订阅日程 退订日程 手册 手册没有 心愿 许愿 我的心愿 清单 我的清单 发需求 发资源 登记特长 我的特长 \
    撤销特长 找帮手 捐款 捐物 我的捐赠 共建 联盟 活动 我的活动 志愿服务 志愿报名 双报到 我的志愿 领任务 退任务 \
    开始服务 结束服务 志愿公开 我的驿站 绑定 解绑 异议 订阅 退订 更正 注销 人工";
/// The same of its chair, of what is for people in office.
const OF_THE_CHAIR: &str = "助力 退出助力 合并 拆分 代报 查看身份 转调解 当事人 约调解 协议 调解不成 发布 紧急发布 \
    发服务 发责任 发起活动 发起志愿 取消志愿 确认工时 驿站人次";

/// Every command that asks when it is named alone; `known` are those that do. What asks no more says that there is
/// nothing, or nothing at all: then a digit leads nowhere.
async fn every_first_question(app: &TestApp, person: &Person<'_>, who: &[Who], known: &str) {
    let mut asked = BTreeSet::new();
    for command in commands(who) {
        let word = command.words[0];
        says(person, word).await;
        let dialog = waiting(person).await;
        let is_menu = dialog
            .choices
            .iter()
            .any(|choice| choice.command.starts_with("菜单 "));
        if waits(&dialog) && !is_menu {
            obeys(app, person, &[word]).await;
            asked.insert(word);
        }
    }
    let known: BTreeSet<&str> = known.split_whitespace().collect();
    assert_eq!(asked, known, "what asks is no longer what asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_first_question_of_a_resident_obeys() {
    let app = house().await;
    let zhang = app.resident("张秀英").await;
    let who = [Who::Anyone, Who::Bound];
    every_first_question(&app, &zhang, &who, OF_RESIDENTS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_first_question_of_somebody_in_office_obeys() {
    let app = house().await;
    let chair = app.staff("卫东").await;
    every_first_question(&app, &chair, &[Who::Staff], OF_THE_CHAIR).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_wanted_is_no_complaint_with_a_number_in_it() {
    let app = house().await;
    let chair = app.staff("卫东").await;
    for command in commands(&[Who::Anyone, Who::Bound, Who::Staff]) {
        let word = command.words[0];
        let asked = open(&chair, &[word]).await;
        let is_number = asked.prompt.is_some() && command.asks.is_none();
        if !is_number {
            continue;
        }
        let reply = says(&chair, "3栋电梯停了").await;
        assert!(reply.contains(OFFERED), "«{word}» swallowed it: {reply}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_text_is_taken_or_refused_kindly() {
    let app = house().await;
    let chair = app.staff("卫东").await;
    let long = "楼道灯又坏了".repeat(900);
    for command in commands(&[Who::Bound, Who::Staff]) {
        if waits(&open(&chair, &[command.words[0]]).await) {
            says(&chair, &long).await;
        }
    }
}

#[tokio::test]
async fn what_nobody_answers_lapses_and_loses_nothing() {
    let app = house().await;
    let zhang = app.resident("张秀英").await;
    // A menu, a list of switches, a question for words, for a number, for a home.
    for opening in ["菜单", "订阅", "报修", "质询", "解绑", "说不清楚的话"] {
        open(&zhang, &[opening]).await;
        app.clock.advance(TimeDelta::minutes(31));
        let reply = says(&zhang, "1").await;
        assert!(reply.contains("没有在等您选数字"), "{opening}: {reply}");
        open(&zhang, &[opening]).await;
        app.clock.advance(TimeDelta::hours(24));
        let reply = says(&zhang, "12栋水管爆了").await;
        assert!(reply.contains("没看懂“12栋水管爆了”"), "{opening}: {reply}");
        assert!(says(&zhang, "1").await.contains("诉求 #"), "{opening}");
        assert_eq!(zhang.case().await.text, "12栋水管爆了");
    }
}
