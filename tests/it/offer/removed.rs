//! An organisation is removed at the moment at which something is about to name it: whoever comes second reads one
//! sentence, and nothing names what is not there.

use std::time::Duration;

use chrono::TimeDelta;
use entity::{alliance_member, dispatch_rule, offer, organisation, role};
use linli::access::load_staff;
use linli::alliance::actions::join;
use linli::base::fault::{Code, Fault};
use linli::organisation::actions::remove;
use linli::store::Tx;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};

use super::{day, unit};
use crate::console::{Desk, administrator, make_administrator};
use crate::harness::app::TestApp;

const PAGE: &str = "/console/agreements";
/// Who administers 桂园 in these tests, and who keeps its alliances.
const ADMINISTRATOR: &str = "刘洋";
const CHAIR: &str = "卫东";

/// Another instance has removed it and has not stored that yet.
async fn removing(app: &TestApp, id: i64) -> Tx {
    let who = app.called(ADMINISTRATOR).await.id;
    let tx = app.store.begin(app.now()).await.unwrap();
    let actor = load_staff(tx.db(), who, app.now()).await.unwrap();
    remove(&tx, &actor.unwrap(), id).await.unwrap();
    tx
}

/// Does something beside what is stored half a second later: PostgreSQL shows it what was before and has it wait at
/// the row that both want, SQLite has it wait at once.
async fn beside<T>(tx: Tx, done: impl Future<Output = T>) -> T {
    let stored = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        tx.commit().await.unwrap();
    };
    let (answer, ()) = tokio::join!(done, stored);
    answer
}

async fn is_there(app: &TestApp, id: i64) -> bool {
    let found = organisation::Entity::find_by_id(id).one(app.store.read());
    found.await.unwrap().is_some()
}

