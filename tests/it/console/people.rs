//! Pages of people: who finds whom, phones on record, bindings, invitations.

use entity::kinds::{BindingState, HomeRelation};
use entity::{account, binding, person as people, residency};
use futures_util::future::join;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use super::{Desk, administrator, on_record};
use crate::harness::app::TestApp;
use crate::harness::browser::Page;

fn link(id: i64) -> String {
    format!("href=\"/console/people/{id}\"")
}

async fn last_binding(app: &TestApp) -> binding::Model {
    binding::Entity::find()
        .order_by_desc(binding::COLUMN.id)
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap()
}

impl Desk<'_> {
    /// Sends a form of a binding's page as the page is now.
    async fn bind(&mut self, id: i64, key: &str, reason: &str) -> Page {
        let page = self.open(&format!("/console/bindings/{id}")).await;
        let (csrf, seen) = (page.hidden("csrf"), page.hidden("seen"));
        let fields = [("seen", seen.as_str()), ("reason", reason)];
        let to = format!("/console/bindings/{id}/{key}");
        self.send_with(&csrf, &to, &fields).await
    }
}

#[tokio::test]
async fn people_are_found_within_the_reach_and_nowhere_else() {
    let app = TestApp::start().await;
    let (zhang, chen, han) = (
        app.person("张秀英").await,
        app.person("陈伟").await,
        app.person("韩梅").await,
    );
    for (name, sees) in [
        ("孙梅", [true, false, false]),
        ("周强", [false, true, false]),
        ("杨光", [false, false, true]),
        ("沈立", [true, true, false]),
        ("郑洪", [true, true, true]),
        ("冯涛", [true, true, true]),
    ] {
        let mut desk = Desk::of(&app, name).await;
        let list = desk.open("/console/people").await;
        list.is(200);
        for (one, sees) in [&zhang, &chen, &han].into_iter().zip(sees) {
            let what = format!("{name} and {}", one.name);
            assert_eq!(list.body.contains(&link(one.id)), sees, "{what}");
            let named = desk
                .open(&format!("/console/people?name={}", one.name))
                .await;
            assert_eq!(named.body.contains(&link(one.id)), sees, "{what} by name");
            let page = desk.open(&format!("/console/people/{}", one.id)).await;
            assert_eq!(page.status, if sees { 200 } else { 404 }, "{what}");
            if !sees {
                for act in ["phone", "invite"] {
                    let to = format!("/console/people/{}/{act}", one.id);
                    desk.send("/console/account", &to, &[]).await.is(404);
                }
            }
        }
    }
    // Without the permission there is neither the line in the menu nor the page.
    let mut staff = Desk::of(&app, "蒋平").await;
    let own = staff.open("/console/account").await;
    assert!(!own.body.contains("/console/people"));
    for path in ["people", "bindings", "homes", "roles", "organisations"] {
        staff.open(&format!("/console/{path}")).await.is(403);
    }
    // Not there, not theirs: one answer.
    let mut desk = Desk::stranger(&app);
    desk.sign_in("sun", super::PASSWORD).await.is(303);
    let foreign = desk.open(&format!("/console/people/{}", han.id)).await;
    let nobody = desk.open("/console/people/999999").await;
    assert_eq!(foreign.body, nobody.body);
    for odd in ["x", "-1", "99999999999999999999"] {
        desk.open(&format!("/console/people/{odd}")).await.is(404);
    }
}

