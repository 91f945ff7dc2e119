//! Wishes of residents: the whole way in the chat, who races for them, what lapses, what is refused, what is for one
//! alone, how often in a day, who leaves meanwhile, and the other faces.

pub mod alone;
mod faces;
mod leaving;
mod limits;
mod race;
mod refused;
mod refused_api;
mod terms;

use entity::kinds::WishState::{self, Claimed, Fulfilled, Open, Raised, Thanked};
use entity::{attachment, audit, wish, wish_step};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};

use crate::harness::app::TestApp;
use crate::harness::people::Person;
use crate::harness::pictures::jpeg;

/// A wish by its number.
async fn wish(app: &TestApp, id: i64) -> wish::Model {
    let found = wish::Entity::find_by_id(id).one(app.store.read()).await;
    found.unwrap().expect("no such wish")
}

/// All of them, oldest first.
async fn wishes(app: &TestApp) -> Vec<wish::Model> {
    let all = wish::Entity::find().order_by_asc(wish::COLUMN.id);
    all.all(app.store.read()).await.unwrap()
}

/// What has happened to one: where it went, word by word.
async fn history(app: &TestApp, id: i64) -> Vec<String> {
    let steps = wish_step::Entity::find()
        .filter(wish_step::COLUMN.wish_id.eq(id))
        .order_by_asc(wish_step::COLUMN.id)
        .all(app.store.read())
        .await;
    steps.unwrap().into_iter().map(|step| step.action).collect()
}

/// Makes a wish in the chat; its number.
pub async fn raise(asker: &Person<'_>, text: &str) -> i64 {
    let reply = asker.says(&format!("许愿 {text}")).await;
    let number = regex::Regex::new(r"心愿 #(\d+) 已收到").unwrap();
    let found = number.captures(&reply);
    found.unwrap_or_else(|| panic!("{reply}"))[1]
        .parse()
        .unwrap()
}

/// Makes one that neighbours may claim.
pub async fn open(asker: &Person<'_>, checker: &Person<'_>, text: &str) -> i64 {
    let id = raise(asker, text).await;
    let reply = checker.says(&format!("通过心愿 {id}")).await;
    assert!(reply.contains("已通过"), "{reply}");
    id
}

