//! PDF files: a receipt and a published month as they come over HTTP, read again; then what papers do with
//! many lines, long names and characters that no font has. A build without a font (`LINLI_FRONT=off`) has to
//! say so kindly: the same tests look for that then.

use entity::money::PaymentState;
use entity::{disclosure, receipt};
use linli::ledger::Account;
use linli::report::pdf::{Block, Code, Column, Paper, Row, Table, available, render};
use proptest::prelude::*;
use reqwest::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use sea_orm::{EntityTrait, QueryOrder};

use crate::console::Desk;
use crate::disclosure::{books, publish};
use crate::expense::spent;
use crate::harness::app::TestApp;
use crate::harness::browser::Browser;
use crate::payment::{bill_for, browser_of, expect_state, link_in, open_counter, order_by};

/// The text of each page, without spaces and ends of lines.
fn pages(bytes: &[u8]) -> Vec<String> {
    assert!(bytes.starts_with(b"%PDF-1."), "no PDF");
    let file = lopdf::Document::load_mem(bytes).unwrap();
    let numbers: Vec<u32> = file.get_pages().keys().copied().collect();
    let text = |number: &u32| file.extract_text(&[*number]).unwrap();
    let plain = |text: String| text.split_whitespace().collect::<String>();
    numbers.iter().map(text).map(plain).collect()
}

/// What a file says of itself: its language, its title, whether it is tagged, and its standard.
fn about(bytes: &[u8]) -> (String, String, bool, bool) {
    let file = lopdf::Document::load_mem(bytes).unwrap();
    let text = |object: &lopdf::Object| lopdf::decode_text_string(object).unwrap();
    let catalog = file.catalog().unwrap();
    let language = text(catalog.get(b"Lang").unwrap());
    let info = file.trailer.get(b"Info").unwrap().as_reference().unwrap();
    let info = file.get_dictionary(info).unwrap();
    let title = text(info.get(b"Title").unwrap());
    let standard = String::from_utf8_lossy(bytes);
    let standard = standard.contains("<pdfaid:part>2<") && standard.contains("<pdfuaid:part>1<");
    (language, title, catalog.has(b"StructTreeRoot"), standard)
}

struct Got {
    status: u16,
    kind: String,
    named: String,
    cache: String,
    tag: String,
    bytes: Vec<u8>,
}

async fn get(url: &str, known: &str) -> Got {
    let request = reqwest::Client::builder().build().unwrap().get(url);
    let answer = request.header(IF_NONE_MATCH, known).send().await.unwrap();
    let head = |name| {
        let found = answer.headers().get(name);
        found.map_or(String::new(), |one| one.to_str().unwrap().to_owned())
    };
    Got {
        status: answer.status().as_u16(),
        kind: head(CONTENT_TYPE),
        named: head(CONTENT_DISPOSITION),
        cache: head(CACHE_CONTROL),
        tag: head(ETAG),
        bytes: answer.bytes().await.unwrap().to_vec(),
    }
}

/// The file at an address; none where this build makes none and says so.
async fn paper_at(url: &str) -> Option<Got> {
    let got = get(url, "").await;
    if available() {
        assert_eq!((got.status, got.kind.as_str()), (200, "application/pdf"));
        return Some(got);
    }
    let page = String::from_utf8_lossy(&got.bytes);
    assert!(
        got.status == 404 && page.contains("没有带中文字库"),
        "{page}"
    );
    None
}

fn has(text: &str, words: &[&str]) {
    for word in words {
        let plain: String = word.split_whitespace().collect();
        assert!(text.contains(&plain), "no «{word}» in {text}");
    }
}

