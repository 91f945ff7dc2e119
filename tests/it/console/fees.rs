//! The pages of fees and bills: what they take and what not, and a month from its fees to a
//! corrected bill, all by forms.

use entity::money::RunState;
use entity::{bill, bill_line, bill_run, fee_charge, fee_cost, fee_item, fee_reading, fee_space};
use linli::base::clock::china;
use linli::base::month::Month;
use sea_orm::{EntityTrait, PaginatorTrait, QueryOrder};

use super::{Desk, on_record};
use crate::harness::app::TestApp;
use crate::harness::until;

pub const FEES: &str = "/console/fees";
pub const BILLING: &str = "/console/billing";

/// A form that is right.
pub const GOOD: [(&str, &str); 9] = [
    ("compound", "GY"),
    ("name", "物业费"),
    ("kind", "area"),
    ("unit_price", "1.80"),
    ("split", ""),
    ("due_day", "10"),
    ("place", ""),
    ("from", ""),
    ("basis", "物业服务合同第8条"),
];

fn with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let value = |(name, old)| {
        let changed = changes.iter().find(|(known, _)| *known == name);
        (name, changed.map_or(old, |(_, new)| *new))
    };
    GOOD.map(value).to_vec()
}

pub async fn fees(app: &TestApp) -> Vec<fee_item::Model> {
    let rows = fee_item::Entity::find()
        .order_by_asc(fee_item::COLUMN.id)
        .all(app.store.read())
        .await;
    rows.unwrap()
}

pub fn month(app: &TestApp) -> Month {
    Month::of(china(app.now()).date_naive())
}

