//! The page of the policy: what it takes, what it refuses and why, what it shows before it is saved.

use entity::fee_policy;
use linli::access::Actor;
use linli::fee::actions::merchant;
use sea_orm::EntityTrait;

use super::{DUES, with};
use crate::console::{Desk, on_record};
use crate::harness::app::TestApp;

async fn stored(app: &TestApp) -> Option<fee_policy::Model> {
    fee_policy::Entity::find()
        .one(app.store.read())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_policy_is_looked_at_then_saved_and_threats_are_refused() {
    let app = TestApp::start().await;
    let gy = app.place("GY").await;
    let mut desk = Desk::of(&app, "沈立").await;
    desk.open("/console/bills").await.says(DUES);
    desk.open(DUES)
        .await
        .is(200)
        .says("桂园小区缴费提醒，一共 161.10 元");
    let looks = with(&[("act", "preview"), ("words", "感谢您一直支持")]);
    let page = desk.send(DUES, DUES, &looks).await;
    page.is(200).says("感谢您一直支持").says("value=\"7\"");
    assert_eq!(stored(&app).await, None);
    for (words, threat) in [
        ("再不缴就停水停电", "停水"),
        ("將 停 電 處理", "停电"),
        ("门禁停用", "门禁停"),
        ("逾期限電", "限电"),
        ("逾期停－暖", "停暖"),
        ("再不交费，就停您家的水电", "停您家的水"),
        ("门禁卡将失效", "门禁卡将失效"),
    ] {
        for act in ["save", "preview"] {
            let page = desk
                .send(DUES, DUES, &with(&[("act", act), ("words", words)]))
                .await;
            page.is(422).says("第944条").says(threat).says(words);
        }
    }
    for (field, value, says) in [
        ("before", "0", "1到15"),
        ("before", "三", "整数"),
        ("every", "1", "3到90"),
        ("most", "0", "1到12"),
        ("late", "0.05", "最多0.03%"),
        ("late", "很多", "百分比"),
        ("late", "0.01", "哪一条"),
        ("words", "问13800000101", "手机号"),
    ] {
        let page = desk.send(DUES, DUES, &with(&[(field, value)])).await;
        page.is(422).says(says).says(value);
    }
    assert_eq!(stored(&app).await, None);
    let form = with(&[("late", "0.015"), ("late_basis", "物业服务合同第12条")]);
    desk.send(DUES, DUES, &form).await.is(303);
    let row = stored(&app).await.unwrap();
    assert_eq!(
        (
            row.remind_before,
            row.remind_on,
            row.remind_every,
            row.remind_most
        ),
        (Some(3), true, Some(7), 2)
    );
    assert_eq!(
        (row.late_daily, row.late_basis.as_deref()),
        (15, Some("物业服务合同第12条"))
    );
    let from = row.late_from.unwrap();
    assert!(from > super::today(&app));
    // The account that takes the money is somebody else's business, both ways.
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let choice = merchant::Choice {
        merchant: Some("sandbox"),
        known: &["sandbox"],
        seen: None,
    };
    merchant::set(&mut tx, &Actor::operator(), gy.id, choice)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    desk.send(DUES, DUES, &with(&[("before", "")]))
        .await
        .is(303);
    let row = stored(&app).await.unwrap();
    assert_eq!(row.merchant.as_deref(), Some("sandbox"));
    assert_eq!(
        (row.remind_before, row.late_daily, row.late_from),
        (None, 0, None)
    );
    assert_eq!(row.version, 3);
    let subject = format!("place:{}", gy.id);
    assert_eq!(on_record(&app, "fee.dues", &subject).await, 2);
    let page = desk
        .open(&format!("{DUES}?compound=GY&said=dues-set"))
        .await;
    page.is(200).says("已保存").says("有困难请到服务中心");
}
