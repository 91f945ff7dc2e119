//! Names and passwords of the console: made with a one-time password, changed by their owner, reset by
//! an administrator. Called by `command/admin.rs`, `command/demo.rs` and `web/console`.

use entity::credential;
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter};

use crate::access::console::session::{self, Opened};
use crate::access::console::tries::{self, What};
use crate::access::console::{Signed, note, password};
use crate::access::{Actor, audit};
use crate::app::App;
use crate::base::dice::Dice;
use crate::base::fault::{Code, Fault};
use crate::base::text::fold;
use crate::store::Tx;

/// Characters of a name to sign in with.
pub const MOST_NAME: usize = 40;
/// Characters of a one-time password.
const ONE_TIME: usize = 20;

/// A password that is shown once and must be changed at the first sign-in.
pub struct OneTime {
    /// To be shown.
    pub password: String,
    hash: String,
}

impl OneTime {
    /// Makes one; hashing takes a while, so this is done before the transaction.
    ///
    /// # Errors
    /// `internal` when hashing fails.
    pub async fn make(dice: &Dice) -> Result<Self, Fault> {
        let password: String = dice.token().chars().take(ONE_TIME).collect();
        let hash = password::hash(dice, &password).await?;
        Ok(Self { password, hash })
    }
}

/// The name as it is stored and compared.
///
/// # Errors
/// `invalid` for the field `login`.
pub fn login(name: &str) -> Result<String, Fault> {
    let login = fold(name);
    if login.is_empty() || login.chars().count() > MOST_NAME {
        return Err(Fault::invalid(
            "login",
            format!("登录名不能为空，最多{MOST_NAME}个字。"),
        ));
    }
    Ok(login)
}

/// By its key.
///
/// # Errors
/// The database's.
pub(super) async fn by_id<C: ConnectionTrait>(
    db: &C,
    id: i64,
) -> Result<Option<credential::Model>, Fault> {
    Ok(credential::Entity::find_by_id(id).one(db).await?)
}

/// By its name, as [`login`] made it.
///
/// # Errors
/// The database's.
pub async fn by_login<C: ConnectionTrait>(
    db: &C,
    login: &str,
) -> Result<Option<credential::Model>, Fault> {
    Ok(credential::Entity::find()
        .filter(credential::COLUMN.login.eq(login))
        .one(db)
        .await?)
}

/// Gives a person a name to sign in with.
///
/// # Errors
/// `conflict` when the name is taken.
pub async fn give(
    tx: &Tx,
    actor: &Actor,
    person_id: i64,
    login: &str,
    one_time: &OneTime,
) -> Result<(), Fault> {
    if by_login(tx.db(), login).await?.is_some() {
        return Err(Fault::new(
            Code::Conflict,
            format!("登录名“{login}”已经有人用了，请换一个。"),
        ));
    }
    let row = credential::ActiveModel {
        login: Set(login.to_owned()),
        person_id: Set(person_id),
        password_hash: Set(one_time.hash.clone()),
        one_time: Set(true),
        created_at: Set(tx.now()),
        ..Default::default()
    };
    credential::Entity::insert(row)
        .exec_without_returning(tx.db())
        .await?;
    record(tx, actor, "credential.give", person_id);
    Ok(())
}