#[tokio::test]
async fn a_receipt_is_printed_as_its_page_says_it() {
    let app = TestApp::start().await;
    open_counter(&app).await;
    let (zhang, liu) = (app.resident("张秀英").await, app.resident("刘洋").await);
    let bill = bill_for(&app, "张秀英", 202_610, 16_110).await;
    let mut browser = browser_of(&app, &zhang.open_id).await;
    let link = link_in(&zhang.says(&format!("缴费 {}", bill.id)).await);
    let (prepay, id) = order_by(&app, &mut browser, &link).await;
    app.platform.pay(&prepay).unwrap();
    expect_state(&app, id, PaymentState::Paid).await;

    let row = receipt::Entity::find().one(app.store.read()).await;
    let token = row.unwrap().unwrap().token;
    let url = format!("{}/receipt/{token}.pdf", app.url());
    let reply = zhang.says(&format!("发票 {}", bill.id)).await;
    assert!(reply.contains(&format!("/receipt/{token}.pdf")), "{reply}");
    let reply = liu.says(&format!("发票 {}", bill.id)).await;
    assert!(!reply.contains(&token), "{reply}");
    let page = Browser::new().open(url.trim_end_matches(".pdf")).await;
    let button = format!("href=\"/receipt/{token}.pdf\"");
    assert_eq!(page.body.contains(&button), available());
    let mut desk = Desk::of(&app, "蒋平").await;
    let seen = desk.open(&format!("/console/payments/{id}")).await;
    assert_eq!(seen.is(200).body.contains("打印收据"), available());

    let wrong = format!("{}/receipt/{}.pdf", app.url(), "0".repeat(32));
    let nothing = get(&wrong, "").await;
    assert_eq!(nothing.status, 404);
    assert!(String::from_utf8_lossy(&nothing.bytes).contains("没有这张收据"));
    let twice = get(&format!("{url}.pdf"), "").await;
    assert_eq!(twice.status, 404);

    let Some(got) = paper_at(&url).await else {
        return;
    };
    assert_eq!(got.named, "inline; filename=\"receipt-1.pdf\"");
    assert_eq!(got.cache, "private, no-store");
    let text = pages(&got.bytes).concat();
    has(
        &text,
        &[
            "收据",
            "第 1 号",
            "桂园小区",
            "1-1-1**",
            "微信支付",
            "161.10",
            "壹佰陆拾壹元壹角整",
            "2026年10月费用",
            "合计",
            "扫码核对",
            "收款单位（盖章）",
            "第 1 页，共 1 页",
            &token,
        ],
    );
    assert!(!text.contains("张秀英") && !text.contains("1-1-101"));
    let (language, title, tagged, standard) = about(&got.bytes);
    assert_eq!((language.as_str(), title.as_str()), ("zh-CN", "收据"));
    assert!(tagged && standard);
    assert_eq!(get(&url, "").await.bytes, got.bytes, "another file");
}

#[tokio::test]
async fn a_published_month_is_printed_with_what_a_correction_changed() {
    let app = TestApp::start().await;
    let month = books(&app).await;
    let mut chair = Desk::of(&app, "卫东").await;
    let url = |version: &str| format!("{}/board/GY/accounts/{month}{version}.pdf", app.url());
    assert_eq!(get(&url(""), "").await.status, 404, "nothing is published");
    publish(&mut chair, &month.to_string(), "").await.is(303);
    spent(&app, "GY", Account::ExpenseStaff, 12_300, month.last()).await;
    let first = paper_at(&url("")).await;
    let reason = "漏记了保洁工资𠮷😀";
    publish(&mut chair, &month.to_string(), reason)
        .await
        .is(303);

    let page = format!("/board/GY/accounts/{month}");
    let html = Browser::new().open(&format!("{}{page}", app.url())).await;
    let button = format!("href=\"{month}.v2.pdf\"");
    assert_eq!(html.body.contains(&button), available());
    let console = format!("/console/accounts?place=GY&month={month}");
    let seen = chair.open(&console).await;
    assert_eq!(seen.body.contains(&format!("{month}.v2.pdf")), available());
    assert_eq!(get(&url(".v3"), "").await.status, 404);

    let (Some(first), Some(second)) = (first, paper_at(&url(".v2")).await) else {
        return;
    };
    let rows = disclosure::Entity::find().order_by_asc(disclosure::COLUMN.position);
    let rows = rows.all(app.store.read()).await.unwrap();
    let name = format!("inline; filename=\"accounts-{month}-v2.pdf\"");
    assert_eq!(second.named, name);
    assert_eq!(second.cache, "public, max-age=86400");
    let text = pages(&second.bytes).concat();
    let says = format!("桂园小区{}财务公开", month.says());
    has(
        &text,
        &[
            &says,
            "12,345.05",
            "923.00",
            "11,422.05",
            "物业费",
            "维修",
            "人员",
        ],
    );
    has(&text, &["历年结余", "银行存款", "应收费用", "合计", "质询"]);
    has(
        &text,
        &["第2版", "这是第1版的更正", "漏记了保洁工资", "123.00"],
    );
    has(&text, &[&rows[1].hash, &rows[1].previous_hash]);
    // The font has no 𠮷: its mark stands there and is explained, and the file is made.
    has(&text, &["代表字库里没有的字"]);
    let (_, title, tagged, standard) = about(&second.bytes);
    assert_eq!(title, says);
    assert!(tagged && standard);

    // What was published stays the same file, by its version and before a newer one came.
    let old = pages(&first.bytes).concat();
    has(&old, &["第1版", &rows[0].hash, "800.00"]);
    assert!(!old.contains("更正。") && !old.contains("字库"));
    let again = paper_at(&url(".v1")).await.unwrap();
    assert_eq!(again.bytes, first.bytes, "another file of the same month");
    let known = get(&url(".v1"), &again.tag).await;
    assert_eq!((known.status, known.bytes.len()), (304, 0));
    assert_eq!(paper_at(&url("")).await.unwrap().bytes, second.bytes);
}

