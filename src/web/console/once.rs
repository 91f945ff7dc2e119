//! Forms that make something new and have no row whose state would refuse the second: each is sent with a mark of its
//! own, under which the answer is kept as for the API (`access/once.rs`). Sent twice, from two pages or over two
//! instances, it is done once and leads to the same place.

use crate::access::once::Once;
use crate::base::fault::{Code, Fault};
use crate::store::Tx;
use crate::web::console::form::Form;
use crate::web::console::guard::Desk;
use crate::wechat::crypto::hex;

/// A mark for a form as it is shown.
pub(super) fn mark(desk: &Desk) -> String {
    hex(&desk.app.dice.bytes::<16>())
}

/// Does what the form asks for and gives the key of what it made; of a form that was sent before, the key of then.
///
/// # Errors
/// `wrong_step` for other words under the mark of a form that was sent; those of `work`, of which nothing stays.
pub(super) async fn once(
    desk: &Desk,
    form: &Form,
    what: &str,
    work: impl AsyncFnOnce(&mut Tx) -> Result<i64, Fault>,
) -> Result<i64, Fault> {
    let person = desk.actor().require_person()?;
    let once = Once::of_form(person, form.text("mark"), form.print(what));
    let answer = once.answer(&desk.app, 303, work).await;
    let answer = answer.map_err(|fault| match fault.code {
        Code::KeyReused => Fault::wrong_step(
            "原来的内容已经交过了。改过的内容还在下面，确实要另交一份请再按一次提交。",
        ),
        _ => fault,
    })?;
    answer.body.parse().map_err(Fault::internal)
}
