//! One's own data: told and agreed to, exported, corrected, erased, and let go when its time is over.

mod everywhere;
mod files;
mod former;
mod pages;
mod race;
mod rules;

use chrono::TimeDelta;
use entity::kinds::{CorrectionState, ExportState, PlaceKind};
use entity::{account, audit, case, consent, correction, data_export, deletion_log, person, place};
use linli::privacy::consent::VERSION;
use linli::reminder::schedule;
use linli::sandbox::Say;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, Statement};
use serde_json::json;

use crate::harness::app::TestApp;
use crate::harness::people::Person;
use crate::harness::pictures::{holds, jpeg};

async fn by_id(app: &TestApp, id: i64) -> person::Model {
    let found = person::Entity::find_by_id(id).one(app.store.read()).await;
    found.unwrap().unwrap()
}

fn link_in(text: &str) -> &str {
    let at = text.find("http").expect("no link");
    text[at..].split_whitespace().next().unwrap()
}

#[tokio::test]
async fn who_goes_on_after_the_sentence_has_agreed() {
    let app = TestApp::start().await;
    let stranger = app.known("o-new");
    let greeting = stranger.does(&Say::event("subscribe", "")).await.unwrap();
    assert!(
        greeting.contains("个人信息处理规则") && greeting.len() <= 2048,
        "{greeting}"
    );
    let url = link_in(&greeting);
    let page = reqwest::get(url).await;
    assert_eq!(page.unwrap().status(), 200, "{url}");
    let rows = async || {
        let rows = consent::Entity::find().all(app.store.read()).await;
        rows.unwrap()
    };
    let told = rows().await;
    assert_eq!(
        (told.len(), told[0].agreed_at),
        (1, None),
        "told is not agreed"
    );
    let next = stranger.says("菜单").await;
    assert!(!next.contains("个人信息处理规则"), "once: {next}");
    let agreed = rows().await;
    assert_eq!(agreed.len(), 1);
    assert!(agreed[0].agreed_at.is_some() && agreed[0].version == VERSION);
    // The mini-program asks in words of its own.
    let api = app.api_of("o-mini-new").await;
    assert_eq!(api.get("/me/consent").await.json["agreed"], false);
    assert_eq!(
        api.post("/me/consent", &json!({ "version": 0 }))
            .await
            .status,
        422
    );
    let done = api
        .post_once("/me/consent", "k", &json!({ "version": VERSION }))
        .await;
    assert_eq!((done.status, &done.json["agreed"]), (200, &json!(true)));
    assert_eq!(api.get("/me/consent").await.json["agreed"], true);
    assert_eq!(rows().await.len(), 2);
}

#[tokio::test]
async fn a_copy_of_ones_data_comes_by_a_link_of_a_day() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    zhang.sends_photo(jpeg(4)).await;
    zhang.says("报修 1栋大厅漏水").await;
    app.drain().await;
    let reply = zhang.says("导出我的数据").await;
    assert!(reply.contains("正在整理"), "{reply}");
    let told = zhang.expects_push("已备好").await;
    let link = link_in(&told).to_owned();
    let again = zhang.says("导出我的数据").await;
    assert!(again.contains(&link), "the same copy: {again}");
    let there = async |path: &str| reqwest::get(path).await.unwrap();
    let page = there(&link).await;
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("data.zip"));
    let file = there(&format!("{link}/data.zip")).await;
    assert_eq!(file.headers()["content-type"], "application/zip");
    let bytes = file.bytes().await.unwrap().to_vec();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let names: Vec<String> = zip
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect();
    assert!(
        names.iter().any(|name| name.starts_with("photos/")),
        "{names:?}"
    );
    let mut data = String::new();
    std::io::Read::read_to_string(&mut zip.by_name("data.json").unwrap(), &mut data).unwrap();
    for mine in [
        "张秀英",
        "13800000101",
        "1栋大厅漏水",
        "GY/1-1-101",
        &zhang.open_id,
    ] {
        assert!(data.contains(mine), "{mine} is missing: {data}");
    }
    assert!(!data.contains("孙梅"), "nobody else's data");
    // In our storage it cannot be read.
    let row = data_export::Entity::find()
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let stored = app.instances[0]
        .app
        .files
        .get(&row.path.unwrap())
        .await
        .unwrap();
    assert!(!stored.starts_with(b"PK") && !holds(&stored, "张秀英".as_bytes()));
    let forged = format!("{link}x");
    assert_eq!(there(&forged).await.status(), 404);
    app.clock.advance(TimeDelta::hours(25));
    assert_eq!(there(&link).await.status(), 404);
    assert_eq!(there(&format!("{link}/data.zip")).await.status(), 404);
    keep_house(&app).await;
    let row = data_export::Entity::find()
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((row.state, row.path), (ExportState::Removed, None));
    // Nobody whom we do not know has data.
    let stranger = app.newcomer("o-stranger").await;
    let reply = stranger.says("导出我的数据").await;
    assert!(reply.contains("绑定"), "{reply}");
}

