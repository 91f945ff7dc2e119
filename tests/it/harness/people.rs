//! People of the standard compound and what they do: follow, bind, say, read what is pushed to them,
//! use the mini-program.

use std::sync::atomic::{AtomicUsize, Ordering};

use entity::kinds::{BindingState, Channel};
use entity::{account, binding, case, person, place};
use linli::sandbox::Say;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::Value;

use super::app::TestApp;
use super::{compound, program, until_or};

/// Somebody with a chat account.
pub struct Person<'a> {
    /// In this test.
    pub app: &'a TestApp,
    /// On the official account.
    pub open_id: String,
    seen: AtomicUsize,
}

/// A tie of an account to a home, as if it had been vouched for.
pub fn tie(app: &TestApp, account: &account::Model, home: &place::Model) -> binding::ActiveModel {
    binding::ActiveModel {
        account_id: Set(account.id),
        person_id: Set(account.person_id),
        place_id: Set(home.id),
        compound_id: Set(home.compound_id.unwrap()),
        state: Set(BindingState::Verified),
        claimed_name: Set(String::new()),
        claimed_phone_sealed: Set(String::new()),
        claimed_phone_index: Set(String::new()),
        created_at: Set(app.now()),
        ..Default::default()
    }
}

impl TestApp {
    /// Somebody who follows the account and has said nothing yet.
    pub async fn newcomer(&self, open_id: &str) -> Person<'_> {
        let person = self.known(open_id);
        person.does(&Say::event("subscribe", "")).await;
        person
    }

    /// Somebody who is known already.
    pub fn known(&self, open_id: &str) -> Person<'_> {
        Person {
            app: self,
            open_id: open_id.to_owned(),
            seen: AtomicUsize::new(0),
        }
    }

    /// A resident of the standard compound, bound to the home over the chat.
    pub async fn resident(&self, name: &str) -> Person<'_> {
        let person = self
            .newcomer(&format!("o-{}", compound::person(name, 0)))
            .await;
        let (home, phone) = (compound::home(name), compound::person(name, 2));
        let reply = person.says(&format!("绑定 {home} {name} {phone}")).await;
        let account = person.account().await;
        assert!(account.person_id.is_some(), "{name} is not bound: {reply}");
        person
    }

    /// Somebody who holds a role, bound by an invitation.
    pub async fn staff(&self, name: &str) -> Person<'_> {
        let key = compound::person(name, 0);
        let person = self.newcomer(&format!("o-{key}")).await;
        let printed = program::succeed(&self.variables, &["invite", key]).await;
        let code = regex::Regex::new(r"\b\d{8}\b").unwrap();
        let code = code.find(&printed).expect("no invitation code").as_str();
        let reply = person.says(&format!("绑定 {code}")).await;
        let account = person.account().await;
        assert!(account.person_id.is_some(), "{name} is not bound: {reply}");
        person
    }

    /// The steward of a building of the standard compound: `1栋`, `2栋`.
    pub async fn steward(&self, building: &str) -> Person<'_> {
        match building {
            "1栋" => self.staff("孙梅").await,
            "2栋" => self.staff("周强").await,
            other => panic!("{other} has no steward in the standard compound"),
        }
    }

    /// So many more people of the compound, at home in 2-1-101, with a chat account each.
    pub async fn neighbours(&self, count: usize) -> Vec<Person<'_>> {
        let home = self.place("GY/2-1-101").await;
        let people = (0..count).map(|number| person::ActiveModel {
            name: Set(format!("邻居{number}")),
            party_member: Set(false),
            created_at: Set(self.now()),
            updated_at: Set(self.now()),
            ..Default::default()
        });
        let people = person::Entity::insert_many(people)
            .exec_with_returning(self.store.write())
            .await
            .unwrap();
        let accounts = people.iter().map(|person| account::ActiveModel {
            channel: Set(Channel::Official),
            external_id: Set(format!("o-race-{}", person.id)),
            person_id: Set(Some(person.id)),
            followed: Set(true),
            window_left: Set(0),
            created_at: Set(self.now()),
            ..Default::default()
        });
        let accounts = account::Entity::insert_many(accounts)
            .exec_with_returning(self.store.write())
            .await
            .unwrap();
        let ties = accounts.iter().map(|account| tie(self, account, &home));
        binding::Entity::insert_many(ties)
            .exec_without_returning(self.store.write())
            .await
            .unwrap();
        accounts
            .iter()
            .map(|account| self.known(&account.external_id))
            .collect()
    }

    /// A case by its number.
    pub async fn case(&self, id: i64) -> case::Model {
        let found = case::Entity::find_by_id(id).one(self.store.read()).await;
        found.unwrap().expect("no such case")
    }

    /// The mini-program of a person, signed in.
    pub async fn api(&self, person: &Person<'_>) -> Api {
        self.api_of(&person.open_id).await
    }

    /// The mini-program of an openid, signed in.
    pub async fn api_of(&self, open_id: &str) -> Api {
        let mut api = Api {
            base: format!("{}/api/v1", self.url()),
            token: None,
            http: reqwest::Client::builder().build().unwrap(),
        };
        let code = self.platform.code(open_id);
        let answer = api
            .post("/session", &serde_json::json!({ "code": code }))
            .await;
        assert!(answer.status < 300, "{answer:?}");
        api.token = Some(answer.json["token"].as_str().unwrap().to_owned());
        api
    }
}

