//! A building is closed, a company's contract ends: by forms, with cases under way. Nobody is lost, and the resident
//! reads who has it now.

use entity::kinds::{BindingState, FeeKind, RoleKind};
use entity::{binding, dispatch_rule, organisation, place, role};

use super::*;
use crate::console::{Desk, administrator, on_record};
use crate::fee;
use crate::harness::program;
use crate::powers::give;

async fn company(app: &TestApp) -> organisation::Model {
    organisation::Entity::find()
        .filter(organisation::COLUMN.code.eq("WY"))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap()
}

/// Posts of somebody that are over.
async fn ended(app: &TestApp, name: &str) -> Vec<role::Model> {
    let person = app.called(name).await;
    let mut rows = role::Entity::find()
        .filter(role::COLUMN.person_id.eq(person.id))
        .all(app.store.read())
        .await
        .unwrap();
    rows.retain(|row| row.to_at.is_some_and(|to| to <= app.now()));
    rows
}

/// Brings in one file of a roster.
async fn imported(app: &TestApp, name: &str, text: &str) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    let path = folder.path().to_str().unwrap();
    program::succeed(&app.variables, &["import", path]).await;
}

async fn still_closed(app: &TestApp, codes: &[&str]) -> Vec<bool> {
    let mut closed = Vec::new();
    for code in codes {
        closed.push(app.place(code).await.closed_at.is_some());
    }
    closed
}

/// 张秀英's cases: one that 孙梅 has accepted, one that waits for her.
async fn two_cases(app: &TestApp) -> [i64; 2] {
    let (resident, steward) = (tied(app, "张秀英").await, tied(app, "孙梅").await);
    resident.says("报修 家里水管漏水").await;
    let first = resident.case().await.id;
    steward.says(&format!("接单 {first}")).await;
    resident.says("建议 门口加一盏灯").await;
    let second = resident.case().await.id;
    for id in [first, second] {
        assert_eq!(holder(app, &app.case(id).await).await, "孙梅");
    }
    [first, second]
}

#[tokio::test]
async fn a_case_of_a_building_that_is_closed_goes_on_and_nothing_new_begins_there() {
    let app = house(1).await;
    let [first, second] = two_cases(&app).await;
    let building = app.place("GY/1").await;
    let path = format!("/console/buildings/{}", building.id);
    let close = format!("{path}/close");
    let why = [("reason", "已拆迁")];
    // Whoever does not administer it does not find the page, nor an administrator of next door.
    for name in ["孙梅", "沈立", "冯涛"] {
        let mut desk = Desk::of(&app, name).await;
        desk.open(&close).await.is(404);
        desk.send("/console/account", &close, &why).await.is(404);
    }
    let mut next_door = administrator(&app, "韩梅", Some("LY")).await;
    next_door
        .send("/console/account", &close, &why)
        .await
        .is(404);
    let mut admin = administrator(&app, "刘洋", Some("GY")).await;
    admin.open(&path).await.says(&close);
    admin
        .open(&close)
        .await
        .says("3户、3个微信绑定都留着")
        .says("1个岗位")
        .says("2件没办完的诉求");
    admin
        .send(&close, &close, &[("reason", " ")])
        .await
        .is(422)
        .says("id=\"reason-wrong\"");
    assert_eq!(still_closed(&app, &["GY/1"]).await, [false]);
    // Only buildings have an end.
    let unit = app.place("GY/1-1").await.id;
    let of_unit = format!("/console/buildings/{unit}/close");
    admin.send(&close, &of_unit, &why).await.is(404);
    // Somebody has asked to be bound there, and waits for a word.
    let asks = app.newcomer("o-before").await;
    asks.says("绑定 桂园 1-1-102 周小芳 13900009999").await;
    let asked = binding::Entity::find()
        .filter(binding::COLUMN.state.eq(BindingState::Requested))
        .one(app.store.read());
    let asked = asked.await.unwrap().unwrap();
    admin
        .send(&close, &close, &why)
        .await
        .leads_to(&format!("{path}?said=building-closed"));
    let all = ["GY/1", "GY/1-1", "GY/1-1-101", "GY/2", "GY"];
    let now = still_closed(&app, &all).await;
    assert_eq!(now, [true, true, true, false, false]);
    admin.send(&close, &close, &why).await.is(409);
    let subject = format!("place:{}", building.id);
    assert_eq!(on_record(&app, "place.close", &subject).await, 1);
    admin.open(&path).await.says("已停用");

    // The post has ended with its reason, and who gives work out has the cases.
    app.drain().await;
    let [post] = ended(&app, "孙梅").await.try_into().unwrap();
    assert_eq!(post.end_reason.as_deref(), Some("已拆迁"));
    tied(&app, "孙梅").await.expects_push("职务").await;
    for id in [first, second] {
        let case = app.case(id).await;
        assert_eq!(case.state, CaseState::Assigned);
        assert_eq!(holder(&app, &case).await, "沈立");
        assert!(case.accept_due_at.is_some());
        let lines = actions(&app, id).await;
        assert!(lines.contains(&"holder-gone".to_owned()), "{lines:?}");
    }
    let words = told(&app, "张秀英").await;
    for id in [first, second] {
        let who = format!("诉求 #{id} 现在由沈立办理");
        assert!(words.contains(&who), "{words}");
    }
    let resident = tied(&app, "张秀英").await;
    let reply = resident.says(&format!("进度 {first}")).await;
    assert!(reply.contains("沈立"), "{reply}");
    // One is worked to its end, the clocks find somebody for the other.
    let manager = tied(&app, "沈立").await;
    manager.says(&format!("接单 {first}")).await;
    manager.says(&format!("办结 {first} 水管已关阀")).await;
    assert_eq!(app.case(first).await.state, CaseState::Finished);
    app.advance(6).await;
    app.advance(11).await;
    let moved = app.case(second).await;
    assert!(moved.accept_late);
    assert_ne!(holder(&app, &moved).await, "沈立");

    let word = format!("核验 {} 通过", asked.id);
    let reply = manager.says(&word).await;
    assert!(reply.contains("已停用"), "{reply}");
    nothing_new(&app, &mut admin).await;
}

