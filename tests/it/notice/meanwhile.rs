//! What happens while a notice is on its way: the same message three times on two instances, people who
//! leave, a recall in the middle, a quota that is used up, a group robot whose key is wrong.

use chrono::TimeDelta;
use entity::kinds::{BindingState, NoticeState, ReminderState};
use entity::{binding, reminder, residency};
use linli::base::clock::{Clock, ShiftedClock, china};
use linli::sandbox::platform::Standing;
use linli::sandbox::{Api, Fault, Say};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{TEXT, all, confirmed, last, link_in, published, recipient, recipients, reminders_of};
use crate::harness::app::{Plan, TestApp};
use crate::harness::wechat::text_xml;

/// It is night around the time at which the test runs: what is not urgent waits.
pub(super) fn at_night() -> Plan {
    let now = china(ShiftedClock::default().now());
    let hour = TimeDelta::hours(1);
    let at = |moment: chrono::DateTime<chrono::FixedOffset>| moment.format("%H:%M").to_string();
    TestApp::plan()
        .set("REMINDER__QUIET_FROM", &at(now - hour))
        .set("REMINDER__QUIET_TO", &at(now + hour))
}

#[tokio::test]
async fn a_message_that_comes_three_times_on_two_instances_is_one_notice() {
    let app = TestApp::with_instances(2).await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    for text in [TEXT, "1"] {
        let message = text_xml(&chair.open_id, text);
        let senders = [app.sender(0), app.sender(1), app.sender(0)];
        let message = &message;
        let posts = senders.iter().map(|sender| async move {
            let answer = sender.try_post(&sender.envelope(message)).await;
            answer.map(|answer| answer.status).unwrap_or_default()
        });
        let codes = futures_util::future::join_all(posts).await;
        assert!(codes.contains(&200), "{codes:?}");
    }
    assert_eq!(all(&app).await.len(), 1);
    app.advance(1).await;
    let row = last(&app).await;
    assert_eq!(row.state, NoticeState::Sent);
    assert_eq!(recipients(&app, row.id).await.len(), 6);
    zhang.expects_push("周六停水").await;
    assert_eq!(zhang.told("周六停水"), 1);
}

#[tokio::test]
async fn whoever_leaves_meanwhile_gets_nothing() {
    let app = at_night().start().await;
    let (zhang, liu) = (app.resident("张秀英").await, app.resident("刘洋").await);
    let (li, chair) = (app.resident("李建国").await, app.staff("卫东").await);
    let id = confirmed(&chair, TEXT).await;
    // Before it goes out: not even a recipient.
    move_out(&app, "李建国").await;
    app.advance(1).await;
    assert_eq!(recipients(&app, id).await.len(), 5);
    assert!(recipient(&app, id, "李建国").await.is_none());
    assert_eq!(
        zhang.told("周六停水") + liu.told("周六停水"),
        0,
        "in the night"
    );
    // After it was written down and before it is told.
    move_out(&app, "张秀英").await;
    app.advance(61).await;
    liu.expects_push("周六停水").await;
    app.drain().await;
    assert_eq!((zhang.told("周六停水"), li.told("周六停水")), (0, 0));
}

/// What has become of the message to each of these people.
async fn ends(app: &TestApp, id: i64, people: &[i64]) -> Vec<ReminderState> {
    let rows = reminder::Entity::find()
        .filter(reminder::COLUMN.subject.eq(format!("notice:{id}")))
        .filter(reminder::COLUMN.kind.eq("notice.new"))
        .all(app.store.read())
        .await
        .unwrap();
    let of = |person: &i64| rows.iter().find(|row| row.recipient_id == Some(*person));
    let all = people.iter().map(of);
    all.map(|row| row.expect("no message").state).collect()
}

#[tokio::test]
async fn whoever_goes_by_themselves_while_it_waits_for_the_morning_is_not_told() {
    let app = at_night().notices_by_template().start().await;
    let (zhang, liu) = (app.resident("张秀英").await, app.resident("刘洋").await);
    let (li, wang) = (app.resident("李建国").await, app.resident("王芳").await);
    let (chen, chair) = (app.resident("陈伟").await, app.staff("卫东").await);
    let everybody = [&zhang, &liu, &li, &chen, &wang];
    let mut people = Vec::new();
    for person in everybody {
        people.push(person.account().await.person_id.unwrap());
    }
    let id = confirmed(&chair, TEXT).await;
    app.advance(1).await;
    let waits = vec![ReminderState::Pending; 5];
    assert_eq!(ends(&app, id, &people).await, waits);
    zhang.says("注销").await;
    let erased = zhang.says("注销 确认").await;
    assert!(erased.contains("已注销"), "{erased}");
    let untied = liu.says("解绑 2-1-102").await;
    assert!(untied.contains("已解绑"), "{untied}");
    li.does(&Say::event("unsubscribe", "")).await;
    // Of this one only the platform knows that they have left.
    app.platform.set_standing(&chen.open_id, Standing::Left);
    app.advance(61).await;
    wang.expects_push("周六停水").await;
    app.drain().await;
    let told = everybody.map(|person| person.told("周六停水"));
    assert_eq!(told, [0, 0, 0, 0, 1]);
    let wanted = vec![
        ReminderState::Cancelled,
        ReminderState::Failed,
        ReminderState::Failed,
        ReminderState::Failed,
        ReminderState::Sent,
    ];
    assert_eq!(ends(&app, id, &people).await, wanted);
    assert!(!chen.account().await.followed);
    // Whoever comes back is not told behind time, and may read it.
    li.does(&Say::event("subscribe", "")).await;
    app.advance(5).await;
    assert_eq!(li.told("周六停水"), 0);
    let read = li.says(&format!("公告 {id}")).await;
    assert!(read.contains("检修水箱"), "{read}");
}

