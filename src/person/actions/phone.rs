//! The phone that the platform has proved (小程序): binds the account to the homes of whoever the
//! roster knows by it, without typing. A phone is proof of a home, and never of a role: numbers are
//! given to others after years.

use entity::kinds::BindingState;
use entity::{account, binding, person, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};

use crate::access::Actor;
use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::base::phone::Phone;
use crate::person::actions::bind::{keep_compound, locked, note_try, record, too_many};
use crate::person::actions::decide::verify_by_phone;
use crate::person::actions::tie::{move_state, set_person, take_along};
use crate::person::binding::{Act, same_name};
use crate::person::{queries, remind};
use crate::store::Tx;

/// Counts a proof before the platform is asked: each costs money. Stored whatever comes of it.
///
/// # Errors
/// `too_many` when the account has used up its tries of this hour.
pub async fn count_proof(tx: &Tx, app: &App, actor: &Actor) -> Result<(), Fault> {
    let Some(account) = locked(tx, actor).await? else {
        return Err(Fault::internal("a proof without an account"));
    };
    if too_many(tx, app, account.id).await? {
        return Err(Fault::new(
            Code::TooMany,
            "试的次数太多了，请一小时后再试。急事请直接联系楼栋长或物业。",
        ));
    }
    note_try(tx, account.id, "phone").await
}

/// Binds the account to the homes of the person with this phone; ties that wait become verified.
/// `name` tells several people of one phone apart. Returns the ties that hold now.
///
/// # Errors
/// `not_found` when the roster does not know the phone, `conflict` when it is several people's or
/// the account is somebody else's, `forbidden` for whoever holds a role, `wrong_step` when the
/// steward has to decide.
pub async fn bind_proved(
    tx: &mut Tx,
    app: &App,
    actor: &Actor,
    phone: &Phone,
    name: Option<&str>,
) -> Result<Vec<binding::Model>, Fault> {
    let Some(account) = locked(tx, actor).await? else {
        return Err(Fault::internal("a proof without an account"));
    };
    let index = app.seal.index(phone.digits());
    let verified = verify_by_phone(tx, actor, &index).await?;
    let person = match whose(tx, &account, &index, name).await {
        Ok(person) => person,
        // What the account had claimed with this phone is proved, whatever the roster says.
        Err(_) if verified > 0 => return tied(tx, account.id).await,
        Err(fault) => return Err(fault),
    };
    let homes = queries::homes(tx.db(), person.id).await?;
    for home in homes.iter().filter(|home| home.closed_at.is_none()) {
        prove(tx, app, actor, &account, &person, home, phone).await?;
    }
    let ties = tied(tx, account.id).await?;
    if ties.is_empty() {
        return Err(Fault::wrong_step(
            "您的房号要由管家核验，结果会通知您。急事请直接联系楼栋长或物业。",
        ));
    }
    Ok(ties)
}

/// Whom the roster knows by this phone, as far as the account may be theirs.
async fn whose(
    tx: &Tx,
    account: &account::Model,
    index: &str,
    name: Option<&str>,
) -> Result<person::Model, Fault> {
    let mut people = queries::by_phone(tx.db(), index).await?;
    if let Some(owner) = account.person_id {
        let own = people.into_iter().find(|person| person.id == owner);
        return own.ok_or_else(|| {
            Fault::new(
                Code::Conflict,
                "这个微信已经绑定了另一位住户，一个微信只能是一个人。请用本人的微信绑定。",
            )
        });
    }
    if let Some(name) = name {
        people.retain(|person| same_name(&person.name, name));
    }
    let person = match (people.pop(), people.is_empty()) {
        (Some(person), true) => person,
        (Some(_), false) => {
            return Err(Fault::new(
                Code::Conflict,
                "这个手机号登记了几位住户，请写上姓名再试一次。",
            ));
        }
        (None, _) => {
            return Err(Fault::not_found(
                "没有找到用这个手机号登记的住户。请在公众号回复：绑定 楼-单元-房 姓名 手机号，由管家核验。",
            ));
        }
    };
    if queries::holds_role(tx.db(), person.id, tx.now()).await? {
        return Err(Fault::forbidden(
            "工作人员请用邀请码绑定：请向管理员要8位邀请码，在公众号回复：绑定 邀请码。",
        ));
    }
    Ok(person)
}

/// Ties the account to one home as verified, unless somebody has objected before.
async fn prove(
    tx: &mut Tx,
    app: &App,
    actor: &Actor,
    account: &account::Model,
    person: &person::Model,
    home: &place::Model,
    phone: &Phone,
) -> Result<(), Fault> {
    let history = binding::Entity::find()
        .filter(binding::COLUMN.account_id.eq(account.id))
        .filter(binding::COLUMN.place_id.eq(home.id))
        .order_by_desc(binding::COLUMN.id)
        .all(tx.db())
        .await?;
    let verified = history
        .iter()
        .any(|row| row.state == BindingState::Verified);
    // Once somebody objected or the steward refused, only the steward's word counts.
    let contested = history
        .iter()
        .any(|row| row.state == BindingState::Refused || row.reason.is_some());
    if verified || contested {
        return Ok(());
    }
    let open = [BindingState::Declared, BindingState::Requested];
    let waiting = history.into_iter().find(|row| open.contains(&row.state));
    let (row, fresh) = match waiting {
        Some(row) => {
            let fresh = row.state == BindingState::Requested;
            let row = move_state(tx, &row, Act::Verify).await?;
            let change = binding::ActiveModel {
                id: Set(row.id),
                person_id: Set(Some(person.id)),
                decided_at: Set(Some(tx.now())),
                ..Default::default()
            };
            (binding::Entity::update(change).exec(tx.db()).await?, fresh)
        }
        None => (
            insert(tx, app, account.id, person, home, phone).await?,
            true,
        ),
    };
    set_person(tx, account.id, Some(person.id)).await?;
    keep_compound(tx, &row).await?;
    record(tx, actor, &row, "binding.prove");
    take_along(tx, &row).await?;
    if fresh {
        remind::tell_bound(tx, &row, &home.path).await?;
    }
    Ok(())
}

async fn insert(
    tx: &Tx,
    app: &App,
    account_id: i64,
    person: &person::Model,
    home: &place::Model,
    phone: &Phone,
) -> Result<binding::Model, Fault> {
    let compound_id = home
        .compound_id
        .ok_or_else(|| Fault::internal("a home without a compound"))?;
    let row = binding::ActiveModel {
        account_id: Set(account_id),
        person_id: Set(Some(person.id)),
        place_id: Set(home.id),
        compound_id: Set(compound_id),
        state: Set(BindingState::Verified),
        claimed_name: Set(person.name.clone()),
        claimed_phone_sealed: Set(app.seal.seal(&app.dice, phone.digits())?),
        claimed_phone_index: Set(app.seal.index(phone.digits())),
        decided_at: Set(Some(tx.now())),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    Ok(binding::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?)
}

/// Ties of the account that hold.
async fn tied(tx: &Tx, account_id: i64) -> Result<Vec<binding::Model>, Fault> {
    let live = queries::live_of_account(tx.db(), account_id).await?;
    let holds =
        |row: &binding::Model| matches!(row.state, BindingState::Declared | BindingState::Verified);
    Ok(live.into_iter().filter(holds).collect())
}
