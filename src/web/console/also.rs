//! What can be done to a case beside the work on it, as forms: help with it, put two together or apart,
//! word the board anew, say why there is no photo, look who stands behind it, send it to mediation. Drawn
//! and sent like those of `act.rs`, which asks here for what it does not know.

use askama::Template;
use entity::kinds::{CaseKind, Centre};
use poem::Response;
use poem::http::StatusCode;
use sea_orm::{ActiveEnum, Iterable};

use crate::access::permit::{Deed, may};
use crate::base::fault::{Code, Fault};
use crate::base::key::key_in;
use crate::base::phone::Phone;
use crate::case::actions::{self, Helped, Identity};
use crate::case::queries::{self, Found, holds};
use crate::case::shield;
use crate::case::step::{Action, OPEN, row};
use crate::mediation::{actions as mediations, centre_says};
use crate::store::Tx;
use crate::web::console::act::{ActForm, Shape, again, as_seen, of_one_name, seen, stale};
use crate::web::console::around::Around;
use crate::web::console::form::{Form, Typed};
use crate::web::console::frame::{Frame, show};
use crate::web::console::guard::Desk;
use crate::web::pages::go;

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Help,
    Invite,
    Leave,
    Merge,
    Part,
    Reword,
    NoPhoto,
    Mediate,
    Identity,
}

/// It as a form.
struct Also {
    what: What,
    key: &'static str,
    words: &'static str,
    shape: Shape,
    field: &'static str,
    label: &'static str,
    hint: &'static str,
}

const fn plain(what: What, key: &'static str, words: &'static str) -> Also {
    Also {
        what,
        key,
        words,
        shape: Shape::Button,
        field: "",
        label: "",
        hint: "",
    }
}

