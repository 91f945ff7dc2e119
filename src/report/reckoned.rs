//! The figures of a place and a period as a page shows them: read for everybody who asks at once by one statement, of
//! now where that is quick, and as of a few minutes ago where it takes long (decision 0017). Who may see a place is
//! asked before; what is kept depends on the place and the period alone, as does who may see it.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};

use crate::app::App;
use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::case::stats::span::Span;
use crate::place::scope::Scope;
use crate::report::figures::{self, Report};
use crate::store::slow::{Answer, Slow, Terms};

/// How long figures that took long are shown.
const KEPT: TimeDelta = TimeDelta::minutes(5);

/// All that figures depend on: the place, which compounds lie in it, and the period.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    place: i64,
    compounds: u64,
    first: NaiveDate,
    last: NaiveDate,
}

impl Key {
    fn of(scope: &Scope, span: Span) -> Self {
        let mut hasher = DefaultHasher::new();
        for compound in &scope.compounds {
            compound.id.hash(&mut hasher);
        }
        Self {
            place: scope.place.id,
            compounds: hasher.finish(),
            first: span.first,
            last: span.last,
        }
    }
}

/// The figures; none while they are being counted. `since` asks for none from before. The report's scope is without
/// its compounds.
///
/// # Errors
/// The database's; `busy` when the counting broke down.
pub async fn read(
    app: &App,
    scope: Scope,
    span: Span,
    since: Option<Moment>,
) -> Result<Option<Arc<Answer<Report>>>, Fault> {
    let now = app.clock.now();
    let terms = Terms {
        now,
        since: since.map_or(now - KEPT, |since| since.clamp(now - KEPT, now)),
        patience: Duration::from_millis(app.settings.console.figures_wait_ms.into()),
    };
    let key = Key::of(&scope, span);
    let house = app.clone();
    let reading = async move {
        let mut report = figures::read(house.store.read(), scope, span).await?;
        // Of a city there are thousands.
        report.scope.compounds = Vec::new();
        Ok(report)
    };
    let all = app.memo.of::<Slow<Key, Report>>();
    all.ask(key, terms, reading).await
}
