//! How long cases may take, set in the console: whence each figure comes, who may, old pages, and what
//! was promised before.

use entity::kinds::Grade;
use entity::response_policy;
use futures_util::future::join;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::Desk;
use crate::harness::app::TestApp;
use crate::harness::browser::Page;

const GY: &str = "/console/policies?place=GY";

/// The page of a slot, and its form sent with these figures.
async fn set(desk: &mut Desk<'_>, place: &str, slot: (&str, &str), figures: [&str; 4]) -> Page {
    let (grade, level) = slot;
    let path = format!("/console/policies/edit?place={place}&grade={grade}&level={level}");
    let page = desk.open(&path).await;
    page.is(200);
    send(desk, &page, place, slot, figures).await
}

async fn send(
    desk: &mut Desk<'_>,
    page: &Page,
    place: &str,
    (grade, level): (&str, &str),
    [accept, arrive, finish, plan]: [&str; 4],
) -> Page {
    let fields = [
        ("place", place),
        ("grade", grade),
        ("level", level),
        ("version", &page.hidden("version")),
        ("accept_minutes", accept),
        ("arrive_minutes", arrive),
        ("finish_minutes", finish),
        ("plan_minutes", plan),
        ("calendar", ""),
    ];
    desk.send_with(&page.hidden("csrf"), "/console/policies/set", &fields)
        .await
}

/// The words of the line of a grade and a level on the list.
fn line(page: &Page, grade: &str, level: &str) -> String {
    let group = page
        .body
        .split("<section aria-label=\"")
        .find(|part| part.starts_with(grade));
    let group = group.unwrap_or_else(|| panic!("no {grade} in {}", page.body));
    let row = group.split("<tr>").find(|row| {
        let head = row.split("</th>").next().unwrap_or_default();
        row.contains("scope=\"row\"") && head.contains(level)
    });
    row.unwrap_or_else(|| panic!("no {level} in {group}"))
        .to_owned()
}

#[tokio::test]
async fn a_policy_is_set_and_removed_and_every_figure_says_whence_it_comes() {
    let app = TestApp::start().await;
    let mut chair = Desk::of(&app, "卫东").await;
    let mut secretary = Desk::of(&app, "郑洪").await;
    let page = chair.open("/console/policies").await;
    page.is(200)
        .says("桂园小区")
        .says("若现在提出")
        .says("正在走的时限不变");
    for (grade, words) in [("普通", "30分钟"), ("重大", "4小时"), ("特殊复杂", "1天")]
    {
        let line = line(&page, grade, "社区");
        assert!(
            line.contains(words) && line.contains("5341 内置标准"),
            "{line}"
        );
    }
    // The community sets its own, and the compound has it from there.
    set(
        &mut secretary,
        "HC-XL-CD-GY",
        ("ordinary", ""),
        ["10", "", "2小时", ""],
    )
    .await
    .is(303)
    .leads_to("/console/policies?place=HC-XL-CD-GY&said=policy-set");
    let above = line(&chair.open(GY).await, "普通", "街道");
    for words in ["10分钟", "2小时", "桂园社区（各层级）"] {
        assert!(above.contains(words), "{above}");
    }
    // The compound has its own for all levels and another one for the street.
    set(
        &mut chair,
        "GY",
        ("ordinary", ""),
        ["8分钟", "5", "1小时", ""],
    )
    .await
    .is(303);
    set(
        &mut chair,
        "GY",
        ("ordinary", "street"),
        ["1天", "", "", "3天"],
    )
    .await
    .is(303);
    let page = chair.open(&format!("{GY}&said=policy-set")).await;
    page.says("时限已保存");
    let own = line(&page, "普通", "各层级");
    assert!(own.contains("8分钟") && own.contains("本地设置"), "{own}");
    let inherited = line(&page, "普通", "小区");
    assert!(inherited.contains("本地设置（各层级）"), "{inherited}");
    let street = line(&page, "普通", "街道");
    assert!(
        street.contains("3天") && !street.contains("各层级"),
        "{street}"
    );
    // Taken away, the community's counts again.
    let edit = chair
        .open("/console/policies/edit?place=GY&grade=ordinary&level=")
        .await;
    edit.says("现在：接单8分钟，到场5分钟，办结1小时（本地设置）")
        .says("value=\"8分钟\"");
    let fields = [
        ("place", "GY"),
        ("grade", "ordinary"),
        ("level", ""),
        ("version", &edit.hidden("version")),
    ];
    chair
        .send_with(&edit.hidden("csrf"), "/console/policies/remove", &fields)
        .await
        .is(303);
    let line = line(&chair.open(GY).await, "普通", "各层级");
    assert!(
        line.contains("10分钟") && line.contains("桂园社区"),
        "{line}"
    );
    // Once more: there is nothing to remove.
    chair
        .send_with(&edit.hidden("csrf"), "/console/policies/remove", &fields)
        .await
        .is(404);
}

