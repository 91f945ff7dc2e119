//! Failures of the platform, switched on by hand or by a test, and how often each API was called.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// What can fail, by the name the controls use.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Api {
    /// Both token endpoints.
    Token,
    /// `message/template/send`
    Template,
    /// `message/custom/send`
    Custom,
    /// `message/custom/typing`
    Typing,
    /// `user/info/batchget`
    User,
    /// `media/get` and `media/upload`
    Media,
    /// WeCom's `gettoken`
    Gettoken,
    /// WeCom's `message/send`
    Send,
    /// WeCom's `message/update_template_card`
    Card,
    /// WeCom's `agent/get` and its lists of addresses
    Agent,
    /// WeCom's `auth/getuserinfo`
    Member,
    /// The official account's `message/subscribe/bizsend`; the receipt of `receipt:CODE` is its event.
    Bizsend,
    /// `menu/create`, `menu/get`, `menu/delete`
    Menu,
    /// `qrcode/create` and `showqrcode`
    Qrcode,
    /// `openapi/quota/get` and `getcallbackip`
    Figures,
    /// `sns/oauth2/access_token`
    Oauth,
    /// `jscode2session`
    Code2session,
    /// `checksession`
    Checksession,
    /// `getuserphonenumber`
    Phone,
    /// `message/subscribe/send`; the receipt of `receipt:CODE` is its event.
    Subscribe,
    /// `getwxacodeunlimit`
    Wxacode,
    /// `generate_urllink`
    Urllink,
    /// `msg_sec_check`
    Textcheck,
    /// `media_check_async`; `lost`: the verdict never comes.
    Mediacheck,
    /// What members say to the robot; only [`Kind::Repeat`] means something here.
    Robot,
    /// `webhook/send` of group robots
    Webhook,
    /// `aibot/response`
    Response,
    /// Subscribing to the robot's long connection; only codes mean something here.
    Socket,
    /// WeChat Pay's `pay/transactions/jsapi`
    Payorder,
    /// Its queries of orders
    Payquery,
    /// Its `close`
    Payclose,
    /// Its `refund/domestic/refunds`
    Payrefund,
    /// Its queries of refunds
    Payrefundquery,
    /// Its `certificates`
    Paycerts,
    /// Its `bill/tradebill` and `bill/fundflowbill`
    Paybill,
    /// Its `billdownload/file`
    Payfile,
    /// Its notifications; `*` does not mean them.
    Paynotice,
    /// Delivery of what people say; only [`Kind::Repeat`] means something here.
    Callback,
}

impl Api {
    /// As the controls and counters write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// How it fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Answers as usual, later.
    Slow,
    /// Does what was asked; the connection breaks before the answer.
    Dropped,
    /// Does nothing; the connection breaks.
    Refused,
    /// Does nothing; answers HTTP 502.
    Gateway,
    /// Does nothing; answers HTTP 200 with something that is no JSON.
    Nonsense,
    /// Takes a template message that never arrives; the receipt gives this status.
    Receipt(String),
    /// Takes a template message whose receipt never comes.
    Lost,
    /// Delivers a message again although it was answered.
    Repeat,
    /// Does nothing; answers with this `errcode`.
    Code(i64),
    /// WeChat Pay: does nothing; answers with this `code`, signed.
    Error(String),
    /// WeChat Pay: what is sent is not signed as it must be. Of a notification it is one more, which
    /// a stranger sends first.
    Forged(Forgery),
    /// WeChat Pay: the notification waits until a later one was delivered.
    Held,
    /// WeChat Pay: the notification says one fen more.
    Amount,
}

/// What is wrong with a signature of WeChat Pay's, by the name the controls use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Forgery {
    /// It is of other bytes.
    Signature,
    /// It is another key's.
    Key,
    /// It names a key that nobody knows.
    Serial,
    /// It is six minutes old.
    Old,
    /// It is six minutes ahead.
    Future,
    /// It is the platform's own probe: `WECHATPAY/SIGNTEST/…`.
    Probe,
    /// There is none.
    Absent,
    /// It is right, but a bill lies on another host.
    Host,
}

impl Kind {
    /// `slow`, `dropped`, `refused`, `gateway`, `nonsense`, `lost`, `repeat`, `held`, `amount`,
    /// `receipt:failed:user block`, `error:SYSTEM_ERROR`, `forged:key`, or a code.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "slow" => Self::Slow,
            "dropped" => Self::Dropped,
            "refused" => Self::Refused,
            "gateway" => Self::Gateway,
            "nonsense" => Self::Nonsense,
            "lost" => Self::Lost,
            "repeat" => Self::Repeat,
            "held" => Self::Held,
            "amount" => Self::Amount,
            other => match other.split_once(':') {
                Some(("receipt", status)) => Self::Receipt(status.to_owned()),
                Some(("error", code)) => Self::Error(code.to_owned()),
                Some(("forged", how)) => Self::Forged(how.parse().ok()?),
                _ => Self::Code(other.parse().ok().filter(|code| *code != 0)?),
            },
        })
    }
}

