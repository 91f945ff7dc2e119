//! What is entered for a month: what no bill could be made of, what comes twice, what comes too late, and what
//! an import may not change.

use chrono::TimeDelta;
use entity::kinds::FeeKind;
use entity::money::RunState;
use entity::{bill_line, bill_run, fee_charge, fee_item, fee_reading, fee_space, schedule};
use linli::base::clock::begin_of;
use linli::fee::remind::WORKS;
use linli::reminder::schedule::run_slot;
use migration::{Migrator, MigratorTrait};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, Database, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, Statement,
};

use super::files::Folder;
use super::{add, bills, charge, day, fee, make, this_month};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::program;

const BILLING: &str = "/console/billing";

/// More than the books take, though each part of it may be.
const HUGE: &str = "GY/1-1-101,热水,MONTH,0,900000000\n";
const READINGS: &str = "place_code,item,month,before,after\n";

#[tokio::test]
async fn a_reading_that_no_bill_could_be_made_of_is_refused_when_it_is_entered() {
    let app = TestApp::start().await;
    let month = this_month(&app).to_string();
    let water = add(&app, fee("热水", FeeKind::Meter, 9_000_000_000)).await;
    let item = water.id.to_string();
    let mut desk = Desk::of(&app, "沈立").await;
    let form = [
        ("compound", "GY"),
        ("month", month.as_str()),
        ("item", item.as_str()),
        ("lines", "1-1-102 1 0\n1-1-101 900000000 0"),
    ];
    let page = desk.send(BILLING, "/console/billing/readings", &form).await;
    page.is(422).says("第2行").says("金额太大");
    let twice = form.map(|(name, old)| match name {
        "lines" => (name, "1-1-102 1 0\n1-1-101 1 0\n1-1-102 2 0"),
        _ => (name, old),
    });
    let page = desk
        .send(BILLING, "/console/billing/readings", &twice)
        .await;
    page.is(422).says("第3行").says("写了两次");
    let file = format!("{READINGS}{}", HUGE.replace("MONTH", &month));
    let folder = Folder::with(&[("fee_readings.csv", &file)]);
    let output = program::run(&app.variables, &["import", folder.path()]).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("金额太大"), "{said}");
    // Nothing of a form that is wrong in one line is kept.
    let count = fee_reading::Entity::find().count(app.store.read()).await;
    assert_eq!(count.unwrap(), 0);
    let good = form.map(|(name, old)| match name {
        "lines" => (name, "1-1-102 1 0\n1-1-101 2 1"),
        _ => (name, old),
    });
    desk.send(BILLING, "/console/billing/readings", &good)
        .await
        .is(303);
    let count = fee_reading::Entity::find().count(app.store.read()).await;
    assert_eq!(count.unwrap(), 2);
}

#[tokio::test]
async fn a_button_that_is_pressed_twice_does_it_once() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "沈立").await;
    let form = [
        ("compound", "GY"),
        ("home", "1-1-101"),
        ("name", "门禁卡工本费"),
        ("amount", "20"),
        ("basis", "价目表"),
    ];
    let to = "/console/billing/charge";
    desk.send(BILLING, to, &form).await.is(303);
    let again = desk.send(BILLING, to, &form).await;
    again.is(409).says("刚刚已经给这户记过同样的一笔");
    // Another home, another amount, and later on purpose.
    for (field, value) in [("home", "1-1-102"), ("amount", "21")] {
        let other = form.map(|(name, old)| (name, if name == field { value } else { old }));
        desk.send(BILLING, to, &other).await.is(303);
    }
    app.clock.advance(TimeDelta::minutes(3));
    desk.send(BILLING, to, &form).await.is(303);
    let count = fee_charge::Entity::find().count(app.store.read()).await;
    assert_eq!(count.unwrap(), 4);

    make(&app, this_month(&app)).await;
    let line = bill_line::Entity::find()
        .order_by_asc(bill_line::COLUMN.id)
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    let (path, id) = (
        format!("/console/bills/{}", line.bill_id),
        line.id.to_string(),
    );
    let form = [("line", id.as_str()), ("amount", "1"), ("reason", "算错")];
    let to = format!("{path}/credit");
    desk.send(&path, &to, &form).await.is(303);
    let again = desk.send(&path, &to, &form).await;
    again.is(409).says("刚刚已经更正过同样的一笔");
    app.clock.advance(TimeDelta::minutes(3));
    desk.send(&path, &to, &form).await.is(303);
}

