//! Pages inside WeChat: the way to the platform and back, and what it must never do.

use linli::sandbox::{Api, Fault};
use reqwest::header::COOKIE;

use crate::harness::app::TestApp;
use crate::harness::browser::{Browser, Page};

impl Browser {
    /// To the platform and back with a code, without following the last step.
    pub(crate) async fn come_back(&mut self, app: &TestApp, open_id: &str, to: &str) -> Page {
        let (state, _) = self.leave(app, to).await;
        let code = app.platform.page_code(open_id);
        let url = format!("{}/wechat/oauth/back?code={code}&state={state}", app.url());
        self.open(&url).await
    }

    /// Off to the platform: the state that it is given, and the whole address.
    pub(crate) async fn leave(&mut self, app: &TestApp, to: &str) -> (String, String) {
        let page = self
            .open(&format!("{}/wechat/oauth/start?to={to}", app.url()))
            .await;
        assert_eq!(page.status, 303, "{}", page.body);
        let address = page.to.unwrap();
        let state = address.split("state=").nth(1).unwrap();
        let state = state.split('#').next().unwrap().to_owned();
        (state, address)
    }
}

#[tokio::test]
async fn a_resident_opens_the_page_and_sees_homes_and_cases() {
    let app = TestApp::start().await;
    let resident = app.resident("张秀英").await;
    resident.says("报修 <script>3栋电梯停了").await;
    let id = resident.case().await.id;
    let mut browser = Browser::new();
    let page = browser.open(&format!("{}/me", app.url())).await;
    assert_eq!(page.to.as_deref(), Some("/wechat/oauth/start?to=/me"));
    let (_, address) = browser.leave(&app, "/me").await;
    assert!(
        address.contains("/connect/oauth2/authorize?appid="),
        "{address}"
    );
    assert!(address.ends_with("#wechat_redirect"), "{address}");
    // The pretended platform sends the person of its cookie back silently.
    browser
        .cookies
        .push(("sandbox_person".to_owned(), resident.open_id.clone()));
    let page = browser.open(&address).await;
    let back = page.to.unwrap();
    assert!(back.contains("/wechat/oauth/back?code="), "{back}");
    let page = browser.open(&back).await;
    assert_eq!((page.status, page.to.as_deref()), (303, Some("/me")));
    let session = page
        .cookies
        .iter()
        .find(|one| one.starts_with("linli_session="));
    let session = session.unwrap();
    assert!(
        session.contains("HttpOnly") && session.contains("SameSite=Lax"),
        "{session}"
    );
    let page = browser.open(&format!("{}/me", app.url())).await;
    assert_eq!(page.status, 200);
    for word in [
        "张秀英",
        "桂园小区",
        &format!("#{id} 报修"),
        "3栋电梯停了",
        "催办",
        "href=\"/board/GY\">桂园小区公示栏",
    ] {
        assert!(page.body.contains(word), "no «{word}» in {}", page.body);
    }
    assert!(!page.body.contains("<script"), "{}", page.body);
    // The address alone, in another browser, opens nothing.
    let mut other = Browser::new();
    let page = other.open(&back).await;
    assert_eq!(page.status, 400);
    assert!(page.body.contains("重新进入"), "{}", page.body);
}

#[tokio::test]
async fn somebody_unbound_is_told_how_to_bind_and_leaving_ends_the_session() {
    let app = TestApp::start().await;
    let mut browser = Browser::new();
    let page = browser.come_back(&app, "o-visitor", "/me").await;
    assert_eq!(page.to.as_deref(), Some("/me"), "{}", page.body);
    let me = format!("{}/me", app.url());
    let page = browser.open(&me).await;
    assert!(page.body.contains("绑定 3-2-501"), "{}", page.body);
    let old = browser.cookies.clone();
    let cookie: Vec<String> = old
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let left = browser
        .http
        .post(format!("{}/me/leave", app.url()))
        .header(COOKIE, cookie.join("; "))
        .send()
        .await
        .unwrap();
    assert_eq!(left.status().as_u16(), 200);
    browser.cookies = old;
    assert_eq!(browser.open(&me).await.status, 303, "the session is void");
}

