//! The callback of the official account from WeChat's side of the wire: the three modes, and all
//! that WeChat would never send. Nothing gives a 5xx, a half-stored change, or silence to a person.

mod codes;
mod forged;
pub mod late;
mod leaving;
mod menu;
mod notices;
mod oauth;

use entity::{account, audit, case, case_event, inbound, reminder};
use linli::config::CallbackMode;
use linli::store::Store;
use sea_orm::{EntityTrait, PaginatorTrait};

use self::forged::{forgeries, in_mode, misshapen};
use crate::harness::app::TestApp;
use crate::harness::wechat::{Answer, next_id, now, text_xml, xml};

/// How many rows there are of everything that a message can bring about.
async fn rows(store: &Store) -> [u64; 6] {
    let db = store.read();
    let count = |counted: Result<u64, sea_orm::DbErr>| counted.unwrap();
    [
        count(inbound::Entity::find().count(db).await),
        count(account::Entity::find().count(db).await),
        count(case::Entity::find().count(db).await),
        count(case_event::Entity::find().count(db).await),
        count(audit::Entity::find().count(db).await),
        count(reminder::Entity::find().count(db).await),
    ]
}

#[tokio::test]
async fn the_address_check_answers_the_echo_alone() {
    let app = TestApp::plan().empty().start().await;
    let sender = app.sender(0);
    let good = sender.check("4375120948345356249").await;
    assert_eq!(
        (good.status, good.body.as_str()),
        (200, "4375120948345356249")
    );
    let mut forged = sender.clone();
    forged.token.push('x');
    assert_eq!(forged.check("1").await.status, 403);
    for query in [
        "",
        "?echostr=1",
        "?signature=a&timestamp=1&nonce=b&echostr=1",
    ] {
        assert_eq!(sender.get(query).await.status, 403, "{query}");
    }
    let with_markup = sender.check("%3Cscript%3E").await;
    assert!(!with_markup.body.contains("<script>") || with_markup.status == 200);
}

#[tokio::test]
async fn a_case_is_filed_in_each_mode() {
    for (name, mode) in [
        ("plain", CallbackMode::Plain),
        ("compatible", CallbackMode::Compatible),
        ("safe", CallbackMode::Safe),
    ] {
        let mut plan = TestApp::plan().set("WECHAT__OFFICIAL__MODE", name);
        if mode == CallbackMode::Plain {
            // Beside a key it is taken on purpose only.
            plan = plan.set("WECHAT__OFFICIAL__ACCEPT_PLAIN", "true");
        }
        let app = plan.start().await;
        let resident = app.resident("张秀英").await;
        let sender = in_mode(app.sender(0), mode);
        let reply = sender
            .says(&resident.open_id, "报修 电梯停了")
            .await
            .unwrap();
        let case = resident.case().await;
        assert!(reply.contains(&format!("#{}", case.id)), "{name}: {reply}");
        assert!(case.text.contains("电梯停了"));
        // Its pushes end before its database goes.
        app.drain().await;
    }
}

#[tokio::test]
async fn forgeries_are_all_refused_alike_and_store_nothing() {
    let app = TestApp::plan().empty().start().await;
    let sender = app.sender(0);
    let before = rows(&app.store).await;
    let mut refused: Option<Answer> = None;
    for (name, envelope) in forgeries(&sender) {
        let answer = sender.post(&envelope).await;
        assert_eq!(answer.status, 403, "{name}: {}", answer.body);
        let first = refused.get_or_insert_with(|| answer.clone());
        assert_eq!(*first, answer, "{name} is told apart");
    }
    assert_eq!(rows(&app.store).await, before);
    assert!(
        sender.says("o-nobody", "帮助").await.is_some(),
        "still at work"
    );
}

#[tokio::test]
async fn misshapen_messages_store_nothing() {
    let app = TestApp::plan().empty().start().await;
    let before = rows(&app.store).await;
    let sender = app.sender(0);
    for (name, message) in misshapen() {
        let answer = sender.post(&sender.envelope(&message)).await;
        assert!((400..500).contains(&answer.status), "{name}: {answer:?}");
        assert!(!answer.body.contains("root:"), "{name}");
    }
    assert_eq!(rows(&app.store).await, before);
}

#[tokio::test]
async fn a_mebibyte_is_refused_and_the_next_message_taken() {
    let app = TestApp::plan().empty().start().await;
    let sender = app.sender(0);
    let before = rows(&app.store).await;
    let body = vec![b'a'; 1 << 20];
    let envelope = sender.signed(body, Some("x"), now());
    // The connection may be closed while the rest is still on its way: no answer is one, too.
    if let Ok(answer) = sender.try_post(&envelope).await {
        assert!((400..500).contains(&answer.status), "{answer:?}");
    }
    assert_eq!(rows(&app.store).await, before);
    assert!(sender.says("o-nobody", "帮助").await.is_some());
}

#[tokio::test]
async fn odd_texts_are_kept_as_written() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    let sender = app.sender(0);
    for text in [
        "电梯停了😀🚪👨‍👩‍👧",
        "门牌]]>掉了]]>]]>",
        "<b>灯</b> &amp; &lt;开关&gt; \"坏\" '了'",
        "水管\u{200b}漏水\u{feff}",
        "𠮷野家门口积水",
        "'; DROP TABLE cases; -- 灯坏了",
    ] {
        let said = format!("报修 {text}");
        let reply = sender.says(&resident.open_id, &said).await.unwrap();
        let case = resident.case().await;
        assert!(reply.contains(&format!("#{}", case.id)), "{text}: {reply}");
        let kept = case.text.replace(['\u{200b}', '\u{feff}'], "");
        let meant = text.replace(['\u{200b}', '\u{feff}'], "");
        assert!(kept.contains(&meant), "{kept}");
    }
    // XML cannot carry these; a platform that sends them all the same is understood.
    let bell = text_xml(&resident.open_id, "报修 铃\u{7}声\u{0}不停\u{1b}[31m");
    let reply = sender.send(&bell).await.unwrap();
    let case = resident.case().await;
    assert!(reply.contains(&format!("#{}", case.id)), "{reply}");
    assert!(!case.text.chars().any(char::is_control), "{:?}", case.text);
}

