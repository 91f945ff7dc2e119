//! Binding accounts to homes over the real wire: what matches, what waits, who is told, who may.

use entity::kinds::{BindingState, HomeRelation};
use entity::{account, audit, binding, guess, invitation, person, residency, role};
use linli::sandbox::Say;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use crate::harness::app::TestApp;
use crate::harness::people::Person;
use crate::harness::program;

async fn bindings(app: &TestApp) -> Vec<binding::Model> {
    binding::Entity::find()
        .order_by_asc(binding::COLUMN.id)
        .all(app.store.read())
        .await
        .unwrap()
}

async fn last(app: &TestApp) -> binding::Model {
    bindings(app).await.pop().unwrap()
}

async fn tries(person: &Person<'_>) -> u64 {
    let account = person.account().await;
    guess::Entity::find()
        .filter(guess::COLUMN.account_id.eq(account.id))
        .count(person.app.store.read())
        .await
        .unwrap()
}

#[tokio::test]
async fn what_the_roster_says_binds_at_once_and_the_steward_is_told() {
    let app = TestApp::start().await;
    let steward = app.staff("孙梅").await;
    let zhang = app.newcomer("o-new").await;
    let reply = zhang.says("綁定 1栋1单元101 張秀英 138 0000 0101").await;
    assert!(reply.contains("已绑定 桂园小区 1-1-101"), "{reply}");
    let row = last(&app).await;
    assert_eq!(row.state, BindingState::Declared);
    assert!(zhang.account().await.compound_id.is_some());
    assert_eq!(tries(&zhang).await, 0);
    let push = steward.expects_push("1-1-101").await;
    assert!(!push.contains("13800000101"), "{push}");
    assert!(zhang.says("我的").await.contains("1-1-101（已绑定）"));
    let again = zhang.says("绑定 1-1-101 张秀英 13800000101").await;
    assert!(again.contains("已经绑定"), "{again}");
    assert_eq!(bindings(&app).await.len(), 1);
}

#[tokio::test]
async fn wrong_name_and_wrong_phone_are_answered_alike_and_wait_for_the_steward() {
    let app = TestApp::start().await;
    let steward = app.staff("孙梅").await;
    let mut said = Vec::new();
    for (id, text) in [
        ("o-name", "绑定 桂园 1-1-101 张秀兰 13800000101"),
        ("o-phone", "绑定 桂园 1-1-101 张秀英 13800009999"),
        ("o-both", "绑定 桂园 1-1-101 李四 13800009998"),
    ] {
        let person = app.newcomer(id).await;
        let reply = person.says(text).await;
        let row = last(&app).await;
        assert_eq!(row.state, BindingState::Requested, "{text}");
        assert_eq!(person.account().await.person_id, None);
        assert_eq!(tries(&person).await, 1);
        said.push(reply.replace(&format!("#{}", row.id), "#N"));
    }
    assert_eq!(said[0], said[1]);
    assert_eq!(said[0], said[2]);
    let push = steward.expects_push("核验").await;
    assert!(!push.contains("13800009999"), "{push}");
    let newcomer = app.known("o-name");
    let nothing = newcomer.says("报修 灯坏了").await;
    assert!(nothing.contains("绑定"), "{nothing}");
}

#[tokio::test]
async fn the_steward_passes_a_request_and_the_person_is_told() {
    let app = TestApp::start().await;
    let steward = app.staff("孙梅").await;
    let other = app.staff("周强").await;
    let zhang = app.resident("张秀英").await;
    let family = app.newcomer("o-family").await;
    family.says("绑定 桂园 1-1-101 王小明 13911112222").await;
    let row = last(&app).await;
    steward.expects_push(&format!("核验 {}", row.id)).await;

    let refused = other.says(&format!("核验 {} 通过", row.id)).await;
    assert!(refused.contains("没有找到"), "{refused}");
    let refused = zhang.says(&format!("核验 {} 通过", row.id)).await;
    assert!(refused.contains("工作人员"), "{refused}");
    assert_eq!(last(&app).await.state, BindingState::Requested);

    let reply = steward.says(&format!("核验 {} 通过", row.id)).await;
    assert!(reply.contains("已通过"), "{reply}");
    let row = last(&app).await;
    assert_eq!(row.state, BindingState::Verified);
    assert_eq!(family.account().await.person_id, row.person_id);
    let tie = residency::Entity::find()
        .filter(residency::COLUMN.person_id.eq(row.person_id.unwrap()))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(tie.relation, HomeRelation::Family);
    family.expects_push("通过").await;
    zhang.expects_push("新账号").await;
    let twice = steward.says(&format!("核验 {} 驳回", row.id)).await;
    assert!(twice.contains("已核验"), "{twice}");
    let deeds = audit::Entity::find()
        .filter(audit::COLUMN.subject.eq(format!("binding:{}", row.id)))
        .count(app.store.read())
        .await
        .unwrap();
    assert_eq!(deeds, 2, "requested and verified");
}

