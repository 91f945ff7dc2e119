//! `/console`: the pages of staff, made on the server. Every action is a form and works without script;
//! htmx and `console.js` only keep a page fresh. Mounted by `router.rs`.
//!
//! | file | what it does |
//! |---|---|
//! | [`guard`] | who is signed in, what is still missing, forged forms, errors as pages |
//! | [`form`] | what was typed, and what is wrong with it |
//! | [`frame`], `menu`, `said` | what stands around every page: the menu, and what has just been done |
//! | `cases`, `asked` | my tasks, the list with its filters, giving out several at once |
//! | `people`, `people_one`, `bindings` | who lives and serves there, one of them, ties between accounts and homes |
//! | `corrections`, `deletions` | what people say is wrong in what is kept of them; what was let go |
//! | `places`, `places_grid`, `places_close` | the tree of places, a home, the grid of a building, and its end |
//! | `roles`, `roles_one` | posts, vacancies and terms; giving a post and ending one |
//! | `organisations`, `organisations_end` | bodies that work there; the end of one |
//! | `policies`, `at` | how long cases may take, and at which place a page of settings stands |
//! | `calendars`, `days`, `year` | in which hours clocks run |
//! | `rules` | who gets which cases |
//! | `accounts` | months of the books, and publishing them |
//! | `templates`, `fill` | words that staff use again, and on the page of a case |
//! | `dues` | how a compound asks for what is due, and the proof that it did |
//! | `fees`, `billing`, `bills`, `bills_sales`, `books` | what a compound bills for, a month before its bills, the bills, homes that were sold; of which compound |
//! | `expenses`, `expense`, `expense_act` | money to be spent, one of them with its way to being paid, and what its forms do |
//! | `expense_rules` | by which reviews a compound spends |
//! | `audit` | who did what, when |
//! | `letters` | what could not be sent |
//! | `channels` | how the ways of sending are |
//! | `import` | a roster brought in by browser |
//! | `case`, `act`, `also`, `around` | one case, what can be done to it, and what stands around it |
//! | [`upload`], `files`, `photos` | files that come with a form, kept and shown; photos of a case |
//! | `new_case` | a case filed for somebody at the counter or on the phone |
//! | `mediations`, `mediation` | disputes on their way to an agreement |
//! | `notices`, `notice` | what people are told: the form, how far it has come, who has not read it |
//! | `moderation`, `visits` | what waits for a person's word; who is told at the door |
//! | `lists` | the four lists: what residents put there to be read first, what organisations promise |
//! | `agreements` | co-building agreements, who has claimed nothing this year, alliances and their records |
//! | `giving` `giving_edit` `giving_act` `giving_take` | drives, donations and their uses; what is given at the counter |
//! | `talents` | who offers what, and how often it is asked for |
//! | `timetables` | what comes round again at fixed times |
//! | `handbook`, `handbook_questions` | articles that answer what residents ask, and what they could not |
//! | `wishes` | what residents wish for: to be read first, by figure, taken away |
//! | `activities`, `activity` | what people do together: lists and the form, one with who takes part and the code at the door |
//! | `volunteers`, `volunteers_sheet` | volunteers, their tasks and hours; a year's record, as a sheet to print and as XLSX |
//! | `stations`, `station`, `station_tabs`, `station_act`, `station_door` | stations, one of them with its visits, loans, rooms and windows, what its forms do, and the sheet for its door |
//! | `payments`, `payment` | money that came in, and one of them with all that it did |
//! | `payments_days` | days compared with the platform, and what differs |
//! | `payments_notices` | notifications of the platform that fit nothing |
//! | `ledger`, `ledger_entry` | the books, account by account, and one entry of them |
//! | `vouchers`, `voucher` | what is entered into the books by two people, and one of it |
//! | `merchant` | which receiving account takes a compound's money |
//! | `payments_take`, `payments_waiting` | cash and transfers; what waits for a second person |
//! | `payments_refund` | one refund, with its slip, and the word that it was paid out |
//! | `figures`, `figures_chart`, `figures_files`, `figures_list`, `figures_wait` | the figures of a place and a period, as a page and as files, the cases behind each, and what stands there until they are counted |
//! | `collection`, `collection_list` | the collection rate of a place and some months, and the bills behind each amount |
//! | `boards` | the ways to the public boards |
//! | `live` | open pages are told of changes |
//! | `once` | forms that make something new are done once |
//! | `sign_in`, `wecom`, `account` | signing in and out, second factor, sessions |
//!
//! A new page: a template beside its `.rs` that extends `web/console/frame.html`, a struct with
//! `frame: Frame`, a handler that takes `&Desk` ([`guard::Desk`]), its line here and, if it stands in the menu, in
//! `menu`.

