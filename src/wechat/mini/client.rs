//! What we ask of the platform for a mini-program. `now` is UTC seconds; the platform's errors keep
//! their code, and [`crate::wechat::errors::action`] says what to do about each.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use std::sync::Arc;

use super::sealed::session_signature;
use crate::wechat::{
    Error, call,
    http::{Http, Media, scalar},
    token::TokenKeeper,
    xml::clean,
};

/// Besides letters and digits, what a scene may hold.
pub const CODE_SIGNS: &str = "!#$&'()*+,/:;=?@-._~";
/// Largest picture of a code, bytes.
const MAX_CODE: usize = 2 * 1024 * 1024;
/// Longest text that is looked at, characters.
const MOST_TEXT: usize = 2500;

/// A person as the mini-program knows them. Neither field may leave the server but `openid`'s owner.
#[derive(Debug, Clone)]
pub struct Session {
    /// The person within this mini-program; case sensitive.
    pub openid: String,
    /// Base64 text of 16 bytes; never leaves the server.
    pub session_key: SecretString,
    /// The person across the operator's accounts, when these are linked.
    pub unionid: Option<String>,
}

/// A phone that the platform has proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneNumber {
    /// Without the country's prefix.
    pub number: String,
    /// `86`
    pub country: String,
}

/// A subscription message to one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubscribeMessage {
    /// The receiver's openid.
    pub to: String,
    /// Which template.
    pub template_id: String,
    /// Page that a tap opens; none: the message does not jump.
    pub page: Option<String>,
    /// Field and value, in order; already within the limits of their types.
    pub data: Vec<(String, String)>,
}

/// Where a text or a picture is to be seen, as the content check wants to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// 资料
    Profile,
    /// 评论
    Comment,
    /// 论坛
    Forum,
    /// 社交日志
    Log,
}

/// What is to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    /// A sound.
    Audio,
    /// A picture.
    Image,
}

/// What the platform advises. Only this decides; the label is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suggest {
    /// Fine.
    Pass,
    /// A person should look.
    Review,
    /// It breaks a rule.
    Risky,
}

impl Suggest {
    /// A word that we do not know is not a `pass`.
    #[must_use]
    pub fn read(word: &str) -> Self {
        match word {
            "pass" => Self::Pass,
            "risky" => Self::Risky,
            _ => Self::Review,
        }
    }

    /// As it stands on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Review => "review",
            Self::Risky => "risky",
        }
    }
}

/// The platform's opinion of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opinion {
    /// What decides.
    pub suggest: Suggest,
    /// 100 normal, 10001 advertisement … (protocols.md §2.8).
    pub label: i64,
}

/// Calls out in the name of one mini-program.
pub struct MiniClient {
    http: Http,
    api_base: String,
    app_id: String,
    secret: SecretString,
    keeper: Arc<TokenKeeper>,
}

impl std::fmt::Debug for MiniClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MiniClient")
            .field("app_id", &self.app_id)
            .finish_non_exhaustive()
    }
}

impl MiniClient {
    /// `api_base` without a closing slash; `keeper` holds this mini-program's own token.
    #[must_use]
    pub fn new(
        http: Http,
        api_base: &str,
        app_id: &str,
        secret: SecretString,
        keeper: Arc<TokenKeeper>,
    ) -> Self {
        Self {
            http,
            api_base: api_base.to_owned(),
            app_id: app_id.to_owned(),
            secret,
            keeper,
        }
    }

    /// Exchanges the code of `wx.login` (5 min, once). Platform errors keep their code: 40029 bad
    /// code, 40163 used before, 40226 person blocked, 45011 too often, -1 busy.
    pub async fn code2session(&self, js_code: &str) -> Result<Session, Error> {
        check_code(js_code, "js_code")?;
        let query = [
            ("appid", self.app_id.as_str()),
            ("secret", self.secret.expose_secret()),
            ("js_code", js_code),
            ("grant_type", "authorization_code"),
        ];
        let url = format!("{}/sns/jscode2session", self.api_base);
        let answer = self.http.get(&url, &query).await?;
        Ok(Session {
            openid: scalar(&answer, "openid").ok_or(Error::Nonsense)?,
            session_key: scalar(&answer, "session_key")
                .ok_or(Error::Nonsense)?
                .into(),
            unionid: scalar(&answer, "unionid"),
        })
    }