/// One failure that is switched on, as the controls write it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// An [`Api`] by name, or `*` for all that the program calls.
    pub api: String,
    /// As [`Kind::parse`] reads it.
    pub kind: String,
    /// How many calls it hits; none: until it is cleared.
    #[serde(default)]
    pub times: Option<u32>,
    /// So many calls pass before the first that it hits: a quota that is used up half-way.
    #[serde(default)]
    pub after: Option<u32>,
    /// Milliseconds of `slow`; 3000 when none.
    #[serde(default)]
    pub ms: Option<u64>,
}

impl Fault {
    /// Hits so many calls of one API (`times` none: all).
    #[must_use]
    pub fn new(api: Api, kind: &str, times: Option<u32>) -> Self {
        Self {
            api: api.name().to_owned(),
            kind: kind.to_owned(),
            times,
            after: None,
            ms: None,
        }
    }

    /// The same once so many calls have passed.
    #[must_use]
    pub fn after(self, calls: u32) -> Self {
        Self {
            after: Some(calls),
            ..self
        }
    }

    fn hits(&self, api: Api) -> bool {
        self.api == api.name()
            || (self.api == "*" && !matches!(api, Api::Callback | Api::Robot | Api::Paynotice))
    }

    /// Whether one more call passes; counts it.
    fn lets_pass(&mut self) -> bool {
        match &mut self.after {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }
}

/// What the next call has to suffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// How.
    pub kind: Kind,
    /// How long, where it matters.
    pub pause: Duration,
}

/// The switches and counters.
#[derive(Debug, Default)]
pub struct Faults {
    on: Vec<Fault>,
    calls: BTreeMap<&'static str, u64>,
    failed: BTreeMap<&'static str, u64>,
}

/// Most switches at once.
const MOST: usize = 64;
/// How slow `slow` is when nobody says.
const SLOW_MS: u64 = 3000;

impl Faults {
    /// Switches one on; false when nobody knows its API or kind, or it hits nothing.
    pub fn add(&mut self, fault: Fault) -> bool {
        let api_known = fault.api == "*" || fault.api.parse::<Api>().is_ok();
        let known = api_known
            && fault.times != Some(0)
            && Kind::parse(&fault.kind).is_some()
            && self.on.len() < MOST;
        if known {
            self.on.push(fault);
        }
        known
    }

    /// All that are on.
    #[must_use]
    pub fn list(&self) -> &[Fault] {
        &self.on
    }

    /// Switches off those of one API, or all.
    pub fn clear(&mut self, api: Option<&str>) {
        self.on
            .retain(|fault| api.is_some_and(|name| fault.api != name));
    }

    /// Counts a call and takes the first failure that hits it.
    pub fn enter(&mut self, api: Api) -> Option<Hit> {
        *self.calls.entry(api.name()).or_default() += 1;
        let mut all = self.on.iter_mut();
        let at = all.position(|fault| fault.hits(api) && !fault.lets_pass())?;
        let fault = self.on.get_mut(at)?;
        let hit = Hit {
            kind: Kind::parse(&fault.kind)?,
            pause: Duration::from_millis(fault.ms.unwrap_or(SLOW_MS)),
        };
        if let Some(left) = &mut fault.times {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.on.remove(at);
            }
        }
        *self.failed.entry(api.name()).or_default() += 1;
        Some(hit)
    }

    /// Calls of one API so far.
    #[must_use]
    pub fn calls(&self, api: Api) -> u64 {
        self.calls.get(api.name()).copied().unwrap_or_default()
    }

    /// Calls, and those that suffered a failure, by API.
    #[must_use]
    pub fn counters(&self) -> (&BTreeMap<&'static str, u64>, &BTreeMap<&'static str, u64>) {
        (&self.calls, &self.failed)
    }
}

