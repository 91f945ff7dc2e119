//! All forms of a mediation: the table of `mediation.rs`.

use entity::kinds::{MediationState, RoleKind};
use entity::{audit, mediation, mediation_event};
use linli::base::clock::china;
use sea_orm::{EntityTrait, Iterable, PaginatorTrait, QueryFilter, QueryOrder};

use super::{is_kind, keys, sends, standing, stop_clocks, twice};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::people::Person;
use crate::powers::{desk_with, give};

/// How far it has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    Proposed,
    Agreed,
}

struct Form {
    key: &'static str,
    /// Fields and words; `@` stands for a time in three days.
    typed: &'static [(&'static str, &'static str)],
    at: Stage,
    by: &'static str,
}

const MEDIATOR: &str = "冯涛";
/// A side of it who signs in here, too.
const PARTY: &str = "李建国";
const AGREEMENT: &[(&str, &str)] = &[("text", "每晚八点后不施工"), ("follow_days", "9")];

const fn form(
    key: &'static str,
    typed: &'static [(&'static str, &'static str)],
    at: Stage,
    by: &'static str,
) -> Form {
    Form { key, typed, at, by }
}

const FORMS: &[Form] = &[
    form("party", &[("who", "1-1-201 王芳")], Stage::Open, MEDIATOR),
    form(
        "session",
        &[("venue", "社区服务中心"), ("at", "@")],
        Stage::Open,
        MEDIATOR,
    ),
    form("agreement", AGREEMENT, Stage::Open, MEDIATOR),
    form("fail", &[("reason", "谈不拢")], Stage::Open, MEDIATOR),
    form("agree", &[], Stage::Proposed, PARTY),
    form("disagree", &[("words", "白天也吵")], Stage::Proposed, PARTY),
    form("kept", &[], Stage::Agreed, MEDIATOR),
    form(
        "broken",
        &[("words", "又开始施工")],
        Stage::Agreed,
        MEDIATOR,
    ),
];

impl Form {
    fn to(&self, id: i64) -> String {
        format!("/console/mediations/{id}/{}", self.key)
    }

    fn fields<'a>(&self, mark: &'a str, day: &'a str) -> Vec<(&'static str, &'a str)> {
        let typed = self.typed.iter();
        let typed = typed.map(|(field, words)| (*field, if *words == "@" { day } else { *words }));
        [("seen", mark)].into_iter().chain(typed).collect()
    }
}

fn in_three_days(app: &TestApp) -> String {
    let day = china(app.now() + chrono::TimeDelta::days(3));
    day.format("%Y-%m-%dT14:30").to_string()
}

async fn row(app: &TestApp, id: i64) -> mediation::Model {
    let found = mediation::Entity::find_by_id(id)
        .one(app.store.read())
        .await;
    found.unwrap().unwrap()
}

/// Who quarrels, who sends it to the street, and who mediates.
struct Street<'a> {
    app: &'a TestApp,
    one: Person<'a>,
    other: Person<'a>,
    steward: Desk<'a>,
    mediator: Desk<'a>,
}

impl<'a> Street<'a> {
    async fn of(app: &'a TestApp) -> Self {
        let street = Self {
            app,
            one: app.resident("张秀英").await,
            other: app.resident(PARTY).await,
            steward: Desk::of(app, "孙梅").await,
            mediator: Desk::of(app, MEDIATOR).await,
        };
        let side = app.called(PARTY).await;
        give(app, side.id, RoleKind::CommitteeMember, "GY").await;
        street
    }

    async fn leads(&mut self, id: i64, key: &str, fields: &[(&str, &str)]) {
        let path = format!("/console/mediations/{id}");
        let page = self.mediator.open(&path).await;
        let (csrf, seen) = (page.hidden("csrf"), page.hidden("seen"));
        let mut all = vec![("seen", seen.as_str())];
        all.extend_from_slice(fields);
        let to = format!("/console/mediations/{id}/{key}");
        self.mediator.send_with(&csrf, &to, &all).await.is(303);
    }

    async fn ready(&mut self, stage: Stage) -> i64 {
        self.one.says("纠纷 隔壁装修太吵").await;
        let case = self.one.case().await.id;
        let centre = [("centre", "street")];
        self.steward.act(case, "mediate", &centre).await.is(303);
        let last = mediation::Entity::find().order_by_desc(mediation::COLUMN.id);
        let id = last.one(self.app.store.read()).await.unwrap().unwrap().id;
        self.leads(id, "party", &[("who", "1-1-102 李建国")]).await;
        if stage != Stage::Open {
            self.leads(id, "agreement", AGREEMENT).await;
        }
        if stage == Stage::Agreed {
            self.one.says(&format!("同意 {id}")).await;
            self.other.says(&format!("同意 {id}")).await;
        }
        let wanted = match stage {
            Stage::Open => MediationState::Open,
            Stage::Proposed => MediationState::Proposed,
            Stage::Agreed => MediationState::Agreed,
        };
        assert_eq!(row(self.app, id).await.state, wanted);
        id
    }

    /// One for each form and the mark of its page, as they stand when nothing happens by itself any more.
    async fn all(&mut self) -> Vec<(i64, String)> {
        let mut ids = Vec::new();
        for form in FORMS {
            ids.push(self.ready(form.at).await);
        }
        stop_clocks(self.app).await;
        let mut all = Vec::new();
        for id in ids {
            all.push((id, self.mark(id).await));
        }
        all
    }