#[tokio::test]
async fn a_home_a_post_or_a_phone_finds_them_and_what_is_wrong_is_told() {
    let app = TestApp::start().await;
    let (zhang, sun) = (app.person("张秀英").await, app.person("孙梅").await);
    let mut desk = Desk::of(&app, "郑洪").await;
    let at_home = desk.open("/console/people?place=GY/1-1-101").await;
    at_home
        .says(&link(zhang.id))
        .says("桂园小区 1-1-101（业主）");
    assert!(!at_home.body.contains("陈伟"));
    let posts = desk.open("/console/people?role=steward").await;
    posts.says(&link(sun.id)).says("桂园小区 1栋 楼栋长");
    assert!(!posts.body.contains("张秀英"));
    let both = desk.open("/console/people?role=steward&place=GY/2").await;
    both.says("周强");
    assert!(!both.body.contains("孙梅"));
    let bad = desk.open("/console/people?place=XX/9&name=%3Cb%3E").await;
    bad.is(200).says("没有找到这个地点").says("value=\"XX/9\"");
    assert!(!bad.body.contains("value=\"<b>"));
    desk.open("/console/people?role=king")
        .await
        .says("没有这个岗位");
    let found = desk
        .send(
            "/console/people",
            "/console/people/phone",
            &[("phone", "138 0000 0101")],
        )
        .await;
    found.is(200).says(&link(zhang.id)).says("138****0101");
    assert!(!found.body.contains("13800000101"));
    let none = [("phone", "13800000")];
    desk.send("/console/people", "/console/people/phone", &none)
        .await
        .is(422)
        .says("11位")
        .says("value=\"13800000\"");
    // Next door's phone is nobody's for the steward.
    let mut steward = Desk::of(&app, "孙梅").await;
    let foreign = [("phone", "13800000901")];
    steward
        .send("/console/people", "/console/people/phone", &foreign)
        .await
        .is(200)
        .says("没有找到用这个号码的人");
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let app = TestApp::start().await;
    let home = app.place("GY/1-1-102").await;
    let mut all = Vec::new();
    for number in 0..70 {
        let row = people::ActiveModel {
            name: Set(format!("住户{number}<i>")),
            party_member: Set(false),
            created_at: Set(app.now()),
            updated_at: Set(app.now()),
            ..Default::default()
        };
        let row = row.insert(app.store.write()).await.unwrap();
        let tie = residency::ActiveModel {
            person_id: Set(row.id),
            place_id: Set(home.id),
            compound_id: Set(home.compound_id.unwrap()),
            relation: Set(HomeRelation::Family),
            created_at: Set(app.now()),
            ..Default::default()
        };
        tie.insert(app.store.write()).await.unwrap();
        all.push(row.id);
    }
    let next = regex::Regex::new("rel=\"next\" href=\"([^\"]+)\"").unwrap();
    let row = regex::Regex::new("<th scope=\"row\"><a href=\"/console/people/(\\d+)\"").unwrap();
    for (name, query) in [
        ("孙梅", ""),
        ("郑洪", "?place=GY/1"),
        ("沈立", "?place=GY/1-1-102"),
    ] {
        let mut desk = Desk::of(&app, name).await;
        let mut seen: Vec<i64> = Vec::new();
        let mut path = format!("/console/people{query}");
        loop {
            let page = desk.open(&path).await;
            page.is(200);
            assert!(!page.body.contains("<i>"), "{name}");
            let found = row.captures_iter(&page.body);
            seen.extend(found.map(|found| found[1].parse::<i64>().unwrap()));
            match next.captures(&page.body) {
                Some(found) => path = found[1].replace("&amp;", "&").replace("&#38;", "&"),
                None => break,
            }
        }
        let mut sorted = seen.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(seen, sorted, "{name}");
        assert!(all.iter().all(|id| seen.contains(id)), "{name} misses some");
    }
}

#[tokio::test]
async fn a_whole_phone_is_shown_on_record_to_who_needs_it() {
    let app = TestApp::start().await;
    let zhang = app.person("张秀英").await;
    let (page, to) = (
        format!("/console/people/{}", zhang.id),
        format!("/console/people/{}/phone", zhang.id),
    );
    let subject = format!("person:{}", zhang.id);
    let mut steward = Desk::of(&app, "孙梅").await;
    let before = steward.open(&page).await;
    before.is(200).says("138****0101").says("查看完整号码");
    assert!(!before.body.contains("13800000101"));
    assert_eq!(on_record(&app, "person.phone", &subject).await, 0);
    let shown = steward.send(&page, &to, &[]).await;
    shown.is(200).says("13800000101").says("已经记录");
    assert_eq!(on_record(&app, "person.phone", &subject).await, 1);
    // A company sees who lives there, not how to ring them up.
    let mut manager = Desk::of(&app, "沈立").await;
    let seen = manager.open(&page).await;
    assert!(!seen.is(200).body.contains("查看完整号码"));
    let refused = manager.send(&page, &to, &[]).await;
    refused.is(403).says("只有楼栋长");
    assert!(!refused.body.contains("13800000101"));
    let mut other = Desk::of(&app, "周强").await;
    other.send("/console/people", &to, &[]).await.is(404);
    // A forged form shows nothing.
    steward.send_with("forged", &to, &[]).await.is(403);
    assert_eq!(on_record(&app, "person.phone", &subject).await, 1);
}

