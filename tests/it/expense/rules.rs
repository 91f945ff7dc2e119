//! The rules of a compound: a new version holds for new expenses alone; who may set it; what cannot be.

use entity::money::ExpenseState;
use entity::review_chain;
use linli::expense::actions::review;
use sea_orm::EntityTrait;

use super::{PROPOSER, REVIEWERS, actor, cast, fields, in_state, led_to, now};
use crate::console::Desk;
use crate::harness::app::TestApp;

const RULES: &str = "/console/expenses/rules";

fn form<'a>(version: &'a str, days: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("compound", "GY"),
        ("version", version),
        ("name-1", "业委会"),
        ("roles-1", "committee_chair"),
        ("roles-1", "committee_member"),
        ("name-2", "监督"),
        ("roles-2", "supervisor"),
        ("name-3", "社区"),
        ("roles-3", "community_secretary"),
        ("name-4", "街道"),
        ("roles-4", "street_officer"),
        ("publish_days", days),
        ("after_days", "5"),
        ("remind_days", "2"),
        ("expire_days", "30"),
        ("quotes_from", "3000"),
        ("quotes_least", "2"),
        ("tender_from", "100000"),
    ]
}

#[tokio::test]
async fn a_new_version_never_touches_what_runs() {
    let app = TestApp::start().await;
    cast(&app).await;
    let running = in_state(&app, ExpenseState::Reviewing).await;
    let mut secretary = Desk::of(&app, "郑洪").await;
    secretary
        .open(RULES)
        .await
        .is(200)
        .says("第1版规则")
        .says("业主监督审核");
    secretary
        .send(RULES, RULES, &form("0", "10"))
        .await
        .is(409)
        .says("刚刚有人改过");
    secretary.send(RULES, RULES, &form("1", "10")).await.is(303);
    secretary.open(RULES).await.says("第2版规则");
    // What runs keeps its three reviews and its seven days.
    let mut tx = app.store.begin(app.now()).await.unwrap();
    for name in REVIEWERS {
        let reviewer = actor(&app, name).await;
        review::approve(&mut tx, &reviewer, running, None, "")
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let row = now(&app, running).await;
    assert_eq!(row.state, ExpenseState::Publishing);
    let lasts = row.publish_until.unwrap() - row.publish_from.unwrap();
    assert_eq!(lasts.num_days(), 7);
    // A new one has four.
    let mut manager = Desk::of(&app, PROPOSER).await;
    let new = "/console/expenses/new";
    let id = led_to(&manager.send(new, new, &fields("20.00")).await);
    super::act(&mut manager, id, "submit", &[]).await.is(303);
    let mut tx = app.store.begin(app.now()).await.unwrap();
    for name in REVIEWERS {
        let reviewer = actor(&app, name).await;
        review::approve(&mut tx, &reviewer, id, None, "")
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let row = now(&app, id).await;
    assert_eq!((row.state, row.reviews_done), (ExpenseState::Reviewing, 3));
}

#[tokio::test]
async fn who_is_bound_by_the_rules_does_not_set_them_and_three_reviews_are_the_least() {
    let app = TestApp::start().await;
    for name in [PROPOSER, "卫东"] {
        let mut desk = Desk::of(&app, name).await;
        desk.open(RULES).await.is(200).says("系统自带的规则");
        desk.send(RULES, RULES, &form("0", "1")).await.is(403);
    }
    let mut secretary = Desk::of(&app, "郑洪").await;
    let mut wrong = vec![
        (form("0", "0"), "publish_days-wrong"),
        (form("0", "x"), "publish_days-wrong"),
    ];
    let mut two = form("0", "5");
    two.retain(|(name, _)| !name.ends_with("-3") && !name.ends_with("-4"));
    wrong.push((two, "一道也不能省"));
    let mut nobody = form("0", "5");
    nobody.retain(|(name, _)| *name != "roles-2");
    wrong.push((nobody, "要选由谁来审"));
    let mut odd = form("0", "5");
    odd.push(("roles-2", "property_manager"));
    wrong.push((odd, "这个岗位不能审核支出"));
    let mut free = form("0", "5");
    free.retain(|(name, _)| *name != "tender_from");
    free.push(("tender_from", "0"));
    wrong.push((free, "tender_from-wrong"));
    for (form, says) in wrong {
        secretary
            .send(RULES, RULES, &form)
            .await
            .is(422)
            .says(says)
            .says("监督");
    }
    let mut elsewhere = form("0", "5");
    elsewhere[0] = ("compound", "LY");
    let mut chair = Desk::of(&app, "卫东").await;
    chair.send(RULES, RULES, &elsewhere).await.is(404);
    let kept = review_chain::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    assert!(kept.is_empty(), "{kept:?}");
}
