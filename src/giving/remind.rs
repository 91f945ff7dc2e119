//! What staff and donors are told, and the clocks of pledges and drives. Each message reads the rows as they are
//! now. Only who has an account is told: nobody goes to a door for thanks. `command/serve.rs` joins the table to
//! the others'.

use chrono::TimeDelta;
use entity::kinds::{DonationKind, DonationState, DriveState};
use entity::{donation, donation_use, donation_use_share, drive, reminder};
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::json;

use crate::app::App;
use crate::base::clock::begin_of;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::delivery::{Button, Kind, Message, Topic, Work};
use crate::fund::tell::{PAID, TOLD};
use crate::fund::{self, rows};
use crate::giving::queries::{drive_by_id, public, use_by_id};
use crate::giving::{FREE, actions, amount_says, drive_says, state_says, subject, use_subject};
use crate::payment::link;
use crate::person::queries as people;
use crate::place::queries as places;
use crate::reminder::payload::{self, number};
use crate::reminder::{BoxFuture, NewReminder, Verdict};
use crate::store::Tx;

/// To whoever runs drives: goods wait.
const CHECK: &str = "giving.check";
/// Clock: promised money was not paid.
const LAPSE: &str = "giving.lapse";
/// Clock: the last day of a drive is over.
const END: &str = "giving.end";
/// Hours after which whoever has not taken goods in is asked once more.
const AGAIN_HOURS: i64 = 24;
/// The link to pay holds a day, an order two hours: then nothing can be paid any more.
const AFTER_LINK: TimeDelta = TimeDelta::hours(3);
/// Characters of goods and uses that a push shows.
const SHOWN: usize = 60;

/// What each kind means.
pub const KINDS: &[Kind] = &[
    Kind {
        name: CHECK,
        work: Work::Push(Topic::Task, compose_check),
    },
    Kind {
        name: TOLD,
        // Who gave in secret is nobody else's business: not at a door, not on a list of letters.
        work: Work::Alone(Topic::Progress, compose_told),
    },
    Kind {
        name: LAPSE,
        work: Work::Clock(obey_lapse),
    },
    Kind {
        name: END,
        work: Work::Clock(obey_end),
    },
];

/// What a donor is told of a donation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// Goods are there, and shown with thanks.
    Taken,
    /// They cannot be taken in, and why.
    Declined,
}

impl Telling {
    const fn name(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Declined => "declined",
        }
    }
}

/// Asks somebody to take goods in: now, and once more when they still wait.
#[must_use]
pub fn check(row: &donation::Model, person_id: i64) -> [NewReminder; 2] {
    [0, AGAIN_HOURS].map(|hours| NewReminder {
        kind: CHECK,
        dedupe_key: format!("donation:{}:check:{person_id}:{hours}", row.id),
        recipient_id: Some(person_id),
        compound_id: Some(row.compound_id),
        subject: fund::subject(row.id),
        payload: json!({ "donation": row.id }),
        due_at: row.created_at + TimeDelta::hours(hours),
    })
}

/// Tells the donor, if one is known who has an account.
///
/// # Errors
/// The database's.
pub async fn told(
    tx: &Tx,
    row: &donation::Model,
    what: Telling,
) -> Result<Vec<NewReminder>, Fault> {
    let donor: Vec<i64> = row.donor_id.into_iter().collect();
    let reached = people::with_account(tx.db(), &donor).await?;
    let one = |person: i64| NewReminder {
        kind: TOLD,
        dedupe_key: format!("donation:{}:{}", row.id, what.name()),
        recipient_id: Some(person),
        compound_id: Some(row.compound_id),
        subject: fund::subject(row.id),
        payload: json!({ "what": what.name(), "donation": row.id }),
        due_at: tx.now(),
    };
    Ok(reached.into_iter().map(one).collect())
}

