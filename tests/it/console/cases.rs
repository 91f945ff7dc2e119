//! Pages of cases: who sees what, every action as a form, pages that are old, many at once.

use std::time::Duration;

use chrono::TimeDelta;
use entity::kinds::{AttachmentState, CaseState};
use entity::{attachment, case};
use futures_util::future::join;
use linli::files::FileKind;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::Desk;
use crate::harness::app::TestApp;

/// A case of each building of the standard compound and one next door: numbers of 1栋, 2栋, 兰园.
pub async fn three_cases(app: &TestApp) -> [i64; 3] {
    let mut ids = Vec::new();
    for (name, text) in [
        ("张秀英", "报修 家里水管爆了"),
        ("陈伟", "投诉 楼道堆杂物"),
        ("韩梅", "报修 路灯不亮"),
    ] {
        let resident = app.resident(name).await;
        resident.says(text).await;
        ids.push(resident.case().await.id);
    }
    app.drain().await;
    ids.try_into().unwrap()
}

fn link(id: i64) -> String {
    format!("href=\"/console/cases/{id}\"")
}

#[tokio::test]
async fn each_role_sees_its_part_of_the_tree_and_nothing_else() {
    let app = TestApp::start().await;
    let ids = three_cases(&app).await;
    for (name, sees) in [
        ("孙梅", [true, false, false]),
        ("周强", [false, true, false]),
        ("杨光", [false, false, true]),
        ("吴静", [true, true, true]),
        ("郑洪", [true, true, true]),
        ("冯涛", [true, true, true]),
        ("褚亮", [true, true, true]),
        ("卫东", [true, true, false]),
        ("蒋平", [true, true, false]),
        ("沈立", [true, true, false]),
    ] {
        let mut desk = Desk::of(&app, name).await;
        let list = desk.open("/console/cases?state=all").await;
        list.is(200);
        for (id, sees) in ids.iter().zip(sees) {
            assert_eq!(list.body.contains(&link(*id)), sees, "{name} and #{id}");
            let page = desk.open(&format!("/console/cases/{id}")).await;
            assert_eq!(page.status, if sees { 200 } else { 404 }, "{name}, #{id}");
            let file = desk.open(&format!("/console/cases/{id}/files/1")).await;
            assert_eq!(file.status, 404, "{name}, #{id}");
            if !sees {
                let to = format!("/console/cases/{id}/accept");
                desk.send("/console/account", &to, &[("seen", "0-1")])
                    .await
                    .is(404);
            }
        }
        desk.open("/console/tasks").await.is(200);
        let typed = format!("/console/cases?text=%23{}", ids[2]);
        let jump = desk.open(&typed).await;
        assert_eq!(jump.status, if sees[2] { 303 } else { 200 }, "{name}");
    }
    // Not there, not theirs: one answer.
    let mut desk = Desk::stranger(&app);
    desk.sign_in("sun", super::PASSWORD).await.is(303);
    let foreign = desk.open(&format!("/console/cases/{}", ids[2])).await;
    let nobodys = desk.open("/console/cases/999999").await;
    let told = |body: &str, id: &str| body.replace(&format!("#{id}。"), "#N。");
    assert_eq!(
        told(&foreign.body, &ids[2].to_string()),
        told(&nobodys.body, "999999")
    );
    for odd in ["x", "-1", "99999999999999999999"] {
        desk.open(&format!("/console/cases/{odd}")).await.is(404);
    }
}

impl Desk<'_> {
    /// Sends an action's form from the case's page as it is now.
    pub async fn act(
        &mut self,
        id: i64,
        key: &str,
        fields: &[(&str, &str)],
    ) -> crate::harness::browser::Page {
        let page = self.open(&format!("/console/cases/{id}")).await;
        let (csrf, seen) = (page.hidden("csrf"), page.hidden("seen"));
        let mut all = vec![("seen", seen.as_str())];
        all.extend_from_slice(fields);
        self.send_with(&csrf, &format!("/console/cases/{id}/{key}"), &all)
            .await
    }
}

