//! Answer templates on the page of a case: which each form offers, and putting one into the field. The
//! button sends the whole form, so that what is typed already stays; as an address it would be too long,
//! and would carry the form's mark.

use poem::Response;
use poem::http::StatusCode;
use sea_orm::ConnectionTrait;

use crate::answer::queries::usable;
use crate::base::fault::{Code, Fault};
use crate::case::fill::{filled, use_of};
use crate::case::queries::{self, Found};
use crate::web::console::act::{ActForm, words_of};
use crate::web::console::case::page;
use crate::web::console::form::{Form, Typed};
use crate::web::console::guard::{Desk, status};

/// Puts the templates of the place into the forms that they are for.
///
/// # Errors
/// The database's.
pub(super) async fn offer<C: ConnectionTrait>(
    db: &C,
    found: &Found,
    forms: &mut [ActForm],
) -> Result<(), Fault> {
    let used = |form: &ActForm| words_of(form.key).and_then(|(word, _)| use_of(word));
    if forms.iter().all(|form| used(form).is_none()) {
        return Ok(());
    }
    let all = usable(db, &found.place.path, found.case.category.as_deref()).await?;
    for form in forms {
        let Some(used_for) = used(form) else { continue };
        let own = all.iter().filter(|row| row.used_for == used_for);
        form.templates = own.map(|row| (row.id, row.name.clone())).collect();
    }
    Ok(())
}

/// `POST /console/cases/:id/fill`: the page again, with the template behind what was typed.
///
/// # Errors
/// `not_found` for a case that the actor may not see, and for a form that takes no template.
pub(super) async fn take(desk: &Desk, id: i64, form: &Form) -> Result<Response, Fault> {
    let db = desk.app.store.read();
    let found = queries::visible(db, desk.actor(), id).await?;
    let none = || Fault::plain(Code::NotFound);
    let key = form.text("fill");
    let (word, field) = words_of(key).ok_or_else(none)?;
    let used_for = use_of(word).ok_or_else(none)?;
    let put = match form.text("template").parse() {
        Ok(template) => filled(db, &found, used_for, template, desk.app.clock.now()).await,
        Err(_) => Err(Fault::invalid(field, "请先选一个模板，再点“填入”。")),
    };
    let (code, typed) = match put {
        Ok(words) => {
            let already = form.text(field).trim_end();
            let sign = if already.is_empty() { "" } else { "\n" };
            let words = format!("{already}{sign}{words}");
            (StatusCode::OK, Typed::with(&[(field, &words)]))
        }
        Err(fault) if fault.is_ours() => return Err(fault),
        Err(fault) => {
            let fault = Fault::invalid(field, fault.detail);
            (status(&fault), Typed::wrong(form, &fault))
        }
    };
    page(desk, id, code, Some((key.to_owned(), typed)), "").await
}
