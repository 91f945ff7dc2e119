//! The rows of the table: what is sent, whose role is enough, and who sends it twice.

use entity::kinds::RoleKind::{self, *};

use super::world::World;
use crate::expense::PROPOSER;
use crate::harness::app::TestApp;
use crate::voucher::{self as slips, PUBLIC_BANK};

/// One form.
pub struct Form {
    /// As the router writes it below `/console`.
    pub route: &'static str,
    pub to: String,
    pub fields: Vec<(&'static str, String)>,
    /// Whose role is enough, or at least lets them see what is wrong with it.
    pub may: &'static [RoleKind],
    /// Who sends it twice at once; none where a test of its own noun does, since it carries a file or is only possible
    /// after more than this world has.
    pub by: Option<&'static str>,
    /// Entries of the books that it makes.
    pub books: u64,
}

const TAKES: &[RoleKind] = &[PropertyStaff, PropertyManager, CommitteeChair];
const WAIVES: &[RoleKind] = &[PropertyManager, CommitteeChair, CommunitySecretary];
const KEEPS: &[RoleKind] = &[PropertyManager, CommitteeChair];
const PROPOSES: &[RoleKind] = &[PropertyManager, CommitteeChair, CommitteeMember];
const REVIEWS: &[RoleKind] = &[
    CommitteeMember,
    CommitteeChair,
    Supervisor,
    CommunitySecretary,
    StreetOfficer,
];
const FILES: &[RoleKind] = &[StreetOfficer];
const SETS: &[RoleKind] = &[CommunitySecretary, StreetOfficer];
const PUBLISHES: &[RoleKind] = &[PropertyManager, CommitteeChair, CommunitySecretary];

pub const MANAGER: &str = "沈立";
pub const CHAIR: &str = "卫东";
pub const CLERK: &str = "蒋平";

fn form(
    route: &'static str,
    to: impl Into<String>,
    fields: &[(&'static str, &str)],
    may: &'static [RoleKind],
) -> Form {
    Form {
        route,
        to: format!("/console{}", to.into()),
        fields: fields
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
        may,
        by: None,
        books: 0,
    }
}

impl Form {
    /// Who sends it twice, and how many entries of the books it makes once.
    fn once(mut self, by: &'static str, books: u64) -> Self {
        self.by = Some(by);
        self.books = books;
        self
    }

    /// Them as a browser sends them.
    pub fn fields(&self) -> Vec<(&str, &str)> {
        let fields = self.fields.iter();
        fields
            .map(|(name, value)| (*name, value.as_str()))
            .collect()
    }
}

/// Bills, credits, fees and how they are asked for.
fn billed(world: &World, today: &str) -> Vec<Form> {
    let gy = ("compound", "GY");
    let shared = world.shared.to_string();
    let line = world.line.to_string();
    let billing = "/billing/:act";
    let good = [
        gy,
        ("name", "垃圾清运费"),
        ("kind", "fixed"),
        ("unit_price", "5"),
        ("split", ""),
        ("due_day", "10"),
        ("place", ""),
        ("from", ""),
        ("basis", "物业服务合同第9条"),
    ];
    let charge = [
        gy,
        ("home", "1-1-101"),
        ("name", "门禁卡"),
        ("amount", "10"),
        ("basis", "价目表"),
    ];
    let cost = [
        gy,
        ("item", shared.as_str()),
        ("amount", "5"),
        ("note", "电费"),
    ];
    let readings = [gy, ("item", "1"), ("lines", "1-1-101 1 0")];
    let space = [
        gy,
        ("item", "1"),
        ("home", "1-1-101"),
        ("code", "A-1"),
        ("from", "2026-01-01"),
    ];
    let space_end = [gy, ("id", "1"), ("to", "2026-01-31")];
    let sold = [gy, ("home", "1-1-101"), ("owner", "1"), ("last", today)];
    let settle = [gy, ("seen", "0"), ("reason", "自行结清")];
    let left = [gy, ("of", "1-1"), ("amount", "1"), ("reason", "退预存")];
    let credit = [("line", line.as_str()), ("amount", "1"), ("reason", "算错")];
    let bill = format!("/bills/{}/credit", world.bill.id);
    let end = format!("/fees/{}/end", world.fee);
    let later = [gy, ("to_month", "2099-12")];
    vec![
        form("/fees/add", "/fees/add", &good, KEEPS).once(MANAGER, 0),
        form("/fees/:id/end", end, &later, KEEPS),
        form(billing, "/billing/cost", &cost, KEEPS).once(MANAGER, 0),
        form(billing, "/billing/readings", &readings, KEEPS),
        form(billing, "/billing/space", &space, KEEPS),
        form(billing, "/billing/space-end", &space_end, KEEPS),
        form(billing, "/billing/charge", &charge, KEEPS).once(MANAGER, 0),
        form(billing, "/billing/start", &[gy], KEEPS),
        form("/dues", "/dues", &crate::dues::GOOD, KEEPS),
        form("/bills/sales/end", "/bills/sales/end", &sold, KEEPS),
        form(
            "/bills/sales/:id/:act",
            "/bills/sales/1/correct",
            &settle,
            KEEPS,
        ),
        form(
            "/bills/sales/:id/:act",
            "/bills/sales/1/leave",
            &settle,
            KEEPS,
        ),
        form("/bills/sales/left", "/bills/sales/left", &left, KEEPS),
        form("/bills/:id/credit", bill, &credit, KEEPS).once(MANAGER, 1),
    ]
}

/// Cash, transfers, refunds, waivers, the receiving account, vouchers and the books.
fn moved(world: &World, today: &str) -> Vec<Form> {
    let gy = ("compound", "GY");
    let cash = [
        ("mark", "doubled0"),
        ("home", "GY/1-1-101"),
        ("way", "cash"),
        ("amount", "1"),
    ];
    let back = [("amount", "5"), ("reason", "多收了")];
    let bill = world.bill.id.to_string();
    let less = [("bill", bill.as_str()), ("amount", "3"), ("reason", "低保")];
    let reverse = [("mark", "doubled1"), ("day", today), ("words", "记错了")];
    let slip = [
        gy,
        ("mark", "doubled2"),
        ("what", PUBLIC_BANK),
        ("amount", "1"),
        ("day", today),
        ("words", "广告费"),
    ];
    let merchant = [gy, ("merchant", "-"), ("version", "0")];
    let (one, other) = (world.refunds[0], world.refunds[1]);
    let (yes, no) = (world.waivers[0], world.waivers[1]);
    let (books, nothing) = (world.vouchers[0], world.vouchers[1]);
    let payment = format!("/payments/{}/refund", world.payment);
    let entry = format!("/ledger/{}/reverse", world.entry);
    let (refund, waiver, voucher) = (
        "/payments/refunds/:id/:act",
        "/payments/waivers/:id/:act",
        "/vouchers/:id/:act",
    );
    let refunds = |id: i64, act: &str| format!("/payments/refunds/{id}/{act}");
    let waivers = |id: i64, act: &str| format!("/payments/waivers/{id}/{act}");
    let vouchers = |id: i64, act: &str| format!("/vouchers/{id}/{act}");
    vec![
        form("/payments/take", "/payments/take", &cash, TAKES).once(CLERK, 1),
        form("/payments/:id/refund", payment, &back, TAKES).once(CLERK, 0),
        form(refund, refunds(one, "grant"), &[], KEEPS),
        form(refund, refunds(other, "refuse"), &[], KEEPS).once(CHAIR, 0),
        form(refund, refunds(one, "by-hand"), &[], KEEPS),
        form(
            "/payments/refunds/:id/paid",
            refunds(one, "paid"),
            &[("source", "assets:cash")],
            KEEPS,
        ),
        form("/payments/waivers", "/payments/waivers", &less, WAIVES),
        form(waiver, waivers(yes, "grant"), &[], WAIVES).once(CHAIR, 1),
        form(waiver, waivers(no, "refuse"), &[], WAIVES).once(CHAIR, 0),
        form(
            "/payments/days/:id/solve",
            "/payments/days/1/solve",
            &[("note", "已核对")],
            KEEPS,
        ),
        form("/merchant", "/merchant", &merchant, KEEPS),
        form("/vouchers", "/vouchers", &slip, TAKES),
        form(voucher, vouchers(books, "grant"), &[], KEEPS).once(MANAGER, 1),
        form(voucher, vouchers(nothing, "refuse"), &[], KEEPS).once(MANAGER, 0),
        form("/ledger/:id/reverse", entry, &reverse, KEEPS).once(MANAGER, 0),
    ]
}

/// Money to be spent, and what everybody is told of it.
fn spent(world: &World) -> Vec<Form> {
    let version = |number: i32| number.to_string();
    let (new, after) = (version(1), version(2));
    let route = "/expenses/:id/:act";
    let on = |id: i64, act: &str| format!("/expenses/{id}/{act}");
    let with = |seen: &str, more: &[(&'static str, &'static str)]| {
        let seen = ("seen", seen.to_owned());
        let more = more
            .iter()
            .map(|(name, words)| (*name, (*words).to_owned()));
        [seen].into_iter().chain(more).collect::<Vec<_>>()
    };
    let act = |id: i64, key: &str, fields: Vec<(&'static str, String)>, may| Form {
        fields,
        ..form(route, on(id, key), &[], may)
    };
    let said = crate::expense::fields("7.00");
    let words: Vec<(&'static str, &'static str)> = said.into_iter().skip(1).collect();
    let quote = [("supplier", "某某公司"), ("quote", "10.00")];
    let tender = [
        ("reference", "ZB-1"),
        ("winner", "顺安电梯公司"),
        ("tender", "99999.00"),
    ];
    let [changed, quoted, empty, sent, left] = world.drafts;
    let [no, filed, tendered] = world.filing;
    let none: &'static [RoleKind] = &[];
    let accounts = [
        ("place", "GY"),
        ("month", world.month.as_str()),
        ("reason", ""),
    ];
    vec![
        form(
            "/expenses/new",
            "/expenses/new",
            &[("mark", "doubled3")]
                .into_iter()
                .chain(crate::expense::fields("8.88"))
                .collect::<Vec<_>>(),
            PROPOSES,
        )
        .once(PROPOSER, 0),
        form(
            "/expenses/rules",
            "/expenses/rules",
            &[("compound", "GY"), ("version", "1")],
            SETS,
        ),
        act(changed, "change", with(&new, &words), none).once(PROPOSER, 0),
        act(quoted, "quote", with(&new, &quote), none),
        act(empty, "unquote", with(&new, &[("of", "1")]), none),
        act(sent, "submit", with(&new, &[]), none).once(PROPOSER, 0),
        act(left, "withdraw", with(&new, &[("reason", "不做了")]), none).once(PROPOSER, 0),
        act(world.refused, "revise", with(&after, &[]), none),
        act(
            world.reviewing,
            "approve",
            with(&after, &[("words", "好")]),
            REVIEWS,
        ),
        act(no, "refuse", with(&after, &[("reason", "不行")]), FILES),
        act(filed, "file", with(&after, &[("words", "收")]), FILES),
        act(tendered, "tender", with(&after, &tender), FILES),
        act(
            world.payable,
            "pay",
            with(&after, &[("source", "assets:bank")]),
            KEEPS,
        ),
        form("/accounts", "/accounts", &accounts, PUBLISHES).once(CHAIR, 0),
    ]
}

/// The table.
pub fn table(app: &TestApp, world: &World) -> Vec<Form> {
    let today = slips::today(app).to_string();
    let mut all = billed(world, &today);
    all.extend(moved(world, &today));
    all.extend(spent(world));
    all
}
