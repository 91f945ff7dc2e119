//! For whom a notice is: every group, two at once, a group in a list. What was counted is who gets it.

use std::collections::{BTreeSet, HashMap};

use entity::person;
use sea_orm::EntityTrait;
use serde_json::json;

use super::rounds::with_template;
use super::{goes_out, posted, recipients, row};
use crate::harness::app::TestApp;

/// Groups, a list, and who that is.
const CASES: &[(&[&str], &[&str], &[&str])] = &[
    (
        &["residents"],
        &[],
        &["张秀英", "李建国", "王芳", "陈伟", "刘洋", "赵敏"],
    ),
    (
        &["owners"],
        &[],
        &["张秀英", "李建国", "王芳", "陈伟", "赵敏"],
    ),
    (&["tenants"], &[], &["刘洋"]),
    (&["party_members"], &[], &["李建国"]),
    (&["stewards"], &[], &["孙梅", "周强"]),
    (&["committee"], &[], &["卫东"]),
    (&["property"], &[], &["蒋平", "沈立"]),
    // Their posts lie above the compound and cover it.
    (&["community"], &[], &["吴静", "郑洪"]),
    // Who is in both is one.
    (
        &["owners", "party_members"],
        &[],
        &["张秀英", "李建国", "王芳", "陈伟", "赵敏"],
    ),
    (
        &["party_members", "stewards", "party_members"],
        &[],
        &["李建国", "孙梅", "周强"],
    ),
    // A group of some buildings and homes.
    (&["owners"], &["GY/2"], &["陈伟", "赵敏"]),
    (&["tenants"], &["GY/2", "GY/2-1-102"], &["刘洋"]),
    (
        &["residents"],
        &["GY/1-1-101", "GY/2"],
        &["张秀英", "陈伟", "刘洋", "赵敏"],
    ),
    (&["stewards"], &["GY/1"], &["孙梅"]),
    (
        &["stewards", "committee"],
        &["GY/1-1-101"],
        &["孙梅", "卫东"],
    ),
];

#[tokio::test]
async fn what_is_counted_is_who_gets_it_for_every_group() {
    let app = with_template().start().await;
    let (li, chair) = (app.resident("李建国").await, app.staff("卫东").await);
    let desk = app.api(&chair).await;
    let people = person::Entity::find().all(app.store.read()).await.unwrap();
    let names: HashMap<i64, String> = people.into_iter().map(|row| (row.id, row.name)).collect();
    let mut ids = Vec::new();
    for (number, (who, list, _)) in CASES.iter().enumerate() {
        let body = json!({
            "place": "GY", "title": format!("第{number}条"), "body": "x", "urgent": true,
            "who": who, "list": list,
        });
        ids.push(posted(&desk, &body).await);
    }
    let counted = async |id: i64| usize::try_from(row(&app, id).await.counted).unwrap();
    for (id, (who, list, wanted)) in ids.iter().zip(CASES) {
        assert_eq!(counted(*id).await, wanted.len(), "{who:?} in {list:?}");
    }
    for (number, (id, (who, list, wanted))) in ids.iter().zip(CASES).enumerate() {
        goes_out(&app, *id).await;
        let got_it = recipients(&app, *id).await;
        let found: BTreeSet<&str> = got_it
            .iter()
            .map(|row| names[&row.person_id].as_str())
            .collect();
        let wanted: BTreeSet<&str> = wanted.iter().copied().collect();
        assert_eq!(found, wanted, "{who:?} in {list:?}");
        assert_eq!(got_it.len(), wanted.len(), "somebody twice: {who:?}");
        assert_eq!(counted(*id).await, wanted.len(), "{who:?} in {list:?}");
        // One message, however many groups one is in.
        let told = usize::from(wanted.contains("李建国"));
        assert_eq!(
            li.told(&format!("第{number}条")),
            told,
            "{who:?} in {list:?}"
        );
    }
}

#[tokio::test]
async fn nobody_is_no_audience_and_no_group_is_everybody() {
    let app = TestApp::start().await;
    let desk = app.api(&app.staff("卫东").await).await;
    let nobody: [(&[&str], &[&str]); 3] = [
        (&["tenants"], &["GY/1"]),
        (&["party_members"], &["GY/2"]),
        (&["property"], &["LY"]),
    ];
    for (who, list) in nobody {
        let body = json!({ "place": "GY", "title": "x", "body": "x", "who": who, "list": list });
        let answer = desk.post("/notices", &body).await;
        assert_eq!(answer.status, 422, "{who:?} in {list:?}: {answer:?}");
    }
    let body = json!({ "place": "GY", "title": "x", "body": "x" });
    let answer = desk.post("/notices", &body).await;
    assert_eq!(answer.json["recipients"], 6, "{answer:?}");
}
