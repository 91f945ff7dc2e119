//! All forms by which money is asked for, comes in, goes out and is told of: the routes of `money` in the console, and
//! the forms that stand behind an `:act`.
//!
//! | file | holds |
//! |---|---|
//! | `world` | what there is |
//! | `table` | each form, whose role is enough for it, and who sends it twice |

mod table;
mod world;

use entity::kinds::RoleKind;
use entity::{
    advance, bill, bill_line, bill_run, bill_sale, disclosure, expense, expense_quote,
    expense_step, fee_charge, fee_cost, fee_item, fee_policy, fee_reading, fee_space, ledger_entry,
    payment, receipt, recon_difference, refund, review_chain, voucher, waiver,
};
use sea_orm::{EntityTrait, Iterable, PaginatorTrait, QueryOrder};

use self::table::{Form, table};
use self::world::build;
use super::{is_kind, keys, stop_clocks, twice};
use crate::fee;
use crate::harness::app::TestApp;
use crate::payment::refunds;
use crate::powers::desk_with;
use crate::voucher as slips;

/// A form of an expense tells the version that its page showed.
async fn as_it_is(app: &TestApp, form: &mut Form) {
    let id = form.to.strip_prefix("/console/expenses/");
    let id = id.and_then(|rest| rest.split('/').next()?.parse::<i64>().ok());
    let Some(id) = id else { return };
    let version = crate::expense::now(app, id).await.version.to_string();
    form.fields.retain(|(name, _)| *name != "seen");
    form.fields.push(("seen", version));
}

