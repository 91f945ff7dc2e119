//! The second factor of a credential: set up by a QR code, given at each sign-in, and the recovery
//! codes for a phone that is lost. Called by `web/console`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entity::{credential, recovery_code};
use sea_orm::ActiveValue::Set;
use sea_orm::{Condition, EntityTrait, QueryFilter};

use crate::access::console::credential::{own, require};
use crate::access::console::session::{self, Opened};
use crate::access::console::tries::{self, What};
use crate::access::console::{Signed, note, totp};
use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::base::text::fold;
use crate::store::Tx;

/// Recovery codes of a credential, and characters of each.
const CODES: usize = 10;
const LETTERS: usize = 12;
const WRONG: &str = "验证码不对。请看手机上现在的6位数字；手机丢了可以输恢复码。";

/// A secret that is about to be set up: the browser holds it sealed until a code proves that the
/// phone has it.
pub struct Offer {
    /// For the form.
    pub sealed: String,
    /// For somebody who types it.
    pub secret: String,
    /// For the QR code.
    pub address: String,
}

/// Offers a new secret.
///
/// # Errors
/// `wrong_step` for somebody who came by WeCom.
pub fn offer(app: &App, signed: &Signed) -> Result<Offer, Fault> {
    let secret = app.dice.bytes::<{ totp::SECRET_BYTES }>();
    offer_of(app, signed, &secret)
}

fn offer_of(app: &App, signed: &Signed, secret: &[u8]) -> Result<Offer, Fault> {
    let known = own(signed)?;
    let plain = format!("{}\n{}", signed.session.id, STANDARD.encode(secret));
    Ok(Offer {
        sealed: app.seal.seal(&app.dice, &plain)?,
        secret: totp::base32(secret),
        address: totp::address(secret, &known.login),
    })
}

/// The same offer again, after a code that was wrong.
///
/// # Errors
/// `wrong_step` when it is not an offer of this session.
pub fn again(app: &App, signed: &Signed, sealed: &str) -> Result<Offer, Fault> {
    offer_of(app, signed, &opened(app, signed, sealed)?)
}

fn opened(app: &App, signed: &Signed, sealed: &str) -> Result<Vec<u8>, Fault> {
    let stale = || Fault::wrong_step("这个二维码已经失效，请重新打开页面再扫一次。");
    let plain = app.seal.open(sealed).map_err(|_| stale())?;
    let (session, secret) = plain.split_once('\n').ok_or_else(stale)?;
    if session != signed.session.id.to_string() {
        return Err(stale());
    }
    STANDARD.decode(secret).map_err(|_| stale())
}

/// Sets the second factor up, once a code proves that the phone has it. The recovery codes are shown
/// this once; the session has a new token.
///
/// # Errors
/// `invalid` for the field `code`, `conflict` when there is one already.
pub async fn enrol(
    app: &App,
    signed: &Signed,
    sealed: &str,
    code: &str,
) -> Result<(Opened, Vec<String>), Fault> {
    let known = own(signed)?;
    let secret = opened(app, signed, sealed)?;
    let code = digits(code);
    let now = app.clock.now();
    let counted = tries::count(app, &[(What::Code, &known.id.to_string())]).await?;
    let step = totp::accept(&secret, &code, now, None)
        .ok_or_else(|| Fault::invalid("code", "验证码不对。请扫码后，输入手机上现在的6位数字。"))?;
    let stored = app.seal.seal(&app.dice, &STANDARD.encode(&secret))?;
    let tx = app.store.begin(now).await?;
    let changed = credential::Entity::update_many()
        .set(credential::ActiveModel {
            totp_sealed: Set(Some(stored)),
            totp_last_step: Set(Some(step)),
            ..Default::default()
        })
        .filter(credential::COLUMN.id.eq(known.id))
        .filter(credential::COLUMN.totp_sealed.is_null())
        .exec(tx.db())
        .await?;
    if changed.rows_affected == 0 {
        return Err(Fault::new(
            Code::Conflict,
            "动态验证码已经设置好了，不用再设。",
        ));
    }
    counted.was_right(&tx).await?;
    let codes = new_codes(app, &tx, known.id).await?;
    session::end_others(&tx, known.person_id, Some(signed.session.id)).await?;
    let opened = session::renew(app, &tx, &signed.session, true).await?;
    note(&tx, &signed.actor, "console.factor");
    tx.commit().await?;
    Ok((opened, codes))
}

/// Gives the second factor: six digits of the phone, or a recovery code. The session has a new token.
///
/// # Errors
/// `invalid` for the field `code`, `too_many`.
pub async fn give(app: &App, signed: &Signed, code: &str) -> Result<Opened, Fault> {
    let known = own(signed)?;
    let tx = check(app, known, code).await?;
    let opened = session::renew(app, &tx, &signed.session, true).await?;
    note(&tx, &signed.actor, "console.code");
    tx.commit().await?;
    Ok(opened)
}

