//! `linli import`: what is taken, what is refused and how it is said, and that nothing of a bad
//! file is stored.

use std::path::Path;

use entity::kinds::RoleKind;
use entity::{audit, person, place, residency, role};
use linli::base::clock::{Clock, SystemClock};
use linli::base::dice::Dice;
use linli::base::seal::Seal;
use linli::command::import::store::Count;
use linli::command::import::{self, Options, Report, read};
use linli::store::Store;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use crate::harness::db::TestDb;

mod policies;

pub struct Desk {
    pub db: TestDb,
    store: Store,
    seal: Seal,
    dice: Dice,
    pub folder: tempfile::TempDir,
}

impl Desk {
    pub async fn open() -> Self {
        let db = TestDb::fresh().await;
        let store = db.store().await;
        let key = db.settings().security.data_key().unwrap();
        Self {
            db,
            store,
            seal: Seal::new(&key).unwrap(),
            dice: Dice::from_seed(1),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn put(&self, file: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.folder.path().join(file), bytes).unwrap();
    }

    async fn import_from(&self, source: &Path, options: Options) -> Report {
        let tables = read::read(source).unwrap();
        import::import(
            &self.store,
            &self.seal,
            &self.dice,
            SystemClock.now(),
            &tables,
            options,
            &mut |_, _| {},
        )
        .await
        .unwrap()
    }

    async fn import(&self) -> Report {
        self.import_from(self.folder.path(), Options::default())
            .await
    }

    async fn complaints(&self) -> Vec<String> {
        let report = self.import().await;
        assert!(report.outcome.is_none(), "something was stored");
        assert_eq!(self.places().await, 0, "something was stored");
        report.bad.iter().map(ToString::to_string).collect()
    }

    pub async fn places(&self) -> u64 {
        place::Entity::find()
            .count(self.store.read())
            .await
            .unwrap()
    }

    pub fn demo(&self) -> &Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config/demo"))
    }
}

fn total(report: &Report) -> Count {
    let mut sum = Count::default();
    for (_, count) in report.outcome.as_ref().unwrap() {
        sum.new += count.new;
        sum.changed += count.changed;
        sum.same += count.same;
    }
    sum
}

pub const TREE: &str = "code,kind,name,parent_code,area_m2\n\
    S,community,桂花社区,,\n\
    GY,compound,桂园小区,S,\n\
    GY/3,building,3栋,GY,\n\
    GY/3-2-501,home,3-2-501,GY/3,89.5\n";

#[tokio::test]
async fn the_demo_comes_in_and_a_second_time_changes_nothing() {
    let desk = Desk::open().await;
    let demo = desk.demo().to_owned();
    let first = desk.import_from(&demo, Options::default()).await;
    assert_eq!(first.bad, []);
    assert!(total(&first).new > 300);
    let second = desk.import_from(&demo, Options::default()).await;
    let sum = total(&second);
    assert_eq!((sum.new, sum.changed), (0, 0));
    assert_eq!(sum.same, total(&first).new);

    let home = place::Entity::find()
        .filter(place::COLUMN.code.eq("GY/3-2-501"))
        .one(desk.store.read())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(home.area_cm2, Some(1_182_000));
    let above: Vec<i64> = linli::place::ids(&home.path);
    assert_eq!(above.len(), 8, "city to home: {}", home.path);
    assert_eq!(above.last(), Some(&home.id));
    let homes = place::Entity::find()
        .filter(place::COLUMN.kind.eq(entity::kinds::PlaceKind::Home))
        .count(desk.store.read())
        .await
        .unwrap();
    assert_eq!(homes, 90);
    let grants = audit::Entity::find()
        .filter(audit::COLUMN.action.eq("role.grant"))
        .count(desk.store.read())
        .await
        .unwrap();
    let roles = role::Entity::find().count(desk.store.read()).await.unwrap();
    assert_eq!(grants, roles, "every role has its audit row");
}

#[tokio::test]
async fn a_dry_run_stores_nothing() {
    let desk = Desk::open().await;
    let options = Options {
        dry_run: true,
        ..Options::default()
    };
    let demo = desk.demo().to_owned();
    let report = desk.import_from(&demo, options).await;
    assert!(total(&report).new > 300);
    assert_eq!(desk.places().await, 0);
}