#[tokio::test]
async fn a_request_is_verified_once_and_by_who_may() {
    let app = TestApp::start().await;
    let family = app.newcomer("o-family").await;
    family.says("绑定 桂园 1-1-101 王<b>小明 13911112222").await;
    let row = last_binding(&app).await;
    assert_eq!(row.state, BindingState::Requested);
    let path = format!("/console/bindings/{}", row.id);
    let mut other = Desk::of(&app, "周强").await;
    other.open(&path).await.is(404);
    let list = other.open("/console/bindings").await;
    assert!(!list.is(200).body.contains("1-1-101"));
    other
        .send(
            "/console/people",
            &format!("{path}/verify"),
            &[("seen", "requested")],
        )
        .await
        .is(404);
    let mut steward = Desk::of(&app, "孙梅").await;
    let list = steward.open("/console/bindings").await;
    list.says(&format!("href=\"{path}\"")).says("139****2222");
    assert!(!list.body.contains("<b>小明") && !list.body.contains("13911112222"));
    let page = steward.open(&path).await;
    page.is(200).says("核验通过").says("张秀英");
    assert!(!page.body.contains("<b>小明"));
    steward.bind(row.id, "nonsense", "").await.is(404);
    // Twice at once: one of them is told that it has changed.
    let (csrf, seen) = (page.hidden("csrf"), page.hidden("seen"));
    let mut twin = Desk::stranger(&app);
    twin.sign_in("sun", super::PASSWORD).await.is(303);
    let mark = twin.open(&path).await.hidden("csrf");
    let fields = [("seen", seen.as_str())];
    let to = format!("{path}/verify");
    let (one, two) = join(
        steward.send_with(&csrf, &to, &fields),
        twin.send_with(&mark, &to, &fields),
    )
    .await;
    let mut both = [one.status, two.status];
    both.sort_unstable();
    assert_eq!(both, [303, 409]);
    assert_eq!(last_binding(&app).await.state, BindingState::Verified);
    let subject = format!("binding:{}", row.id);
    assert_eq!(on_record(&app, "binding.verify", &subject).await, 1);
    family.expects_push("通过").await;
    // An old page is not obeyed.
    let old = [("seen", "requested"), ("reason", "不是住户")];
    steward
        .send(&path, &format!("{path}/refuse"), &old)
        .await
        .is(409)
        .says("有了变化")
        .says("不是住户");
    assert_eq!(last_binding(&app).await.state, BindingState::Verified);
}

#[tokio::test]
async fn a_request_is_refused_and_a_tie_released_with_words_that_the_person_reads() {
    let app = TestApp::start().await;
    let family = app.newcomer("o-family").await;
    family.says("绑定 桂园 1-1-101 王小明 13911112222").await;
    let row = last_binding(&app).await;
    let mut steward = Desk::of(&app, "孙梅").await;
    steward
        .bind(row.id, "refuse", "不是<b>这一户")
        .await
        .is(303)
        .leads_to(&format!("/console/bindings/{}?said=refuse-binding", row.id));
    family.expects_push("不是<b>这一户").await;
    let page = steward.open(&format!("/console/bindings/{}", row.id)).await;
    page.says("没有要做的事");
    assert!(!page.body.contains("不是<b>"));

    let zhang = app.resident("张秀英").await;
    let row = last_binding(&app).await;
    assert_eq!(row.state, BindingState::Declared);
    steward
        .bind(row.id, "release", "  ")
        .await
        .is(422)
        .says("id=\"release-wrong\"")
        .says("请写明原因");
    let long = "长".repeat(201);
    steward
        .bind(row.id, "release", &long)
        .await
        .is(422)
        .says("200字以内")
        .says(&long);
    steward.bind(row.id, "release", "已搬走").await.is(303);
    assert_eq!(last_binding(&app).await.state, BindingState::Released);
    assert_eq!(zhang.account().await.person_id, None);
    zhang.expects_push("已搬走").await;
    // Whoever was released comes back by the steward's word only.
    zhang.says("绑定 1-1-101 张秀英 13800000101").await;
    assert_eq!(last_binding(&app).await.state, BindingState::Requested);
}

