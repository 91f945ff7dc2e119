//! Fees, readings and spaces as files: in, out again, and what cannot be.

use entity::{fee_item, fee_reading, fee_space};
use sea_orm::{EntityTrait, PaginatorTrait, QueryOrder};

use super::{bills, make, this_month};
use crate::harness::app::TestApp;
use crate::harness::program;

const ITEMS: &str = "compound_code,name,kind,unit_price_fen,split,due_day,place_code,from_month,to_month,basis\n\
    GY,物业费,area,180,,10,,,,物业服务合同第8条\n\
    GY,热水,meter,325,,10,GY/1,2020-01,2199-12,\n\
    GY,停车费,parking,12000,,10,,,,\n";
const READINGS: &str = "place_code,item,month,before,after\nGY/1-1-101,热水,MONTH,1000.5,1012.75\n";
const SPACES: &str = "place_code,item,code,from,to\n\
    GY/1-1-101,停车费,A-07,2020-01-01,2020-06-30\n\
    GY/1-1-102,停车费,A-07,2020-07-01,\n";

pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    pub fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }
}

#[tokio::test]
async fn what_bills_are_made_of_comes_in_and_goes_out_as_files() {
    let app = TestApp::plan().instances(0).start().await;
    let month = this_month(&app);
    let readings = READINGS.replace("MONTH", &month.to_string());
    let files = [
        ("fee_items.csv", ITEMS),
        ("fee_readings.csv", &readings),
        ("fee_spaces.csv", SPACES),
    ];
    let folder = Folder::with(&files);
    let said = program::succeed(&app.variables, &["import", folder.path()]).await;
    for words in [
        "fee_items: 新增 3",
        "fee_readings: 新增 1",
        "fee_spaces: 新增 2",
    ] {
        assert!(said.contains(words), "{said}");
    }
    let item = fee_item::Entity::find()
        .order_by_asc(fee_item::COLUMN.id)
        .all(app.store.read())
        .await
        .unwrap()
        .remove(1);
    assert_eq!(
        (item.from_month, item.to_month),
        (Some(202_001), Some(219_912))
    );
    assert_eq!(item.unit_price, 32_500);
    assert!(item.place_id.is_some() && item.basis.is_none());
    make(&app, month).await;
    let all = bills(&app).await;
    // 161.10 and the water; the neighbour has the space.
    assert_eq!(all[0].amount, 16_110 + 3_981);
    assert_eq!(all[1].amount, 16_110 + 12_000);
    // Out and in again: nothing is new, though the month is closed; and an old file without the columns
    // takes nothing away.
    let out = tempfile::tempdir().unwrap();
    let out = out.path().to_str().unwrap();
    program::succeed(&app.variables, &["export", "all", "--to", out]).await;
    let plain = Folder::with(&[(
        "fee_items.csv",
        "compound_code,name,kind,unit_price_fen,due_day\nGY,热水,meter,325,10\n",
    )]);
    for source in [out, folder.path(), plain.path()] {
        let said = program::succeed(&app.variables, &["import", source]).await;
        for line in said.lines().filter(|line| line.starts_with("fee_")) {
            assert!(line.contains("新增 0, 更新 0"), "{source}: {line}");
        }
    }
    let changed = readings.replace("1012.75", "1013");
    let late = Folder::with(&[("fee_readings.csv", &changed)]);
    let output = program::run(&app.variables, &["import", late.path()]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("已经出账"), "{said}");
    // The next month is open, and a space may end.
    let next = READINGS.replace("MONTH", &month.next().to_string());
    let ended = SPACES.replace("2020-07-01,", "2020-07-01,2030-01-31");
    let more = Folder::with(&[("fee_readings.csv", &next), ("fee_spaces.csv", &ended)]);
    let said = program::succeed(&app.variables, &["import", more.path()]).await;
    assert!(said.contains("fee_readings: 新增 1"), "{said}");
    assert!(
        said.contains("fee_spaces: 新增 0, 更新 1, 未变 1"),
        "{said}"
    );
}