/// Tells whoever gave these donations that they were used; each once for a use.
///
/// # Errors
/// The database's.
pub async fn used(
    tx: &Tx,
    row: &donation_use::Model,
    donations: &[i64],
) -> Result<Vec<NewReminder>, Fault> {
    let found = donation::Entity::find()
        .filter(donation::COLUMN.id.is_in(donations.iter().copied()))
        .all(tx.db())
        .await?;
    let mut donors: Vec<i64> = found.iter().filter_map(|one| one.donor_id).collect();
    donors.sort_unstable();
    donors.dedup();
    let reached = people::with_account(tx.db(), &donors).await?;
    let one = |person: i64| NewReminder {
        kind: TOLD,
        dedupe_key: format!("{}:used:{person}", use_subject(row.id)),
        recipient_id: Some(person),
        compound_id: Some(row.compound_id),
        subject: use_subject(row.id),
        payload: json!({ "what": "used", "use": row.id }),
        due_at: tx.now(),
    };
    Ok(reached.into_iter().map(one).collect())
}

/// Tells somebody who gave to it that a drive is over.
#[must_use]
pub fn closed(row: &drive::Model, person_id: i64) -> NewReminder {
    NewReminder {
        kind: TOLD,
        dedupe_key: format!("drive:{}:closed:{person_id}", row.id),
        recipient_id: Some(person_id),
        compound_id: Some(row.compound_id),
        subject: subject(row.id),
        payload: json!({ "what": "closed", "drive": row.id }),
        due_at: row.updated_at,
    }
}

/// The clock of promised money.
#[must_use]
pub fn lapse(row: &donation::Model) -> NewReminder {
    NewReminder {
        kind: LAPSE,
        dedupe_key: format!("donation:{}:lapse", row.id),
        recipient_id: None,
        compound_id: Some(row.compound_id),
        subject: fund::subject(row.id),
        payload: json!({ "donation": row.id, "version": row.version }),
        due_at: row.created_at + link::HOLDS + AFTER_LINK,
    }
}

/// The clock of a drive's last day; none when it has none.
#[must_use]
pub fn end(row: &drive::Model) -> Option<NewReminder> {
    let after = row.to_day?.succ_opt()?;
    Some(NewReminder {
        kind: END,
        dedupe_key: format!("drive:{}:end", row.id),
        recipient_id: None,
        compound_id: Some(row.compound_id),
        subject: subject(row.id),
        payload: json!({ "drive": row.id, "version": row.version }),
        due_at: begin_of(after),
    })
}

/// The key and the version that a clock is about.
fn of_clock(clock: &reminder::Model, name: &str) -> Option<(i64, i32)> {
    let version = payload::version(clock)?;
    Some((number(clock, name)?, version))
}

fn obey_lapse<'a>(
    app: &'a App,
    clock: &'a reminder::Model,
) -> BoxFuture<'a, Result<Verdict, Fault>> {
    Box::pin(async move {
        let Some((id, version)) = of_clock(clock, "donation") else {
            return Ok(Verdict::Drop);
        };
        let mut tx = app.store.begin(app.clock.now()).await?;
        let done = actions::lapse(&mut tx, id, version).await?;
        tx.commit().await?;
        Ok(Verdict::of(done))
    })
}

fn obey_end<'a>(app: &'a App, clock: &'a reminder::Model) -> BoxFuture<'a, Result<Verdict, Fault>> {
    Box::pin(async move {
        let Some((id, version)) = of_clock(clock, "drive") else {
            return Ok(Verdict::Drop);
        };
        let mut tx = app.store.begin(app.clock.now()).await?;
        let done = actions::end(&mut tx, id, version).await?;
        tx.commit().await?;
        Ok(Verdict::of(done))
    })
}

