//! Volunteers: registering and reporting, a task from taking it to hours that count, what may not be, tasks that follow
//! their activity, and the other faces.

mod faces;
mod gone;
mod hours;

use chrono::TimeDelta;
use entity::life::{ServiceState, VolunteerState};
use entity::{volunteer, volunteer_service, volunteer_task};
use linli::base::clock::{Moment, china};
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::activity::{activity, body, open, starts};
use crate::harness::app::TestApp;
use crate::harness::people::Person;

/// What the API takes: a task in 桂园.
fn task_body(from: Moment, until: Moment, wanted: i32) -> Value {
    json!({
        "place": "GY", "title": "楼道大扫除", "venue": "1栋门口", "wanted": wanted,
        "starts_at": china(from).to_rfc3339(), "ends_at": china(until).to_rfc3339(),
    })
}

/// Makes a task that begins in half an hour and takes two; its number.
pub async fn post(leader: &Person<'_>, wanted: i32) -> i64 {
    let app = leader.app;
    let api = app.api(leader).await;
    let from = app.now() + TimeDelta::minutes(30);
    let made = api
        .post(
            "/volunteer-tasks",
            &task_body(from, from + TimeDelta::hours(2), wanted),
        )
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    made.json["id"].as_str().unwrap().parse().unwrap()
}

/// Somebody's part in a task.
async fn part(person: &Person<'_>, task: i64) -> volunteer_service::Model {
    let who = person.account().await.person_id.unwrap();
    let found = volunteer_service::Entity::find()
        .filter(volunteer_service::COLUMN.task_id.eq(task))
        .filter(volunteer_service::COLUMN.person_id.eq(who))
        .one(person.app.store.read())
        .await;
    found.unwrap().expect("no part in it")
}