#[tokio::test]
async fn every_bad_row_is_named_with_line_column_and_reason() {
    let desk = Desk::open().await;
    desk.put(
        "places.csv",
        "code,kind,name,parent_code,area_m2\n\
         GY,compound,桂园小区,,\n\
         GY,compound,又一个,,\n\
         GY/1,castle,城堡,GY,\n\
         GY/2,building,2栋,NOWHERE,\n\
         GY/3,building,3栋,GY,\n\
         GY/3-1,home,3-1,GY/3,大\n\
         GY/4,compound,倒挂,GY/3,\n\
         XX/5,building,5栋,GY,\n\
         ,building,没有编号,GY,\n\
         GY/6,building,,GY,\n\
         GY/2-101,home,2-101,GY/2,80\n",
    );
    desk.put(
        "people.csv",
        "key,name,phone,party_member\n\
         a,张三,13800000001,yes\n\
         a,李四,13800000002,no\n\
         b,王五,12345,no\n\
         c,赵六,,maybe\n",
    );
    desk.put(
        "homes.csv",
        "place_code,person_key,relation,share\n\
         GY/3,a,owner,\n\
         GY/9,a,owner,\n\
         GY/3,nobody,lord,3/2\n",
    );
    desk.put(
        "roles.csv",
        "person_key,role,place_code,from,to\n\
         a,king,GY,,\n\
         a,steward,,2026-01-01,\n\
         a,steward,GY/3,2026-13-01,\n\
         a,steward,GY/3,2026-02-01,2026-01-01\n",
    );
    let said = desk.complaints().await;
    let expected = [
        "places.csv 第3行 第1列 code: 编号“GY”与第2行重复",
        "places.csv 第4行 第2列 kind: “castle”不是可用的值",
        "places.csv 第5行 第4列 parent_code: 没有编号为“NOWHERE”的上级",
        "places.csv 第7行 第5列 area_m2: “大”不是数字",
        "places.csv 第8行 第4列 parent_code: “小区”不能放在“楼栋”下面",
        "places.csv 第9行 第1列 code: 小区内的编号应以“GY/”开头",
        "places.csv 第10行 第1列 code: 不能为空",
        "places.csv 第11行 第3列 name: 不能为空",
        "places.csv 第12行 第4列 parent_code: 上级“GY/2”那一行有错",
        "people.csv 第3行 第1列 key: 与第2行重复",
        "people.csv 第4行 第3列 phone: 不是11位手机号",
        "people.csv 第5行 第4列 party_member: “maybe”应为 yes 或 no",
        "homes.csv 第2行 第1列 place_code: 不是“户”",
        "homes.csv 第3行 第1列 place_code: 没有编号为“GY/9”的地点",
        "homes.csv 第4行 第2列 person_key: 没有 key 为“nobody”的人",
        "homes.csv 第4行 第3列 relation: “lord”不是可用的值",
        "homes.csv 第4行 第4列 share: 产权份额",
        "roles.csv 第2行 第2列 role: “king”不是可用的值",
        "roles.csv 第3行 第3列 place_code: 不能为空",
        "roles.csv 第4行 第4列 from: “2026-13-01”不是日期",
        "roles.csv 第5行 第5列 to: 结束日期早于开始日期",
    ];
    for want in expected {
        assert!(
            said.iter().any(|line| line.starts_with(want)),
            "not said: {want}\nsaid:\n{}",
            said.join("\n")
        );
    }
    assert!(!said.join("\n").contains("12345"), "a phone was shown");
}

#[tokio::test]
async fn parents_that_go_round_in_circles_are_refused() {
    let desk = Desk::open().await;
    desk.put(
        "places.csv",
        "code,kind,name,parent_code\n\
         A,city,甲,B\n\
         B,district,乙,C\n\
         C,street,丙,A\n\
         D,community,丁,C\n\
         E,city,戊,E\n",
    );
    let said = desk.complaints().await;
    for line in [2, 3, 4, 6] {
        let want = format!("places.csv 第{line}行 第4列 parent_code: 上级互相循环");
        assert!(said.contains(&want), "{want}: {said:?}");
    }
    assert!(
        said.iter()
            .any(|line| line.contains("第5行") && line.contains("那一行有错"))
    );
}

