//! What `linli doctor` says of the WeCom application: token, application, our own callback as WeCom
//! would reach it.

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;

use crate::app::App;
use crate::wechat;
use crate::wechat::crypto::{Cipher, signature};
use crate::wechat::http::Http;
use crate::wechat::token::{MemoryShelf, TokenKeeper};
use crate::wechat::work::client::WorkClient;

/// What one check found: a good word, or what is wrong and what to do.
type Finding = Result<String, String>;

/// How long our own address may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The check.
pub async fn check(app: &App) -> Finding {
    let work = &app.settings.wechat.work;
    if !work.is_set() {
        return Ok("未配置".to_owned());
    }
    let now = app.clock.now().timestamp();
    let say = |error: &wechat::Error| explain(error, &work.api_base);
    // The platform itself is asked: a token that the instances share may outlive what is wrong.
    let http = Http::new().map_err(|error| say(&error))?;
    let keeper = Arc::new(TokenKeeper::of_corporation(
        http.clone(),
        &work.api_base,
        &work.corp_id,
        work.secret.clone(),
        Arc::new(MemoryShelf::default()),
        0,
    ));
    keeper.get(now).await.map_err(|error| say(&error))?;
    let client = WorkClient::new(http, &work.api_base, work.agent_id, keeper);
    let name = client.agent_name(now).await.map_err(|error| say(&error))?;
    let from = client.callback_ips(now).await.map_or(0, |ips| ips.len());
    callback(app).await?;
    Ok(format!(
        "{} 的应用“{name}”({})可取得 access_token,回调可达(企业微信会从 {from} 个 IP 段调用)",
        work.corp_id, work.agent_id
    ))
}

/// Asks our own public address for the check of the address, sealed as WeCom seals it.
async fn callback(app: &App) -> Result<(), String> {
    let work = &app.settings.wechat.work;
    let url = format!("{}/wechat/work", app.settings.server.public_url);
    let bad = |what: &str| {
        format!("{what}:请确认 server.public_url 从外网可达,且代理把 /wechat/work 原样转发({url})")
    };
    let (echo, nonce) = (app.dice.digits(19), app.dice.digits(10));
    let sealed = Cipher::new(work.encoding_aes_key.expose_secret(), &work.corp_id)
        .and_then(|cipher| cipher.encrypt(echo.as_bytes(), app.dice.bytes()))
        .map_err(|error| format!("encoding_aes_key 不对:请与管理后台核对({error})"))?;
    let at = app.clock.now().timestamp().to_string();
    let signed = signature(&[work.token.expose_secret(), &at, &nonce, &sealed]);
    let query = [
        ("msg_signature", signed.as_str()),
        ("timestamp", &at),
        ("nonce", &nonce),
        ("echostr", &sealed),
    ];
    let http = reqwest::Client::builder()
        .timeout(PATIENCE)
        .no_proxy()
        .build()
        .map_err(|_| bad("不能发起请求"))?;
    let answer = http.get(&url).query(&query).send().await;
    let answer = answer.map_err(|_| bad("回调地址连不上"))?;
    let body = answer.text().await.map_err(|_| bad("回调地址没有回答"))?;
    if body == echo {
        Ok(())
    } else {
        Err(bad("回调地址答得不对"))
    }
}

/// What an operator does about it (protocols.md §4.2).
fn explain(error: &wechat::Error, api_base: &str) -> String {
    let advice = match error {
        wechat::Error::Platform { code, .. } => match code {
            40001 => "Secret 不对:请到管理后台“应用管理”查看并更新 wechat.work.secret",
            40013 => "CorpID 不对:请核对 wechat.work.corp_id",
            40056 | 301_002 => "AgentId 不对或没有权限:请核对 wechat.work.agent_id",
            60020 => "本机出口 IP 不可信:请到管理后台应用的“企业可信IP”加入下面提到的 IP",
            48002 => "应用没有这个接口的权限:请到管理后台授权",
            45009 => "调用太频繁:请一分钟后再查",
            -1 => "企业微信正忙:请稍后再查",
            _ => "请按错误码查企业微信文档",
        },
        wechat::Error::Network { .. } | wechat::Error::Unreached
            if api_base.ends_with("/sandbox/work") =>
        {
            "连不上沙盒:它随 linli serve 运行,请先启动再查"
        }
        wechat::Error::Network { .. } | wechat::Error::Unreached => {
            "连不上:请检查网络和 wechat.work.api_base"
        }
        _ => "回答不是约定的格式:请检查 wechat.work.api_base",
    };
    format!("{advice}({error},{api_base})")
}
