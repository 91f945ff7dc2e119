//! What payers and whoever keeps the money are told, and the clocks that ask the platform. Each message
//! reads the rows as they are now. `command/serve.rs` joins the table to the others'.

mod words;

use chrono::TimeDelta;
use entity::money::RefundState;
use entity::{payment, refund};
use sea_orm::ActiveEnum;
use serde_json::{Value, json};

use crate::access::holders::holders;
use crate::access::permit::{Deed, roles};
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::delivery::{Kind, Topic, Work};
use crate::payment::actions::{notice, refund as refunds, watch};
use crate::payment::reconcile::clock as morning;
use crate::payment::{subject, waiver_subject};
use crate::person::queries as people;
use crate::reminder::payload::number;
use crate::reminder::{NewReminder, Verdict, enqueue, enqueue_to_account};
use crate::store::Tx;

/// Asks the platform about an order.
const WATCH: &str = "payment.watch";
/// Closes an order that another one stands for.
const CLOSE: &str = "payment.close";
/// Follows a notification that was written down.
const NOTICE: &str = "payment.notice";
/// Sends a refund and asks after it.
const REFUND: &str = "payment.refund";
/// To the payer.
const TOLD: &str = "payment.told";
/// The same about what was given: that somebody gives is theirs alone to know.
const GIVEN: &str = "payment.given";
/// To whoever may be the second person.
const DECIDE: &str = "payment.decide";
/// To whoever keeps the money: something does not fit.
const MEND: &str = "payment.mend";
/// A notification is followed by the request that brought it; the clock is there for a crash, seconds.
const FOLLOWED_BY: i64 = 5;

/// What each kind means.
pub const KINDS: &[Kind] = &[
    clock(WATCH, |app, row| {
        Box::pin(async move {
            match number(row, "payment") {
                Some(id) => watch::watch(app, id).await,
                None => Ok(Verdict::Drop),
            }
        })
    }),
    clock(CLOSE, |app, row| {
        Box::pin(async move {
            match number(row, "payment") {
                Some(id) => watch::close(app, id).await,
                None => Ok(Verdict::Drop),
            }
        })
    }),
    clock(NOTICE, |app, row| {
        Box::pin(async move {
            let Some(id) = number(row, "notice") else {
                return Ok(Verdict::Drop);
            };
            notice::follow(app, id).await?;
            Ok(Verdict::Done)
        })
    }),
    clock(REFUND, |app, row| {
        Box::pin(async move {
            match number(row, "refund") {
                Some(id) => refunds::send(app, id).await,
                None => Ok(Verdict::Drop),
            }
        })
    }),
    clock(morning::RECONCILE, morning::obey),
    Kind {
        name: TOLD,
        work: Work::Push(Topic::Progress, words::compose_told),
    },
    Kind {
        name: GIVEN,
        work: Work::Alone(Topic::Progress, words::compose_told),
    },
    Kind {
        name: DECIDE,
        work: Work::Push(Topic::Task, words::compose_decide),
    },
    Kind {
        name: MEND,
        work: Work::Push(Topic::Task, words::compose_mend),
    },
];

const fn clock(name: &'static str, obey: crate::delivery::kind::Obey) -> Kind {
    Kind {
        name,
        work: Work::Clock(obey),
    }
}

/// What a payer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// The money is there; with the key of the receipt.
    Received,
    /// It came too much and goes back; with the key of the refund.
    SentBack,
    /// It is back; with the key of the refund.
    Refunded,
}

impl Told {
    const ALL: [Self; 3] = [Self::Received, Self::SentBack, Self::Refunded];

    const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::SentBack => "sent-back",
            Self::Refunded => "refunded",
        }
    }
}

/// What waits for a second person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToDecide {
    /// A waiver.
    Waiver(i64),
    /// A refund.
    Refund(i64),
}

/// What does not fit and has to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToMend {
    /// A notification that fits no order.
    Notice(i64),
    /// An order that the platform knows otherwise than we.
    Payment(i64),
    /// A refund that does not go through, and how it stands.
    Refund(i64, RefundState),
    /// Something in which a day differs from the platform's bill.
    Difference(i64),
    /// A day that could not be compared.
    Day(i64),
}

fn item(
    kind: &'static str,
    key: String,
    subject: String,
    payload: Value,
    due: Moment,
) -> NewReminder {
    NewReminder {
        kind,
        dedupe_key: key,
        recipient_id: None,
        compound_id: None,
        subject,
        payload,
        due_at: due,
    }
}

/// The clock that asks about an order until it is over.
pub(super) async fn watch(tx: &mut Tx, row: &payment::Model) -> Result<(), Fault> {
    let first = watch::ASKS.first().copied().unwrap_or_default();
    let due = row.created_at + TimeDelta::seconds(first);
    let one = NewReminder {
        compound_id: Some(row.compound_id),
        ..item(
            WATCH,
            format!("payment:{}:watch", row.id),
            subject(row.id),
            json!({ "payment": row.id }),
            due,
        )
    };
    enqueue(tx, vec![one]).await
}

/// The clock that closes an order now.
pub(super) async fn close_soon(tx: &mut Tx, row: &payment::Model) -> Result<(), Fault> {
    let one = NewReminder {
        compound_id: Some(row.compound_id),
        ..item(
            CLOSE,
            format!("payment:{}:close", row.id),
            subject(row.id),
            json!({ "payment": row.id }),
            tx.now(),
        )
    };
    enqueue(tx, vec![one]).await
}

