//! The console as staff meet it: over HTTP with cookies.

mod audit;
mod calendars;
mod cases;
mod channels;
mod collection;
mod fees;
mod fees_powers;
mod figures;
mod files;
mod homes;
mod import;
mod letters;
mod lists;
mod mediation;
mod merchant;
mod moderation;
mod new_case;
mod organisations;
mod people;
mod policies;
mod roles;
mod rules;
mod sessions;
mod sign_in;
mod templates;
mod together;
mod visits;
mod wecom;

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use entity::kinds::RoleKind;
use entity::{audit as recorded, credential};
use linli::access::Actor;
use linli::access::console::credential::{OneTime, give};
use linli::base::dice::Dice;
use linli::person::actions::{NewRole, grant_role};
use sea_orm::ActiveValue::Set;
use sea_orm::{EntityTrait, QueryFilter};

use crate::harness::app::TestApp;
use crate::harness::browser::{Browser, Page};
use crate::harness::compound;

/// The password of whoever has one of their own.
pub const PASSWORD: &str = "春眠不觉晓处处闻啼鸟";
/// Name of the session's cookie where there is no TLS.
pub const COOKIE: &str = "linli_console";

/// Somebody's browser at the console of an instance.
pub struct Desk<'a> {
    pub app: &'a TestApp,
    pub browser: Browser,
    base: String,
}

impl<'a> Desk<'a> {
    /// Nobody is signed in.
    pub fn stranger(app: &'a TestApp) -> Self {
        Self::at(app, 0)
    }

    /// The same at another instance.
    pub fn at(app: &'a TestApp, instance: usize) -> Self {
        Self {
            app,
            browser: Browser::new(),
            base: format!("http://{}", app.instances[instance].address),
        }
    }

    /// Somebody of the standard compound, signed in with a password of their own; one more browser of
    /// theirs when they have one.
    pub async fn of(app: &'a TestApp, name: &str) -> Self {
        let login = compound::person(name, 0);
        let known = credential::Entity::find()
            .filter(credential::COLUMN.login.eq(login))
            .one(app.store.read())
            .await;
        if known.unwrap().is_none() {
            own_password(app, login, name).await;
        }
        let mut desk = Self::stranger(app);
        desk.sign_in(login, PASSWORD).await.is(303);
        desk
    }

    /// Opens a page below the instance's address.
    pub async fn open(&mut self, path: &str) -> Page {
        let url = format!("{}{path}", self.base);
        self.browser.open(&url).await
    }

    /// Sends a form with the mark of the page that it stands on.
    pub async fn send(&mut self, from: &str, to: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.open(from).await.hidden("csrf");
        self.send_with(&csrf, to, fields).await
    }

    /// Sends a form with this mark.
    pub async fn send_with(&mut self, csrf: &str, to: &str, fields: &[(&str, &str)]) -> Page {
        let mut all = vec![("csrf", csrf)];
        all.extend_from_slice(fields);
        let url = format!("{}{to}", self.base);
        self.browser.post(&url, &all).await
    }

    /// Sends a form with files: field, name and bytes of each.
    pub async fn send_files(
        &mut self,
        to: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &str, Vec<u8>)],
    ) -> Page {
        let mut form = reqwest::multipart::Form::new();
        for (name, value) in fields {
            form = form.text((*name).to_owned(), (*value).to_owned());
        }
        for (field, name, bytes) in files {
            let part = reqwest::multipart::Part::bytes(bytes.clone()).file_name((*name).to_owned());
            form = form.part((*field).to_owned(), part);
        }
        let url = format!("{}{to}", self.base);
        let request = self.browser.http.post(url).multipart(form);
        self.browser.send(request).await
    }

    /// Types name and password.
    pub async fn sign_in(&mut self, login: &str, password: &str) -> Page {
        let fields = [("login", login), ("password", password)];
        self.send("/console/sign-in", "/console/sign-in", &fields)
            .await
    }

    /// Whether the browser is signed in.
    pub async fn is_in(&mut self) -> bool {
        self.open("/console/account").await.status == 200
    }
}

/// Gives somebody a name to sign in with and a one-time password.
pub async fn one_time(app: &TestApp, login: &str, name: &str) -> String {
    let person = app.person(name).await;
    let made = OneTime::make(&Dice::from_system()).await.unwrap();
    let tx = app.store.begin(app.now()).await.unwrap();
    give(&tx, &Actor::operator(), person.id, login, &made)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    made.password
}

/// The hash of [`PASSWORD`] at a cost that nobody should use: what the program's own costs, hundreds of sign-ins
/// would pay. A hash says itself what it cost.
fn cheap_hash() -> String {
    let cost = Params::new(Params::MIN_M_COST, 1, 1, None).unwrap();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, cost)
        .hash_password_with_salt(PASSWORD.as_bytes(), &[7; 16])
        .unwrap()
        .to_string()
}

/// Gives somebody a name and [`PASSWORD`], which need not be changed.
pub async fn own_password(app: &TestApp, login: &str, name: &str) {
    let person_id = app.person(name).await.id;
    lend_password(app, login, person_id).await;
}

/// The same for a person by key.
pub async fn lend_password(app: &TestApp, login: &str, person_id: i64) {
    let row = credential::ActiveModel {
        login: Set(login.to_owned()),
        person_id: Set(person_id),
        password_hash: Set(cheap_hash()),
        one_time: Set(false),
        created_at: Set(app.now()),
        ..Default::default()
    };
    credential::Entity::insert(row)
        .exec_without_returning(app.store.write())
        .await
        .unwrap();
}

/// Makes somebody of the standard compound an administrator of a place (none: of everything), and signs
/// them in.
pub async fn administrator<'a>(app: &'a TestApp, name: &str, code: Option<&str>) -> Desk<'a> {
    make_administrator(app, name, code).await;
    Desk::of(app, name).await
}

/// The same without signing in.
pub async fn make_administrator(app: &TestApp, name: &str, code: Option<&str>) {
    let who = app.person(name).await;
    let at = match code {
        Some(code) => Some(app.place(code).await),
        None => None,
    };
    let mut tx = app.store.begin(app.now()).await.unwrap();
    let post = NewRole {
        person_id: who.id,
        kind: RoleKind::Administrator,
        place: at.as_ref(),
        organisation_id: None,
        from_at: None,
        to_at: None,
    };
    grant_role(&mut tx, &Actor::operator(), post).await.unwrap();
    tx.commit().await.unwrap();
}

/// How often this was put on record about this subject.
pub async fn on_record(app: &TestApp, action: &str, subject: &str) -> usize {
    let rows = recorded::Entity::find()
        .filter(recorded::COLUMN.action.eq(action))
        .filter(recorded::COLUMN.subject.eq(subject))
        .all(app.store.read())
        .await;
    rows.unwrap().len()
}
