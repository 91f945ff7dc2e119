//! Agreements of no year that anybody means are refused; and what a unit did in an alliance is written down by whoever
//! keeps it, not by the unit itself.

use entity::{agreement, alliance_record};
use linli::access::load_staff;
use linli::alliance::actions::{self, Done};
use linli::base::fault::Code;
use sea_orm::{EntityTrait, PaginatorTrait};

use super::{day, unit};
use crate::console::Desk;
use crate::harness::app::TestApp;

const PAGE: &str = "/console/agreements";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agreement_lies_in_years_that_people_mean() {
    let app = TestApp::start().await;
    let school = unit(&app, "U1", "第一小学", "unit", None).await.to_string();
    let mut desk = Desk::of(&app, "卫东").await;
    for (from, to) in [
        ("1026-01-01", "1026-12-31"),
        ("9999-01-01", "9999-12-31"),
        ("2199-12-31", "2200-01-01"),
        ("+262142-01-01", "+262142-12-31"),
        ("-0001-01-01", "2026-01-01"),
    ] {
        let fields = [
            ("compound", "GY"),
            ("organisation", school.as_str()),
            ("from", from),
            ("to", to),
        ];
        let page = desk.send(PAGE, "/console/agreements/record", &fields).await;
        page.is(422).says("2000到2199");
    }
    let none = agreement::Entity::find().count(app.store.read()).await;
    assert_eq!(none.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_does_not_write_down_itself_whom_it_served() {
    let app = TestApp::start().await;
    let school = unit(&app, "U1", "第一小学", "unit", Some("周强")).await;
    let alliance = unit(&app, "LM", "桂园共建联盟", "alliance", None).await;
    let mut desk = Desk::of(&app, "卫东").await;
    let id = school.to_string();
    let fields = [("compound", "GY"), ("organisation", id.as_str())];
    let join = format!("/console/alliance/{alliance}/join");
    desk.send(PAGE, &join, &fields).await.is(303);
    let served = [
        ("compound", "GY"),
        ("organisation", id.as_str()),
        ("text", "免费辅导功课"),
        ("served", "35"),
    ];
    let record = format!("/console/alliance/{alliance}/record");
    let mut teacher = Desk::of(&app, "周强").await;
    let csrf = teacher.open("/console/lists").await.hidden("csrf");
    teacher.send_with(&csrf, &record, &served).await.is(403);
    // Nor by any other face.
    let tx = app.store.begin(app.now()).await.unwrap();
    let speaker = app.called("周强").await.id;
    let actor = load_staff(tx.db(), speaker, app.now()).await.unwrap();
    let done = Done {
        organisation_id: school,
        on_day: day(&app, 0),
        text: "免费辅导功课",
        served: 35,
    };
    let refused = actions::record(&tx, &actor.unwrap(), alliance, &done).await;
    assert_eq!(refused.unwrap_err().code, Code::NotFound);
    tx.rollback().await.unwrap();
    desk.send(PAGE, &record, &served).await.is(303);
    let all = alliance_record::Entity::find()
        .count(app.store.read())
        .await;
    assert_eq!(all.unwrap(), 1);
}
