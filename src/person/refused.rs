//! Tells an account that is nobody's that its request was refused. The postman writes to people;
//! this account has none, so one customer-service message goes to it while the platform allows.

use entity::kinds::{BindingState, DeliveryState};
use entity::{account, delivery, reminder};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter};

use crate::app::App;
use crate::base::fault::Fault;
use crate::base::text::shorten;
use crate::person::remind::{read, refused_text};
use crate::reminder::{BoxFuture, Verdict};

/// Obeys the reminder.
pub(super) fn tell<'a>(
    app: &'a App,
    reminder: &'a reminder::Model,
) -> BoxFuture<'a, Result<Verdict, Fault>> {
    Box::pin(async move {
        let Some((row, home)) = read(app, std::slice::from_ref(reminder)).await? else {
            return Ok(Verdict::Drop);
        };
        let account = account::Entity::find_by_id(row.account_id)
            .one(app.store.read())
            .await?;
        let Some(account) = account.filter(|_| row.state == BindingState::Refused) else {
            return Ok(Verdict::Drop);
        };
        let went_out = delivery::Entity::find()
            .filter(delivery::COLUMN.reminder_id.eq(reminder.id))
            .filter(
                delivery::COLUMN
                    .state
                    .is_in([DeliveryState::Sent, DeliveryState::Delivered]),
            )
            .one(app.store.read())
            .await?;
        if went_out.is_some() {
            return Ok(Verdict::Done);
        }
        if !take_of_window(app, account.id).await? {
            note(app, reminder, account.id, DeliveryState::Unreachable, None).await?;
            return Ok(Verdict::Fail("客服消息的时间窗已过".to_owned()));
        }
        let sent = app
            .official_client
            .custom_text(
                &account.external_id,
                &refused_text(&row, &home),
                app.clock.now().timestamp(),
            )
            .await;
        match sent {
            Ok(()) => {
                note(app, reminder, account.id, DeliveryState::Sent, None).await?;
                Ok(Verdict::Done)
            }
            Err(error) => {
                let said = shorten(&error.to_string(), 300);
                note(
                    app,
                    reminder,
                    account.id,
                    DeliveryState::Failed,
                    Some(said.clone()),
                )
                .await?;
                Ok(Verdict::Retry(said))
            }
        }
    })
}

/// Takes one of the messages that the account's last word allows.
async fn take_of_window(app: &App, account_id: i64) -> Result<bool, Fault> {
    let left = account::Column::WindowLeft;
    let taken = account::Entity::update_many()
        .col_expr(left, Expr::col(left).sub(1))
        .filter(account::COLUMN.id.eq(account_id))
        .filter(account::COLUMN.window_left.gt(0))
        .filter(account::COLUMN.window_until.gt(app.clock.now()))
        .exec(app.store.write())
        .await?;
    Ok(taken.rows_affected == 1)
}

async fn note(
    app: &App,
    reminder: &reminder::Model,
    account_id: i64,
    state: DeliveryState,
    error: Option<String>,
) -> Result<(), Fault> {
    let now = app.clock.now();
    let row = delivery::ActiveModel {
        reminder_id: Set(Some(reminder.id)),
        account_id: Set(Some(account_id)),
        channel: Set("customer".to_owned()),
        kind: Set(reminder.kind.clone()),
        subject: Set(reminder.subject.clone()),
        client_msg_id: Set(format!("r{}", reminder.id)),
        state: Set(state),
        error: Set(error),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    delivery::Entity::insert(row)
        .exec_without_returning(app.store.write())
        .await?;
    Ok(())
}