const OWN_PHONE: &str = "13800000101";
const CLAIMERS_PHONE: &str = "13800000102";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_is_read_claimed_fulfilled_and_thanked_for_by_digits() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let asked = zhang.says("许愿").await;
    assert!(asked.contains("请写下您的心愿"), "{asked}");
    let raised = zhang.says("想要一副老花镜，张秀英，1-1-101").await;
    assert!(raised.contains("已收到"), "{raised}");
    let id = wishes(&app).await[0].id;
    assert_eq!(wish(&app, id).await.state, Raised);
    // Nobody else knows of it yet.
    let none = li.says("心愿").await;
    assert!(none.contains("没有待认领的心愿"), "{none}");
    steward.expects_push(&format!("通过心愿 {id}")).await;
    let list = steward.says("审核心愿").await;
    assert!(list.contains("1 #") && list.contains("老花镜"), "{list}");
    let one = steward.says("1").await;
    assert!(one.contains("1 通过心愿  2 驳回心愿"), "{one}");
    let passed = steward.says("1").await;
    assert!(passed.contains("已通过"), "{passed}");
    zhang.expects_push("可以认领了").await;

    let list = li.says("心愿").await;
    assert!(
        list.contains("老花镜") && list.contains("张**，1栋"),
        "{list}"
    );
    let one = li.says("1").await;
    assert!(one.contains("1 认领"), "{one}");
    let claimed = li.says("1").await;
    assert!(claimed.contains("是您的了"), "{claimed}");
    for reply in [&list, &one, &claimed] {
        for personal in ["张秀英", "1-1-101", OWN_PHONE] {
            assert!(!reply.contains(personal), "{personal}: {reply}");
        }
    }
    let contact = li.expects_push(OWN_PHONE).await;
    assert!(contact.contains("张秀英"), "{contact}");
    let told = zhang.expects_push(CLAIMERS_PHONE).await;
    assert!(told.contains("李建国"), "{told}");

    let menu = li.says("我的心愿").await;
    assert!(menu.contains("已认领"), "{menu}");
    let one = li.says("1").await;
    assert!(
        one.contains("1 完成  2 放弃  3 联系许愿人") && one.contains("到期"),
        "{one}"
    );
    let done = li.says(&format!("完成 {id} 配好送到家了")).await;
    assert!(done.contains("请再发一张照片"), "{done}");
    let photo = li.sends_photo(jpeg(6)).await;
    assert!(photo.contains(&format!("已加到心愿 #{id}")), "{photo}");
    let told = zhang.expects_push("实现了").await;
    assert!(told.contains(&format!("感谢 {id}")), "{told}");
    app.drain().await;
    let kept = attachment::Entity::find()
        .filter(attachment::COLUMN.subject.eq(format!("wish:{id}")))
        .all(app.store.read())
        .await
        .unwrap();
    assert_eq!(kept.len(), 1, "{kept:?}");

    let own = zhang.says(&format!("心愿 {id}")).await;
    assert!(
        own.contains("照片：http") && own.contains("1 感谢"),
        "{own}"
    );
    let thanked = zhang.says(&format!("感谢 {id} 眼睛亮了")).await;
    assert!(thanked.contains("已转告"), "{thanked}");
    li.expects_push("眼睛亮了").await;
    let row = wish(&app, id).await;
    assert_eq!((row.state, row.version), (Thanked, 4));
    assert_eq!(
        history(&app, id).await,
        [
            "raised",
            "opened",
            "claimed",
            "fulfilled",
            "photo",
            "thanked"
        ]
    );
    let trail = audit::Entity::find()
        .filter(audit::COLUMN.subject.eq(format!("wish:{id}")))
        .order_by_asc(audit::COLUMN.id)
        .all(app.store.read())
        .await
        .unwrap();
    let trail: Vec<&str> = trail.iter().map(|row| row.action.as_str()).collect();
    assert_eq!(
        trail,
        [
            "wish.raise",
            "wish.pass",
            "wish.claim",
            "wish.fulfil",
            "wish.photo",
            "wish.thank"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_given_back_taken_back_or_taken_away_is_told_to_whom_it_concerns() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let id = open(&zhang, &steward, "想要一把小板凳").await;
    li.says(&format!("认领 {id}")).await;
    let back = li.says(&format!("放弃 {id}")).await;
    assert!(back.contains("已放回"), "{back}");
    zhang.expects_push("重新开放").await;
    let row = wish(&app, id).await;
    assert_eq!((row.state, row.claimer_id, row.due_at), (Open, None, None));
    // Whoever gave it back has no part in it any more, and may claim it again.
    let not_theirs = li.says(&format!("完成 {id}")).await;
    assert!(not_theirs.contains("不在您名下"), "{not_theirs}");
    li.says(&format!("认领 {id}")).await;
    assert_eq!(wish(&app, id).await.state, Claimed);
    let taken = zhang.says(&format!("撤回心愿 {id}")).await;
    assert!(taken.contains("已撤回"), "{taken}");
    li.expects_push("已撤回").await;
    let gone = li.says(&format!("心愿 {id}")).await;
    assert!(gone.contains("没有找到"), "{gone}");

    let other = open(&zhang, &steward, "想学用手机挂号").await;
    li.says(&format!("认领 {other}")).await;
    let why = steward.says(&format!("下架心愿 {other}")).await;
    assert!(why.contains("请写明原因"), "{why}");
    steward.says("社区已经开班").await;
    assert_eq!(wish(&app, other).await.state, WishState::Removed);
    for person in [&zhang, &li] {
        person.expects_push("社区已经开班").await;
    }

    let refused = raise(&zhang, "想要一千块钱").await;
    steward
        .says(&format!("驳回心愿 {refused} 请申请社区救助"))
        .await;
    zhang.expects_push("请申请社区救助").await;
    assert_eq!(wish(&app, refused).await.state, WishState::Refused);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_photo_may_come_first_and_a_new_complaint_is_never_swallowed() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let id = open(&zhang, &steward, "想要一盆绿萝").await;
    li.says(&format!("认领 {id}")).await;
    li.sends_photo(jpeg(6)).await;
    let done = li.says(&format!("完成 {id}")).await;
    assert!(done.contains("照片也会发给对方"), "{done}");
    assert_eq!(wish(&app, id).await.state, Fulfilled);

    let second = open(&zhang, &steward, "想换一个门铃").await;
    li.says(&format!("认领 {second}")).await;
    li.says(&format!("完成 {second}")).await;
    // While the photo is asked for, a complaint is a complaint.
    let filed = li.says("报修 楼道灯坏了").await;
    assert!(filed.contains("诉求 #"), "{filed}");
    // A sentence that only begins like a command is offered to be filed, not lost.
    for words in ["感谢物业把路修好了", "完成不了作业太吵了", "认领的快递丢了"]
    {
        let offered = li.says(words).await;
        assert!(
            offered.contains("要把") && offered.contains("2 投诉"),
            "{words}: {offered}"
        );
    }
    let filed = li.says("2").await;
    assert!(filed.contains("诉求 #"), "{filed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_only_one_that_waits_for_thanks_needs_no_number_and_of_two_one_is_asked_for() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let nobody = zhang.says("感谢").await;
    assert!(nobody.contains("没有刚实现的心愿"), "{nobody}");
    let mut ids = Vec::new();
    for text in ["想要一副老花镜", "想换一个门铃", "想要一盆绿萝"] {
        let id = open(&zhang, &steward, text).await;
        li.says(&format!("认领 {id}")).await;
        ids.push(id);
    }
    for id in &ids[..2] {
        li.says(&format!("完成 {id} 好了")).await;
        li.says("0").await;
    }
    // Two wait, and one is only claimed.
    let asked = zhang.says("感谢").await;
    assert!(
        asked.contains("要感谢哪个心愿") && !asked.contains("绿萝"),
        "{asked}"
    );
    let thanked = zhang.says("1").await;
    assert!(thanked.contains("已转告"), "{thanked}");
    let states = async || {
        (
            wish(&app, ids[0]).await.state,
            wish(&app, ids[1]).await.state,
        )
    };
    let (one, other) = states().await;
    assert_ne!(one, other, "one of the two");
    // Words without a number may be about something else.
    let offered = zhang.says("感谢物业把路修好了").await;
    assert!(offered.contains("要把"), "{offered}");
    zhang.says("0").await;
    assert_eq!(states().await, (one, other));
    let thanked = zhang.says("感谢").await;
    let left = if one == Fulfilled { ids[0] } else { ids[1] };
    assert!(
        thanked.contains(&format!("心愿 #{left} 的感谢已转告")),
        "{thanked}"
    );
    assert_eq!(states().await, (Thanked, Thanked));
    li.expects_push("收到感谢").await;
    let over = zhang.says("感谢").await;
    assert!(over.contains("没有刚实现的心愿"), "{over}");
}

/// The digit in front of a line that says this.
fn digit_of(list: &str, says: &str) -> String {
    let mut lines = list.lines().filter_map(|line| line.split_once(' '));
    let found = lines.find(|(_, line)| *line == says);
    found
        .unwrap_or_else(|| panic!("{says}: {list}"))
        .0
        .to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_else_waits_stands_behind_the_cases_of_whoever_may_decide_it() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let elsewhere = app.steward("2栋").await;
    let zhang = app.resident("张秀英").await;
    let idle = steward.says("待办").await;
    assert!(idle.contains("没有要您办的诉求，辛苦了"), "{idle}");
    raise(&zhang, "想要一副老花镜").await;
    raise(&zhang, "想学用手机").await;
    // What is checked by the platform first is through.
    app.drain().await;
    let tasks = steward.says("待办").await;
    assert!(tasks.contains("没有要您办的诉求。"), "{tasks}");
    assert!(
        !tasks.contains("辛苦了") && !tasks.contains("（0）"),
        "{tasks}"
    );
    let list = steward.says(&digit_of(&tasks, "审核心愿（2）")).await;
    assert!(
        list.contains("待审核的心愿") && list.contains("老花镜"),
        "{list}"
    );
    // Who checks another building's has nothing to do.
    let none = elsewhere.says("待办").await;
    assert!(
        none.contains("辛苦了") && !none.contains("审核心愿"),
        "{none}"
    );
    // Behind a case the digits go on.
    zhang.says("报修 楼道灯坏了").await;
    let tasks = steward.says("待办").await;
    assert!(tasks.contains("\n1 #"), "{tasks}");
    let digit = digit_of(&tasks, "审核心愿（2）");
    assert_ne!(digit, "1", "{tasks}");
    let list = steward.says(&digit).await;
    assert!(list.contains("待审核的心愿"), "{list}");
}
