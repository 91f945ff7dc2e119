//! Answer templates: written in the console, put into the forms of a case without losing what was typed,
//! used by their number in the chat.

use entity::answer_template;
use entity::kinds::CaseState;
use futures_util::future::join;
use sea_orm::{EntityTrait, QueryOrder};

use super::Desk;
use super::cases::three_cases;
use crate::harness::app::TestApp;
use crate::harness::browser::Page;

const GY: &str = "/console/templates?place=GY";

async fn templates(app: &TestApp) -> Vec<answer_template::Model> {
    let found = answer_template::Entity::find()
        .order_by_asc(answer_template::COLUMN.id)
        .all(app.store.read())
        .await;
    found.unwrap()
}

async fn write(desk: &mut Desk<'_>, place: &str, fields: [&str; 4]) -> Page {
    let [used_for, category, name, text] = fields;
    let all = [
        ("place", place),
        ("used_for", used_for),
        ("category", category),
        ("name", name),
        ("text", text),
    ];
    desk.send("/console/account", "/console/templates/save", &all)
        .await
}

#[tokio::test]
async fn a_template_is_put_into_the_form_and_what_was_typed_stays() {
    let app = TestApp::start().await;
    let [id, ..] = three_cases(&app).await;
    let mut manager = Desk::of(&app, "沈立").await;
    let text = "｛诉求｝（{地点}，{类别}）已于{日期}修好。";
    write(&mut manager, "GY", ["finish", "", "修好了", text])
        .await
        .is(303);
    write(
        &mut manager,
        "GY",
        ["finish", "lift", "电梯好了", "电梯已恢复运行。"],
    )
    .await
    .is(303);
    write(
        &mut manager,
        "GY",
        ["pause", "", "等配件", "等配件，到货就来。"],
    )
    .await
    .is(303);
    let list = manager.open(GY).await;
    list.says("修好了")
        .says("{诉求}（{地点}，{类别}）")
        .says("电梯");
    let ids: Vec<i64> = templates(&app).await.iter().map(|row| row.id).collect();
    // Another compound's are not offered here.
    let mut secretary = Desk::of(&app, "郑洪").await;
    write(
        &mut secretary,
        "LY",
        ["finish", "", "兰园的", "兰园修好了。"],
    )
    .await
    .is(303);
    let foreign = templates(&app).await[3].id.to_string();

    let mut desk = Desk::of(&app, "孙梅").await;
    let path = format!("/console/cases/{id}");
    let page = desk.open(&path).await;
    let seen = page.hidden("seen");
    desk.send_with(
        &page.hidden("csrf"),
        &format!("{path}/accept"),
        &[("seen", &seen)],
    )
    .await
    .is(303);
    let page = desk.open(&path).await;
    page.says("修好了").says("等配件");
    assert!(!page.body.contains("电梯好了") && !page.body.contains("兰园的"));
    let template = ids[0].to_string();
    let fill = format!("{path}/fill");
    let (csrf, seen) = (page.hidden("csrf"), page.hidden("seen"));
    let fields = [
        ("seen", seen.as_str()),
        ("fill", "finish"),
        ("template", template.as_str()),
        ("text", "先关了总阀<b>。"),
    ];
    let filled = desk.send_with(&csrf, &fill, &fields).await;
    filled
        .is(200)
        .says("先关了总阀&#60;b&#62;。\n")
        .says(&format!("#{id}（桂园小区1栋，供排水）已于"))
        .says("<details class=\"card\" open>");
    // Nothing has happened yet.
    assert_eq!(app.case(id).await.state, CaseState::Accepted);
    // None chosen, one of elsewhere, one for another use, nonsense: told beside the field.
    let pause = ids[2].to_string();
    for (template, words) in [
        ("", "请先选一个模板"),
        (foreign.as_str(), "没有可以这样用的模板"),
        (pause.as_str(), "没有可以这样用的模板"),
        ("-1", "没有可以这样用的模板"),
        ("x", "请先选一个模板"),
    ] {
        let fields = [
            ("fill", "finish"),
            ("template", template),
            ("text", "写好的"),
        ];
        let page = desk.send_with(&csrf, &fill, &fields).await;
        assert!(page.status == 422, "{template}: {}", page.status);
        page.says(words)
            .says(">写好的</textarea>")
            .says("id=\"finish-wrong\"");
    }
    for key in ["accept", "hand-over", "nonsense", ""] {
        let fields = [("fill", key), ("template", template.as_str())];
        desk.send_with(&csrf, &fill, &fields).await.is(404);
    }
    let mut neighbour = Desk::of(&app, "杨光").await;
    let fields = [("fill", "finish"), ("template", template.as_str())];
    neighbour
        .send("/console/account", &fill, &fields)
        .await
        .is(404);
}

