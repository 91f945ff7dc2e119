//! What stands under a case moves: the steward's post ends, the company's people are gone, midnight, a
//! day off and a leap day come.

use chrono::NaiveDate;
use entity::kinds::{CaseKind, Grade};
use entity::{dispatch_rule, organisation, role};
use linli::base::clock::{Moment, begin_of, china};
use linli::policy::rules::Figures;

use super::policies::{FIGURES, add_calendar, set, slot, table};
use super::*;

async fn posts_end(app: &TestApp, name: &str) {
    let person = app.called(name).await;
    role::Entity::update_many()
        .set(role::ActiveModel {
            to_at: Set(Some(app.now())),
            ..Default::default()
        })
        .filter(role::COLUMN.person_id.eq(person.id))
        .exec(app.store.write())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_case_whose_stewards_post_ends_goes_on_with_somebody_else() {
    let app = house(1).await;
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    resident.says("投诉 楼上太吵").await;
    let waiting = resident.case().await.id;
    resident.says("建议 门口加一盏灯").await;
    let under_way = resident.case().await.id;
    for id in [waiting, under_way] {
        assert_eq!(holder(&app, &app.case(id).await).await, "孙梅");
    }
    steward.says(&format!("接单 {under_way}")).await;
    posts_end(&app, "孙梅").await;
    let reply = steward.says(&format!("接单 {waiting}")).await;
    assert!(!reply.contains("已接单"), "{reply}");
    // The clocks find the next one for what was not accepted, and ask above for what was.
    app.advance(6).await;
    app.advance(11).await;
    let moved = app.case(waiting).await;
    assert_ne!(holder(&app, &moved).await, "孙梅");
    let next = tied(&app, &holder(&app, &moved).await).await;
    let reply = next.says(&format!("接单 {waiting}")).await;
    assert!(reply.contains("已接单"), "{reply}");
    app.advance(3 * 24 * 60).await;
    let late = app.case(under_way).await;
    let asked = late.asked_id.is_some() || holder(&app, &late).await != "孙梅";
    assert!(late.finish_late && asked, "{late:?}");
    // Whoever gives work out need not wait for the clocks.
    let manager = tied(&app, "沈立").await;
    let reply = manager.says(&format!("转派 {under_way} 吴静")).await;
    assert!(reply.contains("吴静"), "{reply}");
}

#[tokio::test]
async fn a_case_for_a_company_that_is_gone_falls_to_the_compound() {
    let app = house(1).await;
    let resident = tied(&app, "张秀英").await;
    let company = organisation::Entity::find()
        .filter(organisation::COLUMN.code.eq("WY"))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let rule = dispatch_rule::ActiveModel {
        place_id: Set(app.place("GY").await.id),
        kind: Set(Some(CaseKind::Repair)),
        position: Set(1),
        organisation_id: Set(Some(company.id)),
        created_at: Set(app.now()),
        ..Default::default()
    };
    rule.insert(app.store.write()).await.unwrap();
    resident.says("报修 灯不亮").await;
    let first = resident.case().await;
    assert!(["蒋平", "沈立"].contains(&holder(&app, &first).await.as_str()));
    for name in ["蒋平", "沈立"] {
        posts_end(&app, name).await;
    }
    resident.says("报修 门坏了").await;
    let second = resident.case().await;
    assert!(second.holder_id.is_some(), "the rule leads nowhere");
    assert!(!["蒋平", "沈立"].contains(&holder(&app, &second).await.as_str()));
    app.advance(6).await;
    app.advance(11).await;
    let moved = app.case(first.id).await;
    assert!(
        !["蒋平", "沈立"].contains(&holder(&app, &moved).await.as_str()),
        "{moved:?}"
    );
}

/// The moment of a clock on the wall in China.
fn at(day: NaiveDate, minutes: i64) -> Moment {
    begin_of(day) + TimeDelta::minutes(minutes)
}

#[tokio::test]
async fn clocks_go_over_midnight_a_leap_day_and_a_day_off() {
    let app = house(1).await;
    let day = |month, day| NaiveDate::from_ymd_opt(2028, month, day).unwrap();
    let (eve, leap, off, after) = (day(2, 28), day(2, 29), day(3, 1), day(3, 2));
    app.clock.advance(at(eve, 17 * 60 + 55) - app.now());
    assert_eq!(china(app.now()).date_naive(), eve);
    let hours = table("每天 09:00-18:00", &[(off, None)]);
    let hours = add_calendar(&app, "卫东", "GY", "白天", &hours)
        .await
        .unwrap();
    let figures = Figures {
        finish_minutes: Some(600),
        ..FIGURES
    };
    let ours = slot(&app, "GY", Grade::Ordinary).await;
    set(&app, "卫东", ours, figures, Some(hours.id), None)
        .await
        .unwrap();
    let (resident, steward) = (tied(&app, "张秀英").await, tied(&app, "孙梅").await);
    resident.says("报修 灯不亮").await;
    let case = resident.case().await;
    let id = case.id;
    // Five minutes this evening, the rest of ten on the leap day's morning; ten hours are that day and
    // an hour after the day off.
    let today = at(eve, 18 * 60) - case.created_at;
    let accept = at(leap, 9 * 60) + TimeDelta::minutes(10) - today;
    let finish = at(after, 9 * 60) + TimeDelta::minutes(60) - today;
    assert_eq!(
        (case.accept_due_at, case.finish_due_at),
        (Some(accept), Some(finish))
    );
    // Over midnight nothing is late; on the leap day's morning it is.
    app.clock.advance(at(leap, 5) - app.now());
    app.drain().await;
    assert!(!app.case(id).await.accept_late);
    app.clock
        .advance(accept + TimeDelta::minutes(1) - app.now());
    app.drain().await;
    assert!(app.case(id).await.accept_late);
    steward.says(&format!("接单 {id}")).await;
    // The day off passes and nothing is due.
    app.clock.advance(at(after, 8 * 60) - app.now());
    app.drain().await;
    assert!(!app.case(id).await.finish_late);
    app.clock
        .advance(finish + TimeDelta::minutes(1) - app.now());
    app.drain().await;
    assert!(app.case(id).await.finish_late);
}