#[tokio::test]
async fn a_case_is_worked_from_the_first_click_to_the_last() {
    let app = TestApp::start().await;
    let [id, ..] = three_cases(&app).await;
    let resident = app.known("o-zhang");
    let mut desk = Desk::of(&app, "孙梅").await;
    let tasks = desk.open("/console/tasks").await;
    tasks.says("等我接单").says(&link(id)).says("还剩");
    desk.open(&format!("/console/cases/{id}"))
        .await
        .is(200)
        .says("水管爆了")
        .says("待接单");
    for (key, field, state) in [
        ("accept", None, CaseState::Accepted),
        ("arrive", None, CaseState::Arrived),
        ("plan", Some(("text", "先关总阀")), CaseState::Arrived),
        ("grade", Some(("grade", "major")), CaseState::Arrived),
        ("pause", Some(("reason", "等配件")), CaseState::Paused),
        ("resume", None, CaseState::Arrived),
        ("finish", Some(("text", "水管已换好")), CaseState::Finished),
    ] {
        let fields: Vec<(&str, &str)> = field.into_iter().collect();
        desk.act(id, key, &fields)
            .await
            .is(303)
            .leads_to(&format!("/console/cases/{id}?said={key}"));
        assert_eq!(app.case(id).await.state, state, "{key}");
    }
    let page = desk.open(&format!("/console/cases/{id}?said=finish")).await;
    page.says("水管已换好")
        .says("等配件")
        .says("还缺处理前和处理后的照片")
        .says("role=\"status\"");
    app.drain().await;
    resident.expects_push("办结").await;
}

#[tokio::test]
async fn what_is_missing_is_told_beside_its_field_and_nothing_is_lost() {
    let app = TestApp::start().await;
    let [id, ..] = three_cases(&app).await;
    let mut desk = Desk::of(&app, "孙梅").await;
    desk.act(id, "accept", &[]).await.is(303);
    let page = desk.act(id, "finish", &[("text", "  ")]).await;
    page.is(422)
        .says("id=\"finish-wrong\"")
        .says("aria-invalid=\"true\"");
    let long = "长".repeat(5_001);
    let page = desk.act(id, "finish", &[("text", &long)]).await;
    page.is(422).says("文字太长了").says(&long);
    // Somebody who is not there, and two of one name.
    let page = desk.act(id, "hand-over", &[("name", "诸葛亮")]).await;
    page.is(422)
        .says("没有找到可以接手")
        .says("value=\"诸葛亮\"");
    desk.act(id, "nonsense", &[]).await.is(404);
    for grade in ["", "nonsense", "ordinary"] {
        desk.act(id, "grade", &[("grade", grade)])
            .await
            .is(422)
            .says("id=\"grade-wrong\"");
    }
    // An action of another state: told, and nothing changes.
    desk.act(id, "resume", &[])
        .await
        .is(409)
        .says("不能这样操作");
    assert_eq!(app.case(id).await.state, CaseState::Accepted);
    let mut chair = Desk::of(&app, "卫东").await;
    chair
        .act(id, "finish", &[("text", "不是我办的")])
        .await
        .is(403)
        .says("只有办理人")
        .says("不是我办的");
    // Whoever neither has it nor gives work out may help, and nothing else.
    let mut grid = Desk::of(&app, "吴静").await;
    let page = grid.open(&format!("/console/cases/{id}")).await;
    page.says("我来助力");
    for key in ["accept", "finish", "hand-over", "merge", "identity"] {
        assert!(!page.body.contains(&format!("/{id}/{key}\"")), "{key}");
    }
}

#[tokio::test]
async fn an_old_page_is_refused_kindly_and_keeps_what_was_typed() {
    let app = TestApp::start().await;
    let [id, ..] = three_cases(&app).await;
    let mut desk = Desk::of(&app, "孙梅").await;
    desk.act(id, "accept", &[]).await.is(303);
    let old = desk.open(&format!("/console/cases/{id}")).await;
    let (csrf, seen) = (old.hidden("csrf"), old.hidden("seen"));
    app.clock.advance(TimeDelta::seconds(1));
    app.known("o-zhang")
        .says(&format!("补充 {id} 水更大了"))
        .await;
    let typed = [("seen", seen.as_str()), ("text", "已经修好<b>了")];
    let to = format!("/console/cases/{id}/finish");
    let page = desk.send_with(&csrf, &to, &typed).await;
    page.is(409)
        .says("刚刚有了新变化")
        .says("水更大了")
        .says("已经修好&#60;b&#62;了");
    assert_eq!(app.case(id).await.state, CaseState::Accepted);
    // The page that came back is of now: sent again it works.
    let seen = page.hidden("seen");
    let typed = [("seen", seen.as_str()), ("text", "已经修好了")];
    desk.send_with(&csrf, &to, &typed).await.is(303);
    // Twice: the second is of an old page.
    desk.send_with(&csrf, &to, &typed).await.is(409);
}