/// Runs the day's retention.
async fn keep_house(app: &TestApp) {
    let work = &linli::privacy::remind::WORKS[0];
    let done = schedule::run_slot(&app.store, work, app.now())
        .await
        .unwrap();
    assert!(done, "the slot was taken");
    app.drain().await;
    // The reminder was put down on a store of the test's: the program finds it by looking.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    app.drain().await;
}

#[tokio::test]
async fn a_correction_is_vouched_for_by_whoever_answers_for_the_home() {
    let app = TestApp::start().await;
    let (steward, other) = (app.steward("1栋").await, app.steward("2栋").await);
    let zhang = app.resident("张秀英").await;
    let id = app.person("张秀英").await.id;
    for wrong in [
        "更正 姓名",
        "更正 姓名 张",
        "更正 手机 123",
        "更正 房号 1-1-102",
    ] {
        let reply = zhang.says(wrong).await;
        assert!(!reply.contains("已请管家"), "{wrong}: {reply}");
        zhang.says("0").await;
    }
    let reply = zhang.says("更正 姓名 张秀莹").await;
    assert!(reply.contains("已请管家核实"), "{reply}");
    let rows = async || {
        let rows = correction::Entity::find().order_by_asc(correction::COLUMN.id);
        rows.all(app.store.read()).await.unwrap()
    };
    let row = rows().await.pop().unwrap();
    assert!(!row.value_sealed.contains("张秀莹"));
    let asked = steward.expects_push("更正").await;
    assert!(
        asked.contains("张秀莹") && asked.contains(&format!("更正 {} 通过", row.id)),
        "{asked}"
    );
    let refused = other.says(&format!("更正 {} 通过", row.id)).await;
    assert!(
        refused.contains("没有找到"),
        "another building's: {refused}"
    );
    let own = zhang.says(&format!("更正 {} 通过", row.id)).await;
    assert!(own.contains("没有找到"), "{own}");
    assert_eq!(by_id(&app, id).await.name, "张秀英");
    // Twice at once: one decides.
    let says = format!("更正 {} 通过", row.id);
    let (one, two) = tokio::join!(steward.says(&says), steward.says(&says));
    let passed = [&one, &two]
        .iter()
        .filter(|reply| reply.contains("已通过"))
        .count();
    assert_eq!(passed, 1, "{one} / {two}");
    assert_eq!(by_id(&app, id).await.name, "张秀莹");
    zhang.expects_push("已更正").await;
    let row = rows().await.pop().unwrap();
    assert_eq!(
        (row.state, row.value_sealed.as_str()),
        (CorrectionState::Done, "")
    );
    // A newer wish replaces an open one; a refusal says why.
    zhang.says("更正 手机 13900000001").await;
    zhang.says("更正 手机号 13900000002").await;
    let states: Vec<_> = rows().await.iter().map(|row| row.state).collect();
    assert_eq!(
        states[1..],
        [CorrectionState::Dropped, CorrectionState::Requested]
    );
    let last = rows().await.pop().unwrap().id;
    steward
        .says(&format!("更正 {last} 驳回 请带身份证来核对"))
        .await;
    let told = zhang.expects_push("未更正").await;
    assert!(told.contains("身份证"), "{told}");
    assert!(by_id(&app, id).await.phone_index.is_some());
}

/// Every place in the database where one of these words stands: `table.column`.
async fn where_stands(app: &TestApp, words: &[String]) -> Vec<String> {
    let db = app.store.read();
    let backend = db.get_database_backend();
    let columns = match backend {
        DbBackend::Postgres => {
            "SELECT table_name AS t, column_name AS c FROM information_schema.columns WHERE table_schema = 'public'"
        }
        _ => {
            "SELECT m.name AS t, p.name AS c FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'"
        }
    };
    let rows = db
        .query_all_raw(Statement::from_string(backend, columns))
        .await
        .unwrap();
    assert!(rows.len() > 200, "the columns were not found");
    let mut found = Vec::new();
    for row in rows {
        let (table, column): (String, String) =
            (row.try_get("", "t").unwrap(), row.try_get("", "c").unwrap());
        for word in words {
            let word = word.replace('\'', "''");
            let sql = format!(
                "SELECT COUNT(*) AS n FROM \"{table}\" WHERE CAST(\"{column}\" AS TEXT) LIKE '%{word}%'"
            );
            let hit = db.query_one_raw(Statement::from_string(backend, sql)).await;
            let count: i64 = hit.unwrap().unwrap().try_get("", "n").unwrap();
            if count > 0 {
                found.push(format!("{table}.{column}: {word}"));
            }
        }
    }
    found
}