/// Gives a person a name with a password that may stay as it is, anew at each call: for the demo alone.
///
/// # Errors
/// The database's.
pub async fn lend(
    tx: &Tx,
    actor: &Actor,
    person_id: i64,
    login: &str,
    password: &OneTime,
) -> Result<(), Fault> {
    match by_login(tx.db(), login).await? {
        Some(_) => reset(tx, actor, login, password).await?,
        None => give(tx, actor, person_id, login, password).await?,
    }
    credential::Entity::update_many()
        .set(credential::ActiveModel {
            one_time: Set(false),
            ..Default::default()
        })
        .filter(credential::COLUMN.login.eq(login))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Puts a one-time password in the place of a forgotten one, takes the second factor away, and ends
/// all sessions. Who may ask for it, the caller has looked at.
///
/// # Errors
/// `not_found` when nobody has the name.
pub async fn reset(tx: &Tx, actor: &Actor, login: &str, one_time: &OneTime) -> Result<(), Fault> {
    let found = by_login(tx.db(), login)
        .await?
        .ok_or_else(|| Fault::not_found(format!("没有登录名“{login}”，请核对后再试。")))?;
    let change = credential::ActiveModel {
        password_hash: Set(one_time.hash.clone()),
        one_time: Set(true),
        totp_sealed: Set(None),
        totp_last_step: Set(None),
        ..Default::default()
    };
    credential::Entity::update_many()
        .set(change)
        .filter(credential::COLUMN.id.eq(found.id))
        .exec(tx.db())
        .await?;
    super::factor::forget_codes(tx, found.id).await?;
    session::end_others(tx, found.person_id, None).await?;
    record(tx, actor, "credential.reset", found.person_id);
    Ok(())
}

fn record(tx: &Tx, actor: &Actor, action: &'static str, person_id: i64) {
    let entry = audit::Entry {
        action,
        subject: format!("person:{person_id}"),
        compound_id: None,
        detail: None,
    };
    audit::record(tx, actor, entry);
}

/// What somebody typed to change their password.
pub struct Change<'a> {
    /// The present one; not asked for when it is a one-time one, which was typed a moment ago.
    pub old: &'a str,
    /// The new one, twice.
    pub new: &'a str,
    /// The second time.
    pub again: &'a str,
}

/// Changes the password of whoever is signed in; all other sessions end, this one gets a new token.
///
/// # Errors
/// `invalid` for the field that is wrong, `too_many`, `wrong_step` for somebody who came by WeCom.
pub async fn change(app: &App, signed: &Signed, typed: &Change<'_>) -> Result<Opened, Fault> {
    let known = own(signed)?;
    password::check_new(typed.new, &known.login)?;
    if typed.new != typed.again {
        return Err(Fault::invalid(
            "again",
            "两次输入的新密码不一样，请再输一次。",
        ));
    }
    if !known.one_time {
        require(app, known, typed.old).await?;
    }
    if password::verify(typed.new, Some(&known.password_hash)).await? {
        return Err(Fault::invalid("password", "新密码和原来的一样，请换一个。"));
    }
    let hash = password::hash(&app.dice, typed.new).await?;
    let tx = app.store.begin(app.clock.now()).await?;
    let change = credential::ActiveModel {
        password_hash: Set(hash),
        one_time: Set(false),
        ..Default::default()
    };
    let changed = credential::Entity::update_many()
        .set(change)
        .filter(credential::COLUMN.id.eq(known.id))
        .filter(
            credential::COLUMN
                .password_hash
                .eq(known.password_hash.as_str()),
        )
        .exec(tx.db())
        .await?;
    if changed.rows_affected == 0 {
        return Err(Fault::plain(Code::Conflict));
    }
    session::end_others(&tx, known.person_id, Some(signed.session.id)).await?;
    let opened = session::renew(app, &tx, &signed.session, signed.session.verified).await?;
    note(&tx, &signed.actor, "console.password");
    tx.commit().await?;
    Ok(opened)
}

/// The name and password by which somebody came.
///
/// # Errors
/// `wrong_step` when it was by WeCom.
pub(super) fn own(signed: &Signed) -> Result<&credential::Model, Fault> {
    signed
        .credential
        .as_ref()
        .ok_or_else(|| Fault::wrong_step("您是用企业微信登录的，这里没有密码可改。"))
}

/// Asks for the password again before something that matters.
///
/// # Errors
/// `invalid` for the field `old`, `too_many`.
pub(super) async fn require(
    app: &App,
    known: &credential::Model,
    typed: &str,
) -> Result<(), Fault> {
    let counted = tries::count(app, &[(What::Login, known.login.as_str())]).await?;
    if !password::verify(typed, Some(&known.password_hash)).await? {
        return Err(Fault::invalid("old", "现在的密码不对，请再试一次。"));
    }
    let tx = app.store.begin(app.clock.now()).await?;
    counted.was_right(&tx).await?;
    tx.commit().await
}
