//! What `linli doctor` says of WeChat Pay: for each merchant whether the platform takes our signature,
//! whether we believe its own, and whether the APIv3 key opens what it seals. Changes nothing there.
//! Called by `doctor.rs`.

use crate::app::App;
use crate::wechat::pay::{Client, PayError};

/// No order of ours has this number, so the platform must say that there is none.
const NOBODYS: &str = "linli-doctor";

/// One finding for each merchant, with the name to tell it under.
pub async fn check(app: &App) -> Vec<(String, Result<String, String>)> {
    if app.pay.is_empty() {
        return vec![("微信支付".to_owned(), Ok("未配置".to_owned()))];
    }
    let mut all = Vec::new();
    for (name, client) in &app.pay {
        let finding = merchant(app, client).await;
        all.push((format!("微信支付 {name}"), finding));
    }
    all
}

async fn merchant(app: &App, client: &Client) -> Result<String, String> {
    let now = app.clock.now().timestamp();
    let say = |error: &PayError| explain(error, &app.settings.wechat.pay.api_base);
    match client.query_by_out_trade_no(NOBODYS, now).await {
        Ok(_) => {}
        Err(error) if error.code() == Some("ORDER_NOT_EXIST") => {}
        Err(error) => return Err(say(&error)),
    }
    let merchant = client.merchant();
    let believes = match merchant.has_public_key() {
        true => "微信支付公钥",
        false => "平台证书",
    };
    let opened = match client.fetch_certificates(now).await {
        Ok(count) => format!("APIv3 密钥正确,平台证书 {count} 个"),
        // Merchants that began with a public key have no certificates to try the key on.
        Err(PayError::Platform { .. }) if merchant.has_public_key() => {
            "平台没有证书可供核对 APIv3 密钥".to_owned()
        }
        Err(error) => return Err(say(&error)),
    };
    Ok(format!(
        "商户号 {} 的签名被接受,应答用{believes}验证通过,{opened}",
        merchant.mch_id()
    ))
}

/// What an operator does about it (protocols.md §5.6).
fn explain(error: &PayError, api_base: &str) -> String {
    let advice = match error {
        PayError::Platform { code, .. } => match code.as_str() {
            "SIGN_ERROR" => {
                "签名不被接受:请核对 serial_no 与 private_key 是同一张商户证书,并校准本机时钟"
            }
            "NO_AUTH" | "MCH_NOT_EXISTS" => "商户号不对或没有权限:请核对 mch_id 并到商户平台查看",
            "APPID_MCHID_NOT_MATCH" => "AppID 没有绑定商户号:请到商户平台“AppID 账号管理”绑定",
            "FREQUENCY_LIMITED" | "RATELIMIT_EXCEEDED" => "调用太频繁:请稍后再查",
            _ => "请按错误码查微信支付文档",
        },
        PayError::Unverified { .. } => {
            "应答的签名验证不过:请核对 public_key_id 与 public_key,并校准本机时钟"
        }
        PayError::Malformed("api_v3_key") => {
            "APIv3 密钥不对:请到商户平台“API 安全”重设并更新 api_v3_key"
        }
        PayError::Unreached | PayError::Unclear { status: None, .. }
            if api_base.ends_with("/sandbox/pay") =>
        {
            "连不上沙盒:它随 linli serve 运行,请先启动再查"
        }
        PayError::Unreached => "连不上:请检查网络和 wechat.pay.api_base",
        PayError::Unclear { .. } => "平台没有说清结果:请稍后再查",
        _ => "回答不是约定的格式:请检查 wechat.pay.api_base",
    };
    format!("{advice}({error},{api_base})")
}