const fn typed(
    what: What,
    key: &'static str,
    words: &'static str,
    shape: Shape,
    asks: (&'static str, &'static str, &'static str),
) -> Also {
    Also {
        shape,
        field: asks.0,
        label: asks.1,
        hint: asks.2,
        ..plain(what, key, words)
    }
}

const ALSO: &[Also] = &[
    plain(What::Help, "help", "我来助力"),
    plain(What::Leave, "leave", "退出助力"),
    plain(What::Part, "unmerge", "拆分，单独办理"),
    typed(
        What::Invite,
        "invite",
        "请人助力",
        Shape::Name,
        (
            "name",
            "请谁来帮忙",
            "写姓名；同名的加上职务，例如：王建国 楼栋长",
        ),
    ),
    typed(
        What::NoPhoto,
        "no-photo",
        "没有照片，写原因",
        Shape::Words,
        (
            "reason",
            "为什么没有照片",
            "还缺的照片都按这个原因记，例如：住户不让拍",
        ),
    ),
    typed(
        What::Reword,
        "reword",
        "改公示内容",
        Shape::Words,
        (
            "text",
            "新的公示内容",
            "大家会看到，不写姓名、电话和房号；要再审核一次",
        ),
    ),
    typed(
        What::Merge,
        "merge",
        "合并到另一件",
        Shape::Number,
        (
            "into",
            "另一件的编号",
            "同一件事才合并：这件结束，提出人跟着那件看进展",
        ),
    ),
    typed(
        What::Mediate,
        "mediate",
        "转调解",
        Shape::Choice,
        ("centre", "转到哪一级调解中心", "转去后这件诉求暂停计时"),
    ),
    typed(
        What::Identity,
        "identity",
        "查看身份",
        Shape::Words,
        (
            "reason",
            "为什么要看",
            "每次查看都有记录，提出人能看到，例如：需要当面核实",
        ),
    ),
];

/// Whether it is one for whoever looks, as things stand.
fn is_possible(desk: &Desk, found: &Found, around: &Around, what: What) -> bool {
    let (actor, case, path) = (desk.actor(), &found.case, &found.place.path);
    let own = holds(actor, found);
    let gives = may(actor, Deed::DispatchCases, path) || may(actor, Deed::Administer, path);
    let works = may(actor, Deed::WorkCases, path);
    let filed = actor.person_id() == Some(case.reporter_id);
    let is_from = |action| row(action).from.contains(&case.state);
    match what {
        What::Help => is_from(Action::Assist) && works && !own && !filed && !around.helps,
        What::Leave => is_from(Action::Assist) && around.is_asked,
        What::Invite => is_from(Action::Assist) && (own || gives),
        What::Merge => is_from(Action::Merge) && (own || gives),
        What::Part => is_from(Action::Unmerge) && (own || gives),
        What::Reword => around.may_reword,
        What::NoPhoto => actions::may_waive(actor, found) && around.owes.is_some(),
        What::Mediate => {
            let kind = matches!(case.kind, CaseKind::Dispute | CaseKind::Complaint);
            let may = own || gives || may(actor, Deed::Mediate, path);
            kind && !case.anonymous && OPEN.contains(&case.state) && may && !around.in_mediation
        }
        What::Identity => may(actor, Deed::SeeIdentities, path) || shield::may_look(actor, found),
    }
}

/// Those of the page, behind those of the work.
pub(super) fn forms(
    desk: &Desk,
    found: &Found,
    around: &Around,
    tried: Option<&(String, Typed)>,
) -> Vec<ActForm> {
    let mut forms = Vec::new();
    for also in ALSO {
        let typed = tried
            .filter(|(key, _)| key == also.key)
            .map(|(_, typed)| typed);
        if !is_possible(desk, found, around, also.what) && typed.is_none() {
            continue;
        }
        forms.push(ActForm {
            key: also.key,
            words: also.words,
            field: also.field,
            label: also.label,
            hint: also.hint,
            shape: also.shape,
            choices: choices(also.what, around),
            templates: Vec::new(),
            value: typed.map_or_else(
                || beginning(also.what, around),
                |typed| typed.value(also.field).to_owned(),
            ),
            error: typed
                .and_then(|typed| typed.error(also.field))
                .map(str::to_owned),
            open: typed.is_some(),
        });
    }
    forms
}

fn choices(what: What, around: &Around) -> Vec<(String, String)> {
    match what {
        What::Mediate => Centre::iter()
            .map(|centre| {
                (
                    centre.to_value(),
                    format!("{}调解中心", centre_says(centre)),
                )
            })
            .collect(),
        What::Merge => around
            .alike
            .iter()
            .map(|alike| (alike.id.to_string(), alike.says()))
            .collect(),
        _ => Vec::new(),
    }
}

/// What was refused is not to be typed again from nothing.
fn beginning(what: What, around: &Around) -> String {
    match what {
        What::Reword => around.board.clone().unwrap_or_default(),
        _ => String::new(),
    }
}

/// What became of a form.
enum Done {
    Told,
    Seen(Box<Identity>),
}

/// Takes a form that `act.rs` does not know.
pub(super) async fn take(
    desk: &Desk,
    id: i64,
    key: String,
    form: &Form,
) -> Result<Response, Fault> {
    let known = ALSO.iter().find(|also| also.key == key);
    let known = known.ok_or_else(|| Fault::plain(Code::NotFound))?;
    match perform(desk, id, known, form).await {
        Ok(Done::Told) => Ok(go(&format!("/console/cases/{id}?said={key}"))),
        Ok(Done::Seen(who)) => show(StatusCode::OK, &IdentityPage::new(desk, id, *who)),
        Err(fault) => again(desk, id, key, known.shape == Shape::Name, form, fault).await,
    }
}

async fn perform(desk: &Desk, id: i64, also: &Also, form: &Form) -> Result<Done, Fault> {
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    as_shown(&tx, desk, id, also.what, form.text("seen")).await?;
    let done = run(&mut tx, desk, id, also.what, form.text(also.field)).await?;
    tx.commit().await?;
    Ok(done)
}

/// Whether the case is still as the page showed it. Of two at once the second finds what the first has made of it.
async fn as_shown(tx: &Tx, desk: &Desk, id: i64, what: What, mark: &str) -> Result<(), Fault> {
    if what != What::Merge {
        return as_seen(tx, desk.actor(), id, mark).await.map(drop);
    }
    // Two cases that become one are locked in the order of their numbers by the action; the second finds this one
    // merged.
    let found = queries::visible(tx.db(), desk.actor(), id).await?;
    if seen(&found.case) == mark {
        Ok(())
    } else {
        Err(stale(id))
    }
}

async fn run(tx: &mut Tx, desk: &Desk, id: i64, what: What, words: &str) -> Result<Done, Fault> {
    let actor = desk.actor();
    match what {
        What::Help => drop(actions::assist(tx, actor, id, "").await?),
        What::Invite => invite(tx, desk, id, words.trim()).await?,
        What::Leave => drop(actions::leave(tx, actor, id).await?),
        What::Merge => {
            let into = other(tx, desk, words).await?;
            drop(actions::merge(tx, actor, id, into).await?);
        }
        What::Part => drop(actions::unmerge(tx, actor, id).await?),
        What::Reword => drop(actions::reword(tx, actor, id, words).await?),
        What::NoPhoto => drop(actions::waive_photo(tx, actor, id, None, words).await?),
        What::Mediate => {
            let centre = Centre::try_from_value(&words.to_owned())
                .map_err(|_| Fault::invalid("centre", "没有这一级，请重新选择。"))?;
            drop(mediations::open(tx, actor, id, centre).await?);
        }
        What::Identity => {
            let who = actions::identity(tx, actor, &desk.app.seal, id, words).await?;
            return Ok(Done::Seen(Box::new(who)));
        }
    }
    Ok(Done::Told)
}

async fn invite(tx: &mut Tx, desk: &Desk, id: i64, name: &str) -> Result<(), Fault> {
    if name.is_empty() {
        return Err(Fault::invalid("name", "请写姓名，例如：王建国 楼栋长。"));
    }
    match actions::assist(tx, desk.actor(), id, name).await? {
        Helped::Which(several) => Err(of_one_name(&several)),
        Helped::Invited(_) | Helped::Joined(_) => Ok(()),
    }
}

/// The case to be put together with. One that is not theirs to see is not there.
async fn other(tx: &Tx, desk: &Desk, typed: &str) -> Result<i64, Fault> {
    let none = || Fault::invalid("into", "没有找到这件诉求，请核对编号，例如：12。");
    let typed = typed.trim();
    let id = key_in(typed.strip_prefix('#').unwrap_or(typed), |_| none())?;
    match queries::visible(tx.db(), desk.actor(), id).await {
        Ok(_) => Ok(id),
        Err(fault) if fault.code == Code::NotFound => Err(none()),
        Err(fault) => Err(fault),
    }
}

#[derive(Template)]
#[template(path = "web/console/identity.html")]
struct IdentityPage {
    frame: Frame,
    id: i64,
    facts: Vec<(&'static str, String)>,
}

impl IdentityPage {
    fn new(desk: &Desk, id: i64, who: Identity) -> Self {
        let phone = |phone: Option<Phone>| {
            phone.map_or_else(|| "未登记".to_owned(), |phone| phone.digits().to_owned())
        };
        let mut facts = Vec::new();
        match (who.filed_by, who.asker, who.asker_phone) {
            (Some(by), asker, asker_phone) if asker.is_some() || asker_phone.is_some() => {
                facts.push(("代报人", by));
                let asker = asker.unwrap_or_else(|| "未留姓名".to_owned());
                facts.push(("来人", asker));
                if who.with_phones {
                    facts.push(("电话", phone(asker_phone)));
                }
            }
            (filed_by, ..) => {
                facts.extend(filed_by.map(|by| ("代报人", by)));
                facts.push(("提出人", who.name));
                facts.push(("房号", who.homes.join("、")));
                if who.with_phones {
                    facts.push(("电话", phone(who.phone)));
                }
            }
        }
        Self {
            frame: Frame::new(desk, format!("诉求 #{id} 的身份")),
            id,
            facts,
        }
    }
}
