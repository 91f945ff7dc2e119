//! All forms of a case: the tables of `act.rs` and `also.rs`.

mod table;

use std::collections::BTreeMap;

use entity::kinds::{CaseState, ModerationState, RoleKind};
use entity::{audit, case, case_event, mediation, moderation, person};
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, Iterable, PaginatorTrait,
    QueryFilter, QueryOrder,
};

use self::table::{By, FORMS, Form, Stage};
use super::{is_kind, keys, sends, standing, stop_clocks, twice};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::people::Person;
use crate::powers::desk_with;

/// A case made ready for its form.
struct Ready {
    id: i64,
    mark: String,
    by: String,
}

/// Whoever makes cases ready, and the officer who sees every page of one.
struct Street<'a> {
    app: &'a TestApp,
    resident: Person<'a>,
    steward: Desk<'a>,
    officer: Desk<'a>,
    /// A case that lies with the steward, for two to be put together.
    other: String,
}

impl<'a> Street<'a> {
    async fn of(app: &'a TestApp) -> Self {
        let resident = app.resident("张秀英").await;
        let mut street = Self {
            app,
            steward: Desk::of(app, "孙梅").await,
            officer: Desk::of(app, "冯涛").await,
            resident,
            other: String::new(),
        };
        street.other = street.filed("求助 帮忙搬一下旧柜子").await.to_string();
        street
    }

    async fn filed(&self, words: &str) -> i64 {
        self.resident.says(words).await;
        self.resident.case().await.id
    }

    async fn ready(&mut self, form: &Form) -> Ready {
        let id = match form.at {
            Stage::Quarrel => self.filed("纠纷 隔壁装修太吵").await,
            _ => self.filed("报修 一楼楼道漏水").await,
        };
        let way: &[(&str, &[(&str, &str)])] = match form.at {
            Stage::Given | Stage::Quarrel => &[],
            Stage::Accepted | Stage::Merged => &[("accept", &[])],
            Stage::Paused => &[("accept", &[]), ("pause", &[("reason", "等配件")])],
            Stage::Asked => &[("accept", &[]), ("escalate", &[("reason", "要协调")])],
            Stage::Helped => &[("accept", &[]), ("invite", &[("name", "蒋平")])],
            Stage::Refused | Stage::Reopening => {
                &[("accept", &[]), ("finish", &[("text", "修好了")])]
            }
        };
        for (key, fields) in way {
            self.steward.act(id, key, fields).await.is(303);
        }
        match form.at {
            Stage::Merged => {
                let into = [("into", self.other.as_str())];
                self.steward.act(id, "merge", &into).await.is(303);
            }
            Stage::Reopening => {
                let reply = self.resident.says(&format!("重开 {id} 还在漏")).await;
                assert!(reply.contains("已申请重开"), "{reply}");
            }
            Stage::Refused => self.refuse_the_words(id).await,
            _ => {}
        }
        let row = self.app.case(id).await;
        let by = match form.by {
            By::Called(name) => name.to_owned(),
            By::Asked => {
                let who = row.asked_id.expect("nobody is asked");
                let found = person::Entity::find_by_id(who).one(self.app.store.read());
                found.await.unwrap().unwrap().name
            }
        };
        Ready {
            id,
            mark: String::new(),
            by,
        }
    }

    async fn refuse_the_words(&self, id: i64) {
        self.app.drain().await;
        let row = moderation::Entity::find()
            .filter(moderation::COLUMN.subject.eq(format!("case:{id}")))
            .one(self.app.store.read())
            .await;
        let mut row = row.unwrap().unwrap().into_active_model();
        row.state = Set(ModerationState::Refused);
        row.reason = Set(Some("写得太简单".to_owned()));
        row.update(self.app.store.write()).await.unwrap();
    }

    /// The mark of the case's page as it is now.
    async fn mark(&mut self, id: i64) -> String {
        let page = self.officer.open(&format!("/console/cases/{id}")).await;
        page.hidden("seen")
    }

    /// A case for each form, as it stands when nothing happens by itself any more.
    async fn all(&mut self) -> Vec<Ready> {
        let mut all = Vec::new();
        for form in FORMS {
            all.push(self.ready(form).await);
        }
        stop_clocks(self.app).await;
        for ready in &mut all {
            ready.mark = self.mark(ready.id).await;
        }
        all
    }
}