/// No case, no binding, no post and no bill in the closed building.
async fn nothing_new(app: &TestApp, admin: &mut Desk<'_>) {
    let resident = tied(app, "张秀英").await;
    let before = resident.cases().await.len();
    let reply = resident.says("报修 楼道灯不亮").await;
    assert!(reply.contains("已停用"), "{reply}");
    assert_eq!(resident.cases().await.len(), before);
    // What lies elsewhere is filed there, as the reply advises.
    let reply = resident.says("报修 2栋楼道灯不亮").await;
    assert!(
        reply.contains("已收到") || reply.contains("诉求 #"),
        "{reply}"
    );
    let (now, next) = (resident.cases().await, app.place("GY/2").await.id);
    assert_eq!(now.len(), before + 1);
    assert!(now.iter().any(|case| case.place_id == next), "{now:?}");
    // What names a closed building is not filed somewhere else instead.
    let manager = tied(app, "沈立").await;
    let reply = manager.says("报修 1栋电梯停了").await;
    assert!(reply.contains("已停用"), "{reply}");
    let newcomer = app.newcomer("o-closed").await;
    newcomer.says("绑定 1-1-102 李建国 13800000102").await;
    assert_eq!(newcomer.account().await.person_id, None);
    let appoint = "/console/roles/new";
    let fields = [("name", "蒋平"), ("role", "steward"), ("place", "GY/1")];
    admin
        .send(appoint, appoint, &fields)
        .await
        .is(422)
        .says("已停用");
    let (gy, gone) = (app.place("GY").await.id, app.place("GY/1").await.id);
    let page = admin.open(&format!("/console/roles?place={gy}")).await;
    let vacant = format!("role=steward&amp;place={gone}\"");
    assert!(!page.is(200).body.contains(&vacant), "{}", page.body);
    fee::add(app, fee::fee("物业费", FeeKind::Area, 18_000)).await;
    fee::make(app, fee::this_month(app)).await;
    let billed = fee::bills(app).await;
    assert!(!billed.is_empty());
    let homes = place::Entity::find()
        .filter(
            place::COLUMN
                .id
                .is_in(billed.iter().map(|bill| bill.home_id)),
        )
        .all(app.store.read())
        .await
        .unwrap();
    assert!(
        homes.iter().all(|home| home.code.starts_with("GY/2")),
        "{homes:?}"
    );
}

#[tokio::test]
async fn a_building_that_the_roster_names_again_is_open_again() {
    let app = house(1).await;
    let mut admin = administrator(&app, "刘洋", Some("GY")).await;
    let id = app.place("GY/1").await.id;
    let close = format!("/console/buildings/{id}/close");
    admin
        .send(&close, &close, &[("reason", "改造")])
        .await
        .is(303);
    let head = "code,kind,name,parent_code,area_m2,note\n";
    let home = format!("{head}GY/1-1-101,home,1-1-101,GY/1-1,89.50,\n");
    imported(&app, "places.csv", &home).await;
    // With the home its building, and nothing beside it.
    let all = ["GY/1", "GY/1-1", "GY/1-1-101", "GY/1-1-102"];
    let now = still_closed(&app, &all).await;
    assert_eq!(now, [false, false, false, true]);
    imported(&app, "places.csv", compound::FILES[0].1).await;
    assert_eq!(still_closed(&app, &["GY/1-1-102"]).await, [false]);
    let resident = tied(&app, "张秀英").await;
    resident.says("报修 楼道灯不亮").await;
    // The posts are not: somebody else has it until one is appointed.
    let case = resident.case().await;
    assert_ne!(holder(&app, &case).await, "孙梅");
}