/// The clock that follows a notification.
pub(super) async fn follow_notice(tx: &mut Tx, id: i64) -> Result<(), Fault> {
    let due = tx.now() + TimeDelta::seconds(FOLLOWED_BY);
    let key = format!("payment-notice:{id}");
    let one = item(NOTICE, key.clone(), key, json!({ "notice": id }), due);
    enqueue(tx, vec![one]).await
}

/// The clock that sends a refund.
pub(super) async fn send_refund(tx: &mut Tx, row: &refund::Model) -> Result<(), Fault> {
    let one = NewReminder {
        compound_id: Some(row.compound_id),
        ..item(
            REFUND,
            format!("refund:{}:send", row.id),
            refunds::subject(row.id),
            json!({ "refund": row.id }),
            tx.now(),
        )
    };
    enqueue(tx, vec![one]).await
}

/// Tells whoever pays, by the person or by the account; who has no account is not told. Of what was given nobody
/// else learns: nobody goes to a door for it.
pub(super) async fn tell_payer(
    tx: &mut Tx,
    row: &payment::Model,
    what: Told,
    about: i64,
) -> Result<(), Fault> {
    let kind = match row.donation_id {
        Some(_) => GIVEN,
        None => TOLD,
    };
    let one = NewReminder {
        compound_id: Some(row.compound_id),
        recipient_id: row.payer_id,
        ..item(
            kind,
            format!("payment:{}:{}:{about}", row.id, what.name()),
            subject(row.id),
            json!({ "payment": row.id, "what": what.name(), "about": about }),
            tx.now(),
        )
    };
    match (row.payer_id, row.account_id) {
        (Some(person), _) => {
            let reached = people::with_account(tx.db(), &[person]).await?;
            match reached.is_empty() {
                true => Ok(()),
                false => enqueue(tx, vec![one]).await,
            }
        }
        (None, Some(account)) => enqueue_to_account(tx, account, one).await,
        (None, None) => Ok(()),
    }
}

/// Tells somebody for whom money was kept that it is back with them; who has no account is not told.
pub(super) async fn tell_owner(tx: &mut Tx, row: &refund::Model) -> Result<(), Fault> {
    let owner: Vec<i64> = row.payer_id.into_iter().collect();
    if people::with_account(tx.db(), &owner).await?.is_empty() {
        return Ok(());
    }
    let subject = refunds::subject(row.id);
    let one = NewReminder {
        compound_id: Some(row.compound_id),
        recipient_id: row.payer_id,
        ..item(
            TOLD,
            format!("{subject}:{}", Told::Refunded.name()),
            subject,
            json!({ "what": Told::Refunded.name(), "about": row.id }),
            tx.now(),
        )
    };
    enqueue(tx, vec![one]).await
}

/// Asks those who may be the second person, never the first.
pub(super) async fn ask_to_decide(
    tx: &mut Tx,
    what: ToDecide,
    compound_id: i64,
    path: &str,
    first: i64,
) -> Result<(), Fault> {
    let (deed, name, id, subject) = match what {
        ToDecide::Waiver(id) => (Deed::WaiveFees, "waiver", id, waiver_subject(id)),
        ToDecide::Refund(id) => (Deed::KeepMoney, "refund", id, refunds::subject(id)),
    };
    let payload = json!({ name: id });
    tell_all(
        tx,
        DECIDE,
        deed,
        path,
        (compound_id, subject, payload),
        Some(first),
    )
    .await
}

/// Asks those who keep the money to pay a refund out, but for the one who may not.
pub(super) async fn ask_to_pay_out(
    tx: &mut Tx,
    row: &refund::Model,
    path: &str,
) -> Result<(), Fault> {
    let payload = json!({ "refund": row.id, "state": row.state.to_value() });
    let about = (row.compound_id, refunds::subject(row.id), payload);
    let first = refunds::first(row);
    tell_all(tx, MEND, Deed::KeepMoney, path, about, first).await
}

/// Asks those who keep the money of the place.
pub(super) async fn ask_to_mend(
    tx: &mut Tx,
    what: ToMend,
    compound_id: i64,
    path: &str,
) -> Result<(), Fault> {
    let (subject, payload) = match what {
        ToMend::Notice(id) => (format!("payment-notice:{id}"), json!({ "notice": id })),
        ToMend::Payment(id) => (subject(id), json!({ "payment": id })),
        ToMend::Refund(id, state) => {
            let payload = json!({ "refund": id, "state": state.to_value() });
            (refunds::subject(id), payload)
        }
        ToMend::Difference(id) => (format!("difference:{id}"), json!({ "difference": id })),
        ToMend::Day(id) => (format!("reconciliation:{id}"), json!({ "day": id })),
    };
    let about = (compound_id, subject, payload);
    tell_all(tx, MEND, Deed::KeepMoney, path, about, None).await
}

async fn tell_all(
    tx: &mut Tx,
    kind: &'static str,
    deed: Deed,
    path: &str,
    (compound_id, subject, payload): (i64, String, Value),
    but: Option<i64>,
) -> Result<(), Fault> {
    let now = tx.now();
    let mut people: Vec<i64> = holders(tx.db(), path, roles(deed), now)
        .await?
        .iter()
        .map(|holder| holder.person_id)
        .filter(|person| Some(*person) != but)
        .collect();
    people.sort_unstable();
    people.dedup();
    let items = people.into_iter().map(|person| NewReminder {
        recipient_id: Some(person),
        compound_id: Some(compound_id),
        ..item(
            kind,
            // What stands otherwise by now is told again.
            format!("{kind}:{payload}:{person}"),
            subject.clone(),
            payload.clone(),
            now,
        )
    });
    enqueue(tx, items.collect()).await
}