#[tokio::test]
async fn a_refusal_reaches_the_account_and_a_new_claim_waits_again() {
    let app = TestApp::start().await;
    let steward = app.staff("孙梅").await;
    let stranger = app.newcomer("o-stranger").await;
    stranger.says("绑定 桂园 1-1-101 钱七 13911113333").await;
    let row = last(&app).await;
    let reply = steward
        .says(&format!("核验 {} 驳回 不是本楼住户", row.id))
        .await;
    assert!(reply.contains("已驳回"), "{reply}");
    let row = last(&app).await;
    assert_eq!(row.state, BindingState::Refused);
    assert_eq!(row.reason.as_deref(), Some("不是本楼住户"));
    stranger.expects_push("不是本楼住户").await;
    // Even what matches waits now: the steward has said no.
    let reply = stranger.says("绑定 1-1-101 张秀英 13800000101").await;
    assert!(reply.contains("管家核验"), "{reply}");
    assert_eq!(last(&app).await.state, BindingState::Requested);
}

#[tokio::test]
async fn the_home_objects_and_the_steward_decides() {
    let app = TestApp::start().await;
    let steward = app.staff("孙梅").await;
    let zhang = app.resident("张秀英").await;
    let thief = app.newcomer("o-thief").await;
    thief.says("绑定 1-1-101 张秀英 13800000101").await;
    let stolen = last(&app).await;
    assert_eq!(stolen.state, BindingState::Declared);
    // The later account may not throw the earlier one out.
    let first = bindings(&app).await[0].clone();
    let reply = thief.says(&format!("异议 {}", first.id)).await;
    assert!(reply.contains("先绑定"), "{reply}");

    let neighbour = app.resident("李建国").await;
    let reply = neighbour.says(&format!("异议 {}", stolen.id)).await;
    assert!(reply.contains("没有找到"), "{reply}");
    let reply = zhang.says(&format!("异议 {}", stolen.id)).await;
    assert!(reply.contains("管家会核实"), "{reply}");
    assert_eq!(thief.account().await.person_id, None);
    steward.expects_push(&format!("核验 {}", stolen.id)).await;
    // Typing it again does not help, nor does starting over.
    let reply = thief.says("绑定 1-1-101 张秀英 13800000101").await;
    assert!(reply.contains("等管家核验"), "{reply}");
    thief.says("解绑 1-1-101").await;
    let reply = thief.says("绑定 1-1-101 张秀英 13800000101").await;
    assert!(reply.contains("管家核验"), "{reply}");
    assert_eq!(thief.account().await.person_id, None);
}

#[tokio::test]
async fn whoever_holds_a_role_needs_a_code_which_works_once() {
    let app = TestApp::start().await;
    // 李建国 becomes mediator: name and phone are not enough from then on.
    let li = app.person("李建国").await;
    let early = app.resident("李建国").await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("roles.csv"),
        "person_key,role,place_code\nli,mediator,GY\n",
    )
    .unwrap();
    program::succeed(&app.variables, &["import", folder.path().to_str().unwrap()]).await;
    assert_eq!(
        early.account().await.person_id,
        None,
        "tied by name and phone only"
    );
    let reply = early.says("绑定 1-1-102 李建国 13800000102").await;
    assert!(reply.contains("邀请码"), "{reply}");

    let printed = program::succeed(&app.variables, &["invite", "li"]).await;
    let code = regex::Regex::new(r"\b\d{8}\b").unwrap();
    let code = code.find(&printed).unwrap().as_str().to_owned();
    let reply = early.says(&format!("绑定 {code}")).await;
    assert!(reply.contains("绑定成功"), "{reply}");
    assert_eq!(early.account().await.person_id, Some(li.id));
    let row = last(&app).await;
    assert_eq!(
        (row.person_id, row.state),
        (Some(li.id), BindingState::Verified)
    );
    assert!(early.says("我的").await.contains("调解员"));

    let second = app.newcomer("o-second").await;
    let used = second.says(&format!("绑定 {code}")).await;
    let wrong = second.says("绑定 00000000").await;
    assert_eq!(used, wrong, "a used code and no code are answered alike");
    let stored = invitation::Entity::find()
        .one(app.store.read())
        .await
        .unwrap();
    assert!(!stored.unwrap().code_index.contains(&code));
}