mod account;
mod accounts;
mod act;
mod activities;
mod activity;
mod agreements;
mod also;
mod around;
mod asked;
mod at;
mod audit;
mod billing;
mod bills;
mod bills_sales;
mod bindings;
mod boards;
mod books;
mod calendars;
mod case;
mod cases;
mod cases_sheet;
mod channels;
mod collection;
mod collection_list;
mod compound;
mod corrections;
mod days;
mod deletions;
mod dues;
mod expense;
mod expense_act;
mod expense_rules;
mod expenses;
mod fees;
mod figures;
mod figures_chart;
mod figures_files;
mod figures_list;
mod figures_wait;
mod files;
mod fill;
pub mod form;
pub mod frame;
mod giving;
mod giving_act;
mod giving_edit;
mod giving_take;
pub mod guard;
mod handbook;
mod handbook_questions;
mod import;
mod kinds;
mod ledger;
mod ledger_entry;
mod letters;
mod lists;
mod lists_new;
mod live;
mod mediation;
mod mediations;
mod menu;
mod merchant;
mod moderation;
mod new_case;
mod notice;
mod notices;
mod once;
mod organisations;
mod organisations_end;
mod payment;
mod payments;
mod payments_days;
mod payments_notices;
mod payments_refund;
mod payments_take;
mod payments_waiting;
mod people;
mod people_one;
mod photos;
mod places;
mod places_close;
mod places_grid;
mod policies;
mod reading;
mod roles;
mod roles_one;
mod rules;
mod said;
mod sign_in;
mod station;
mod station_act;
mod station_door;
mod station_tabs;
mod stations;
mod talents;
mod templates;
mod timetables;
pub mod upload;
mod visits;
mod volunteers;
mod volunteers_sheet;
mod voucher;
mod vouchers;
mod wecom;
mod wishes;
mod year;

use poem::{Endpoint, EndpointExt, Response, Route, get, handler, post};

use crate::app::App;
use crate::web::console::guard::Guard;
use crate::web::pages::go;

/// Where somebody begins.
pub const HOME: &str = "/console/tasks";

/// The pages below `/console`.
pub fn routes(app: &App) -> impl Endpoint<Output = Response> + use<> {
    let code = get(sign_in::ask_code).post(sign_in::take_code);
    let password = get(account::ask_password).post(account::take_password);
    let factor = get(account::offer_factor).post(account::take_factor);
    settings(money(community(Route::new())))
        .at("/", get(open_home))
        .at("/sign-in", get(sign_in::ask).post(sign_in::take))
        .at("/sign-out", post(sign_in::leave))
        .at("/code", code)
        .at("/wecom", get(wecom::go_out))
        .at("/wecom/back", get(wecom::come_back))
        .at("/boards", get(boards::list))
        .at("/tasks", get(cases::tasks))
        .at("/cases", get(cases::list))
        .at("/cases.csv", get(cases_sheet::csv))
        .at("/cases.xlsx", get(cases_sheet::xlsx))
        .at("/cases/assign", post(cases::assign))
        .at("/cases/new", get(new_case::ask).post(new_case::take))
        .at("/cases/:id", get(case::open))
        .at("/cases/:id/photos", post(photos::take))
        .at("/cases/:id/:act", post(act::take))
        .at("/cases/:id/files/:file", get(case::file))
        .at("/mediations", get(mediations::list))
        .at("/mediations/:id", get(mediation::open))
        .at("/mediations/:id/:act", post(mediation::take))
        .at("/moderation", get(moderation::list))
        .at("/moderation/:id", post(moderation::decide))
        .at("/moderation/:id/picture", get(moderation::picture))
        .at("/lists", get(lists::list))
        .at("/lists/new", get(lists_new::ask).post(lists_new::take))
        .at("/lists/:id/:act", post(lists::take))
        .at("/agreements", get(agreements::list))
        .at("/agreements/record", post(agreements::record))
        .at("/agreements/:id/end", post(agreements::end))
        .at("/alliance/:id/:act", post(agreements::change))
        .at("/wishes", get(wishes::list))
        .at("/wishes/:id/:act", post(wishes::take))
        .at("/talents", get(talents::list))
        .at("/visits", get(visits::list))
        .at("/visits/:id", post(visits::make))
        .at("/views", post(cases::save_view))
        .at("/views/:id/remove", post(cases::remove_view))
        .at("/accounts", get(accounts::months_page).post(accounts::save))
        .at("/figures", get(figures::open))
        .at("/figures.csv", get(figures_files::csv))
        .at("/figures.xlsx", get(figures_files::xlsx))
        .at("/figures/cases", get(figures_list::list))
        .at("/figures/cases.csv", get(cases_sheet::behind_csv))
        .at("/figures/cases.xlsx", get(cases_sheet::behind_xlsx))
        .at("/collection", get(collection::open))
        .at("/collection.csv", get(collection::csv))
        .at("/collection.xlsx", get(collection::xlsx))
        .at("/collection/bills", get(collection_list::list))
        .at("/events", get(live::events).data(live::Live::new(app)))
        .at("/account", get(account::show_account))
        .at("/account/others", post(account::end_others))
        .at("/account/sessions/:id", post(account::end_one))
        .at("/password", password)
        .at("/factor", factor)
        .at("/factor/remove", post(account::remove_factor))
        .at("/factor/codes", post(account::renew_codes))
        .with(Guard { app: app.clone() })
}

