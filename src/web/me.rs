//! `/api/v1/me/phone` and `/api/v1/me/subscriptions`: binding by the phone that the platform proves,
//! and what the person accepts to be told. Called by `router.rs`.

use std::collections::BTreeMap;

use entity::subscription::Model as Subscription;
use poem::handler;
use poem::web::{Data, Json};
use sea_orm::EntityTrait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::load_actor;
use crate::access::once::{Answer, Once};
use crate::access::session::Caller;
use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::base::phone::Phone;
use crate::delivery::subscription::{self, Teller};
use crate::person::actions;
use crate::web::problem::Problem;
use crate::web::session::{MeView, me_view};
use crate::wechat;

/// Longest name that is compared.
const MOST_NAME: usize = 40;
/// The platform asks for five templates at once; some clients hand several answers in together.
const MOST_ANSWERS: usize = 20;

/// What a `getPhoneNumber` button gave.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PhoneProof {
    /// The button's own code (not that of `wx.login`): five minutes, once.
    pub code: String,
    /// Full name, when several people are registered with one phone.
    pub name: Option<String>,
}

/// What the mini-program may ask the person to accept.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubscriptionView {
    /// `task`, `progress` …: what such messages are about.
    pub kind: String,
    /// For `tmplIds` of `wx.requestSubscribeMessage`; at most five at once.
    pub template_id: String,
    /// Messages accepted and not had yet.
    pub remaining: i32,
    /// The last answer: accept, reject, ban, filter; none before the first.
    pub answer: Option<String>,
}

/// All of them; there are few.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubscriptionList {
    /// By kind.
    pub items: Vec<SubscriptionView>,
}

/// The answers as `wx.requestSubscribeMessage` returned them: template id to `accept`, `reject`,
/// `ban` or `filter`; its `errMsg` may stay in.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "TEMPLATE_ID": "accept", "errMsg": "requestSubscribeMessage:ok" }))]
pub struct Answers(BTreeMap<String, String>);

/// Bind to my homes by the phone that the platform proves, without typing.
#[utoipa::path(
    post, path = "/api/v1/me/phone", tag = "me", security(("bearer" = [])),
    request_body = PhoneProof,
    responses(
        (status = 200, body = MeView),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json")
    )
)]
#[handler]
pub async fn prove_phone(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(body): Json<PhoneProof>,
) -> Result<Answer, Fault> {
    if let Some(answer) = once.earlier(app.store.read()).await? {
        return Ok(answer);
    }
    let name = body.name.as_deref().filter(|name| !name.trim().is_empty());
    if name.is_some_and(|name| name.chars().count() > MOST_NAME) {
        return Err(Fault::invalid("name", "姓名太长了。"));
    }
    let tx = app.store.begin(app.clock.now()).await?;
    actions::count_proof(&tx, &app, &caller.actor).await?;
    tx.commit().await?;
    let openid = &caller.account.external_id;
    let now = app.clock.now().timestamp();
    let proved = match app.mini.phone_number(&body.code, openid, now).await {
        Ok(proved) => proved,
        // A twin of this request may have used the code.
        Err(error) => match once.earlier(app.store.read()).await? {
            Some(answer) => return Ok(answer),
            None => return Err(explain(error)),
        },
    };
    let phone = Some(proved)
        .filter(|proved| proved.country == "86")
        .and_then(|proved| Phone::parse(&proved.number))
        .ok_or_else(|| {
            Fault::not_found("只登记了大陆手机号。请在公众号回复：绑定 楼-单元-房 姓名 手机号。")
        })?;
    once.answer(&app, 200, async |tx| {
        actions::bind_proved(tx, &app, &caller.actor, &phone, name).await?;
        let account = entity::account::Entity::find_by_id(caller.account.id)
            .one(tx.db())
            .await?
            .ok_or_else(|| Fault::plain(Code::Unauthenticated))?;
        let actor = load_actor(tx.db(), &account, tx.now()).await?;
        Ok(me_view(&actor))
    })
    .await
}

/// The platform's answers in our words (protocols.md §3.3).
fn explain(error: wechat::Error) -> Fault {
    let stale = "手机号凭证已失效，请再点一次按钮。";
    match &error {
        wechat::Error::Malformed(_) => Fault::invalid("code", stale),
        wechat::Error::Platform { code, .. } => match code {
            40003 | 40029 | 40163 => Fault::invalid("code", stale),
            45011 => Fault::too_many(60),
            _ => Fault::plain(Code::Outside).because(error),
        },
        _ => Fault::plain(Code::Outside).because(error),
    }
}

/// What I may be asked to accept, and what I have accepted.
#[utoipa::path(
    get, path = "/api/v1/me/subscriptions", tag = "me", security(("bearer" = [])),
    responses(
        (status = 200, body = SubscriptionList),
        (status = 401, body = Problem, content_type = "application/problem+json")
    )
)]
#[handler]
pub async fn list_subscriptions(
    app: Data<&App>,
    caller: Caller,
) -> Result<Json<SubscriptionList>, Fault> {
    let rows = subscription::of_account(app.store.read(), caller.account.id).await?;
    Ok(Json(list(&app, &rows)))
}

fn list(app: &App, rows: &[Subscription]) -> SubscriptionList {
    let templates = app.settings.wechat.mini.subscriptions.iter();
    let items = templates.map(|(kind, template)| {
        let row = rows.iter().find(|row| row.template == template.id);
        SubscriptionView {
            kind: kind.clone(),
            template_id: template.id.clone(),
            remaining: row.map_or(0, |row| row.remaining),
            answer: row.map(|row| row.answer.clone()),
        }
    });
    SubscriptionList {
        items: items.collect(),
    }
}

/// Tell what I answered to `wx.requestSubscribeMessage`.
#[utoipa::path(
    post, path = "/api/v1/me/subscriptions", tag = "me", security(("bearer" = [])),
    request_body = Answers,
    responses(
        (status = 200, body = SubscriptionList),
        (status = "4XX", body = Problem, content_type = "application/problem+json")
    )
)]
#[handler]
pub async fn answer_subscriptions(
    app: Data<&App>,
    caller: Caller,
    once: Once,
    Json(Answers(answers)): Json<Answers>,
) -> Result<Answer, Fault> {
    if answers.len() > MOST_ANSWERS {
        return Err(Fault::invalid("answers", "一次最多 20 个模板。"));
    }
    let known = &app.settings.wechat.mini.subscriptions;
    let mut read = Vec::new();
    for (template, word) in answers.iter().filter(|(name, _)| *name != "errMsg") {
        if !known.values().any(|one| one.id == *template) {
            return Err(Fault::invalid(
                "template",
                "没有这个模板，请重新取模板列表。",
            ));
        }
        let answer: subscription::Answer = word
            .parse()
            .map_err(|_| Fault::invalid("answer", "答复必须是 accept、reject、ban 或 filter。"))?;
        read.push((template, answer));
    }
    once.answer(&app, 200, async |tx| {
        for (template, answer) in read {
            subscription::note(tx, caller.account.id, template, answer, Teller::Phone).await?;
        }
        let rows = subscription::of_account(tx.db(), caller.account.id).await?;
        Ok(list(&app, &rows))
    })
    .await
}