#[tokio::test]
async fn what_cannot_be_written_is_said_beside_its_field() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "沈立").await;
    let long = "长".repeat(501);
    for (fields, field, words) in [
        (["", "", "名", "字"], "used_for", "请选用在哪里"),
        (["escalate", "", "名", "字"], "used_for", "请选用在哪里"),
        (["finish", "none", "名", "字"], "category", "没有这个类别"),
        (["finish", "", " ", "字"], "name", "起个名字"),
        (
            [
                "finish",
                "",
                "一二三四五六七八九十一二三四五六七八九十多",
                "字",
            ],
            "name",
            "最多20个字",
        ),
        (["finish", "", "名", ""], "text", "请写模板的文字"),
        (["finish", "", "名", &long], "text", "文字太长了（501字）"),
        (
            ["finish", "", "名", "{姓名}您好"],
            "text",
            "没有“{姓名}”这个空",
        ),
        (["finish", "", "名", "{地点"], "text", "要成对"),
        (
            ["finish", "", "名", "请打13800000101"],
            "text",
            "不要写手机号",
        ),
        (["finish", "", "<i>名</i>", "{<script>}"], "text", "这个空"),
    ] {
        let page = write(&mut desk, "GY", fields).await;
        page.is(422)
            .says(words)
            .says(&format!("id=\"{field}-wrong\""));
        page.says(&fields[3].replace('<', "&#60;").replace('>', "&#62;"));
        assert!(!page.body.contains("<i>名") && !page.body.contains("{<script>}"));
    }
    assert!(templates(&app).await.is_empty());
    write(
        &mut desk,
        "GY",
        ["finish", "", "<i>名</i>", "<script>alert(1)</script>"],
    )
    .await
    .is(303);
    let id = templates(&app).await[0].id;
    for path in [
        GY.to_owned(),
        format!("/console/templates/edit?place=GY&template={id}"),
    ] {
        let page = desk.open(&path).await;
        page.is(200)
            .says("&#60;script&#62;alert(1)")
            .says("&#60;i&#62;");
        assert!(!page.body.contains("<script>alert") && !page.body.contains("<i>名"));
    }
}

#[tokio::test]
async fn templates_are_changed_by_whoever_may_and_old_pages_are_told() {
    let app = TestApp::start().await;
    let mut manager = Desk::of(&app, "沈立").await;
    write(
        &mut manager,
        "GY",
        ["refuse", "", "不归物业", "这件不归物业管。"],
    )
    .await
    .is(303);
    let id = templates(&app).await[0].id;
    for (name, place, sees, writes) in [
        ("孙梅", "GY/1", 200, 403),
        ("蒋平", "GY", 200, 403),
        ("孙梅", "GY", 404, 404),
        ("杨光", "GY", 404, 404),
        ("沈立", "LY", 404, 404),
    ] {
        let mut other = Desk::of(&app, name).await;
        let list = other
            .open(&format!("/console/templates?place={place}"))
            .await;
        list.is(sees);
        assert_eq!(list.body.contains("不归物业"), sees == 200, "{name}");
        assert!(!list.body.contains("/console/templates/edit"));
        write(&mut other, place, ["refuse", "", "名", "字"])
            .await
            .is(writes);
        let fields = [("place", place), ("version", "1")];
        let to = format!("/console/templates/{id}/remove");
        other
            .send("/console/account", &to, &fields)
            .await
            .is(writes);
    }
    let edit = format!("/console/templates/edit?place=GY&template={id}");
    let old = manager.open(&edit).await;
    old.says("不归物业管。").says("填好的样子");
    let number = id.to_string();
    let fields = |text: &'static str| {
        vec![
            ("place", "GY"),
            ("template", number.as_str()),
            ("version", "1"),
            ("used_for", "refuse"),
            ("name", "不归物业"),
            ("text", text),
        ]
    };
    let mut chair = Desk::of(&app, "卫东").await;
    let (one, other) = join(
        manager.send_with(
            &old.hidden("csrf"),
            "/console/templates/save",
            &fields("经理写的"),
        ),
        chair.send(
            "/console/account",
            "/console/templates/save",
            &fields("主任写的"),
        ),
    )
    .await;
    let lost = if one.status == 303 { &other } else { &one };
    lost.is(409).says("刚刚被别人改过").says("写的</textarea>");
    assert_eq!(templates(&app).await[0].version, 2);
    let remove = format!("/console/templates/{id}/remove");
    let stale = [("place", "GY"), ("version", "1")];
    manager.send(&edit, &remove, &stale).await.is(409);
    let now = [("place", "GY"), ("version", "2")];
    manager.send(&edit, &remove, &now).await.is(303);
    manager.open(&edit).await.is(404);
    manager.send(GY, &remove, &now).await.is(404);
    assert!(templates(&app).await.is_empty());
}

