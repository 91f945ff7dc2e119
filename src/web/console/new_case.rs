//! `/console/cases/new`: a case filed for somebody at the counter or on the phone (代报, decision 0013).
//! What was typed about whoever asks stays with the case; a phone is sealed before it is stored.

use askama::Template;
use entity::kinds::{CaseKind, Channel};
use entity::place;
use poem::http::StatusCode;
use poem::{Response, handler};
use sea_orm::{ActiveEnum, Iterable};

use crate::access::permit::{Deed, may_somewhere};
use crate::base::fault::{Code, Fault};
use crate::base::phone::Phone;
use crate::base::text::{clean, fold, shorten};
use crate::case::actions::{self, Asked, Behalf, Filing, Request};
use crate::case::behalf::Whom;
use crate::case::kind_says;
use crate::store::Tx;
use crate::web::console::asked;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::{Desk, status};
use crate::web::console::once::{mark, once};
use crate::web::pages::go;

/// Characters of how somebody calls themselves.
const MOST_NAME: usize = 20;
/// The fields beside which an error may stand.
const FIELDS: [&str; 7] = ["channel", "kind", "text", "home", "place", "asker", "phone"];

#[derive(Template)]
#[template(path = "web/console/new_case.html")]
struct NewCase {
    frame: Frame,
    kinds: Vec<(String, &'static str)>,
    mark: String,
    typed: Typed,
    problem: Option<String>,
}

fn page(desk: &Desk, status: StatusCode, typed: Typed) -> Result<Response, Fault> {
    let page = NewCase {
        frame: Frame::new(desk, "新诉求（代报）"),
        kinds: CaseKind::iter()
            .map(|kind| (kind.to_value(), kind_says(kind)))
            .collect(),
        problem: typed.general(&FIELDS).map(str::to_owned),
        mark: mark(desk),
        typed,
    };
    show(status, &page)
}

fn check(desk: &Desk) -> Result<(), Fault> {
    if may_somewhere(desk.actor(), Deed::FileForOthers) {
        return Ok(());
    }
    Err(Fault::forbidden(
        "您没有代报的权限，请让居民自己提，或找网格员代报。",
    ))
}

/// `GET /console/cases/new`
///
/// # Errors
/// `forbidden` for whoever may not file for others.
#[handler]
pub fn ask(desk: &Desk) -> Result<Response, Fault> {
    check(desk)?;
    let typed = Typed::with(&[("channel", "walk_in"), ("kind", "repair")]);
    page(desk, StatusCode::OK, typed)
}

/// `POST /console/cases/new`
///
/// # Errors
/// As [`ask`]; the database's.
#[handler]
pub async fn take(desk: &Desk, form: Form) -> Result<Response, Fault> {
    check(desk)?;
    match file(desk, &form).await {
        Ok(id) => Ok(go(&format!("/console/cases/{id}?said=new-case"))),
        Err(fault) if fault.is_ours() => Err(fault),
        Err(fault) => {
            let fault = beside(fault);
            page(desk, status(&fault), Typed::wrong(&form, &fault))
        }
    }
}

/// Sentences of the chat, put beside the field of the page that they are about.
fn beside(fault: Fault) -> Fault {
    match (fault.code, fault.field) {
        (Code::NotFound | Code::Invalid, Some("home")) | (Code::NotFound, None) => Fault::invalid(
            "home",
            "没有找到这个房号，或有几个小区都有它。请核对，几个小区时写上小区编号，例如 GY/3-2-501。",
        ),
        (Code::Forbidden, None) => Fault::invalid(
            "place",
            "请写明地点的编号，要和内容里说的楼栋一致，例如 3 栋写 3。",
        ),
        _ => fault,
    }
}

async fn file(desk: &Desk, form: &Form) -> Result<i64, Fault> {
    let choice = |field: &'static str| Fault::invalid(field, "没有这一项，请重新选择。");
    let kind = CaseKind::try_from_value(&form.text("kind").to_owned());
    let kind = kind.map_err(|_| choice("kind"))?;
    let channel = match form.text("channel") {
        "walk_in" => Channel::WalkIn,
        "phone" => Channel::Phone,
        _ => return Err(choice("channel")),
    };
    let place = place(desk, form.text("place")).await?;
    once(desk, form, "cases/new", async |tx| {
        let (behalf, text) = behalf(tx, desk, form).await?;
        let filing = Filing {
            kind,
            text,
            home_id: None,
            channel,
            location: None,
            at: place.map(|place| place.id),
            anonymous: form.text("anonymous") == "1",
            behalf: Some(behalf),
        };
        let filed = actions::file(tx, desk.actor(), filing).await?;
        Ok(filed.case.id)
    })
    .await
}

/// Where it is, if that was written: a place in the reach of whoever writes.
async fn place(desk: &Desk, typed: &str) -> Result<Option<place::Model>, Fault> {
    let asked = asked::Asked {
        place: typed.trim().to_owned(),
        ..asked::Asked::default()
    };
    let (wanted, wrong) = asked.read(desk.app.store.read(), desk.actor()).await?;
    match wrong.into_iter().find(|(field, _)| *field == "place") {
        Some((_, words)) => Err(Fault::invalid("place", words)),
        None => Ok(wanted.place),
    }
}

/// For whom, and the matter.
async fn behalf(tx: &mut Tx, desk: &Desk, form: &Form) -> Result<(Box<Behalf>, String), Fault> {
    let (home, asker) = (clean(form.text("home")), clean(form.text("asker")));
    let text = clean(form.text("text"));
    let typed = form.text("phone").trim();
    let phone = match typed {
        "" => None,
        typed => Some(Phone::parse(typed).ok_or_else(|| {
            Fault::invalid(
                "phone",
                "手机号写 11 位数字，例如 13800000000；不知道就不写。",
            )
        })?),
    };
    let whom = if !home.is_empty() {
        Whom::Home(home)
    } else if let Some(phone) = &phone {
        Whom::Phone(phone.clone())
    } else if !asker.is_empty() {
        Whom::Called(shorten(&asker, MOST_NAME))
    } else {
        Whom::Unsaid
    };
    let mut behalf = match find(tx, desk, &whom, text.clone()).await? {
        Asked::One(behalf, _) => behalf,
        Asked::Which(names) => {
            let Some(name) = names.iter().find(|name| fold(name) == fold(&asker)) else {
                let words = format!("这里有几位：{}。请写清是哪一位。", names.join("、"));
                return Err(Fault::invalid("asker", words));
            };
            match find(tx, desk, &whom, format!("{name} {text}")).await? {
                Asked::One(behalf, _) => behalf,
                Asked::Which(_) => {
                    return Err(Fault::invalid("asker", "有几位同名，请改写房号。"));
                }
            }
        }
    };
    // The roster may not know whoever stands here: what they said of themselves is kept.
    let name = behalf.reporter.person.as_ref().map(|person| &person.name);
    let is_other = name.is_none_or(|name| fold(name) != fold(&asker));
    if !asker.is_empty() && (!behalf.known || is_other) {
        behalf.asker = Some(shorten(&asker, MOST_NAME));
    }
    if let Some(phone) = phone.filter(|_| !behalf.known || !matches!(whom, Whom::Phone(_))) {
        let sealed = desk.app.seal.seal(&desk.app.dice, phone.digits())?;
        behalf.asker_phone_sealed = Some(sealed);
    }
    Ok((behalf, text))
}

async fn find(tx: &mut Tx, desk: &Desk, whom: &Whom, text: String) -> Result<Asked, Fault> {
    let request = Request {
        whom: whom.clone(),
        text,
    };
    let app = &desk.app;
    actions::ask(tx, desk.actor(), &app.seal, &app.dice, request).await
}