#[tokio::test]
async fn five_thousand_characters_are_filed_whole() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    let long = "楼道灯坏了很久没有人来修。".repeat(400);
    let long: String = long.chars().take(4_990).collect();
    let reply = app
        .sender(0)
        .says(&resident.open_id, &format!("报修 {long}"))
        .await
        .unwrap();
    let case = resident.case().await;
    assert!(reply.contains(&format!("#{}", case.id)), "{reply}");
    assert!(
        case.text.contains(&long),
        "{} characters",
        case.text.chars().count()
    );
}

#[tokio::test]
async fn unknown_kinds_are_acknowledged() {
    let app = TestApp::plan().empty().start().await;
    let sender = app.sender(0);
    let finish = "TEMPLATESENDJOBFINISH";
    let events: [&[(&str, &str)]; 4] = [
        &[("Event", "kf_create_session")],
        &[("Event", finish), ("MsgID", "1"), ("Status", "success")],
        &[("Event", finish), ("MsgID", "7"), ("Status", "")],
        &[("Event", "LOCATION"), ("Latitude", ""), ("Longitude", "")],
    ];
    for event in events {
        let reply = sender.send(&xml("o-1", "event", event)).await;
        assert_eq!(reply, None, "{event:?}");
    }
    // What a person sent on purpose may be answered, but is never an error.
    let id = next_id().to_string();
    let message = xml("o-1", "hologram", &[("MsgId", &id)]);
    let answer = sender.post(&sender.envelope(&message)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn the_same_message_three_times_at_once_is_one_case_and_one_answer() {
    let app = TestApp::with_instances(2).await;
    let resident = app.resident("张秀英").await;
    for round in 0..8 {
        let message = text_xml(&resident.open_id, &format!("报修 第{round}盏灯坏了"));
        let (first, second) = (app.sender(0), app.sender(1));
        let (a, b, c) = tokio::join!(
            first.send(&message),
            second.send(&message),
            first.send(&message)
        );
        assert!(a.is_some(), "no answer");
        assert_eq!((&a, &a), (&b, &c), "told apart");
        let again = second.send(&message).await;
        assert_eq!(a, again, "a later retry hears something else");
    }
    assert_eq!(resident.cases().await.len(), 8);
}

#[tokio::test]
async fn an_event_that_comes_again_has_one_effect() {
    let app = TestApp::plan().empty().instances(2).start().await;
    let message = xml(
        "o-new",
        "event",
        &[("Event", "subscribe"), ("EventKey", "")],
    );
    let (first, second) = (app.sender(0), app.sender(1));
    let (a, b) = tokio::join!(first.send(&message), second.send(&message));
    assert!(a.is_some(), "a new follower is welcomed");
    assert_eq!(a, b);
    assert_eq!(
        inbound::Entity::find()
            .count(app.store.read())
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn nobody_is_left_without_an_answer() {
    let app = TestApp::start().await;
    let unbound = app.newcomer("o-unbound").await;
    let resident = app.resident("张秀英").await;
    let steward = app.steward("1栋").await;
    let texts = [
        "报修",
        "投诉 ",
        "建议",
        "求助",
        "纠纷",
        "进度",
        "进度 999999999",
        "进度 电梯",
        "进度 -1",
        "进度 99999999999999999999999",
        "补充",
        "补充 1",
        "补充 999 还在响",
        "催办",
        "催办 0",
        "评价",
        "评价 1",
        "评价 1 9",
        "评价 1 好",
        "评价 1 0.5",
        "重开",
        "重开 7",
        "撤回",
        "撤回 x",
        "待办",
        "接单",
        "接单 8",
        "到场",
        "到场 8 8",
        "方案 8",
        "办结",
        "办结 8",
        "退单",
        "转派 8 无此人",
        "上报",
        "暂停 8",
        "恢复 8",
        "核验",
        "核验 1 也许",
        "绑定",
        "绑定 1",
        "绑定 99-9-999 某人 13800000000",
        "绑定 12345678",
        "解绑",
        "解绑 9-9-9",
        "我的",
        "我的管家",
        "帮助",
        "菜单",
        "?",
        "？",
        "。",
        "😀",
        "1",
        "0",
        "99",
        "人工",
        "今天天气不错",
        "#",
        "报修报修报修",
        "進度",
        "　",
        "评价\u{3000}１\u{3000}５",
    ];
    let (before, _) = (rows(&app.store).await[2], ());
    for person in [&unbound, &resident, &steward] {
        for text in texts {
            let reply = app.sender(0).says(&person.open_id, text).await;
            let reply =
                reply.unwrap_or_else(|| panic!("{}: silence after «{text}»", person.open_id));
            assert!(
                !reply.contains("系统出"),
                "{}: «{text}» gives «{reply}»",
                person.open_id
            );
            assert!(!reply.trim().is_empty(), "«{text}»");
        }
    }
    let filed = rows(&app.store).await[2] - before;
    assert!(filed <= 8, "{filed} cases came of commands without content");
}
