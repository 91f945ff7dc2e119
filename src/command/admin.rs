//! `linli admin`: names and passwords for the console, each password shown once: `create NAME` makes the
//! first administrator, `password LOGIN` gives access to somebody of the roster or a forgotten password anew.

use anyhow::bail;
use entity::kinds::RoleKind;

use crate::access::console::credential::{self, OneTime};
use crate::access::{Actor, audit};
use crate::base::clock::Moment;
use crate::base::dice::Dice;
use crate::base::seal::Seal;
use crate::base::text::clean;
use crate::command::{Usage, migrate, open_store};
use crate::config::Settings;
use crate::person::actions::{self, NewPerson, NewRole};
use crate::person::queries;
use crate::store::Store;

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
    let login = credential::login(&name).map_err(|fault| Usage(fault.detail.into_owned()))?;
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
    let one_time = OneTime::make(dice).await?;
    let mut tx = store.begin(now).await?;
    if credential::by_login(tx.db(), login).await?.is_some() {
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
    let post = NewRole {
        person_id: person.id,
        kind: RoleKind::Administrator,
        place: None,
        organisation_id: None,
        from_at: None,
        to_at: None,
    };
    actions::grant_role(&mut tx, &operator, post).await?;
    credential::give(&tx, &operator, person.id, login, &one_time).await?;
    let entry = audit::Entry {
        action: "admin.create",
        subject: format!("person:{}", person.id),
        compound_id: None,
        detail: None,
    };
    audit::record(&tx, &operator, entry);
    tx.commit().await?;
    Ok(Some(one_time.password))
}

/// The command: gives somebody of the roster a name to sign in with, or, with one, a new one-time
/// password in the place of a forgotten one. Prints the password.
///
/// # Errors
/// When nobody has the key, the name is taken, or the database fails.
pub async fn password(
    settings: &Settings,
    dice: &Dice,
    now: Moment,
    login: &str,
    person_key: Option<&str>,
) -> anyhow::Result<()> {
    let login = credential::login(login).map_err(|fault| Usage(fault.detail.into_owned()))?;
    let store = open_store(settings).await?;
    migrate::up(&store, now).await?;
    let one_time = OneTime::make(dice).await?;
    let tx = store.begin(now).await?;
    let operator = Actor::operator();
    let done = match person_key {
        Some(key) => {
            let Some(person) = queries::by_key(tx.db(), key.trim()).await? else {
                bail!("没有 key 为“{key}”的人:key 是导入 people.csv 时的第一列");
            };
            credential::give(&tx, &operator, person.id, &login, &one_time).await
        }
        None => credential::reset(&tx, &operator, &login, &one_time).await,
    };
    done.map_err(|fault| anyhow::anyhow!("{}", fault.detail))?;
    tx.commit().await?;
    store.close().await;
    println!("登录名 {login},一次性密码: {}", one_time.password);
    println!("第一次登录后请修改密码,这里不会再显示。");
    Ok(())
}