/// A rule gives repairs to the company.
async fn rule_for(app: &TestApp, body: &organisation::Model) {
    let rule = dispatch_rule::ActiveModel {
        place_id: Set(app.place("GY").await.id),
        kind: Set(Some(entity::kinds::CaseKind::Repair)),
        position: Set(1),
        version: Set(1),
        organisation_id: Set(Some(body.id)),
        created_at: Set(app.now()),
        ..Default::default()
    };
    rule.insert(app.store.write()).await.unwrap();
}

#[tokio::test]
async fn a_case_of_a_company_whose_contract_ends_goes_on_with_somebody_else() {
    let app = house(1).await;
    let body = company(&app).await;
    rule_for(&app, &body).await;
    let resident = tied(&app, "张秀英").await;
    resident.says("报修 楼道灯不亮").await;
    let id = resident.case().await.id;
    let first = holder(&app, &app.case(id).await).await;
    assert!(["蒋平", "沈立"].contains(&first.as_str()), "{first}");
    tied(&app, &first).await.says(&format!("接单 {id}")).await;
    let board = app.board("GY").await;
    assert!(board.contains("桂园物业服务公司"), "{board}");

    let path = format!("/console/organisations/{}", body.id);
    let end = format!("{path}/end");
    let mut manager = Desk::of(&app, "沈立").await;
    manager.open(&end).await.is(404);
    manager
        .send("/console/account", &end, &[("reason", "合同到期")])
        .await
        .is(404);
    let mut admin = administrator(&app, "刘洋", Some("GY")).await;
    let page = admin.open(&end).await;
    page.says("2个岗位")
        .says("1件没办完的诉求")
        .says("1条派单规则");
    let seen = page.hidden("seen");
    for (mark, why, status) in [
        ("0", "合同到期", 409),
        (seen.as_str(), "", 422),
        (seen.as_str(), "合同到期", 303),
        (seen.as_str(), "合同到期", 409),
    ] {
        let fields = [("seen", mark), ("reason", why)];
        admin.send(&end, &end, &fields).await.is(status);
    }
    assert!(company(&app).await.ended_at.is_some());
    let subject = format!("organisation:{}", body.id);
    assert_eq!(on_record(&app, "organisation.end", &subject).await, 1);
    admin.open(&path).await.says("结束服务");

    app.drain().await;
    for name in ["蒋平", "沈立"] {
        let [post] = ended(&app, name).await.try_into().unwrap();
        assert_eq!(post.end_reason.as_deref(), Some("合同到期"));
        tied(&app, name).await.expects_push("职务").await;
    }
    let case = app.case(id).await;
    let next = holder(&app, &case).await;
    assert!(!["蒋平", "沈立"].contains(&next.as_str()), "{next}");
    assert_eq!(case.state, CaseState::Assigned);
    let words = told(&app, "张秀英").await;
    let who = format!("诉求 #{id} 现在由{next}办理");
    assert!(words.contains(&who), "{words}");
    let reply = tied(&app, &next).await.says(&format!("接单 {id}")).await;
    assert!(reply.contains("已接单"), "{reply}");

    named_by_nothing(&app, &mut admin).await;
    imported(&app, "organisations.csv", compound::FILES[1].1).await;
    assert_eq!(company(&app).await.ended_at, None);
}

/// Rules pass it by, also to people of whom the roster says no organisation; no post is given for it; no board has it.
async fn named_by_nothing(app: &TestApp, admin: &mut Desk<'_>) {
    let loose = app.called("王芳").await.id;
    give(app, loose, RoleKind::PropertyStaff, "GY").await;
    let resident = tied(app, "张秀英").await;
    resident.says("报修 单元门坏了").await;
    let case = resident.case().await;
    assert_eq!(holder(app, &case).await, "孙梅");
    admin
        .open("/console/rules?place=GY")
        .await
        .is(200)
        .says("已结束服务，空缺");
    let appoint = "/console/roles/new";
    let fields = [
        ("name", "王芳"),
        ("role", "property_manager"),
        ("place", "GY"),
        ("organisation", "WY"),
    ];
    let page = admin.send(appoint, appoint, &fields).await;
    page.is(422).says("id=\"organisation-wrong\"");
    let board = app.board("GY").await;
    assert!(!board.contains("桂园物业服务公司"), "{board}");
}