async fn move_out(app: &TestApp, name: &str) {
    let who = app.person(name).await;
    residency::Entity::update_many()
        .set(residency::ActiveModel {
            ended_at: Set(Some(app.now())),
            ..Default::default()
        })
        .filter(residency::COLUMN.person_id.eq(who.id))
        .exec(app.store.write())
        .await
        .unwrap();
    binding::Entity::update_many()
        .set(binding::ActiveModel {
            state: Set(BindingState::Released),
            ..Default::default()
        })
        .filter(binding::COLUMN.person_id.eq(who.id))
        .exec(app.store.write())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_recall_in_the_middle_stops_the_rest() {
    let app = at_night().start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    let id = confirmed(&chair, TEXT).await;
    app.advance(1).await;
    assert_eq!(reminders_of(&app, id).await, 1);
    let far = chair.says(&format!("广播进度 {id}")).await;
    assert!(far.contains("已发出0，等待1"), "{far}");
    let shown = zhang.says(&format!("公告 {id}")).await;
    let path = link_in(&shown);
    chair.says(&format!("撤回公告 {id}")).await;
    app.advance(120).await;
    assert_eq!(zhang.told("周六停水"), 0);
    let (status, html) = app.page(&path).await;
    assert!(status == 200 && html.contains("已于"), "{html}");
    // Nothing that is taken back wakes up again.
    let open = reminder::Entity::find()
        .filter(reminder::COLUMN.subject.eq(format!("notice:{id}")))
        .filter(reminder::COLUMN.state.eq(ReminderState::Pending))
        .all(app.store.read())
        .await;
    assert!(open.unwrap().is_empty());
}

#[tokio::test]
async fn urgent_ones_go_out_at_night_and_reach_who_wants_no_news() {
    let app = at_night().start().await;
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    for number in 1..=4 {
        zhang.says(&format!("退订 {number}")).await;
    }
    published(&chair, "紧急发布 煤气泄漏\n请马上到楼下集合。").await;
    zhang.expects_push("煤气泄漏").await;
}

#[tokio::test]
async fn a_quota_used_up_half_way_delays_and_doubles_nobody() {
    let mut app = TestApp::plan().notices_by_template().start().await;
    app.allow_errors();
    // The platform's day ends at China's midnight, and news keeps a day: it is noon.
    let minute = i64::from(minute_of_day(&app));
    app.advance((36 * 60 - minute) % (24 * 60)).await;
    let mut people = Vec::new();
    for name in ["张秀英", "刘洋", "李建国", "王芳"] {
        people.push(app.resident(name).await);
    }
    let chair = app.staff("卫东").await;
    app.drain().await;
    // Two more messages are left of the day, and none by the other way.
    let used_up = Fault::new(Api::Template, "45009", None).after(2);
    assert!(app.platform.set_fault(used_up));
    let other = Fault::new(Api::Custom, "45009", None);
    assert!(app.platform.set_fault(other));
    let id = confirmed(&chair, TEXT).await;
    app.advance(1).await;
    let told = || people.iter().filter(|who| who.told("周六停水") == 1);
    let half = told().count();
    assert!((1..people.len()).contains(&half), "{half} were told");
    // Nobody else is told before midnight, and the platform is not asked in vain.
    let asked = app.platform.calls(Api::Template);
    app.advance(11 * 60).await;
    let so_far = (told().count(), app.platform.calls(Api::Template));
    assert_eq!(so_far, (half, asked));
    // The quota is new; what waits is told a little later.
    app.platform.clear_faults();
    app.advance(90).await;
    for person in &people {
        assert_eq!(person.told("周六停水"), 1, "{}", person.open_id);
    }
    assert_eq!(reminders_of(&app, id).await, 4);
}

fn minute_of_day(app: &TestApp) -> u32 {
    use chrono::Timelike;
    let now = china(app.now());
    now.hour() * 60 + now.minute()
}

#[tokio::test]
async fn a_group_whose_key_is_wrong_holds_up_nobody() {
    let mut app = TestApp::start().await;
    app.allow_errors();
    let (zhang, chair) = (app.resident("张秀英").await, app.staff("卫东").await);
    app.platform
        .set_fault(Fault::new(Api::Webhook, "93000", None));
    let id = published(&chair, TEXT).await;
    zhang.expects_push("周六停水").await;
    let told = reminder::Entity::find()
        .filter(reminder::COLUMN.kind.eq("notice.group"))
        .filter(reminder::COLUMN.subject.eq(format!("notice:{id}")))
        .one(app.store.read())
        .await
        .unwrap()
        .expect("the group was not to be told");
    assert!(told.last_error.is_some_and(|error| error.contains("93000")));
}

#[tokio::test]
async fn the_group_reads_what_is_for_everybody_without_what_is_personal() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    published(
        &chair,
        "发布 找失主\n请张秀英打13800000101，1-1-101门口捡到钥匙。",
    )
    .await;
    let room = format!("group:{}", crate::robot::GROUP);
    let told: Vec<String> = app
        .platform
        .conversation(&room)
        .into_iter()
        .filter(|entry| entry.by.as_deref() == Some("群机器人"))
        .map(|entry| entry.text)
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("找失主") && told[0].contains("/notice/"),
        "{told:?}"
    );
    for secret in ["张秀英", "13800000101", "1-1-101"] {
        assert!(!told[0].contains(secret), "{told:?}");
    }
    // What is for one building is not the group's.
    app.advance(61).await;
    chair.says(TEXT).await;
    let id = last(&app).await.id;
    chair.says(&format!("公告范围 {id} 1栋")).await;
    chair.says("1").await;
    app.advance(1).await;
    assert_eq!(app.platform.conversation(&room).len(), 1);
}