impl Person<'_> {
    /// Does something; what is answered, if anything.
    pub async fn does(&self, what: &Say) -> Option<String> {
        let said = self.app.platform.say(&self.open_id, what).await;
        use linli::sandbox::Answer;
        match said.answer {
            Answer::Text(text) => Some(text),
            Answer::Silence => None,
            other => panic!("after {what:?} the platform saw {other:?}"),
        }
    }

    /// Types something; what is answered. Silence is a fault.
    pub async fn says(&self, text: &str) -> String {
        let reply = self.does(&Say::text(text)).await;
        reply.unwrap_or_else(|| panic!("no answer to «{text}»"))
    }

    /// All pushes received so far, oldest first.
    pub fn pushes(&self) -> Vec<String> {
        let sent = self.app.platform.sent_to(&self.open_id);
        sent.into_iter().map(|entry| entry.text).collect()
    }

    /// How many pushes with these words have been received so far.
    pub fn told(&self, words: &str) -> usize {
        let pushes = self.pushes();
        pushes.iter().filter(|text| text.contains(words)).count()
    }

    /// Waits for a push that was not expected before and holds these words; gives its text.
    pub async fn expects_push(&self, words: &str) -> String {
        let what = || {
            let pushes = self.pushes();
            format!(
                "a push to {} with «{words}» among {pushes:#?}",
                self.open_id
            )
        };
        until_or(what, 15, async || {
            let pushes = self.pushes();
            let seen = self.seen.load(Ordering::SeqCst);
            let at = pushes
                .iter()
                .skip(seen)
                .position(|text| text.contains(words))?;
            self.seen.store(seen + at + 1, Ordering::SeqCst);
            pushes.get(seen + at).cloned()
        })
        .await
    }

    /// The account's row.
    pub async fn account(&self) -> account::Model {
        account::Entity::find()
            .filter(account::COLUMN.channel.eq(Channel::Official))
            .filter(account::COLUMN.external_id.eq(&self.open_id))
            .one(self.app.store.read())
            .await
            .unwrap()
            .expect("the program does not know the account")
    }

    /// The person's cases, oldest first.
    pub async fn cases(&self) -> Vec<case::Model> {
        let account = self.account().await;
        case::Entity::find()
            .filter(case::COLUMN.account_id.eq(account.id))
            .order_by_asc(case::COLUMN.id)
            .all(self.app.store.read())
            .await
            .unwrap()
    }

    /// The person's latest case.
    pub async fn case(&self) -> case::Model {
        self.cases().await.pop().expect("no case was filed")
    }
}

/// A client of the JSON API.
pub struct Api {
    base: String,
    token: Option<String>,
    http: reqwest::Client,
}

/// What the API answered.
#[derive(Clone, Debug)]
pub struct ApiAnswer {
    /// HTTP status.
    pub status: u16,
    /// The body; null when there is none.
    pub json: Value,
}

impl ApiAnswer {
    /// Whether it was refused with this status and code, in these words; panics with the answer if not.
    pub fn refuses(&self, status: u16, code: &str, says: &str) -> &Self {
        let told = (self.status, self.json["code"].as_str());
        assert_eq!(told, (status, Some(code)), "{self:?}");
        let detail = self.json["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(says), "no «{says}» in {detail}");
        self
    }
}

impl Api {
    /// The same session at another instance.
    pub fn at(&self, url: &str) -> Self {
        Self {
            base: format!("{url}/api/v1"),
            token: self.token.clone(),
            http: self.http.clone(),
        }
    }

    /// GET below `/api/v1`.
    pub async fn get(&self, path: &str) -> ApiAnswer {
        self.send(self.http.get(format!("{}{path}", self.base)))
            .await
    }

    /// GET of a file below `/api/v1`: status, content type, bytes.
    pub async fn fetch(&self, path: &str) -> (u16, String, Vec<u8>) {
        let mut request = self.http.get(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        let kind = answer.headers().get("content-type");
        let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
        let status = answer.status().as_u16();
        (status, kind, answer.bytes().await.unwrap().to_vec())
    }

    /// POST below `/api/v1`.
    pub async fn post(&self, path: &str, body: &Value) -> ApiAnswer {
        let request = self.http.post(format!("{}{path}", self.base));
        self.send(json_body(request, body)).await
    }

    /// POST of bytes below `/api/v1`, perhaps with an `Idempotency-Key`.
    pub async fn post_bytes(
        &self,
        path: &str,
        kind: &str,
        key: Option<&str>,
        body: Vec<u8>,
    ) -> ApiAnswer {
        let request = self.http.post(format!("{}{path}", self.base));
        let mut request = request.header("Content-Type", kind).body(body);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        self.send(request).await
    }

    /// What signs its requests in.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("not signed in")
    }

    /// The same without having signed in.
    pub fn signed_out(&self) -> Self {
        Self {
            base: self.base.clone(),
            token: None,
            http: self.http.clone(),
        }
    }

    /// PUT below `/api/v1`.
    pub async fn put(&self, path: &str, body: &Value) -> ApiAnswer {
        let request = self.http.put(format!("{}{path}", self.base));
        self.send(json_body(request, body)).await
    }

    /// POST with an `Idempotency-Key`.
    pub async fn post_once(&self, path: &str, key: &str, body: &Value) -> ApiAnswer {
        let request = self.http.post(format!("{}{path}", self.base));
        let request = request.header("Idempotency-Key", key);
        self.send(json_body(request, body)).await
    }

    async fn send(&self, mut request: reqwest::RequestBuilder) -> ApiAnswer {
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.bytes().await.unwrap();
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        ApiAnswer { status, json }
    }
}

fn json_body(request: reqwest::RequestBuilder, body: &Value) -> reqwest::RequestBuilder {
    request
        .header("Content-Type", "application/json")
        .body(body.to_string())
}
