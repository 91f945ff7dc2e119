//! `linli admin create NAME`: the first administrator, with a password that is shown once.

use anyhow::bail;
use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use entity::credential;
use entity::kinds::RoleKind;
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};

use crate::access::{Actor, audit};
use crate::base::clock::Moment;
use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::base::seal::Seal;
use crate::base::text::{clean, fold};
use crate::command::{Usage, migrate, open_store};
use crate::config::Settings;
use crate::person::actions::{self, NewPerson};
use crate::store::{Store, Tx};

/// Longest name to sign in with.
const MOST_NAME: usize = 40;

/// The command: makes the administrator and prints the password.
///
/// # Errors
/// When the name is empty or taken, or the database fails.
pub async fn create(
    settings: &Settings,
    dice: &Dice,
    now: Moment,
    name: &str,
) -> anyhow::Result<()> {
    let name = clean(name);
    let login = fold(&name);
    if login.is_empty() || login.chars().count() > MOST_NAME {
        return Err(Usage(format!("名字不能为空,最多{MOST_NAME}个字")).into());
    }
    let store = open_store(settings).await?;
    migrate::up(&store, now).await?;
    let seal = Seal::new(&settings.security.data_key()?)?;
    let made = make(&store, &seal, dice, now, &name, &login).await?;
    store.close().await;
    let Some(password) = made else {
        bail!("已有名为“{name}”的管理员:换一个名字;忘了密码请让另一位管理员重置");
    };
    println!("管理员 {login} 已建好,一次性密码: {password}");
    println!("第一次登录后请修改密码,这里不会再显示。");
    Ok(())
}

/// Makes person, role and credential; none when the name is taken.
async fn make(
    store: &Store,
    seal: &Seal,
    dice: &Dice,
    now: Moment,
    name: &str,
    login: &str,
) -> anyhow::Result<Option<String>> {
    let password = dice.token().chars().take(20).collect::<String>();
    let hash = hash(dice, &password)?;
    let mut tx = store.begin(now).await?;
    if is_taken(&tx, login).await? {
        return Ok(None);
    }
    let operator = Actor::operator();
    let new = NewPerson {
        key: None,
        name,
        phone: None,
        party_member: false,
    };
    let person = actions::add_person(&mut tx, seal, dice, &operator, new).await?;
    actions::grant_role(
        &mut tx,
        &operator,
        person.id,
        RoleKind::Administrator,
        None,
        None,
    )
    .await?;
    let row = credential::ActiveModel {
        login: Set(login.to_owned()),
        person_id: Set(person.id),
        password_hash: Set(hash),
        one_time: Set(true),
        created_at: Set(now),
        ..Default::default()
    };
    credential::Entity::insert(row)
        .exec_without_returning(tx.db())
        .await
        .map_err(Fault::from)?;
    let entry = audit::Entry {
        action: "admin.create",
        subject: format!("person:{}", person.id),
        compound_id: None,
        detail: None,
    };
    audit::record(&tx, &operator, entry);
    tx.commit().await?;
    Ok(Some(password))
}

async fn is_taken(tx: &Tx, login: &str) -> Result<bool, Fault> {
    let row = credential::Entity::find()
        .filter(credential::COLUMN.login.eq(login))
        .one(tx.db())
        .await?;
    Ok(row.is_some())
}

/// argon2id as a PHC string, with the library's recommended cost.
fn hash(dice: &Dice, password: &str) -> anyhow::Result<String> {
    let hash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &dice.bytes::<16>())
        .map_err(|error| anyhow::anyhow!("password: {error}"))?;
    Ok(hash.to_string())
}
