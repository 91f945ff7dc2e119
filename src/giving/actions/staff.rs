//! What staff does: looks how a donor is reached, takes goods in (收下捐物) or cannot (谢绝捐物), and writes down what
//! somebody gives at the counter. The money of the counter is taken in by `payment`, in the same transaction.

use entity::kinds::{ActorKind, ContentKind, DonationKind, DonationState};
use entity::{donation, place};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, QueryFilter};

use crate::access::permit::{Deed, require};
use crate::access::{Actor, named};
use crate::base::clock::china;
use crate::base::fault::Fault;
use crate::base::phone::Phone;
use crate::base::redact::redact;
use crate::base::seal::Seal;
use crate::fund::{rows, subject};
use crate::giving::actions::{change, public_words, record, require_runs};
use crate::giving::queries;
use crate::giving::step::{Act, By};
use crate::giving::{MOST_NAME, MOST_WORDS, PART, remind};
use crate::moderation::{self, Submission};
use crate::payment::check_amount;
use crate::person::queries as people;
use crate::reminder;
use crate::store::Tx;
use crate::store::insert::insert_once;

/// Characters of a form's mark.
const MARK: std::ops::RangeInclusive<usize> = 6..=32;

/// Goods are there: they have been read, and are shown with thanks.
///
/// # Errors
/// `not_found` for whoever may not see it, `forbidden` without the right, `wrong_step` for money and for what
/// does not wait, `conflict` when somebody was faster.
pub async fn receive(tx: &mut Tx, actor: &Actor, id: i64) -> Result<donation::Model, Fault> {
    let seen = queries::seen(tx.db(), actor, id).await?;
    require_runs(actor, &seen)?;
    let reader = actor.require_person()?;
    let what = (Act::Receive, By::Staff);
    let row = change(tx, actor, &seen.row, what, None, "donation.receive").await?;
    let words = shown(tx, &row).await?;
    let submission = Submission {
        subject: subject(id),
        part: PART.to_owned(),
        compound_id: row.compound_id,
        place_id: row.compound_id,
        kind: ContentKind::Text,
        content: words,
        author_id: row.donor_id.filter(|_| !row.anonymous),
    };
    moderation::vouch(tx, submission, reader).await?;
    let told = remind::told(tx, &row, remind::Telling::Taken).await?;
    reminder::enqueue(tx, told).await?;
    Ok(row)
}

/// What everybody reads of goods: nobody's name, phone or home.
async fn shown(tx: &Tx, row: &donation::Model) -> Result<String, Fault> {
    let goods = row.goods.as_deref().unwrap_or_default();
    let text = match &row.room {
        Some(room) => format!("{goods}，放在{room}"),
        None => goods.to_owned(),
    };
    let mut names = named::residents_named(tx.db(), &text, tx.now()).await?;
    if let Some(donor) = row.donor_id {
        let donor = people::by_id(tx.db(), donor).await?;
        names.extend(donor.map(|donor| donor.name));
    }
    Ok(redact(&text, &names))
}

/// Goods cannot be taken in, for a reason that the donor is told.
///
/// # Errors
/// As [`receive`]; `invalid` without a reason.
pub async fn decline(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<donation::Model, Fault> {
    let seen = queries::seen(tx.db(), actor, id).await?;
    require_runs(actor, &seen)?;
    let reason = public_words(
        "reason",
        reason,
        MOST_WORDS,
        "请写明原因，捐赠人会看到，例如：活动室放不下了。",
    )?;
    let what = (Act::Decline, By::Staff);
    let why = Some(reason);
    let row = change(tx, actor, &seen.row, what, why, "donation.decline").await?;
    let told = remind::told(tx, &row, remind::Telling::Declined).await?;
    reminder::enqueue(tx, told).await?;
    Ok(row)
}

/// How a donor is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// As the roster has it.
    pub name: String,
    /// None when the roster has none.
    pub phone: Option<Phone>,
}

/// Looks, on record, how whoever gives goods is reached, so that they can be fetched: while they wait, and never of
/// who gives in secret.
///
/// # Errors
/// `not_found` for whoever may not see it and for a donor who is gone, `forbidden` without the right and for who
/// gives in secret, `wrong_step` for money and for what does not wait.
pub async fn contact(tx: &Tx, actor: &Actor, seal: &Seal, id: i64) -> Result<Reached, Fault> {
    let seen = queries::seen(tx.db(), actor, id).await?;
    require_runs(actor, &seen)?;
    let row = &seen.row;
    if row.kind != DonationKind::Goods || row.state != DonationState::Pledged {
        return Err(Fault::wrong_step(
            "只有等着收下的捐物可以查看联系方式，用来联系收取。",
        ));
    }
    if row.anonymous {
        return Err(Fault::forbidden(
            "捐赠人匿名，不能查看联系方式。东西会由本人送到物业服务中心，只报编号。",
        ));
    }
    let donor = match row.donor_id {
        Some(id) => people::by_id(tx.db(), id).await?,
        None => None,
    };
    let donor = donor.ok_or_else(|| Fault::not_found("这位捐赠人没有登记联系方式。"))?;
    record(tx, actor, row, "donation.contact");
    Ok(Reached {
        phone: people::phone_of(seal, &donor),
        name: donor.name,
    })
}