#[tokio::test]
async fn a_chain_of_100_000_parents_is_judged_without_falling_over() {
    let desk = Desk::open().await;
    let mut text = String::from("code,kind,name,parent_code\n");
    for i in 0..100_000 {
        text.push_str(&format!("N{i},street,某街道,N{}\n", (i + 1) % 100_000));
    }
    desk.put("places.csv", text);
    let said = desk.complaints().await;
    assert_eq!(said.len(), 100_000);
}

#[tokio::test]
async fn with_skip_bad_the_good_rows_come_in() {
    let desk = Desk::open().await;
    desk.put(
        "places.csv",
        format!("{TREE}GY/3-2-502,home,3-2-502,GY/4,90\n"),
    );
    let options = Options {
        skip_bad: true,
        ..Options::default()
    };
    let folder = desk.folder.path().to_owned();
    let report = desk.import_from(&folder, options).await;
    assert_eq!(report.bad.len(), 1);
    assert_eq!(desk.places().await, 4);
}

#[tokio::test]
async fn bom_crlf_gbk_and_utf16_are_read() {
    let crlf = TREE.replace('\n', "\r\n");
    let (gbk, _, lossy) = encoding_rs::GBK.encode(TREE);
    assert!(!lossy);
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend(TREE.encode_utf16().flat_map(u16::to_le_bytes));
    let files: [(&str, Vec<u8>); 4] = [
        ("bom", format!("\u{feff}{TREE}").into_bytes()),
        ("crlf", crlf.into_bytes()),
        ("gbk", gbk.into_owned()),
        ("utf16", utf16),
    ];
    for (name, bytes) in files {
        let desk = Desk::open().await;
        desk.put("places.csv", &bytes);
        let tables = read::read(desk.folder.path()).unwrap();
        let said_gbk = tables.notes.iter().any(|note| note.contains("GBK"));
        assert_eq!(said_gbk, name == "gbk", "{:?}", tables.notes);
        let report = desk.import().await;
        assert_eq!(report.bad, [], "{name}");
        let home = place::Entity::find()
            .filter(place::COLUMN.code.eq("S"))
            .one(desk.store.read())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(home.name, "桂花社区", "{name}");
    }
}

#[tokio::test]
async fn missing_columns_empty_files_and_noise_are_refused() {
    let desk = Desk::open().await;
    desk.put("places.csv", "code,name\nGY,桂园\n");
    desk.put("people.csv", "");
    desk.put("roles.csv", [0x80_u8, 0xff, 0xff, 0x00]);
    let said = desk.complaints().await;
    assert_eq!(
        said,
        [
            "places.csv 第1行 kind: 缺少这一列",
            "places.csv 第1行 parent_code: 缺少这一列",
            "people.csv 第1行: 文件是空的,第一行应为列名",
            "roles.csv 第1行: 既不是 UTF-8 也不是 GBK 编码,请另存为 UTF-8 CSV",
        ]
    );
    let empty = tempfile::tempdir().unwrap();
    assert!(read::read(empty.path()).is_err());
    assert!(read::read(&empty.path().join("nothing.xlsx")).is_err());
}

#[tokio::test]
async fn changed_rows_are_updated_and_a_moved_place_takes_its_homes_along() {
    let desk = Desk::open().await;
    desk.put(
        "places.csv",
        "code,kind,name,parent_code\nT,street,银河街道,\nS,community,桂花社区,T\nR,community,银杏社区,T\n\
         GY,compound,桂园小区,S\nGY/3,building,3栋,GY\nGY/3-1,home,3-1,GY/3\n",
    );
    desk.put("people.csv", "key,name,phone\na,张三,13800000001\n");
    desk.put(
        "homes.csv",
        "place_code,person_key,relation\nGY/3-1,a,owner\n",
    );
    desk.import().await;
    desk.put(
        "places.csv",
        "code,kind,name,parent_code\nGY,compound,桂园,R\n",
    );
    desk.put("people.csv", "key,name,phone\na,张三丰,13800000009\n");
    desk.put(
        "homes.csv",
        "place_code,person_key,relation\nGY/3-1,a,tenant\n",
    );
    let report = desk.import().await;
    assert_eq!(report.bad, []);
    assert_eq!((total(&report).new, total(&report).changed), (0, 3));
    let all = place::Entity::find()
        .order_by_asc(place::COLUMN.id)
        .all(desk.store.read())
        .await
        .unwrap();
    let path = |code: &str| {
        all.iter()
            .find(|row| row.code == code)
            .unwrap()
            .path
            .clone()
    };
    assert!(path("GY").starts_with(&path("R")));
    assert!(path("GY/3-1").starts_with(&path("GY/3")));
    assert!(path("GY/3").starts_with(&path("GY")));
    let person = person::Entity::find()
        .one(desk.store.read())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(person.name, "张三丰");
    assert_eq!(person.phone_index, Some(desk.seal.index("13800000009")));
    assert_ne!(person.phone_sealed.as_deref(), Some("13800000009"));
    let tie = residency::Entity::find()
        .one(desk.store.read())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(tie.relation, entity::kinds::HomeRelation::Tenant);
}