fn compose_check<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let db = app.store.read();
        let id = reminders.last().and_then(|last| number(last, "donation"));
        let Some(id) = id else {
            return Ok(None);
        };
        let row = rows::by_id(db, id).await?;
        let Some(row) = row.filter(|row| row.state == DonationState::Pledged) else {
            return Ok(None);
        };
        let goods = shorten(row.goods.as_deref().unwrap_or_default(), SHOWN);
        let count = amount_says(row.kind, row.amount);
        let room = row.room.as_deref().map(|room| format!("，想放在{room}"));
        let room = room.unwrap_or_default();
        let reach = match row.anonymous {
            true => "捐赠人匿名，会自己送到物业服务中心，只报编号",
            false => "捐赠人的联系方式在工作台“捐赠”里查看",
        };
        Ok(Some(Message {
            template: "task",
            title: format!("捐物 #{id} 待收下"),
            place: places::own_name(app.store.read(), row.compound_id).await?,
            state: state_says(&row).to_owned(),
            at: row.created_at,
            hint: format!("回复:收下捐物 {id} 或谢绝捐物"),
            text: format!(
                "有人捐物（#{id}）：{goods}，{count}{room}。{reach}。写了姓名、电话的请不要收下。东西收到后回复“收下捐物 {id}”，就会公示感谢；不能收请回复“谢绝捐物 {id} 原因”。"
            ),
            url: None,
            urgent: false,
            buttons: vec![Button {
                label: "收下",
                command: format!("收下捐物 {id}"),
            }],
        }))
    })
}

/// One thing that a donor is told.
struct Line {
    title: String,
    state: String,
    text: String,
    hint: String,
    compound_id: i64,
}

fn compose_told<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let mut lines = Vec::new();
        for one in reminders {
            lines.extend(line(app, one).await?);
        }
        let texts: Vec<String> = lines.iter().map(|line| line.text.clone()).collect();
        let (Some(newest), Some(last)) = (lines.pop(), reminders.last()) else {
            return Ok(None);
        };
        Ok(Some(Message {
            template: "progress",
            title: newest.title,
            place: places::own_name(app.store.read(), newest.compound_id).await?,
            state: newest.state,
            at: last.due_at,
            hint: newest.hint,
            text: texts.join("\n"),
            url: None,
            urgent: false,
            buttons: Vec::new(),
        }))
    })
}

/// One thing; none when it no longer holds.
async fn line(app: &App, reminder: &reminder::Model) -> Result<Option<Line>, Fault> {
    let what = payload::word(reminder, "what");
    match what {
        Some("used") => used_line(app, reminder).await,
        Some("closed") => closed_line(app, reminder).await,
        Some(PAID) => paid_line(app, reminder).await,
        _ => gift_line(app, reminder).await,
    }
}

/// Somebody else has paid what they promised.
async fn paid_line(app: &App, reminder: &reminder::Model) -> Result<Option<Line>, Fault> {
    let db = app.store.read();
    let id = number(reminder, "donation").unwrap_or_default();
    let row = rows::by_id(db, id).await?;
    let Some(row) = row.filter(|row| row.state == DonationState::Received) else {
        return Ok(None);
    };
    let (sum, purpose) = (
        amount_says(row.kind, row.amount),
        rows::purpose(db, id).await?,
    );
    Ok(Some(Line {
        title: format!("捐款 #{id} 已到账"),
        state: state_says(&row).to_owned(),
        text: format!(
            "您登记的给“{purpose}”的捐款 #{id}（{sum}）已经付好到账，谢谢您的爱心！用在哪里会告诉您，也可以回复“我的捐赠 {id}”查看。"
        ),
        hint: format!("回复“我的捐赠 {id}”查看"),
        compound_id: row.compound_id,
    }))
}