fn paper(blocks: Vec<Block>) -> Paper {
    Paper {
        title: "绿园小区台账".to_owned(),
        under: String::new(),
        author: "绿园小区".to_owned(),
        made: linli::base::clock::from_ms(1_795_000_000_000).unwrap(),
        foot: "绿园小区".to_owned(),
        blocks,
    }
}

#[test]
fn thirteen_months_go_on_over_pages_below_their_heads() {
    if !available() {
        return;
    }
    let long = "物业服务中心代收代缴的公共区域电梯及消防设施年度检测与维护保养费用".repeat(3);
    let rows = (1..=200).map(|line: i64| {
        let name = if line % 13 == 0 {
            &long
        } else {
            "电梯维护"
        };
        Row::of(vec![
            format!("2026年{}月", line % 12 + 1),
            format!("第{line}行 {name}"),
            format!("{}.05", line * 1_000),
        ])
    });
    let table = Table {
        columns: vec![
            Column::text("月份", 2.0),
            Column::name("项目", 5.0),
            Column::number("金额（元）", 2.0),
        ],
        rows: rows.collect(),
    };
    let made = paper(vec![
        Block::Heading("十三个月".to_owned()),
        Block::Table(table),
    ]);
    let bytes = render(&made).unwrap();
    assert_eq!(bytes, render(&made).unwrap(), "not the same twice");
    let pages = pages(&bytes);
    assert!(pages.len() > 5, "{}", pages.len());
    for (page, at) in pages.iter().zip(1..) {
        let number = format!("第{at}页，共{}页", pages.len());
        has(
            page,
            &["月份", "项目", "金额（元）", "绿园小区台账", &number],
        );
    }
    let all = pages.concat();
    for line in 1..=200 {
        has(
            &all,
            &[&format!("第{line}行"), &format!("{}.05", line * 1_000)],
        );
    }
    assert_eq!(all.matches("年度检测与维护保养").count(), 15 * 3);
}

#[test]
fn one_cell_may_be_longer_than_a_page_and_no_character_stops_a_paper() {
    if !available() {
        return;
    }
    let long: String = (0..900)
        .map(|at| format!("第{at}句，电梯又停了。"))
        .collect();
    let table = Table {
        columns: vec![Column::name("名", 1.0), Column::text("话", 4.0)],
        rows: vec![
            Row::of(vec!["张\u{200b}三".to_owned(), long]),
            Row::sum(vec![
                String::new(),
                "\u{e000}\u{feff}\u{0}👨‍👩‍👧𠮷مرحبا".to_owned(),
            ]),
            Row::of(Vec::new()),
        ],
    };
    let bytes = render(&paper(vec![Block::Table(table)])).unwrap();
    let pages = pages(&bytes);
    assert!(pages.len() > 3, "{}", pages.len());
    let all = pages.concat();
    // None is lost; one in the middle of which a page ends has the page's foot between its words.
    for word in ["第", "句，电"] {
        let found = all.matches(word).count();
        assert!(
            (900 - pages.len()..=900 + pages.len()).contains(&found),
            "{found}"
        );
    }
    assert_eq!(all.matches('停').count(), 900);
    has(&all, &["张三", "代表字库里没有的字"]);
}

#[test]
fn an_address_that_no_code_holds_is_a_fault() {
    let code = Code {
        url: "https://example.com/".repeat(400),
        words: Vec::new(),
    };
    assert!(render(&paper(vec![Block::Code(code)])).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever people write, the file is made, in its standard.
    #[test]
    fn whatever_is_written_can_be_printed(words in prop::collection::vec("\\PC{0,40}|[\\x00-\\x{10ffff}]{0,20}", 1..6)) {
        prop_assume!(available());
        let of = |at: usize| words[at % words.len()].clone();
        let mut made = paper(vec![
            Block::Heading(of(0)),
            Block::Text(of(1)),
            Block::Small(of(2)),
            Block::Figures(vec![(of(3), of(4)), (of(5), of(0))]),
            Block::Facts(vec![(of(1), of(2))]),
            Block::Sign(vec![of(3)]),
            Block::Table(Table {
                columns: vec![Column::text(&of(4), 1.0), Column::number(&of(5), 1.0)],
                rows: vec![Row::of(words.clone())],
            }),
        ]);
        made.title = of(2);
        made.author = of(3);
        made.foot = of(4);
        let made = render(&made);
        prop_assert!(made.is_ok(), "{words:?}: {:?}", made.err());
    }
}
