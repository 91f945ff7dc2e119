//! Posts: who holds what, what is vacant, giving and ending; what lies with whoever loses one.

use chrono::TimeDelta;
use entity::kinds::{CaseState, RoleKind};
use entity::{case_event, role};
use futures_util::future::join;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use super::{Desk, administrator, on_record};
use crate::harness::app::TestApp;
use crate::harness::browser::Page;

async fn posts_of(app: &TestApp, person_id: i64) -> Vec<role::Model> {
    role::Entity::find()
        .filter(role::COLUMN.person_id.eq(person_id))
        .order_by_asc(role::COLUMN.id)
        .all(app.store.read())
        .await
        .unwrap()
}

fn day(app: &TestApp, days: i64) -> String {
    let moment = app.now() + TimeDelta::hours(8) + TimeDelta::days(days);
    moment.format("%Y-%m-%d").to_string()
}

impl Desk<'_> {
    async fn appoint(&mut self, fields: &[(&str, &str)]) -> Page {
        self.send("/console/roles/new", "/console/roles/new", fields)
            .await
    }

    async fn dismiss(&mut self, id: i64, reason: &str) -> Page {
        let to = format!("/console/roles/{id}/end");
        self.send("/console/account", &to, &[("reason", reason)])
            .await
    }
}

#[tokio::test]
async fn posts_vacancies_and_ends_are_listed() {
    let app = TestApp::start().await;
    let compound = app.place("GY").await;
    let path = format!("/console/roles?place={}", compound.id);
    let mut chair = Desk::of(&app, "卫东").await;
    let page = chair.open("/console/roles").await;
    page.is(200)
        .says("孙梅")
        .says("业委会主任")
        .says("该有的岗位都有人");
    assert!(!page.body.contains("去任命") && !page.body.contains("三十天内到期"));
    let sun = app.person("孙梅").await;
    let mut post = posts_of(&app, sun.id).await.remove(0).into_active_model();
    post.to_at = Set(Some(app.now() + TimeDelta::days(10)));
    let post = post.update(app.store.write()).await.unwrap();
    chair
        .open(&path)
        .await
        .says("三十天内到期")
        .says("到期</span>");
    let mut post = post.into_active_model();
    post.to_at = Set(Some(app.now() - TimeDelta::days(1)));
    post.update(app.store.write()).await.unwrap();
    let page = chair.open(&path).await;
    page.says("空缺</span> 桂园小区 1栋 楼栋长");
    assert!(!page.body.contains("孙梅"));
    // The administrator is led to the form, with post and place filled in.
    let mut admin = administrator(&app, "刘洋", Some("GY")).await;
    let page = admin.open(&path).await;
    let to = regex::Regex::new("href=\"(/console/roles/new\\?role=[^\"]+)\"").unwrap();
    let to = to.captures(&page.body).unwrap()[1].replace("&amp;", "&");
    let form = admin.open(&to).await;
    form.is(200)
        .says("<option value=\"steward\" selected>")
        .says("value=\"GY/1\"");
    // Above the compounds each compound says how many posts are vacant.
    let mut secretary = Desk::of(&app, "郑洪").await;
    secretary
        .open("/console/roles")
        .await
        .is(200)
        .says("桂园小区</a> <span class=\"state waits\">空缺1个")
        .says("社区书记");
    // Another compound is not there.
    let mut next_door = Desk::of(&app, "杨光").await;
    next_door.open(&path).await.is(404);
}

