//! The one integration binary: talks to the program as WeChat, clients and operators do, on every
//! pairing of backends (`tests/run`). Each module is a subject; add a line for a new one.
//! `harness` gives them the words.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic"
)]

mod activity;
mod architecture;
mod attack;
mod board;
mod case;
mod chat;
mod console;
mod conversation;
mod dates;
mod delivery;
mod dialogs;
mod disclosure;
mod dues;
mod expense;
mod export;
mod faults;
mod fee;
mod figures;
mod files;
mod forms;
mod giving;
mod handbook;
mod harness;
mod harness_itself;
mod import;
mod ledger;
mod long_lists;
mod markup;
mod mini;
mod notice;
mod offer;
mod official;
mod once;
mod papers;
mod pay;
mod payment;
mod people;
mod photos;
mod powers;
mod privacy;
mod problems;
mod program;
mod reach;
mod reminder;
mod robot;
mod sandbox;
mod schema;
mod station;
mod stored_messages;
mod talent;
mod timetable;
mod upgrades;
mod volunteer;
mod voucher;
mod web;
mod wechat_clients;
mod wechat_platform;
mod wechat_token;
mod wechat_vectors;
mod wish;
mod work;
