//! What `linli doctor` says of the official account: its calls, its callback, its quotas, its safety.
//! Called by `doctor.rs`.

use std::time::Duration;

use chrono::TimeDelta;
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::app::App;
use crate::command::doctor::explain;
use crate::config::{CallbackMode, Settings};
use crate::wechat::Error;
use crate::wechat::crypto::signature;
use crate::wechat::http::Http;
use crate::wechat::official::Quota;

/// How long our own address may take: the platform gives it five seconds.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of what the sandbox says of itself.
const STATE_MOST: usize = 256 * 1024;
/// Clocks that differ by less are the same: the answer was under way.
const SAME: TimeDelta = TimeDelta::seconds(5);
/// Below so many parts of a hundred a quota is nearly used up.
const SCARCE: i64 = 10;
/// APIs that pushes depend on, as operators call them.
const WATCHED: [(&str, &str); 2] = [
    ("模板消息", "/cgi-bin/message/template/send"),
    ("客服消息", "/cgi-bin/message/custom/send"),
];

/// How far the sandbox's page has moved the program's clock; none when it has not, or may not. Whatever is
/// signed here holds by that time, not by the machine's.
pub async fn clock_moved_by(app: &App) -> Option<TimeDelta> {
    let sandbox = &app.settings.sandbox;
    if !sandbox.enabled || !sandbox.clock {
        return None;
    }
    let base = &app.settings.wechat.official.api_base;
    let url = format!("{}/state", base.strip_suffix("/api")?);
    let state = Http::new().ok()?.get_text(&url, &[], STATE_MOST).await;
    let state: Value = serde_json::from_str(&state.ok()?).ok()?;
    let theirs = state.get("now")?.as_i64()?;
    let by = TimeDelta::milliseconds(theirs - app.clock.now().timestamp_millis());
    (by.abs() > SAME).then_some(by)
}

/// Whether calls from here are let in: one that needs a token and a listed address.
pub async fn calls(app: &App) -> Result<String, String> {
    let now = app.clock.now().timestamp();
    match app.official_client.callback_addresses(now).await {
        Ok(addresses) => Ok(format!("调用正常,平台从 {} 个地址回调", addresses.len())),
        Err(error) => Err(explain(&error, &app.settings.wechat.official.api_base)),
    }
}

/// Whether the platform's check of our address is answered, by the address that people use.
pub async fn callback(app: &App) -> Result<String, String> {
    let url = format!("{}/wechat/official", app.settings.server.public_url);
    let http = reqwest::Client::builder()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(|_| "TLS 不可用".to_owned())?;
    let token = app.settings.wechat.official.token.expose_secret();
    let at = app.clock.now().timestamp().to_string();
    let (nonce, echo) = (app.dice.digits(10), app.dice.digits(19));
    let signed = signature(&[token, &at, &nonce]);
    let query = [
        ("signature", signed.as_str()),
        ("timestamp", &at),
        ("nonce", &nonce),
        ("echostr", &echo),
    ];
    let Ok(answer) = http.get(&url).query(&query).send().await else {
        return Err(format!(
            "打不开 {url}:请检查 server.public_url、反向代理和防火墙,并确认 linli serve 在运行"
        ));
    };
    let status = answer.status().as_u16();
    let body = answer.text().await.unwrap_or_default();
    match status {
        200 if body == echo => Ok(format!("{url} 应答正确")),
        403 => Err(format!(
            "{url} 拒绝了平台的检验:两边的 token 不同,或时钟相差 5 分钟以上"
        )),
        404 => Err(format!(
            "{url} 不是邻里:请检查反向代理把 /wechat/official 转到哪里"
        )),
        _ => Err(format!(
            "{url} 应答 {status},与平台的检验不符:请检查反向代理是否改了内容"
        )),
    }
}

/// What is left of today's quotas.
pub async fn quotas(app: &App) -> Result<String, String> {
    let now = app.clock.now().timestamp();
    let mut said = Vec::new();
    let mut used_up = Vec::new();
    for (name, path) in WATCHED {
        match app.official_client.quota(path, now).await {
            Ok(quota) => {
                said.push(format!("{name} {}", words(quota)));
                if quota.left <= 0 {
                    used_up.push(name);
                }
            }
            Err(Error::Platform {
                code: 48001 | 76021,
                ..
            }) => said.push(format!("{name} 查不到")),
            Err(error) => return Err(explain(&error, &app.settings.wechat.official.api_base)),
        }
    }
    let said = said.join(",");
    if used_up.is_empty() {
        Ok(said)
    } else {
        Err(format!(
            "{said}:{}今天的额度已用完,明天自动恢复;急用可在平台清零(每月10次)",
            used_up.join("、")
        ))
    }
}

fn words(quota: Quota) -> String {
    let scarce = quota.left * 100 < quota.daily * SCARCE;
    let note = if scarce { "(快用完了)" } else { "" };
    format!("已用 {}/{}{note}", quota.used, quota.daily)
}

/// What works and lets strangers forge messages; said in production only.
pub fn dangers(settings: &Settings) -> Vec<&'static str> {
    let official = &settings.wechat.official;
    let mut found = Vec::new();
    if settings.profile != "production" {
        return found;
    }
    if official.mode == CallbackMode::Plain {
        found.push(
            "wechat.official.mode 是 plain:消息内容没有签名,见过回调网址的人可以冒充住户。请在平台和这里都改为安全模式(safe)",
        );
    }
    if official.accept_plain && official.mode != CallbackMode::Plain {
        found.push(
            "wechat.official.accept_plain 已打开:明文消息也被接受,可以伪造。切换完成后请关掉",
        );
    }
    found
}