#[tokio::test]
async fn of_two_at_once_one_is_obeyed() {
    let app = TestApp::with_instances(2).await;
    let [id, ..] = three_cases(&app).await;
    let mut here = Desk::of(&app, "沈立").await;
    let mut there = Desk::at(&app, 1);
    there.sign_in("shen", super::PASSWORD).await.is(303);
    let page = here.open(&format!("/console/cases/{id}")).await;
    let (csrf, seen) = (page.hidden("csrf"), page.hidden("seen"));
    let other = there.open("/console/account").await.hidden("csrf");
    let to = format!("/console/cases/{id}/hand-over");
    let one = [("seen", seen.as_str()), ("name", "蒋平")];
    let two = [("seen", seen.as_str()), ("name", "卫东")];
    let (one, two) = join(
        here.send_with(&csrf, &to, &one),
        there.send_with(&other, &to, &two),
    )
    .await;
    let mut answers = [one.status, two.status];
    answers.sort_unstable();
    assert_eq!(answers, [303, 409], "{} {}", one.body, two.body);
}

#[tokio::test]
async fn several_cases_are_given_out_at_once_each_for_itself() {
    let app = TestApp::start().await;
    let [one, two, next_door] = three_cases(&app).await;
    let mut desk = Desk::of(&app, "沈立").await;
    let page = desk.open("/console/cases").await;
    let csrf = page.hidden("csrf");
    let pattern = regex::Regex::new("value=\"(\\d+:[0-9-]+)\"").unwrap();
    let marks: Vec<String> = pattern
        .captures_iter(&page.body)
        .map(|found| found[1].to_owned())
        .collect();
    assert_eq!(marks.len(), 2, "{}", page.body);
    let to = "/console/cases/assign";
    desk.send_with(&csrf, to, &[("name", "蒋平")])
        .await
        .is(422)
        .says("请先勾选");
    desk.send_with(&csrf, to, &[("case", &marks[0])])
        .await
        .is(422)
        .says("请写办理人");
    // One has changed since; one is not theirs; one is theirs and as it was.
    app.clock.advance(TimeDelta::seconds(1));
    app.known("o-chen").says(&format!("催办 {two}")).await;
    let foreign = format!("{next_door}:0-1");
    let fields = [
        ("case", marks[0].as_str()),
        ("case", marks[1].as_str()),
        ("case", foreign.as_str()),
        ("case", "nonsense"),
        ("name", "蒋平"),
    ];
    let page = desk.send_with(&csrf, to, &fields).await;
    page.is(200)
        .says("已派给蒋平")
        .says("刚刚有了新变化")
        .says("没有找到诉求");
    let jiang = app.person("蒋平").await.id;
    assert_eq!(app.case(one).await.holder_id, Some(jiang));
    assert_ne!(app.case(two).await.holder_id, Some(jiang));
    assert_ne!(app.case(next_door).await.holder_id, Some(jiang));
    let page = desk.send_with(&csrf, to, &fields).await;
    assert_eq!(page.body.matches("刚刚有了新变化").count(), 2);
    let mut steward = Desk::of(&app, "周强").await;
    let page = steward.open("/console/cases").await;
    assert!(!page.body.contains("name=\"case\""), "{}", page.body);
}

#[tokio::test]
async fn no_text_becomes_markup_anywhere() {
    let app = TestApp::start().await;
    let evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'";
    let resident = app.resident("张秀英").await;
    resident.says(&format!("报修 {evil}")).await;
    let id = resident.case().await.id;
    resident.says(&format!("补充 {id} {evil}")).await;
    let mut desk = Desk::of(&app, "孙梅").await;
    desk.act(id, "accept", &[]).await.is(303);
    desk.act(id, "plan", &[("text", evil)]).await.is(303);
    desk.act(id, "pause", &[("reason", evil)]).await.is(303);
    desk.act(id, "resume", &[]).await.is(303);
    let page = desk.act(id, "hand-over", &[("name", evil)]).await;
    page.is(422);
    let mut pages = vec![page.body];
    desk.act(id, "finish", &[("text", evil)]).await.is(303);
    let mut row = app.case(id).await.into_active_model();
    row.rating = Set(Some(1));
    row.rating_text = Set(Some(evil.to_owned()));
    row.category = Set(Some(evil.to_owned()));
    row.update(app.store.write()).await.unwrap();
    let coded = "%3Cscript%3Ealert(1)%3C/script%3E%3Cimg%20src=x%20onerror=alert(2)%3E%22%27";
    for path in [
        "/console/tasks".to_owned(),
        "/console/cases?state=all".to_owned(),
        format!("/console/cases/{id}"),
        format!("/console/cases?text={coded}&place={coded}&holder={coded}&from={coded}"),
        format!("/console/cases?kind={coded}&category={coded}&state={coded}&cursor={coded}"),
        format!("/console/cases?said={coded}"),
        format!("/console/cases/{id}?said={coded}"),
        format!("/console/{coded}"),
    ] {
        pages.push(desk.open(&path).await.body);
    }
    for body in pages {
        assert!(!body.contains("<script>alert"), "{body}");
        assert!(!body.contains("<img src=x"), "{body}");
    }
}

