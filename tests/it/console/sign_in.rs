//! The two factors: the way in, and what stops everybody else.

use chrono::TimeDelta;
use entity::{audit, credential, person};
use linli::access::console::totp;
use regex::Regex;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter};

use super::{COOKIE, Desk, PASSWORD, one_time, own_password};
use crate::harness::app::TestApp;
use crate::harness::program;

const NEW: &str = "白日依山尽黄河入海流";

/// What an authenticator keeps: the bytes of the secret on the page.
fn secret_on(body: &str) -> Vec<u8> {
    let shown = Regex::new("class=\"secret\">([A-Z2-7]+)<").unwrap();
    let shown = shown.captures(body).expect("no secret")[1].to_owned();
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut bits = String::new();
    for letter in shown.chars() {
        bits.push_str(&format!("{:05b}", letters.find(letter).unwrap()));
    }
    let whole = bits.as_bytes().chunks_exact(8);
    whole
        .map(|eight| u8::from_str_radix(std::str::from_utf8(eight).unwrap(), 2).unwrap())
        .collect()
}

fn recovery_codes(body: &str) -> Vec<String> {
    let pattern = Regex::new("<code>([a-z2-7-]{14})</code>").unwrap();
    pattern
        .captures_iter(body)
        .map(|found| found[1].to_owned())
        .collect()
}

