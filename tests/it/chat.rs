//! The chat face over WeChat's wire: menus, dialogs, what is not understood, what is sent twice, what
//! comes without words.

use std::sync::Arc;

use chrono::TimeDelta;
use entity::kinds::{Channel, PlaceKind};
use entity::{account, attachment, inbound, place, reminder};
use linli::base::clock::{Clock, ShiftedClock};
use linli::base::dice::Dice;
use linli::command::serve::{self, Running};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
};

use crate::harness::db::{TestDb, settings_from};
use crate::harness::wechat::{Sender, next_id, text_xml, xml};

/// Two instances on one database that has only the schema.
struct House {
    instances: Vec<Running>,
    senders: Vec<Sender>,
    clock: Arc<ShiftedClock>,
    _db: TestDb,
}

impl House {
    async fn start() -> Self {
        let db = TestDb::fresh().await;
        let mut variables = db.variables();
        let often = "LINLI__LIMITS__MESSAGES_PER_MINUTE";
        variables.push((often.to_owned(), "10000".to_owned()));
        let settings = settings_from(&variables);
        let clock = Arc::new(ShiftedClock::default());
        let mut house = Self {
            instances: Vec::new(),
            senders: Vec::new(),
            clock: clock.clone(),
            _db: db,
        };
        for seed in 0..2 {
            let dice = Arc::new(Dice::from_seed(seed));
            let running = serve::start(settings.clone(), clock.clone(), dice)
                .await
                .unwrap();
            let url = format!("http://{}", running.address);
            house.senders.push(Sender::new(&settings, &url));
            house.instances.push(running);
        }
        house
    }

    fn sender(&self) -> &Sender {
        &self.senders[0]
    }

    fn db(&self) -> &sea_orm::DatabaseConnection {
        self.instances[0].app.store.write()
    }

    /// Sends a message, stamped with the time of the house.
    async fn send(&self, message: &str) -> Option<String> {
        let at = self.clock.now().timestamp();
        let answer = self
            .sender()
            .post(&self.sender().envelope_at(message, at))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        self.sender().read(&answer.body)
    }

    /// The reply to a text of `o-1`.
    async fn says(&self, text: &str) -> String {
        let reply = self.send(&text_xml("o-1", text)).await;
        reply.unwrap_or_else(|| panic!("no answer to «{text}»"))
    }

    /// The reply to something else of `o-1`.
    async fn does(&self, kind: &str, fields: &[(&str, &str)]) -> Option<String> {
        let id = next_id().to_string();
        let mut fields = fields.to_vec();
        if kind != "event" {
            fields.push(("MsgId", &id));
        }
        self.send(&xml("o-1", kind, &fields)).await
    }

    async fn account(&self) -> account::Model {
        account::Entity::find()
            .filter(account::COLUMN.channel.eq(Channel::Official))
            .filter(account::COLUMN.external_id.eq("o-1"))
            .one(self.db())
            .await
            .unwrap()
            .unwrap()
    }

    async fn compound(&self, code: &str) -> i64 {
        let now = self.clock.now();
        let row = place::ActiveModel {
            code: Set(code.to_owned()),
            kind: Set(PlaceKind::Compound),
            name: Set("桂园小区".to_owned()),
            path: Set("/1/".to_owned()),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        };
        row.insert(self.db()).await.unwrap().id
    }

    async fn stop(self) {
        for running in self.instances {
            running.stop().await.unwrap();
        }
    }
}

#[tokio::test]
async fn every_odd_text_is_answered_kindly() {
    let house = House::start().await;
    let long = "楼道".repeat(2500);
    let longest = "灯".repeat(5000);
    for text in [
        "",
        " ",
        "😀😀",
        "。。。",
        "?",
        "？？",
        "0",
        "7",
        "99",
        "12345678",
        "幫助",
        "帮助 帮助",
        "菜单 99",
        "人工",
        "更多",
        "不提交",
        "停\u{7f}水了",
        "]]><MsgType>event</MsgType>",
        "<a href=\"http://x\">点我</a>",
        "'; DROP TABLE account; --",
        "%s%n{}\\u0000",
        "𠮷𠮷家漏水👨‍👩‍👧",
        "\u{202e}倒着写",
        &long,
        &longest,
    ] {
        let reply = house.says(text).await;
        let shown: String = text.chars().take(20).collect();
        assert!(!reply.is_empty() && reply.len() <= 2000, "{shown}: {reply}");
        assert!(!reply.contains("<a href"), "{shown}: {reply}");
        assert!(!reply.contains("系统出了点问题"), "{shown}: {reply}");
    }
    // Nothing of it broke the account: it is still one, and speaks.
    assert!(house.says("菜单").await.contains("请回复数字"));
    house.stop().await;
}

