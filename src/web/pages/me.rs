//! `/me`: what a resident wants to see at a glance: my homes, my cases with their steps, how to write
//! commands. Called by `router.rs`.

use entity::kinds::{BindingState, CaseState, Outcome, PhotoStage};
use entity::{attachment, case};
use poem::http::{StatusCode, header};
use poem::web::Data;
use poem::{Request, Response, handler};

use super::privacy::{Correction, correction_part};
use super::{escape, go, page, session_cookie, visitor};
use crate::access::session::{self, Caller};
use crate::app::App;
use crate::attachment::link::{self, Variant};
use crate::attachment::queries as attachments;
use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::case::course::{self, Course};
use crate::case::{STEPS, case_says, kind_says, queries, step_says, subject};
use crate::place::queries as places;
use crate::privacy::consent;
use crate::wechat::http::percent;

/// Cases shown, the newest first.
const MOST_CASES: u64 = 20;
/// Homes shown.
const MOST_HOMES: usize = 10;
/// Boards that are led to.
const MOST_BOARDS: u64 = 10;
/// Characters of a case's text.
const SHOWN: usize = 60;
/// What is typed in the chat, and what it does.
const COMMANDS: &[(&str, &str)] = &[
    ("报修 3栋电梯停了", "公共设施、房屋要修"),
    ("投诉 楼道堆杂物没人管", "对服务或他人不满"),
    ("建议 门口加一盏灯", "给小区出主意"),
    ("求助 想请人上门看看老人", "需要人帮忙"),
    ("进度", "看办到哪一步"),
    ("菜单", "看全部功能，回复数字就行"),
];

/// `GET /me`
///
/// # Errors
/// The database's.
#[handler]
pub async fn show_me(Data(app): Data<&App>, request: &Request) -> Result<Response, Fault> {
    match visitor(app, request).await? {
        Some(caller) => {
            consent::show(app, &caller.account).await?;
            let contents = contents(app, &caller).await?;
            Ok(page(StatusCode::OK, "我的", &contents))
        }
        None => Ok(go("/wechat/oauth/start?to=/me")),
    }
}

