//! What stands around a case in the console: helpers, neighbours, two that are one, photos, the words for
//! the board, who stands behind it.

use chrono::TimeDelta;
use entity::kinds::{AttachmentState, CaseState, ModerationState, PhotoStage};
use entity::{attachment, audit, moderation};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter};

use super::Desk;
use super::cases::three_cases;
use crate::harness::app::TestApp;
use crate::harness::pictures::{bomb, holds, jpeg, jpeg_with_place, png};

fn at(id: i64) -> String {
    format!("/console/cases/{id}")
}

#[tokio::test]
async fn others_come_to_help_are_asked_and_go_again() {
    let app = TestApp::start().await;
    let [id, ..] = three_cases(&app).await;
    let mut sun = Desk::of(&app, "孙梅").await;
    sun.act(id, "accept", &[]).await.is(303);
    sun.act(id, "invite", &[("name", "蒋平")])
        .await
        .is(303)
        .leads_to(&format!("{}?said=invite", at(id)));
    sun.open(&at(id)).await.says("蒋平").says("已邀请");
    let mut jiang = Desk::of(&app, "蒋平").await;
    let page = jiang.open(&at(id)).await;
    page.says("我来助力").says("退出助力");
    jiang.act(id, "help", &[]).await.is(303);
    let page = jiang.open(&at(id)).await;
    page.says("正在助力");
    assert!(!page.body.contains("我来助力"), "{}", page.body);
    jiang.act(id, "leave", &[]).await.is(303);
    jiang.act(id, "leave", &[]).await.is(409).says("没有在助力");
    // Nobody, somebody unknown, oneself while holding it: told, and what was typed stays.
    sun.act(id, "invite", &[("name", " ")])
        .await
        .is(422)
        .says("id=\"invite-wrong\"");
    sun.act(id, "invite", &[("name", "诸葛亮<b>")])
        .await
        .is(422)
        .says("value=\"诸葛亮&#60;b&#62;\"");
    sun.act(id, "help", &[]).await.is(403);
    // The next building's steward sees neither the case nor its forms.
    let mut zhou = Desk::of(&app, "周强").await;
    for key in [
        "help", "leave", "invite", "merge", "identity", "mediate", "reword",
    ] {
        let fields = [("seen", "0-1"), ("name", "蒋平")];
        let to = format!("{}/{key}", at(id));
        zhou.send("/console/account", &to, &fields).await.is(404);
    }
}

#[tokio::test]
async fn an_old_page_and_two_at_once_change_nothing_twice() {
    let app = TestApp::start().await;
    let [id, ..] = three_cases(&app).await;
    let mut jiang = Desk::of(&app, "蒋平").await;
    let page = jiang.open(&at(id)).await;
    let (csrf, seen) = (page.hidden("csrf"), page.hidden("seen"));
    app.clock.advance(TimeDelta::seconds(1));
    app.known("o-zhang").says(&format!("补充 {id} 快来")).await;
    let old = [("seen", seen.as_str())];
    jiang
        .send_with(&csrf, &format!("{}/help", at(id)), &old)
        .await
        .is(409)
        .says("刚刚有了新变化");
    jiang.act(id, "help", &[]).await.is(303);
    jiang.act(id, "help", &[]).await.is(303);
    let events = linli::case::queries::events(app.store.read(), id)
        .await
        .unwrap();
    let joined = events.iter().filter(|one| one.action == "helper-joined");
    assert_eq!(joined.count(), 1, "twice is once");
}

#[tokio::test]
async fn neighbours_are_counted_and_never_named_and_two_cases_become_one() {
    let app = TestApp::start().await;
    let one = app.resident("张秀英").await;
    one.says("报修 1栋电梯停了").await;
    let first = one.case().await.id;
    let two = app.resident("李建国").await;
    two.says("报修 1栋电梯停了没人修").await;
    let second = two.case().await.id;
    let other = app.resident("陈伟").await;
    other.says("报修 2栋电梯停了").await;
    let foreign = other.case().await.id;
    app.drain().await;
    let neighbour = app.resident("王芳").await;
    let reply = neighbour.says(&format!("我也遇到 {first}")).await;
    assert!(reply.contains(&format!("#{first}")), "{reply}");
    let mut sun = Desk::of(&app, "孙梅").await;
    let page = sun.open(&at(second)).await;
    page.says("可能是同一件事")
        .says(&format!("<option value=\"{first}\">"));
    let page = sun.open(&at(first)).await;
    page.says("还有 1 人，共 2 户");
    assert!(!page.body.contains("王芳"), "{}", page.body);
    for wrong in [
        "",
        "999999",
        "abc",
        &foreign.to_string(),
        &second.to_string(),
    ] {
        let page = sun.act(second, "merge", &[("into", wrong)]).await;
        page.is(422).says("id=\"merge-wrong\"");
    }
    sun.act(second, "merge", &[("into", &format!("#{first}"))])
        .await
        .is(303);
    assert_eq!(app.case(second).await.merged_into, Some(first));
    sun.open(&at(second))
        .await
        .says(&format!("诉求 #{first}"))
        .says("拆分");
    sun.open(&at(first)).await.says("还有 2 人，共 3 户");
    // Whoever has nothing to do with it may not part them; the manager gives work out and may.
    let mut shen = Desk::of(&app, "沈立").await;
    let seen = shen.open(&at(second)).await.hidden("seen");
    let mut jiang = Desk::of(&app, "蒋平").await;
    let to = format!("{}/unmerge", at(second));
    let fields = [("seen", seen.as_str())];
    jiang.send("/console/account", &to, &fields).await.is(403);
    shen.act(second, "unmerge", &[]).await.is(303);
    let parted = app.case(second).await;
    assert_eq!(
        (parted.merged_into, parted.state),
        (None, CaseState::Assigned)
    );
    shen.act(second, "unmerge", &[])
        .await
        .is(409)
        .says("不能这样操作");
}

