//! What the forms of drives, donations and uses do. The pages are `giving.rs`.

use chrono::NaiveDate;
use entity::kinds::DonationKind;
use entity::{drive, place};
use poem::web::Path;
use poem::{Response, handler};

use super::giving::{NONE, again, of_key, reached};
use super::giving_edit::edit;
use super::payment::typed_amount;
use super::payments_take::keep_proof;
use crate::access::Actor;
use crate::access::permit::Deed;
use crate::base::fault::{Code, Fault};
use crate::base::fen::Fen;
use crate::giving::actions::{self, NewUse, Said};
use crate::store::Tx;
use crate::web::console::compound::ground;
use crate::web::console::days::is_elsewhere;
use crate::web::console::files;
use crate::web::console::form::{Form, Typed};
use crate::web::console::guard::{Desk, status};
use crate::web::console::upload::Uploads;
use crate::web::pages::go;
use crate::wechat::http::percent;

/// The forms, with what is said once each is done.
const ACTS: &[(&str, &str)] = &[
    ("open", "drive-opened"),
    ("close", "drive-closed"),
    ("receive", "gift-received"),
    ("decline", "gift-declined"),
    ("use", "gift-used"),
];
/// Forms with pictures of one person in a minute.
const PER_MINUTE: u32 = 30;

fn day(field: &'static str, typed: &str) -> Result<NaiveDate, Fault> {
    typed
        .trim()
        .parse()
        .map_err(|_| Fault::invalid(field, "日期写成 2026-12-01 这样。"))
}

fn said_in(form: &Form) -> Result<Said, Fault> {
    let typed = |name: &str| form.text(name).trim().to_owned();
    let goal = match typed("goal").as_str() {
        "" => None,
        text => Some(
            Fen::parse(text)
                .map(|goal| goal.0)
                .ok_or_else(|| Fault::invalid("goal", "金额写成 5000 或 5000.50 这样。"))?,
        ),
    };
    Ok(Said {
        title: typed("title"),
        text: typed("text"),
        goal,
        from: day("from", form.text("from"))?,
        to: match typed("to").as_str() {
            "" => None,
            text => Some(day("to", text)?),
        },
    })
}

/// `POST /console/giving/new`: a new draft, or an old one anew.
///
/// # Errors
/// As the action's, where they are not shown beside the form.
#[handler]
pub async fn write(desk: &Desk, form: Form) -> Result<Response, Fault> {
    let code = form.text("compound");
    let (compound, _) = ground(desk, code, &[Deed::RunDrives]).await?;
    let of = known(&form);
    match save(desk, &form, &compound, of).await {
        Ok(row) => Ok(go(&format!("/console/giving/{}?said=drive-saved", row.id))),
        Err(fault) if is_elsewhere(&fault) => Err(fault),
        Err(fault) => {
            let typed = Typed::wrong(&form, &fault);
            edit(desk, code, of, status(&fault), typed).await
        }
    }
}

/// The draft that a form is about, and the version that its page showed.
fn known(form: &Form) -> Option<(i64, i32)> {
    let id = form.text("of").parse().ok()?;
    Some((id, form.text("seen").parse().ok()?))
}

async fn save(
    desk: &Desk,
    form: &Form,
    compound: &place::Model,
    of: Option<(i64, i32)>,
) -> Result<drive::Model, Fault> {
    let said = said_in(form)?;
    let mut tx = desk.app.store.begin(desk.app.clock.now()).await?;
    let row = actions::save(&mut tx, desk.actor(), compound, of, &said).await?;
    tx.commit().await?;
    Ok(row)
}

/// `POST /console/giving/:id/:act`
///
/// # Errors
/// `not_found` for a drive that is not theirs, and for a form that there is none of.
#[handler]
pub async fn take(
    desk: &Desk,
    Path((key, act)): Path<(String, String)>,
    form: Form,
    uploads: Uploads,
) -> Result<Response, Fault> {
    if act == "contact" {
        return contact(desk, &key, &form).await;
    }
    let known = ACTS.iter().find(|(known, _)| *known == act);
    let (act, said) = known.ok_or_else(|| Fault::plain(Code::NotFound))?;
    let code = form.text("compound");
    let (row, compound) = of_key(desk, &key, code).await?;
    match perform(desk, (row.as_ref(), &compound), act, &form, &uploads).await {
        Ok(()) => {
            let code = percent(&compound.code);
            Ok(go(&format!(
                "/console/giving/{key}?compound={code}&said={said}"
            )))
        }
        Err(fault) if fault.is_ours() || fault.code == Code::NotFound => Err(fault),
        Err(fault) => {
            let typed = Typed::wrong(&form, &fault);
            again(desk, &key, &compound.code, status(&fault), (act, typed)).await
        }
    }
}