/// What somebody gives at the counter, in cash or by transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCounter {
    /// The drive; none: for whatever the compound does good with.
    pub drive_id: Option<i64>,
    /// Fen.
    pub amount: i64,
    /// Who gives, if the roster knows them: who is told.
    pub donor_id: Option<i64>,
    /// Who gives, if it does not; not kept of whoever gives in secret.
    pub donor_name: String,
    /// Whether nobody is to learn who gave.
    pub anonymous: bool,
    /// Mark of the form, 6 to 32 letters and digits: the same form is one donation.
    pub mark: String,
}

/// Writes down what somebody gives at the counter; the same form again gives the same row. The caller takes
/// the money in, in the same transaction.
///
/// # Errors
/// `forbidden` for who takes no money there, `not_found` for a drive of elsewhere, `invalid` for an amount or
/// a name, `wrong_step` when the drive takes nothing, or the form came before with something else in it.
pub async fn counter(
    tx: &mut Tx,
    actor: &Actor,
    compound: &place::Model,
    new: NewCounter,
) -> Result<donation::Model, Fault> {
    require(actor, Deed::TakeMoney, &compound.path)?;
    let by = actor.require_person()?;
    check_amount(new.amount)?;
    let plain = new.mark.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !plain || !MARK.contains(&new.mark.len()) {
        return Err(Fault::invalid("mark", "页面开得太久了，请刷新后再填。"));
    }
    let name = match new.donor_name.trim().is_empty() || new.anonymous {
        true => None,
        false => Some(public_words("donor", &new.donor_name, MOST_NAME, "")?),
    };
    if let Err(fault) = takes(tx, compound, new.drive_id).await {
        // Pressed again after the drive was closed, it is what was stored then.
        return same_form(tx, &new, by).await.map_err(|_| fault);
    }
    let row = donation::ActiveModel {
        compound_id: Set(compound.id),
        drive_id: Set(new.drive_id),
        donor_id: Set(new.donor_id),
        donor_name: Set(name),
        anonymous: Set(new.anonymous),
        kind: Set(DonationKind::Money),
        amount: Set(new.amount),
        used: Set(0),
        returned: Set(0),
        state: Set(DonationState::Pledged),
        mark: Set(Some(new.mark.clone())),
        recorded_by: Set(Some(by)),
        version: Set(0),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    let conflict = OnConflict::column(donation::Column::Mark)
        .do_nothing()
        .to_owned();
    let Some(row) = insert_once(tx, row, conflict).await? else {
        return same_form(tx, &new, by).await;
    };
    rows::note(
        tx,
        &row,
        "pledged",
        None,
        (ActorKind::Staff, Some(by)),
        None,
    );
    record(tx, actor, &row, "donation.counter");
    Ok(row)
}

/// Whether a drive of the compound takes donations today.
async fn takes(tx: &Tx, compound: &place::Model, drive_id: Option<i64>) -> Result<(), Fault> {
    let Some(id) = drive_id else {
        return Ok(());
    };
    let drive = queries::drive_by_id(tx.db(), id).await?;
    let drive = drive.filter(|drive| drive.compound_id == compound.id);
    let drive = drive.ok_or_else(|| queries::no_such_drive(id))?;
    match queries::takes(&drive, china(tx.now()).date_naive()) {
        true => Ok(()),
        false => Err(Fault::invalid(
            "drive",
            "这个活动现在不收捐赠，请另选一个。",
        )),
    }
}

/// The donation of a form that came before; another form under the same mark is refused.
async fn same_form(tx: &Tx, new: &NewCounter, by: i64) -> Result<donation::Model, Fault> {
    let row = donation::Entity::find()
        .filter(donation::COLUMN.mark.eq(new.mark.as_str()))
        .one(tx.db())
        .await?;
    let same = |row: &donation::Model| {
        (row.drive_id, row.amount, row.donor_id) == (new.drive_id, new.amount, new.donor_id)
            && (row.anonymous, row.recorded_by) == (new.anonymous, Some(by))
    };
    row.filter(same)
        .ok_or_else(|| Fault::wrong_step("这张表已经交过了，请刷新页面再填新的。"))
}