/// Uses a code up; the transaction in which that is done is left to the caller.
async fn check(app: &App, known: &credential::Model, code: &str) -> Result<Tx, Fault> {
    let wrong = || Fault::invalid("code", WRONG);
    let sealed = known.totp_sealed.as_deref();
    let sealed = sealed.ok_or_else(|| Fault::wrong_step("还没有设置动态验证码。"))?;
    let counted = tries::count(app, &[(What::Code, &known.id.to_string())]).await?;
    let tx = app.store.begin(app.clock.now()).await?;
    let code = digits(code);
    let used = if code.len() == 6 {
        let secret = STANDARD
            .decode(app.seal.open(sealed)?)
            .map_err(Fault::internal)?;
        match totp::accept(&secret, &code, tx.now(), known.totp_last_step) {
            Some(step) => use_step(&tx, known.id, step).await?,
            None => false,
        }
    } else {
        use_code(app, &tx, known.id, &code).await?
    };
    if !used {
        return Err(wrong());
    }
    counted.was_right(&tx).await?;
    Ok(tx)
}

/// Each step counts once, whoever comes first.
async fn use_step(tx: &Tx, credential_id: i64, step: i64) -> Result<bool, Fault> {
    let before = Condition::any()
        .add(credential::COLUMN.totp_last_step.is_null())
        .add(credential::COLUMN.totp_last_step.lt(step));
    let done = credential::Entity::update_many()
        .set(credential::ActiveModel {
            totp_last_step: Set(Some(step)),
            ..Default::default()
        })
        .filter(credential::COLUMN.id.eq(credential_id))
        .filter(before)
        .exec(tx.db())
        .await?;
    Ok(done.rows_affected == 1)
}

async fn use_code(app: &App, tx: &Tx, credential_id: i64, code: &str) -> Result<bool, Fault> {
    let done = recovery_code::Entity::update_many()
        .set(recovery_code::ActiveModel {
            used_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(recovery_code::COLUMN.credential_id.eq(credential_id))
        .filter(
            recovery_code::COLUMN
                .code_index
                .eq(index(app, credential_id, code)),
        )
        .filter(recovery_code::COLUMN.used_at.is_null())
        .exec(tx.db())
        .await?;
    Ok(done.rows_affected == 1)
}

/// New recovery codes; the old ones are void.
///
/// # Errors
/// `invalid` for the fields `old` and `code`, `too_many`.
pub async fn renew_codes(
    app: &App,
    signed: &Signed,
    password: &str,
    code: &str,
) -> Result<Vec<String>, Fault> {
    let known = own(signed)?;
    require(app, known, password).await?;
    let tx = check(app, known, code).await?;
    let codes = new_codes(app, &tx, known.id).await?;
    note(&tx, &signed.actor, "console.recovery-codes");
    tx.commit().await?;
    Ok(codes)
}

/// Takes the second factor away, so that another phone can be set up.
///
/// # Errors
/// As [`renew_codes`].
pub async fn remove(
    app: &App,
    signed: &Signed,
    password: &str,
    code: &str,
) -> Result<Opened, Fault> {
    let known = own(signed)?;
    require(app, known, password).await?;
    let tx = check(app, known, code).await?;
    credential::Entity::update_many()
        .set(credential::ActiveModel {
            totp_sealed: Set(None),
            totp_last_step: Set(None),
            ..Default::default()
        })
        .filter(credential::COLUMN.id.eq(known.id))
        .exec(tx.db())
        .await?;
    forget_codes(&tx, known.id).await?;
    session::end_others(&tx, known.person_id, Some(signed.session.id)).await?;
    let opened = session::renew(app, &tx, &signed.session, false).await?;
    note(&tx, &signed.actor, "console.factor-removed");
    tx.commit().await?;
    Ok(opened)
}

/// Recovery codes that are left.
///
/// # Errors
/// The database's.
pub async fn codes_left(app: &App, credential_id: i64) -> Result<usize, Fault> {
    let left = recovery_code::Entity::find()
        .filter(recovery_code::COLUMN.credential_id.eq(credential_id))
        .filter(recovery_code::COLUMN.used_at.is_null())
        .all(app.store.read())
        .await?;
    Ok(left.len())
}

pub(super) async fn forget_codes(tx: &Tx, credential_id: i64) -> Result<(), Fault> {
    recovery_code::Entity::delete_many()
        .filter(recovery_code::COLUMN.credential_id.eq(credential_id))
        .exec(tx.db())
        .await?;
    Ok(())
}

async fn new_codes(app: &App, tx: &Tx, credential_id: i64) -> Result<Vec<String>, Fault> {
    forget_codes(tx, credential_id).await?;
    let mut shown = Vec::new();
    let mut rows = Vec::new();
    for _ in 0..CODES {
        let letters = totp::base32(&app.dice.bytes::<8>()).to_lowercase();
        let code: String = letters.chars().take(LETTERS).collect();
        rows.push(recovery_code::ActiveModel {
            credential_id: Set(credential_id),
            code_index: Set(index(app, credential_id, &code)),
            used_at: Set(None),
            created_at: Set(tx.now()),
            ..Default::default()
        });
        let (a, rest) = code.split_at(4);
        let (b, c) = rest.split_at(4);
        shown.push(format!("{a}-{b}-{c}"));
    }
    recovery_code::Entity::insert_many(rows)
        .exec_without_returning(tx.db())
        .await?;
    Ok(shown)
}

fn index(app: &App, credential_id: i64, code: &str) -> String {
    app.seal
        .index(&format!("recovery code\n{credential_id}\n{code}"))
}

/// As it is compared: without spaces and strokes, half width, lower case.
fn digits(code: &str) -> String {
    fold(code)
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect()
}