#[tokio::test]
async fn in_the_chat_a_template_is_listed_read_and_used_by_its_number() {
    let app = TestApp::start().await;
    let [id, other, next_door] = three_cases(&app).await;
    let mut secretary = Desk::of(&app, "郑洪").await;
    let steward = app.staff("孙梅").await;
    let none = steward.says("模板").await;
    assert!(none.contains("还没有答复模板"), "{none}");
    write(
        &mut secretary,
        "HC-XL-CD-GY",
        ["finish", "", "修好了", "{诉求}已修好，感谢反映。"],
    )
    .await
    .is(303);
    write(
        &mut secretary,
        "GY",
        ["plan", "", "明天来", "明天上午上门。"],
    )
    .await
    .is(303);
    write(
        &mut secretary,
        "GY/2",
        ["finish", "", "二栋的", "二栋修好了。"],
    )
    .await
    .is(303);
    let all = templates(&app).await;
    let (finish, plan, second) = (all[0].id, all[1].id, all[2].id);
    let list = steward.says("模板").await;
    assert!(
        list.contains(&format!("模板{finish} 办结·修好了")),
        "{list}"
    );
    assert!(list.contains(&format!("模板{plan} 方案·明天来")), "{list}");
    assert!(!list.contains("二栋的"), "{list}");
    let list = steward.says("模板 方案").await;
    assert!(
        list.contains("明天来") && !list.contains("修好了"),
        "{list}"
    );
    let whole = steward.says(&format!("模板 {finish}")).await;
    assert!(whole.contains("{诉求}已修好，感谢反映。"), "{whole}");
    let hidden = steward.says(&format!("模板 {second}")).await;
    assert!(hidden.contains("没有模板"), "{hidden}");

    steward.says(&format!("接单 {id}")).await;
    // One of another building, one for something else: nothing is done.
    for number in [second, plan, 999_999] {
        let reply = steward.says(&format!("办结 {id} 模板{number}")).await;
        assert!(reply.contains("没有可以这样用的模板"), "{reply}");
    }
    assert_eq!(app.case(id).await.state, CaseState::Accepted);
    steward
        .says(&format!("方案 {id} 模板{plan} 请家里留人"))
        .await;
    let case = app.case(id).await;
    assert_eq!(case.plan.as_deref(), Some("明天上午上门。\n请家里留人"));
    let reply = steward.says(&format!("办结 {id} 模板 {finish}")).await;
    assert!(reply.contains("已办结"), "{reply}");
    let case = app.case(id).await;
    assert_eq!(case.result, Some(format!("#{id}已修好，感谢反映。")));
    // A case that is not theirs stays unknown, whatever template is named.
    for foreign in [other, next_door] {
        let reply = steward.says(&format!("办结 {foreign} 模板{finish}")).await;
        assert!(
            reply.contains(&format!("没有找到诉求 #{foreign}")),
            "{reply}"
        );
    }
    // Residents have none.
    let reply = app.known("o-zhang").says("模板").await;
    assert!(!reply.contains("修好了"), "{reply}");
}