/// Routes below `/console` to which something is sent, of a part of the router's source.
fn posted(source: &str) -> Vec<String> {
    let named = regex::Regex::new(r#"let (\w+) = get\([^;]*\.post\("#).unwrap();
    let named: Vec<String> = named
        .captures_iter(source)
        .map(|found| found[1].to_owned())
        .collect();
    let route = regex::Regex::new(r#"^\s*"([^"]+)",\s*(\w+)"#).unwrap();
    let lines = source.split(".at(").skip(1);
    let mut found: Vec<String> = lines
        .filter_map(|line| {
            let route = route.captures(line)?;
            let sends = line.contains("post(") || named.iter().any(|name| *name == route[2]);
            sends.then(|| route[1].to_owned())
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// What is given has tests of its own that go through its forms.
const ELSEWHERE: &str = "/giving";

#[tokio::test]
async fn the_table_has_every_form_of_money() {
    let app = TestApp::start().await;
    let world = build(&app).await;
    let all = table(&app, &world);
    let source = include_str!("../../../../src/web/console/mod.rs");
    let (_, money) = source.split_once("\nfn money(").unwrap();
    let mut wanted = posted(money.split("\n}\n").next().unwrap());
    wanted.retain(|route| !route.starts_with(ELSEWHERE));
    wanted.push("/accounts".to_owned());
    assert!(wanted.len() > 15, "{wanted:?}");
    for route in &wanted {
        let known = all.iter().any(|form| form.route == route);
        assert!(known, "a form of {route} is in no row of the table");
    }
    let acts = |route: &str| {
        let own = all.iter().filter(|form| form.route == route);
        let mut acts: Vec<&str> = own.filter_map(|form| form.to.rsplit('/').next()).collect();
        acts.sort_unstable();
        acts.dedup();
        acts
    };
    for (route, source, pattern) in [
        (
            "/billing/:act",
            include_str!("../../../../src/web/console/billing.rs"),
            r#""([a-z-]+)" => [a-z_]+\(&mut tx"#,
        ),
        (
            "/expenses/:id/:act",
            include_str!("../../../../src/web/console/expense_act.rs"),
            r#"\("([a-z-]+)", "expense-"#,
        ),
        (
            "/bills/sales/:id/:act",
            include_str!("../../../../src/web/console/bills_sales.rs"),
            r#""([a-z-]+)" => "sale-"#,
        ),
        (
            "/vouchers/:id/:act",
            include_str!("../../../../src/web/console/voucher.rs"),
            r#""([a-z-]+)" => \("#,
        ),
        (
            "/payments/refunds/:id/:act",
            include_str!("../../../../src/web/console/payments_waiting.rs"),
            r#""([a-z-]+)" => (?:\(|\{|refunds::)"#,
        ),
    ] {
        assert_eq!(acts(route), keys(source, pattern), "{route}");
    }
}

macro_rules! counts {
    ($db:expr, $($table:ident),+) => {
        vec![$((stringify!($table), $table::Entity::find().count($db).await.unwrap())),+]
    };
}

/// How many rows there are of what the forms make.
async fn counted(app: &TestApp) -> Vec<(&'static str, u64)> {
    let db = app.store.read();
    counts!(
        db,
        advance,
        bill,
        bill_line,
        bill_run,
        bill_sale,
        disclosure,
        expense,
        expense_quote,
        expense_step,
        fee_charge,
        fee_cost,
        fee_item,
        fee_policy,
        fee_reading,
        fee_space,
        ledger_entry,
        payment,
        receipt,
        recon_difference,
        refund,
        review_chain,
        voucher,
        waiver
    )
}

/// What no refused form may change.
#[derive(Debug, PartialEq)]
struct Standing {
    counts: Vec<(&'static str, u64)>,
    bills: Vec<bill::Model>,
    refunds: Vec<refund::Model>,
    waivers: Vec<waiver::Model>,
    vouchers: Vec<voucher::Model>,
    expenses: Vec<expense::Model>,
    fees: Vec<fee_item::Model>,
    policies: Vec<fee_policy::Model>,
}

async fn standing(app: &TestApp) -> Standing {
    let db = app.store.read();
    Standing {
        counts: counted(app).await,
        bills: fee::bills(app).await,
        refunds: refunds(app).await,
        waivers: waiver::Entity::find()
            .order_by_asc(waiver::COLUMN.id)
            .all(db)
            .await
            .unwrap(),
        vouchers: slips::vouchers(app).await,
        expenses: crate::expense::all(app).await,
        fees: fee_item::Entity::find()
            .order_by_asc(fee_item::COLUMN.id)
            .all(db)
            .await
            .unwrap(),
        policies: fee_policy::Entity::find().all(db).await.unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_without_the_role_and_nobody_next_door_moves_money() {
    let app = TestApp::start().await;
    let world = build(&app).await;
    let mut all = table(&app, &world);
    for form in &mut all {
        as_it_is(&app, form).await;
    }
    stop_clocks(&app).await;
    let before = standing(&app).await;
    for role in RoleKind::iter() {
        for (code, home) in [("GY", true), ("LY", false)] {
            let mut desk = desk_with(&app, role, code).await;
            let csrf = desk.open("/console/account").await.hidden("csrf");
            for form in &all {
                if home && form.may.contains(&role) {
                    continue;
                }
                let page = desk.send_with(&csrf, &form.to, &form.fields()).await;
                // A home or a bill of elsewhere is not there: that stands beside its field.
                assert!(
                    matches!(page.status, 403 | 404 | 422) && is_kind(&page),
                    "{} by {role:?} at {code}: {} {}",
                    form.to,
                    page.status,
                    page.body
                );
            }
            let now = standing(&app).await;
            assert!(now == before, "{role:?} at {code}: {now:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_same_form_twice_at_once_money_moves_once() {
    let app = TestApp::with_instances(2).await;
    let world = build(&app).await;
    for mut form in table(&app, &world) {
        let Some(by) = form.by else { continue };
        as_it_is(&app, &mut form).await;
        let before = standing(&app).await;
        let pages = twice(&app, by, &form.to, &form.fields()).await;
        let mut said = pages.each_ref().map(|page| page.status);
        said.sort_unstable();
        assert!(
            said[0] == 303 && matches!(said[1], 303 | 403 | 404 | 409 | 422),
            "{}: {said:?} {} {}",
            form.to,
            pages[0].body,
            pages[1].body
        );
        let after = standing(&app).await;
        assert!(after != before, "{} did nothing", form.to);
        for ((table, was), (_, is)) in before.counts.iter().zip(&after.counts) {
            let new = is - was;
            match *table {
                "ledger_entry" => assert_eq!(new, form.books, "{}", form.to),
                table => assert!(new <= 1, "{}: {new} rows of {table}", form.to),
            }
        }
    }
}
