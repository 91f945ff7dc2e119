//! Sessions and forms: how long they hold, who ends them, what a foreign site cannot do.

use chrono::TimeDelta;
use entity::{console_session, person};
use sea_orm::{EntityTrait, PaginatorTrait};

use super::{COOKIE, Desk, PASSWORD, own_password};
use crate::harness::app::TestApp;

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_other_sites_and_over_tls_to_this_host() {
    let app = TestApp::plan()
        .set("SERVER__PUBLIC_URL", "https://linli.example")
        .start()
        .await;
    own_password(&app, "sun", "孙梅").await;
    let mut desk = Desk::stranger(&app);
    let page = desk.sign_in("sun", PASSWORD).await;
    let cookie = page
        .cookies
        .iter()
        .find(|cookie| cookie.starts_with("__Host-linli_console="))
        .unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/;"] {
        assert!(cookie.contains(part), "no {part} in {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let page = desk.open("/console/account").await;
    page.is(200);
    let told = |name: &str| page.headers[name].to_str().unwrap().to_owned();
    let policy = told("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && policy.contains("script-src 'self'"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(told("cache-control"), "no-store");
    assert_eq!(told("x-frame-options"), "DENY");
    // Under `no-referrer` browsers do not say from which site a form comes.
    assert_eq!(told("referrer-policy"), "same-origin");
    for inline in ["<style", " style=", " onclick", "<script>"] {
        assert!(!page.body.contains(inline), "{inline}");
    }
}

#[tokio::test]
async fn a_token_of_before_is_worth_nothing_after_signing_in() {
    let app = TestApp::start().await;
    own_password(&app, "sun", "孙梅").await;
    let mut desk = Desk::stranger(&app);
    // Somebody else has put a cookie there.
    let planted = "planted-by-somebody-else-0000000000000000000";
    desk.browser
        .cookies
        .push((COOKIE.to_owned(), planted.to_owned()));
    desk.sign_in("sun", PASSWORD).await.is(303);
    let first = desk.browser.cookie(COOKIE).unwrap();
    assert_ne!(first, planted);
    let mut thief = Desk::stranger(&app);
    thief
        .browser
        .cookies
        .push((COOKIE.to_owned(), planted.to_owned()));
    assert!(!thief.is_in().await);
    // Signing in again in the same browser ends the session of before.
    let csrf = desk.open("/console/account").await.hidden("csrf");
    let fields = [("login", "sun"), ("password", PASSWORD)];
    desk.send_with(&csrf, "/console/sign-in", &fields)
        .await
        .is(303);
    let second = desk.browser.cookie(COOKIE).unwrap();
    assert_ne!(first, second);
    thief.browser.cookies = vec![(COOKIE.to_owned(), first)];
    assert!(!thief.is_in().await);
    assert!(desk.is_in().await);
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_when_it_is_old() {
    let app = TestApp::start().await;
    let mut idle = Desk::of(&app, "孙梅").await;
    let mut busy = Desk::of(&app, "周强").await;
    app.clock.advance(TimeDelta::minutes(119));
    assert!(busy.is_in().await);
    app.clock.advance(TimeDelta::minutes(2));
    assert!(!idle.is_in().await);
    assert!(busy.is_in().await);
    for _ in 0..6 {
        app.clock.advance(TimeDelta::minutes(90));
        assert!(busy.is_in().await);
    }
    app.clock.advance(TimeDelta::minutes(50));
    assert!(busy.is_in().await);
    app.clock.advance(TimeDelta::minutes(60));
    assert!(!busy.is_in().await, "twelve hours are over");
}

#[tokio::test]
async fn one_ends_the_sessions_of_oneself_and_of_nobody_else() {
    let app = TestApp::start().await;
    let mut here = Desk::of(&app, "孙梅").await;
    let mut there = Desk::stranger(&app);
    there.sign_in("sun", PASSWORD).await.is(303);
    let mut third = Desk::stranger(&app);
    third.sign_in("sun", PASSWORD).await.is(303);
    let mut zhou = Desk::of(&app, "周强").await;
    let sessions = console_session::Entity::find()
        .all(app.store.read())
        .await
        .unwrap();
    let sun = app.person("孙梅").await.id;
    let own: Vec<_> = sessions.iter().filter(|one| one.person_id == sun).collect();
    let foreign = sessions.iter().find(|one| one.person_id != sun).unwrap();
    let account = "/console/account";
    let end = |id: i64| format!("/console/account/sessions/{id}");
    here.send(account, &end(foreign.id), &[]).await.is(404);
    here.send(account, "/console/account/sessions/x", &[])
        .await
        .is(404);
    assert!(zhou.is_in().await);
    here.send(account, &end(own[1].id), &[]).await.is(303);
    assert!(!there.is_in().await && third.is_in().await);
    here.send(account, &end(own[1].id), &[]).await.is(404);
    here.send(account, "/console/account/others", &[])
        .await
        .is(303);
    assert!(!third.is_in().await && here.is_in().await && zhou.is_in().await);
    here.open("/console/account?said=others")
        .await
        .says("其他设备全部退出");
    // What the address says is never shown itself.
    let page = here.open("/console/account?said=%3Cb%3Ehello").await;
    assert!(!page.body.contains("hello"));
}

#[tokio::test]
async fn a_changed_password_ends_all_other_sessions() {
    let app = TestApp::start().await;
    let mut here = Desk::of(&app, "孙梅").await;
    let mut there = Desk::stranger(&app);
    there.sign_in("sun", PASSWORD).await.is(303);
    let page = "/console/password";
    let new = "白日依山尽黄河入海流";
    let wrong = [("old", "x"), ("password", new), ("again", new)];
    here.send(page, page, &wrong)
        .await
        .is(422)
        .says("现在的密码不对");
    let right = [("old", PASSWORD), ("password", new), ("again", new)];
    let csrf = here.open(page).await.hidden("csrf");
    here.send_with(&csrf, page, &right)
        .await
        .is(303)
        .leads_to("/console/account?said=password");
    assert!(here.is_in().await && !there.is_in().await);
    // Twice: the form of before belongs to a token that is no more.
    here.send_with(&csrf, page, &right).await.is(403);
    there.sign_in("sun", PASSWORD).await.is(422);
    there.sign_in("sun", new).await.is(303);
}

#[tokio::test]
async fn a_form_from_elsewhere_does_nothing() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "孙梅").await;
    let mut other = Desk::of(&app, "周强").await;
    let csrf = desk.open("/console/account").await.hidden("csrf");
    let foreign = other.open("/console/account").await.hidden("csrf");
    let url = format!("{}/console/sign-out", app.url());
    for wrong in ["", "x", foreign.as_str()] {
        desk.browser
            .post(&url, &[("csrf", wrong)])
            .await
            .is(403)
            .says("刷新后再试");
    }
    desk.browser.post(&url, &[]).await.is(403);
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let request = desk.browser.http.post(&url).header(name, value);
        let request = request.form(&[("csrf", csrf.as_str())]);
        desk.browser.send(request).await.is(403).says("别的网站");
    }
    let json = desk
        .browser
        .http
        .post(&url)
        .header("content-type", "application/json");
    let page = desk.browser.send(json.body("{}")).await;
    assert!((400..500).contains(&page.status), "{}", page.status);
    assert!(desk.is_in().await, "some forged form was obeyed");
    // Signing somebody in as somebody else needs a mark, too.
    let mut stranger = Desk::stranger(&app);
    let fields = [("login", "sun"), ("password", PASSWORD)];
    stranger
        .send_with("", "/console/sign-in", &fields)
        .await
        .is(403);
    let csrf = Desk::stranger(&app)
        .open("/console/sign-in")
        .await
        .hidden("csrf");
    stranger
        .send_with(&csrf, "/console/sign-in", &fields)
        .await
        .is(403);
    let origin = app.url();
    let request = desk.browser.http.post(&url).header("origin", &origin);
    let csrf = desk.open("/console/account").await.hidden("csrf");
    let request = request.form(&[("csrf", csrf.as_str())]);
    desk.browser.send(request).await.is(303);
    assert!(!desk.is_in().await);
}