async fn members(app: &TestApp) -> u64 {
    let all = alliance_member::Entity::find().count(app.store.read());
    all.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_that_goes_at_this_moment_joins_no_alliance_and_promises_nothing() {
    let app = TestApp::start().await;
    make_administrator(&app, ADMINISTRATOR, Some("GY")).await;
    let school = unit(&app, "U1", "第一小学", "unit", None).await;
    let bank = unit(&app, "U2", "社区银行", "unit", None).await;
    let alliance = unit(&app, "LM", "桂园共建联盟", "alliance", None).await;
    let mut desk = Desk::of(&app, CHAIR).await;
    let csrf = desk.open(PAGE).await.hidden("csrf");
    let to = format!("/console/alliance/{alliance}/join");

    let id = school.to_string();
    let fields = [("compound", "GY"), ("organisation", id.as_str())];
    let tx = removing(&app, school).await;
    let page = beside(tx, desk.send_with(&csrf, &to, &fields)).await;
    page.is(422).says("没有找到这个单位");

    let (id, due) = (bank.to_string(), day(&app, 30).to_string());
    let promise = [
        ("compound", "GY"),
        ("list", "service"),
        ("organisation", id.as_str()),
        ("text", "更换3栋门禁"),
        ("due_on", due.as_str()),
    ];
    let tx = removing(&app, bank).await;
    let page = beside(tx, desk.send_with(&csrf, "/console/lists/new", &promise)).await;
    page.is(409).says("刚刚被删除了").says("更换3栋门禁");

    let company = organisation::Entity::find()
        .filter(organisation::COLUMN.code.eq("WY"))
        .one(app.store.read())
        .await;
    let id = company.unwrap().unwrap().id.to_string();
    let fields = [("compound", "GY"), ("organisation", id.as_str())];
    let tx = removing(&app, alliance).await;
    let page = beside(tx, desk.send_with(&csrf, &to, &fields)).await;
    page.is(404);

    assert_eq!(members(&app).await, 0);
    let promised = offer::Entity::find().count(app.store.read()).await;
    assert_eq!(promised.unwrap(), 0);
    for id in [school, bank, alliance] {
        assert!(!is_there(&app, id).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_joins_at_this_moment_is_not_removed() {
    let app = TestApp::start().await;
    let school = unit(&app, "U1", "第一小学", "unit", None).await;
    let alliance = unit(&app, "LM", "桂园共建联盟", "alliance", None).await;
    let mut admin = administrator(&app, ADMINISTRATOR, Some("GY")).await;
    let page = format!("/console/organisations/{school}");
    let csrf = admin.open(&page).await.hidden("csrf");
    let who = app.called(CHAIR).await.id;
    let tx = app.store.begin(app.now()).await.unwrap();
    let chair = load_staff(tx.db(), who, app.now()).await.unwrap();
    join(&tx, &chair.unwrap(), alliance, school).await.unwrap();
    let to = format!("{page}/remove");
    let answer = beside(tx, admin.send_with(&csrf, &to, &[])).await;
    answer.is(409).says("有联盟的单位或记录");
    assert_eq!(members(&app).await, 1);
    assert!(is_there(&app, school).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_post_no_rule_and_nobody_below_names_one_that_goes_at_this_moment() {
    let app = TestApp::start().await;
    let mut admin = administrator(&app, ADMINISTRATOR, Some("GY")).await;
    let mut chair = Desk::of(&app, CHAIR).await;
    let form = "/console/roles/new";
    let csrf = admin.open(form).await.hidden("csrf");
    let last = day(&app, 20).to_string();

    let school = unit(&app, "U1", "第一小学", "unit", None).await;
    let post = [
        ("name", "王芳"),
        ("role", "steward"),
        ("place", "GY/2"),
        ("from", ""),
        ("to", last.as_str()),
        ("organisation", "U1"),
    ];
    let tx = removing(&app, school).await;
    let page = beside(tx, admin.send_with(&csrf, form, &post)).await;
    page.is(422).says("id=\"organisation-wrong\"");
    let posts = role::Entity::find().filter(role::COLUMN.organisation_id.eq(school));
    assert_eq!(posts.count(app.store.read()).await.unwrap(), 0);

    let bank = unit(&app, "U2", "社区银行", "unit", None).await;
    let below = [
        ("code", "U3"),
        ("name", "社区银行支行"),
        ("kind", "unit"),
        ("place", "GY"),
        ("parent", "U2"),
        ("credit_code", ""),
        ("service_phone", ""),
        ("service_hours", ""),
    ];
    let tx = removing(&app, bank).await;
    let page = beside(
        tx,
        admin.send_with(&csrf, "/console/organisations/new", &below),
    )
    .await;
    page.is(422).says("id=\"parent-wrong\"");
    let branches = organisation::Entity::find().filter(organisation::COLUMN.parent_id.eq(bank));
    assert_eq!(branches.count(app.store.read()).await.unwrap(), 0);

    let shop = unit(&app, "U4", "便民店", "unit", None).await;
    let id = shop.to_string();
    let rule = [
        ("place", "GY"),
        ("rule", ""),
        ("version", "0"),
        ("kind", "repair"),
        ("organisation", id.as_str()),
    ];
    let edit = "/console/rules/edit?place=GY";
    let csrf = chair.open(edit).await.hidden("csrf");
    let tx = removing(&app, shop).await;
    let page = beside(tx, chair.send_with(&csrf, "/console/rules/save", &rule)).await;
    page.is(422).says("没有这个组织");
    let rules = dispatch_rule::Entity::find().count(app.store.read());
    assert_eq!(rules.await.unwrap(), 0);
}

/// What no action has thought of: it is somebody else who was faster, and no fault of ours.
#[tokio::test]
async fn a_row_that_names_nothing_and_one_that_goes_while_it_is_named_are_conflicts() {
    let app = TestApp::plan().instances(0).start().await;
    let school = unit(&app, "U1", "第一小学", "unit", None).await;
    let alliance = unit(&app, "LM", "桂园共建联盟", "alliance", None).await;
    let belongs = |organisation_id: i64| alliance_member::ActiveModel {
        alliance_id: Set(alliance),
        organisation_id: Set(organisation_id),
        since_on: Set(day(&app, 0)),
        created_at: Set(app.now() - TimeDelta::days(1)),
        ..Default::default()
    };
    let db = app.store.write();
    let nobody = alliance_member::Entity::insert(belongs(999_999));
    let error = nobody.exec_without_returning(db).await.unwrap_err();
    assert_eq!(Fault::from(error).code, Code::Conflict);
    let there = alliance_member::Entity::insert(belongs(school));
    there.exec_without_returning(db).await.unwrap();
    let gone = organisation::Entity::delete_by_id(school).exec(db).await;
    assert_eq!(Fault::from(gone.unwrap_err()).code, Code::Conflict);
}
