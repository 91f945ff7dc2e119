//! What a month's bills come to: by every rule, a second time, where something is not known, and for a home that was
//! sold.

use entity::kinds::FeeKind;
use entity::money::RunState;
use entity::{place, residency};
use linli::access::Actor;
use linli::base::clock::begin_of;
use linli::base::fault::Code;
use linli::base::month::Month;
use linli::fee::actions::entries::{self, Reading, Space};
use linli::fee::actions::run::{self, go_on};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter};

use super::{
    add, bills, bills_of, charge, day, expect_sound, fee, lines, make, own, set_cost, this_month,
};
use crate::harness::app::TestApp;

#[tokio::test]
async fn a_home_is_billed_by_every_rule_once() {
    let app = TestApp::plan().instances(0).start().await;
    let month = this_month(&app);
    let gy = app.place("GY").await;
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    let lift = add(&app, fee("电梯公摊", FeeKind::Shared, 0)).await;
    set_cost(&app, &lift, month, 10_000).await.unwrap();
    let parking = add(&app, fee("停车费", FeeKind::Parking, 1_200_000)).await;
    let water = add(&app, fee("热水", FeeKind::Meter, 32_500)).await;
    let mut only = fee("二次供水", FeeKind::Fixed, 30_000);
    only.place = "2".to_owned();
    add(&app, only).await;
    let mut later = fee("新收费", FeeKind::Fixed, 30_000);
    later.from = Some(month.next());
    add(&app, later).await;
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let space = Space {
        home: "1-1-101".to_owned(),
        code: "A-07".to_owned(),
        from: day(month, 11),
        to: Some(day(month, 20)),
    };
    let actor = Actor::operator();
    entries::add_space(&mut tx, &actor, (gy.id, parking.id), space)
        .await
        .unwrap();
    let reading = Reading {
        home: "1-1-101".to_owned(),
        before_milli: Some(1_000_500),
        after_milli: 1_012_750,
    };
    entries::set_reading(&mut tx, &actor, (gy.id, water.id), month, reading)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(charge(&app, "1-1-101", month, 2_000).await, month);

    let run = make(&app, month).await;
    assert_eq!((run.state, run.homes, run.bills), (RunState::Done, 6, 6));
    expect_sound(&app, gy.id).await;
    let zhang = bills_of(&app, "1-1-101").await;
    let [bill] = zhang.as_slice() else {
        panic!("{zhang:?}")
    };
    assert_eq!(bill.payer_id, app.person("张秀英").await.id);
    assert_eq!((bill.from_day, bill.to_day), (month.first(), month.last()));
    assert_eq!(bill.due_on, day(month, 10));
    let mine = lines(&app).await;
    let mine: Vec<_> = mine.iter().filter(|line| line.bill_id == bill.id).collect();
    let seen: Vec<(&str, &str, i64)> = mine
        .iter()
        .map(|line| (line.name.as_str(), line.account.as_str(), line.amount))
        .collect();
    let days = month.days();
    let part = (12_000 * 10 * 2 + days) / (2 * days);
    // 89.50 of 584.15 m² of a hundred yuan: 15.3214…
    let expected = [
        ("物业费", "income:property", 16_110),
        ("电梯公摊", "income:shared", 1_532),
        ("停车费", "income:parking", part),
        ("热水", "income:shared", 3_981),
        ("门禁卡工本费", "income:other", 2_000),
    ];
    assert_eq!(seen, expected);
    assert_eq!(mine[0].formula, "89.50㎡ × 1.80元/㎡·月 × 1个月 = 161.10元");
    assert_eq!(mine[0].basis, "物业服务合同第8条");
    assert!(
        mine[1]
            .formula
            .starts_with("100.00元 × 89.50㎡ ÷ 584.15㎡ = 15.32元")
    );
    assert!(mine[1].basis.ends_with("；10月电梯用电"));
    // The shares add up to the cost, and only the second building pays for its pump.
    let all = lines(&app).await;
    let sum = |name: &str| -> i64 {
        let named = all.iter().filter(|line| line.name == name);
        named.map(|line| line.amount).sum()
    };
    assert_eq!(sum("电梯公摊"), 10_000);
    assert_eq!(sum("二次供水"), 300 * 3);
    assert_eq!(sum("新收费"), 0);
}

#[tokio::test]
async fn a_second_run_changes_nothing_and_what_comes_late_is_on_the_next_bill() {
    let app = TestApp::plan().instances(0).start().await;
    let month = this_month(&app);
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    let lift = add(&app, fee("电梯公摊", FeeKind::Shared, 0)).await;
    set_cost(&app, &lift, month, 9_999).await.unwrap();
    let first = make(&app, month).await;
    let (old_bills, old_lines) = (bills(&app).await, lines(&app).await);
    add(&app, fee("加的", FeeKind::Fixed, 10_000)).await;
    let second = make(&app, month).await;
    assert_eq!((first.bills, first.amount), (second.bills, second.amount));
    assert_eq!(old_bills, bills(&app).await);
    assert_eq!(old_lines, lines(&app).await);
    // The month is closed for costs, and a charge waits for the next.
    let late = set_cost(&app, &lift, month, 5_000).await.unwrap_err();
    assert_eq!(late.code, Code::WrongStep);
    assert_eq!(charge(&app, "1-1-101", month, 2_000).await, month.next());
    make(&app, month.next()).await;
    let zhang = bills_of(&app, "1-1-101").await;
    assert_eq!(zhang.len(), 2);
    assert_eq!(zhang[1].amount, 16_110 + 100 + 2_000);
    // Two months ahead is a slip of the hand.
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let far = month.next().next();
    let gy = app.place("GY").await;
    let fault = run::begin(&mut tx, &Actor::operator(), gy.id, far).await;
    assert_eq!(fault.unwrap_err().field, Some("month"));
}