#[tokio::test]
async fn a_text_of_more_than_five_thousand_characters_says_that_it_was_cut() {
    let house = House::start().await;
    let reply = house.says(&"灯".repeat(5001)).await;
    assert!(reply.contains("只保留了前5000个字"), "{reply}");
    let reply = house.says(&"灯".repeat(5000)).await;
    assert!(!reply.contains("只保留了"), "{reply}");
    house.stop().await;
}

#[tokio::test]
async fn the_same_message_three_times_at_once_on_two_instances_is_one() {
    let house = House::start().await;
    // Three deliveries of each of several messages, on both instances, all at once.
    for round in 0..5 {
        let message = text_xml("o-1", &format!("第{round}次 电梯又停了"));
        let deliveries = [0, 1, 0].map(|instance| {
            let (sender, message) = (house.senders[instance].clone(), message.clone());
            tokio::spawn(async move { sender.send(&message).await })
        });
        let mut replies = Vec::new();
        for delivery in deliveries {
            replies.push(delivery.await.unwrap().expect("no reply"));
        }
        assert_eq!(replies[0], replies[1]);
        assert_eq!(replies[0], replies[2]);
        assert!(replies[0].contains("电梯又停了"), "{}", replies[0]);
    }
    let taken = inbound::Entity::find().count(house.db()).await.unwrap();
    assert_eq!(taken, 5);
    let accounts = account::Entity::find().count(house.db()).await.unwrap();
    assert_eq!(accounts, 1);
    house.stop().await;
}

#[tokio::test]
async fn the_same_digit_twice_does_not_pick_twice() {
    let house = House::start().await;
    house.says("菜单").await;
    let message = text_xml("o-1", "1");
    let first = house.sender().send(&message).await.unwrap();
    // The second delivery would mean something else by now: the first one's reply comes again.
    let second = house.senders[1].send(&message).await.unwrap();
    assert_eq!(first, second);
    house.stop().await;
}

#[tokio::test]
async fn what_is_not_understood_is_offered_to_be_filed_and_lapses() {
    let house = House::start().await;
    let reply = house.says("三棟的電梯又停了").await;
    assert!(reply.contains("没看懂“三棟的電梯又停了”"), "{reply}");
    let waiting = house.account().await.dialog.unwrap();
    assert_eq!(waiting["said"], "三棟的電梯又停了");
    // Ten minutes later digits mean nothing any more.
    house.clock.advance(TimeDelta::minutes(11));
    let reply = house.says("1").await;
    assert!(reply.contains("没有在等您选数字"), "{reply}");
    house.stop().await;
}

#[tokio::test]
async fn wrong_digits_are_asked_again_and_lead_to_the_menu() {
    let house = House::start().await;
    house.says("菜单").await;
    for _ in 0..2 {
        let reply = house.says("88").await;
        assert!(reply.contains("没有这个数字"), "{reply}");
    }
    let reply = house.says("88").await;
    assert!(reply.contains("从头来"), "{reply}");
    assert!(reply.contains("请回复数字"), "{reply}");
    house.stop().await;
}

#[tokio::test]
async fn a_newcomer_is_told_how_to_bind_and_a_scanned_compound_is_remembered() {
    let house = House::start().await;
    let id = house.compound("GY").await;
    let reply = house
        .does("event", &[("Event", "subscribe"), ("EventKey", "")])
        .await
        .unwrap();
    assert!(reply.contains("绑定 3-2-501"), "{reply}");
    let account = house.account().await;
    assert_eq!(account.compound_id, None);
    // A follow allows three messages within a minute.
    assert_eq!(account.window_left, 3);
    assert_eq!(
        account.window_until.unwrap(),
        account.last_inbound_at.unwrap() + TimeDelta::minutes(1)
    );
    let scan = [("Event", "SCAN"), ("EventKey", "GY")];
    let reply = house.does("event", &scan).await.unwrap();
    assert!(reply.contains("这里是桂园小区"), "{reply}");
    assert_eq!(house.account().await.compound_id, Some(id));
    for odd in ["../../etc", "'", "不存在", &"长".repeat(60)] {
        let scan = [("Event", "SCAN"), ("EventKey", odd)];
        assert!(house.does("event", &scan).await.is_some());
        assert_eq!(house.account().await.compound_id, Some(id));
    }
    // A text allows five within two days, and a later event does not take them away.
    house.says("你好").await;
    let account = house.account().await;
    assert_eq!(account.window_left, 5);
    house
        .does("event", &[("Event", "CLICK"), ("EventKey", "CMD:菜单")])
        .await
        .unwrap();
    assert_eq!(house.account().await.window_until, account.window_until);
    assert_eq!(house.account().await.window_left, 5);
    house.stop().await;
}

