//! What `linli doctor` looks at of WeCom's robot and the group robots: nothing that anybody would read
//! or that would take a connection away from whoever holds it.

use entity::{lease, place};
use sea_orm::{EntityTrait, QueryFilter};
use secrecy::ExposeSecret;

use crate::app::App;
use crate::base::clock::say;
use crate::config::RobotMode;
use crate::web::robot::socket::LEASE;

/// Characters of the key in a group robot's address: a UUID.
const KEY: usize = 36;

/// The robot: its address answers, or an instance holds its connection.
pub(super) async fn robot(app: &App) -> Result<String, String> {
    let name = &app.settings.wechat.robot.name;
    match app.settings.wechat.robot.mode {
        RobotMode::Off => Ok("未启用".to_owned()),
        RobotMode::Webhook => callback(app)
            .await
            .map(|()| format!("@{name} 回调地址有回应")),
        RobotMode::Socket => connection(app).await.map(|word| format!("@{name} {word}")),
    }
}

/// Asks the own address as the platform does.
async fn callback(app: &App) -> Result<(), String> {
    let robot = app.robot.as_ref().ok_or("没有 token 或 encoding_aes_key")?;
    let url = format!("{}/wechat/robot", app.settings.server.public_url);
    let echo = app.dice.digits(19);
    let now = app.clock.now().timestamp();
    let query = robot.ask(&echo, now, &app.dice.digits(10), app.dice.bytes());
    let query = query.map_err(|error| error.to_string())?;
    let query: Vec<(&str, &str)> = query
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let asked = app.robot_client.http().get_text(&url, &query, 4096).await;
    match asked {
        Ok(answer) if answer == echo => Ok(()),
        Ok(_) => Err(format!(
            "{url} 的回应不对:请检查 public_url 和反向代理是否原样转发查询串"
        )),
        Err(error) => Err(format!(
            "{url} 没有回应:请先启动 linli serve,再检查 public_url、域名和反向代理({error})"
        )),
    }
}

/// Looks who holds the connection; a second subscriber would take it away.
async fn connection(app: &App) -> Result<String, String> {
    let held = lease::Entity::find_by_id(LEASE)
        .one(app.store.read())
        .await
        .map_err(|error| format!("读不出,请先处理数据库({error})"))?;
    match held {
        Some(held) if held.until_at > app.clock.now() => {
            Ok(format!("长连接由一个实例持有,至 {}", say(held.until_at)))
        }
        _ => Err("没有实例持有长连接:请确认有实例以 worker 或 all 运行,再看它的日志".to_owned()),
    }
}

/// The groups: their compounds are there and their keys look like keys. Nothing is sent.
pub(super) async fn groups(app: &App) -> Result<String, String> {
    let groups = &app.settings.wechat.groups;
    if groups.is_empty() {
        return Ok("未配置".to_owned());
    }
    let wrong = |error: sea_orm::DbErr| format!("读不出,请先处理数据库({error})");
    let any = place::Entity::find().one(app.store.read()).await;
    if any.map_err(wrong)?.is_none() {
        return Ok(format!("{} 个群,小区还没有导入", groups.len()));
    }
    for group in groups {
        let at = format!("[[wechat.groups]] {} {}", group.compound, group.role);
        let found = place::Entity::find()
            .filter(place::COLUMN.code.eq(&group.compound))
            .one(app.store.read())
            .await
            .map_err(wrong)?;
        if found.is_none() {
            return Err(format!("{at}:没有这个小区,请核对 compound"));
        }
        let key = group.key.expose_secret();
        if key.len() != KEY || !key.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') {
            return Err(format!(
                "{at}:key 不像群机器人地址里 key= 后面的部分(36 位),请重新复制"
            ));
        }
    }
    Ok(format!("{} 个群(未发送测试消息)", groups.len()))
}