/// By which rules work is done, and how the program runs.
fn settings(route: Route) -> Route {
    route
        .at("/policies", get(policies::list))
        .at("/policies/edit", get(policies::edit))
        .at("/policies/set", post(policies::save))
        .at("/policies/remove", post(policies::remove))
        .at("/calendars", get(calendars::list))
        .at("/calendars/new", get(calendars::begin))
        .at("/calendars/add", post(days::add))
        .at(
            "/calendars/:id",
            get(calendars::show_one).post(days::change),
        )
        .at("/calendars/:id/days", post(days::store_days))
        .at("/calendars/:id/remove", post(days::remove))
        .at("/rules", get(rules::list))
        .at("/rules/edit", get(rules::edit))
        .at("/rules/save", post(rules::save))
        .at("/rules/:id/:act", post(rules::take))
        .at("/templates", get(templates::list))
        .at("/templates/edit", get(templates::edit))
        .at("/templates/save", post(templates::save))
        .at("/templates/:id/remove", post(templates::remove))
        .at("/audit", get(audit::list))
        .at("/deletions", get(deletions::list))
        .at("/letters", get(letters::list))
        .at("/letters/all", post(letters::retry_all))
        .at("/letters/:id/retry", post(letters::retry_one))
        .at("/letters/:id/drop", post(letters::drop_one))
        .at("/channels", get(channels::show_all))
        .at("/import", get(import::list))
        .at("/import/upload", get(import::back).post(import::upload))
        .at("/import/:id", get(import::open))
        .at("/import/:id/bad", get(import::bad))
        .at("/import/:id/start", post(import::start))
        .at("/import/:id/drop", post(import::give_up))
}

/// People, homes, posts and organisations; what people are told, and what they may look up.
fn community(route: Route) -> Route {
    let post_of = get(roles_one::ask).post(roles_one::give);
    let new_body = get(organisations::ask_new).post(organisations::make);
    let body = get(organisations::ask_edit).post(organisations::edit);
    let end = get(organisations_end::ask).post(organisations_end::take);
    let close = get(places_close::ask).post(places_close::take);
    route
        .at("/people", get(people::list))
        .at("/people/phone", post(people::by_phone))
        .at("/people/:id", get(people_one::open))
        .at("/people/:id/phone", post(people_one::show_phone))
        .at("/people/:id/invite", post(people_one::invite))
        .at("/bindings", get(bindings::list))
        .at("/bindings/:id", get(bindings::open))
        .at("/bindings/:id/:act", post(bindings::take))
        .at("/corrections", get(corrections::list))
        .at("/corrections/:id/:act", post(corrections::take))
        .at("/homes", get(places::tree))
        .at("/homes/:id", get(places::show_home))
        .at("/buildings/:id", get(places_grid::open))
        .at("/buildings/:id/close", close)
        .at("/roles", get(roles::overview))
        .at("/roles/new", post_of)
        .at("/roles/:id", get(roles_one::open))
        .at("/roles/:id/end", post(roles_one::end))
        .at("/organisations", get(organisations::list))
        .at("/organisations/new", new_body)
        .at("/organisations/:id", get(organisations::open))
        .at("/organisations/:id/edit", body)
        .at("/organisations/:id/remove", post(organisations::remove))
        .at("/organisations/:id/end", end)
        .at("/stations", get(stations::list))
        .at("/stations/add", post(stations::add))
        .at("/stations/:id", get(station::open))
        .at("/stations/:id/door", get(station_door::show_door))
        .at("/stations/:id/lending", get(station::lending_page))
        .at("/stations/:id/rooms", get(station::rooms_page))
        .at("/stations/:id/windows", get(station::windows_page))
        .at("/stations/:id/do/:act", post(station_act::take))
        .at("/timetables", get(timetables::list))
        .at(
            "/timetables/new",
            get(timetables::ask).post(timetables::take),
        )
        .at("/timetables/:id", get(timetables::open))
        .at("/timetables/:id/:act", post(timetables::act))
        .at("/handbook", get(handbook::list))
        .at("/handbook/new", get(handbook::ask).post(handbook::take))
        .at("/handbook/questions", get(handbook_questions::list))
        .at(
            "/handbook/questions/:id/:act",
            post(handbook_questions::settle),
        )
        .at("/handbook/:id", get(handbook::open))
        .at("/handbook/:id/edit", get(handbook::edit))
        .at("/handbook/:id/:act", post(handbook::act))
        .at("/notices", get(notices::list))
        .at("/notices/new", get(notices::ask).post(notices::take))
        .at("/notices/:id", get(notice::open))
        .at("/notices/:id/unread", get(notice::unread))
        .at("/notices/:id/:act", post(notice::take))
        .at("/activities", get(activities::list))
        .at(
            "/activities/new",
            get(activities::ask).post(activities::take),
        )
        .at("/activities/:id", get(activity::open))
        .at("/activities/:id/door", get(activity::show_door))
        .at("/activities/:id/photos", post(activity::take_photos))
        .at("/activities/:id/:act", post(activity::take))
        .at("/volunteers", get(volunteers::open))
        .at("/volunteers/tasks", post(volunteers::add))
        .at("/volunteers/tasks/:id/:act", post(volunteers::take))
        .at("/volunteers/services/:id/:act", post(volunteers::decide))
        .at("/volunteers/record", get(volunteers_sheet::open))
        .at("/volunteers.xlsx", get(volunteers_sheet::xlsx))
}

