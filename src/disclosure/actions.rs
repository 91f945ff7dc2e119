//! Publishing a month: the lines as the books have them, the digest of the one before, and the notice to
//! every home, in one transaction.

use entity::{disclosure, disclosure_line, place};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::EntityTrait;
use serde_json::json;

use crate::access::permit::{Deed, may};
use crate::access::{Actor, audit};
use crate::base::clock::china;
use crate::base::fault::{Code, Fault};
use crate::base::fen::Fen;
use crate::base::month::Month;
use crate::base::worded::Asks;
use crate::disclosure::seal::{self, Content, FIRST};
use crate::disclosure::statement::Line;
use crate::disclosure::{queries, remind};
use crate::ledger::floor::below;
use crate::payment::reconcile::clock::DAYS_BACK;
use crate::payment::reconcile::still_to_come;
use crate::place::queries::compound_by_id;
use crate::store::Tx;
use crate::store::insert::insert_chunked;

/// Most characters of the reason for a correction.
pub const MOST_REASON: usize = 200;

/// Publishes a month that is over, or a correction of it.
///
/// # Errors
/// `not_found` for a compound that is not theirs; `wrong_step` for a month that is not over, that has nothing
/// in it, of which a day is still to be compared with the platform's bill, at whose end there would be less money than none, or whose books have not changed since it was
/// published; `forbidden` for who is nobody; `invalid` for a correction without a reason; `conflict` when somebody else published at this moment.
pub async fn publish(
    tx: &mut Tx,
    actor: &Actor,
    compound_id: i64,
    month: Month,
    reason: &str,
) -> Result<disclosure::Model, Fault> {
    let place = place(tx, actor, compound_id).await?;
    let author_id = actor.require_person()?;
    if month >= Month::of(china(tx.now()).date_naive()) {
        let says = month.says();
        return Err(Fault::wrong_step(format!(
            "{says}还没有结束，结束后才能公布。"
        )));
    }
    let days = (month.first(), month.last());
    if let Some(day) = still_to_come(tx.db(), place.id, days, tx.now()).await? {
        return Err(Fault::wrong_step(format!(
            "{day}还没有和微信支付对账，这一天的手续费和提现还没有记进账簿。对账在第二天上午十点半，对完再公布；一直对不成的，{DAYS_BACK}天后可以公布。"
        )));
    }
    let lines = queries::statement(tx.db(), place.id, month).await?;
    if lines.is_empty() {
        let says = month.says();
        return Err(Fault::wrong_step(format!("{says}的账上还没有任何一笔。")));
    }
    whole(&lines)?;
    let earlier = queries::versions(tx.db(), place.id, month).await?;
    let reason = match earlier.first() {
        None => None,
        Some(published) if published.statement() == lines => {
            return Err(Fault::wrong_step("这个月公布以后账没有变过，不用更正。"));
        }
        Some(_) => Some(worded(reason)?),
    };
    let last = queries::last(tx.db(), place.id).await?;
    let content = Content {
        compound: &place.code,
        position: last
            .as_ref()
            .map_or(1, |last| last.position.saturating_add(1)),
        month,
        version: earlier
            .first()
            .map_or(1, |one| one.disclosure.version.saturating_add(1)),
        reason: reason.as_deref(),
        previous: last.as_ref().map_or(FIRST, |last| last.hash.as_str()),
        lines: &lines,
    };
    let stored = store(tx, actor, &place, &content).await?;
    let entry = audit::Entry {
        action: if stored.version == 1 {
            "disclosure.publish"
        } else {
            "disclosure.correct"
        },
        subject: remind::subject(stored.id),
        compound_id: Some(place.id),
        detail: Some(json!({ "month": month.to_string(), "version": stored.version })),
    };
    audit::record(tx, actor, entry);
    let told = remind::Told {
        row: &stored,
        month,
        lines: &lines,
        before: earlier.first(),
    };
    remind::tell(tx, author_id, &place, &told).await?;
    Ok(stored)
}

/// Nobody reads that less than nothing was in the bank: then something is not written down yet.
fn whole(lines: &[Line]) -> Result<(), Fault> {
    let holds = lines
        .iter()
        .map(|line| (line.account.as_str(), line.closing));
    let below = below(holds);
    if below.is_empty() {
        return Ok(());
    }
    let each = below
        .iter()
        .map(|(account, fen)| format!("{}{}元", account.says(), Fen(*fen).in_groups()));
    Err(Fault::wrong_step(format!(
        "期末的{}，不会比零少，一定有漏记的。请先在“记账”里补记（例如微信支付转到银行、现金存入银行），再公布。",
        each.collect::<Vec<_>>().join("、")
    )))
}

/// The compound, if the actor may publish there.
async fn place(tx: &Tx, actor: &Actor, compound_id: i64) -> Result<place::Model, Fault> {
    let found = compound_by_id(tx.db(), compound_id).await?;
    found
        .filter(|place| may(actor, Deed::PublishAccounts, &place.path))
        .ok_or_else(|| Fault::not_found("没有找到这个小区的账，或者您不能公布它。"))
}

/// The reason, which everybody reads.
fn worded(text: &str) -> Result<String, Fault> {
    let asks = Asks {
        field: "reason",
        most: MOST_REASON,
        missing: "请写明为什么更正，大家都会看到。",
        number: "原因会公开，请不要写手机号、证件号这样的长号码。",
    };
    crate::base::worded::worded(text, asks)
}

async fn store(
    tx: &Tx,
    actor: &Actor,
    place: &place::Model,
    content: &Content<'_>,
) -> Result<disclosure::Model, Fault> {
    let row = disclosure::ActiveModel {
        id: NotSet,
        compound_id: Set(place.id),
        position: Set(content.position),
        month: Set(content.month.number()),
        version: Set(content.version),
        reason: Set(content.reason.map(str::to_owned)),
        previous_hash: Set(content.previous.to_owned()),
        hash: Set(seal::hash(&seal::text(content))),
        published_by: Set(actor.person_id()),
        created_at: Set(tx.now()),
    };
    let stored = disclosure::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await
        .map_err(Fault::from)
        .map_err(|fault| match fault.code {
            Code::Conflict => Fault::new(Code::Conflict, "刚刚有人公布过，请看过再公布。"),
            _ => fault,
        })?;
    let rows = content.lines.iter().zip(1..);
    let rows = rows.map(|(line, position)| row_of(&stored, line, position));
    insert_chunked(tx.db(), rows.collect()).await?;
    Ok(stored)
}

fn row_of(of: &disclosure::Model, line: &Line, position: i32) -> disclosure_line::ActiveModel {
    disclosure_line::ActiveModel {
        id: NotSet,
        disclosure_id: Set(of.id),
        compound_id: Set(of.compound_id),
        position: Set(position),
        account: Set(line.account.clone()),
        opening: Set(line.opening),
        plus: Set(line.plus),
        minus: Set(line.minus),
        closing: Set(line.closing),
    }
}