#[tokio::test]
async fn a_code_lapses_and_a_newer_one_ends_it() {
    let app = TestApp::start().await;
    let code = |printed: String| {
        let code = regex::Regex::new(r"\b\d{8}\b").unwrap();
        code.find(&printed).unwrap().as_str().to_owned()
    };
    let first = code(program::succeed(&app.variables, &["invite", "sun"]).await);
    let second = code(program::succeed(&app.variables, &["invite", "sun"]).await);
    let sun = app.newcomer("o-sun").await;
    assert!(
        sun.says(&format!("绑定 {first}"))
            .await
            .contains("邀请码不对")
    );
    app.advance(24 * 60 + 1).await;
    assert!(
        sun.says(&format!("绑定 {second}"))
            .await
            .contains("邀请码不对")
    );
    assert_eq!(sun.account().await.person_id, None);
}

#[tokio::test]
async fn guesses_are_limited_and_counted_though_nothing_else_changes() {
    let app = TestApp::start().await;
    let guesser = app.newcomer("o-guesser").await;
    for number in 0..5 {
        let reply = guesser
            .says(&format!("绑定 桂园 9-9-90{number} 张秀英 13800000101"))
            .await;
        assert!(reply.contains("没有找到"), "{reply}");
    }
    assert_eq!(tries(&guesser).await, 5);
    for text in ["绑定 1-1-101 张秀英 13800000101", "绑定 12345678"] {
        let reply = guesser.says(text).await;
        assert!(reply.contains("一小时后"), "{reply}");
    }
    assert_eq!(tries(&guesser).await, 5);
    assert!(bindings(&app).await.is_empty());
    app.advance(61).await;
    let reply = guesser.says("绑定 1-1-101 张秀英 13800000101").await;
    assert!(reply.contains("已绑定"), "{reply}");
}

#[tokio::test]
async fn the_compound_is_found_by_what_is_known() {
    let app = TestApp::start().await;
    app.staff("孙梅").await;
    let han = app.newcomer("o-han").await;
    let reply = han.says("绑定 9-1-901 韩梅 13800000901").await;
    assert!(
        reply.contains("兰园小区 9-1-901"),
        "the roster knows: {reply}"
    );
    let unknown = app.newcomer("o-unknown").await;
    let reply = unknown.says("绑定 1-1-101 某人 13911110000").await;
    assert!(
        reply.contains("小区名") && reply.contains("兰园小区"),
        "{reply}"
    );
    let reply = unknown.says("绑定 桂园 1-1-101 某人 13911110000").await;
    assert!(reply.contains("管家核验"), "{reply}");
    let by_code = app.newcomer("o-code").await;
    let reply = by_code.says("绑定 gy/1-1-101 张秀英 13800000101").await;
    assert!(reply.contains("已绑定 桂园小区"), "{reply}");
}

#[tokio::test]
async fn one_account_is_one_person_who_may_have_several_homes() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let reply = zhang.says("绑定 1-1-102 李建国 13800000102").await;
    assert!(reply.contains("另一位"), "{reply}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("homes.csv"),
        "place_code,person_key,relation\nLY/9-1-901,zhang,owner\n",
    )
    .unwrap();
    program::succeed(&app.variables, &["import", folder.path().to_str().unwrap()]).await;
    let reply = zhang.says("绑定 9-1-901 张秀英 13800000101").await;
    assert!(reply.contains("已绑定 兰园小区"), "{reply}");
    let mine = zhang.says("我的").await;
    assert!(
        mine.contains("1-1-101") && mine.contains("9-1-901"),
        "{mine}"
    );
    let reply = zhang.says("解绑 9-1-901").await;
    assert!(reply.contains("已解绑"), "{reply}");
    assert!(zhang.account().await.person_id.is_some());
    zhang.says("解绑 1栋1单元101").await;
    assert_eq!(zhang.account().await.person_id, None, "no home is left");
    let reply = zhang.says("解绑 1-1-101").await;
    assert!(reply.contains("没有绑定这个房号"), "{reply}");
}

