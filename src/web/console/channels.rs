//! `/console/channels`: how the ways of sending are, and the queue behind them. The page fetches itself
//! anew every few seconds; without script it is loaded again by hand. It shows nothing of any secret.

use askama::Template;
use entity::lease;
use poem::http::StatusCode;
use poem::{Response, handler};
use sea_orm::{EntityTrait, QueryFilter};

use crate::access::permit::{Deed, require_somewhere};
use crate::base::clock::{Moment, china, say};
use crate::base::fault::Fault;
use crate::config::{RobotMode, Settings};
use crate::delivery::health::{self, Health, LATELY, Why, channel_says};
use crate::redis::ping;
use crate::reminder::letters::{MOST_COUNTED, depth};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;

/// What holds the robot's long connection (`web/robot/socket.rs`).
const SOCKET: &str = "robot.socket";

/// A channel as the page shows it.
struct Line {
    words: &'static str,
    set_up: bool,
    state: &'static str,
    good: bool,
    halt: Option<String>,
    sent: String,
    failed: Option<String>,
    error: String,
    today: String,
    quota: Option<(u64, String)>,
    minute: String,
}

#[derive(Template)]
#[template(path = "web/console/channels.html")]
struct Page {
    frame: Frame,
    at: String,
    lines: Vec<Line>,
    robot: (&'static str, bool),
    redis: (&'static str, bool),
    due: String,
    open: String,
    dead: String,
    oldest: Option<String>,
    late: bool,
}

/// `GET /console/channels`
///
/// # Errors
/// `forbidden` for whoever may not see it.
#[handler]
pub async fn show_all(desk: &Desk) -> Result<Response, Fault> {
    require_somewhere(desk.actor(), Deed::SeeChannels)?;
    let app = &desk.app;
    let (db, now) = (app.store.read(), app.clock.now());
    let found = health::look(db, now).await?;
    let depth = depth(db, now).await?;
    let redis = match &app.redis {
        None => ("没有配置：只有一个实例时不需要", true),
        Some(connection) => match ping(connection).await {
            Ok(()) => ("正常", true),
            Err(_) => ("没有回应：提醒照样从数据库取，最多晚30秒", false),
        },
    };
    let lines = found.iter().map(|found| line(&app.settings, found, now));
    let waited = depth.oldest.map(|oldest| (now - oldest).num_minutes());
    let page = Page {
        frame: Frame::new(desk, "渠道"),
        at: china(now).format("%H:%M:%S").to_string(),
        lines: lines.collect(),
        robot: robot(desk, now).await?,
        redis,
        due: many(depth.due),
        open: many(depth.open),
        dead: many(depth.dead),
        oldest: depth.oldest.map(say),
        late: waited.is_some_and(|minutes| minutes >= 5),
    };
    show(StatusCode::OK, &page)
}

fn line(settings: &Settings, found: &Health, now: Moment) -> Line {
    let set_up = is_set_up(settings, found.channel);
    let newest_failed = match (&found.failed, found.sent_at) {
        (Some((failed, _)), Some(sent)) => *failed > sent,
        (Some(_), None) => true,
        (None, _) => false,
    };
    let (state, good) = match (set_up, found.halt, newest_failed) {
        (false, ..) => ("没有配置", true),
        (_, Some(_), _) => ("暂停发送", false),
        (_, None, true) => ("最近一次没有成功", false),
        (_, None, false) if found.sent_at.is_some() => ("正常", true),
        _ => ("最近没有发过", true),
    };
    let halt = found.halt.map(|(until, why)| {
        let why = match why {
            Why::Quota => "今天的额度用完",
            Why::Block => "被平台拦下",
            Why::Outage => "平台没有回应",
        };
        format!("{why}，{}后再试", moment(until, now))
    });
    let quota = found.quota.map(|most| {
        let used = found.today.saturating_mul(100) / most.max(1);
        (used.min(100), format!("一天最多{}", short(most)))
    });
    let failed = found.failed.as_ref();
    // Where nothing was sent lately there is nothing to be said of how it went.
    let none = match (found.sent_at, failed) {
        (None, None) => |_: &str| "—".to_owned(),
        _ => none_lately,
    };
    Line {
        words: channel_says(found.channel),
        set_up,
        state,
        good,
        halt,
        sent: found
            .sent_at
            .map_or_else(|| none("成功"), |at| moment(at, now)),
        failed: failed.map(|(at, _)| moment(*at, now)),
        error: failed.map_or_else(|| none("失败"), |(_, error)| error.clone()),
        today: many(found.today),
        quota,
        minute: many(found.minute),
    }
}

fn none_lately(what: &str) -> String {
    format!("最近{LATELY}次里没有{what}")
}

/// The time of today, the day and the time of any other.
fn moment(at: Moment, now: Moment) -> String {
    if china(at).date_naive() == china(now).date_naive() {
        china(at).format("今天 %H:%M:%S").to_string()
    } else {
        say(at)
    }
}

/// A number that is counted up to a most.
fn many(count: u64) -> String {
    if count > MOST_COUNTED {
        format!("{}以上", short(MOST_COUNTED))
    } else {
        count.to_string()
    }
}

fn short(number: u64) -> String {
    if number >= 10_000 && number.is_multiple_of(10_000) {
        format!("{}万", number / 10_000)
    } else {
        number.to_string()
    }
}

/// Whether the settings name an account for it.
fn is_set_up(settings: &Settings, channel: &str) -> bool {
    let wechat = &settings.wechat;
    match channel {
        "subscription" => !wechat.mini.app_id.is_empty(),
        "work" => wechat.work.is_set(),
        "group" => !wechat.groups.is_empty(),
        _ => !wechat.official.app_id.is_empty(),
    }
}

/// The robot that members speak with in groups.
async fn robot(desk: &Desk, now: Moment) -> Result<(&'static str, bool), Fault> {
    Ok(match desk.app.settings.wechat.robot.mode {
        RobotMode::Off => ("没有配置", true),
        RobotMode::Webhook => ("由平台回调，收到就答", true),
        RobotMode::Socket => {
            let held = lease::Entity::find()
                .filter(lease::COLUMN.name.eq(SOCKET))
                .one(desk.app.store.read())
                .await?;
            match held {
                Some(held) if held.until_at > now => ("长连接在用", true),
                _ => ("长连接没有接上，群里@机器人得不到回答", false),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_far_as_they_were_counted() {
        assert_eq!(many(0), "0");
        assert_eq!(many(100_000), "100000");
        assert_eq!(many(100_001), "10万以上");
        assert_eq!(short(500_000), "50万");
    }
}