    /// Whether the platform still knows this session key of this person.
    pub async fn session_holds(
        &self,
        openid: &str,
        session_key: &SecretString,
        now: i64,
    ) -> Result<bool, Error> {
        let signature = &session_signature("", session_key);
        let url = &format!("{}/wxa/checksession", self.api_base);
        let call = |token: String| async move {
            let query = [
                ("access_token", token.as_str()),
                ("openid", openid),
                ("signature", signature.as_str()),
                ("sig_method", "hmac_sha256"),
            ];
            self.http.get(url, &query).await
        };
        let answer = self.keeper.with(now, call).await;
        match answer {
            Ok(_) => Ok(true),
            Err(Error::Platform { code: 87009, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The phone behind the code of a `getPhoneNumber` button (5 min, once; each costs money). The
    /// openid lets the platform check whose code it is.
    pub async fn phone_number(
        &self,
        code: &str,
        openid: &str,
        now: i64,
    ) -> Result<PhoneNumber, Error> {
        check_code(code, "code")?;
        let body = json!({ "code": code, "openid": openid });
        let answer = self
            .post("/wxa/business/getuserphonenumber", &body, now)
            .await?;
        let info = answer.get("phone_info").ok_or(Error::Nonsense)?;
        let mark = info.get("watermark").ok_or(Error::Nonsense)?;
        if scalar(mark, "appid").as_deref() != Some(&self.app_id) {
            return Err(Error::Nonsense);
        }
        Ok(PhoneNumber {
            number: scalar(info, "purePhoneNumber").ok_or(Error::Nonsense)?,
            country: scalar(info, "countryCode").ok_or(Error::Nonsense)?,
        })
    }

    /// Sends a subscription message; returns the id that `subscribe_msg_sent_event` will name, where
    /// the platform gives one.
    pub async fn subscribe_send(
        &self,
        message: &SubscribeMessage,
        now: i64,
    ) -> Result<Option<String>, Error> {
        let data: Map<String, Value> = message
            .data
            .iter()
            .map(|(key, value)| (key.clone(), json!({ "value": clean(value) })))
            .collect();
        let mut body = json!({
            "touser": message.to,
            "template_id": message.template_id,
            "data": data,
            "miniprogram_state": "formal",
            "lang": "zh_CN",
        });
        if let (Some(map), Some(page)) = (body.as_object_mut(), &message.page) {
            map.insert("page".to_owned(), json!(page));
        }
        let answer = self
            .post("/cgi-bin/message/subscribe/send", &body, now)
            .await?;
        Ok(scalar(&answer, "msgid"))
    }

    /// A picture of a code whose scan opens the mini-program; `scene` is 1 to 32 letters, digits and
    /// [`CODE_SIGNS`].
    pub async fn code_image(&self, scene: &str, page: &str, now: i64) -> Result<Media, Error> {
        let sign = |c: char| c.is_ascii_alphanumeric() || CODE_SIGNS.contains(c);
        if !(1..=32).contains(&scene.len()) || !scene.chars().all(sign) {
            return Err(Error::Malformed("scene"));
        }
        // A page that is not released yet would be refused otherwise.
        let body = &json!({ "scene": scene, "page": page, "check_path": false, "width": 430 });
        let url = &format!("{}/wxa/getwxacodeunlimit", self.api_base);
        let call = |token: String| async move {
            let query = [("access_token", token.as_str())];
            self.http.post_file(url, &query, body, MAX_CODE).await
        };
        self.keeper.with(now, call).await
    }

    /// An address that opens a page of the mini-program from a short message or a browser; it holds
    /// for so many days (1 to 30).
    pub async fn url_link(
        &self,
        path: &str,
        query: &str,
        days: u8,
        now: i64,
    ) -> Result<String, Error> {
        let body = json!({
            "path": path,
            "query": query,
            "expire_type": 1,
            "expire_interval": days.clamp(1, 30),
            "env_version": "release",
        });
        let answer = self.post("/wxa/generate_urllink", &body, now).await?;
        scalar(&answer, "url_link")
            .filter(|link| link.starts_with("https://"))
            .ok_or(Error::Nonsense)
    }

    /// What the platform thinks of a text of up to 2 500 characters. The person must have used the
    /// mini-program within two hours (61010 otherwise).
    pub async fn check_text(
        &self,
        text: &str,
        scene: Scene,
        openid: &str,
        now: i64,
    ) -> Result<Opinion, Error> {
        if text.chars().count() > MOST_TEXT {
            return Err(Error::Malformed("too long"));
        }
        let body = json!({
            "version": 2,
            "openid": openid,
            "scene": number_of(scene),
            "content": clean(text),
        });
        let answer = self.post("/wxa/msg_sec_check", &body, now).await?;
        let result = answer.get("result").ok_or(Error::Nonsense)?;
        let suggest = scalar(result, "suggest").ok_or(Error::Nonsense)?;
        Ok(Opinion {
            suggest: Suggest::read(&suggest),
            label: scalar(result, "label")
                .and_then(|label| label.parse().ok())
                .unwrap_or_default(),
        })
    }

    /// Asks for the platform's opinion of what lies at an address; it comes as a push that names
    /// the returned `trace_id`, within 30 minutes.
    pub async fn check_media(
        &self,
        url: &str,
        kind: MediaKind,
        scene: Scene,
        openid: &str,
        now: i64,
    ) -> Result<String, Error> {
        let body = json!({
            "version": 2,
            "media_url": url,
            "media_type": match kind { MediaKind::Audio => 1, MediaKind::Image => 2 },
            "scene": number_of(scene),
            "openid": openid,
        });
        let answer = self.post("/wxa/media_check_async", &body, now).await?;
        scalar(&answer, "trace_id").ok_or(Error::Nonsense)
    }

    async fn post(&self, path: &str, body: &Value, now: i64) -> Result<Value, Error> {
        let url = format!("{}{path}", self.api_base);
        call::post(&self.http, &self.keeper, &url, body, now).await
    }
}

fn check_code(code: &str, name: &'static str) -> Result<(), Error> {
    let graphic = code.bytes().all(|byte| byte.is_ascii_graphic());
    if code.is_empty() || code.len() > 256 || !graphic {
        return Err(Error::Malformed(name));
    }
    Ok(())
}

const fn number_of(scene: Scene) -> u8 {
    match scene {
        Scene::Profile => 1,
        Scene::Comment => 2,
        Scene::Forum => 3,
        Scene::Log => 4,
    }
}