#[tokio::test]
async fn three_answer_for_a_home_and_a_vacancy_falls_upward() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let reply = zhang.says("我的管家").await;
    assert!(
        reply.contains("社区管家：吴静（网格员） 138****1101"),
        "{reply}"
    );
    assert!(reply.contains("包户党员：空缺，由 吴静"), "{reply}");
    assert!(reply.contains("楼栋长：孙梅"), "{reply}");
    assert!(
        !reply.contains("周强"),
        "another building's steward: {reply}"
    );
    assert!(!reply.contains("13800001101"), "a whole phone: {reply}");

    // The steward leaves: the post falls to the grid worker, who is asked from then on.
    let sun = app.staff("孙梅").await;
    let wu = app.staff("吴静").await;
    let change = person::ActiveModel {
        id: Set(sun.account().await.person_id.unwrap()),
        left_at: Set(Some(app.now())),
        ..Default::default()
    };
    person::Entity::update(change)
        .exec(app.store.write())
        .await
        .unwrap();
    let reply = zhang.says("我的管家").await;
    assert!(reply.contains("楼栋长：空缺，由 吴静"), "{reply}");
    let newcomer = app.newcomer("o-late").await;
    newcomer.says("绑定 桂园 1-1-102 赵钱 13911114444").await;
    let row = last(&app).await;
    wu.expects_push(&format!("核验 {}", row.id)).await;
    let reply = sun.says(&format!("核验 {} 通过", row.id)).await;
    assert!(
        !reply.contains("已通过"),
        "somebody who left decided: {reply}"
    );
    let reply = wu.says(&format!("核验 {} 通过", row.id)).await;
    assert!(reply.contains("已通过"), "{reply}");
}

#[tokio::test]
async fn a_term_that_is_over_gives_nothing() {
    let app = TestApp::start().await;
    let sun = app.staff("孙梅").await;
    role::Entity::update_many()
        .col_expr(
            role::Column::ToAt,
            sea_orm::sea_query::Expr::value(app.now() - chrono::TimeDelta::days(1)),
        )
        .filter(
            role::COLUMN
                .person_id
                .eq(sun.account().await.person_id.unwrap()),
        )
        .exec(app.store.write())
        .await
        .unwrap();
    let newcomer = app.newcomer("o-late").await;
    newcomer.says("绑定 桂园 1-1-102 赵钱 13911114444").await;
    let row = last(&app).await;
    let reply = sun.says(&format!("核验 {} 通过", row.id)).await;
    assert!(reply.contains("工作人员"), "{reply}");
    assert_eq!(last(&app).await.state, BindingState::Requested);
}

#[tokio::test]
async fn what_was_written_before_binding_is_offered_after_it() {
    let app = TestApp::start().await;
    let zhang = app.newcomer("o-draft").await;
    let reply = zhang.says("报修 楼道灯不亮").await;
    assert!(reply.contains("绑定"), "{reply}");
    let reply = zhang.says("绑定 1-1-101 张秀英 13800000101").await;
    assert!(
        reply.contains("楼道灯不亮") && reply.contains("回复 1"),
        "{reply}"
    );
    let reply = zhang.says("1").await;
    assert!(reply.contains("诉求 #"), "{reply}");
    assert_eq!(zhang.case().await.text, "楼道灯不亮");
}

#[tokio::test]
async fn absurd_claims_are_answered_kindly_and_change_nothing() {
    let app = TestApp::start().await;
    let odd = app.newcomer("o-odd").await;
    for text in [
        "绑定 3-2-501",
        "绑定 张秀英",
        "绑定 13800000101",
        "绑定 😀 😀 😀",
        "绑定 1-1-101 张秀英 1380000",
        "解绑",
        "解绑 😀",
        "核验",
        "核验 99999999999999999999 通过",
        "异议 0",
        "我的管家",
    ] {
        let reply = odd.says(text).await;
        assert!(
            !reply.is_empty() && !reply.contains("系统出了点问题"),
            "{text}: {reply}"
        );
    }
    assert!(bindings(&app).await.is_empty());
    let accounts = account::Entity::find()
        .count(app.store.read())
        .await
        .unwrap();
    assert_eq!(accounts, 1);
}

#[tokio::test]
async fn an_administrator_is_made_once() {
    let app = TestApp::start().await;
    let printed = program::succeed(&app.variables, &["admin", "create", "Root"]).await;
    assert!(printed.contains("一次性密码"), "{printed}");
    let again = program::run(&app.variables, &["admin", "create", "root"]).await;
    assert_eq!(again.status.code(), Some(1));
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(said.contains("换一个名字"), "{said}");
    let stored = entity::credential::Entity::find()
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    assert!(stored.password_hash.starts_with("$argon2id$") && stored.one_time);
    let nobody = program::run(&app.variables, &["invite", "nobody"]).await;
    assert_eq!(nobody.status.code(), Some(1));
}