#[tokio::test]
async fn an_administrator_comes_in_by_a_one_time_password_and_sets_up_both_factors() {
    let app = TestApp::plan()
        .set("CONSOLE__SECOND_FACTOR", "true")
        .start()
        .await;
    let printed = program::succeed(&app.variables, &["admin", "create", "Linda"]).await;
    let password = Regex::new("一次性密码: (\\S+)").unwrap();
    let password = password.captures(&printed).unwrap()[1].to_owned();
    let mut desk = Desk::stranger(&app);
    desk.open("/console/account")
        .await
        .is(303)
        .leads_to("/console/sign-in?to=%2Fconsole%2Faccount");
    desk.sign_in("Linda", &password).await.is(303);
    // Nothing opens before both are done, in their order.
    desk.open("/console/account")
        .await
        .leads_to("/console/password?to=%2Fconsole%2Faccount");
    desk.open("/console/factor").await.is(303);
    let page = "/console/password";
    for (new, again, words) in [
        ("kurz", "kurz", "至少10个字符"),
        (NEW, "another one, really", "不一样"),
        (&password, &password, "和原来的一样"),
    ] {
        let typed = [("password", new), ("again", again)];
        desk.send(page, page, &typed).await.is(422).says(words);
    }
    let before = desk.browser.cookie(COOKIE).unwrap();
    let typed = [
        ("password", NEW),
        ("again", NEW),
        ("to", "/console/account"),
    ];
    desk.send(page, page, &typed)
        .await
        .is(303)
        .leads_to("/console/account");
    assert_ne!(desk.browser.cookie(COOKIE).unwrap(), before);
    desk.open("/console/account")
        .await
        .leads_to("/console/factor?to=%2Fconsole%2Faccount");
    let page = desk.open("/console/factor").await;
    page.is(200).says("<svg");
    let (secret, sealed, csrf) = (
        secret_on(&page.body),
        page.hidden("sealed"),
        page.hidden("csrf"),
    );
    let wrong = [("sealed", sealed.as_str()), ("code", "000000")];
    let page = desk.send_with(&csrf, "/console/factor", &wrong).await;
    page.is(422).says("验证码不对");
    assert_eq!(secret_on(&page.body), secret, "the phone has it already");
    let code = totp::code_now(&secret, app.now());
    let right = [("sealed", sealed.as_str()), ("code", code.as_str())];
    let page = desk.send_with(&csrf, "/console/factor", &right).await;
    page.is(200).says("恢复码");
    let codes = recovery_codes(&page.body);
    assert_eq!(codes.len(), 10);
    assert!(desk.is_in().await);
    desk.send("/console/account", "/console/sign-out", &[])
        .await
        .is(303)
        .leads_to("/console/sign-in?said=left");
    assert!(!desk.is_in().await);

    // From now on the code is asked for; the one that was used does not count again.
    desk.sign_in("linda", NEW).await.is(303);
    desk.open("/console/account")
        .await
        .leads_to("/console/code?to=%2Fconsole%2Faccount");
    let page = "/console/code";
    desk.send(page, page, &[("code", &code)])
        .await
        .is(422)
        .says("验证码不对");
    app.clock.advance(TimeDelta::seconds(60));
    let code = totp::code_now(&secret, app.now());
    let half = desk.browser.cookie(COOKIE).unwrap();
    desk.send(page, page, &[("code", &code)]).await.is(303);
    assert_ne!(desk.browser.cookie(COOKIE).unwrap(), half);
    assert!(desk.is_in().await);
    // In another browser a recovery code stands in, once.
    let mut lost = Desk::stranger(&app);
    lost.sign_in("linda", NEW).await.is(303);
    let upper = codes[0].to_uppercase();
    lost.send(page, page, &[("code", &upper)]).await.is(303);
    lost.open("/console/account")
        .await
        .is(200)
        .says("9 个恢复码");
    let mut again = Desk::stranger(&app);
    again.sign_in("linda", NEW).await;
    again.send(page, page, &[("code", &codes[0])]).await.is(422);
    assert!(!again.is_in().await);
    for action in ["console.sign-in", "console.password", "console.factor"] {
        let rows = audit::Entity::find().filter(audit::COLUMN.action.eq(action));
        assert!(rows.count(app.store.read()).await.unwrap() > 0, "{action}");
    }
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_are_one_answer_and_both_are_stopped() {
    let app = TestApp::with_instances(2).await;
    own_password(&app, "sun", "孙梅").await;
    let mut answers = Vec::new();
    let seconds = Regex::new(r"请过(\d+)秒再试").unwrap();
    for login in ["sun", "nobody-at-all"] {
        // In turn at both instances: they count together.
        for turn in 0..5 {
            let mut desk = Desk::at(&app, turn % 2);
            let page = desk.sign_in(login, "a wrong password").await;
            page.is(422).says("登录名或密码不对");
            assert!(desk.browser.cookie(COOKIE).is_none());
            if turn == 0 {
                let csrf = page.hidden("csrf");
                answers.push(page.body.replace(&csrf, "").replace(login, ""));
            }
        }
        for instance in [0, 1] {
            let mut desk = Desk::at(&app, instance);
            let page = desk.sign_in(login, PASSWORD).await;
            // What is left of 30 seconds: a slow machine has used some of them.
            page.is(429).says("秒再试");
            let left: u32 = seconds.captures(&page.body).unwrap()[1].parse().unwrap();
            assert!((1..=30).contains(&left), "{left}");
            assert!(page.headers.contains_key("retry-after") || page.status == 429);
        }
    }
    assert_eq!(answers[0], answers[1], "the answers tell names apart");
    app.clock.advance(TimeDelta::seconds(31));
    let mut desk = Desk::stranger(&app);
    // The sixth failure doubles the pause; a right password ends it all.
    desk.sign_in("sun", "wrong again").await.is(422);
    desk.sign_in("sun", PASSWORD).await.is(429).says("请过60秒");
    app.clock.advance(TimeDelta::seconds(61));
    desk.sign_in("sun", PASSWORD).await.is(303);
    for _ in 0..4 {
        desk.sign_in_again("sun").await;
    }
    let mut other = Desk::stranger(&app);
    other.sign_in("sun", PASSWORD).await.is(303);
}

impl Desk<'_> {
    /// One more wrong try, from a browser of its own.
    async fn sign_in_again(&self, login: &str) {
        let mut desk = Desk::stranger(self.app);
        desk.sign_in(login, "wrong").await.is(422);
    }
}

#[tokio::test]
async fn many_tries_at_once_are_counted_one_by_one() {
    let app = TestApp::start().await;
    own_password(&app, "sun", "孙梅").await;
    let tries = (0..12).map(|_| async {
        let mut desk = Desk::stranger(&app);
        desk.sign_in("sun", "not the password").await.status
    });
    let answers = futures_util::future::join_all(tries).await;
    let looked_at = answers.iter().filter(|status| **status == 422).count();
    assert_eq!(looked_at, 5, "{answers:?}");
}

#[tokio::test]
async fn codes_of_the_second_factor_are_stopped_as_well() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "孙梅").await;
    let page = desk.open("/console/factor").await;
    let (sealed, secret) = (page.hidden("sealed"), secret_on(&page.body));
    let code = totp::code_now(&secret, app.now());
    let right = [("sealed", sealed.as_str()), ("code", code.as_str())];
    desk.send_with(&page.hidden("csrf"), "/console/factor", &right)
        .await
        .is(200);
    // The same offer from another session is nobody's.
    let mut thief = Desk::of(&app, "周强").await;
    let csrf = thief.open("/console/account").await.hidden("csrf");
    thief
        .send_with(&csrf, "/console/factor", &right)
        .await
        .is(409)
        .says("已经失效");
    let mut half = Desk::stranger(&app);
    half.sign_in("sun", PASSWORD).await.is(303);
    let page = "/console/code";
    for _ in 0..5 {
        half.send(page, page, &[("code", "123123")]).await.is(422);
    }
    half.send(page, page, &[("code", "123123")]).await.is(429);
    assert!(!half.is_in().await);
    // Ten minutes are all that a half sign-in has.
    app.clock.advance(TimeDelta::minutes(11));
    half.open(page)
        .await
        .leads_to("/console/sign-in?to=%2Fconsole%2Fcode");
}

