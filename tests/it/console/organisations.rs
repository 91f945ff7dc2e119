//! Organisations: made, changed, removed; who may, old pages, what cannot be.

use entity::organisation;
use futures_util::future::join;
use sea_orm::{EntityTrait, QueryFilter};

use super::{Desk, administrator, on_record};
use crate::harness::app::TestApp;
use crate::harness::browser::Page;

async fn by_code(app: &TestApp, code: &str) -> Option<organisation::Model> {
    organisation::Entity::find()
        .filter(organisation::COLUMN.code.eq(code))
        .one(app.store.read())
        .await
        .unwrap()
}

const NEW: &str = "/console/organisations/new";

/// A form that is right.
const GOOD: [(&str, &str); 8] = [
    ("code", "yw-gy"),
    ("name", "桂园<b>业委会"),
    ("kind", "committee"),
    ("place", "GY"),
    ("parent", ""),
    ("credit_code", "91350100m000100y43"),
    ("service_phone", "010-12345678"),
    ("service_hours", "周一至周五 9:00-18:00"),
];

fn with<'a>(field: &str, value: &'a str) -> [(&'a str, &'a str); 8] {
    GOOD.map(|(name, old)| (name, if name == field { value } else { old }))
}

impl Desk<'_> {
    /// Sends the form of an organisation as its page is now.
    async fn rewrite(&mut self, id: i64, fields: &[(&str, &str)]) -> Page {
        let path = format!("/console/organisations/{id}/edit");
        let page = self.open(&path).await;
        let (csrf, seen) = (page.hidden("csrf"), page.hidden("seen"));
        let mut all = vec![("seen", seen.as_str())];
        all.extend_from_slice(fields);
        self.send_with(&csrf, &path, &all).await
    }
}

#[tokio::test]
async fn one_is_made_and_what_is_wrong_stands_beside_its_field() {
    let app = TestApp::start().await;
    let mut admin = administrator(&app, "刘洋", Some("GY")).await;
    let long = "长".repeat(61);
    for (field, value, words) in [
        ("code", "", "请写编号"),
        ("code", "a b<c>", "请写编号"),
        ("code", "WY", "已经有组织用了"),
        ("name", " ", "请写全称"),
        ("name", long.as_str(), "请写全称"),
        ("kind", "club", "请选择种类"),
        ("place", "LY", "没有找到这个地点"),
        ("place", "HC-XL-CD-GY", "没有找到这个地点"),
        ("parent", "NONE", "没有编号"),
        (
            "credit_code",
            "91350100M000100Y44",
            "不是正确的统一社会信用代码",
        ),
        ("credit_code", "9135", "不是正确的统一社会信用代码"),
        ("service_phone", "<b>", "对外公开的电话"),
        ("service_hours", long.as_str(), "太长了"),
    ] {
        let page = admin.send(NEW, NEW, &with(field, value)).await;
        page.is(422)
            .says(&format!("id=\"{field}-wrong\""))
            .says(words)
            .says("周一至周五");
        assert!(!page.body.contains("<b>"), "{field}");
    }
    assert!(by_code(&app, "YW-GY").await.is_none());
    // Twice at once: the code is taken.
    let csrf = admin.open(NEW).await.hidden("csrf");
    let mut twin = Desk::stranger(&app);
    twin.sign_in("liu", super::PASSWORD).await.is(303);
    let mark = twin.open(NEW).await.hidden("csrf");
    let (one, two) = join(
        admin.send_with(&csrf, NEW, &GOOD),
        twin.send_with(&mark, NEW, &GOOD),
    )
    .await;
    let mut both = [one.status, two.status];
    both.sort_unstable();
    assert_eq!(both, [303, 422]);
    let made = by_code(&app, "YW-GY").await.unwrap();
    assert_eq!(made.credit_code.as_deref(), Some("91350100M000100Y43"));
    assert!(made.compound_id.is_some());
    let subject = format!("organisation:{}", made.id);
    assert_eq!(on_record(&app, "organisation.create", &subject).await, 1);
    let page = admin
        .open(&format!("/console/organisations/{}", made.id))
        .await;
    page.is(200).says("业委会").says("010-12345678");
    assert!(!page.body.contains("<b>"));
    let list = admin.open("/console/organisations?text=业委会").await;
    list.says(&format!("/console/organisations/{}\"", made.id));
    assert!(!list.body.contains("<b>") && !list.body.contains("物业服务公司"));
}