#[tokio::test]
async fn one_code_used_twice_at_once_ties_one_account() {
    let app = TestApp::with_instances(2).await;
    let printed = program::succeed(&app.variables, &["invite", "sun"]).await;
    let code = regex::Regex::new(r"\b\d{8}\b").unwrap();
    let code = code.find(&printed).unwrap().as_str();
    let (one, two) = (app.newcomer("o-one").await, app.newcomer("o-two").await);
    let text = format!("绑定 {code}");
    let (first, second) = tokio::join!(one.says(&text), two.says(&text));
    let tied = [&first, &second]
        .iter()
        .filter(|reply| reply.contains("绑定成功"))
        .count();
    assert_eq!(tied, 1, "{first}\n{second}");
    let accounts = account::Entity::find()
        .filter(account::COLUMN.person_id.is_not_null())
        .count(app.store.read())
        .await
        .unwrap();
    assert_eq!(accounts, 1);
}

#[tokio::test]
async fn the_demo_fills_an_empty_database_once_though_two_instances_start() {
    let mut app = TestApp::plan()
        .empty()
        .instances(0)
        .set("DEMO__ENABLED", "true")
        .set("SANDBOX__ENABLED", "true")
        .start()
        .await;
    let (one, two) = tokio::join!(
        linli::command::serve::start(
            app.settings.clone(),
            app.clock.clone(),
            std::sync::Arc::new(linli::base::dice::Dice::from_system()),
        ),
        linli::command::serve::start(
            app.settings.clone(),
            app.clock.clone(),
            std::sync::Arc::new(linli::base::dice::Dice::from_system()),
        ),
    );
    one.unwrap().stop().await.unwrap();
    two.unwrap().stop().await.unwrap();
    let homes = entity::place::Entity::find()
        .filter(
            entity::place::COLUMN
                .kind
                .eq(entity::kinds::PlaceKind::Home),
        )
        .count(app.store.read())
        .await
        .unwrap();
    assert_eq!(homes, 90);
    app.add_instance().await;
    let resident = app.known("sandbox-resident");
    let mine = resident.says("我的").await;
    assert!(
        mine.contains("张秀英") && mine.contains("3-2-501（已核验）"),
        "{mine}"
    );
    let answerers = resident.says("我的管家").await;
    assert!(!answerers.contains("空缺"), "{answerers}");
    let steward = app.known("sandbox-steward").says("我的").await;
    assert!(steward.contains("楼栋长（桂园小区 3栋）"), "{steward}");
    for (open_id, role) in [
        ("sandbox-chair", "业委会主任"),
        ("sandbox-property", "物业工作人员"),
    ] {
        let said = app.known(open_id).says("我的").await;
        assert!(said.contains(role), "{said}");
    }
    let newcomer = app.newcomer("sandbox-newcomer").await;
    assert!(newcomer.says("我的").await.contains("还没有绑定"));
}

#[tokio::test]
async fn whoever_looks_for_somebody_reads_first_whom_they_may_ring() {
    let app = TestApp::start().await;
    let phone = entity::organisation::ActiveModel {
        service_phone: Set(Some("0571-88880000".to_owned())),
        service_hours: Set(Some("24小时".to_owned())),
        ..Default::default()
    };
    entity::organisation::Entity::update_many()
        .set(phone)
        .filter(entity::organisation::COLUMN.code.eq("WY"))
        .exec(app.store.write())
        .await
        .unwrap();
    let zhang = app.resident("张秀英").await;
    let reply = zhang.says("我的管家").await;
    let rung = reply.find("桂园物业服务公司：0571-88880000（24小时）");
    assert!(
        rung.is_some() && rung < reply.find("楼栋长：孙梅"),
        "{reply}"
    );
    let reply = zhang.says("人工").await;
    assert!(
        reply.contains("0571-88880000") && reply.contains("1 写下求助内容"),
        "{reply}"
    );
    assert_eq!(reply.matches("求助").count(), 1, "{reply}");
    // Whoever has only scanned a code may ring them, too.
    let stranger = app.newcomer("o-stranger").await;
    stranger.does(&Say::event("SCAN", "GY/2")).await;
    let reply = stranger.says("人工").await;
    assert!(reply.contains("0571-88880000"), "{reply}");
}