#[test]
fn the_table_has_every_form_of_the_page() {
    let mut known = keys(
        include_str!("../../../../src/web/console/act.rs"),
        r#"\bact\(\s*"([a-z-]+)""#,
    );
    known.extend(keys(
        include_str!("../../../../src/web/console/also.rs"),
        r#"\b(?:plain|typed)\(\s*What::\w+,\s*"([a-z-]+)""#,
    ));
    known.sort_unstable();
    let mut own: Vec<&str> = FORMS.iter().map(|form| form.key).collect();
    own.sort_unstable();
    assert_eq!(own, known);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_without_the_role_and_nobody_next_door_changes_a_case() {
    let app = TestApp::start().await;
    let mut street = Street::of(&app).await;
    let all = street.all().await;
    let before = standing(&app).await;
    for role in RoleKind::iter() {
        for (code, home) in [("GY", true), ("LY", false)] {
            let mut desk = desk_with(&app, role, code).await;
            let csrf = desk.open("/console/account").await.hidden("csrf");
            for (form, ready) in FORMS.iter().zip(&all) {
                if home && form.may.contains(&role) {
                    continue;
                }
                let fields = form.fields(&ready.mark, &street.other);
                let page = desk.send_with(&csrf, &form.to(ready.id), &fields).await;
                // Whoever does not help cannot leave: they see the case, and are told so.
                let told: &[u16] = match (home, form.key) {
                    (true, "leave") => &[403, 404, 409],
                    (true, _) => &[403, 404],
                    (false, _) => &[404],
                };
                assert!(
                    told.contains(&page.status) && is_kind(&page),
                    "{} by {role:?} at {code}: {} {}",
                    form.key,
                    page.status,
                    page.body
                );
                assert!(home || !page.body.contains("漏水"), "{}", page.body);
            }
            let now = standing(&app).await;
            assert!(now == before, "{role:?} at {code}: {now:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_is_told_kindly_and_stays_as_it_is() {
    let app = TestApp::start().await;
    let mut street = Street::of(&app).await;
    let id = street.filed("投诉 一楼楼道漏水没人管").await;
    street.steward.act(id, "accept", &[]).await.is(303);
    street.resident.says(&format!("撤回 {id}")).await;
    assert_eq!(app.case(id).await.state, CaseState::Withdrawn);
    stop_clocks(&app).await;
    let mark = street.mark(id).await;
    let before = standing(&app).await;
    for form in FORMS {
        let name = match form.by {
            By::Called(name) => name,
            By::Asked => "吴静",
        };
        // Who stands behind it may be looked up afterwards, too, on record.
        if form.key == "identity" {
            continue;
        }
        let mut desk = Desk::of(&app, name).await;
        let fields = form.fields(&mark, &street.other);
        let page = sends(&mut desk, &form.to(id), &fields).await;
        assert!(
            matches!(page.status, 403 | 409 | 422) && page.body.contains("role=\"alert\""),
            "{}: {} {}",
            form.key,
            page.status,
            page.body
        );
        let now = standing(&app).await;
        assert!(now == before, "{}: {now:#?}", form.key);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_page_changes_nothing_and_keeps_what_was_typed() {
    let app = TestApp::start().await;
    let mut street = Street::of(&app).await;
    let all = street.all().await;
    let before = standing(&app).await;
    for (form, ready) in FORMS.iter().zip(&all) {
        let mut desk = Desk::of(&app, &ready.by).await;
        let fields = form.fields("0-1", &street.other);
        let page = sends(&mut desk, &form.to(ready.id), &fields).await;
        page.is(409).says("刚刚有了新变化").says("role=\"alert\"");
        if let Some((field, words)) = fields.get(1) {
            let kept = [
                format!("name=\"{field}\" value=\"{words}\""),
                format!(">{words}</textarea>"),
                format!("value=\"{words}\" selected"),
            ];
            let is_kept = kept.iter().any(|kept| page.body.contains(kept));
            assert!(is_kept, "{} {field}: {}", form.key, page.body);
        }
        let now = standing(&app).await;
        assert!(now == before, "{}: {now:#?}", form.key);
    }
}

/// What a form left behind: lines of the history, of the trail, and mediations of the case.
async fn traces(app: &TestApp, id: i64) -> BTreeMap<String, usize> {
    let db = app.store.read();
    let history = case_event::Entity::find()
        .filter(case_event::COLUMN.case_id.eq(id))
        .all(db);
    let trail = audit::Entity::find()
        .filter(audit::COLUMN.subject.eq(format!("case:{id}")))
        .all(db);
    let opened = mediation::Entity::find().filter(mediation::COLUMN.case_id.eq(id));
    let mut traces = BTreeMap::new();
    for event in history.await.unwrap() {
        // Several of the seven steps may be taken at once, each in a line of its own.
        let line = format!("{} {:?} {}", event.action, event.step, event.round);
        *traces.entry(line).or_default() += 1;
    }
    for row in trail.await.unwrap() {
        *traces.entry(format!("trail {}", row.action)).or_default() += 1;
    }
    let opened = usize::try_from(opened.count(db).await.unwrap()).unwrap();
    traces.insert("mediations".to_owned(), opened);
    traces
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_same_form_twice_at_once_one_is_obeyed() {
    let app = TestApp::with_instances(2).await;
    let mut street = Street::of(&app).await;
    let all = street.all().await;
    for (form, ready) in FORMS.iter().zip(&all) {
        let before = traces(&app, ready.id).await;
        let fields = form.fields(&ready.mark, &street.other);
        let pages = twice(&app, &ready.by, &form.to(ready.id), &fields).await;
        let mut said = pages.each_ref().map(|page| page.status);
        said.sort_unstable();
        let done = if form.key == "identity" { 200 } else { 303 };
        assert!(
            said[0] == done && (said[1] == done || matches!(said[1], 403 | 404 | 409)),
            "{}: {said:?} {} {}",
            form.key,
            pages[0].body,
            pages[1].body
        );
        let after = traces(&app, ready.id).await;
        let more = |(line, count): (&String, &usize)| {
            let was = before.get(line).copied().unwrap_or_default();
            (*count > was).then(|| (line.clone(), count - was))
        };
        let new: Vec<(String, usize)> = after.iter().filter_map(more).collect();
        assert!(
            !new.is_empty() && new.iter().all(|(_, count)| *count == 1),
            "{}: {new:?}",
            form.key
        );
    }
    let lost: Vec<case::Model> = case::Entity::find()
        .filter(case::COLUMN.state.ne(CaseState::Raised))
        .filter(case::COLUMN.holder_id.is_null())
        .order_by_asc(case::COLUMN.id)
        .all(app.store.read())
        .await
        .unwrap();
    assert!(lost.is_empty(), "{lost:?}");
}

/// What somebody writes who wishes others ill.
const EVIL: &str = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'=1+1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_typed_into_a_form_is_markup_on_any_page() {
    let app = TestApp::start().await;
    let mut street = Street::of(&app).await;
    let all = street.all().await;
    let mut pages = Vec::new();
    for (form, ready) in FORMS.iter().zip(&all) {
        let Some((field, _)) = form.typed else {
            continue;
        };
        let mut desk = Desk::of(&app, &ready.by).await;
        let path = format!("/console/cases/{}", ready.id);
        // From an old page it comes back as it was typed; from a new one it is stored, or told of.
        for mark in ["0-1", ready.mark.as_str()] {
            let fields = [("seen", mark), (field, EVIL)];
            let page = sends(&mut desk, &form.to(ready.id), &fields).await;
            assert!(page.status < 500, "{}: {}", form.key, page.body);
            pages.push((form.key, page.body));
        }
        pages.push((form.key, street.officer.open(&path).await.body));
    }
    let list = "/console/cases?state=all";
    pages.push(("the list", street.officer.open(list).await.body));
    pages.push(("the board", app.board("GY").await));
    for (at, body) in pages {
        let raw = ["<script>alert", "<img src=x"];
        assert!(raw.iter().all(|raw| !body.contains(raw)), "{at}: {body}");
    }
}