    async fn mark(&mut self, id: i64) -> String {
        let path = format!("/console/mediations/{id}");
        self.mediator.open(&path).await.hidden("seen")
    }
}

#[test]
fn the_table_has_every_form_of_the_page() {
    let known = keys(
        include_str!("../../../src/web/console/mediation.rs"),
        r#"\bstep\(\s*"([a-z-]+)""#,
    );
    let mut own: Vec<&str> = FORMS.iter().map(|form| form.key).collect();
    own.sort_unstable();
    assert_eq!(own, known);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mediation_is_not_there_for_whoever_neither_leads_it_nor_is_a_side() {
    let app = TestApp::start().await;
    let mut street = Street::of(&app).await;
    let all = street.all().await;
    let day = in_three_days(&app);
    let before = standing(&app).await;
    for role in RoleKind::iter() {
        for code in ["GY", "LY"] {
            let mut desk = desk_with(&app, role, code).await;
            let csrf = desk.open("/console/account").await.hidden("csrf");
            for (form, (id, mark)) in FORMS.iter().zip(&all) {
                let fields = form.fields(mark, &day);
                let page = desk.send_with(&csrf, &form.to(*id), &fields).await;
                assert!(
                    page.status == 404 && is_kind(&page) && !page.body.contains("装修"),
                    "{} by {role:?} at {code}: {} {}",
                    form.key,
                    page.status,
                    page.body
                );
            }
            let now = standing(&app).await;
            assert!(now == before, "{role:?} at {code}: {now:#?}");
        }
    }
    // A side does not lead it, and who leads it agrees for nobody.
    let mut side = Desk::of(&app, PARTY).await;
    for (form, (id, mark)) in FORMS.iter().zip(&all) {
        // Both say whether it was kept, each for themselves.
        if matches!(form.key, "kept" | "broken") {
            continue;
        }
        let desk = match form.by {
            MEDIATOR => &mut side,
            _ => &mut street.mediator,
        };
        let page = sends(desk, &form.to(*id), &form.fields(mark, &day)).await;
        page.is(403).says("role=\"alert\"");
    }
    assert!(standing(&app).await == before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_and_an_old_page_are_told_kindly() {
    let app = TestApp::start().await;
    let mut street = Street::of(&app).await;
    let all = street.all().await;
    let over = street.ready(Stage::Open).await;
    street.leads(over, "fail", &[("reason", "谈不拢")]).await;
    stop_clocks(&app).await;
    // A page of what is over has no form: as one says that was never old.
    let ended = row(&app, over).await;
    let mark = format!("{}-{}", ended.updated_at.timestamp_millis(), ended.version);
    let day = in_three_days(&app);
    let before = standing(&app).await;
    for (form, (id, _)) in FORMS.iter().zip(&all) {
        let mut desk = Desk::of(&app, form.by).await;
        let fields = form.fields(&mark, &day);
        let page = sends(&mut desk, &form.to(over), &fields).await;
        page.is(409).says("role=\"alert\"");
        let fields = form.fields("0-0", &day);
        let page = sends(&mut desk, &form.to(*id), &fields).await;
        // Beside the name, where there is one.
        assert!(matches!(page.status, 409 | 422), "{}", form.key);
        page.says("刚刚有了新变化").says("role=\"alert\"");
        for (field, words) in fields.iter().skip(1) {
            let kept = [
                format!("name=\"{field}\" value=\"{words}\""),
                format!("value=\"{words}\""),
                format!(">{words}</textarea>"),
            ];
            let is_kept = kept.iter().any(|kept| page.body.contains(kept));
            assert!(is_kept, "{} {field}: {}", form.key, page.body);
        }
        let now = standing(&app).await;
        assert!(now == before, "{}: {now:#?}", form.key);
    }
}

/// Lines of the history and of the trail.
async fn traces(app: &TestApp, id: i64) -> [u64; 2] {
    let db = app.store.read();
    let trail = audit::COLUMN.subject.eq(format!("mediation:{id}"));
    let history = mediation_event::COLUMN.mediation_id.eq(id);
    [
        mediation_event::Entity::find()
            .filter(history)
            .count(db)
            .await
            .unwrap(),
        audit::Entity::find().filter(trail).count(db).await.unwrap(),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_same_form_twice_at_once_one_is_obeyed() {
    let app = TestApp::with_instances(2).await;
    let mut street = Street::of(&app).await;
    let all = street.all().await;
    let day = in_three_days(&app);
    for (form, (id, mark)) in FORMS.iter().zip(&all) {
        let before = traces(&app, *id).await;
        let fields = form.fields(mark, &day);
        let pages = twice(&app, form.by, &form.to(*id), &fields).await;
        let mut said = pages.each_ref().map(|page| page.status);
        said.sort_unstable();
        let once = matches!(said, [303, 409 | 422]);
        assert!(once, "{}: {pages:#?}", form.key);
        let after = traces(&app, *id).await;
        assert_eq!(after[1], before[1] + 1, "{}", form.key);
        assert!(after[0] > before[0], "{}", form.key);
    }
}