#[tokio::test]
async fn what_cannot_be_is_said_beside_its_field_and_nothing_is_lost() {
    let app = TestApp::start().await;
    let mut chair = Desk::of(&app, "卫东").await;
    for (figures, field, words) in [
        (["", "", "30", ""], "accept_minutes", "请写接单时限"),
        (["5分<script>", "", "30", ""], "accept_minutes", "请写成"),
        (["5", "半小时", "30", ""], "arrive_minutes", "请写成"),
        (["5", "", "", ""], "finish_minutes", "至少要有一个"),
        (["5", "", "30", "1天"], "plan_minutes", "不能比办结时限长"),
        (["0", "", "30", ""], "accept_minutes", "应为 1 到"),
        (["5", "", "9999天", ""], "finish_minutes", "应为 1 到"),
    ] {
        let page = set(&mut chair, "GY", ("major", ""), figures).await;
        page.is(422)
            .says(words)
            .says(&format!("id=\"{field}-wrong\""));
        for typed in figures {
            let shown = typed.replace('<', "&#60;").replace('>', "&#62;");
            page.says(&format!("value=\"{shown}\""));
        }
        assert!(!page.body.contains("分<script>"));
    }
    let rows = response_policy::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    assert!(rows.is_empty());
    // A calendar that is none, or of somebody else.
    let edit = chair
        .open("/console/policies/edit?place=GY&grade=major&level=")
        .await;
    for calendar in ["999999", "x"] {
        let fields = [
            ("place", "GY"),
            ("grade", "major"),
            ("accept_minutes", "5"),
            ("finish_minutes", "30"),
            ("calendar", calendar),
        ];
        let page = chair
            .send_with(&edit.hidden("csrf"), "/console/policies/set", &fields)
            .await;
        assert!(matches!(page.status, 404 | 422), "{}", page.status);
        page.says("日历");
    }
    for slot in ["grade=none&level=", "grade=major&level=none", ""] {
        let path = format!("/console/policies/edit?place=GY&{slot}");
        chair.open(&path).await.is(404);
    }
}

#[tokio::test]
async fn who_is_measured_does_not_set_and_what_is_not_theirs_is_not_there() {
    let app = TestApp::start().await;
    for (name, place, sees, sets) in [
        ("卫东", "GY", 200, 303),
        ("卫东", "LY", 404, 404),
        ("沈立", "GY", 200, 403),
        ("孙梅", "GY/1", 200, 403),
        ("孙梅", "GY", 404, 404),
        ("孙梅", "GY/2", 404, 404),
        ("郑洪", "LY/9", 200, 303),
    ] {
        let mut desk = Desk::of(&app, name).await;
        let list = desk.open(&format!("/console/policies?place={place}")).await;
        list.is(sees);
        let offers = list.body.contains("/console/policies/edit");
        assert_eq!(offers, sets == 303, "{name} at {place}");
        let edit = desk
            .open(&format!(
                "/console/policies/edit?place={place}&grade=complex"
            ))
            .await;
        assert_eq!(
            edit.status,
            if sets == 303 { 200 } else { sets },
            "{name} at {place}"
        );
        let fields = [
            ("place", place),
            ("grade", "complex"),
            ("accept_minutes", "5"),
            ("plan_minutes", "1天"),
        ];
        let page = desk
            .send("/console/account", "/console/policies/set", &fields)
            .await;
        assert_eq!(page.status, sets, "{name} at {place}: {}", page.body);
    }
    // Not there, not theirs: one answer.
    let mut desk = Desk::stranger(&app);
    desk.sign_in("wei", super::PASSWORD).await.is(303);
    let foreign = desk.open("/console/policies?place=LY").await;
    let nobodys = desk.open("/console/policies?place=NOWHERE").await;
    assert_eq!(foreign.body, nobodys.body);
}

#[tokio::test]
async fn an_old_page_changes_nothing_and_keeps_what_was_typed() {
    let app = TestApp::start().await;
    let mut chair = Desk::of(&app, "卫东").await;
    let mut secretary = Desk::of(&app, "郑洪").await;
    let path = "/console/policies/edit?place=GY&grade=ordinary&level=";
    let slot = ("ordinary", "");
    let old = chair.open(path).await;
    set(&mut secretary, "GY", slot, ["6", "", "40", ""])
        .await
        .is(303);
    let page = send(&mut chair, &old, "GY", slot, ["9", "", "1小时", ""]).await;
    page.is(409)
        .says("刚刚被别人改过")
        .says("value=\"9\"")
        .says("value=\"1小时\"")
        .says("现在：接单6分钟，办结40分钟");
    // The page that came back is the one of now: sent again it does it.
    send(&mut chair, &page, "GY", slot, ["9", "", "1小时", ""])
        .await
        .is(303);
    // Twice at once: one of them.
    let (one, other) = (chair.open(path).await, secretary.open(path).await);
    let (one, other) = join(
        send(&mut chair, &one, "GY", slot, ["11", "", "50", ""]),
        send(&mut secretary, &other, "GY", slot, ["12", "", "50", ""]),
    )
    .await;
    let mut both = [one.status, other.status];
    both.sort_unstable();
    assert_eq!(both, [303, 409]);
    let rows = response_policy::Entity::find()
        .filter(response_policy::COLUMN.grade.eq(Grade::Ordinary))
        .all(app.store.read())
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].version, 3);
}

#[tokio::test]
async fn a_clock_that_runs_keeps_its_promise_when_the_policy_changes() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    resident.says("报修 家里水管爆了").await;
    let before = resident.case().await;
    let mut chair = Desk::of(&app, "卫东").await;
    set(&mut chair, "GY", ("ordinary", ""), ["2小时", "", "1天", ""])
        .await
        .is(303);
    assert_eq!(
        app.case(before.id).await.accept_due_at,
        before.accept_due_at
    );
    resident.says("投诉 楼道堆杂物").await;
    let after = resident.case().await;
    let minutes = |case: &entity::case::Model| {
        let of = |due: Option<linli::base::clock::Moment>| {
            (due.unwrap() - case.created_at).num_minutes()
        };
        (of(case.accept_due_at), of(case.finish_due_at))
    };
    assert_eq!(minutes(&before), (5, 30));
    assert_eq!(minutes(&after), (120, 1_440));
    let page = chair.open(&format!("/console/cases/{}", after.id)).await;
    page.says("前接单").says("还剩1小时59分");
}
