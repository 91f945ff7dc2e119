//! Dispatch rules in the console: their order decides, a vacancy falls through, the box says why; who may
//! set them, old pages, and two at once.

use entity::kinds::RoleKind;
use entity::{dispatch_rule, organisation, person, role};
use futures_util::future::join;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};

use super::Desk;
use crate::harness::app::TestApp;
use crate::harness::browser::Page;

const GY: &str = "/console/rules?place=GY";

async fn rules(app: &TestApp) -> Vec<dispatch_rule::Model> {
    let found = dispatch_rule::Entity::find()
        .order_by_asc(dispatch_rule::COLUMN.position)
        .all(app.store.read())
        .await;
    found.unwrap()
}

/// Sends the form of a new rule of 桂园小区.
async fn add(desk: &mut Desk<'_>, fields: &[(&str, &str)]) -> Page {
    let mut all = vec![("place", "GY"), ("rule", ""), ("version", "0")];
    all.extend_from_slice(fields);
    desk.send("/console/rules/edit?place=GY", "/console/rules/save", &all)
        .await
}

/// Does something to a rule as it is now.
async fn act(desk: &mut Desk<'_>, rule: &dispatch_rule::Model, act: &str) -> Page {
    let version = rule.version.to_string();
    let fields = [("place", "GY"), ("version", version.as_str())];
    let to = format!("/console/rules/{}/{act}", rule.id);
    desk.send(GY, &to, &fields).await
}

/// Who gets a case of this text.
async fn holder(app: &TestApp, text: &str) -> String {
    let resident = app.known("o-zhang");
    resident.says(text).await;
    let id = resident.case().await.holder_id.unwrap();
    let found = person::Entity::find_by_id(id).one(app.store.read()).await;
    found.unwrap().unwrap().name
}

#[tokio::test]
async fn rules_are_added_ordered_switched_and_removed_and_cases_go_by_them() {
    let app = TestApp::start().await;
    app.resident("张秀英").await;
    let mut desk = Desk::of(&app, "卫东").await;
    desk.open("/console/rules")
        .await
        .is(200)
        .says("没有规则，按内置的顺序派");
    assert_eq!(holder(&app, "报修 家里水管爆了").await, "孙梅");
    let jiang = app.person("蒋平").await.id.to_string();
    let body = organisation::Entity::find()
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let body = body.id.to_string();
    add(&mut desk, &[("kind", "repair"), ("person", &jiang)])
        .await
        .is(303);
    add(
        &mut desk,
        &[("category", "water"), ("role", "property_manager")],
    )
    .await
    .is(303);
    add(&mut desk, &[("kind", "complaint"), ("organisation", &body)])
        .await
        .is(303);
    let page = desk.open(&format!("{GY}&said=rule-saved")).await;
    page.says("规则已保存")
        .says("1. 报修·任何类别")
        .says("2. 任何种类·供排水")
        .says("3. 投诉·任何类别")
        .says("桂园物业服务公司");
    assert_eq!(holder(&app, "报修 家里水管又爆了").await, "蒋平");
    // The second before the first.
    act(&mut desk, &rules(&app).await[1], "up").await.is(303);
    assert_eq!(holder(&app, "报修 水管还是爆").await, "沈立");
    let all = rules(&app).await;
    assert_eq!(all[0].role, Some(RoleKind::PropertyManager));
    assert!(all[0].position < all[1].position && all[1].position < all[2].position);
    // Off, and on again; a stale form is told.
    act(&mut desk, &all[0], "off").await.is(303);
    assert_eq!(holder(&app, "报修 水管第四次爆").await, "蒋平");
    desk.open(GY).await.says("已停用");
    act(&mut desk, &all[0], "on")
        .await
        .is(409)
        .says("刚刚被别人改过");
    act(&mut desk, &rules(&app).await[0], "on").await.is(303);
    // Changed, then removed.
    let rule = rules(&app).await[1].clone();
    let (id, version) = (rule.id.to_string(), rule.version.to_string());
    let edit = format!("/console/rules/edit?place=GY&rule={id}");
    desk.open(&edit).await.is(200).says("蒋平 物业 桂园小区");
    let fields = [
        ("place", "GY"),
        ("rule", id.as_str()),
        ("version", version.as_str()),
        ("kind", "repair"),
        ("role", "committee_chair"),
    ];
    desk.send(&edit, "/console/rules/save", &fields)
        .await
        .is(303);
    assert_eq!(holder(&app, "报修 单元门坏了").await, "卫东");
    for rule in rules(&app).await {
        act(&mut desk, &rule, "remove").await.is(303);
        act(&mut desk, &rule, "remove").await.is(404);
    }
    assert_eq!(holder(&app, "报修 水管第五次爆").await, "孙梅");
}

