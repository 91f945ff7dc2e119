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
    let mut variables = app.variables.clone();
    // The callbacks are asked by the program's own address.
    variables.push(("LINLI__SERVER__PUBLIC_URL".to_owned(), app.url()));
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
    let mended = program::run(&variables, &["doctor"]).await;
    assert!(mended.status.success());
}