/// How whoever gives goods is reached: on record, and shown once.
async fn contact(desk: &Desk, key: &str, form: &Form) -> Result<Response, Fault> {
    let (_, compound) = of_key(desk, key, form.text("compound")).await?;
    let id: Option<i64> = form.text("of").parse().ok();
    let id = id.ok_or_else(|| Fault::plain(Code::NotFound))?;
    let tx = desk.app.store.begin(desk.app.clock.now()).await?;
    match actions::contact(&tx, desk.actor(), &desk.app.seal, id).await {
        Ok(who) => {
            tx.commit().await?;
            let says = match who.phone {
                Some(phone) => format!("{}，电话 {}", who.name, phone.digits()),
                None => format!("{}，没有登记电话", who.name),
            };
            let at = (compound.code.as_str(), form.text("cursor"));
            reached(desk, key, at, (id, says)).await
        }
        Err(fault) if fault.is_ours() || fault.code == Code::NotFound => Err(fault),
        Err(fault) => {
            tx.rollback().await?;
            let tried = ("contact", Typed::wrong(form, &fault));
            again(desk, key, &compound.code, status(&fault), tried).await
        }
    }
}

async fn perform(
    desk: &Desk,
    (row, compound): (Option<&drive::Model>, &place::Model),
    act: &str,
    form: &Form,
    uploads: &Uploads,
) -> Result<(), Fault> {
    let app = &desk.app;
    let has_proof = act == "use" && uploads.of("proof").next().is_some();
    let kept = if has_proof {
        let by = desk.actor().require_person()?;
        let key = format!("console:giving:{by}");
        if !app.limiter.take(&key, PER_MINUTE).await {
            return Err(Fault::too_many(30));
        }
        keep_proof(desk, uploads).await?
    } else {
        None
    };
    let mut tx = app.store.begin(app.clock.now()).await?;
    let file = files::settle(&tx, kept).await?;
    run(&mut tx, desk.actor(), (row, compound), act, form, file).await?;
    tx.commit().await
}

async fn run(
    tx: &mut Tx,
    actor: &Actor,
    (row, compound): (Option<&drive::Model>, &place::Model),
    act: &str,
    form: &Form,
    proof: Option<i64>,
) -> Result<(), Fault> {
    let id = row.map(|row| row.id);
    let donation = || form.text("of").parse::<i64>().ok();
    let none = || Fault::plain(Code::NotFound);
    match act {
        "open" => actions::open(tx, actor, id.ok_or_else(none)?)
            .await
            .map(drop),
        "close" => actions::close(tx, actor, id.ok_or_else(none)?)
            .await
            .map(drop),
        "receive" => actions::receive(tx, actor, donation().ok_or_else(none)?)
            .await
            .map(drop),
        "decline" => {
            let reason = form.text("reason");
            let id = donation().ok_or_else(none)?;
            actions::decline(tx, actor, id, reason).await.map(drop)
        }
        _ => {
            let new = use_in(form, id, proof)?;
            actions::spend(tx, actor, compound, new).await.map(drop)
        }
    }
}

/// What the form of a use says.
fn use_in(form: &Form, drive_id: Option<i64>, proof_id: Option<i64>) -> Result<NewUse, Fault> {
    let goods = form.text("kind") == "goods";
    let number = |field: &'static str, says: &'static str| {
        let typed = form.text(field).trim().trim_start_matches(['#', '＃']);
        let number: Option<i64> = typed.parse().ok();
        number.ok_or_else(|| Fault::invalid(field, says))
    };
    Ok(NewUse {
        drive_id,
        kind: match goods {
            true => DonationKind::Goods,
            false => DonationKind::Money,
        },
        what: form.text("what").to_owned(),
        day: day("day", form.text("day"))?,
        amount: match goods {
            true => number("amount", "件数写成数字，例如：1。")?,
            false => typed_amount(form)?,
        },
        expense_id: match goods {
            true => None,
            false => Some(number("expense", "请写已支付的那笔支出的编号，例如：12。")?),
        },
        donation_id: match goods {
            true => Some(number("donation", "请写用的是哪一笔捐物的编号。")?),
            false => None,
        },
        proof_id,
        mark: form.text("mark").to_owned(),
    })
}

/// The address of a page of donations.
pub(super) fn address(drive_id: Option<i64>, compound: &place::Model, said: &str) -> String {
    let key = drive_id.map_or_else(|| NONE.to_owned(), |id| id.to_string());
    let code = percent(&compound.code);
    format!("/console/giving/{key}?compound={code}&said={said}")
}
