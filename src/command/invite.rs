//! `linli invite PERSON_KEY`: a single-use code by which somebody with a role ties a chat account.

use anyhow::bail;

use crate::access::Actor;
use crate::base::clock::{Moment, say};
use crate::base::dice::Dice;
use crate::base::seal::Seal;
use crate::command::{migrate, open_store};
use crate::config::Settings;
use crate::person::{actions, queries};

/// The command: makes a code and prints it.
///
/// # Errors
/// When nobody has this key, or the database fails.
pub async fn run(settings: &Settings, dice: &Dice, now: Moment, key: &str) -> anyhow::Result<()> {
    let store = open_store(settings).await?;
    migrate::up(&store, now).await?;
    let seal = Seal::new(&settings.security.data_key()?)?;
    let mut tx = store.begin(now).await?;
    let Some(person) = queries::by_key(tx.db(), key.trim()).await? else {
        bail!("没有 key 为“{key}”的人:key 是导入 people.csv 时的第一列");
    };
    let code = actions::invite(&mut tx, &seal, dice, &Actor::operator(), person.id).await?;
    tx.commit().await?;
    store.close().await;
    let until = say(now + chrono::TimeDelta::hours(24));
    println!("{} 的邀请码: {code}", person.name);
    println!("请本人在公众号回复: 绑定 {code}({until} 前有效,只能用一次)");
    Ok(())
}
