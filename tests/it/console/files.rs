//! Files from the console by whoever signs in with a password alone: pictures and documents as slips and with
//! notices, opened by whoever may see what they belong to and by nobody else. Photos of a case are in `together.rs`,
//! quotes in `expense/quotes.rs`.

use entity::money::ExpenseState;
use entity::{account, attachment};
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use super::Desk;
use crate::expense::{PAYER, act_with, cast, fund, in_state, now};
use crate::harness::app::TestApp;
use crate::harness::browser::Page;
use crate::harness::pictures::{jpeg, pdf};
use crate::payment::{bill_for, payments};

const TAKE: &str = "/console/payments/take";

/// What is no document, whatever its name says.
fn odd() -> [(&'static str, Vec<u8>); 2] {
    [
        ("a page", b"<html>%PDF-1.7".to_vec()),
        ("nothing", Vec::new()),
    ]
}

/// All files, each uploaded by this person, who has no account.
async fn files_of(app: &TestApp, name: &str) -> Vec<attachment::Model> {
    let person = app.person(name).await.id;
    let accounts = account::Entity::find().filter(account::COLUMN.person_id.eq(person));
    assert_eq!(accounts.count(app.store.read()).await.unwrap(), 0, "{name}");
    let rows = attachment::Entity::find()
        .order_by_asc(attachment::COLUMN.id)
        .all(app.store.read());
    let rows = rows.await.unwrap();
    for row in &rows {
        assert_eq!((row.account_id, row.person_id), (None, Some(person)));
    }
    rows
}

/// A document as whoever may see it gets it.
fn is_document(page: &Page) {
    let said = |name: &str| page.is(200).headers[name].to_str().unwrap().to_owned();
    assert_eq!(said("content-type"), "application/pdf");
    assert_eq!(said("x-content-type-options"), "nosniff");
    assert_eq!(said("cache-control"), "no-store");
    assert!(said("content-security-policy").contains("default-src 'none'"));
    let named = said("content-disposition");
    assert!(
        named.starts_with("inline; filename=\"linli-") && named.ends_with(".pdf\""),
        "{named}"
    );
    assert_eq!(page.body.as_bytes(), pdf());
}

/// Writes a transfer down with this slip.
async fn takes(desk: &mut Desk<'_>, slip: Vec<u8>) -> Page {
    let page = desk.open(TAKE).await;
    let (csrf, mark) = (page.hidden("csrf"), page.hidden("mark"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("mark", mark.as_str()),
        ("home", "1-1-101"),
        ("way", "transfer"),
        ("amount", "161.10"),
    ];
    let files = [("proof", "回单.pdf", slip)];
    desk.send_files(TAKE, &fields, &files).await
}

#[tokio::test]
async fn the_slip_of_a_transfer_may_be_a_document() {
    let app = TestApp::start().await;
    bill_for(&app, "张秀英", 202_611, 16_110).await;
    let mut desk = Desk::of(&app, "蒋平").await;
    for (what, bytes) in odd() {
        let refused = takes(&mut desk, bytes).await;
        assert_eq!(refused.status, 422, "{what}: {}", refused.body);
        refused.says("文件（PDF）").says("id=\"proof-wrong\"");
    }
    assert!(files_of(&app, "蒋平").await.is_empty(), "something is kept");
    assert!(payments(&app).await.is_empty());

    takes(&mut desk, pdf()).await.is(303);
    let row = payments(&app).await.remove(0);
    let files = files_of(&app, "蒋平").await;
    assert_eq!(files.len(), 1);
    assert_eq!(row.proof_id, Some(files[0].id));
    let path = format!("/console/payments/{}", row.id);
    desk.open(&path).await.is(200).says("打开回单（PDF）");
    let proof = format!("{path}/proof");
    is_document(&desk.open(&proof).await);

    let mut next_door = Desk::of(&app, "杨光").await;
    next_door.open(&proof).await.is(404);
    let zhang = app.resident("张秀英").await;
    let api = app.api(&zhang).await;
    let (status, ..) = api.fetch(&format!("/attachments/{}", files[0].id)).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn the_slip_of_an_expense_may_be_a_document() {
    let app = TestApp::start().await;
    cast(&app).await;
    let id = in_state(&app, ExpenseState::Payable).await;
    fund(&app, "bank", 100_000).await;
    let mut desk = Desk::of(&app, PAYER).await;
    let from = [("source", "assets:bank")];
    for (what, bytes) in odd() {
        let refused = act_with(&mut desk, id, "pay", &from, ("proof", bytes)).await;
        assert_eq!(refused.status, 422, "{what}: {}", refused.body);
        refused.says("文件（PDF）").says("id=\"pay-proof-wrong\"");
    }
    assert_eq!(now(&app, id).await.state, ExpenseState::Payable);
    let paid = act_with(&mut desk, id, "pay", &from, ("proof", pdf())).await;
    paid.is(303);
    let files = files_of(&app, PAYER).await;
    assert_eq!(files.len(), 1);
    assert_eq!(now(&app, id).await.proof_id, Some(files[0].id));
    let path = format!("/console/expenses/{id}");
    desk.open(&path).await.is(200).says("打开回单（PDF）");
    let file = format!("{path}/files/{}", files[0].id);
    is_document(&desk.open(&file).await);

    // Through another expense, or for somebody of the next compound, it is not there.
    let other = in_state(&app, ExpenseState::Draft).await;
    let through = format!("/console/expenses/{other}/files/{}", files[0].id);
    desk.open(&through).await.is(404);
    let mut next_door = Desk::of(&app, "杨光").await;
    next_door.open(&file).await.is(404);
}

#[tokio::test]
async fn a_notice_goes_out_with_the_files_of_whoever_has_a_password_alone() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "卫东").await;
    let form = "/console/notices/new";
    let page = desk.open(&format!("{form}?place=GY")).await;
    let csrf = page.hidden("csrf");
    let fields = [
        ("csrf", csrf.as_str()),
        ("place", "GY"),
        ("title", "停水通知"),
        ("body", "见附件"),
    ];
    let files = [("photos", "a.jpg", jpeg(1)), ("photos", "通知.pdf", pdf())];
    let made = desk.send_files(form, &fields, &files).await;
    let to = made.is(303).to.clone().unwrap();
    let id = to.strip_prefix("/console/notices/").unwrap();
    let own = files_of(&app, "卫东").await;
    let kinds: Vec<_> = own.iter().map(|file| file.kind.as_str()).collect();
    assert_eq!(kinds, ["image", "document"]);
    for file in &own {
        assert_eq!(file.subject, Some(format!("notice:{id}")));
    }
    desk.open(&to).await.is(200).says("公告的照片").says(".pdf");
}
