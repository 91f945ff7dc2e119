//! The messages of expenses. Each reads the row as it is now, and is no longer needed when that has changed. And
//! what the notice of a publication says.

use entity::money::ExpenseState;
use entity::{expense, reminder};

use super::{AFTER, number, stands};
use crate::app::App;
use crate::base::clock::{china, say};
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::base::text::shorten;
use crate::delivery::Message;
use crate::expense::chat::sum;
use crate::expense::queries::{self, Found};
use crate::expense::{account_says, state_says};
use crate::reminder::BoxFuture;

/// The expense that the last of these is about.
async fn about(app: &App, last: &reminder::Model) -> Result<Option<Found>, Fault> {
    match number(last, "expense") {
        Some(id) => queries::by_id(app.store.read(), id).await,
        None => Ok(None),
    }
}

pub(super) fn compose_task<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some(last) = reminders.last() else {
            return Ok(None);
        };
        let found = about(app, last).await?;
        let Some(found) = found.filter(|found| stands(&found.expense, last)) else {
            return Ok(None);
        };
        let row = &found.expense;
        let id = row.id;
        // The hint has to fit the field of a template; the words stand in the whole text.
        let (what, hint, how) = match row.state {
            ExpenseState::Reviewing => {
                let review = found.rules.next(row.reviews_done);
                let name = review.map_or("审核", |review| review.name.as_str());
                let how = format!("回复“同意支出 {id}”或“驳回支出 {id} 原因”");
                (format!("等您{name}"), format!("回复“支出 {id}”查看"), how)
            }
            ExpenseState::Filing => {
                let how = format!("回复“同意支出 {id}”备案，或“驳回支出 {id} 原因”");
                let what = "等街道备案".to_owned();
                (what, format!("回复“支出 {id}”查看"), how)
            }
            ExpenseState::Payable => {
                let how = "在工作台的“支出审批”里支付，要附回单".to_owned();
                let what = "可以支付了".to_owned();
                (what, "请在工作台支付，附上回单".to_owned(), how)
            }
            _ => return Ok(None),
        };
        let url = format!(
            "{}/console/expenses/{}",
            app.settings.server.public_url, row.id
        );
        Ok(Some(Message {
            template: "task",
            title: shorten(&format!("{what}：{}", row.title), 20),
            place: found.place.name.clone(),
            state: "待处理".to_owned(),
            at: last.due_at,
            text: format!("支出 {}：{what}。{how}。{url}", sum(row)),
            hint,
            url: Some(url),
            urgent: false,
            buttons: Vec::new(),
        }))
    })
}

pub(super) fn compose_told<'a>(
    app: &'a App,
    reminders: &'a [reminder::Model],
) -> BoxFuture<'a, Result<Option<Message>, Fault>> {
    Box::pin(async move {
        let Some(last) = reminders.last() else {
            return Ok(None);
        };
        let found = about(app, last).await?;
        let Some(found) = found.filter(|found| stands(&found.expense, last)) else {
            return Ok(None);
        };
        let row = &found.expense;
        let why = if row.state == ExpenseState::Refused {
            let steps = queries::steps(app.store.read(), row.id).await?;
            let said = steps.into_iter().rev().find_map(|step| step.words);
            said.map(|words| format!("：{words}")).unwrap_or_default()
        } else {
            String::new()
        };
        let state = state_says(row.state);
        let url = format!(
            "{}/console/expenses/{}",
            app.settings.server.public_url, row.id
        );
        let hint = format!("回复“支出 {}”查看", row.id);
        Ok(Some(Message {
            template: "progress",
            title: shorten(&row.title, 20),
            place: found.place.name.clone(),
            state: shorten(state, 5),
            at: last.due_at,
            text: format!("您提出的支出 {}：{state}{why}。{hint}。", sum(row)),
            hint,
            url: Some(url),
            urgent: false,
            buttons: Vec::new(),
        }))
    })
}

/// What everybody is told of a publication: a title, and the text with what matters most first. Not who gets the
/// money, which may be a person.
pub(super) fn published(row: &expense::Model, which: &str) -> (String, String) {
    let id = row.id;
    let paid = row.paid_at.filter(|_| which == AFTER);
    let until = row.publish_until.filter(|_| which != AFTER);
    let name = match which {
        AFTER => "支出事后公示",
        _ => "支出事前公示",
    };
    let paid = paid.map(|at| china(at).format("，%-m月%-d日已支付").to_string());
    let how = until.map(|until| {
        format!(
            "{}前可以回复“支出异议 {id} 您的意见”，答复之前不会支付。\n",
            say(until)
        )
    });
    let body = format!(
        "{} {}元{}。\n{}回复“支出 {id}”看每一步。\n用途：{}\n类别：{}",
        row.title,
        Fen(row.amount).in_groups(),
        paid.unwrap_or_default(),
        how.unwrap_or_default(),
        row.purpose,
        account_says(&row.account)
    );
    (format!("{name}：{}", row.title), body)
}
