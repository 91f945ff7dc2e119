//! «注销»: everything that says who somebody is goes, at once and in one transaction; what the compound
//! answers for (their cases) stays without them.

use entity::kinds::{BindingState, CorrectionState, ExportState, ReminderState, VisitState};
use entity::{
    account, attachment, binding, case, case_joiner, consent, console_session, correction,
    credential, data_export, delivery, group_dialog, guess, idempotency, import_job, inbound,
    invitation, person, preference, recovery_code, reminder, residency, role, saved_view, session,
    subscription, visit, work_card,
};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, Func, LockType, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};

use crate::access::{Actor, audit};
use crate::app::App;
use crate::attachment::{Sender, forget};
use crate::base::fault::Fault;
use crate::case::step::OPEN;
use crate::person::binding::LIVE;
use crate::person::queries as people;
use crate::privacy::scrub::{self, Words};
use crate::privacy::{
    ERASED_NAME, activities, asked, giving, offers, remind, stations, traces, wishes,
};
use crate::store::Tx;

/// What stays behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Cases that are still worked on, without the name.
    pub open_cases: usize,
}

/// Why somebody cannot have their data erased now; none when they can.
///
/// # Errors
/// The database's; `forbidden` for whoever is bound to nothing.
pub async fn refusal_to_erase(tx: &Tx, actor: &Actor) -> Result<Option<String>, Fault> {
    let person = actor.require_person()?;
    let in_office = people::holds_role(tx.db(), person, tx.now()).await?;
    if in_office {
        return Ok(Some(
            "您现在担任职务，履职记录要有人负责。请先请管理员收回职务，再回复“注销”。".to_owned(),
        ));
    }
    let has = stations::has(tx, person).await?;
    Ok((has > 0).then(|| {
        format!("您还借着驿站的{has}件东西。请先归还（回复“归还”），验收后再回复“注销”。")
    }))
}

/// Erases the person behind the actor.
///
/// # Errors
/// `forbidden` for whoever is bound to nothing, `wrong_step` for whoever holds a role.
pub async fn erase(tx: &mut Tx, app: &App, actor: &Actor) -> Result<Left, Fault> {
    let id = actor.require_person()?;
    // Before anything is counted: what is lent to them, or promised by them, at this moment comes before or after.
    person::Entity::find_by_id(id)
        .lock(LockType::NoKeyUpdate)
        .one(tx.db())
        .await?;
    if let Some(why) = refusal_to_erase(tx, actor).await? {
        return Err(Fault::wrong_step(why));
    }
    let person = people::by_id(tx.db(), id)
        .await?
        .ok_or_else(|| Fault::not_found("没有找到您的资料，可能已经注销。"))?;
    let accounts = account::Entity::find()
        .filter(account::COLUMN.person_id.eq(id))
        .all(tx.db())
        .await?;
    let accounts: Vec<i64> = accounts.into_iter().map(|account| account.id).collect();
    let phone = people::phone_of(&app.seal, &person);
    traces::lock_money(tx, id, &accounts).await?;
    let words = Words {
        name: person.name.clone(),
        phone: phone.map(|phone| phone.digits().to_owned()),
    };
    let left = cases(tx, id, &words).await?;
    traces::quarrels(tx, id, &words).await?;
    traces::others_cases(tx, id, &words).await?;
    wishes::let_go(tx, id).await?;
    offers::let_go(tx, id).await?;
    giving::let_go(tx, id, &words).await?;
    activities::let_go(tx, id).await?;
    stations::let_go(tx, app, id, &accounts).await?;
    asked::let_go(tx, id).await?;
    traces::handed_in(tx, id, &words).await?;
    traces::notices(tx, id, &words).await?;
    traces::money(tx, id, &accounts, &words).await?;
    let certificates = traces::certificates(tx, id).await?;
    remind::remove_photos(tx, &certificates).await?;
    traces::conversations(tx, id, &accounts, &words).await?;
    answers(tx, &words).await?;
    ties(tx, id, &accounts).await?;
    waiting(tx, id, &accounts).await?;
    requests(tx, id).await?;
    belongings(tx, id, &accounts).await?;
    of_accounts(tx, &accounts).await?;
    console(tx, id).await?;
    files(tx, id, &accounts).await?;
    for account_id in &accounts {
        sever(tx, *account_id).await?;
    }
    leave_number(tx, id).await?;
    remind::sweep_later(tx, id, &accounts).await?;
    let entry = audit::Entry {
        action: "person.erase",
        subject: format!("person:{id}"),
        compound_id: None,
        detail: None,
    };
    audit::record(tx, actor, entry);
    Ok(left)
}