/// What WeChat says with a code (protocols.md §2.1, §2.2); unknown ones get a general word.
#[must_use]
pub fn words(code: i64) -> &'static str {
    match code {
        -1 => "system error",
        40001 => "invalid credential, access_token is invalid or not latest",
        40002 => "invalid grant_type",
        40003 => "invalid openid",
        40004 => "invalid media type",
        40006 => "invalid media size",
        40007 => "invalid media_id",
        40008 => "invalid message type",
        40013 => "invalid appid",
        40014 => "invalid access_token",
        40056 => "invalid agentid",
        40015 => "invalid menu type",
        40016 | 40017 => "invalid button size",
        40018 | 40025 => "invalid button name size",
        40019 | 40026 => "invalid button key size",
        40020 | 40027 => "invalid button url size",
        40023 | 40024 => "invalid sub button size",
        40029 => "invalid code",
        40033 => "invalid charset",
        40053 => "invalid action info",
        40054 | 40055 => "invalid button url domain",
        40036 => "invalid template_id size",
        40037 => "invalid template_id",
        40097 => "invalid args",
        40058 => "invalid parameter",
        40125 => "invalid appsecret",
        40129 => "invalid scene",
        40163 => "code been used",
        40165 => "invalid weapp pagepath",
        40169 => "invalid length for scene, or the data is not json string",
        40212 => "invalid query",
        40164 => "invalid ip 127.0.0.1, not in whitelist",
        40226 => "code blocked",
        41001 => "access_token missing",
        41002 => "appid missing",
        41004 => "appsecret missing",
        41005 => "media data missing",
        41008 => "missing code",
        41030 => "invalid page",
        42003 => "oauth_code expired",
        42001 => "access_token expired",
        43002 => "require POST method",
        43004 => "require subscribe",
        43019 => "require remove blacklist",
        43101 => "user refuse to accept the msg",
        43107 => "require subscribe ability",
        43108 => "concurrent send to the same user",
        43116 | 43117 => "send too frequently",
        44004 => "empty content",
        44990 | 44991 => "reach max minute quota limit",
        44993 => "reach max daily quota limit",
        45001 => "media size out of limit",
        45002 => "content size out of limit",
        45008 => "article size out of limit",
        45009 => "reach max api daily quota limit",
        45011 => "api minute-quota reach limit, must slower, retry next minute",
        45015 => "response out of time limit or subscription is canceled",
        45028 => "has no masssend quota",
        45033 => "api concurrent out of limit",
        45047 => "out of response count limit",
        45065 => "clientmsgid exist",
        45066 => "same clientmsgid retry too fast",
        45067 => "clientmsgid size out of limit",
        45168 => "hit sensitive word",
        47001 => "data format error",
        46003 => "menu no exist",
        47003 => "argument invalid!",
        48001 => "api unauthorized",
        48002 => "user block receive message",
        48004 => "api forbidden",
        48006 => "forbid to clear quota because of reaching the limit",
        50002 => "user limited",
        60011 => "no privilege to access/modify contact/party/agent",
        60020 => "not allow to access from your ip, from ip: 127.0.0.1",
        61010 => "code is expired",
        76021 => "cgi_path not found",
        81013 => "user & party & tag all invalid",
        86001 => "invalid chatid",
        86003 => "chatid not exist",
        86004 => "chatid has no agent",
        86006 => "chatid not belong to agent",
        86216 => "chat out of limit",
        86217 => "chat member out of limit",
        86220 => "chat owner invalid",
        85079 => "miniprogram has no online release",
        85401 => "invalid expire_interval",
        85402 => "invalid env_version",
        85406..=85408 => "url link is not allowed",
        87007 => "session_key is not existed or expired",
        87008 => "invalid sig_method",
        87009 => "invalid signature",
        87014 => "risky content",
        93000 => "invalid webhook url",
        301_002 => "not allow operate another agent with this accesstoken",
        846_605 => "invalid req_id",
        846_608 => "stream expired",
        _ => "request failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_so_often_and_then_no_more() {
        let mut faults = Faults::default();
        assert!(faults.add(Fault::new(Api::Template, "45009", Some(2))));
        assert_eq!(faults.enter(Api::Custom), None);
        for _ in 0..2 {
            assert_eq!(faults.enter(Api::Template).unwrap().kind, Kind::Code(45009));
        }
        assert_eq!(faults.enter(Api::Template), None);
        assert_eq!(faults.calls(Api::Template), 3);
    }

    #[test]
    fn a_fault_may_let_the_first_calls_pass() {
        let mut faults = Faults::default();
        let used_up = Fault::new(Api::Template, "45009", Some(1)).after(2);
        assert!(faults.add(used_up));
        assert_eq!(faults.enter(Api::Template), None);
        assert_eq!(faults.enter(Api::Custom), None, "another's call");
        assert_eq!(faults.enter(Api::Template), None);
        assert!(faults.enter(Api::Template).is_some());
        assert_eq!(faults.enter(Api::Template), None);
    }

    #[test]
    fn a_star_hits_every_api_but_not_what_people_say() {
        let mut faults = Faults::default();
        let all = |kind: &str| Fault {
            api: "*".to_owned(),
            kind: kind.to_owned(),
            times: None,
            after: None,
            ms: None,
        };
        assert!(faults.add(all("-1")));
        assert_eq!(faults.enter(Api::Token).unwrap().kind, Kind::Code(-1));
        assert_eq!(faults.enter(Api::Callback), None);
        faults.clear(None);
        assert_eq!(faults.enter(Api::Token), None);
    }

    #[test]
    fn what_nobody_knows_is_not_switched_on() {
        let mut faults = Faults::default();
        assert!(!faults.add(Fault::new(Api::Token, "0", None)));
        assert!(!faults.add(Fault::new(Api::Token, "sometimes", None)));
        let mut odd = Fault::new(Api::Token, "-1", None);
        odd.api = "pay".to_owned();
        assert!(!faults.add(odd));
        assert!(faults.list().is_empty());
    }
}
