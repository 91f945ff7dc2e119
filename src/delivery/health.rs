//! How the ways of sending are: what each carried lately, what it said when it failed, how much of the day
//! is used up, until when it is left alone. Read from the record of attempts by the index of a channel and
//! its time; nothing is counted further than [`MOST_COUNTED`], no look goes further back than so many
//! attempts. Used by the console.

use chrono::TimeDelta;
use entity::kinds::DeliveryState;
use entity::{delivery, halt};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{ActiveEnum, ConnectionTrait, EntityTrait};

use super::choose::Carrier;
use super::plain::error_says;
use crate::base::clock::{Moment, begin_of, china};
use crate::base::fault::Fault;
use crate::reminder::letters::MOST_COUNTED;

/// Attempts that are looked at for the last one that went well, or badly.
pub const LATELY: u64 = 5_000;
/// As stored in `delivery.channel` for what is said in a group by its robot.
pub const GROUP: &str = "group";

/// What there is to know of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// As in `delivery.channel`.
    pub channel: &'static str,
    /// When the platform last took something.
    pub sent_at: Option<Moment>,
    /// When it last failed, and in words why.
    pub failed: Option<(Moment, String)>,
    /// Attempts since China's midnight, up to [`MOST_COUNTED`].
    pub today: u64,
    /// Attempts of the last minute.
    pub minute: u64,
    /// What the platform takes in a day, where that is a number that holds for everybody.
    pub quota: Option<u64>,
    /// Until when it is left alone, and why.
    pub halt: Option<(Moment, Why)>,
}

/// Why a channel is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The day's quota is used up.
    Quota,
    /// The platform blocks our calls.
    Block,
    /// The platform does not answer.
    Outage,
}

/// The channels in the order of the page.
pub const CHANNELS: &[&str] = &[
    Carrier::Template.name(),
    Carrier::Notice.name(),
    Carrier::Customer.name(),
    Carrier::Subscription.name(),
    Carrier::Work.name(),
    GROUP,
];

/// A channel as people know it.
#[must_use]
pub fn channel_says(channel: &str) -> &'static str {
    match channel {
        "template" => "公众号 模板消息",
        "notice" => "公众号 订阅通知",
        "customer" => "公众号 客服消息",
        "subscription" => "小程序 订阅消息",
        "work" => "企业微信 应用消息",
        _ => "企业微信 群机器人",
    }
}

/// What the platform promises an account with few followers, for a day; the others depend on the account.
fn quota_of(channel: &str) -> Option<u64> {
    match channel {
        "template" => Some(100_000),
        "customer" => Some(500_000),
        _ => None,
    }
}

/// Looks at all of them.
///
/// # Errors
/// The database's.
pub async fn look<C: ConnectionTrait>(db: &C, now: Moment) -> Result<Vec<Health>, Fault> {
    let halts = halt::Entity::find().all(db).await?;
    let mut found = Vec::new();
    for channel in CHANNELS {
        let halt = halts.iter().find(|row| row.carrier == *channel);
        let halt = halt.filter(|row| now < row.until_at);
        let sent = [DeliveryState::Sent, DeliveryState::Delivered];
        let failed = latest(db, channel, &[DeliveryState::Failed]).await?;
        found.push(Health {
            channel,
            sent_at: latest(db, channel, &sent).await?.map(|(at, _)| at),
            failed: failed.map(|(at, error)| (at, error_says(&error))),
            today: count(db, channel, begin_of(china(now).date_naive())).await?,
            minute: count(db, channel, now - TimeDelta::minutes(1)).await?,
            quota: quota_of(channel),
            halt: halt.map(|row| (row.until_at, why(&row.reason))),
        });
    }
    Ok(found)
}

fn why(reason: &str) -> Why {
    match reason {
        "quota" => Why::Quota,
        "block" => Why::Block,
        _ => Why::Outage,
    }
}

/// The last attempt that ended so, among the last few thousand: its time and what was said.
async fn latest<C: ConnectionTrait>(
    db: &C,
    channel: &str,
    states: &[DeliveryState],
) -> Result<Option<(Moment, String)>, Fault> {
    let lately = Query::select()
        .columns([
            delivery::Column::State,
            delivery::Column::Error,
            delivery::Column::ErrorCode,
            delivery::Column::CreatedAt,
            delivery::Column::UpdatedAt,
        ])
        .from(delivery::Entity)
        .and_where(delivery::COLUMN.channel.eq(channel))
        .order_by(delivery::Column::CreatedAt, Order::Desc)
        .limit(LATELY)
        .to_owned();
    let column = |column: delivery::Column| Expr::col(("part", column));
    let wanted: Vec<String> = states.iter().map(ActiveEnum::to_value).collect();
    let one = Query::select()
        .expr_as(column(delivery::Column::UpdatedAt), "updated_at")
        .expr_as(column(delivery::Column::Error), "error")
        .expr_as(column(delivery::Column::ErrorCode), "error_code")
        .from_subquery(lately, "part")
        .and_where(column(delivery::Column::State).is_in(wanted))
        .order_by(("part", delivery::Column::CreatedAt), Order::Desc)
        .limit(1)
        .to_owned();
    let Some(row) = db.query_one(&one).await? else {
        return Ok(None);
    };
    let error: Option<String> = row.try_get("", "error")?;
    let code: Option<i64> = row.try_get("", "error_code")?;
    let error = error.unwrap_or_else(|| match code {
        Some(code) => format!("platform error {code}: "),
        None => String::new(),
    });
    Ok(Some((row.try_get("", "updated_at")?, error)))
}

async fn count<C: ConnectionTrait>(db: &C, channel: &str, since: Moment) -> Result<u64, Fault> {
    let some = Query::select()
        .column(delivery::Column::Id)
        .from(delivery::Entity)
        .and_where(delivery::COLUMN.channel.eq(channel))
        .and_where(delivery::COLUMN.created_at.gte(since))
        .limit(MOST_COUNTED + 1)
        .to_owned();
    let all = Query::select()
        .expr_as(Expr::col(("part", delivery::Column::Id)).count(), "count")
        .from_subquery(some, "part")
        .to_owned();
    let Some(row) = db.query_one(&all).await? else {
        return Ok(0);
    };
    let count: i64 = row.try_get("", "count")?;
    Ok(u64::try_from(count).unwrap_or_default())
}
