//! Signing in to the console: a name with a password and a second factor, or a scan in WeCom, becomes
//! a session; a session becomes the staff member of a request. Used by `web/console`,
//! `command/admin.rs` and `command/demo.rs`.
//!
//! | file | what it does |
//! |---|---|
//! | [`password`], [`totp`] | the two factors, without the database |
//! | [`tries`] | how often somebody may try |
//! | [`session`] | sessions: opened, renewed, ended |
//! | [`factor`] | setting up the second factor, giving it, recovery codes |
//! | [`credential`] | names and passwords: made, changed, reset |

pub mod credential;
pub mod factor;
pub mod password;
pub mod session;
pub mod totp;
pub mod tries;

use std::net::IpAddr;

use entity::kinds::ConsoleWay;
use entity::{console_session, person};
use sea_orm::{EntityTrait, QueryFilter};

use crate::access::console::session::Opened;
use crate::access::console::tries::What;
use crate::access::{Actor, audit, load_staff};
use crate::app::App;
use crate::base::fault::Fault;
use crate::base::text::{cut_bytes, fold};
use crate::store::Tx;

/// Bytes of a name that are looked at.
const MOST_LOGIN: usize = 160;
const WRONG: &str = "登录名或密码不对，请再试一次。忘了密码请找管理员重置。";
const NO_OFFICE: &str = "您现在没有担任职务，不能使用工作台。请联系社区工作人员。";

/// What is still to be done before the console opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The code of the second factor.
    Code,
    /// A password of one's own instead of the one-time one.
    NewPassword,
    /// Setting up the second factor.
    Enrol,
    /// Nothing.
    In,
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The session.
    pub session: console_session::Model,
    /// Name and password, if the person came by them.
    pub credential: Option<entity::credential::Model>,
    /// With roles.
    pub actor: Actor,
    /// What is still to be done.
    pub stage: Stage,
}

/// Signs in by name and password. A wrong name and a wrong password are the same answer after the
/// same work.
///
/// # Errors
/// `invalid` for the field `password`, `too_many`, `forbidden` for somebody without a role.
pub async fn sign_in(
    app: &App,
    login: &str,
    password: &str,
    address: Option<IpAddr>,
    agent: &str,
) -> Result<Opened, Fault> {
    let login = fold(cut_bytes(login, MOST_LOGIN));
    let address = address.map_or_else(String::new, |address| address.to_string());
    let counted = [
        (What::Address, address.as_str()),
        (What::Login, login.as_str()),
    ];
    let counted = tries::count(app, &counted).await?;
    let found = credential::by_login(app.store.read(), &login).await?;
    let hash = found.as_ref().map(|found| found.password_hash.as_str());
    let right = password::verify(password, hash).await?;
    let outcome = if right { "right" } else { "wrong" };
    metrics::counter!("linli_console_sign_ins_total", "outcome" => outcome).increment(1);
    let Some(found) = found.filter(|_| right) else {
        return Err(Fault::invalid("password", WRONG));
    };
    let tx = app.store.begin(app.clock.now()).await?;
    counted.was_right(&tx).await?;
    let actor = load_staff(tx.db(), found.person_id, tx.now()).await?;
    let Some(actor) = actor.filter(Actor::is_staff) else {
        tx.commit().await?;
        return Err(Fault::forbidden(NO_OFFICE));
    };
    let opened = session::open(
        app,
        &tx,
        found.person_id,
        ConsoleWay::Password,
        Some(&found),
        agent,
    )
    .await?;
    note(&tx, &actor, "console.sign-in");
    tx.commit().await?;
    Ok(opened)
}

/// Signs in the person to whom WeCom's user id belongs: the scan by the member's own phone stands for
/// both factors.
///
/// # Errors
/// `forbidden` for somebody who is not on the roster or holds no role.
pub async fn sign_in_member(app: &App, userid: &str, agent: &str) -> Result<Opened, Fault> {
    let tx = app.store.begin(app.clock.now()).await?;
    let found = person::Entity::find()
        .filter(person::COLUMN.wecom_userid.eq(userid.to_ascii_lowercase()))
        .filter(person::COLUMN.left_at.is_null())
        .one(tx.db())
        .await?;
    let actor = match &found {
        Some(person) => load_staff(tx.db(), person.id, tx.now()).await?,
        None => None,
    };
    let (Some(person), Some(actor)) = (found, actor.filter(Actor::is_staff)) else {
        return Err(Fault::forbidden(
            "您的企业微信账号没有登记职务，不能使用工作台。请联系社区工作人员。",
        ));
    };
    let opened = session::open(app, &tx, person.id, ConsoleWay::Work, None, agent).await?;
    note(&tx, &actor, "console.sign-in-work");
    tx.commit().await?;
    Ok(opened)
}

/// The audit's row of something that somebody did to their own access.
fn note(tx: &Tx, actor: &Actor, action: &'static str) {
    let subject = actor.person_id().unwrap_or_default();
    let entry = audit::Entry {
        action,
        subject: format!("person:{subject}"),
        compound_id: None,
        detail: None,
    };
    audit::record(tx, actor, entry);
}
