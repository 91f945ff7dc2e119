//! Signing in by a scan in WeCom: the way to the platform and back, and what it must never do.

use linli::sandbox::{Api, Fault};

use super::Desk;
use crate::harness::app::TestApp;
use crate::harness::browser::Page;
use crate::work::identity::register;

impl Desk<'_> {
    /// Off to the platform: the address, and the state in it.
    async fn leave(&mut self, to: &str) -> (String, String) {
        let page = self.open(&format!("/console/wecom?to={to}")).await;
        let address = page.is(303).to.clone().unwrap();
        let state = address.split("state=").nth(1).unwrap().to_owned();
        (address, state)
    }

    /// Back from the platform with a code.
    async fn back(&mut self, code: &str, state: &str) -> Page {
        let path = format!("/console/wecom/back?code={code}&state={state}");
        self.open(&path).await
    }

    /// There and back.
    async fn scan(&mut self, userid: &str) -> Page {
        let (_, state) = self.leave("/console/account").await;
        let code = self.app.platform.scan_code(userid);
        self.back(&code, &state).await
    }
}

#[tokio::test]
async fn a_member_scans_and_is_in() {
    let app = TestApp::start().await;
    register(&app, "sun", Some("songweidong")).await;
    let mut desk = Desk::stranger(&app);
    desk.open("/console/sign-in").await.says("扫码登录");
    let (address, _) = desk.leave("/console/account").await;
    assert!(address.contains("login_type=CorpApp"), "{address}");
    // The pretended platform asks whose phone scans.
    let page = desk.browser.open(&address).await;
    page.is(200).says("宋卫东");
    let page = desk
        .browser
        .open(&format!("{address}&as=songweidong"))
        .await;
    let back = page.is(302).to.clone().unwrap();
    let page = desk.browser.open(&back).await;
    page.is(303).leads_to("/console/account");
    desk.open("/console/account")
        .await
        .is(200)
        .says("孙梅")
        .says("企业微信登录");
    // The password's pages are not for somebody who has none.
    desk.open("/console/password").await.is(409);
    desk.open("/console/factor").await.is(409);
    // The address alone, in another browser, opens nothing.
    let mut other = Desk::stranger(&app);
    let page = other.browser.open(&back).await;
    page.is(400).says("重新扫码");
    assert!(!other.is_in().await);
}

#[tokio::test]
async fn a_state_works_once_in_its_browser_for_ten_minutes() {
    let app = TestApp::start().await;
    register(&app, "sun", Some("sunmei")).await;
    let mut desk = Desk::stranger(&app);
    let (_, state) = desk.leave("/console/account").await;
    let ticket = desk.browser.cookies.clone();
    let code = app.platform.scan_code("sunmei");
    desk.back(&code, &state).await.is(303);
    for code in [code, app.platform.scan_code("sunmei")] {
        let mut again = Desk::stranger(&app);
        again.browser.cookies = ticket.clone();
        again.back(&code, &state).await.is(400);
        assert!(!again.is_in().await);
    }
    // A ticket of the pages inside WeChat is none here.
    let mut other = Desk::stranger(&app);
    let page = other.open("/wechat/oauth/start?to=/me").await;
    let state = page.to.unwrap().split("state=").nth(1).unwrap().to_owned();
    let state = state.split('#').next().unwrap().to_owned();
    let stolen = other.browser.cookie("linli_oauth").unwrap();
    other.browser.cookies = vec![("linli_console_scan".to_owned(), stolen)];
    let code = app.platform.scan_code("sunmei");
    other.back(&code, &state).await.is(400);
    let mut late = Desk::stranger(&app);
    let (_, state) = late.leave("/console/account").await;
    app.clock.advance(chrono::TimeDelta::minutes(11));
    let code = app.platform.scan_code("sunmei");
    late.back(&code, &state).await.is(400);
    late.back("", &state).await.is(400);
}

#[tokio::test]
async fn whoever_holds_no_role_is_told_so_and_stays_out() {
    let app = TestApp::start().await;
    register(&app, "zhang", Some("zhangxiuying")).await;
    for userid in ["zhangxiuying", "unknown"] {
        let mut desk = Desk::stranger(&app);
        desk.scan(userid).await.is(403).says("没有登记职务");
        assert!(!desk.is_in().await);
    }
    register(&app, "sun", Some("sunmei")).await;
    app.platform.set_member("sunmei", false);
    let mut desk = Desk::stranger(&app);
    desk.scan("sunmei")
        .await
        .is(403)
        .says("不是企业微信里的成员");
    app.platform.set_member("sunmei", true);
    let mut desk = Desk::stranger(&app);
    desk.scan("sunmei").await.is(303);
    assert_eq!(
        app.person("孙梅").await.wecom_userid.as_deref(),
        Some("sunmei")
    );
}

#[tokio::test]
async fn every_refusal_is_explained_with_a_way_back() {
    let app = TestApp::start().await;
    register(&app, "sun", Some("sunmei")).await;
    for (kind, words) in [
        ("40029", "请重新扫码"),
        ("-1", "稍后再扫"),
        ("gateway", "稍后再扫"),
        ("nonsense", "稍后再扫"),
    ] {
        assert!(
            app.platform
                .set_fault(Fault::new(Api::Member, kind, Some(1)))
        );
        let mut desk = Desk::stranger(&app);
        desk.scan("sunmei")
            .await
            .is(400)
            .says(words)
            .says("/console/sign-in");
        assert!(!desk.is_in().await);
        app.platform.clear_faults();
    }
}

#[tokio::test]
async fn without_an_application_there_is_no_scan() {
    let app = TestApp::plan()
        .set("WECHAT__WORK__CORP_ID", "")
        .start()
        .await;
    let mut desk = Desk::stranger(&app);
    let page = desk.open("/console/sign-in").await;
    assert!(!page.is(200).body.contains("扫码"));
    desk.open("/console/wecom").await.is(404);
}