pub async fn erases(zhang: &Person<'_>) -> String {
    let asked = zhang.says("注销").await;
    assert!(
        asked.contains("不能恢复") && asked.contains("2 确认注销"),
        "{asked}"
    );
    zhang.says("2").await
}

#[tokio::test]
async fn after_an_erasure_no_row_says_who_it_was() {
    let app = TestApp::start().await;
    let steward = app.steward("1栋").await;
    let zhang = app.resident("张秀英").await;
    let id = app.person("张秀英").await.id;
    let house = &app.instances[0].app;
    let sealed = by_id(&app, id).await.phone_sealed.unwrap();
    let words = [
        "张秀英".to_owned(),
        "13800000101".to_owned(),
        house.seal.index("13800000101"),
        sealed,
        zhang.open_id.clone(),
    ];
    // A case that is over, with the name in everybody's words, and one that is open.
    zhang.sends_photo(jpeg(6)).await;
    zhang
        .says("报修 1栋大厅漏水，我是张秀英，电话13800000101，住1-1-101")
        .await;
    let over = zhang.case().await.id;
    steward.says(&format!("接单 {over}")).await;
    steward.says(&format!("方案 {over} 联系张秀英")).await;
    steward
        .says(&format!("办结 {over} 张秀英家门口已修好"))
        .await;
    steward.sends_photo(jpeg(7)).await;
    zhang.says(&format!("评价 {over} 5 张秀英很满意")).await;
    zhang.says("投诉 张秀英家楼上太吵，13800000101").await;
    let open = zhang.case().await.id;
    zhang.says("我的").await;
    zhang.says("退订 1").await;
    zhang.says("更正 姓名 张秀英英").await;
    zhang.says("导出我的数据").await;
    zhang.sends_photo(jpeg(8)).await;
    app.drain().await;
    let before = where_stands(&app, &words).await;
    assert!(before.len() >= 8, "the search finds nothing: {before:?}");

    let done = erases(&zhang).await;
    assert!(
        done.contains("已注销") && done.contains("还有1件诉求在办"),
        "{done}"
    );
    app.advance(2).await;
    let left = where_stands(&app, &words).await;
    assert!(left.is_empty(), "{left:#?}");

    // The cases stay, without the person; the one that is over without the home, too.
    let case = app.case(over).await;
    assert!(
        case.text.contains("漏水") && !case.text.contains("101"),
        "{}",
        case.text
    );
    let building = place::Entity::find_by_id(case.place_id)
        .one(app.store.read())
        .await;
    assert_eq!(building.unwrap().unwrap().kind, PlaceKind::Building);
    assert_ne!(case.reporter_id, id);
    assert_eq!(app.case(open).await.reporter_id, id, "as a number");
    let gone = by_id(&app, id).await;
    assert!(gone.erased_at.is_some() && gone.left_at.is_some() && gone.key.is_none());
    // The steward goes on with the open one.
    let reply = steward.says(&format!("接单 {open}")).await;
    assert!(reply.contains("已接单"), "{reply}");
    // The trail says that it was done, by numbers alone.
    let trail = audit::Entity::find()
        .filter(audit::COLUMN.subject.eq(format!("person:{id}")))
        .all(app.store.read())
        .await
        .unwrap();
    let erased = trail
        .iter()
        .find(|row| row.action == "person.erase")
        .unwrap();
    assert_eq!((erased.actor_id, &erased.detail), (Some(id), &None));
    // What was agreed to is on record as taken back; whoever writes again is a stranger.
    let rows = consent::Entity::find().all(app.store.read()).await.unwrap();
    assert!(rows.iter().any(|row| row.withdrawn_at.is_some()));
    let back = zhang.says(&format!("进度 {over}")).await;
    assert!(back.contains("绑定"), "{back}");
    let accounts = account::Entity::find()
        .filter(account::COLUMN.external_id.eq(&zhang.open_id))
        .all(app.store.read())
        .await
        .unwrap();
    assert_eq!((accounts.len(), accounts[0].person_id), (1, None));
    // Of the photos that of what was done is left, and that of the case under way.
    let photos = async || {
        let rows = entity::attachment::Entity::find().all(app.store.read());
        rows.await.unwrap().len()
    };
    assert_eq!(photos().await, 2);
    // When the open one is over, its tie goes, too.
    steward.says(&format!("办结 {open} 已劝说")).await;
    app.advance(8 * 24 * 60).await;
    keep_house(&app).await;
    let case = app.case(open).await;
    assert!(case.closed_at.is_some() && case.reporter_id != id && case.account_id.is_none());
    assert_eq!(photos().await, 1);
}