#[tokio::test]
async fn the_box_says_who_gets_it_and_why_the_others_do_not() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "卫东").await;
    let jiang = app.person("蒋平").await;
    let id = jiang.id.to_string();
    add(
        &mut desk,
        &[("kind", "complaint"), ("role", "committee_chair")],
    )
    .await
    .is(303);
    add(
        &mut desk,
        &[("category", "lift"), ("role", "committee_chair")],
    )
    .await
    .is(303);
    add(&mut desk, &[("person", &id)]).await.is(303);
    add(&mut desk, &[("role", "property_manager")])
        .await
        .is(303);
    let asked = format!("{GY}&kind=repair&category=water&home=1-1-101");
    desk.open(&asked)
        .await
        .is(200)
        .says("现在会派给蒋平（物业）")
        .says("种类不同，不用")
        .says("类别不同，不用")
        .says("就用这条：蒋平（物业）")
        .says("也合适，但排在后面");
    // Who is named leaves: the rule is vacant and the next one has it.
    let mut row = jiang.into_active_model();
    row.left_at = Set(Some(app.now() - chrono::TimeDelta::hours(1)));
    row.update(app.store.write()).await.unwrap();
    desk.open(&asked)
        .await
        .says("没有在任的人，空缺，往下看")
        .says("就用这条：沈立（物业经理）");
    // No rule that fits: the built-in order.
    for rule in rules(&app).await.iter().skip(2) {
        act(&mut desk, rule, "off").await.is(303);
    }
    desk.open(&asked).await.says("按内置的顺序").says("孙梅");
    // Nobody at all.
    role::Entity::delete_many()
        .filter(role::COLUMN.role.ne(RoleKind::CommitteeChair))
        .exec(app.store.write())
        .await
        .unwrap();
    desk.open(&format!("{GY}&kind=repair"))
        .await
        .says("卫东（业委会主任）");
    for home in ["9-9-999", "LY/9", "<script>"] {
        let home = home.replace('<', "%3C").replace('>', "%3E");
        let page = desk.open(&format!("{GY}&kind=repair&home={home}")).await;
        page.is(200).says("id=\"home-wrong\"");
        assert!(!page.body.contains("<script>"));
    }
    desk.open(&format!("{GY}&kind=nonsense&category=nonsense"))
        .await
        .is(200);
}

#[tokio::test]
async fn what_names_nobody_is_refused_and_who_is_measured_does_not_set() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "卫东").await;
    let resident = app.person("张秀英").await.id.to_string();
    let neighbour = app.person("杨光").await.id.to_string();
    for (fields, field, words) in [
        (vec![("kind", "repair")], "person", "至少选一个"),
        (
            vec![("kind", "x"), ("role", "steward")],
            "kind",
            "没有这一项",
        ),
        (
            vec![("category", "<b>"), ("role", "steward")],
            "category",
            "没有这个类别",
        ),
        (vec![("role", "administrator")], "role", "不办理诉求"),
        (vec![("role", "king")], "role", "没有这一项"),
        (
            vec![("organisation", "999999")],
            "organisation",
            "没有这个组织",
        ),
        (vec![("person", "x")], "person", "没有这一项"),
        (
            vec![("person", resident.as_str())],
            "person",
            "不在这里任职",
        ),
        (
            vec![("person", neighbour.as_str())],
            "person",
            "不在这里任职",
        ),
    ] {
        let page = add(&mut desk, &fields).await;
        page.is(422)
            .says(words)
            .says(&format!("id=\"{field}-wrong\""));
    }
    // What was chosen is chosen still.
    let page = add(&mut desk, &[("kind", "repair"), ("category", "lift")]).await;
    page.says("value=\"repair\" selected")
        .says("value=\"lift\" selected");
    assert!(rules(&app).await.is_empty());
    add(&mut desk, &[("role", "steward")]).await.is(303);
    let rule = rules(&app).await[0].clone();
    for (name, place, sees, sets) in [
        ("沈立", "GY", 200, 403),
        ("孙梅", "GY/1", 200, 403),
        ("孙梅", "GY", 404, 404),
        ("杨光", "GY", 404, 404),
        ("郑洪", "GY", 200, 303),
        ("卫东", "LY", 404, 404),
    ] {
        let mut other = Desk::of(&app, name).await;
        let list = other.open(&format!("/console/rules?place={place}")).await;
        list.is(sees);
        assert_eq!(
            list.body.contains("/console/rules/edit"),
            sets == 303,
            "{name}"
        );
        let fields = [("place", place), ("role", "steward")];
        let saved = other
            .send("/console/account", "/console/rules/save", &fields)
            .await;
        assert_eq!(saved.status, sets, "{name} at {place}");
        if sets != 303 {
            for act in ["up", "off", "remove"] {
                let to = format!("/console/rules/{}/{act}", rule.id);
                let fields = [("place", place), ("version", "1")];
                let done = other.send("/console/account", &to, &fields).await;
                assert!(done.status == 403 || done.status == 404, "{name} {act}");
            }
        }
    }
    let kept = rules(&app).await.into_iter().find(|one| one.id == rule.id);
    assert_eq!(kept, Some(rule.clone()));
    // A rule of the place above is not one of this place.
    let above = [("place", "HC-XL-CD-GY"), ("role", "grid_worker")];
    let mut secretary = Desk::of(&app, "郑洪").await;
    secretary
        .send("/console/account", "/console/rules/save", &above)
        .await
        .is(303);
    let of_above = rules(&app)
        .await
        .into_iter()
        .find(|one| one.role == Some(RoleKind::GridWorker));
    let of_above = of_above.unwrap();
    act(&mut desk, &of_above, "remove").await.is(404);
    let edit = format!("/console/rules/edit?place=GY&rule={}", of_above.id);
    desk.open(&edit).await.is(404);
    let page = desk.open(GY).await;
    page.says("桂园社区");
    assert!(
        !page
            .body
            .contains(&format!("/console/rules/{}/", of_above.id))
    );
    act(&mut desk, &rule, "nonsense").await.is(404);
}