#[tokio::test]
async fn a_fee_has_its_name_for_itself_while_it_is_billed() {
    let app = TestApp::start().await;
    let month = this_month(&app);
    let old = add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    let mut desk = Desk::of(&app, "沈立").await;
    let next = month.next().to_string();
    let form = |from: &'static str| {
        [
            ("compound", "GY"),
            ("name", "物业费"),
            ("kind", "area"),
            ("unit_price", "2.00"),
            ("split", ""),
            ("due_day", "10"),
            ("place", ""),
            ("from", from),
            ("basis", "合同"),
        ]
    };
    let page = desk
        .send("/console/fees", "/console/fees/add", &form(""))
        .await;
    page.is(422).says("id=\"name-wrong\"").says("已经有同名");
    let now = month.to_string();
    let to = format!("/console/fees/{}/end", old.id);
    let end = [("compound", "GY"), ("to_month", now.as_str())];
    desk.send("/console/fees", &to, &end).await.is(303);
    let mut later = form("").to_vec();
    later.retain(|(name, _)| *name != "from");
    later.push(("from", next.as_str()));
    desk.send("/console/fees", "/console/fees/add", &later)
        .await
        .is(303);
    let count = fee_item::Entity::find().count(app.store.read()).await;
    assert_eq!(count.unwrap(), 2);
}

#[tokio::test]
async fn a_charge_for_a_month_that_is_over_stands_on_the_present_bill() {
    let app = TestApp::plan().instances(0).start().await;
    let month = this_month(&app);
    assert_eq!(charge(&app, "1-1-101", month.before(), 2_000).await, month);
    make(&app, month).await;
    assert_eq!(bills(&app).await.len(), 1);
    assert_eq!(
        charge(&app, "1-1-101", month.before(), 3_000).await,
        month.next()
    );
}

#[tokio::test]
async fn a_compound_that_has_had_bills_gets_them_on_any_day() {
    let app = TestApp::plan().instances(0).start().await;
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    let month = this_month(&app).next();
    let [work] = WORKS else { panic!("one clock") };
    let at =
        |month: linli::base::month::Month, on: u32| begin_of(day(month, on)) + TimeDelta::hours(7);
    // Who never had any begins on the first of a month, or by hand.
    run_slot(&app.store, work, at(month, 15)).await.unwrap();
    assert!(bills(&app).await.is_empty());
    let next = month.next();
    run_slot(&app.store, work, at(next, 2)).await.unwrap();
    assert_eq!(bills(&app).await.len(), 6);
    run_slot(&app.store, work, at(next.next(), 20))
        .await
        .unwrap();
    let all = bills(&app).await;
    assert_eq!(all.len(), 12);
    assert!(all.iter().any(|bill| bill.month == next.next().number()));
}

#[tokio::test]
async fn nobody_makes_bills_of_long_ago() {
    let app = TestApp::start().await;
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    let mut desk = Desk::of(&app, "沈立").await;
    // A month that is none is not the present one.
    for (month, words) in [("1970-01", "没有这个月份"), ("2020-01", "最早可以补出")] {
        let form = [("compound", "GY"), ("month", month)];
        let page = desk.send(BILLING, "/console/billing/start", &form).await;
        page.is(422).says(words);
    }
    let runs = bill_run::Entity::find().count(app.store.read()).await;
    assert_eq!(runs.unwrap(), 0);
    let last = this_month(&app).before().to_string();
    let form = [("compound", "GY"), ("month", last.as_str())];
    desk.send(BILLING, "/console/billing/start", &form)
        .await
        .is(303);
}

