//! The platform in trouble, clocks that jump, and what `linli doctor` says.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use entity::case_event;
use linli::sandbox::{Api, Fault};
use sea_orm::{EntityTrait, QueryFilter};

use super::{expect_no_dead_letters, file, tasks_pushed_to, without_clocks};
use crate::harness::app::TestApp;
use crate::harness::program;

#[tokio::test]
async fn a_platform_in_trouble_delays_pushes_but_loses_and_doubles_none() {
    for kind in [
        "-1", "45009", "45011", "40001", "42001", "nonsense", "gateway", "refused", "dropped",
    ] {
        let mut app = TestApp::start().await;
        app.allow_errors();
        without_clocks(&app).await;
        let (resident, steward) = (app.resident("张秀英").await, app.steward("1栋").await);
        app.drain().await;
        for api in [Api::Template, Api::Custom] {
            let trouble = Fault::new(api, kind, Some(2));
            assert!(app.platform.set_fault(trouble), "{kind}");
        }
        let case = file(&resident, "电梯停了").await;
        let told = || tasks_pushed_to(&steward).get(&case).copied().unwrap_or(0);
        // Back-off goes up to hours, a used-up quota to the next morning: the clock is moved along.
        for _ in 0..80 {
            app.drain().await;
            if told() > 0 {
                break;
            }
            app.clock.advance(TimeDelta::minutes(60));
        }
        app.drain().await;
        assert!(told() >= 1, "{kind}: the steward was never told");
        // A connection that breaks after the platform took the message may cost one repetition.
        let most = if kind == "dropped" { 2 } else { 1 };
        assert!(told() <= most, "{kind}: told {} times", told());
    }
}

#[tokio::test]
async fn a_slow_platform_slows_no_answer() {
    let app = TestApp::start().await;
    let (resident, steward) = (app.resident("张秀英").await, app.steward("1栋").await);
    let mut slow = Fault::new(Api::Template, "slow", Some(4));
    slow.ms = Some(3_000);
    assert!(app.platform.set_fault(slow));
    let mut cases = Vec::new();
    for n in 0..4 {
        let began = Instant::now();
        cases.push(file(&resident, &format!("{n}号灯")).await);
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "{:?}",
            began.elapsed()
        );
    }
    for case in cases {
        steward.expects_push(&format!("接单 {case}")).await;
    }
}

#[tokio::test]
async fn a_clock_that_jumps_loses_and_doubles_nothing() {
    let app = TestApp::with_instances(2).await;
    let (resident, steward) = (app.resident("张秀英").await, app.steward("1栋").await);
    let first = file(&resident, "一号灯").await;
    steward.expects_push(&format!("接单 {first}")).await;
    // Back: what was due stays done, what comes is still taken and told.
    app.clock.advance(TimeDelta::hours(-2));
    let second = file(&resident, "二号灯").await;
    app.drain().await;
    app.clock.advance(TimeDelta::hours(2));
    steward.expects_push(&format!("接单 {second}")).await;
    let pushed = tasks_pushed_to(&steward);
    assert_eq!((pushed[&first], pushed[&second]), (1, 1));
    // Forward by days: every clock in between rings, each once, and nobody is left with the cases.
    app.clock.advance(TimeDelta::days(3));
    app.drain().await;
    for id in [first, second] {
        let case = app.case(id).await;
        assert!(case.accept_late, "the accept clock of {id} did not ring");
        let late = case_event::Entity::find()
            .filter(case_event::COLUMN.case_id.eq(id))
            .all(app.store.read())
            .await
            .unwrap();
        let steps: Vec<_> = late.iter().filter_map(|event| event.step).collect();
        let once: HashSet<_> = steps.iter().collect();
        assert_eq!(once.len(), steps.len(), "a step was taken twice: {late:#?}");
    }
    expect_no_dead_letters(&app).await;
}