#[tokio::test]
async fn a_known_place_keeps_its_kind_and_its_compound() {
    let desk = Desk::open().await;
    desk.put("places.csv", TREE);
    desk.import().await;
    desk.put(
        "places.csv",
        "code,kind,name,parent_code\nGY/3,unit,3栋,GY\nXY,compound,新园,S\n",
    );
    let report = desk.import().await;
    assert!(report.outcome.is_none());
    assert!(
        report.bad[0]
            .to_string()
            .contains("已登记为“楼栋”,不能改类型")
    );
}

#[tokio::test]
async fn terms_end_with_their_last_day() {
    let desk = Desk::open().await;
    desk.put("places.csv", TREE);
    desk.put("people.csv", "key,name,phone\na,张三,13800000001\n");
    desk.put(
        "roles.csv",
        "person_key,role,place_code,from,to\na,楼栋长,GY/3,2026/1/1,2026-12-31\n",
    );
    assert_eq!(desk.import().await.bad, []);
    let role = role::Entity::find()
        .one(desk.store.read())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(role.role, RoleKind::Steward);
    assert_eq!(role.from_at.to_rfc3339(), "2025-12-31T16:00:00+00:00");
    assert_eq!(
        role.to_at.unwrap().to_rfc3339(),
        "2026-12-31T16:00:00+00:00"
    );
    assert!(desk.db.url.contains("://"));
}

#[tokio::test]
async fn a_workbook_reads_as_its_sheets() {
    let desk = Desk::open().await;
    let path = desk.folder.path().join("all.xlsx");
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("places").unwrap();
    for (line, row) in TREE.lines().enumerate() {
        for (column, cell) in row.split(',').enumerate() {
            let (line, column) = (u32::try_from(line).unwrap(), u16::try_from(column).unwrap());
            match cell.parse::<f64>() {
                Ok(number) => sheet.write_number(line, column, number).unwrap(),
                Err(_) => sheet.write_string(line, column, cell).unwrap(),
            };
        }
    }
    let people = book.add_worksheet();
    people.set_name("people").unwrap();
    for (column, name) in ["key", "name", "phone"].into_iter().enumerate() {
        people
            .write_string(0, u16::try_from(column).unwrap(), name)
            .unwrap();
    }
    people.write_number(1, 0, 7).unwrap();
    people.write_string(1, 1, "张三").unwrap();
    people.write_number(1, 2, 13_800_000_001_f64).unwrap();
    book.save(&path).unwrap();
    let report = desk.import_from(&path, Options::default()).await;
    assert_eq!(report.bad, []);
    let person = person::Entity::find()
        .one(desk.store.read())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(person.key.as_deref(), Some("7"));
    assert_eq!(person.phone_index, Some(desk.seal.index("13800000001")));
    assert_eq!(desk.places().await, 4);
}

#[tokio::test]
async fn a_hundred_thousand_rows_come_in() {
    let desk = Desk::open().await;
    let mut places = String::from(TREE);
    let mut people = String::from("key,name,phone\n");
    let mut homes = String::from("place_code,person_key,relation\n");
    for i in 0..34_000 {
        places.push_str(&format!("GY/B-{i},home,B-{i},GY/3,90\n"));
        people.push_str(&format!("k{i},某人{i},{}\n", 13_800_000_000_i64 + i));
        homes.push_str(&format!("GY/B-{i},k{i},owner\n"));
    }
    desk.put("places.csv", places);
    desk.put("people.csv", people);
    desk.put("homes.csv", homes);
    let report = desk.import().await;
    assert_eq!(report.bad, []);
    assert_eq!(total(&report).new, 102_004);
    assert_eq!(desk.places().await, 34_004);
}