#[tokio::test]
async fn a_post_is_given_for_a_term_and_what_is_wrong_stands_beside_its_field() {
    let app = TestApp::start().await;
    let mut admin = administrator(&app, "刘洋", Some("GY")).await;
    let wang = app.person("王芳").await;
    let (first, last) = (day(&app, 0), day(&app, 20));
    let good = [
        ("name", "王芳"),
        ("role", "steward"),
        ("place", "GY/2"),
        ("from", first.as_str()),
        ("to", last.as_str()),
        ("organisation", ""),
    ];
    for (field, value, wrong, words) in [
        ("name", "", "name-wrong", "请写姓名"),
        ("name", "诸葛<b>亮", "name-wrong", "没有找到这个人"),
        ("name", "韩梅", "name-wrong", "没有找到这个人"),
        ("role", "king", "role-wrong", "请选择岗位"),
        ("place", "", "place-wrong", "请写地点"),
        ("place", "LY/9", "place-wrong", "没有找到这个地点"),
        ("place", "HC-XL-CD-GY", "place-wrong", "没有找到这个地点"),
        ("from", "gestern", "from-wrong", "2026-11-21"),
        ("to", "2020-01-01", "to-wrong", "任期"),
        ("organisation", "XX", "organisation-wrong", "没有编号"),
    ] {
        let fields = good.map(|(name, old)| (name, if name == field { value } else { old }));
        let page = admin.appoint(&fields).await;
        page.is(422).says(&format!("id=\"{wrong}\"")).says(words);
        assert!(!page.body.contains("诸葛<b>"));
    }
    // Everywhere is not a compound's to give.
    let everywhere = good.map(|(name, old)| match name {
        "role" => (name, "administrator"),
        "place" => (name, "*"),
        _ => (name, old),
    });
    admin.appoint(&everywhere).await.is(403);
    assert!(posts_of(&app, wang.id).await.is_empty());
    // Twice at once is one post.
    let csrf = admin.open("/console/roles/new").await.hidden("csrf");
    let mut twin = Desk::stranger(&app);
    twin.sign_in("liu", super::PASSWORD).await.is(303);
    let mark = twin.open("/console/roles/new").await.hidden("csrf");
    let (one, two) = join(
        admin.send_with(&csrf, "/console/roles/new", &good),
        twin.send_with(&mark, "/console/roles/new", &good),
    )
    .await;
    let mut both = [one.status, two.status];
    both.sort_unstable();
    assert_eq!(both, [303, 409]);
    let posts = posts_of(&app, wang.id).await;
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0].role, RoleKind::Steward);
    assert!(posts[0].from_at <= app.now());
    assert_eq!(
        on_record(&app, "role.grant", &format!("person:{}", wang.id)).await,
        1
    );
    let page = admin.open(&format!("/console/people/{}", wang.id)).await;
    page.says("楼栋长").says("桂园小区 2栋");
    // Nobody gives a post who administers nothing.
    let mut secretary = Desk::of(&app, "郑洪").await;
    secretary.open("/console/roles/new").await.is(403);
    secretary
        .send("/console/account", "/console/roles/new", &good)
        .await
        .is(403);
}

#[tokio::test]
async fn somebody_new_is_added_with_the_post_by_who_administers_everything() {
    let app = TestApp::start().await;
    let fields = [
        ("name", "马超"),
        ("phone", "13977778888"),
        ("fresh", "1"),
        ("role", "property_manager"),
        ("place", "LY"),
    ];
    let mut local = administrator(&app, "刘洋", Some("LY")).await;
    local.appoint(&fields).await.is(403);
    let mut admin = administrator(&app, "赵敏", None).await;
    let without: Vec<_> = fields
        .into_iter()
        .filter(|field| field.0 != "phone")
        .collect();
    admin.appoint(&without).await.is(422).says("phone-wrong");
    let given = admin.appoint(&fields).await;
    given.is(303);
    let to = given.to.unwrap();
    admin
        .open(&to)
        .await
        .says("马超")
        .says("139****8888")
        .says("物业经理");
    // The second time the same person is meant.
    admin.appoint(&fields).await.is(409).says("已经担任");
}