#[tokio::test]
async fn doctor_says_what_is_wrong_while_it_is() {
    let mut app = TestApp::start().await;
    app.allow_errors();
    let variables = reached(&app);
    let healthy = program::run(&variables, &["doctor"]).await;
    let said = String::from_utf8_lossy(&healthy.stdout).into_owned();
    assert!(healthy.status.success(), "{said}");
    assert!(
        app.platform
            .set_fault(Fault::new(Api::Token, "40164", None))
    );
    let refused = program::run(&variables, &["doctor"]).await;
    let said = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert!(
        !refused.status.success() && said.contains("40164"),
        "{said}"
    );
    app.platform.clear_faults();
    let mut without = variables.clone();
    for (name, value) in &mut without {
        if name == "LINLI__DATABASE__URL" {
            *value = "postgres://linli@127.0.0.1:9/none".to_owned();
        }
    }
    let lost = program::run(&without, &["doctor"]).await;
    assert!(
        !lost.status.success(),
        "a database that is not there is healthy"
    );
    // Whatever needs no database is looked at all the same.
    let said = String::from_utf8_lossy(&lost.stdout).into_owned();
    for line in [
        "故障 数据库:",
        "未查 时钟:等数据库",
        "未查 提醒:等数据库",
        "未查 推送:等数据库",
        "正常 存储:",
        "正常 公众号:",
        "正常 公众号回调:",
        "正常 小程序:",
        "正常 企业微信:",
    ] {
        assert!(said.contains(line), "{line} is missing: {said}");
    }
    assert!(said.contains(" Redis:"), "{said}");
    let mended = program::run(&variables, &["doctor"]).await;
    assert!(mended.status.success());
}

/// The same variables, with the address by which this app is reached: the callbacks are asked there.
fn reached(app: &TestApp) -> Vec<(String, String)> {
    let mut variables = app.variables.clone();
    variables.push(("LINLI__SERVER__PUBLIC_URL".to_owned(), app.url()));
    variables
}

#[tokio::test]
async fn doctor_names_the_template_that_is_refused_until_it_is_mended() {
    let mut app = TestApp::start().await;
    app.allow_errors();
    without_clocks(&app).await;
    let (resident, steward) = (app.resident("张秀英").await, app.steward("1栋").await);
    app.drain().await;
    let variables = reached(&app);
    let template = app.settings.wechat.official.templates["task"].id.clone();
    for (code, thing) in [("40037", "一号灯"), ("47003", "二号灯")] {
        // The task goes by customer message then.
        assert!(
            app.platform
                .set_fault(Fault::new(Api::Template, code, Some(1)))
        );
        let id = file(&resident, thing).await;
        steward.expects_push(&format!("接单 {id}")).await;
        let doctor = program::run(&variables, &["doctor"]).await;
        let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
        assert!(!doctor.status.success(), "{said}");
        let line = said.lines().find(|line| line.starts_with("故障 推送:"));
        let line = line.unwrap_or_else(|| panic!("nothing is refused: {said}"));
        assert!(line.contains(code) && line.contains(&template), "{line}");
    }
    // The same kind of message goes out again by the same way.
    let id = file(&resident, "三号灯").await;
    steward.expects_push(&format!("接单 {id}")).await;
    app.drain().await;
    let doctor = program::run(&variables, &["doctor"]).await;
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.status.success(), "{said}");
    assert!(said.contains("正常 推送:"), "{said}");
}

#[tokio::test]
async fn doctor_goes_by_the_clock_that_the_sandbox_has_moved() {
    let app = TestApp::plan()
        .set("SANDBOX__ENABLED", "true")
        .set("SANDBOX__CLOCK", "true")
        .start()
        .await;
    app.advance(60 * 24 * 3).await;
    let doctor = program::run(&reached(&app), &["doctor"]).await;
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(said.contains("提醒 沙盒时钟:"), "{said}");
    assert!(doctor.status.success(), "{said}");
}
