//! What an import will store, once checked; and what is known already. Types only.

use std::collections::HashMap;

use chrono::NaiveDate;
use entity::kinds::{CaseKind, FeeKind, FeeSplit, Grade, HomeRelation, Level, PlaceKind, RoleKind};
use entity::{calendar, fee_item, fee_space, organisation, person, place};

use super::reach::Reach;
use crate::base::month::Month;
use crate::base::phone::Phone;
use crate::policy::rules::Figures;

/// What the database holds before the import.
#[derive(Debug, Default)]
pub struct Known {
    /// By code.
    pub places: HashMap<String, place::Model>,
    /// Code of a place by its key.
    pub place_codes: HashMap<i64, String>,
    /// By key of the roster.
    pub people: HashMap<String, person::Model>,
    /// By code.
    pub organisations: HashMap<String, organisation::Model>,
    /// That may be chosen.
    pub calendars: Vec<calendar::Model>,
    /// Fees by compound and name.
    pub fees: HashMap<(i64, String), fee_item::Model>,
    /// Parking spaces by compound and what is painted on them.
    pub spaces: HashMap<(i64, String), Vec<fee_space::Model>>,
    /// How far whoever imports may write; none: everywhere.
    pub reach: Option<Reach>,
    /// Below which places whoever imports keeps the fees; none: everywhere.
    pub keeps: Option<Vec<String>>,
}

/// A place to be.
#[derive(Clone, Debug)]
pub struct PlanPlace {
    /// Unique.
    pub code: String,
    /// What.
    pub kind: PlaceKind,
    /// What people call it.
    pub name: String,
    /// Code of the place above.
    pub parent: Option<String>,
    /// Code of its compound.
    pub compound: Option<String>,
    /// cm².
    pub area_cm2: Option<i64>,
    /// Remark.
    pub note: Option<String>,
}

/// An organisation to be.
#[derive(Clone, Debug)]
pub struct PlanOrganisation {
    /// Unique.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Of `organisation::KINDS`.
    pub kind: &'static str,
    /// Code of the one above.
    pub parent: Option<String>,
    /// Code of where it works.
    pub place: String,
    /// 统一社会信用代码.
    pub credit_code: Option<String>,
    /// Published on the board.
    pub service_phone: Option<String>,
    /// Published on the board.
    pub service_hours: Option<String>,
}

/// A person to be.
#[derive(Clone, Debug)]
pub struct PlanPerson {
    /// Unique.
    pub key: String,
    /// Full name.
    pub name: String,
    /// Phone.
    pub phone: Option<Phone>,
    /// Member of the party.
    pub party_member: bool,
    /// Lower case.
    pub wecom_userid: Option<String>,
}

/// Somebody in a home.
#[derive(Clone, Debug)]
pub struct PlanHome {
    /// Code of the home.
    pub place: String,
    /// Key of the person.
    pub person: String,
    /// How.
    pub relation: HomeRelation,
    /// `1/2`.
    pub share: Option<String>,
}

/// A role to be.
#[derive(Clone, Debug)]
pub struct PlanRole {
    /// Key of the person.
    pub person: String,
    /// What.
    pub role: RoleKind,
    /// Code of where; none is everywhere.
    pub place: Option<String>,
    /// Code of the organisation.
    pub organisation: Option<String>,
    /// First day; none: from the import on, or as it is.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub to: Option<NaiveDate>,
}

/// A fee item to be.
#[derive(Clone, Debug)]
pub struct PlanFee {
    /// Code of the compound.
    pub compound: String,
    /// On the bill.
    pub name: String,
    /// How it is computed.
    pub kind: FeeKind,
    /// In 1/100 fen.
    pub unit_price: i64,
    /// How it is split.
    pub split: Option<FeeSplit>,
    /// 1 to 28.
    pub due_day: i16,
    /// Code of the place below which it holds.
    pub place: Option<String>,
    /// First month.
    pub from: Option<Month>,
    /// Last month.
    pub to: Option<Month>,
    /// What the price rests on.
    pub basis: Option<String>,
}

/// A reading of a meter to be.
#[derive(Clone, Debug)]
pub struct PlanReading {
    /// Code of the home.
    pub home: String,
    /// Code of its compound.
    pub compound: String,
    /// Name of the fee.
    pub item: String,
    /// On the bill of which month.
    pub month: Month,
    /// In thousandths.
    pub before_milli: i64,
    /// In thousandths.
    pub after_milli: i64,
}

/// A parking space to be.
#[derive(Clone, Debug)]
pub struct PlanSpace {
    /// Code of the home.
    pub home: String,
    /// Code of its compound.
    pub compound: String,
    /// Name of the fee.
    pub item: String,
    /// What is painted on it.
    pub code: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: Option<NaiveDate>,
}

/// A dispatch rule to be.
#[derive(Clone, Debug)]
pub struct PlanRule {
    /// Code of the place.
    pub place: String,
    /// Order.
    pub position: i32,
    /// Kind of case.
    pub kind: Option<CaseKind>,
    /// Category.
    pub category: Option<String>,
    /// Code of the organisation.
    pub organisation: Option<String>,
    /// Key of the person.
    pub person: Option<String>,
    /// Role.
    pub role: Option<RoleKind>,
}

/// A response policy to be.
#[derive(Clone, Debug)]
pub struct PlanPolicy {
    /// Code of the place.
    pub place: String,
    /// For cases of this grade.
    pub grade: Grade,
    /// At this level only.
    pub level: Option<Level>,
    /// Minutes.
    pub figures: Figures,
    /// Key of the calendar.
    pub calendar_id: Option<i64>,
}

/// Everything, parents before children.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Parents first.
    pub places: Vec<PlanPlace>,
    /// Parents first.
    pub organisations: Vec<PlanOrganisation>,
    /// In file order, as the rest.
    pub people: Vec<PlanPerson>,
    /// Who lives where.
    pub homes: Vec<PlanHome>,
    /// Who answers for what.
    pub roles: Vec<PlanRole>,
    /// What is billed.
    pub fees: Vec<PlanFee>,
    /// What meters showed.
    pub readings: Vec<PlanReading>,
    /// Who pays for which space.
    pub spaces: Vec<PlanSpace>,
    /// Who gets a case.
    pub rules: Vec<PlanRule>,
    /// The clocks.
    pub policies: Vec<PlanPolicy>,
}

impl Plan {
    /// How many rows of each table will be looked at.
    #[must_use]
    pub fn sizes(&self) -> [(&'static str, usize); 10] {
        [
            ("places", self.places.len()),
            ("organisations", self.organisations.len()),
            ("people", self.people.len()),
            ("homes", self.homes.len()),
            ("roles", self.roles.len()),
            ("fee_items", self.fees.len()),
            ("fee_readings", self.readings.len()),
            ("fee_spaces", self.spaces.len()),
            ("dispatch_rules", self.rules.len()),
            ("response_policies", self.policies.len()),
        ]
    }
}
