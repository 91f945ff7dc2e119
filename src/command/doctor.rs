//! `linli doctor`: checks what the program needs, one line each, and fails if any part does.

use std::sync::Arc;

use chrono::{Datelike, TimeDelta};
use entity::kinds::ReminderState;
use entity::reminder;
use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder,
};

use crate::app::App;
use crate::base::calendar::holidays::LAST_YEAR;
use crate::base::clock::{Clock, Moment, ShiftedClock, china, say};
use crate::base::dice::Dice;
use crate::base::fault::Fault;
use crate::command::{doctor_delivery, doctor_official, doctor_pay, doctor_robot, doctor_work};
use crate::config::{RobotMode, Settings};
use crate::files::FileKind;
use crate::redis;
use crate::store::Store;
use crate::wechat;
use crate::wechat::http::Http;
use crate::wechat::token::{MemoryShelf, TokenKeeper};

/// The database's clock may differ by so much.
const SKEW: TimeDelta = TimeDelta::seconds(5);
/// A reminder that has been due for so long shows that no worker runs.
const LATE: TimeDelta = TimeDelta::minutes(5);

/// What one check found: a good word, or what is wrong and what to do.
type Finding = Result<String, String>;

/// What was found so far.
#[derive(Default)]
struct Report {
    failed: usize,
    /// The database is away: what asks it has to wait, all else has not.
    without_database: bool,
}

impl Report {
    fn tell(&mut self, name: &str, finding: Finding) {
        match finding {
            Ok(word) => println!("正常 {name}:{word}"),
            Err(word) => {
                self.failed += 1;
                println!("故障 {name}:{word}");
            }
        }
    }

    /// A check that asks the database.
    async fn ask(&mut self, name: &str, check: impl Future<Output = Finding>) {
        if self.without_database {
            println!("未查 {name}:等数据库");
        } else {
            let finding = check.await;
            self.tell(name, finding);
        }
    }
}

/// The command.
///
/// # Errors
/// When any check fails.
pub async fn run(settings: Settings, clock: &dyn Clock, dice: Arc<Dice>) -> anyhow::Result<()> {
    let mut report = Report::default();
    report.tell("配置", check_settings(&settings));
    for danger in doctor_official::dangers(&settings) {
        println!("提醒 公众号:{danger}");
    }
    if let Some(word) = unknown_holidays(clock.now()) {
        println!("提醒 日历:{word}");
    }
    // Without one only this machine reaches us.
    let has_url = !settings.server.public_url.is_empty();
    let store = reach_store(&settings, &mut report).await?;
    report.ask("时钟", check_clock(&store, clock.now())).await;
    // Moved below, if the sandbox's page has moved the program's.
    let shift = Arc::new(ShiftedClock::default());
    match App::build(settings, shift.clone(), dice, store) {
        Err(fault) => report.tell("配置", Err(cause(&fault))),
        Ok(app) => {
            if let Some(by) = doctor_official::clock_moved_by(&app).await {
                shift.advance(by);
                let now = say(app.clock.now());
                println!("提醒 沙盒时钟:已被调过,下面按它的时间 {now} 检查");
            }
            look(&app, &mut report, has_url).await;
            app.store.close().await;
        }
    }
    if report.failed > 0 {
        anyhow::bail!("{} 项故障,请按上面的说明处理", report.failed);
    }
    Ok(())
}

/// The database; one that is away is told of, and taken all the same, so that the rest can be looked at.
async fn reach_store(settings: &Settings, report: &mut Report) -> Result<Store, Fault> {
    let fault = match Store::connect(&settings.database).await {
        Ok(store) => {
            report.tell("数据库", check_schema(&store).await);
            return Ok(store);
        }
        Err(fault) => fault,
    };
    report.without_database = true;
    let why = cause(&fault);
    let word = format!("连不上,请检查 database.url 和数据库是否在运行({why})");
    report.tell("数据库", Err(word));
    Store::connect_later(&settings.database).await
}

/// All that is looked at with the parts of the program.
async fn look(app: &App, report: &mut Report, has_url: bool) {
    let now = app.clock.now();
    report.ask("提醒", check_reminders(&app.store, now)).await;
    report.ask("推送", doctor_delivery::check(app)).await;
    report.tell("Redis", check_redis(app).await);
    report.tell("存储", check_files(app).await);
    let official = check_official(app).await;
    let may_call = official.is_ok();
    report.tell("公众号", official);
    // Without a token the rest would say the same again.
    if may_call {
        report.tell("公众号接口", doctor_official::calls(app).await);
        report.tell("公众号额度", doctor_official::quotas(app).await);
    }
    if has_url {
        report.tell("公众号回调", doctor_official::callback(app).await);
    }
    report.tell("小程序", check_mini(app).await);
    for (name, finding) in doctor_pay::check(app).await {
        report.tell(&name, finding);
    }
    report.tell("企业微信", doctor_work::check(app).await);
    // Who holds the connection, and which compounds there are, stands in the database.
    match app.settings.wechat.robot.mode {
        RobotMode::Socket => report.ask("机器人", doctor_robot::robot(app)).await,
        _ => report.tell("机器人", doctor_robot::robot(app).await),
    }
    match app.settings.wechat.groups.is_empty() {
        false => report.ask("群机器人", doctor_robot::groups(app)).await,
        true => report.tell("群机器人", doctor_robot::groups(app).await),
    }
}

