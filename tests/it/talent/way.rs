//! The whole way, by digits; a no and a day without a word; a week; who has left.

use entity::kinds::{HelpAnswer, HelpState, TalentKind, TalentState};

use linli::sandbox::platform::Standing;

use super::{ask, asks, offer, request, talents};
use crate::console::Desk;
use crate::giving::is_on_no_list;
use crate::harness::app::TestApp;
use crate::harness::until;

const DAY: i64 = 24 * 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_talent_is_offered_with_consent_asked_in_secret_and_known_after_a_yes() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let list = li.says("登记特长").await;
    assert!(list.contains("1 医护"), "{list}");
    let asked = li.says("1").await;
    assert!(asked.contains("请写下您能帮什么"), "{asked}");
    let consent = li.says("退休医生，可以看化验单").await;
    assert!(
        consent.contains("同意吗") && consent.contains("1 同意"),
        "{consent}"
    );
    assert!(talents(&app).await.is_empty(), "not before the word");
    let done = li.says("1").await;
    assert!(done.contains("已登记"), "{done}");
    let row = &talents(&app).await[0];
    assert_eq!(
        (row.state, row.kind),
        (TalentState::Offered, TalentKind::Doctor)
    );

    let kinds = zhang.says("找帮手").await;
    assert!(kinds.contains("1 医护（1位）"), "{kinds}");
    let asked = zhang.says("1").await;
    assert!(asked.contains("请写下想请人帮什么"), "{asked}");
    let reply = zhang.says("张秀英1-1-101想请人看看化验单").await;
    assert!(reply.contains("已去问一位“医护”邻居"), "{reply}");
    let told = li.expects_push("邻居请帮忙").await;
    for hidden in ["张秀英", "1-1-101", "13800000101"] {
        assert!(!told.contains(hidden), "{hidden}: {told}");
    }
    let list = li.says("帮手任务").await;
    assert!(list.contains("1 #"), "{list}");
    let one = li.says("1").await;
    assert!(
        one.contains("1 接受帮忙  2 婉拒帮忙") && one.contains("化验单"),
        "{one}"
    );
    let yes = li.says("1").await;
    assert!(yes.contains("谢谢您"), "{yes}");
    for reply in [&kinds, &reply, &list, &one, &yes] {
        for hidden in ["张秀英", "李建国", "13800000101", "13800000102"] {
            assert!(!reply.contains(hidden), "{hidden}: {reply}");
        }
    }
    let told = li.expects_push("13800000101").await;
    assert!(told.contains("张秀英"), "{told}");
    let told = zhang.expects_push("13800000102").await;
    assert!(told.contains("李建国"), "{told}");
    let again = zhang.says("联系帮手").await;
    assert!(again.contains("1 #"), "{again}");
    zhang.says("1").await;
    zhang.expects_push("13800000102").await;
    // Staff sees who offers what, and not who asked for what.
    let mut desk = Desk::of(&app, "卫东").await;
    let page = desk.open("/console/talents").await;
    page.is(200)
        .says("李建国")
        .says("可以看化验单")
        .says("有人帮忙");
    assert!(!page.body.contains("请人看看") && !page.body.contains("张秀英"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_or_is_asked_and_cannot_be_reached_is_on_no_list_of_staff() {
    let app = TestApp::start().await;
    app.steward("1栋").await;
    app.steward("2栋").await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let wang = app.resident("王芳").await;
    let chen = app.resident("陈伟").await;
    offer(&li, TalentKind::Doctor).await;
    offer(&wang, TalentKind::Lawyer).await;
    let first = ask(&zhang, "医护 想请人看看化验单").await;
    let second = ask(&zhang, "法律 想问遗嘱怎么写").await;
    app.drain().await;
    app.platform.set_standing(&zhang.open_id, Standing::Left);
    li.says(&format!("接受帮忙 {first}")).await;
    wang.says(&format!("婉拒帮忙 {second}")).await;
    li.expects_push("13800000101").await;
    app.platform.set_standing(&li.open_id, Standing::Left);
    ask(&chen, "医护 想量血压").await;
    app.drain().await;
    is_on_no_list(&app, "张秀英", &["talent.contact", "talent.told"]).await;
    is_on_no_list(&app, "李建国", &["talent.asked"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_no_or_a_day_without_a_word_the_next_is_asked_and_then_nobody() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let li = app.resident("李建国").await;
    let wang = app.resident("王芳").await;
    let first = offer(&li, TalentKind::Lawyer).await;
    let second = offer(&wang, TalentKind::Lawyer).await;
    let id = ask(&zhang, "法律 想问遗嘱怎么写").await;
    assert_eq!(request(&app, id).await.talent_id, Some(first));
    li.expects_push("邻居请帮忙").await;
    // Who is not asked knows of nothing.
    let none = wang.says(&format!("接受帮忙 {id}")).await;
    assert!(none.contains("没有找到帮忙"), "{none}");
    let no = li.says(&format!("婉拒帮忙 {id}")).await;
    assert!(no.contains("没关系"), "{no}");
    wang.expects_push("邻居请帮忙").await;
    let gone = li.says(&format!("接受帮忙 {id}")).await;
    assert!(gone.contains("没有找到帮忙"), "{gone}");
    app.advance(DAY - 10).await;
    assert_eq!(request(&app, id).await.talent_id, Some(second));
    zhang.says("菜单").await;
    app.advance(20).await;
    let row = request(&app, id).await;
    assert_eq!((row.state, row.talent_id), (HelpState::Unmet, None));
    zhang.expects_push("没找到帮手").await;
    let answers: Vec<HelpAnswer> = asks(&app, id).await.iter().map(|one| one.answer).collect();
    assert_eq!(answers, [HelpAnswer::Declined, HelpAnswer::Silent]);

    // Both were asked once; of equals who was not asked for longest is next.
    let other = ask(&zhang, "法律 想问租房合同").await;
    assert_eq!(request(&app, other).await.talent_id, Some(first));
    let third = ask(&zhang, "律师 想问物业合同").await;
    assert_eq!(request(&app, third).await.talent_id, Some(second));
    let back = zhang.says(&format!("撤回帮手 {other}")).await;
    assert!(back.contains("已撤回"), "{back}");
    // Whoever takes a talent back is asked no more, and what waits goes on.
    let left = wang.says(&format!("撤销特长 {second}")).await;
    assert!(left.contains("已撤销"), "{left}");
    assert_eq!(request(&app, third).await.talent_id, Some(first));
    li.expects_push("物业合同").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_lapses_after_a_week_and_the_same_answer_twice_is_one() {
    let app = TestApp::with_instances(2).await;
    let zhang = app.resident("张秀英").await;
    let mut helpers = Vec::new();
    for name in ["李建国", "王芳", "陈伟", "刘洋", "赵敏"] {
        let helper = app.resident(name).await;
        offer(&helper, TalentKind::Other).await;
        helpers.push(helper);
    }
    let id = ask(&zhang, "其他 想学下棋").await;
    for day in 1..=4 {
        app.advance(DAY).await;
        assert_eq!(asks(&app, id).await.len(), day + 1);
    }
    // The last of five accepts on two instances at once.
    let last = request(&app, id).await.talent_id.unwrap();
    let at = talents(&app)
        .await
        .iter()
        .position(|one| one.id == last)
        .unwrap();
    let api = app.api(&helpers[at]).await;
    let other = api.at(&format!("http://{}", app.instances[1].address));
    let path = format!("/help/{id}/answer");
    let (yes, no) = (
        serde_json::json!({ "accept": true }),
        serde_json::json!({ "accept": false }),
    );
    let (a, b) = futures_util::future::join(api.post(&path, &yes), other.post(&path, &no)).await;
    assert!(
        [a.status, b.status]
            .iter()
            .filter(|status| **status == 200)
            .count()
            == 1,
        "{a:?} {b:?}"
    );
    let over = request(&app, id).await;
    assert!(
        matches!(over.state, HelpState::Accepted | HelpState::Unmet),
        "{over:?}"
    );

    let second = ask(&zhang, "其他 想学修花").await;
    // While nobody answers and the clocks of a day are late, its week ends it.
    app.clock.advance(chrono::TimeDelta::days(8));
    zhang.says("菜单").await;
    // Both clocks ring at once on two houses: the one that comes in the other's way comes again in a minute.
    until("its week to end it", 15, async || {
        app.advance(1).await;
        let state = request(&app, second).await.state;
        matches!(state, HelpState::Lapsed | HelpState::Unmet).then_some(())
    })
    .await;
}
