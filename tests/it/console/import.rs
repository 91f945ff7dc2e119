//! Rosters brought in by browser: looked through, stored once, by whoever may and no further than they
//! reach; wrong files; and an instance that dies in the middle.

use std::time::{Duration, Instant};

use entity::kinds::{ActorKind, ImportState};
use entity::{audit, import_job, person as people, place, role};
use futures_util::future::join;
use reqwest::multipart::{Form, Part};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use super::{Desk, PASSWORD, make_administrator, own_password};
use crate::harness::app::TestApp;
use crate::harness::browser::{Browser, Page};

const PATH: &str = "/console/import";
const UPLOAD: &str = "/console/import/upload";
const HEAD: &str = "code,kind,name,parent_code,area_m2,note\n";

/// Sends files with the mark of the page.
async fn send(desk: &mut Desk<'_>, files: &[(&str, &[u8])]) -> Page {
    let csrf = desk.open(PATH).await.hidden("csrf");
    send_with(desk, &csrf, files).await
}

async fn send_with(desk: &mut Desk<'_>, csrf: &str, files: &[(&str, &[u8])]) -> Page {
    let mut form = Form::new().text("csrf", csrf.to_owned());
    for (name, bytes) in files {
        let part = Part::bytes(bytes.to_vec()).file_name((*name).to_owned());
        form = form.part("files", part);
    }
    let url = format!("{}{UPLOAD}", desk.base);
    let request = desk.browser.http.post(&url).multipart(form);
    desk.browser.send(request).await
}

/// Sends files that are taken, and waits until they are looked through.
async fn upload(desk: &mut Desk<'_>, files: &[(&str, &[u8])]) -> (String, Page) {
    let sent = send(desk, files).await;
    sent.is(303);
    let path = sent.to.unwrap();
    let page = until(desk, &path).await;
    (path, page)
}

