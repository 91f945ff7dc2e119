//! What volunteers and those who lead them do: one function is one use case, inside the caller's transaction.
//!
//! | file | what it does |
//! |---|---|
//! | `member` | registering, reporting where one lives, being named, leaving |
//! | `task` | a task: made, changed, called off, and following its activity |
//! | `serve` | a volunteer takes a task, begins and ends |
//! | `gone` | whoever has moved out and still has a task |
//! | `confirm` | whoever leads confirms hours, enters them or refuses them |

mod confirm;
mod gone;
mod member;
mod serve;
mod task;

pub use confirm::{confirm, confirm_all, record, refuse};
pub use member::{Registered, leave, name, register, report};
pub use serve::{begin, end, give_back, take};
pub use task::{NewTask, cancel, change, follow, post};

use entity::kinds::ActorKind;
use entity::life::ServiceState;
use entity::{person, volunteer_service, volunteer_task};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};
use serde_json::Value;

use crate::access::Actor;
use crate::access::audit::{self, Entry};
use crate::base::fault::{Code, Fault};
use crate::base::text::line as one_line;
use crate::base::worded::{self, checked};
use crate::store::Tx;
use crate::volunteer::hours::Span;
use crate::volunteer::queries::no_such;
use crate::volunteer::subject;

/// The task, with one after the other who takes it or gives it back, on whatever instance.
async fn locked(tx: &Tx, id: i64) -> Result<volunteer_task::Model, Fault> {
    volunteer_task::Entity::find_by_id(id)
        .lock_exclusive()
        .one(tx.db())
        .await?
        .ok_or_else(|| no_such(id))
}

/// Stores how many have said to come; the row is locked.
async fn store_taken(tx: &Tx, row: &volunteer_task::Model) -> Result<(), Fault> {
    let change = volunteer_task::ActiveModel {
        id: Set(row.id),
        taken: Set(row.taken),
        ..Default::default()
    };
    volunteer_task::Entity::update(change)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

/// Takes somebody's hours one after the other, on whatever instance, and says with which others of theirs
/// these overlap: with the lock no day gets more hours than it has.
async fn clash(
    tx: &Tx,
    person_id: i64,
    span: Span,
    except: Option<i64>,
) -> Result<Option<volunteer_service::Model>, Fault> {
    // Messages to that person may be stored meanwhile.
    person::Entity::find_by_id(person_id)
        .lock(LockType::NoKeyUpdate)
        .one(tx.db())
        .await?;
    let count = [
        ServiceState::Begun,
        ServiceState::Ended,
        ServiceState::Confirmed,
    ];
    let mut query = volunteer_service::Entity::find()
        .filter(volunteer_service::COLUMN.person_id.eq(person_id))
        .filter(volunteer_service::COLUMN.state.is_in(count))
        .filter(volunteer_service::COLUMN.in_at.lt(span.until))
        .filter(
            Condition::any()
                .add(volunteer_service::COLUMN.out_at.gt(span.from))
                // Has not ended yet.
                .add(volunteer_service::COLUMN.out_at.is_null()),
        );
    if let Some(except) = except {
        query = query.filter(volunteer_service::COLUMN.id.ne(except));
    }
    Ok(query.one(tx.db()).await?)
}

fn clashes(with: &volunteer_service::Model) -> Fault {
    Fault::new(
        Code::Conflict,
        format!(
            "这段时间和志愿任务 #{} 的服务重了，同一时间只能算一次。请先结束那一个，或改时间。",
            with.task_id
        ),
    )
}

/// One row as it was read, or somebody else was first.
async fn compare_and_set(
    tx: &Tx,
    was: &volunteer_service::Model,
    change: volunteer_service::ActiveModel,
) -> Result<(), Fault> {
    let change = volunteer_service::ActiveModel {
        version: Set(was.version + 1),
        updated_at: Set(tx.now()),
        ..change
    };
    let done = volunteer_service::Entity::update_many()
        .set(change)
        .filter(volunteer_service::COLUMN.id.eq(was.id))
        .filter(volunteer_service::COLUMN.state.eq(was.state))
        .filter(volunteer_service::COLUMN.version.eq(was.version))
        .exec(tx.db())
        .await?;
    if done.rows_affected == 1 {
        return Ok(());
    }
    Err(Fault::new(
        Code::Conflict,
        format!("志愿任务 #{} 的记录刚刚有变化，请再看一次。", was.task_id),
    ))
}

fn note(
    tx: &Tx,
    actor: &Actor,
    kind: ActorKind,
    task: &volunteer_task::Model,
    action: &'static str,
    detail: Option<Value>,
) {
    let entry = Entry {
        action,
        subject: subject(task.id),
        compound_id: Some(task.compound_id),
        detail,
    };
    audit::record(tx, &actor.acting(kind), entry);
}

/// Words in one line, not longer than that and without long numbers.
fn line(field: &'static str, text: &str, most: usize) -> Result<String, Fault> {
    checked(
        field,
        one_line(text),
        most,
        "请不要写手机号、证件号这样的长号码。",
    )
}

/// The same that must be given.
fn given(field: &'static str, text: &str, most: usize, example: &str) -> Result<String, Fault> {
    worded::given(field, line(field, text, most)?, example)
}