#[tokio::test]
async fn who_holds_no_role_or_has_left_does_not_come_in() {
    let app = TestApp::start().await;
    own_password(&app, "zhang", "张秀英").await;
    let mut desk = Desk::stranger(&app);
    desk.sign_in("zhang", PASSWORD)
        .await
        .is(403)
        .says("没有担任职务");
    assert!(desk.browser.cookie(COOKIE).is_none());
    let mut desk = Desk::of(&app, "孙梅").await;
    assert!(desk.is_in().await);
    let sun = app.person("孙梅").await;
    entity::role::Entity::delete_many()
        .filter(entity::role::COLUMN.person_id.eq(sun.id))
        .exec(app.store.write())
        .await
        .unwrap();
    desk.open("/console/account")
        .await
        .is(403)
        .says("没有担任职务");
    desk.open("/console/sign-in").await;
    let mut desk = Desk::of(&app, "周强").await;
    let zhou = app.person("周强").await;
    let mut change = person::ActiveModel::from(zhou);
    change.left_at = sea_orm::ActiveValue::Set(Some(app.now()));
    person::Entity::update(change)
        .exec(app.store.write())
        .await
        .unwrap();
    desk.open("/console/account").await.is(303);
    desk.sign_in("zhou", PASSWORD).await.is(403);
}

#[tokio::test]
async fn a_forgotten_password_is_reset_and_all_sessions_end() {
    let app = TestApp::start().await;
    let run = ["admin", "password", "wei", "--person", "wei"];
    let printed = program::succeed(&app.variables, &run).await;
    let pattern = Regex::new("一次性密码: (\\S+)").unwrap();
    let first = pattern.captures(&printed).unwrap()[1].to_owned();
    let mut desk = Desk::stranger(&app);
    desk.sign_in("wei", &first).await.is(303);
    let printed = program::succeed(&app.variables, &["admin", "password", "wei"]).await;
    let second = pattern.captures(&printed).unwrap()[1].to_owned();
    assert!(!desk.is_in().await);
    let mut other = Desk::stranger(&app);
    other.sign_in("wei", &first).await.is(422);
    other.sign_in("wei", &second).await.is(303);
    let taken = ["admin", "password", "wei", "--person", "sun"];
    let failed = program::run(&app.variables, &taken).await;
    assert!(!failed.status.success());
    let nobody = program::run(&app.variables, &["admin", "password", "nobody"]).await;
    assert!(!nobody.status.success());
}

#[tokio::test]
async fn the_way_on_after_signing_in_stays_in_the_console() {
    let app = TestApp::start().await;
    own_password(&app, "sun", "孙梅").await;
    for (to, leads) in [
        ("/console/account?said=left", "/console/account?said=left"),
        ("//evil.example/console/", linli::web::console::HOME),
        ("https://evil.example", linli::web::console::HOME),
        ("/me", linli::web::console::HOME),
        ("/console/sign-in", linli::web::console::HOME),
        ("/console/\r\nset-cookie: a=b", linli::web::console::HOME),
    ] {
        let mut desk = Desk::stranger(&app);
        let fields = [("login", "sun"), ("password", PASSWORD), ("to", to)];
        desk.send("/console/sign-in", "/console/sign-in", &fields)
            .await
            .is(303)
            .leads_to(leads);
    }
}

#[tokio::test]
async fn the_database_holds_nothing_that_opens_the_console() {
    let app = TestApp::start().await;
    let password = one_time(&app, "sun", "孙梅").await;
    let mut desk = Desk::stranger(&app);
    desk.sign_in("sun", &password).await.is(303);
    let token = desk.browser.cookie(COOKIE).unwrap();
    let rows = credential::Entity::find().all(app.store.read()).await;
    let sessions = entity::console_session::Entity::find()
        .all(app.store.read())
        .await;
    let all = format!("{:?} {:?}", rows.unwrap(), sessions.unwrap());
    assert!(!all.contains(&password) && !all.contains(&token), "{all}");
}