#[tokio::test]
async fn who_stands_behind_a_case_is_seen_with_a_reason_on_record_only() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    resident.says("匿名投诉 1栋楼道堆杂物").await;
    let id = resident.case().await.id;
    app.drain().await;
    let mut sun = Desk::of(&app, "孙梅").await;
    let page = sun.open(&at(id)).await;
    assert!(!page.body.contains("张秀英") && !page.body.contains("/identity"));
    sun.act(id, "identity", &[("reason", "想知道")])
        .await
        .is(403);
    let mut secretary = Desk::of(&app, "郑洪").await;
    let page = secretary.open(&at(id)).await;
    assert!(!page.body.contains("张秀英"), "{}", page.body);
    secretary
        .act(id, "identity", &[("reason", " ")])
        .await
        .is(422)
        .says("id=\"identity-wrong\"");
    let looks = || {
        audit::Entity::find()
            .filter(audit::COLUMN.action.eq("case.identity"))
            .count(app.store.read())
    };
    assert_eq!(looks().await.unwrap(), 0);
    let page = secretary
        .act(id, "identity", &[("reason", "当面核实<b>")])
        .await;
    page.is(200)
        .says("张秀英")
        .says("1-1-101")
        .says("13800000101");
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(looks().await.unwrap(), 1);
    secretary
        .open(&at(id))
        .await
        .says("查看身份")
        .says("当面核实&#60;b&#62;");
}

#[tokio::test]
async fn words_for_the_board_are_worded_anew_after_they_were_refused() {
    let app = TestApp::start().await;
    let [id, ..] = three_cases(&app).await;
    let mut sun = Desk::of(&app, "孙梅").await;
    sun.act(id, "accept", &[]).await.is(303);
    sun.act(id, "finish", &[("text", "水管已换好")])
        .await
        .is(303);
    app.drain().await;
    let row = moderation::Entity::find()
        .filter(moderation::COLUMN.subject.eq(format!("case:{id}")))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let mut change = row.into_active_model();
    change.state = Set(ModerationState::Pending);
    change.decided_at = Set(None);
    let row = change.update(app.store.write()).await.unwrap();
    assert!(!sun.open(&at(id)).await.body.contains("/reword"));
    let mut secretary = Desk::of(&app, "郑洪").await;
    let word = format!("/console/moderation/{}", row.id);
    let fields = [("word", "refuse"), ("reason", "写得太简单")];
    secretary
        .send("/console/moderation", &word, &fields)
        .await
        .is(303);
    let page = sun.open(&at(id)).await;
    page.says("没有通过审核：写得太简单").says("/reword");
    sun.act(id, "reword", &[("text", "")])
        .await
        .is(422)
        .says("id=\"reword-wrong\"");
    secretary
        .act(id, "reword", &[("text", "我来写")])
        .await
        .is(403);
    sun.act(id, "reword", &[("text", "主管道接头换新，已试水")])
        .await
        .is(303);
    sun.act(id, "reword", &[("text", "再改一次")]).await.is(409);
}