async fn gift_line(app: &App, reminder: &reminder::Model) -> Result<Option<Line>, Fault> {
    let id = number(reminder, "donation").unwrap_or_default();
    let Some(row) = rows::by_id(app.store.read(), id).await? else {
        return Ok(None);
    };
    let goods = shorten(row.goods.as_deref().unwrap_or("物品"), SHOWN);
    let (title, text, hint) = match row.state {
        DonationState::Received => (
            format!("捐物 #{id} 已收下"),
            format!(
                "您捐的“{goods}”（#{id}）已收下，谢谢您的爱心！公示栏会写上感谢，用在哪里会再告诉您。"
            ),
            format!("回复“我的捐赠 {id}”查看"),
        ),
        DonationState::Declined => {
            let reason = row.reason.as_deref().unwrap_or_default();
            (
                format!("捐物 #{id} 没有收下"),
                format!("您捐的“{goods}”（#{id}）这次没有收下，原因：{reason}。谢谢您有这份心。"),
                reason.to_owned(),
            )
        }
        _ => return Ok(None),
    };
    Ok(Some(Line {
        title,
        state: state_says(&row).to_owned(),
        text,
        hint,
        compound_id: row.compound_id,
    }))
}

/// What a use took of what this donor gave.
async fn used_line(app: &App, reminder: &reminder::Model) -> Result<Option<Line>, Fault> {
    let db = app.store.read();
    let id = number(reminder, "use").unwrap_or_default();
    let (Some(row), Some(donor)) = (use_by_id(db, id).await?, reminder.recipient_id) else {
        return Ok(None);
    };
    let shares = donation_use_share::Entity::find()
        .filter(donation_use_share::COLUMN.use_id.eq(id))
        .all(db)
        .await?;
    let own: Vec<i64> = donation::Entity::find()
        .filter(
            donation::COLUMN
                .id
                .is_in(shares.iter().map(|share| share.donation_id)),
        )
        .filter(donation::COLUMN.donor_id.eq(donor))
        .all(db)
        .await?
        .into_iter()
        .map(|one| one.id)
        .collect();
    let sum: i64 = shares
        .iter()
        .filter(|share| own.contains(&share.donation_id))
        .map(|share| share.amount)
        .sum();
    if sum == 0 {
        return Ok(None);
    }
    let purpose = match row.drive_id {
        Some(drive) => drive_by_id(db, drive).await?.map(|drive| drive.title),
        None => None,
    };
    let purpose = purpose.unwrap_or_else(|| FREE.to_owned());
    let sum = amount_says(row.kind, sum);
    let given = match row.kind {
        DonationKind::Money => format!("您给“{purpose}”的捐款用了{sum}"),
        DonationKind::Goods => format!("您捐的物品用了{sum}"),
    };
    let by = row
        .expense_id
        .map(|expense| format!("（支出 #{expense}，可在公示栏核对）"));
    Ok(Some(Line {
        title: format!("您的捐赠用了{sum}"),
        state: "已使用".to_owned(),
        text: format!(
            "{given}：{}，{}{}。谢谢您！回复“我的捐赠”看每一笔。",
            row.what,
            row.day.format("%Y年%-m月%-d日"),
            by.unwrap_or_default()
        ),
        hint: shorten(&row.what, 20),
        compound_id: row.compound_id,
    }))
}

async fn closed_line(app: &App, reminder: &reminder::Model) -> Result<Option<Line>, Fault> {
    let db = app.store.read();
    let id = number(reminder, "drive").unwrap_or_default();
    let row = drive_by_id(db, id).await?;
    let Some(row) = row.filter(|row| row.state == DriveState::Closed) else {
        return Ok(None);
    };
    let sums = public::sums(db, row.compound_id).await?;
    let sums = sums.get(&Some(id)).copied().unwrap_or_default();
    let says = |fen| amount_says(DonationKind::Money, fen);
    Ok(Some(Line {
        title: format!("“{}”已结束", shorten(&row.title, 14)),
        state: drive_says(row.state).to_owned(),
        text: format!(
            "您捐过的活动“{}”已结束：共收到捐款{}，用了{}，退了{}，还剩{}。剩下的继续用于这件事，每一笔都会公示，用到您的捐款会告诉您。",
            row.title,
            says(sums.given),
            says(sums.used),
            says(sums.returned),
            says(sums.left())
        ),
        hint: format!("还剩{}", says(sums.left())),
        compound_id: row.compound_id,
    }))
}