#[tokio::test]
async fn a_month_goes_from_its_fees_to_a_corrected_bill_by_forms_alone() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "沈立").await;
    desk.open("/console/tasks").await.says("/console/bills");
    for form in [
        with(&[]),
        with(&[
            ("name", "电梯公摊"),
            ("kind", "shared"),
            ("split", "even"),
            ("unit_price", ""),
        ]),
        with(&[("name", "热水"), ("kind", "meter"), ("unit_price", "3.25")]),
        with(&[
            ("name", "停车费"),
            ("kind", "parking"),
            ("unit_price", "120"),
        ]),
        with(&[("name", "旧收费"), ("kind", "fixed"), ("unit_price", "5")]),
    ] {
        let page = desk.send(FEES, "/console/fees/add", &form).await;
        page.is(303)
            .leads_to("/console/fees?compound=GY&said=fee-added");
    }
    let items = fees(&app).await;
    let id = |at: usize| items[at].id.to_string();
    let (shared, water, parking, old) = (id(1), id(2), id(3), id(4));
    let month = month(&app);
    let (now, last) = (month.to_string(), month.before().to_string());
    let to = format!("/console/fees/{old}/end");
    let end = [("compound", "GY"), ("to_month", last.as_str())];
    desk.send(FEES, &to, &end).await.is(303);
    desk.open(FEES).await.says("已结束").says("1.80元/㎡·月");
    let here = [("compound", "GY"), ("month", now.as_str())];
    let forms: [(&str, Vec<(&str, &str)>); 4] = [
        (
            "cost",
            vec![
                ("item", &shared),
                ("amount", "100"),
                ("note", "10月电梯用电"),
            ],
        ),
        (
            "readings",
            vec![
                ("item", &water),
                ("lines", "1-1-101 1012.75 1000.5\r\n\r\n1-1-102,7,0\r\n"),
            ],
        ),
        (
            "space",
            vec![
                ("item", &parking),
                ("home", "1-1-102"),
                ("code", "A-07"),
                ("from", "2020-01-01"),
                ("to", ""),
            ],
        ),
        (
            "charge",
            vec![
                ("home", "1-1-101"),
                ("name", "门禁卡工本费"),
                ("amount", "20"),
                ("basis", "价目表"),
            ],
        ),
    ];
    for (act, fields) in forms {
        let all = [&here[..], &fields].concat();
        let page = desk.send(BILLING, &format!("{BILLING}/{act}"), &all).await;
        page.is(303);
    }
    let page = desk.open(BILLING).await;
    page.says("10月电梯用电")
        .says("1012.75")
        .says("A-07")
        .says("还没有出账");
    let page = desk.send(BILLING, "/console/billing/start", &here).await;
    page.is(303);
    let run = until("the bills are made", 20, async || {
        let run = bill_run::Entity::find()
            .one(app.store.read())
            .await
            .unwrap();
        run.filter(|run| run.state == RunState::Done)
    })
    .await;
    assert_eq!((run.homes, run.bills), (6, 6));
    desk.open(BILLING).await.says("已出账").says("账单6张");
    let list = desk.open("/console/bills").await;
    list.says("一共6张").says("1-1-101").says("待缴");
    let home = desk.open("/console/bills?home=1-1-101&state=open").await;
    home.says("一共1张");
    let bill = bill::Entity::find()
        .order_by_asc(bill::COLUMN.home_id)
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    // 161.10, a sixth of a hundred, 12.25 units, the card.
    assert_eq!(bill.amount, 16_110 + 1_667 + 3_981 + 2_000);
    let path = format!("/console/bills/{}", bill.id);
    let page = desk.open(&path).await;
    page.says("89.50㎡ × 1.80元/㎡·月 × 1个月 = 161.10元")
        .says("100.00元 ÷ 6户 = 16.67元")
        .says("张秀英");
    let line = bill_line::Entity::find()
        .order_by_asc(bill_line::COLUMN.id)
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap()
        .id
        .to_string();
    let credit = format!("{path}/credit");
    for (field, value, words) in [
        ("line", "0", "请选要更正的一项"),
        ("amount", "", "要减的金额"),
        ("amount", "161.11", "最多还能减161.10元"),
        ("amount", "-1", "要减的金额"),
        ("reason", "", "请写更正的原因"),
        ("reason", "回访 13800000101", "不要写手机号"),
    ] {
        let form = [
            ("line", line.as_str()),
            ("amount", "61.10"),
            ("reason", "面积<b>有误"),
        ];
        let form = form.map(|(name, old)| (name, if name == field { value } else { old }));
        let page = desk.send(&path, &credit, &form).await;
        page.is(422)
            .says(&format!("id=\"{field}-wrong\""))
            .says(words);
        assert!(!page.body.contains("<b>"));
    }
    let form = [
        ("line", line.as_str()),
        ("amount", "61.10"),
        ("reason", "面积<b>有误"),
    ];
    let drawn = desk.open(&path).await;
    let (csrf, credited) = (drawn.hidden("csrf"), drawn.hidden("credited"));
    let mut pressed = form.to_vec();
    pressed.push(("credited", &credited));
    desk.send_with(&csrf, &credit, &pressed).await.is(303);
    // Pressed twice it takes back once; what was typed is still there, on a page as it is now.
    let twice = desk.send_with(&csrf, &credit, &pressed).await;
    twice.is(409).says("刚刚更正过").says("value=\"61.10\"");
    assert_eq!(twice.hidden("credited"), "6110");
    let page = desk.open(&path).await;
    page.says("-61.10")
        .says("更正：原161.10元，减61.10元")
        .says("更正减少");
    assert!(!page.body.contains("<b>"));
    let subject = format!("bill:{}", bill.id);
    assert_eq!(on_record(&app, "bill.credit", &subject).await, 1);
    assert_eq!(
        on_record(&app, "bill.run", &format!("place:{}", bill.compound_id)).await,
        1
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_fee_stands_beside_its_field() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "沈立").await;
    let long = "长".repeat(201);
    for (changes, field, words) in [
        (vec![("name", " ")], "name", "请写收费名称"),
        (vec![("name", long.as_str())], "name", "太长了"),
        (vec![("kind", "gold")], "kind", "请选怎么算"),
        (vec![("unit_price", "")], "unit_price", "请写单价"),
        (vec![("unit_price", "0")], "unit_price", "大于0"),
        (vec![("unit_price", "-1.8")], "unit_price", "请写单价"),
        (vec![("unit_price", "1.80001")], "unit_price", "请写单价"),
        (vec![("unit_price", "1000001")], "unit_price", "请写单价"),
        (
            vec![("unit_price", "99999999999999999999")],
            "unit_price",
            "请写单价",
        ),
        (vec![("kind", "shared")], "split", "公摊请选"),
        (vec![("kind", "shared"), ("split", "x")], "split", "请选"),
        (vec![("due_day", "29")], "due_day", "1到28"),
        (vec![("due_day", "")], "due_day", "1到28"),
        (vec![("due_day", "十")], "due_day", "1到28"),
        (vec![("place", "99")], "place", "没有找到"),
        (vec![("from", "2026-13")], "from", "请写月份"),
        (vec![("basis", "")], "basis", "请写收费依据"),
        (vec![("basis", "逾期断　電")], "basis", "第944条"),
    ] {
        let page = desk.send(FEES, "/console/fees/add", &with(&changes)).await;
        page.is(422)
            .says(&format!("id=\"{field}-wrong\""))
            .says(words);
    }
    assert!(fees(&app).await.is_empty());
    desk.send(FEES, "/console/fees/add", &with(&[("from", "2026-06")]))
        .await
        .is(303);
    let id = fees(&app).await[0].id;
    for (to_month, words) in [
        ("", "最后收费的月份"),
        ("2026-05", "不能早于"),
        ("abc", "2026-12"),
    ] {
        let form = [("compound", "GY"), ("to_month", to_month)];
        let page = desk
            .send(FEES, &format!("/console/fees/{id}/end"), &form)
            .await;
        page.is(422).says(words);
    }
    let form = [("compound", "GY"), ("to_month", "2026-12")];
    for id in ["0", "x", "99999999999999999999"] {
        let page = desk
            .send(FEES, &format!("/console/fees/{id}/end"), &form)
            .await;
        page.is(404);
    }
    assert_eq!(fees(&app).await[0].to_month, None);
}