#[tokio::test]
async fn what_cannot_be_read_is_a_page_and_never_a_fault_of_ours() {
    let app = TestApp::start().await;
    let mut desk = Desk::of(&app, "孙梅").await;
    desk.open("/console/nowhere").await.is(404).says("没有找到");
    let page = desk.open("/console/account/others").await;
    page.is(405).says("</html>");
    let csrf = desk.open("/console/account").await.hidden("csrf");
    let long = "长".repeat(60_000);
    desk.send_with(&csrf, "/console/sign-out", &[("text", &long)])
        .await
        .is(413);
    let mut stranger = Desk::stranger(&app);
    stranger
        .browser
        .cookies
        .push((COOKIE.to_owned(), "x".repeat(4000)));
    stranger.open("/console/account").await.is(303);
    assert!(desk.is_in().await);
    let left = console_session::Entity::find();
    assert_eq!(left.count(app.store.read()).await.unwrap(), 1);
}

#[tokio::test]
async fn names_and_browsers_are_text_and_never_markup() {
    let app = TestApp::start().await;
    let sun = app.person("孙梅").await;
    let mut change = person::ActiveModel::from(sun);
    change.name = sea_orm::ActiveValue::Set("<script>alert(1)</script>".to_owned());
    let login = "sun\"'><img src=x>";
    own_password(&app, login, "孙梅").await;
    person::Entity::update(change)
        .exec(app.store.write())
        .await
        .unwrap();
    let mut desk = Desk::stranger(&app);
    let page = desk.sign_in(login, "wrong").await;
    page.is(422);
    assert!(!page.body.contains("<img"), "{}", page.body);
    let csrf = page.hidden("csrf");
    let url = format!("{}/console/sign-in", app.url());
    let fields = [
        ("csrf", csrf.as_str()),
        ("login", login),
        ("password", PASSWORD),
    ];
    let request = desk.browser.http.post(url).form(&fields);
    let request = request.header("user-agent", "<script>alert(2)</script>");
    desk.browser.send(request).await.is(303);
    let page = desk.open("/console/account").await;
    page.is(200);
    assert!(
        !page.body.contains("<script>alert") && !page.body.contains("<img"),
        "{}",
        page.body
    );
    page.says("&#60;script&#62;alert(1)")
        .says("&#60;script&#62;alert(2)");
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_names_that_change() {
    let app = TestApp::start().await;
    let mut desk = Desk::stranger(&app);
    let page = desk.open("/console/sign-in").await;
    let pattern = regex::Regex::new("\"(/assets/[^\"]+)\"").unwrap();
    let found: Vec<String> = pattern
        .captures_iter(&page.body)
        .map(|found| found[1].to_owned())
        .collect();
    assert!(
        found
            .iter()
            .any(|path| path.starts_with("/assets/console-"))
    );
    for path in &found {
        let file = desk.open(path).await;
        file.is(200);
        let told = |name: &str| file.headers[name].to_str().unwrap().to_owned();
        assert!(told("cache-control").contains("immutable"), "{path}");
        let kind = if path.ends_with(".css") {
            "text/css"
        } else {
            "text/javascript"
        };
        assert!(told("content-type").starts_with(kind), "{path}");
    }
    desk.open("/assets/console-0000000000000000.css")
        .await
        .is(404);
}
