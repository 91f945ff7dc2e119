//! Who gets a case: refusals, pools, vacancies, handing over, raising; what cannot wait.

use super::*;

#[tokio::test]
async fn refusals_end_and_never_come_back_to_the_same() {
    let app = house(1).await;
    let resident = tied(&app, "张秀英").await;
    resident.says("报修 楼道灯坏了").await;
    let id = resident.case().await.id;
    let mut asked = Vec::new();
    while let Some(person_id) = app.case(id).await.holder_id {
        let found = person::Entity::find_by_id(person_id)
            .one(app.store.read())
            .await;
        let name = found.unwrap().unwrap().name;
        assert!(!asked.contains(&name), "{name} was asked twice");
        asked.push(name.clone());
        let staff = tied(&app, &name).await;
        let reply = staff.says(&format!("退单 {id} 不归我管")).await;
        assert!(reply.contains("已退单"), "{reply}");
    }
    // Back to whoever gives work out, level by level; then to those whom the rules name.
    assert_eq!(asked, ["孙梅", "沈立", "卫东", "郑洪", "冯涛", "褚亮"]);
    let case = app.case(id).await;
    assert_eq!(case.state, CaseState::Raised);
    app.drain().await;
    // Whoever gives work out finds it, and may take it after all.
    let manager = tied(&app, "沈立").await;
    let reply = manager.says("待办").await;
    assert!(reply.contains(&format!("#{id}")), "{reply}");
    manager.says(&format!("接单 {id}")).await;
    assert_eq!(app.case(id).await.state, CaseState::Accepted);
}

