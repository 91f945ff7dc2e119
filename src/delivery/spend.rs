//! What a way has only so many of: the accepts of a template, the places in the window of a person's
//! last word. Taken before a message goes out, given back when it did not. Used by `send` and `say`.

use entity::account;
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait, ExprTrait, QueryFilter};

use super::choose::{Carrier, Way};
use super::subscription;
use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::config::Template;
use crate::wechat::Error;
use crate::wechat::errors::{Action, action};

/// Most customer-service messages that one word of the person's allows.
const WINDOW_MOST: i32 = 5;

/// Takes one of what the way has only so many of.
pub(super) async fn take_of(
    app: &App,
    carrier: Carrier,
    account_id: i64,
    form: Option<&Template>,
    now: Moment,
) -> Result<bool, Fault> {
    match (carrier, form) {
        (Carrier::Customer, _) => take_of_window(app, account_id, now).await,
        (Carrier::Notice | Carrier::Subscription, Some(form)) => {
            subscription::take(app.store.write(), account_id, &form.id).await
        }
        _ => Ok(true),
    }
}

/// Gives back what a message that did not go out has not used. An accept is spent when nobody knows
/// whether it went out; a place in the window is not, since the platform says when there is none.
pub(super) async fn return_unused(
    app: &App,
    way: Way,
    form: Option<&Template>,
    error: &Error,
    now: Moment,
) {
    let given = match (way.carrier, form) {
        (Carrier::Customer, _) => return_to_window(app, way.account_id, error, now).await,
        (Carrier::Notice | Carrier::Subscription, Some(form)) if spares_the_accept(error) => {
            subscription::give_back(app.store.write(), way.account_id, &form.id).await
        }
        _ => Ok(()),
    };
    if let Err(fault) = given {
        tracing::warn!(?fault, "what was not used could not be given back");
    }
}

/// Whether the accept stands after this error.
fn spares_the_accept(error: &Error) -> bool {
    match error {
        Error::Platform { code, .. } => action(*code) != Action::SubscriptionUsed,
        Error::Unreached => true,
        _ => false,
    }
}

/// Takes one of the customer messages that the person's last word allows; all instances share them.
pub(super) async fn take_of_window(app: &App, account_id: i64, now: Moment) -> Result<bool, Fault> {
    let taken = account::Entity::update_many()
        .col_expr(
            account::Column::WindowLeft,
            Expr::col(account::Column::WindowLeft).sub(1),
        )
        .filter(account::COLUMN.id.eq(account_id))
        .filter(account::COLUMN.window_left.gt(0))
        .filter(account::COLUMN.window_until.gt(now))
        .exec(app.store.write())
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Gives one back after an error that says nothing about the window, as long as it is open.
///
/// # Errors
/// The database's.
pub(super) async fn return_to_window(
    app: &App,
    account_id: i64,
    error: &Error,
    now: Moment,
) -> Result<(), Fault> {
    let closed = |code: i64| matches!(action(code), Action::OutsideWindow | Action::WaitForUser);
    if matches!(error, Error::Platform { code, .. } if closed(*code)) {
        return Ok(());
    }
    account::Entity::update_many()
        .col_expr(
            account::Column::WindowLeft,
            Expr::col(account::Column::WindowLeft).add(1),
        )
        .filter(account::COLUMN.id.eq(account_id))
        .filter(account::COLUMN.window_left.lt(WINDOW_MOST))
        .filter(account::COLUMN.window_until.gt(now))
        .exec(app.store.write())
        .await?;
    Ok(())
}
