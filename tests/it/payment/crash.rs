//! A server that is killed at every moment of a payment: what was paid is credited or goes back, once.

use std::time::Duration;

use entity::money::{PaymentState, RefundState};
use linli::sandbox::pay::Standing;

use super::{bill_for, bill_now, link_in, open_counter, payments, refunds, sound};
use crate::harness::app::TestApp;
use crate::harness::browser::Browser;
use crate::harness::until;

/// As the browser of `browser_of`, at a process.
pub async fn browser_at(app: &TestApp, url: &str, open_id: &str) -> Browser {
    let mut browser = Browser::new();
    let page = browser
        .open(&format!("{url}/wechat/oauth/start?to=/me"))
        .await;
    let address = page.to.unwrap();
    let state = address.split("state=").nth(1).unwrap();
    let state = state.split('#').next().unwrap();
    let code = app.platform.page_code(open_id);
    let back = format!("{url}/wechat/oauth/back?code={code}&state={state}");
    assert_eq!(browser.open(&back).await.status, 303);
    browser
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_while_somebody_pays_loses_and_doubles_nothing() {
    const ROUNDS: i64 = 12;
    let mut app = TestApp::start().await;
    app.allow_errors();
    open_counter(&app).await;
    let zhang = app.resident("张秀英").await;
    let mut bills = Vec::new();
    for round in 0..ROUNDS {
        let month = 202_501 + i32::try_from(round).unwrap();
        bills.push(bill_for(&app, "张秀英", month, 1_000 + round).await);
    }
    let mut links = Vec::new();
    for bill in &bills {
        links.push(link_in(&zhang.says(&format!("缴费 {}", bill.id)).await));
    }
    let open_id = zhang.open_id;
    app.instances.remove(0).stop().await.unwrap();
    let mut program = app.spawn_program().await;
    let url = program.url();
    let browser = browser_at(&app, &url, &open_id).await;
    for (round, link) in links.iter().enumerate() {
        // Somebody who presses the button until the window opens, then pays.
        let (cookies, platform) = (browser.cookies.clone(), app.platform.clone());
        let url = format!("{url}{link}");
        let payer = tokio::spawn(async move {
            let http = reqwest::Client::builder().build().unwrap();
            let all: Vec<String> = cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
            loop {
                let request = http.post(&url).header("Cookie", all.join("; "));
                if let Ok(answer) = request.send().await
                    && answer.status() == 200
                    && let Ok(body) = answer.text().await
                    && let Some(rest) = body.split("prepay_id=").nth(1)
                {
                    let prepay = rest.split('"').next().unwrap();
                    platform.pay(prepay).unwrap();
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        // From before the first statement to after the last commit.
        tokio::time::sleep(Duration::from_millis(u64::try_from(round).unwrap() * 7)).await;
        program.kill9();
        program.restart().await;
        payer.await.unwrap();
        // And once more while the notification is followed.
        if round % 2 == 0 {
            tokio::time::sleep(Duration::from_millis(u64::try_from(round).unwrap())).await;
            program.kill9();
            program.restart().await;
        }
    }
    until("all that was paid is credited", 60, async || {
        let mut open = 0;
        for bill in &bills {
            open += i64::from(bill_now(&app, bill.id).await.paid != bill.amount);
        }
        (open == 0).then_some(())
    })
    .await;
    until("what came twice is back", 60, async || {
        let back = refunds(&app).await;
        back.iter()
            .all(|row| row.state == RefundState::Done)
            .then_some(())
    })
    .await;
    let taken = app.platform.pay_orders();
    let taken = taken
        .iter()
        .filter(|order| order.standing == Standing::Paid);
    let credited = payments(&app).await;
    let credited = credited
        .iter()
        .filter(|row| row.state == PaymentState::Paid);
    assert_eq!(taken.count(), credited.count());
    sound(&app).await;
    program.kill9();
}