#[tokio::test]
async fn with_the_post_the_open_cases_go_to_somebody_else() {
    let app = TestApp::start().await;
    let (resident, steward) = (app.resident("张秀英").await, app.steward("1栋").await);
    let mut ids = Vec::new();
    for text in [
        "报修 楼道灯坏了",
        "报修 水管爆了",
        "报修 门禁坏了",
        "报修 墙皮掉了",
    ] {
        resident.says(text).await;
        ids.push(resident.case().await.id);
    }
    app.drain().await;
    let [waiting, accepted, paused, finished] = ids[..] else {
        panic!("four cases");
    };
    for id in [accepted, paused, finished] {
        steward.says(&format!("接单 {id}")).await;
    }
    steward.says(&format!("暂停 {paused} 等配件")).await;
    steward.says(&format!("办结 {finished} 已补好")).await;
    let sun = app.person("孙梅").await;
    let post = posts_of(&app, sun.id).await.remove(0);
    let mut admin = administrator(&app, "刘洋", Some("GY")).await;
    let page = admin.open(&format!("/console/roles/{}", post.id)).await;
    page.is(200).says("孙梅").says("结束这个岗位");
    admin
        .dismiss(post.id, " ")
        .await
        .is(422)
        .says("reason-wrong");
    admin.dismiss(post.id, &"长".repeat(201)).await.is(422);
    // Not theirs.
    let mut other = administrator(&app, "韩梅", Some("LY")).await;
    other
        .open(&format!("/console/roles/{}", post.id))
        .await
        .is(404);
    other.dismiss(post.id, "换届").await.is(404);
    let mut secretary = Desk::of(&app, "郑洪").await;
    secretary.dismiss(post.id, "换届").await.is(404);
    assert_eq!(posts_of(&app, sun.id).await[0].to_at, None);

    admin.dismiss(post.id, "换<b>届").await.is(303);
    steward.expects_push("换<b>届").await;
    app.drain().await;
    for id in [waiting, accepted, paused] {
        let case = app.case(id).await;
        assert_eq!(case.state, CaseState::Assigned, "#{id}");
        assert!(
            case.holder_id.is_some_and(|holder| holder != sun.id),
            "#{id}"
        );
        assert_eq!(case.paused_at, None);
        assert!(case.accept_due_at.is_some() && case.finish_due_at.is_some());
        let events = case_event::Entity::find()
            .filter(case_event::COLUMN.case_id.eq(id))
            .filter(case_event::COLUMN.action.eq("holder-gone"))
            .all(app.store.read())
            .await
            .unwrap();
        assert_eq!(events.len(), 1, "#{id}");
        assert_eq!(
            on_record(&app, "case.vacate", &format!("case:{id}")).await,
            1
        );
    }
    // What is done stays whose work it was.
    let done = app.case(finished).await;
    assert_eq!(
        (done.state, done.holder_id),
        (CaseState::Finished, Some(sun.id))
    );
    let page = admin.open(&format!("/console/roles/{}", post.id)).await;
    page.says("已结束").says("换&#60;b&#62;届");
    // From an old page: told, and nothing changes.
    admin
        .dismiss(post.id, "再来一次")
        .await
        .is(409)
        .says("已经结束");
    let ended = on_record(&app, "role.end", &format!("person:{}", sun.id)).await;
    assert_eq!(ended, 1);
}

#[tokio::test]
async fn a_term_that_ends_by_itself_gives_the_cases_back_too() {
    let app = TestApp::start().await;
    let mut admin = administrator(&app, "刘洋", Some("GY")).await;
    let zhou = app.person("周强").await;
    let last = day(&app, 1);
    let chen = app.resident("陈伟").await;
    chen.says("报修 水管爆了").await;
    let id = chen.case().await.id;
    assert_eq!(app.case(id).await.holder_id, Some(zhou.id));
    let held = posts_of(&app, zhou.id).await.remove(0);
    admin.dismiss(held.id, "换届").await.is(303);
    app.drain().await;
    let first = app.case(id).await.holder_id.unwrap();
    assert_ne!(first, zhou.id);
    let again = [
        ("person", &*zhou.id.to_string()),
        ("role", "steward"),
        ("place", "GY/2"),
        ("to", last.as_str()),
    ]
    .map(|(name, value)| (name, value.to_owned()));
    let again: Vec<(&str, &str)> = again
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    // Whoever serves nowhere is found by the everywhere-administrator only.
    admin.appoint(&again).await.is(404);
    let mut all = administrator(&app, "赵敏", None).await;
    all.appoint(&again).await.is(303);
    chen.says("报修 楼道灯坏了").await;
    let second = chen.case().await.id;
    assert_eq!(app.case(second).await.holder_id, Some(zhou.id));
    let steward = app.staff("周强").await;
    steward.says(&format!("接单 {second}")).await;
    app.drain().await;
    app.clock.advance(TimeDelta::days(2));
    app.drain().await;
    let case = app.case(second).await;
    assert!(case.holder_id.is_some_and(|holder| holder != zhou.id));
}

#[tokio::test]
async fn the_last_administrator_does_not_lock_themselves_out() {
    let app = TestApp::start().await;
    let mut admin = administrator(&app, "赵敏", None).await;
    let zhao = app.person("赵敏").await;
    let own = posts_of(&app, zhao.id).await.remove(0);
    admin
        .dismiss(own.id, "不干了")
        .await
        .is(403)
        .says("不能结束自己");
    assert_eq!(posts_of(&app, zhao.id).await[0].to_at, None);
}