#[tokio::test]
async fn two_who_change_the_same_rule_do_not_undo_each_other() {
    let app = TestApp::start().await;
    let mut chair = Desk::of(&app, "卫东").await;
    let mut secretary = Desk::of(&app, "郑洪").await;
    for role in ["steward", "property_manager", "committee_chair"] {
        add(&mut chair, &[("role", role)]).await.is(303);
    }
    let old = rules(&app).await;
    let (one, other) = join(
        act(&mut chair, &old[0], "off"),
        act(&mut secretary, &old[0], "remove"),
    )
    .await;
    let mut both = [one.status, other.status];
    both.sort_unstable();
    assert!(both == [303, 409] || both == [303, 404], "{both:?}");
    // Two who move at once: each position is held once.
    let old = rules(&app).await;
    let last = &old[old.len() - 1];
    join(act(&mut chair, last, "up"), act(&mut secretary, last, "up")).await;
    let mut positions: Vec<i32> = rules(&app).await.iter().map(|rule| rule.position).collect();
    positions.dedup();
    assert_eq!(positions.len(), rules(&app).await.len());
    // A form of before is told, and keeps what was chosen.
    let rule = rules(&app).await[0].clone();
    act(&mut secretary, &rule, "down").await.is(303);
    let (id, version) = (rule.id.to_string(), rule.version.to_string());
    let fields = [
        ("place", "GY"),
        ("rule", id.as_str()),
        ("version", version.as_str()),
        ("kind", "help"),
        ("role", "mediator"),
    ];
    let page = chair.send(GY, "/console/rules/save", &fields).await;
    page.is(409)
        .says("刚刚被别人改过")
        .says("value=\"help\" selected")
        .says("value=\"mediator\" selected");
}

#[tokio::test]
async fn no_name_becomes_markup() {
    let app = TestApp::start().await;
    let mut body = organisation::Entity::find()
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap()
        .into_active_model();
    body.name = Set("<script>alert(1)</script>公司".to_owned());
    let body = body.update(app.store.write()).await.unwrap();
    let mut sun = app.person("孙梅").await.into_active_model();
    sun.name = Set("<img src=x>".to_owned());
    let sun = sun.update(app.store.write()).await.unwrap();
    let mut desk = Desk::of(&app, "卫东").await;
    let (person, organisation) = (sun.id.to_string(), body.id.to_string());
    let fields = [
        ("person", person.as_str()),
        ("organisation", organisation.as_str()),
    ];
    add(&mut desk, &fields).await.is(303);
    let rule = rules(&app).await[0].id;
    for path in [
        format!("{GY}&kind=repair&home=1-1-101"),
        format!("/console/rules/edit?place=GY&rule={rule}"),
    ] {
        let page = desk.open(&path).await;
        page.is(200)
            .says("&#60;script&#62;")
            .says("&#60;img src=x&#62;");
        assert!(!page.body.contains("<script>alert") && !page.body.contains("<img src=x>"));
    }
}