/// From December on the holidays of the next year are to be known.
fn unknown_holidays(now: Moment) -> Option<String> {
    let year = china(now + TimeDelta::days(31)).year();
    (year > LAST_YEAR).then(|| {
        format!(
            "程序里还没有{year}年的节假日和调休,跟随节假日的日历只按星期计算;请升级程序,或在日历里写明日期"
        )
    })
}

/// What works, and yet must not be so.
fn check_settings(settings: &Settings) -> Finding {
    match settings.exposure() {
        Some(danger) => Err(danger.to_owned()),
        None => Ok(format!("profile {}", settings.profile)),
    }
}

fn cause(fault: &Fault) -> String {
    let text = format!("{fault:?}");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn check_schema(store: &Store) -> Finding {
    store
        .ping()
        .await
        .map_err(|fault| format!("不回应({})", cause(&fault)))?;
    let pending = Migrator::get_pending_migrations_read_only(store.read())
        .await
        .map_err(|error| format!("看不到结构版本,请运行 linli migrate up({error})"))?;
    if pending.is_empty() {
        Ok(format!("{:?},结构最新", store.backend()))
    } else {
        Err(format!(
            "结构差 {} 步,请运行 linli migrate up",
            pending.len()
        ))
    }
}

/// Several instances agree through the database, so their clocks have to agree with its.
async fn check_clock(store: &Store, now: Moment) -> Finding {
    if store.backend() != DbBackend::Postgres {
        return Ok("与本机相同".to_owned());
    }
    let statement = sea_orm::Statement::from_string(
        DbBackend::Postgres,
        "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint AS ms",
    );
    let row = store
        .read()
        .query_one_raw(statement)
        .await
        .map_err(|error| error.to_string())?
        .ok_or("数据库没有回答时间")?;
    let ms: i64 = row.try_get("", "ms").map_err(|error| error.to_string())?;
    let apart = (now.timestamp_millis() - ms).abs();
    if apart > SKEW.num_milliseconds() {
        Err(format!("与数据库相差 {apart} 毫秒,请用 NTP 校准两边的时钟"))
    } else {
        Ok(format!("与数据库相差 {apart} 毫秒"))
    }
}

async fn check_reminders(store: &Store, now: Moment) -> Finding {
    // Each is asked for in the words of an index, too: the history is long.
    let count = |state: ReminderState, ended: Condition| {
        reminder::Entity::find()
            .filter(reminder::COLUMN.state.eq(state))
            .filter(ended)
            .count(store.read())
    };
    let open = || Condition::all().add(reminder::COLUMN.done_at.is_null());
    let in_vain = Condition::all()
        .add(reminder::COLUMN.done_at.is_not_null())
        .add(reminder::COLUMN.last_error.is_not_null());
    let wrong = |error: sea_orm::DbErr| format!("读不出,请先处理数据库({error})");
    let waiting = count(ReminderState::Pending, open()).await.map_err(wrong)?;
    let dead = count(ReminderState::Failed, in_vain).await.map_err(wrong)?;
    let oldest = reminder::Entity::find()
        .filter(open())
        .order_by_asc(reminder::COLUMN.next_at)
        .one(store.read())
        .await
        .map_err(wrong)?;
    let due = oldest.map(|row| row.next_at);
    let next = due.map_or_else(|| "无".to_owned(), say);
    let figures = format!("等待 {waiting},没送到 {dead},最早到期 {next}");
    if due.is_some_and(|due| now - due > LATE) {
        return Err(format!(
            "{figures}:早已到期却没有发出,请确认有实例以 worker 或 all 运行"
        ));
    }
    Ok(figures)
}

async fn check_redis(app: &App) -> Finding {
    match &app.redis {
        None => Ok("未使用(只可运行一个实例)".to_owned()),
        Some(connection) => match redis::ping(connection).await {
            Ok(()) => Ok("有回应".to_owned()),
            Err(fault) => Err(format!(
                "没有回应,请检查 redis.url 和 Redis 是否在运行;期间改用数据库排队({})",
                cause(&fault)
            )),
        },
    }
}

/// Writes, reads and takes away a file of its own.
async fn check_files(app: &App) -> Finding {
    let path = format!("doctor/{}.png", app.dice.token());
    let bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let tried = async {
        app.files.put(&path, FileKind::Png, bytes.clone()).await?;
        let read = app.files.get(&path).await?;
        app.files.delete(&path).await?;
        Ok::<bool, Fault>(read == bytes)
    }
    .await;
    match tried {
        Ok(true) => Ok("可写、可读、可删".to_owned()),
        Ok(false) => Err("读出的与写入的不同,请检查 storage.url 的存储".to_owned()),
        Err(fault) => Err(format!(
            "不能读写,请检查 storage.url、权限和空间({})",
            cause(&fault)
        )),
    }
}

async fn check_official(app: &App) -> Finding {
    let now = app.clock.now().timestamp();
    // Asks the platform itself: a token that the instances share may outlive what is wrong by hours.
    // A stable token stays the same by that.
    let official = &app.settings.wechat.official;
    let http = match Http::new() {
        Ok(http) => http,
        Err(error) => return Err(explain(&error, &official.api_base)),
    };
    let keeper = TokenKeeper::new(
        http,
        &official.api_base,
        &official.app_id,
        official.app_secret.clone(),
        Arc::new(MemoryShelf::default()),
        0,
    );
    match keeper.get(now).await {
        Ok(_) => Ok(format!("{} 可取得 access_token", app.official.app_id())),
        Err(error) => Err(explain(&error, &app.settings.wechat.official.api_base)),
    }
}

/// A code that cannot be is refused as such only when app id and secret are right.
async fn check_mini(app: &App) -> Finding {
    let mini = &app.settings.wechat.mini;
    if mini.app_id.is_empty() {
        return Ok("未配置".to_owned());
    }
    match app.mini.code2session("doctor").await {
        Ok(_) | Err(wechat::Error::Platform { code: 40029, .. }) => {}
        Err(error) => return Err(explain(&error, &mini.api_base)),
    }
    // As for the official account: the platform itself, not what the instances share.
    let http = match Http::new() {
        Ok(http) => http,
        Err(error) => return Err(explain(&error, &mini.api_base)),
    };
    let shelf = Arc::new(MemoryShelf::default());
    let (base, secret) = (&mini.api_base, mini.app_secret.clone());
    let keeper = TokenKeeper::new(http, base, &mini.app_id, secret, shelf, 0);
    if let Err(error) = keeper.get(app.clock.now().timestamp()).await {
        return Err(explain(&error, &mini.api_base));
    }
    let pushes = match &app.mini_account {
        Some(_) => "消息推送已配置",
        None => "消息推送未配置(图片都要人工审核)",
    };
    let count = mini.subscriptions.len();
    Ok(format!(
        "{} 的密钥正确,可取得 access_token,{pushes},订阅消息模板 {count} 个",
        mini.app_id
    ))
}

/// What an operator does about it (protocols.md §2.1).
pub(super) fn explain(error: &wechat::Error, api_base: &str) -> String {
    let advice = match error {
        wechat::Error::Platform { code, .. } => match code {
            40001 | 40125 => "AppSecret 不对:请到平台重置并更新 app_secret",
            40013 | 40002 | 41002 => "AppID 不对:请核对 app_id",
            41004 | 43002 => "请求不被接受:请核对 app_secret 与 api_base",
            40164 => "本机出口 IP 不在白名单:请到平台“基本配置”把下面提到的 IP 加入白名单",
            89503 | 89506 | 89507 => "平台要求管理员确认这台服务器的调用:请管理员在微信中确认",
            45009 | 45011 => "调用太频繁或当日额度用完:请稍后再查",
            40243 => "AppSecret 已被冻结:请到平台解冻",
            50004 | 50007 => "账号被限制:请登录平台查看通知",
            48001 => "这个账号没有这项接口权限:请到平台“接口权限”查看并申请",
            40015..=40027 => "平台不接受这个菜单:请检查按钮的名字、类型、数量和 say",
            40054 | 40055 => "平台不接受菜单里的网址:请检查 page 和 url 的域名",
            40053 => "平台不接受这个二维码的内容:请检查地点编码",
            -1 => "平台正忙:请稍后再查",
            _ => "请按错误码查平台文档",
        },
        wechat::Error::Network { .. } | wechat::Error::Unreached
            if api_base.ends_with("/sandbox/api") =>
        {
            "连不上沙盒:它随 linli serve 运行,请先启动再查"
        }
        wechat::Error::Network { .. } | wechat::Error::Unreached => "连不上:请检查网络和 api_base",
        _ => "回答不是约定的格式:请检查 api_base",
    };
    format!("{advice}({error},{api_base})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::begin_of;

    #[test]
    fn a_year_without_holidays_is_told_from_december_on() {
        let day = |month, day| {
            let day = chrono::NaiveDate::from_ymd_opt(LAST_YEAR, month, day);
            begin_of(day.unwrap())
        };
        assert_eq!(unknown_holidays(day(11, 30)), None);
        assert!(unknown_holidays(day(12, 1)).is_some_and(|word| word.contains("还没有")));
    }
}