#[tokio::test]
async fn a_case_nobody_has_is_taken_by_one_of_two() {
    let app = house(2).await;
    for name in ["孙梅", "沈立", "吴静", "卫东", "郑洪", "冯涛", "褚亮"] {
        leaves(&app, name).await;
    }
    let resident = tied(&app, "张秀英").await;
    let reply = resident.says("报修 楼道灯坏了").await;
    assert!(reply.contains("正在找人"), "{reply}");
    let id = resident.case().await.id;
    assert_eq!(app.case(id).await.state, CaseState::Raised);
    for name in ["孙梅", "吴静"] {
        let mut person = app.called(name).await.into_active_model();
        person.left_at = Set(None);
        person.update(app.store.write()).await.unwrap();
    }
    let (one, two) = (tied(&app, "孙梅").await, tied(&app, "吴静").await);
    let text = format!("接单 {id}");
    let (first, second) = tokio::join!(one.says(&text), two.says(&text));
    let won = [&first, &second]
        .iter()
        .filter(|reply| reply.contains("已接单："))
        .count();
    assert_eq!(won, 1, "{first} / {second}");
    let accepted = actions(&app, id).await;
    assert_eq!(
        accepted
            .iter()
            .filter(|action| *action == "accepted")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_vacancy_falls_upward_and_who_has_left_may_nothing() {
    let app = house(1).await;
    leaves(&app, "孙梅").await;
    leaves(&app, "沈立").await;
    let resident = tied(&app, "张秀英").await;
    resident.says("报修 楼道灯坏了").await;
    let case = resident.case().await;
    assert_eq!(holder(&app, &case).await, "吴静");
    assert_eq!(case.level, Level::Community);
    // Somebody who has left may nothing.
    let gone = tied(&app, "孙梅").await;
    let reply = gone.says(&format!("接单 {}", case.id)).await;
    assert!(!reply.contains("已接单"), "{reply}");
    assert_eq!(app.case(case.id).await.state, CaseState::Assigned);
}

#[tokio::test]
async fn what_nobody_had_goes_to_the_first_who_comes() {
    let app = house(1).await;
    for name in ["孙梅", "沈立", "吴静", "卫东", "郑洪", "冯涛", "褚亮"] {
        leaves(&app, name).await;
    }
    let resident = tied(&app, "张秀英").await;
    resident.says("报修 楼道灯坏了").await;
    let id = resident.case().await.id;
    app.advance(6).await;
    assert_eq!(app.case(id).await.state, CaseState::Raised);
    let mut person = app.called("吴静").await.into_active_model();
    person.left_at = Set(None);
    person.update(app.store.write()).await.unwrap();
    app.advance(11).await;
    let case = app.case(id).await;
    assert_eq!(case.state, CaseState::Assigned);
    assert_eq!(holder(&app, &case).await, "吴静");
}

#[tokio::test]
async fn handing_over_and_raising_move_it_and_tell_everybody() {
    let app = house(1).await;
    let (resident, steward, manager, grid) = (
        tied(&app, "张秀英").await,
        tied(&app, "孙梅").await,
        tied(&app, "沈立").await,
        tied(&app, "吴静").await,
    );
    resident.says("报修 电梯停了").await;
    let id = resident.case().await.id;
    let reply = steward.says(&format!("转派 {id} 沈立")).await;
    assert!(reply.contains("沈立（物业经理）"), "{reply}");
    app.drain().await;
    assert!(!manager.pushes().is_empty());
    manager.says(&format!("接单 {id}")).await;
    manager.says(&format!("方案 {id} 明天换钢绳")).await;
    let reply = manager.says(&format!("上报 {id} 需要社区协调")).await;
    assert!(reply.contains("社区") && reply.contains("吴静"), "{reply}");
    app.drain().await;
    assert!(!grid.pushes().is_empty());
    grid.says(&format!("接单 {id}")).await;
    assert!(resident.pushes().len() >= 2, "{:?}", resident.pushes());
    let reply = resident.says(&format!("进度 {id}")).await;
    assert!(
        reply.contains("社区") && reply.contains("吴静") && reply.contains("转派"),
        "{reply}"
    );
    // 议 was taken by the plan: finishing records no skip.
    grid.says(&format!("办结 {id} 已换")).await;
    assert!(
        !actions(&app, id)
            .await
            .contains(&"deliberation-skipped".to_owned())
    );
}

#[tokio::test]
async fn an_emergency_is_answered_first_and_filed_all_the_same() {
    let app = house(1).await;
    let resident = tied(&app, "张秀英").await;
    let reply = resident.says("求助 楼下着火了").await;
    assert!(
        reply.starts_with("紧急情况请先") && reply.contains("119"),
        "{reply}"
    );
    assert!(
        reply.contains(&format!("诉求 #{}", resident.case().await.id)),
        "{reply}"
    );
    for said in [
        "求助 老人在家摔倒了",
        "求助 高空坠物砸到人了",
        "求助 心脏病犯了",
    ] {
        let reply = resident.says(said).await;
        assert!(reply.starts_with("紧急情况请先拨打120"), "{reply}");
        let id = resident.case().await.id;
        assert!(reply.contains(&format!("诉求 #{id}")), "{reply}");
    }
    // A floor to be mended is none.
    let reply = resident.says("报修 楼道有水，容易滑倒").await;
    assert!(!reply.contains("120"), "{reply}");
}

#[tokio::test]
async fn danger_is_heard_however_much_was_said_before() {
    let often = "LIMITS__MESSAGES_PER_MINUTE";
    let app = inhabited(TestApp::plan().set(often, "2")).await;
    let resident = tied(&app, "张秀英").await;
    // An allowance that comes back meanwhile is used up as well, however slow the machine is.
    let too_much = async |says: &str| {
        for _ in 0..20 {
            let reply = resident.says(says).await;
            if reply.contains("歇一分钟") {
                return reply;
            }
        }
        panic!("«{says}» was let through twenty times");
    };
    let reply = too_much("进度").await;
    assert!(reply.contains("120"), "whom to call: {reply}");
    let reply = resident.says("求助 老人在家摔倒了").await;
    assert!(reply.contains("120") && reply.contains("已收到"), "{reply}");
    assert_eq!(resident.case().await.text, "老人在家摔倒了");
    // It is no way around the limit.
    let reply = too_much("求助 老人在家摔倒了").await;
    assert!(reply.contains("120"), "{reply}");
}

#[tokio::test]
async fn what_is_said_in_cantonese_is_dispatched_alike() {
    let app = house(1).await;
    let resident = tied(&app, "张秀英").await;
    for (said, category) in [
        ("報修 1棟部𨋢壞咗", "lift"),
        ("报修 1栋电梯坏了", "lift"),
        ("報修 1棟冇水呀", "water"),
        ("报修 1栋没水了", "water"),
    ] {
        let reply = resident.says(said).await;
        assert!(reply.contains("已收到"), "{reply}");
        let case = resident.case().await;
        assert_eq!(case.category.as_deref(), Some(category), "{said}");
        // Kept as it was said.
        assert!(said.ends_with(&case.text), "{}", case.text);
    }
}
