//! A member's scan on a computer (扫码登录): one is asked whom to play; and the exchange of the code.

use poem::http::{StatusCode, header};
use poem::web::{Data, Query};
use poem::{Request, Response, handler};
use serde::Deserialize;
use serde_json::json;

use super::api::{Call, config};
use crate::sandbox::answer::{Refusal, respond};
use crate::sandbox::faults::Api;
use crate::sandbox::platform::Platform;
use crate::sandbox::visit::{choices, page};

/// Whose phone may scan.
const CAST: &[(&str, &str)] = &[
    ("songweidong", "宋卫东，楼栋长"),
    ("wushifu", "吴师傅，物业维修"),
    ("zhoujianping", "周建平，物业经理"),
    ("caoxuemei", "曹雪梅，业委会主任"),
    ("dengxiaoyu", "邓小雨，网格员"),
    ("linshuji", "林书记，社区书记"),
    ("guowei", "郭伟，街道干部"),
];

/// The query of the platform's page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Ask {
    login_type: String,
    appid: String,
    agentid: String,
    redirect_uri: String,
    state: String,
    /// Only here: whom to play.
    r#as: String,
}

impl Platform {
    /// A fresh code that says whose phone scanned: once, for five minutes.
    #[must_use]
    pub fn scan_code(&self, userid: &str) -> String {
        let code = self.0.dice.token();
        let now = self.now();
        self.state().work.scans.issue(&code, userid, now);
        code
    }
}

/// `GET /wwlogin/sso/login`: asks whose phone scans, and goes back.
#[handler]
pub fn sso_login(
    request: &Request,
    Data(platform): Data<&Platform>,
    Query(ask): Query<Ask>,
) -> Response {
    let known = config(platform)
        .is_ok_and(|own| own.corp_id == ask.appid && own.agent_id.to_string() == ask.agentid);
    let callbacks = platform.state().callbacks.clone();
    let site = |address: &str| address.split('/').nth(2).unwrap_or_default().to_owned();
    let own = callbacks
        .iter()
        .any(|callback| site(callback) == site(&ask.redirect_uri));
    let graphic = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    let letters = ask.state.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !known || ask.login_type != "CorpApp" {
        return page(StatusCode::OK, "appid 或 agentid 参数错误");
    }
    if !own || !graphic(&ask.redirect_uri) || !letters {
        return page(
            StatusCode::OK,
            "redirect_uri 与配置的授权完成回调域名不一致",
        );
    }
    let Some((userid, _)) = CAST.iter().find(|(userid, _)| *userid == ask.r#as) else {
        let title = "用谁的企业微信扫码？";
        return page(StatusCode::OK, &choices(request, title, CAST));
    };
    let code = platform.scan_code(userid);
    let to = format!("{}?code={code}&state={}", ask.redirect_uri, ask.state);
    Response::builder()
        .status(StatusCode::FOUND)
        .header(header::LOCATION, to)
        .finish()
}

/// The query of the exchange.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Exchange {
    code: String,
}

/// `GET /cgi-bin/auth/getuserinfo`
#[handler]
pub async fn member_of(
    Data(platform): Data<&Platform>,
    Query(call): Query<Call>,
    Query(asked): Query<Exchange>,
) -> poem::Result<Response> {
    respond(platform, Api::Member, |_| {
        let now = platform.now();
        let mut state = platform.state();
        state.work.check_token(&call.access_token, now)?;
        // A used code is to WeCom one that it does not know.
        let taken = state.work.scans.take(&asked.code, now);
        let userid = taken.map_err(|_| Refusal::new(40029))?;
        Ok(if state.work.strangers.contains(&userid) {
            json!({ "errcode": 0, "errmsg": "ok", "openid": format!("o-{userid}") })
        } else {
            json!({ "errcode": 0, "errmsg": "ok", "userid": userid })
        })
    })
    .await
}
