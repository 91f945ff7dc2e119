//! What is not as usual about a filing: for somebody else, without a name, very like what is open.
//! Used by `file`.

use chrono::TimeDelta;
use entity::case;
use entity::kinds::{CaseKind, Channel};
use sea_orm::ActiveValue::Set;
use serde_json::json;

use crate::access::Actor;
use crate::case::actions::file::Filing;
use crate::case::category::Emergency;
use crate::case::remind::kinds;
use crate::case::similar::Alike;
use crate::case::step::By;
use crate::reminder::NewReminder;

/// Seconds that a new task waits when it is very like an open one: whoever filed may answer in them
/// that it is the same.
const ANSWER_SECONDS: i64 = 60;

/// For whom the staff files a case; made by `actions::ask`.
#[derive(Clone, Debug)]
pub struct Behalf {
    /// Whose case it is; whoever writes it down when the roster does not know them.
    pub reporter: Actor,
    /// The roster knows them: they are told and may rate.
    pub known: bool,
    /// How they called themselves.
    pub asker: Option<String>,
    /// The phone they gave, sealed.
    pub asker_phone_sealed: Option<String>,
}

/// What is not as usual about a filing.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    emergency: Option<Emergency>,
    /// The case that it is very like: the holder is told of it only if it is not the same after all.
    close: Option<i64>,
    /// In which way the staff wrote it down, and whether the reporter is to be told.
    pub(super) behalf: Option<(&'static str, bool)>,
    /// A home asks for help: those who answer for it are told.
    pub(super) need: bool,
}

impl Manner {
    /// `place` is where it is: the home of whoever it is for, or anywhere else.
    pub(super) fn of(
        filing: &Filing,
        reporter: &Actor,
        place: i64,
        emergency: Option<Emergency>,
        alike: &[Alike],
    ) -> Self {
        let close = alike
            .first()
            .filter(|likest| likest.is_close() && !likest.own);
        let way = match filing.channel {
            Channel::Phone => "代报（来电）",
            _ => "代报（来访）",
        };
        Self {
            emergency,
            close: close.map(|likest| likest.id),
            behalf: filing.behalf.as_ref().map(|on| (way, on.known)),
            need: filing.kind == CaseKind::Help
                && reporter.homes.iter().any(|home| home.place_id == place),
        }
    }

    pub(super) fn by(&self) -> By {
        match self.behalf {
            Some(_) => By::Staff,
            None => By::Resident,
        }
    }

    /// What the reminders of the new case bear of it.
    pub(super) fn mark(&self, reminder: &mut NewReminder) {
        let Some(payload) = reminder.payload.as_object_mut() else {
            return;
        };
        if self.emergency.is_some() {
            payload.insert("emergency".to_owned(), json!(true));
        }
        if let (Some(id), kinds::TASK) = (self.close, reminder.kind) {
            payload.insert("alike".to_owned(), json!(id));
            if self.emergency.is_none() {
                reminder.due_at += TimeDelta::seconds(ANSWER_SECONDS);
            }
        }
    }
}

/// The columns that only a case on behalf of somebody or without a name has.
pub(super) fn put_apart(row: &mut case::ActiveModel, filing: &Filing, actor: &Actor) {
    if filing.anonymous {
        row.anonymous = Set(true);
        row.latitude = Set(None);
        row.longitude = Set(None);
    }
    if let Some(behalf) = &filing.behalf {
        row.account_id = Set(None);
        row.filed_by_id = Set(actor.person_id());
        row.asker = Set(behalf.asker.clone());
        row.asker_phone_sealed = Set(behalf.asker_phone_sealed.clone());
    }
}
