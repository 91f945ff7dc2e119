//! Every form of the console by which a case, a mediation or money changes, as the pages' own tables have them: sent by
//! whoever has no business there, by the same office next door, when it is over, twice at once at two instances, from
//! an old page. A form that is new there has to be written down here.

mod case;
mod mediation;
mod money;

use entity::{audit, case as cases, case_event, case_helper, mediation as mediations};
use entity::{mediation_party, mediation_session, moderation, reminder};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::browser::Page;

/// Keys of a table in the source of a page.
fn keys(source: &str, pattern: &str) -> Vec<String> {
    let pattern = regex::Regex::new(pattern).unwrap();
    let found = pattern.captures_iter(source);
    let mut keys: Vec<String> = found.map(|found| found[1].to_owned()).collect();
    assert!(!keys.is_empty(), "no keys by {pattern}");
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Whether a refusal is a page that people can read, and not a word of the wire.
fn is_kind(page: &Page) -> bool {
    let sentence =
        regex::Regex::new(r#"<p class="[^"]*(?:card|wrong)[^"]*"[^>]*>[^<]*\p{Han}[^<]*</p>"#);
    page.body.contains("lang=\"zh-CN\"") && sentence.unwrap().is_match(&page.body)
}

/// What no refused form may change.
#[derive(Debug, PartialEq)]
struct Standing {
    cases: Vec<cases::Model>,
    history: u64,
    told: u64,
    on_record: u64,
    helpers: Vec<case_helper::Model>,
    shown: Vec<moderation::Model>,
    mediations: Vec<mediations::Model>,
    parties: Vec<mediation_party::Model>,
    sessions: Vec<mediation_session::Model>,
}

async fn standing(app: &TestApp) -> Standing {
    let db = app.store.read();
    let told = Condition::any()
        .add(reminder::COLUMN.subject.starts_with("case:"))
        .add(reminder::COLUMN.subject.starts_with("mediation:"));
    let recorded = Condition::any()
        .add(audit::COLUMN.subject.starts_with("case:"))
        .add(audit::COLUMN.subject.starts_with("mediation:"));
    let (told, recorded) = (
        reminder::Entity::find().filter(told),
        audit::Entity::find().filter(recorded),
    );
    Standing {
        cases: cases::Entity::find()
            .order_by_asc(cases::COLUMN.id)
            .all(db)
            .await
            .unwrap(),
        history: case_event::Entity::find().count(db).await.unwrap(),
        told: told.count(db).await.unwrap(),
        on_record: recorded.count(db).await.unwrap(),
        helpers: case_helper::Entity::find().all(db).await.unwrap(),
        shown: moderation::Entity::find().all(db).await.unwrap(),
        mediations: mediations::Entity::find()
            .order_by_asc(mediations::COLUMN.id)
            .all(db)
            .await
            .unwrap(),
        parties: mediation_party::Entity::find().all(db).await.unwrap(),
        sessions: mediation_session::Entity::find().all(db).await.unwrap(),
    }
}

/// Lets no clock ring any more: however slow the machine is, nothing happens by itself.
async fn stop_clocks(app: &TestApp) {
    app.drain().await;
    let never = reminder::ActiveModel {
        next_at: Set(app.now() + chrono::TimeDelta::days(365)),
        ..Default::default()
    };
    reminder::Entity::update_many()
        .set(never)
        .filter(
            reminder::COLUMN
                .state
                .eq(entity::kinds::ReminderState::Pending),
        )
        .exec(app.store.write())
        .await
        .unwrap();
}

/// Sends a form with the mark of a page of theirs that is open to everybody in the console.
async fn sends(desk: &mut Desk<'_>, to: &str, fields: &[(&str, &str)]) -> Page {
    desk.send("/console/account", to, fields).await
}

/// The same form at both instances at once, by one person in two windows.
async fn twice(app: &TestApp, name: &str, to: &str, fields: &[(&str, &str)]) -> [Page; 2] {
    let mut one = Desk::of(app, name).await;
    let mut two = Desk::at(app, 1);
    two.browser.cookies.clone_from(&one.browser.cookies);
    let csrf = one.open("/console/account").await.hidden("csrf");
    let (one, two) = tokio::join!(
        one.send_with(&csrf, to, fields),
        two.send_with(&csrf, to, fields)
    );
    [one, two]
}