#[tokio::test]
async fn photos_are_shown_to_whoever_sees_the_case() {
    let app = TestApp::start().await;
    let [one, two, _] = three_cases(&app).await;
    let account = app.known("o-zhang").account().await;
    let files = &app.instances[0].app.files;
    let png = b"\x89PNG\r\n\x1a\n0000";
    files
        .put("test/photo.png", FileKind::Png, png.to_vec())
        .await
        .unwrap();
    let row = attachment::ActiveModel {
        subject: Set(Some(format!("case:{one}"))),
        account_id: Set(Some(account.id)),
        kind: Set("image".to_owned()),
        media_id: Set("m".to_owned()),
        state: Set(AttachmentState::Stored),
        content_type: Set(Some("image/png".to_owned())),
        path: Set(Some("test/photo.png".to_owned())),
        created_at: Set(app.now()),
        ..Default::default()
    };
    let row = row.insert(app.store.write()).await.unwrap();
    let mut desk = Desk::of(&app, "孙梅").await;
    let path = format!("/console/cases/{one}/files/{}", row.id);
    desk.open(&format!("/console/cases/{one}"))
        .await
        .says(&path);
    let file = desk.open(&path).await;
    file.is(200);
    assert_eq!(file.headers["content-type"], "image/png");
    assert_eq!(file.headers["x-content-type-options"], "nosniff");
    let mut manager = Desk::of(&app, "沈立").await;
    manager.open(&path).await.is(200);
    // Through another case, or for somebody of the next building, it is not there.
    let other = format!("/console/cases/{two}/files/{}", row.id);
    manager.open(&other).await.is(404);
    let mut zhou = Desk::of(&app, "周强").await;
    zhou.open(&path).await.is(404);
    let mut change = row.into_active_model();
    change.content_type = Set(Some("text/html".to_owned()));
    change.update(app.store.write()).await.unwrap();
    desk.open(&path).await.is(404);
}

#[tokio::test]
async fn open_pages_hear_of_what_concerns_them() {
    let app = TestApp::with_instances(2).await;
    let [one, two, _] = three_cases(&app).await;
    let mut sun = Desk::at(&app, 1);
    super::own_password(&app, "sun", "孙梅").await;
    sun.sign_in("sun", super::PASSWORD).await.is(303);
    sun.open("/console/tasks").await.says("data-live");
    let cookie = sun.browser.cookie(super::COOKIE).unwrap();
    let url = format!("http://{}/console/events", app.instances[1].address);
    let mut stream = sun
        .browser
        .http
        .get(url)
        .header("cookie", format!("{}={cookie}", super::COOKIE))
        .send()
        .await
        .unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    // At the other instance, in the other building, then in their own.
    let mut manager = Desk::of(&app, "沈立").await;
    manager
        .act(two, "hand-over", &[("name", "蒋平")])
        .await
        .is(303);
    manager
        .act(one, "hand-over", &[("name", "蒋平")])
        .await
        .is(303);
    let mut heard = String::new();
    let listening = async {
        while !heard.contains(&format!("\"case\":{one}")) {
            let chunk = stream.chunk().await.unwrap().expect("the stream ended");
            heard.push_str(&String::from_utf8_lossy(&chunk));
        }
    };
    tokio::time::timeout(Duration::from_secs(12), listening)
        .await
        .expect("nothing was heard");
    assert!(!heard.contains(&format!("\"case\":{two}")), "{heard}");
    let mut stranger = Desk::stranger(&app);
    stranger.open("/console/events").await.is(303);
    let rows = case::Entity::find().all(app.store.read()).await.unwrap();
    assert_eq!(rows.len(), 3);
}