#[tokio::test]
async fn who_does_not_administer_reads_and_next_door_does_not_even_that() {
    let app = TestApp::start().await;
    let company = by_code(&app, "WY").await.unwrap();
    let page = format!("/console/organisations/{}", company.id);
    let mut steward = Desk::of(&app, "孙梅").await;
    steward
        .open("/console/organisations")
        .await
        .is(200)
        .says("桂园物业服务公司");
    let seen = steward.open(&page).await;
    assert!(!seen.is(200).body.contains("删除"));
    // Members are shown as far as the reach goes: these serve the whole compound.
    assert!(!seen.body.contains("沈立"));
    steward.open(NEW).await.is(403);
    steward.open(&format!("{page}/edit")).await.is(404);
    for act in ["edit", "remove"] {
        steward
            .send("/console/account", &format!("{page}/{act}"), &GOOD)
            .await
            .is(404);
    }
    steward.send("/console/account", NEW, &GOOD).await.is(403);
    let mut manager = Desk::of(&app, "沈立").await;
    manager.open(&page).await.says("蒋平").says("沈立");
    let mut next_door = administrator(&app, "韩梅", Some("LY")).await;
    next_door.open(&page).await.is(404);
    for act in ["edit", "remove"] {
        next_door
            .send("/console/account", &format!("{page}/{act}"), &GOOD)
            .await
            .is(404);
    }
    let list = next_door.open("/console/organisations").await;
    assert!(!list.is(200).body.contains("桂园物业"));
}

#[tokio::test]
async fn an_old_page_changes_nothing_and_keeps_what_was_typed() {
    let app = TestApp::start().await;
    let company = by_code(&app, "WY").await.unwrap();
    let mut admin = administrator(&app, "刘洋", Some("GY")).await;
    let path = format!("/console/organisations/{}/edit", company.id);
    let old = admin.open(&path).await;
    let (csrf, seen) = (old.hidden("csrf"), old.hidden("seen"));
    let own = with("code", "WY");
    admin.rewrite(company.id, &own).await.is(303);
    let mut late = vec![("seen", seen.as_str())];
    late.extend(own.map(|(name, value)| {
        (
            name,
            if name == "name" {
                "另一个名字"
            } else {
                value
            },
        )
    }));
    let refused = admin.send_with(&csrf, &path, &late).await;
    refused
        .is(409)
        .says("有了变化")
        .says("value=\"另一个名字\"");
    assert_eq!(by_code(&app, "WY").await.unwrap().name, "桂园<b>业委会");
    // Having read that, sending it again means it.
    let seen = refused.hidden("seen");
    late[0] = ("seen", seen.as_str());
    admin.send_with(&csrf, &path, &late).await.is(303);
    assert_eq!(by_code(&app, "WY").await.unwrap().name, "另一个名字");
    let subject = format!("organisation:{}", company.id);
    assert_eq!(on_record(&app, "organisation.change", &subject).await, 2);
}

#[tokio::test]
async fn one_that_is_needed_is_not_removed_and_says_why() {
    let app = TestApp::start().await;
    let company = by_code(&app, "WY").await.unwrap();
    let mut admin = administrator(&app, "刘洋", Some("GY")).await;
    admin.send(NEW, NEW, &with("parent", "WY")).await.is(303);
    let page = format!("/console/organisations/{}", company.id);
    let remove = format!("{page}/remove");
    admin
        .send(&page, &remove, &[])
        .await
        .is(409)
        .says("不能删除")
        .says("有2个岗位代表它")
        .says("有1个下级组织");
    assert!(by_code(&app, "WY").await.is_some());
    // Nobody stands above themselves.
    let below = by_code(&app, "YW-GY").await.unwrap();
    let fields = with("parent", "YW-GY").map(|(name, value)| match name {
        "code" => (name, "WY"),
        _ => (name, value),
    });
    admin
        .rewrite(company.id, &fields)
        .await
        .is(422)
        .says("parent-wrong")
        .says("不能是它自己");
    let own = format!("/console/organisations/{}", below.id);
    admin
        .send(&own, &format!("{own}/remove"), &[])
        .await
        .is(303);
    assert!(by_code(&app, "YW-GY").await.is_none());
    admin.open(&own).await.is(404);
    // What a case lies with is kept, though nobody stands for it any more.
    let resident = app.resident("张秀英").await;
    resident.says("报修 水管爆了").await;
    let id = resident.case().await.id;
    admin.send(NEW, NEW, &GOOD).await.is(303);
    let fresh = by_code(&app, "YW-GY").await.unwrap();
    let change = entity::case::ActiveModel {
        id: sea_orm::ActiveValue::Set(id),
        organisation_id: sea_orm::ActiveValue::Set(Some(fresh.id)),
        ..Default::default()
    };
    entity::case::Entity::update(change)
        .exec(app.store.write())
        .await
        .unwrap();
    let own = format!("/console/organisations/{}", fresh.id);
    admin
        .send(&own, &format!("{own}/remove"), &[])
        .await
        .is(409)
        .says(&format!("例如 #{id}"));
}