/// Fees and bills, money that comes in and goes back.
fn money(route: Route) -> Route {
    let take = get(payments_take::ask).post(payments_take::take);
    let rules = get(expense_rules::open).post(expense_rules::save);
    let drive = get(giving_edit::ask).post(giving_act::write);
    let counter = get(giving_take::ask).post(giving_take::take);
    route
        .at("/giving", get(giving::list))
        .at("/giving/new", drive)
        .at("/giving/take", counter)
        .at("/giving/uses/:id/proof", get(giving::proof))
        .at("/giving/:id", get(giving::open))
        .at("/giving/:id/:act", post(giving_act::take))
        .at("/payments", get(payments::list))
        .at("/payments/take", take)
        .at("/payments/days", get(payments_days::list))
        .at("/payments/days/:id/solve", post(payments_days::solve_one))
        .at("/payments/notices", get(payments_notices::list))
        .at("/payments/waiting", get(payments_waiting::list))
        .at("/payments/waivers", post(payments_waiting::ask_waiver))
        .at("/payments/waivers/:id/proof", get(payments_waiting::proof))
        .at(
            "/payments/waivers/:id/:act",
            post(payments_waiting::decide_waiver),
        )
        .at("/payments/refunds/:id", get(payments_refund::open))
        .at("/payments/refunds/:id/proof", get(payments_refund::proof))
        .at("/payments/refunds/:id/paid", post(payments_refund::take))
        .at(
            "/payments/refunds/:id/:act",
            post(payments_waiting::decide_refund),
        )
        .at("/payments/:id", get(payment::open))
        .at("/payments/:id/proof", get(payment::proof))
        .at("/payments/:id/refund", post(payment::ask_refund))
        .at("/expenses", get(expenses::list))
        .at("/expenses/new", get(expenses::ask).post(expenses::take))
        .at("/expenses/rules", rules)
        .at("/expenses/:id", get(expense::open))
        .at("/expenses/:id/:act", post(expense_act::take))
        .at("/expenses/:id/files/:file", get(expense::show_file))
        .at("/ledger", get(ledger::open))
        .at("/ledger.csv", get(ledger::csv))
        .at("/ledger.xlsx", get(ledger::xlsx))
        .at("/ledger/:id", get(ledger_entry::open))
        .at("/ledger/:id/reverse", post(ledger_entry::take))
        .at("/vouchers", get(vouchers::list).post(vouchers::take))
        .at("/vouchers/:id", get(voucher::open))
        .at("/vouchers/:id/proof", get(voucher::proof))
        .at("/vouchers/:id/:act", post(voucher::take))
        .at("/fees", get(fees::list))
        .at("/merchant", get(merchant::open).post(merchant::choose))
        .at("/fees/add", post(fees::add))
        .at("/fees/:id/end", post(fees::end))
        .at("/billing", get(billing::open))
        .at("/billing/:act", post(billing::take))
        .at("/dues", get(dues::open).post(dues::save))
        .at("/dues/notices.csv", get(dues::csv))
        .at("/bills", get(bills::list))
        .at("/bills/sales", get(bills_sales::list))
        .at("/bills/sales/end", post(bills_sales::end))
        .at("/bills/sales/left", post(bills_sales::give_back))
        .at("/bills/sales/:id/:act", post(bills_sales::decide))
        .at("/bills/:id", get(bills::open))
        .at("/bills/:id/credit", post(bills::correct))
}

/// `GET /console`
#[handler]
fn open_home() -> Response {
    go(HOME)
}
