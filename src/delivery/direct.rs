//! A word to one account by one carrier: what a conversation owes, or what did not fit a card. It
//! obeys the halts that all instances know, its attempts are recorded beside all others, and what
//! has been said is not said again. No other way is asked: the words belong where they were asked
//! for. Used by `say` and `words`.

use entity::kinds::DeliveryState;
use entity::{account, delivery, reminder};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::choose::Carrier;
use super::halt::Halts;
use super::judge::{Mark, Step};
use super::send::{conclude, remember};
use crate::app::App;
use crate::base::fault::Fault;
use crate::reminder::Verdict;
use crate::wechat::Error;

/// One word on its way.
pub(super) struct Direct<'a> {
    app: &'a App,
    row: &'a reminder::Model,
    account: &'a account::Model,
    carrier: Carrier,
    /// Read afresh for each word: there are few of them.
    halts: Halts,
}

impl<'a> Direct<'a> {
    /// For this reminder; a verdict when it has been said, or the carrier is left alone for a while.
    pub(super) async fn begin(
        app: &'a App,
        row: &'a reminder::Model,
        account: &'a account::Model,
        carrier: Carrier,
    ) -> Result<Result<Self, Verdict>, Fault> {
        let said = delivery::Entity::find()
            .filter(delivery::COLUMN.reminder_id.eq(row.id))
            .filter(delivery::COLUMN.state.eq(DeliveryState::Sent))
            .one(app.store.read())
            .await?;
        if said.is_some() {
            return Ok(Err(Verdict::Done));
        }
        let halts = Halts::default();
        Ok(match halts.of(app, carrier).await? {
            Some(halt) => Err(Verdict::Later(halt.until)),
            None => Ok(Self {
                app,
                row,
                account,
                carrier,
                halts,
            }),
        })
    }

    /// Says it by `call`: recorded before, judged after.
    pub(super) async fn say<F>(self, call: F) -> Result<Verdict, Fault>
    where
        F: Future<Output = Result<Option<String>, Error>>,
    {
        let (app, carrier) = (self.app, self.carrier);
        let id = self.record().await?;
        let now = app.clock.now();
        let step = conclude(app, &[id], (carrier, None), call.await, now).await?;
        Ok(match step {
            Step::Sent => {
                self.halts.answered(app, carrier).await?;
                Verdict::Done
            }
            Step::Stop(verdict) => verdict,
            Step::Down(retry) => match self.halts.missed(app, carrier).await? {
                Some(until) => Verdict::Later(until),
                None => retry,
            },
            Step::Next(verdict, mark) => {
                if mark != Mark::Blocked {
                    self.halts.answered(app, carrier).await?;
                }
                remember(app, &self.halts, self.account.id, carrier, mark).await?;
                verdict
            }
        })
    }

    async fn record(&self) -> Result<i64, Fault> {
        let now = self.app.clock.now();
        let row = delivery::ActiveModel {
            reminder_id: Set(Some(self.row.id)),
            person_id: Set(self.account.person_id),
            account_id: Set(Some(self.account.id)),
            channel: Set(self.carrier.name().to_owned()),
            kind: Set(self.row.kind.clone()),
            subject: Set(self.row.subject.clone()),
            client_msg_id: Set(format!("r{}", self.row.id)),
            state: Set(DeliveryState::Sending),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        };
        let stored = delivery::Entity::insert(row)
            .exec_with_returning(self.app.store.write())
            .await?;
        Ok(stored.id)
    }
}
