//! Linli (邻里): the map of the house, floor by floor. Arrows point down only; `tests/it/architecture.rs`
//! keeps it so.

// -- ground: no I/O --
pub mod base;
pub mod config;
// -- floor 1: doors to the outside, each usable alone --
pub mod files;
pub mod redis;
pub mod store;
pub mod wechat;
// -- floor 2: things that wait, and who may do what --
pub mod access;
pub mod app;
pub mod chat;
pub mod delivery;
pub mod reminder;
// -- floor 3: the domain, one folder per noun --
pub mod activity;
pub mod agreement;
pub mod alliance;
pub mod answer;
pub mod attachment;
pub mod case;
pub mod disclosure;
pub mod dues;
pub mod expense;
pub mod fee;
pub mod fund;
pub mod giving;
pub mod handbook;
pub mod ledger;
pub mod mediation;
pub mod moderation;
pub mod notice;
pub mod offer;
pub mod organisation;
pub mod payment;
pub mod person;
pub mod place;
pub mod policy;
pub mod preference;
pub mod privacy;
pub mod station;
pub mod talent;
pub mod timetable;
pub mod visit;
pub mod volunteer;
pub mod voucher;
pub mod wish;
// -- floor 4: the faces --
pub mod bot;
pub mod command;
pub mod intake;
pub mod report;
pub mod sandbox;
pub mod web;
