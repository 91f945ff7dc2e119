//! A quarrel in the console: sent to mediation from the case, led to an agreement by forms.

use chrono::TimeDelta;
use entity::kinds::{CaseState, MediationState};
use entity::mediation;
use linli::base::clock::china;
use sea_orm::{EntityTrait, QueryOrder};

use super::Desk;
use crate::harness::app::TestApp;
use crate::harness::browser::Page;

impl Desk<'_> {
    /// Sends a form of a mediation from its page as it is now.
    async fn mediate(&mut self, id: i64, key: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.open(&format!("/console/mediations/{id}")).await;
        let (csrf, seen) = (page.hidden("csrf"), page.hidden("seen"));
        let mut all = vec![("seen", seen.as_str())];
        all.extend_from_slice(fields);
        let to = format!("/console/mediations/{id}/{key}");
        self.send_with(&csrf, &to, &all).await
    }
}

async fn last(app: &TestApp) -> mediation::Model {
    let found = mediation::Entity::find().order_by_desc(mediation::COLUMN.id);
    found.one(app.store.read()).await.unwrap().unwrap()
}

/// 张秀英's quarrel, sent to the street by the steward of the building on the case's page.
async fn quarrel<'a>(app: &'a TestApp) -> (i64, i64, Desk<'a>) {
    let resident = app.resident("张秀英").await;
    resident.says("纠纷 隔壁装修<b>太吵").await;
    let case = resident.case().await.id;
    app.drain().await;
    let mut sun = Desk::of(app, "孙梅").await;
    sun.act(case, "mediate", &[("centre", "moon")])
        .await
        .is(422)
        .says("id=\"mediate-wrong\"");
    sun.act(case, "mediate", &[("centre", "street")])
        .await
        .is(303);
    app.drain().await;
    assert_eq!(app.case(case).await.state, CaseState::Paused);
    let page = sun.open(&format!("/console/cases/{case}")).await;
    page.says("调解 #").says("调解中");
    assert!(
        !page.body.contains("/console/mediations/"),
        "not hers to see"
    );
    (case, last(app).await.id, sun)
}

#[tokio::test]
async fn a_mediator_leads_the_sides_to_an_agreement() {
    let app = TestApp::start().await;
    let other = app.resident("李建国").await;
    let (case, id, mut sun) = quarrel(&app).await;
    let mut officer = Desk::of(&app, "冯涛").await;
    let list = officer.open("/console/mediations").await;
    list.is(200).says(&format!("/console/mediations/{id}"));
    let page = officer.open(&format!("/console/mediations/{id}")).await;
    page.says("隔壁装修&#60;b&#62;太吵").says("张秀英");
    for (key, field, value) in [
        ("party", "who", ""),
        ("party", "who", "诸葛亮<b>"),
        ("party", "who", "1-1-101"),
        ("session", "at", "gestern"),
        ("agreement", "text", " "),
        ("agreement", "follow_days", "0"),
        ("agreement", "follow_days", "x"),
        ("fail", "reason", ""),
    ] {
        let mut fields = vec![
            ("who", "1-1-102 李建国"),
            ("at", "2026-12-25T14:30"),
            ("venue", "社区"),
            ("text", "每晚八点后不施工"),
            ("follow_days", "7"),
            ("reason", "谈不拢"),
        ];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let page = officer.mediate(id, key, &fields).await;
        page.is(422).says(&format!("id=\"{key}-{field}-wrong\""));
        assert!(!page.body.contains("诸葛亮<b>"));
    }
    officer
        .mediate(id, "party", &[("who", "1-1-102 李建国")])
        .await
        .is(303)
        .leads_to(&format!("/console/mediations/{id}?said=party"));
    let day = china(app.now() + TimeDelta::days(3)).format("%Y-%m-%d");
    let at = format!("{day}T14:30");
    officer
        .mediate(id, "session", &[("at", &at), ("venue", "社区服务中心")])
        .await
        .is(303);
    officer
        .mediate(id, "session", &[("at", &at), ("venue", "议事厅")])
        .await
        .is(303);
    let page = officer.open(&format!("/console/mediations/{id}")).await;
    page.says("14:30 议事厅").says("已改");
    // An old page: nothing is done, and the words stay.
    let (csrf, seen) = (page.hidden("csrf"), page.hidden("seen"));
    app.clock.advance(TimeDelta::seconds(1));
    let fields = [("text", "每晚八点后不施工"), ("follow_days", "14")];
    officer.mediate(id, "agreement", &fields).await.is(303);
    let mut old = vec![("seen", seen.as_str())];
    old.extend([("text", "旧页面上的字"), ("follow_days", "14")]);
    let to = format!("/console/mediations/{id}/agreement");
    officer
        .send_with(&csrf, &to, &old)
        .await
        .is(409)
        .says("刚刚有了新变化")
        .says("旧页面上的字");
    // Nobody agrees for a side.
    officer.mediate(id, "agree", &[]).await.is(403);
    let reply = other.says(&format!("不同意 {id} 白天也吵")).await;
    assert!(reply.contains("只给调解员看"), "{reply}");
    officer
        .open(&format!("/console/mediations/{id}"))
        .await
        .says("白天也吵");
    officer.mediate(id, "agreement", &fields).await.is(303);
    other.says(&format!("同意 {id}")).await;
    app.known("o-zhang").says(&format!("同意 {id}")).await;
    assert_eq!(last(&app).await.state, MediationState::Agreed);
    officer
        .mediate(id, "kept", &[("words", "都照做了")])
        .await
        .is(303);
    assert_eq!(last(&app).await.state, MediationState::Kept);
    app.drain().await;
    assert_eq!(app.case(case).await.state, CaseState::Finished);
    sun.open(&format!("/console/cases/{case}"))
        .await
        .says("已履行");
    let page = officer.open(&format!("/console/mediations/{id}")).await;
    page.says("现在没有您要做的事");
}

#[tokio::test]
async fn a_mediation_is_there_for_its_sides_alone() {
    let app = TestApp::start().await;
    let (_, id, mut sun) = quarrel(&app).await;
    for path in [
        format!("/console/mediations/{id}"),
        "/console/mediations/x".to_owned(),
    ] {
        sun.open(&path).await.is(404);
    }
    for key in [
        "party",
        "session",
        "agreement",
        "fail",
        "agree",
        "kept",
        "moon",
    ] {
        let to = format!("/console/mediations/{id}/{key}");
        sun.send("/console/account", &to, &[("seen", "0-0")])
            .await
            .is(404);
    }
    let list = sun.open("/console/mediations").await;
    assert!(!list.body.contains(&format!("/console/mediations/{id}")));
    let mut officer = Desk::of(&app, "冯涛").await;
    officer
        .mediate(id, "fail", &[("reason", "谈不拢")])
        .await
        .is(303);
    officer
        .open(&format!("/console/mediations/{id}"))
        .await
        .says("谈不拢")
        .says("调解不成");
}