#[tokio::test]
async fn nobody_vouches_for_themselves_at_the_console_either() {
    let app = TestApp::start().await;
    let steward = app.staff("孙梅").await;
    let account = steward.account().await;
    let home = app.place("GY/1-1-101").await;
    let row = binding::ActiveModel {
        account_id: Set(account.id),
        person_id: Set(account.person_id),
        place_id: Set(home.id),
        compound_id: Set(home.compound_id.unwrap()),
        state: Set(BindingState::Declared),
        claimed_name: Set("孙梅".to_owned()),
        claimed_phone_sealed: Set(String::new()),
        claimed_phone_index: Set(String::new()),
        created_at: Set(app.now()),
        ..Default::default()
    };
    let row = row.insert(app.store.write()).await.unwrap();
    let mut desk = Desk::of(&app, "孙梅").await;
    desk.bind(row.id, "verify", "")
        .await
        .is(403)
        .says("由别人核验");
    desk.bind(row.id, "release", "好").await.is(403);
    assert_eq!(last_binding(&app).await.state, BindingState::Declared);
}

#[tokio::test]
async fn an_invitation_is_the_administrators_to_give_and_shown_once() {
    let app = TestApp::start().await;
    let sun = app.person("孙梅").await;
    let page = format!("/console/people/{}", sun.id);
    let to = format!("{page}/invite");
    let mut steward = Desk::of(&app, "周强").await;
    steward.send("/console/people", &to, &[]).await.is(404);
    let mut secretary = Desk::of(&app, "郑洪").await;
    assert!(
        !secretary
            .open(&page)
            .await
            .is(200)
            .body
            .contains("发邀请码")
    );
    secretary.send(&page, &to, &[]).await.is(403).says("管理员");
    // Of the compound: its own people, nobody who serves above it.
    let mut local = administrator(&app, "刘洋", Some("GY")).await;
    let above = app.person("郑洪").await;
    let foreign = format!("/console/people/{}/invite", above.id);
    local.send("/console/people", &foreign, &[]).await.is(404);
    let shown = local.send(&page, &to, &[]).await;
    shown.is(200).says("<svg").says("只显示一次");
    let code = regex::Regex::new("<code class=\"secret\">(\\d{8})</code>").unwrap();
    let code = &code.captures(&shown.body).unwrap()[1];
    let newcomer = app.newcomer("o-sun-new").await;
    newcomer.says(&format!("绑定 {code}")).await;
    assert_eq!(newcomer.account().await.person_id, Some(sun.id));
    let subject = format!("person:{}", sun.id);
    assert_eq!(on_record(&app, "person.invite", &subject).await, 1);
    assert!(!local.open(&page).await.body.contains(code));
    // Who holds a post above the compound, too, is not the compound's to open.
    let row = entity::role::Entity::find()
        .filter(entity::role::COLUMN.person_id.eq(above.id))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let mut second = row.into_active_model().reset_all();
    second.id = sea_orm::ActiveValue::NotSet;
    second.person_id = Set(sun.id);
    second.insert(app.store.write()).await.unwrap();
    local.send(&page, &to, &[]).await.is(403);
}

#[tokio::test]
async fn accounts_are_shown_without_their_keys() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let known = app.person("张秀英").await;
    let mut change = zhang.account().await.into_active_model();
    change.external_id = Set("oABCDEFGHIJKLMNOPQRSTUV<x>".to_owned());
    account::Entity::update(change)
        .exec(app.store.write())
        .await
        .unwrap();
    let mut desk = Desk::of(&app, "孙梅").await;
    let page = desk.open(&format!("/console/people/{}", known.id)).await;
    page.is(200).says("公众号").says("已绑定").says("1-1-101");
    assert!(!page.body.contains("oABCDEFGH") && !page.body.contains("<x>"));
}