#[tokio::test]
async fn photos_of_the_work_are_cleaned_and_belong_to_the_case() {
    let app = TestApp::start().await;
    let [id, other, _] = three_cases(&app).await;
    let mut sun = Desk::of(&app, "孙梅").await;
    let to = format!("{}/photos", at(id));
    let page = sun.open(&at(id)).await;
    let (csrf, seen) = (page.hidden("csrf"), page.hidden("seen"));
    let fields = [("csrf", csrf.as_str()), ("seen", seen.as_str())];
    let photo = |name: &'static str, bytes: Vec<u8>| ("photos", name, bytes);
    for (what, bytes) in [
        ("empty", Vec::new()),
        ("a page", b"<html><script>alert(1)</script>".to_vec()),
        ("a bomb", bomb()),
    ] {
        let page = sun
            .send_files(
                &to,
                &fields,
                &[photo("x.jpg", jpeg(2)), photo("y.jpg", bytes)],
            )
            .await;
        assert_eq!(page.status, 422, "{what}: {}", page.body);
        page.says("id=\"photos-wrong\"").says("第2张");
    }
    sun.send_files(&to, &fields, &[])
        .await
        .is(422)
        .says("请先选照片");
    let many: Vec<_> = (0..10).map(|_| photo("x.png", png(3))).collect();
    sun.send_files(&to, &fields, &many)
        .await
        .is(422)
        .says("一次最多");
    // Nothing of all that belongs to anything.
    let given = || {
        attachment::Entity::find()
            .filter(attachment::COLUMN.subject.eq(format!("case:{id}")))
            .all(app.store.read())
    };
    assert!(given().await.unwrap().is_empty());
    app.clock.advance(TimeDelta::minutes(2));
    let page = sun.open(&at(id)).await;
    let seen = page.hidden("seen");
    // Nobody has shown yet what was found: that comes first, and what was done can be said.
    page.says("<option value=\"before\">处理前</option><option value=\"after\">处理后</option>");
    let fields = [("csrf", csrf.as_str()), ("seen", seen.as_str())];
    let aside = [&fields[..], &[("stage", "aside")]].concat();
    sun.send_files(&to, &aside, &[photo("x.jpg", jpeg(3))])
        .await
        .is(422)
        .says("请选拍的是处理前还是处理后");
    let done = [&fields[..], &[("stage", "after")]].concat();
    sun.send_files(
        &to,
        &done,
        &[
            photo("../../x.html", jpeg_with_place()),
            photo("y.png", png(4)),
        ],
    )
    .await
    .is(303);
    let rows = given().await.unwrap();
    assert_eq!(rows.len(), 2);
    let by = app.person("孙梅").await.id;
    for row in &rows {
        // Whoever signs in with a password alone needs no chat account.
        assert_eq!((row.account_id, row.person_id), (None, Some(by)));
        assert_eq!(row.stage, Some(PhotoStage::After));
        assert_eq!(row.state, AttachmentState::Stored);
        let path = row.path.as_deref().unwrap();
        let kept = app.instances[0].app.files.get(path).await.unwrap();
        assert!(!holds(&kept, b"Exif"), "where it was taken is kept");
    }
    sun.open(&at(id)).await.says("处理后");
    // The old page, a forged form, another compound's case.
    sun.send_files(&to, &fields, &[photo("a.jpg", jpeg(5))])
        .await
        .is(409)
        .says("刚刚有了新变化");
    let forged = [("csrf", "forged"), ("seen", seen.as_str())];
    sun.send_files(&to, &forged, &[photo("a.jpg", jpeg(5))])
        .await
        .is(403);
    let foreign = format!("{}/photos", at(other));
    sun.send_files(&foreign, &fields, &[photo("a.jpg", jpeg(5))])
        .await
        .is(404);
}

#[tokio::test]
async fn a_reason_stands_in_for_a_photo() {
    let app = TestApp::start().await;
    let [id, ..] = three_cases(&app).await;
    let mut sun = Desk::of(&app, "孙梅").await;
    sun.act(id, "accept", &[]).await.is(303);
    sun.open(&at(id)).await.says("还缺处理前和处理后的照片");
    sun.act(id, "no-photo", &[("reason", "")])
        .await
        .is(422)
        .says("id=\"no-photo-wrong\"");
    sun.act(id, "no-photo", &[("reason", "住户不让拍<i>")])
        .await
        .is(303);
    let page = sun.open(&at(id)).await;
    page.says("没有处理前的照片：住户不让拍&#60;i&#62;")
        .says("没有处理后的照片：住户不让拍&#60;i&#62;");
    assert!(!page.body.contains("还缺"), "{}", page.body);
    let mut jiang = Desk::of(&app, "蒋平").await;
    jiang
        .act(id, "no-photo", &[("reason", "我说的")])
        .await
        .is(403);
    let _ = app.person("孙梅").await;
}

#[tokio::test]
async fn what_neighbours_give_stands_on_the_page_and_names_nobody() {
    let app = TestApp::start().await;
    let one = app.resident("张秀英").await;
    one.says("报修 1栋电梯停了").await;
    let id = one.case().await.id;
    let neighbour = app.resident("王芳").await;
    neighbour.says(&format!("我也遇到 {id}")).await;
    let mut sun = Desk::of(&app, "孙梅").await;
    sun.act(id, "accept", &[]).await.is(303);
    sun.act(id, "finish", &[("text", "换了钢绳")]).await.is(303);
    let page = sun.open(&at(id)).await;
    assert!(!page.body.contains("加入的人评价"), "{}", page.body);
    neighbour.says(&format!("评价 {id} 2 还是响")).await;
    let page = sun.open(&at(id)).await;
    page.says("加入的人评价：1人，平均2.0分，不计入满意率")
        .says("邻居评价");
    assert!(!page.body.contains("王芳"), "{}", page.body);
}