#[tokio::test]
async fn a_space_of_a_month_that_is_billed_is_said_to_change_nothing_there() {
    let app = TestApp::start().await;
    let month = this_month(&app);
    let parking = add(&app, fee("停车费", FeeKind::Parking, 1_200_000)).await;
    let item = parking.id.to_string();
    let mut desk = Desk::of(&app, "沈立").await;
    let space = async |desk: &mut Desk<'_>, code: &str, from: &str| {
        let form = [
            ("compound", "GY"),
            ("item", item.as_str()),
            ("home", "1-1-101"),
            ("code", code),
            ("from", from),
            ("to", ""),
        ];
        let page = desk.send(BILLING, "/console/billing/space", &form).await;
        page.is(303);
        page.to.unwrap()
    };
    let (first, next) = (month.first().to_string(), month.next().first().to_string());
    assert!(
        space(&mut desk, "A-1", &first)
            .await
            .ends_with("said=space-added")
    );
    make(&app, month).await;
    let late = space(&mut desk, "A-2", &first).await;
    assert!(late.ends_with("said=space-added-late"), "{late}");
    desk.open(&late).await.says("已经出账").says("一次性收费");
    assert!(
        space(&mut desk, "A-3", &next)
            .await
            .ends_with("said=space-added")
    );
    let rows = fee_space::Entity::find().order_by_asc(fee_space::COLUMN.id);
    let rows = rows.all(app.store.read()).await.unwrap();
    let (middle, last) = (day(month, 10).to_string(), month.last().to_string());
    for (row, to, said) in [
        (&rows[0], &middle, "said=space-ended-late"),
        (&rows[1], &last, "said=space-ended"),
    ] {
        let id = row.id.to_string();
        let form = [("compound", "GY"), ("id", id.as_str()), ("to", to.as_str())];
        let page = desk
            .send(BILLING, "/console/billing/space-end", &form)
            .await;
        assert!(page.to.as_ref().unwrap().ends_with(said), "{:?}", page.to);
    }
}

#[tokio::test]
async fn an_old_file_begins_no_space_again_and_changes_nothing_that_was_billed() {
    let app = TestApp::plan().instances(0).start().await;
    let month = this_month(&app);
    let items = "compound_code,name,kind,unit_price_fen,due_day\nGY,停车费,parking,12000,10\n";
    let spaces = "place_code,item,code,from,to\nGY/1-1-101,停车费,A-07,2020-01-01,END\n";
    let import = async |files: &[(&str, &str)]| {
        let folder = Folder::with(files);
        program::run(&app.variables, &["import", folder.path()]).await
    };
    for end in ["2030-01-31", ""] {
        let spaces = spaces.replace("END", end);
        let output = import(&[("fee_items.csv", items), ("fee_spaces.csv", &spaces)]).await;
        assert!(output.status.success(), "{output:?}");
        let row = fee_space::Entity::find().one(app.store.read()).await;
        let ends = row.unwrap().unwrap().to_day.map(|day| day.to_string());
        assert_eq!(ends.as_deref(), Some("2030-01-31"));
    }
    // Before any bill a price may be mended; not while a run goes on, and not after it.
    let dearer = items.replace("12000", "15000");
    assert!(import(&[("fee_items.csv", &dearer)]).await.status.success());
    let gy = app.place("GY").await;
    make(&app, month).await;
    let again = items.replace("12000", "18000");
    for (state, words) in [
        (RunState::Running, "正在出账"),
        (RunState::Done, "已经出过账"),
    ] {
        bill_run::Entity::update_many()
            .col_expr(bill_run::Column::State, Expr::value(state))
            .filter(bill_run::COLUMN.compound_id.eq(gy.id))
            .exec(app.store.write())
            .await
            .unwrap();
        let output = import(&[("fee_items.csv", &again)]).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(words), "{said}");
    }
    let row = fee_item::Entity::find().one(app.store.read()).await;
    assert_eq!(row.unwrap().unwrap().unit_price, 1_500_000);
    // It may still be ended.
    let ended = "compound_code,name,kind,unit_price_fen,due_day,to_month\nGY,停车费,parking,15000,10,2199-12\n";
    assert!(import(&[("fee_items.csv", ended)]).await.status.success());
}