#[tokio::test]
async fn what_is_wrong_with_a_month_stands_beside_its_field() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "沈立").await;
    for form in [
        with(&[("name", "公摊"), ("kind", "shared"), ("split", "even")]),
        with(&[("name", "热水"), ("kind", "meter")]),
        with(&[("name", "停车费"), ("kind", "parking")]),
    ] {
        desk.send(FEES, "/console/fees/add", &form).await.is(303);
    }
    let items = fees(&app).await;
    let id = |at: usize| items[at].id.to_string();
    let (shared, water, parking) = (id(0), id(1), id(2));
    let many = "1-1-101 1 0\n".repeat(501);
    let long = "长".repeat(201);
    let cost = |amount, note| vec![("item", shared.clone()), ("amount", amount), ("note", note)];
    let text = |text: &str| text.to_owned();
    let lines = |item: &str, lines: &str| vec![("item", text(item)), ("lines", text(lines))];
    let space = |item: &str, home: &str, code: &str, from: &str, to: &str| {
        vec![
            ("item", text(item)),
            ("home", text(home)),
            ("code", text(code)),
            ("from", text(from)),
            ("to", text(to)),
        ]
    };
    let charge = |home: &str, name: &str, amount: &str, basis: &str| {
        vec![
            ("home", text(home)),
            ("name", text(name)),
            ("amount", text(amount)),
            ("basis", text(basis)),
        ]
    };
    for (act, fields, field, words) in [
        ("cost", cost(text(""), text("电")), "amount", "请写金额"),
        ("cost", cost(text("0"), text("电")), "amount", "请写金额"),
        (
            "cost",
            cost(text("1.234"), text("电")),
            "amount",
            "请写金额",
        ),
        (
            "cost",
            cost(text("99999999999999999999"), text("电")),
            "amount",
            "请写金额",
        ),
        ("cost", cost(text("5"), text("")), "note", "用在哪里"),
        ("cost", cost(text("5"), long.clone()), "note", "太长了"),
        ("readings", lines("", "1-1-101 1 0"), "item", "请选收费项目"),
        (
            "readings",
            lines(&shared, "1-1-101 1 0"),
            "item",
            "按表计量",
        ),
        ("readings", lines(&water, " \n"), "lines", "每行一户"),
        (
            "readings",
            lines(&water, "1-1-101 1 0\n9-9-9 1 0"),
            "lines",
            "第2行：没有找到",
        ),
        (
            "readings",
            lines(&water, "1-1-101 1"),
            "lines",
            "第1行：这户还没有上次读数",
        ),
        (
            "readings",
            lines(&water, "1-1-101 1 2"),
            "lines",
            "第1行：本次读数不能小于",
        ),
        (
            "readings",
            lines(&water, "1-1-101 x"),
            "lines",
            "第1行：请写",
        ),
        ("readings", lines(&water, &many), "lines", "最多500户"),
        (
            "space",
            space(&parking, "9", "A", "2026-01-01", ""),
            "home",
            "没有找到",
        ),
        (
            "space",
            space(&parking, "1-1-101", "", "2026-01-01", ""),
            "code",
            "请写车位号",
        ),
        (
            "space",
            space(&parking, "1-1-101", "A", "", ""),
            "from",
            "请写日期",
        ),
        (
            "space",
            space(&parking, "1-1-101", "A", "2026-02-30", ""),
            "from",
            "请写日期",
        ),
        (
            "space",
            space(&parking, "1-1-101", "A", "2026-02-02", "2026-02-01"),
            "to",
            "早于",
        ),
        (
            "space",
            space(&water, "1-1-101", "A", "2026-01-01", ""),
            "item",
            "停车",
        ),
        ("charge", charge("1", "卡", "1", "表"), "home", "没有找到"),
        (
            "charge",
            charge("1-1-101", "", "1", "表"),
            "name",
            "请写收什么",
        ),
        (
            "charge",
            charge("1-1-101", "卡", "", "表"),
            "amount",
            "请写金额",
        ),
        (
            "charge",
            charge("1-1-101", "卡", "1", ""),
            "basis",
            "请写收费依据",
        ),
    ] {
        let mut all = vec![("compound", "GY")];
        all.extend(fields.iter().map(|(name, value)| (*name, value.as_str())));
        let page = desk.send(BILLING, &format!("{BILLING}/{act}"), &all).await;
        page.is(422)
            .says(&format!("id=\"{field}-wrong\""))
            .says(words);
    }
    let far = [("compound", "GY"), ("month", "2199-01")];
    let page = desk.send(BILLING, "/console/billing/start", &far).await;
    page.is(422).says("最多提前一个月");
    let nothing = [("compound", "GY")];
    desk.send(BILLING, "/console/billing/melt", &nothing)
        .await
        .is(404);
    let db = app.store.read();
    assert_eq!(fee_cost::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(fee_reading::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(fee_space::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(fee_charge::Entity::find().count(db).await.unwrap(), 0);
    assert_eq!(bill_run::Entity::find().count(db).await.unwrap(), 0);
    // One space is one home's at a time.
    let first = space(&parking, "1-1-101", "A", "2026-01-01", "2026-03-31");
    let second = space(&parking, "1-1-102", "A", "2026-03-31", "");
    let third = space(&parking, "1-1-102", "A", "2026-04-01", "");
    for (fields, status) in [(first, 303), (second, 422), (third, 303)] {
        let mut all = vec![("compound", "GY")];
        all.extend(fields.iter().map(|(name, value)| (*name, value.as_str())));
        desk.send(BILLING, "/console/billing/space", &all)
            .await
            .is(status);
    }
    for query in ["month=x", "home=99-99", "state=gold"] {
        let page = desk.open(&format!("/console/bills?{query}")).await;
        page.is(200);
    }
}
