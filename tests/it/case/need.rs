//! A home that asks for help: the three who answer for it are told, and nobody else.

use entity::kinds::RoleKind;
use entity::role;

use super::*;

/// Pushes to a person that ask to look after this case's home.
fn asked_to_look(person: &Person<'_>, id: i64) -> usize {
    let pushes = person.pushes();
    let about = format!("#{id} ");
    let asked = pushes
        .iter()
        .filter(|text| text.contains(&about) && text.contains("请一同关心"));
    asked.count()
}

/// 李建国 answers for the home of 张秀英 as its party member.
async fn party_member(app: &TestApp) {
    let home = app.place("GY/1-1-101").await;
    let row = role::ActiveModel {
        person_id: Set(app.called("李建国").await.id),
        role: Set(RoleKind::PartyMember),
        place_id: Set(Some(home.id)),
        compound_id: Set(home.compound_id),
        from_at: Set(app.now() - TimeDelta::days(1)),
        created_at: Set(app.now()),
        ..Default::default()
    };
    row.insert(app.store.write()).await.unwrap();
}

#[tokio::test]
async fn the_three_who_answer_for_a_home_are_told_and_nobody_else() {
    let app = house(1).await;
    let (resident, steward, grid, party) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "吴静").await,
        tied(&app, "李建国").await,
    );
    // No party member yet: the grid worker stands in, and is told once.
    resident.says("求助 想请人上门看看老人").await;
    let first = resident.case().await.id;
    steward.expects_push(&format!("接单 {first}")).await;
    let read = grid.expects_push("请一同关心，由小区孙梅办理").await;
    assert!(
        read.contains(&format!("#{first} 求助")) && read.contains("1-1-101"),
        "{read}"
    );
    app.drain().await;
    assert_eq!(asked_to_look(&grid, first), 1);
    assert!(party.pushes().is_empty(), "{:?}", party.pushes());

    party_member(&app).await;
    resident.says("求助 老人想有人陪着去医院").await;
    let second = resident.case().await.id;
    party.expects_push("请一同关心，由小区孙梅办理").await;
    app.drain().await;
    let told = (
        asked_to_look(&grid, second),
        asked_to_look(&party, second),
        asked_to_look(&steward, second),
    );
    assert_eq!(told, (1, 1, 0));
    assert_eq!(holder(&app, &app.case(second).await).await, "孙梅");
    for name in [
        "沈立", "蒋平", "卫东", "郑洪", "冯涛", "周强", "杨光", "王芳",
    ] {
        let other = tied(&app, name).await;
        assert!(other.pushes().is_empty(), "{name}: {:?}", other.pushes());
    }
    let words = self::told(&app, "李建国").await;
    assert!(
        words.contains("老人想有人陪着去医院") && words.contains("您是这一户的管家"),
        "{words}"
    );
}

#[tokio::test]
async fn what_is_not_the_need_of_a_home_is_the_holders_alone() {
    let app = house(1).await;
    let (resident, grid) = (tied(&app, "张秀英").await, tied(&app, "吴静").await);
    party_member(&app).await;
    for words in ["报修 家里灯不亮", "求助 2栋门口的椅子想挪一挪"] {
        resident.says(words).await;
    }
    app.drain().await;
    let party = tied(&app, "李建国").await;
    for person in [&grid, &party] {
        assert!(person.pushes().is_empty(), "{:?}", person.pushes());
    }
}

#[tokio::test]
async fn what_is_taken_back_is_told_no_more() {
    let app = house(1).await;
    let (resident, grid) = (tied(&app, "张秀英").await, tied(&app, "吴静").await);
    resident.says("求助 想请人上门看看老人").await;
    let id = resident.case().await.id;
    grid.expects_push("请一同关心").await;
    resident.says(&format!("撤回 {id}")).await;
    app.drain().await;
    assert!(!told(&app, "吴静").await.contains("请一同关心"));
}