/// Of the person's row the number is left: cases, history and the audit trail point to it.
async fn leave_number(tx: &Tx, id: i64) -> Result<(), Fault> {
    let change = person::ActiveModel {
        id: Set(id),
        key: Set(None),
        name: Set(ERASED_NAME.to_owned()),
        phone_sealed: Set(None),
        phone_index: Set(None),
        party_member: Set(false),
        wecom_userid: Set(None),
        left_at: Set(Some(tx.now())),
        erased_at: Set(Some(tx.now())),
        updated_at: Set(tx.now()),
        ..Default::default()
    };
    person::Entity::update(change)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// Their cases: those that are over lose every tie, the rest lose the name and go on.
async fn cases(tx: &mut Tx, id: i64, words: &Words) -> Result<Left, Fault> {
    let cases = case::Entity::find()
        .filter(case::COLUMN.reporter_id.eq(id))
        .all(tx.db())
        .await?;
    let mut open_cases = 0;
    let mut photos = Vec::new();
    for case in cases {
        if scrub::OVER.contains(&case.state) {
            photos.extend(scrub::closed_case(tx, &case, words).await?);
        } else {
            scrub::open_case(tx, &case, words).await?;
            open_cases += usize::from(OPEN.contains(&case.state));
        }
    }
    remind::remove_photos(tx, &photos).await?;
    Ok(Left { open_cases })
}

/// What others were answered in the last days may show the words of a case: kept for repeats only.
async fn answers(tx: &Tx, words: &Words) -> Result<(), Fault> {
    for word in words.known() {
        let without = |column: Expr| -> Expr {
            Func::cust("REPLACE")
                .args([column, Expr::val(word), Expr::val(ERASED_NAME)])
                .into()
        };
        for column in [inbound::Column::Reply, inbound::Column::PrivateReply] {
            inbound::Entity::update_many()
                .col_expr(column, without(Expr::col(column)))
                .filter(column.contains(word))
                .exec(tx.db())
                .await?;
        }
        let body = idempotency::Column::Body;
        idempotency::Entity::update_many()
            .col_expr(body, without(Expr::col(body)))
            .filter(body.contains(word))
            .exec(tx.db())
            .await?;
    }
    Ok(())
}

/// Homes and the claims to them.
async fn ties(tx: &Tx, id: i64, accounts: &[i64]) -> Result<(), Fault> {
    let theirs = || {
        Condition::any()
            .add(binding::COLUMN.account_id.is_in(accounts.iter().copied()))
            .add(binding::COLUMN.person_id.eq(id))
    };
    binding::Entity::update_many()
        .set(binding::ActiveModel {
            state: Set(BindingState::Released),
            ..Default::default()
        })
        .filter(theirs())
        .filter(binding::COLUMN.state.is_in(LIVE))
        .exec(tx.db())
        .await?;
    binding::Entity::update_many()
        .set(binding::ActiveModel {
            claimed_name: Set(ERASED_NAME.to_owned()),
            claimed_phone_sealed: Set(String::new()),
            claimed_phone_index: Set(String::new()),
            // Why somebody else did not believe them.
            reason: Set(None),
            ..Default::default()
        })
        .filter(theirs())
        .exec(tx.db())
        .await?;
    residency::Entity::update_many()
        .set(residency::ActiveModel {
            ended_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(residency::COLUMN.person_id.eq(id))
        .filter(residency::COLUMN.ended_at.is_null())
        .exec(tx.db())
        .await?;
    Ok(())
}

/// What was still to be said to them.
async fn waiting(tx: &Tx, id: i64, accounts: &[i64]) -> Result<(), Fault> {
    let to_them = Condition::any()
        .add(reminder::COLUMN.recipient_id.eq(id))
        .add(
            reminder::COLUMN
                .recipient_account_id
                .is_in(accounts.iter().copied()),
        );
    reminder::Entity::update_many()
        .set(reminder::ActiveModel {
            state: Set(ReminderState::Cancelled),
            done_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(to_them)
        .filter(reminder::COLUMN.state.eq(ReminderState::Pending))
        .filter(Expr::cust(crate::reminder::OPEN))
        .exec(tx.db())
        .await?;
    visit::Entity::update_many()
        .set(visit::ActiveModel {
            text: Set(String::new()),
            result: Set(None),
            ..Default::default()
        })
        .filter(visit::COLUMN.person_id.eq(id))
        .exec(tx.db())
        .await?;
    visit::Entity::update_many()
        .set(visit::ActiveModel {
            state: Set(VisitState::Done),
            done_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(visit::COLUMN.person_id.eq(id))
        .filter(visit::COLUMN.done_at.is_null())
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Copies that they asked for, and corrections.
async fn requests(tx: &Tx, id: i64) -> Result<(), Fault> {
    data_export::Entity::update_many()
        .set(data_export::ActiveModel {
            expires_at: Set(tx.now()),
            ..Default::default()
        })
        .filter(data_export::COLUMN.person_id.eq(id))
        .filter(data_export::COLUMN.state.ne(ExportState::Removed))
        .exec(tx.db())
        .await?;
    correction::Entity::update_many()
        .set(correction::ActiveModel {
            value_sealed: Set(String::new()),
            state: Set(CorrectionState::Dropped),
            ..Default::default()
        })
        .filter(correction::COLUMN.person_id.eq(id))
        .filter(correction::COLUMN.state.eq(CorrectionState::Requested))
        .exec(tx.db())
        .await?;
    correction::Entity::update_many()
        .set(correction::ActiveModel {
            value_sealed: Set(String::new()),
            reason: Set(None),
            ..Default::default()
        })
        .filter(correction::COLUMN.person_id.eq(id))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// What belongs to them and to nobody else.
async fn belongings(tx: &Tx, id: i64, accounts: &[i64]) -> Result<(), Fault> {
    let db = tx.db();
    let these = || accounts.iter().copied();
    case_joiner::Entity::update_many()
        .set(case_joiner::ActiveModel {
            rating_text: Set(None),
            home_id: Set(None),
            ..Default::default()
        })
        .filter(case_joiner::COLUMN.person_id.eq(id))
        .exec(db)
        .await?;
    preference::Entity::delete_many()
        .filter(preference::COLUMN.person_id.eq(id))
        .exec(db)
        .await?;
    delivery::Entity::delete_many()
        .filter(delivery::COLUMN.person_id.eq(id))
        .exec(db)
        .await?;
    // What an account was told before it was anybody's.
    delivery::Entity::delete_many()
        .filter(delivery::COLUMN.person_id.is_null())
        .filter(delivery::COLUMN.account_id.is_in(these()))
        .exec(db)
        .await?;
    invitation::Entity::delete_many()
        .filter(
            Condition::any()
                .add(invitation::COLUMN.person_id.eq(id))
                .add(invitation::COLUMN.used_by.is_in(these())),
        )
        .exec(db)
        .await?;
    work_card::Entity::delete_many()
        .filter(
            Condition::any()
                .add(work_card::COLUMN.person_id.eq(id))
                .add(work_card::COLUMN.account_id.is_in(these())),
        )
        .exec(db)
        .await?;
    Ok(())
}

/// What they sent: what belongs to nothing goes; of the rest no row says any more that they uploaded it.
async fn files(tx: &mut Tx, id: i64, accounts: &[i64]) -> Result<(), Fault> {
    attachment::Entity::update_many()
        .set(attachment::ActiveModel {
            person_id: Set(None),
            ..Default::default()
        })
        .filter(attachment::COLUMN.person_id.eq(id))
        .filter(attachment::COLUMN.subject.is_not_null())
        .exec(tx.db())
        .await?;
    let by_accounts = accounts.iter().map(|account| Sender::Account(*account));
    for whose in by_accounts.chain([Sender::Person(id)]) {
        forget(tx, whose).await?;
    }
    Ok(())
}

/// What hangs on their accounts.
async fn of_accounts(tx: &Tx, accounts: &[i64]) -> Result<(), Fault> {
    let db = tx.db();
    let these = || accounts.iter().copied();
    session::Entity::delete_many()
        .filter(session::COLUMN.account_id.is_in(these()))
        .exec(db)
        .await?;
    subscription::Entity::delete_many()
        .filter(subscription::COLUMN.account_id.is_in(these()))
        .exec(db)
        .await?;
    group_dialog::Entity::delete_many()
        .filter(group_dialog::COLUMN.account_id.is_in(these()))
        .exec(db)
        .await?;
    guess::Entity::delete_many()
        .filter(guess::COLUMN.account_id.is_in(these()))
        .exec(db)
        .await?;
    let scopes = accounts.iter().map(|account| format!("account:{account}"));
    idempotency::Entity::delete_many()
        .filter(idempotency::COLUMN.scope.is_in(scopes))
        .exec(db)
        .await?;
    consent::Entity::update_many()
        .set(consent::ActiveModel {
            withdrawn_at: Set(Some(tx.now())),
            ..Default::default()
        })
        .filter(consent::COLUMN.account_id.is_in(these()))
        .filter(consent::COLUMN.withdrawn_at.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// Their way into the console, from when they held a role: sessions before what these were signed in by.
async fn console(tx: &Tx, id: i64) -> Result<(), Fault> {
    let db = tx.db();
    console_session::Entity::delete_many()
        .filter(console_session::COLUMN.person_id.eq(id))
        .exec(db)
        .await?;
    let theirs = Query::select()
        .column(credential::Column::Id)
        .from(credential::Entity)
        .and_where(credential::COLUMN.person_id.eq(id))
        .to_owned();
    recovery_code::Entity::delete_many()
        .filter(recovery_code::COLUMN.credential_id.in_subquery(theirs))
        .exec(db)
        .await?;
    credential::Entity::delete_many()
        .filter(credential::COLUMN.person_id.eq(id))
        .exec(db)
        .await?;
    saved_view::Entity::delete_many()
        .filter(saved_view::COLUMN.person_id.eq(id))
        .exec(db)
        .await?;
    // That they brought a roster, and that they held a post, stays on record; not in whose words.
    import_job::Entity::update_many()
        .set(import_job::ActiveModel {
            names: Set(String::new()),
            notes: Set(None),
            error: Set(None),
            ..Default::default()
        })
        .filter(import_job::COLUMN.person_id.eq(id))
        .exec(db)
        .await?;
    role::Entity::update_many()
        .set(role::ActiveModel {
            end_reason: Set(None),
            ..Default::default()
        })
        .filter(role::COLUMN.person_id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Takes the platform's name off an account: whoever writes by it again is a stranger.
async fn sever(tx: &Tx, account_id: i64) -> Result<(), Fault> {
    let change = account::ActiveModel {
        id: Set(account_id),
        external_id: Set(format!("erased:{account_id}")),
        union_id: Set(None),
        person_id: Set(None),
        compound_id: Set(None),
        followed: Set(false),
        window_until: Set(None),
        window_left: Set(0),
        paced_until: Set(None),
        dialog: Set(None),
        ..Default::default()
    };
    account::Entity::update(change)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}
