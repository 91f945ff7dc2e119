//! The message to whoever may be the second person of a voucher. It reads the row as it is then.
//! `command/serve.rs` joins the table to the others'.

use entity::money::VoucherState;
use entity::{place, reminder, voucher};
use serde_json::json;

use crate::access::holders::holders;
use crate::access::permit::{Deed, roles};
use crate::app::App;
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::text::shorten;
use crate::delivery::{Kind, Message, Topic, Work};
use crate::place::queries as places;
use crate::reminder::payload::number;
use crate::reminder::{BoxFuture, NewReminder, enqueue};
use crate::store::Tx;
use crate::voucher::queries::by_id;
use crate::voucher::{subject, what_says};

/// To whoever may be the second person.
const DECIDE: &str = "voucher.decide";

/// What each kind means.
pub const KINDS: &[Kind] = &[Kind {
    name: DECIDE,
    work: Work::Push(Topic::Task, compose),
}];

/// Those who may agree to what this person enters: who keeps the money, and is somebody else.
pub(super) async fn seconds(tx: &Tx, place: &place::Model, first: i64) -> Result<Vec<i64>, Fault> {
    let all = holders(tx.db(), &place.path, roles(Deed::KeepMoney), tx.now()).await?;
    let mut people: Vec<i64> = all.iter().map(|holder| holder.person_id).collect();
    people.retain(|person| *person != first);
    people.sort_unstable();
    people.dedup();
    Ok(people)
}

/// Asks them.
pub(super) async fn ask_to_decide(
    tx: &mut Tx,
    row: &voucher::Model,
    people: Vec<i64>,
) -> Result<(), Fault> {
    let now = tx.now();
    let items = people.into_iter().map(|person| NewReminder {
        kind: DECIDE,
        dedupe_key: format!("voucher:{}:decide:{person}", row.id),
        recipient_id: Some(person),
        compound_id: Some(row.compound_id),
        subject: subject(row.id),
        payload: json!({ "voucher": row.id }),
        due_at: now,
    });
    enqueue(tx, items.collect()).await
}

fn compose<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some(last) = reminders.last() else {
            return Ok(None);
        };
        let id = number(last, "voucher");
        let db = app.store.read();
        let row = by_id(db, id.unwrap_or_default()).await?;
        let Some(row) = row.filter(|row| row.state == VoucherState::Asked) else {
            return Ok(None);
        };
        let place = places::by_id(db, row.compound_id).await?;
        let (what, amount) = (what_says(&row), Fen(row.amount));
        let text = format!("有一笔记账等您确认：{what} {amount} 元");
        let base = app.settings.server.public_url.trim_end_matches('/');
        let url = format!("{base}/console/vouchers/{}", row.id);
        Ok(Some(Message {
            template: "task",
            // The amount first: a card has room for twenty letters.
            title: shorten(&format!("记账待确认 {amount}元 {what}"), 20),
            place: place.map(|place| place.name).unwrap_or_default(),
            state: "待确认".to_owned(),
            at: last.due_at,
            hint: "在工作台的“记账”里核对".to_owned(),
            text: format!("{text}。请对照凭证核对，同意了才记进账簿：{url}"),
            url: Some(url),
            urgent: false,
            buttons: Vec::new(),
        }))
    })
}