#[tokio::test]
async fn every_wrong_cell_is_said_and_nothing_is_stored() {
    let app = TestApp::plan().instances(0).start().await;
    let items = Folder::with(&[("fee_items.csv", ITEMS)]);
    program::succeed(&app.variables, &["import", items.path()]).await;
    let head = "place_code,item,month,before,after\n";
    let spaces = "place_code,item,code,from,to\n";
    let fees =
        "compound_code,name,kind,unit_price_fen,split,due_day,place_code,from_month,to_month\n";
    for (file, head, row, words) in [
        (
            "fee_readings.csv",
            head,
            "GY/9-9-9,热水,2026-11,1,2",
            "place_code",
        ),
        (
            "fee_readings.csv",
            head,
            "GY/1,热水,2026-11,1,2",
            "应为房号",
        ),
        (
            "fee_readings.csv",
            head,
            "GY/1-1-101,凉水,2026-11,1,2",
            "没有叫“凉水”",
        ),
        (
            "fee_readings.csv",
            head,
            "GY/1-1-101,物业费,2026-11,1,2",
            "不是这一类",
        ),
        (
            "fee_readings.csv",
            head,
            "LY/9-1-901,热水,2026-11,1,2",
            "没有叫“热水”",
        ),
        (
            "fee_readings.csv",
            head,
            "GY/1-1-101,热水,2026-13,1,2",
            "2026-11",
        ),
        ("fee_readings.csv", head, "GY/1-1-101,热水,,1,2", "month"),
        (
            "fee_readings.csv",
            head,
            "GY/1-1-101,热水,2026-11,2,1",
            "小于上次",
        ),
        (
            "fee_readings.csv",
            head,
            "GY/1-1-101,热水,2026-11,-1,1",
            "不是数字",
        ),
        (
            "fee_readings.csv",
            head,
            "GY/1-1-101,热水,2026-11,1,1.2345",
            "小数超过3位",
        ),
        (
            "fee_readings.csv",
            head,
            "GY/1-1-101,热水,2026-11,,1",
            "不能为空",
        ),
        (
            "fee_readings.csv",
            head,
            "GY/1-1-101,热水,2026-11,0,99999999999",
            "太大",
        ),
        (
            "fee_spaces.csv",
            spaces,
            "GY/1-1-101,热水,A,2026-01-01,",
            "不是这一类",
        ),
        (
            "fee_spaces.csv",
            spaces,
            "GY/1-1-101,停车费,,2026-01-01,",
            "不能为空",
        ),
        (
            "fee_spaces.csv",
            spaces,
            "GY/1-1-101,停车费,A,2026-02-30,",
            "不是日期",
        ),
        (
            "fee_spaces.csv",
            spaces,
            "GY/1-1-101,停车费,A,2026-02-02,2026-02-01",
            "早于",
        ),
        (
            "fee_spaces.csv",
            spaces,
            "GY/1-1-101,停车费,A,2026-01-01,\nGY/1-1-102,停车费,A,2026-03-01,",
            "已经登记给一户",
        ),
        ("fee_items.csv", fees, "GY,甲,area,-1,,10,,,", "不是数字"),
        (
            "fee_items.csv",
            fees,
            "GY,甲,area,1.001,,10,,,",
            "小数超过2位",
        ),
        (
            "fee_items.csv",
            fees,
            "GY,甲,area,100000001,,10,,,",
            "单价太大",
        ),
        ("fee_items.csv", fees, "GY,甲,area,180,,29,,,", "1 到 28"),
        (
            "fee_items.csv",
            fees,
            "GY,甲,area,180,,10,LY/9,,",
            "这个小区里",
        ),
        (
            "fee_items.csv",
            fees,
            "GY,甲,area,180,,10,,2026-12,2026-11",
            "早于",
        ),
        ("fee_items.csv", fees, "GY,甲,water,180,,10,,,", "meter"),
    ] {
        let folder = Folder::with(&[(file, &format!("{head}{row}\n"))]);
        let output = program::run(&app.variables, &["import", folder.path()]).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{row}: {said}");
        assert!(said.contains(words), "{row}: {said}");
    }
    let db = app.store.read();
    assert_eq!(fee_item::Entity::find().count(db).await.unwrap(), 3);
    assert_eq!(fee_reading::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(fee_space::Entity::find().count(db).await.unwrap(), 0);
}