#[tokio::test]
async fn a_state_works_once_in_its_browser_for_ten_minutes() {
    let app = TestApp::start().await;
    let back = format!("{}/wechat/oauth/back", app.url());
    let mut browser = Browser::new();
    let (state, _) = browser.leave(&app, "/me").await;
    let cookies = browser.cookies.clone();
    let code = app.platform.page_code("o-visitor");
    let good = format!("{back}?code={code}&state={state}");
    let page = browser.open(&good).await;
    assert_eq!(page.to.as_deref(), Some("/me"));
    // The same again, with the cookie put back, and with a fresh code.
    for code in [code, app.platform.page_code("o-visitor")] {
        browser.cookies = cookies.clone();
        let page = browser
            .open(&format!("{back}?code={code}&state={state}"))
            .await;
        assert_eq!(page.status, 400);
        assert!(page.body.contains("用过"), "{}", page.body);
    }
    // Somebody else's state, none, and a bent cookie.
    let code = app.platform.page_code("o-visitor");
    for (query, bend) in [
        (
            format!("code={code}&state=0123456789abcdef0123456789abcdef"),
            false,
        ),
        (format!("code={code}"), false),
        (format!("state={state}"), false),
        (String::new(), false),
        (format!("code={code}&state={state}"), true),
    ] {
        let mut browser = Browser::new();
        browser.leave(&app, "/me").await;
        if bend {
            browser.cookies = cookies.clone();
            browser.cookies[0].1 = browser.cookies[0].1.replacen('.', ".9", 1);
        }
        let page = browser.open(&format!("{back}?{query}")).await;
        assert_eq!(page.status, 400, "{query}");
        assert!(
            browser
                .cookies
                .iter()
                .all(|(name, _)| name != "linli_session"),
            "{query}"
        );
    }
    let mut late = Browser::new();
    let (state, _) = late.leave(&app, "/me").await;
    app.clock.advance(chrono::TimeDelta::minutes(11));
    let code = app.platform.page_code("o-visitor");
    let page = late
        .open(&format!("{back}?code={code}&state={state}"))
        .await;
    assert!(page.body.contains("等得太久"), "{}", page.body);
}

#[tokio::test]
async fn nobody_is_sent_off_the_site() {
    let app = TestApp::start().await;
    let mut browser = Browser::new();
    for to in [
        "//evil.example",
        "https://evil.example",
        "/%5Cevil.example",
        "/%09/evil.example",
        "%2F%2Fevil.example",
        "/a%0d%0aSet-Cookie:x=1",
        "/wechat/oauth/start",
        "me",
        "javascript:alert(1)",
        "/%E6%88%91",
    ] {
        let page = browser
            .open(&format!("{}/wechat/oauth/start?to={to}", app.url()))
            .await;
        assert_eq!(page.status, 400, "{to}");
        assert!(page.to.is_none() && page.cookies.is_empty(), "{to}");
    }
    let page = browser
        .come_back(&app, "o-visitor", "/me?tab=1%26x=2")
        .await;
    assert_eq!(page.to.as_deref(), Some("/me?tab=1&x=2"));
}

#[tokio::test]
async fn every_refusal_is_explained_with_a_way_back() {
    let mut app = TestApp::start().await;
    app.allow_errors();
    for (kind, word) in [
        ("40029", "不认"),
        ("40163", "用过"),
        ("41008", "不认"),
        ("42003", "过期"),
        ("45011", "一分钟"),
        ("40125", "稍后"),
        ("-1", "稍后"),
        ("gateway", "稍后"),
        ("nonsense", "稍后"),
        ("receipt:snapshot", "使用完整服务"),
    ] {
        assert!(
            app.platform
                .set_fault(Fault::new(Api::Oauth, kind, Some(1)))
        );
        let mut browser = Browser::new();
        let page = browser.come_back(&app, "o-visitor", "/me").await;
        assert!((400..500).contains(&page.status), "{kind}: {}", page.status);
        assert!(page.body.contains(word), "{kind}: {}", page.body);
        assert!(
            page.body.contains("/wechat/oauth/start?to=%2Fme"),
            "{kind}: no way back"
        );
        assert!(browser.cookies.is_empty(), "{kind}: {:?}", browser.cookies);
    }
    let mut browser = Browser::new();
    let page = browser.come_back(&app, "o-visitor", "/me").await;
    assert_eq!(page.status, 303, "once more it works");
}

#[tokio::test]
async fn another_instance_takes_whoever_comes_back() {
    let app = TestApp::with_instances(2).await;
    let mut browser = Browser::new();
    let (state, _) = browser.leave(&app, "/me").await;
    let other = format!("http://{}", app.instances[1].address);
    let code = app.platform.page_code("o-visitor");
    let page = browser
        .open(&format!(
            "{other}/wechat/oauth/back?code={code}&state={state}"
        ))
        .await;
    assert_eq!(page.to.as_deref(), Some("/me"), "{}", page.body);
    assert_eq!(browser.open(&format!("{other}/me")).await.status, 200);
}