pub async fn task(app: &TestApp, id: i64) -> volunteer_task::Model {
    let found = volunteer_task::Entity::find_by_id(id)
        .one(app.store.read())
        .await;
    found.unwrap().expect("no such task")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_volunteer_registers_takes_a_task_and_gets_the_hours_by_digits() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    let day = china(app.now() + TimeDelta::days(1))
        .format("%-m月%-d日")
        .to_string();
    let how = chair.says("发起志愿").await;
    assert!(how.contains("四行"), "{how}");
    let made = chair
        .says(&format!("楼道大扫除\n{day} 9:00-11:00\n1栋门口\n要2人"))
        .await;
    assert!(
        made.contains("志愿任务预览") && made.contains("要2人"),
        "{made}"
    );
    let none = zhang.says("志愿服务").await;
    assert!(none.contains("现在没有要人的志愿任务"), "{none}");
    let out = chair.says("1").await;
    assert!(
        out.contains("发出来了") && out.contains("2 写错了，撤回"),
        "{out}"
    );
    // The same digit once more does not call it off.
    let seen = chair.says("1").await;
    assert!(
        seen.contains("进行中") && !seen.contains("已取消"),
        "{seen}"
    );
    let id = volunteer_task::Entity::find()
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap()
        .id;
    let list = zhang.says("志愿服务").await;
    assert!(list.contains("还要2人"), "{list}");
    let one = zhang.says("1").await;
    assert!(one.contains("1 领任务"), "{one}");
    let first = zhang.says("1").await;
    assert!(first.contains("志愿报名"), "{first}");
    let registered = zhang.says("志愿报名").await;
    assert!(registered.contains("您已成为小区志愿者"), "{registered}");
    let taken = zhang.says(&format!("领任务 {id}")).await;
    assert!(taken.contains("是您的了"), "{taken}");
    let twice = zhang.says(&format!("领任务 {id}")).await;
    assert!(twice.contains("您已经领了"), "{twice}");
    let row = task(&app, id).await;
    let early = zhang.says(&format!("开始服务 {id}")).await;
    assert!(early.contains("前后1小时内才能打卡"), "{early}");
    app.advance((row.starts_at - app.now()).num_minutes() - 20)
        .await;
    let evening = zhang
        .pushes()
        .iter()
        .filter(|text| text.contains("明天开始"))
        .count();
    assert!(
        evening <= 1,
        "once at most: the evening may be over when the test begins"
    );
    let begun = zhang.says(&format!("开始服务 {id}")).await;
    assert!(begun.contains("开始计时"), "{begun}");
    let at_once = zhang.says("2").await;
    assert!(at_once.contains("刚刚开始"), "{at_once}");
    app.advance(125).await;
    let ended = zhang.says(&format!("结束服务 {id}")).await;
    assert!(ended.contains("2小时5分"), "{ended}");
    let none = zhang.says("我的志愿").await;
    assert!(none.contains("服务了0次"), "{none}");
    chair.says("菜单").await;
    chair.expects_push("等您确认时长").await;
    // One that begins soon promises no evening that is over; called off it is not asked about.
    let soon = post(&chair, 1).await;
    let taken = zhang.says(&format!("领任务 {soon}")).await;
    assert!(
        taken.contains("是您的了") && !taken.contains("傍晚"),
        "{taken}"
    );
    chair.says(&format!("取消志愿 {soon} 下雨了")).await;
    let list = chair.says("确认工时").await;
    assert!(
        list.contains(&format!("1 #{id} 楼道大扫除：张秀英 2小时5分")),
        "{list}"
    );
    assert!(!list.contains(&format!("#{soon} ")), "{list}");
    let confirmed = chair.says("1").await;
    assert!(
        confirmed.contains("1人时长已确认：张秀英 2小时5分"),
        "{confirmed}"
    );
    let none = chair.says("确认工时").await;
    assert!(none.contains("现在没有等您确认的时长"), "{none}");
    zhang.expects_push("2小时5分，已经确认").await;
    let mine = zhang.says("我的志愿").await;
    assert!(mine.contains("服务了1次，共2小时5分"), "{mine}");
    let row = part(&zhang, id).await;
    assert_eq!(
        (row.state, row.minutes),
        (ServiceState::Confirmed, Some(125))
    );
    // The sheet behind the link of a day.
    let address = regex::Regex::new(r"https?://\S+/volunteer/\S+").unwrap();
    let address = address.find(&mine).expect("no link").as_str().to_owned();
    let path = address.split("/volunteer/").nth(1).unwrap().to_owned();
    let sheet = async |path: String| app.page(&format!("/volunteer/{path}")).await;
    let (status, page) = sheet(path.clone()).await;
    assert!(
        status == 200 && page.contains("张秀英") && page.contains("楼道大扫除"),
        "{page}"
    );
    let mut forged = path.clone();
    forged.replace_range(0..1, "9");
    assert_eq!(sheet(forged).await.0, 404);
    app.advance(25 * 60).await;
    assert_eq!(sheet(path).await.0, 404, "its day is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_report_where_they_live_and_whoever_is_none_is_told_so() {
    let app = TestApp::start().await;
    // 李建国 is a member by the roster, 张秀英 is not.
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let refused = zhang.says("双报到 市一中").await;
    assert!(refused.contains("还没有您的党员登记"), "{refused}");
    zhang.says("0").await;
    let number = li.says("双报到 找13800000102").await;
    assert!(number.contains("长号码"), "{number}");
    li.says("0").await;
    let reported = li.says("双报到 市一中").await;
    assert!(
        reported.contains("已在居住的小区报到") && reported.contains("市一中"),
        "{reported}"
    );
    let again = li.says("双报到").await;
    assert!(again.contains("资料已更新"), "{again}");
    let rows = volunteer::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].party, rows[0].unit.as_deref()),
        (true, Some("市一中"))
    );
    let api = app.api(&li).await;
    let own = api.get("/volunteer").await;
    assert_eq!(own.json["items"][0]["unit"], "市一中");
    let elsewhere = api
        .post("/volunteer", &json!({ "party": true, "compound": "LY" }))
        .await;
    assert_eq!(elsewhere.status, 404, "{elsewhere:?}");
    let left = li.says("退出志愿者").await;
    assert!(left.contains("已退出志愿者"), "{left}");
    let none = li.says("退出志愿者").await;
    assert!(none.contains("您还不是志愿者"), "{none}");
    let rows = volunteer::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    assert_eq!(rows[0].state, VolunteerState::Left);
    // Staff without a home serves here and may be a volunteer; they cannot report.
    let sun = app.staff("孙梅").await;
    let home = sun.says("双报到").await;
    assert!(home.contains("请先绑定房号"), "{home}");
    assert!(sun.says("志愿报名").await.contains("您已成为小区志愿者"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_at_an_activity_follows_it_and_is_called_off_with_it() {
    let app = TestApp::start().await;
    let chair = app.staff("卫东").await;
    let zhang = app.resident("张秀英").await;
    zhang.says("志愿报名").await;
    let id = open(&chair, None).await;
    let api = app.api(&chair).await;
    let new = json!({ "activity_id": id.to_string(), "title": "引导座位", "wanted": 1 });
    let made = api.post("/volunteer-tasks", &new).await;
    assert_eq!(made.status, 201, "{made:?}");
    let number: i64 = made.json["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        task(&app, number).await.starts_at,
        activity(&app, id).await.starts_at
    );
    zhang.says(&format!("领任务 {number}")).await;
    let later = starts(&app) + TimeDelta::days(1);
    let changed = api
        .post(&format!("/activities/{id}/change"), &body(later, None))
        .await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let told = zhang.expects_push("有变动").await;
    assert!(told.contains("已领") && told.contains("中心花园"), "{told}");
    assert_eq!(task(&app, number).await.starts_at, later);
    chair.says(&format!("取消活动 {id} 下雨了")).await;
    let told = zhang.expects_push("取消了").await;
    assert!(told.contains("下雨了"), "{told}");
    let late = zhang.says(&format!("开始服务 {number}")).await;
    assert!(late.contains("已取消"), "{late}");
    let over = api.post("/volunteer-tasks", &new).await;
    assert_eq!(over.status, 409, "{over:?}");
}