#[tokio::test]
async fn who_leaves_is_not_written_to_and_forgotten_dialogs_stay_so() {
    let house = House::start().await;
    house.says("楼道灯坏了").await;
    assert!(house.account().await.dialog.is_some());
    let reply = house
        .does("event", &[("Event", "unsubscribe"), ("EventKey", "")])
        .await;
    assert_eq!(reply, None);
    let account = house.account().await;
    assert!(!account.followed && account.dialog.is_none() && account.window_until.is_none());
    // The platform's own reports do not make a follower of anybody.
    let report = [
        ("Event", "TEMPLATESENDJOBFINISH"),
        ("MsgID", "77"),
        ("Status", "failed:user block"),
    ];
    house.does("event", &report).await;
    assert!(!house.account().await.followed);
    house.says("菜单").await;
    assert!(house.account().await.followed);
    house.stop().await;
}

#[tokio::test]
async fn a_photo_is_kept_at_once_and_waits_for_its_words() {
    let house = House::start().await;
    let photo = [("PicUrl", "http://x/1.jpg"), ("MediaId", "media-1")];
    let reply = house.does("image", &photo).await.unwrap();
    assert!(reply.contains("照片收到了"), "{reply}");
    let kept = attachment::Entity::find()
        .one(house.db())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (kept.kind.as_str(), kept.media_id.as_str()),
        ("image", "media-1")
    );
    assert_eq!(kept.subject, None);
    let fetch = reminder::Entity::find()
        .one(house.db())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(fetch.kind, "files.fetch");
    assert_eq!(fetch.payload["attachment_id"], kept.id);
    let waiting = house.account().await.dialog.unwrap();
    assert!(waiting["photos_until_ms"].as_i64().unwrap() > 0);
    // A voice that was understood is a text, one that was not is kept.
    let voice = [
        ("MediaId", "v1"),
        ("Format", "amr"),
        ("Recognition", "菜单"),
    ];
    let reply = house.does("voice", &voice).await.unwrap();
    assert!(reply.starts_with("听到：“菜单”\n"), "{reply}");
    let voice = [("MediaId", "v2"), ("Format", "amr"), ("Recognition", "")];
    let reply = house.does("voice", &voice).await.unwrap();
    assert!(reply.contains("没能听清"), "{reply}");
    let video = [("MediaId", "v3"), ("ThumbMediaId", "t")];
    assert!(
        house
            .does("video", &video)
            .await
            .unwrap()
            .contains("视频收到了")
    );
    assert_eq!(
        attachment::Entity::find().count(house.db()).await.unwrap(),
        3
    );
    house.stop().await;
}

#[tokio::test]
async fn a_place_waits_for_its_words() {
    let house = House::start().await;
    let spot = [
        ("Location_X", "37.45"),
        ("Location_Y", "116.36"),
        ("Scale", "16"),
        ("Label", "桂园小区北门"),
    ];
    let reply = house.does("location", &spot).await.unwrap();
    assert!(reply.contains("位置收到了：桂园小区北门"), "{reply}");
    let waiting = house.account().await.dialog.unwrap();
    assert_eq!(waiting["spot"]["latitude"], 37.45);
    let far = [("Location_X", "91"), ("Location_Y", "0"), ("Label", "")];
    assert!(
        house
            .does("location", &far)
            .await
            .unwrap()
            .contains("看不懂")
    );
    house.stop().await;
}

#[tokio::test]
async fn our_own_mistake_is_said_with_a_number_and_can_be_tried_again() {
    let house = House::start().await;
    house.says("菜单").await;
    house
        .db()
        .execute_unprepared("ALTER TABLE attachment RENAME TO lost")
        .await
        .unwrap();
    let photo = [("PicUrl", "http://x/1.jpg"), ("MediaId", "media-1")];
    let id = next_id().to_string();
    let mut fields = photo.to_vec();
    fields.push(("MsgId", &id));
    let message = xml("o-1", "image", &fields);
    let reply = house.sender().send(&message).await.unwrap();
    assert!(reply.contains("系统出了点问题（编号 "), "{reply}");
    // The repetition gets the same words, and nothing half-done stayed.
    assert_eq!(house.sender().send(&message).await.unwrap(), reply);
    assert_eq!(reminder::Entity::find().count(house.db()).await.unwrap(), 0);
    // The menu from before still stands, and the chat goes on.
    assert!(house.says("菜单").await.contains("请回复数字"));
    house.stop().await;
}