#[tokio::test]
async fn an_erasure_is_meant_and_happens_once_and_not_in_office() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let id = app.person("张秀英").await.id;
    zhang.says("注销").await;
    let stays = zhang.says("1").await;
    assert!(stays.contains("张秀英"), "{stays}");
    assert!(by_id(&app, id).await.erased_at.is_none());
    let steward = app.steward("1栋").await;
    let refused = steward.says("注销 确认").await;
    assert!(refused.contains("收回职务"), "{refused}");
    let stranger = app.newcomer("o-x").await;
    assert!(stranger.says("注销 确认").await.contains("绑定"));
    let (one, two) = tokio::join!(zhang.says("注销 确认"), zhang.says("注销 确认"));
    let done = [&one, &two]
        .iter()
        .filter(|reply| reply.contains("已注销"))
        .count();
    assert_eq!(done, 1, "{one} / {two}");
    // Over the API: asked for plainly, and signed out afterwards.
    let li = app.resident("李建国").await;
    let api = app.api(&li).await;
    assert_eq!(
        api.post("/me/erasure", &json!({ "confirm": false }))
            .await
            .status,
        422
    );
    assert_eq!(
        api.post("/me/erasure", &json!({ "confirm": true }))
            .await
            .status,
        200
    );
    // The token went with the account.
    assert_eq!(api.get("/me").await.status, 401);
    assert_eq!(
        api.signed_out()
            .post("/me/erasure", &json!({ "confirm": true }))
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn data_is_let_go_when_its_time_is_over_and_the_log_says_how_much() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let id = app.person("张秀英").await.id;
    zhang.says("报修 张秀英家1-1-101漏水，13800000101").await;
    let case_id = zhang.case().await.id;
    zhang
        .says(&format!("撤回 {case_id} 张秀英自己修好了"))
        .await;
    zhang.says("报修 楼道灯不亮").await;
    let kept = zhang.case().await.id;
    app.drain().await;
    let log = async || {
        let rows = deletion_log::Entity::find().order_by_asc(deletion_log::COLUMN.id);
        rows.all(app.store.read()).await.unwrap()
    };
    app.clock.advance(TimeDelta::days(364));
    keep_house(&app).await;
    assert_eq!(app.case(case_id).await.reporter_id, id, "not yet");
    assert!(log().await.is_empty());
    app.clock.advance(TimeDelta::days(2));
    keep_house(&app).await;
    let case: case::Model = app.case(case_id).await;
    assert_ne!(case.reporter_id, id);
    assert_eq!(case.account_id, None);
    assert!(
        case.text.contains("漏水") && !case.text.contains("张秀英"),
        "{}",
        case.text
    );
    let rows = log().await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(
        (rows[0].class.as_str(), rows[0].count),
        ("withdrawn-case", 1)
    );
    assert_eq!(rows[0].up_to, rows[0].at - TimeDelta::days(365));
    assert_eq!(app.case(kept).await.reporter_id, id, "still open");
    // The person has lost nothing else.
    assert_eq!(by_id(&app, id).await.name, "张秀英");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_merged_forgets_who_filed_it_as_well() {
    let app = TestApp::start().await;
    let (zhang, li) = (app.resident("张秀英").await, app.resident("李建国").await);
    let steward = app.staff("孙梅").await;
    li.says("报修 1栋楼道灯不亮").await;
    let first = li.case().await.id;
    zhang.says("报修 张秀英家门口的灯坏了").await;
    let second = zhang.case().await.id;
    steward.says(&format!("合并 {second} {first}")).await;
    app.drain().await;
    assert_eq!(app.case(second).await.merged_into, Some(first));
    let id = app.person("张秀英").await.id;
    erases(&zhang).await;
    let row = app.case(second).await;
    assert_ne!(row.reporter_id, id);
    assert_eq!(row.account_id, None);
    assert!(!row.text.contains("张秀英"), "{}", row.text);
    let no = steward.says(&format!("拆分 {second}")).await;
    assert!(no.contains("不能再拆分"), "{no}");
}