#[tokio::test]
async fn an_import_takes_words_as_the_forms_do() {
    let app = TestApp::plan().instances(0).start().await;
    let head = "compound_code,name,kind,unit_price_fen,due_day,basis\n";
    let long = "长".repeat(41);
    let basis = "长".repeat(201);
    for (row, words) in [
        (format!("GY,{long},area,180,10,合同"), "最多40字"),
        (format!("GY,物业费,area,180,10,{basis}"), "最多200字"),
        ("GY,物业费,area,180,10,问13800000101".to_owned(), "手机号"),
        ("GY,问13800000101,area,180,10,合同".to_owned(), "手机号"),
        ("GY,物业费,area,180,10,逾期停 水停電".to_owned(), "第944条"),
    ] {
        let file = format!("{head}{row}\n");
        let folder = Folder::with(&[("fee_items.csv", &file)]);
        let output = program::run(&app.variables, &["import", folder.path()]).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{row}: {said}");
        assert!(said.contains(words), "{row}: {said}");
    }
    let file = format!("{head}GY,物业费,area,180,10,\"合同\n第8条\u{7}\"\n");
    let folder = Folder::with(&[("fee_items.csv", &file)]);
    program::succeed(&app.variables, &["import", folder.path()]).await;
    let row = fee_item::Entity::find().one(app.store.read()).await;
    assert_eq!(row.unwrap().unwrap().basis.as_deref(), Some("合同 第8条"));
}

#[tokio::test]
async fn lists_and_counts_of_readings_go_by_an_index() {
    let db = Database::connect("sqlite::memory:").await.unwrap();
    Migrator::up(&db, None).await.unwrap();
    for (sql, index) in [
        (
            "SELECT * FROM fee_reading WHERE compound_id = 1 AND month = 202611 ORDER BY id DESC LIMIT 50",
            "idx_fee_reading_compound_id_month_id",
        ),
        (
            "SELECT COUNT(*) FROM fee_reading WHERE fee_item_id = 1 AND month = 202611",
            "idx_fee_reading_fee_item_id_month",
        ),
    ] {
        let statement = format!("EXPLAIN QUERY PLAN {sql}");
        let rows = db
            .query_all_raw(Statement::from_string(db.get_database_backend(), statement))
            .await
            .unwrap();
        let plan: Vec<String> = rows
            .iter()
            .map(|row| row.try_get::<String>("", "detail").unwrap())
            .collect();
        assert!(
            plan.iter().any(|line| line.contains(index)),
            "{sql}: {plan:?}"
        );
        assert!(
            !plan.iter().any(|line| line.contains("TEMP B-TREE")),
            "{plan:?}"
        );
    }
}

#[tokio::test]
async fn a_demo_that_was_stopped_before_its_bills_gets_them_at_the_next_start() {
    let mut app = TestApp::plan()
        .instances(0)
        .set("DEMO__ENABLED", "true")
        .start()
        .await;
    add(&app, fee("物业费", FeeKind::Area, 18_000)).await;
    let mark = schedule::ActiveModel {
        name: Set("demo".to_owned()),
        slot: Set("once".to_owned()),
        started_at: Set(app.now()),
        finished_at: Set(Some(app.now())),
    };
    mark.insert(app.store.write()).await.unwrap();
    app.add_instance().await;
    assert_eq!(bills(&app).await.len(), 12);
    app.add_instance().await;
    assert_eq!(bills(&app).await.len(), 12);
}