/// The page of a job once nothing is going on with it.
async fn until(desk: &mut Desk<'_>, path: &str) -> Page {
    let began = Instant::now();
    loop {
        let page = desk.open(path).await;
        page.is(200);
        if !page.body.contains("hx-trigger=\"every 2s\"") {
            return page;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{}", page.body);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn jobs(app: &TestApp) -> Vec<import_job::Model> {
    let all = import_job::Entity::find().order_by_asc(import_job::COLUMN.id);
    all.all(app.store.read()).await.unwrap()
}

async fn has_place(app: &TestApp, code: &str) -> bool {
    let found = place::Entity::find().filter(place::COLUMN.code.eq(code));
    found.count(app.store.read()).await.unwrap() == 1
}

/// How often it was recorded, but for the import that made the standard compound.
async fn recorded(app: &TestApp, action: &str) -> u64 {
    let rows = audit::Entity::find()
        .filter(audit::COLUMN.action.eq(action))
        .filter(audit::COLUMN.actor_kind.ne(ActorKind::Operator));
    rows.count(app.store.read()).await.unwrap()
}

/// What lies in the storage for imports.
async fn kept(app: &TestApp) -> Vec<String> {
    let files = &app.instances[0].app.files;
    files.list("import/").await.unwrap()
}

#[tokio::test]
async fn a_roster_is_looked_through_and_then_stored() {
    let app = TestApp::start().await;
    make_administrator(&app, "沈立", None).await;
    let mut desk = Desk::of(&app, "沈立").await;
    let places = format!("{HEAD}GY/3,building,3栋,GY,,\nGY/3-1-101,home,3-1-101,GY/3,80,\n");
    let people = "key,name,phone\nnew1,新住户,13911110001\n";
    let homes = "place_code,person_key,relation\nGY/3-1-101,new1,owner\n";
    let files: [(&str, &[u8]); 3] = [
        ("places.csv", places.as_bytes()),
        ("people.csv", people.as_bytes()),
        ("homes.csv", homes.as_bytes()),
    ];
    let (path, page) = upload(&mut desk, &files).await;
    page.says("等您确认")
        .says("<td data-label=\"新增\">2</td>")
        .says("places.csv、people.csv、homes.csv");
    assert!(!has_place(&app, "GY/3").await, "only looked through");
    let sealed = kept(&app).await;
    assert_eq!(sealed.len(), 1, "{sealed:?}");
    let bytes = app.instances[0].app.files.get(&sealed[0]).await.unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("13911110001"));
    desk.send(&path, &format!("{path}/start"), &[])
        .await
        .is(303);
    until(&mut desk, &path).await.says("已全部保存");
    assert!(has_place(&app, "GY/3").await && has_place(&app, "GY/3-1-101").await);
    for action in ["roster.upload", "roster.start", "roster.import"] {
        assert_eq!(recorded(&app, action).await, 1, "{action}");
    }
    let left = kept(&app).await;
    assert!(
        left.iter().all(|path| path.ends_with(".progress")),
        "{left:?}"
    );
    // Again does nothing, and says so.
    let again = desk.send(&path, &format!("{path}/start"), &[]).await;
    again.is(409).says("已经处理过了");
    desk.open(PATH).await.says("已导入");
    let (_, same) = upload(&mut desk, &files).await;
    same.says("没有要改的");
}

#[tokio::test]
async fn bad_rows_are_listed_and_may_be_left_out() {
    let app = TestApp::start().await;
    make_administrator(&app, "沈立", None).await;
    let mut desk = Desk::of(&app, "沈立").await;
    let mut places = format!("{HEAD}GY/3,building,3栋,GY,,\n");
    for number in 0..250 {
        places.push_str(&format!(
            "GY/x{number},=1+1,<script>alert({number})</script>,,,\n"
        ));
    }
    places.push_str("\"=cmd|' /C calc'!A0\",home,x,GY,,\n");
    let (path, page) = upload(&mut desk, &[("places.csv", places.as_bytes())]).await;
    page.says("有错误的行").says("最多显示200处");
    assert!(!page.body.contains("<script>alert"));
    assert_eq!(page.body.matches("<td data-label=\"行\">").count(), 200);
    let list = desk.open(&format!("{path}/bad")).await;
    list.is(200);
    assert!(list.body.starts_with('\u{feff}') && list.body.contains("places.csv,3,"));
    assert!(list.body.lines().count() > 250);
    for line in list.body.lines() {
        let danger = line.split(',').any(|cell| {
            let cell = cell.trim_start_matches('"');
            cell.starts_with(['=', '+', '@'])
        });
        assert!(!danger, "{line}");
    }
    let plain = desk.send(&path, &format!("{path}/start"), &[]).await;
    plain.is(409).says("还有错误行");
    assert!(!has_place(&app, "GY/3").await);
    let to = format!("{path}/start");
    desk.send(&path, &to, &[("skip", "1")]).await.is(303);
    until(&mut desk, &path)
        .await
        .says("已保存，有")
        .says("错误的行没有导入");
    assert!(has_place(&app, "GY/3").await);
    // What was left out can be fetched for a week.
    desk.open(&format!("{path}/bad")).await.is(200);
    app.advance(8 * 24 * 60).await;
    assert_eq!(jobs(&app).await[0].bad_path, None);
}

#[tokio::test]
async fn nobody_writes_beyond_their_own_places() {
    let app = TestApp::start().await;
    make_administrator(&app, "卫东", Some("GY")).await;
    let mut desk = Desk::of(&app, "卫东").await;
    let places = format!(
        "{HEAD}GY/3,building,3栋,GY,,\nLY/8,building,8栋,LY,,\nLY,compound,改名,HC-XL-CD-GY,,\n\
         HC-XL-CD-GY,community,桂园社区,HC-XL-CD,,\nNEW,compound,新小区,HC-XL-CD-GY,,\nTOP,city,新城,,,\n"
    );
    // Changes of whoever lives next door, of whoever also serves elsewhere; and somebody new.
    let people = "key,name,phone\nhan,韩梅,13900000000\nzheng,郑洪,13900000001\n\
                  wei,卫东,13900000002\nzhang,张秀英,13900000003\nfresh,新人,13900000004\n";
    let homes = "place_code,person_key,relation\nLY/9-1-901,fresh,owner\nGY/1-1-102,han,owner\n\
                 GY/1-1-102,fresh,owner\n";
    let roles = "person_key,role,place_code\nfresh,administrator,\nfresh,administrator,LY\n\
                 fresh,street_officer,HC-XL-CD\nfresh,steward,GY/2\n";
    let (path, page) = upload(
        &mut desk,
        &[
            ("places.csv", places.as_bytes()),
            ("people.csv", people.as_bytes()),
            ("homes.csv", homes.as_bytes()),
            ("roles.csv", roles.as_bytes()),
        ],
    )
    .await;
    let list = desk.open(&format!("{path}/bad")).await.body;
    let mut bad: Vec<(String, String)> = list
        .lines()
        .skip(1)
        .map(|line| {
            let mut cells = line.split(',');
            let file = cells.next().unwrap().trim_start_matches('\u{feff}');
            (file.to_owned(), cells.next().unwrap().to_owned())
        })
        .collect();
    bad.sort();
    let expected = [
        ("places.csv", "3"),
        ("places.csv", "4"),
        ("places.csv", "6"),
        ("places.csv", "7"),
        ("people.csv", "2"),
        ("people.csv", "3"),
        ("homes.csv", "2"),
        ("homes.csv", "3"),
        ("roles.csv", "2"),
        ("roles.csv", "3"),
        ("roles.csv", "4"),
    ];
    let mut expected = expected.map(|(file, line)| (file.to_owned(), line.to_owned()));
    expected.sort();
    assert_eq!(bad, expected, "{list}");
    page.says("不在您的管理范围内");
    let to = format!("{path}/start");
    desk.send(&path, &to, &[("skip", "1")]).await.is(303);
    until(&mut desk, &path).await.says("已保存，有");
    assert!(has_place(&app, "GY/3").await);
    for code in ["LY/8", "NEW", "TOP"] {
        assert!(!has_place(&app, code).await, "{code}");
    }
    assert_eq!(app.place("LY").await.name, "兰园小区");
    let index = |phone: &str| app.instances[0].app.seal.index(phone);
    assert_eq!(
        app.person("韩梅").await.phone_index,
        Some(index("13800000901"))
    );
    assert_eq!(
        app.person("张秀英").await.phone_index,
        Some(index("13900000003"))
    );
    let fresh = people::Entity::find()
        .filter(people::COLUMN.key.eq("fresh"))
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let roles = role::Entity::find()
        .filter(role::COLUMN.person_id.eq(fresh.id))
        .count(app.store.read());
    assert_eq!(roles.await.unwrap(), 1);
}

#[tokio::test]
async fn wrong_files_are_refused_in_words() {
    let app = TestApp::start().await;
    make_administrator(&app, "沈立", None).await;
    let mut desk = Desk::of(&app, "沈立").await;
    let photo: &[u8] = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00";
    for (name, bytes, words) in [
        ("photo.jpg", photo, "没有认得的文件"),
        ("places.csv", b"".as_slice(), "是空文件"),
        ("book.xls", b"\xd0\xcf\x11\xe0\xa1\xb1".as_slice(), "XLS"),
        ("<script>.txt", b"x".as_slice(), "没有认得的文件"),
    ] {
        let told = send(&mut desk, &[(name, bytes)]).await;
        told.is(422).says(words).says("role=\"alert\"");
        assert!(!told.body.contains("<script>."));
    }
    send(&mut desk, &[]).await.is(422).says("请先选择文件");
    assert!(jobs(&app).await.is_empty() && kept(&app).await.is_empty());
    // What shows only when it is read.
    for (name, bytes, words) in [
        ("a.xlsx", b"PK\x03\x04 nonsense".as_slice(), "打不开"),
        ("places.csv", photo, "既不是 UTF-8 也不是 GBK"),
        (
            "people.csv",
            b"name\n\xe5\xbc\xa0\n".as_slice(),
            "缺少这一列",
        ),
    ] {
        let (path, page) = upload(&mut desk, &[(name, bytes)]).await;
        page.says(words);
        if page.body.contains("放弃这次导入") {
            desk.send(&path, &format!("{path}/drop"), &[]).await.is(303);
        }
    }
    let (gbk, _, _) =
        encoding_rs::GBK.encode("code,kind,name,parent_code\nGY/3,building,三栋,GY\n");
    let (_, page) = upload(&mut desk, &[("places.csv", &gbk)]).await;
    page.says("GBK 编码").says("<td data-label=\"新增\">1</td>");
    let large = vec![b'x'; 20 * 1024 * 1024 + 128 * 1024];
    let told = send(&mut desk, &[("places.csv", &large)]).await;
    told.is(413).says("最多 20 MB");
    let nonsense = desk.browser.http.post(format!("{}{UPLOAD}", desk.base));
    let nonsense = nonsense
        .header("content-type", "multipart/form-data; boundary=x")
        .body("--y\r\n");
    let told = desk.browser.send(nonsense).await;
    assert!((400..500).contains(&told.status), "{told:?}");
}

#[tokio::test]
async fn only_administrators_come_in_and_each_sees_their_own() {
    let app = TestApp::start().await;
    make_administrator(&app, "沈立", None).await;
    make_administrator(&app, "卫东", Some("GY")).await;
    let places = format!("{HEAD}GY/3,building,3栋,GY,,\n");
    let file: [(&str, &[u8]); 1] = [("places.csv", places.as_bytes())];
    let mut desk = Desk::of(&app, "沈立").await;
    let (path, _) = upload(&mut desk, &file).await;
    let mut other = Desk::of(&app, "卫东").await;
    other.open(&path).await.is(404);
    other.open(&format!("{path}/bad")).await.is(404);
    for act in ["start", "drop"] {
        let to = format!("{path}/{act}");
        other.send(PATH, &to, &[]).await.is(404);
    }
    let mut steward = Desk::of(&app, "孙梅").await;
    steward.open(PATH).await.is(403);
    let csrf = steward.open("/console/tasks").await.hidden("csrf");
    send_with(&mut steward, &csrf, &file).await.is(403);
    send_with(&mut desk, "forged", &file).await.is(403);
    let mut stranger = Desk::stranger(&app);
    send_with(&mut stranger, "forged", &file).await.is(401);
    assert_eq!(jobs(&app).await.len(), 1);
    desk.open(UPLOAD).await.leads_to(PATH);
    // Too many that wait are no queue but a mistake.
    for _ in 0..2 {
        upload(&mut desk, &file).await;
    }
    send(&mut desk, &file)
        .await
        .is(422)
        .says("还有几次导入没有做完");
    app.advance(25 * 60).await;
    let states: Vec<_> = jobs(&app).await.iter().map(|job| job.state).collect();
    assert_eq!(states, [ImportState::Dropped; 3]);
    assert!(
        kept(&app)
            .await
            .iter()
            .all(|path| path.ends_with(".progress"))
    );
}

#[tokio::test]
async fn whoever_is_no_administrator_any_more_imports_nothing() {
    let app = TestApp::start().await;
    make_administrator(&app, "卫东", Some("GY")).await;
    let mut desk = Desk::of(&app, "卫东").await;
    let places = format!("{HEAD}GY/3,building,3栋,GY,,\n");
    let (path, _) = upload(&mut desk, &[("places.csv", places.as_bytes())]).await;
    role::Entity::delete_many()
        .filter(role::COLUMN.role.eq(entity::kinds::RoleKind::Administrator))
        .exec(app.store.write())
        .await
        .unwrap();
    let to = format!("{path}/start");
    desk.send("/console/tasks", &to, &[]).await.is(403);
    // Had the word been given just before, it would not be done either.
    import_job::Entity::update_many()
        .col_expr(
            import_job::Column::State,
            sea_orm::sea_query::Expr::value("queued"),
        )
        .exec(app.store.write())
        .await
        .unwrap();
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let item = linli::reminder::NewReminder {
        kind: "import.run",
        dedupe_key: "test:import".to_owned(),
        recipient_id: None,
        compound_id: None,
        subject: "import:1".to_owned(),
        payload: serde_json::json!({ "import": jobs(&app).await[0].id }),
        due_at: app.now(),
    };
    linli::reminder::enqueue(&mut tx, vec![item]).await.unwrap();
    tx.commit().await.unwrap();
    app.drain().await;
    let job = &jobs(&app).await[0];
    assert_eq!(job.state, ImportState::Failed);
    assert!(job.error.as_ref().unwrap().contains("不是管理员"));
    assert!(!has_place(&app, "GY/3").await);
    assert_eq!(recorded(&app, "roster.fail").await, 1);
}

#[tokio::test]
async fn confirmed_at_once_on_two_instances_it_is_stored_once() {
    let app = TestApp::with_instances(2).await;
    make_administrator(&app, "沈立", None).await;
    let mut desk = Desk::of(&app, "沈立").await;
    let mut places = HEAD.to_owned();
    for number in 1..2_000 {
        places.push_str(&format!("GY/9-{number},home,9-{number},GY,80,\n"));
    }
    let (path, page) = upload(&mut desk, &[("places.csv", places.as_bytes())]).await;
    page.says("<td data-label=\"新增\">1999</td>");
    let mut other = Desk::at(&app, 1);
    other.sign_in("shen", PASSWORD).await.is(303);
    let to = format!("{path}/start");
    let marks = (
        desk.open(&path).await.hidden("csrf"),
        other.open(&path).await.hidden("csrf"),
    );
    let (first, second) = join(
        desk.send_with(&marks.0, &to, &[]),
        other.send_with(&marks.1, &to, &[]),
    )
    .await;
    let mut told = [first.status, second.status];
    told.sort_unstable();
    assert_eq!(told, [303, 409], "{first:?} {second:?}");
    until(&mut other, &path).await.says("已全部保存");
    app.drain().await;
    assert_eq!(recorded(&app, "roster.import").await, 1);
    let homes = place::Entity::find().count(app.store.read());
    let before = 19;
    assert_eq!(homes.await.unwrap(), before + 1999);
}

#[tokio::test]
async fn an_instance_that_dies_leaves_the_job_to_another() {
    let mut app = TestApp::plan().instances(0).start().await;
    app.allow_errors();
    make_administrator(&app, "沈立", None).await;
    own_password(&app, "shen", "沈立").await;
    let mut program = app.spawn_program().await;
    let mut places = HEAD.to_owned();
    for number in 1..5_000 {
        places.push_str(&format!("GY/9-{number},home,9-{number},GY,80,\n"));
    }
    let path = {
        let mut desk = Desk {
            app: &app,
            browser: Browser::new(),
            base: program.url(),
        };
        desk.sign_in("shen", PASSWORD).await.is(303);
        let (path, _) = upload(&mut desk, &[("places.csv", places.as_bytes())]).await;
        desk.send(&path, &format!("{path}/start"), &[])
            .await
            .is(303);
        path
    };
    tokio::time::sleep(Duration::from_millis(30)).await;
    program.kill9();
    app.add_instance().await;
    // What the dead one had claimed comes back when its lease is over.
    app.clock.advance(chrono::TimeDelta::minutes(2));
    let mut desk = Desk::at(&app, 0);
    desk.sign_in("shen", PASSWORD).await.is(303);
    until(&mut desk, &path).await.says("已全部保存");
    assert_eq!(recorded(&app, "roster.import").await, 1);
    assert_eq!(jobs(&app).await[0].state, ImportState::Done);
    assert!(has_place(&app, "GY/9-4999").await);
}

/// Fees are brought in by whoever keeps them: not by whoever administers the compound.
#[tokio::test]
async fn an_administrator_brings_in_no_fees() {
    let app = TestApp::start().await;
    let fees = "compound_code,name,kind,unit_price_fen,due_day\nGY,物业费,area,180,10\n";
    let files: [(&str, &[u8]); 1] = [("fee_items.csv", fees.as_bytes())];
    make_administrator(&app, "李建国", None).await;
    let mut desk = Desk::of(&app, "李建国").await;
    let (path, page) = upload(&mut desk, &files).await;
    page.says("错误");
    let bad = desk.open(&format!("{path}/bad")).await;
    bad.is(200).says("没有这个小区收费的权限");
    // Who administers and manages it may.
    make_administrator(&app, "沈立", None).await;
    let mut desk = Desk::of(&app, "沈立").await;
    let (path, _) = upload(&mut desk, &files).await;
    desk.send(&path, &format!("{path}/start"), &[])
        .await
        .is(303);
    until(&mut desk, &path).await.says("已全部保存");
    let rows = entity::fee_item::Entity::find()
        .count(app.store.read())
        .await;
    assert_eq!(rows.unwrap(), 1);
}