#[tokio::test]
async fn homes_without_owner_or_area_and_homes_that_come_later() {
    let app = TestApp::plan().instances(0).start().await;
    let month = this_month(&app);
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    let bare = app.place("GY/2-1-102").await;
    let mut change = place::ActiveModel::from(bare.clone());
    change.area_cm2 = Set(None);
    change.update(app.store.write()).await.unwrap();
    let run = make(&app, month).await;
    assert_eq!((run.homes, run.bills), (6, 5));
    let gy = bare.compound_id.unwrap();
    let said = linli::fee::queries::findings(app.store.read(), gy, month)
        .await
        .unwrap();
    assert_eq!(said, ["有1户没有登记面积，“物业费”不会收：2-1-102。"]);
    // A home that is nobody's is billed to nobody, until somebody is known.
    residency::Entity::delete_many()
        .filter(residency::COLUMN.place_id.eq(bare.id))
        .exec(app.store.write())
        .await
        .unwrap();
    let mut fresh = place::ActiveModel::from(bare);
    fresh.id = sea_orm::ActiveValue::NotSet;
    fresh.code = Set("GY/2-1-999".to_owned());
    fresh.area_cm2 = Set(Some(500_000));
    let fresh = fresh.reset_all().insert(app.store.write()).await.unwrap();
    let run = make(&app, month).await;
    assert_eq!((run.state, run.homes, run.bills), (RunState::Done, 7, 6));
    let all = bills(&app).await;
    let new = all.iter().find(|bill| bill.home_id == fresh.id).unwrap();
    assert_eq!((new.payer_id, new.amount), (0, 9_000));
    expect_sound(&app, gy).await;
}

#[tokio::test]
async fn a_home_that_was_sold_is_billed_to_both_for_their_days() {
    let app = TestApp::plan().instances(0).start().await;
    let month = this_month(&app).before();
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    let home = app.place("GY/1-1-101").await;
    residency::Entity::delete_many()
        .filter(residency::COLUMN.place_id.eq(home.id))
        .exec(app.store.write())
        .await
        .unwrap();
    let (zhang, wu) = (app.person("张秀英").await, app.person("李建国").await);
    let (from, sold) = (day(month.before(), 1), day(month, 11));
    own(&app, zhang.id, &home, from, Some(sold)).await;
    own(&app, wu.id, &home, sold, None).await;
    make(&app, month).await;
    let mut both = bills_of(&app, "1-1-101").await;
    both.sort_by_key(|bill| bill.from_day);
    let [before, after] = both.as_slice() else {
        panic!("{both:?}")
    };
    assert_eq!((before.payer_id, after.payer_id), (zhang.id, wu.id));
    assert_eq!(before.to_day, day(month, 10));
    assert_eq!(after.from_day, day(month, 11));
    assert_eq!(before.amount + after.amount, 16_110);
    let exact = 16_110 * 10 / month.days();
    assert!((before.amount - exact).abs() <= 1, "{before:?}");
    let gy = home.compound_id.unwrap();
    expect_sound(&app, gy).await;
    let all = lines(&app).await;
    let line = all.iter().find(|line| line.bill_id == before.id).unwrap();
    assert!(line.formula.contains("1日至"), "{}", line.formula);
}

#[tokio::test]
async fn a_figure_that_cannot_be_stops_the_run_and_says_where() {
    let app = TestApp::plan().instances(0).start().await;
    let month = Month::parse("2028-02").unwrap();
    add(
        &app,
        fee(
            "物业费",
            FeeKind::Area,
            linli::fee::actions::items::MOST_PRICE,
        ),
    )
    .await;
    let home = app.place("GY/2-1-201").await;
    let mut change = place::ActiveModel::from(home.clone());
    change.area_cm2 = Set(Some(1_000_000_000_000));
    change.update(app.store.write()).await.unwrap();
    let gy = home.compound_id.unwrap();
    let now = begin_of(day(month, 1));
    let mut tx = app.store.begin(now).await.unwrap();
    run::begin(&mut tx, &Actor::operator(), gy, month)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let fault = go_on(&app.store, now, gy, month, &mut |_| {})
        .await
        .unwrap_err();
    assert_eq!(fault.code, Code::Invalid);
    assert!(fault.detail.contains("GY/2-1-201"), "{fault}");
    assert!(bills(&app).await.is_empty(), "its chunk is not half made");
    let mut mended = place::ActiveModel::from(home);
    mended.area_cm2 = Set(Some(895_000));
    mended.update(app.store.write()).await.unwrap();
    let run = go_on(&app.store, now, gy, month, &mut |_| {})
        .await
        .unwrap();
    assert_eq!(run.state, RunState::Done);
    let all = bills(&app).await;
    assert_eq!(all.len(), 6);
    // A leap year's February.
    assert!(all.iter().all(|bill| bill.to_day == day(month, 29)));
}