/// `POST /me/leave`: ends the session of this phone.
///
/// # Errors
/// The database's.
#[handler]
pub async fn leave_page(Data(app): Data<&App>, request: &Request) -> Result<Response, Fault> {
    if let Some(caller) = visitor(app, request).await? {
        let tx = app.store.begin(app.clock.now()).await?;
        session::sign_out(&tx, caller.session_id).await?;
        tx.commit().await?;
    }
    let mut response = super::sentence(
        StatusCode::OK,
        "已退出",
        "这部手机上的页面已退出。聊天里的绑定不受影响。",
        Some(("/me", "重新进入")),
    );
    if let Ok(cookie) = session_cookie(app, "").parse() {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn contents(app: &App, caller: &Caller) -> Result<String, Fault> {
    let mut out = String::new();
    if !consent::is_settled(&caller.account) {
        out.push_str("<p class=\"card\">继续使用即表示您同意<a href=\"/privacy\">个人信息处理规则</a>。</p>\n");
    }
    match &caller.actor.person {
        Some(person) => out.push_str(&format!("<p>{}，您好！</p>\n", escape(&person.name))),
        None => out.push_str(
            "<div class=\"card\"><p>您还没有绑定房号。</p><p>请回到公众号的对话，写：</p>\
             <p><b>绑定 3-2-501 姓名 手机号</b></p>\
             <p class=\"soft\">楼-单元-房。工作人员写：绑定 邀请码</p></div>\n",
        ),
    }
    out.push_str(&home_cards(app, caller).await?);
    out.push_str(&boards(app, caller).await?);
    out.push_str(&case_cards(app, caller).await?);
    out.push_str("<h2>在对话里怎么写</h2>\n<div class=\"card\"><ul class=\"commands\">\n");
    for (words, does) in COMMANDS {
        out.push_str(&format!(
            "<li><b>{}</b><span class=\"soft\">{}</span></li>\n",
            escape(words),
            escape(does)
        ));
    }
    out.push_str(
        "</ul></div>\n<p class=\"soft\">紧急情况请直接拨打 110、119、120。</p>\n\
         <h2>我的资料</h2>\n<p><a href=\"/privacy\">个人信息处理规则</a></p>\n",
    );
    out.push_str(&correction_part(app, caller, &Correction::default(), None).await?);
    out.push_str(
        "<form method=\"post\" action=\"/me/export\"><button>导出我的资料</button></form>\n\
         <p><a class=\"button\" href=\"/me/erase\">注销</a></p>\n\
         <form method=\"post\" action=\"/me/leave\"><button>在这部手机上退出</button></form>",
    );
    Ok(out)
}

async fn home_cards(app: &App, caller: &Caller) -> Result<String, Fault> {
    let homes = &caller.actor.homes;
    if homes.is_empty() {
        return Ok(String::new());
    }
    let mut out = "<h2>我的房屋</h2>\n".to_owned();
    for home in homes.iter().take(MOST_HOMES) {
        let place = places::by_id(app.store.read(), home.place_id).await?;
        let name = match &place {
            Some(place) => places::name_of(app.store.read(), place).await?,
            None => home.local_code().to_owned(),
        };
        let (class, state) = match home.state {
            BindingState::Verified => ("state", "已核验"),
            _ => ("state waits", "已登记，可以报修、投诉、建议"),
        };
        out.push_str(&format!(
            "<div class=\"card\"><h3>{}</h3><p><span class=\"{class}\">{state}</span></p></div>\n",
            escape(&name)
        ));
    }
    Ok(out)
}

/// The ways to the public boards of their compounds.
async fn boards(app: &App, caller: &Caller) -> Result<String, Fault> {
    let (db, scanned) = (app.store.read(), caller.account.compound_id);
    let compounds = places::own_compounds(db, &caller.actor, scanned, MOST_BOARDS).await?;
    let mut out = String::new();
    for compound in &compounds {
        out.push_str(&format!(
            "<p><a class=\"button\" href=\"/board/{}\">{}公示栏</a></p>\n",
            escape(&percent(&compound.code)),
            escape(&compound.name)
        ));
    }
    Ok(out)
}

async fn case_cards(app: &App, caller: &Caller) -> Result<String, Fault> {
    let Some(person) = caller.actor.person_id() else {
        return Ok(String::new());
    };
    let cases = queries::mine(app.store.read(), person, None, MOST_CASES).await?;
    let mut out = "<h2>我的诉求</h2>\n".to_owned();
    if cases.is_empty() {
        out.push_str(
            "<p>还没有提过诉求。要反映问题，在对话里写“报修 内容”，也可以用投诉、建议、求助。</p>\n",
        );
    }
    let subjects = cases.iter().map(|case| subject(case.id)).collect();
    let photos = attachments::of_subjects(app.store.read(), subjects).await?;
    let courses = course::of_all(app.store.read(), &cases).await?;
    for case in &cases {
        let course = courses.get(&case.id).copied().unwrap_or_default();
        let own = photos.get(&subject(case.id));
        let own = own.map(Vec::as_slice).unwrap_or_default();
        out.push_str(&card(case, course, &gallery(app, own)));
    }
    Ok(out)
}

/// Small pictures of a case, before and after; each leads to the large one.
fn gallery(app: &App, photos: &[attachment::Model]) -> String {
    let mut out = String::new();
    for row in photos {
        let small = link::path(app, row, Variant::Small);
        let (Some(small), Some(full)) = (small, link::path(app, row, Variant::Full)) else {
            continue;
        };
        let says = match row.stage {
            Some(PhotoStage::After) => "处理后",
            _ => "处理前",
        };
        out.push_str(&format!(
            "<figure><a href=\"{}\"><img src=\"{}\" alt=\"{says}的照片\" loading=\"lazy\"></a>\
             <figcaption>{says}</figcaption></figure>",
            escape(&full),
            escape(&small)
        ));
    }
    match out.is_empty() {
        true => out,
        false => format!("<div class=\"photos\">{out}</div>"),
    }
}

/// A case with its seven steps and what comes next.
fn card(case: &case::Model, course: Course, photos: &str) -> String {
    let waits = matches!(
        case.state,
        CaseState::Raised | CaseState::Assigned | CaseState::Paused | CaseState::ReopenRequested
    );
    let class = if waits { "state waits" } else { "state" };
    let steps: String = STEPS
        .iter()
        .map(|step| {
            let mark = course.mark(case, *step);
            let current = match *step == case.step {
                true => " aria-current=\"step\"",
                false => "",
            };
            format!(
                "<li class=\"{}\"{current}>{}{}</li>",
                mark.class(),
                step_says(*step),
                mark.note()
            )
        })
        .collect();
    let mut lines = String::new();
    for (head, text) in [("方案", &case.plan), ("结果", &case.result)] {
        if let Some(text) = text {
            lines.push_str(&format!("<p>{head}：{}</p>", escape(&shorten(text, 200))));
        }
    }
    format!(
        "<article class=\"card\"><h3>#{} {} <span class=\"{class}\">{}</span></h3>\
         <p>{}</p><ol class=\"steps\" aria-label=\"办理步骤\">{steps}</ol>{lines}{photos}\
         <p class=\"soft\">{} 提出。{}</p></article>\n",
        case.id,
        kind_says(case.kind),
        case_says(case),
        escape(&shorten(&case.text, SHOWN)),
        say(case.created_at),
        next(case),
    )
}

/// What the person may do about it, as it is typed.
fn next(case: &case::Model) -> String {
    let id = case.id;
    match case.state {
        CaseState::Finished if case.reopened || case.reopen_asked_at.is_some() => {
            format!("在对话里写“评价 {id} 5”打分。")
        }
        CaseState::Finished if case.outcome == Some(Outcome::Unsolved) => {
            format!("在对话里写“评价 {id} 3”打分，不同意写“重开 {id} 原因”，由上一级决定。")
        }
        CaseState::Finished => {
            format!("办好了吗？在对话里写“评价 {id} 5”打分，没办好写“重开 {id} 原因”。")
        }
        CaseState::ReopenRequested => "正在等上一级决定是否重开，没有答复就自动重开。".to_owned(),
        CaseState::Reviewed | CaseState::Withdrawn | CaseState::Merged => String::new(),
        _ => format!("要催写“催办 {id}”，要补充写“补充 {id} 内容”。"),
    }
}
