//! Checks what was read: every row is taken or complained about, and what hangs on a bad row is
//! bad too. Pure: no I/O.

use std::collections::{HashMap, HashSet};

use entity::kinds::{CaseKind, Grade, Level, PlaceKind, RoleKind};

use super::fields::{Fields, is_share};
use super::plan::{
    Known, Plan, PlanHome, PlanOrganisation, PlanPerson, PlanPolicy, PlanRole, PlanRule,
};
use super::reach::OUTSIDE;
use super::tables::{BadRow, Tables};
use super::{check_fees, check_places};
use crate::access::holders::path_ids;
use crate::base::phone::Phone;
use crate::case::level_says;
use crate::organisation;
use crate::person::words;
use crate::policy::grade_says;
use crate::policy::rules::{Figures, MOST_MINUTES};

/// Most characters of service hours.
const MOST_HOURS: usize = 60;

/// What may be referred to: what is known and what this import brings.
pub struct Roster<'a> {
    /// From the database.
    pub known: &'a Known,
    /// Kind and compound of the new places, by code.
    pub places: HashMap<String, (PlaceKind, Option<String>)>,
    people: HashSet<String>,
    organisations: HashSet<String>,
}

impl Roster<'_> {
    /// Kind and compound of a place, new or known.
    #[must_use]
    pub fn place(&self, code: &str) -> Option<(PlaceKind, Option<&str>)> {
        if let Some((kind, compound)) = self.places.get(code) {
            return Some((*kind, compound.as_deref()));
        }
        let place = self.known.places.get(code)?;
        let compound = place
            .compound_id
            .and_then(|id| self.known.place_codes.get(&id));
        Some((place.kind, compound.map(String::as_str)))
    }

    fn has_person(&self, key: &str) -> bool {
        let known = self.known.people.get(key);
        self.people.contains(key) || known.is_some_and(|person| self.known.may_name(person))
    }

    fn has_organisation(&self, code: &str) -> bool {
        let known = self.known.organisations.get(code);
        self.organisations.contains(code) || known.is_some_and(|row| row.ended_at.is_none())
    }
}

/// Judges every row. The plan holds the good ones; storing it although there are bad ones is the
/// caller's decision.
#[must_use]
pub fn check(tables: &Tables, known: &Known) -> (Plan, Vec<BadRow>) {
    let mut bad = tables.bad.clone();
    let mut plan = Plan::default();
    let mut roster = Roster {
        known,
        places: HashMap::new(),
        people: HashSet::new(),
        organisations: HashSet::new(),
    };
    plan.places = check_places::check(tables, &mut roster, &mut bad);
    plan.organisations = organisations(tables, &mut roster, &mut bad);
    plan.people = people(tables, &mut roster, &mut bad);
    plan.homes = homes(tables, &roster, &mut bad);
    plan.roles = roles(tables, &roster, &mut bad);
    plan.fees = check_fees::fees(tables, &roster, &mut bad);
    plan.readings = check_fees::readings(tables, &roster, &plan.fees, &mut bad);
    plan.spaces = check_fees::spaces(tables, &roster, &plan.fees, &mut bad);
    plan.rules = rules(tables, &roster, &mut bad);
    plan.policies = policies(tables, &roster, &mut bad);
    (plan, bad)
}

/// Runs over the rows of a table; a row without complaints is kept. `key` names what may occur
/// once, with the column that is blamed for a second one.
pub(super) fn each<T, K>(
    tables: &Tables,
    name: &str,
    bad: &mut Vec<BadRow>,
    mut read: impl FnMut(&mut Fields<'_>) -> Option<(K, T)>,
    blamed: &str,
) -> Vec<T>
where
    K: std::hash::Hash + Eq,
{
    let Some(table) = tables.table(name) else {
        return Vec::new();
    };
    let mut seen: HashMap<K, u64> = HashMap::with_capacity(table.rows.len());
    let mut kept = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        let mut fields = Fields::new(table, row);
        let read = read(&mut fields);
        if let Some((key, item)) = read
            && fields.bad.is_empty()
        {
            match seen.get(&key) {
                Some(line) => fields.complain(blamed, format!("与第{line}行重复")),
                None => {
                    seen.insert(key, row.line);
                    kept.push(item);
                }
            }
        }
        bad.append(&mut fields.bad);
    }
    kept
}

/// A place that must exist.
pub(super) fn place_of(
    fields: &mut Fields<'_>,
    column: &str,
    roster: &Roster<'_>,
) -> Option<(String, PlaceKind)> {
    let code = fields.code(column);
    if code.is_empty() {
        return None;
    }
    let known = roster.known.places.get(&code);
    if known.is_some_and(|place| !roster.known.may_write(place)) {
        fields.complain(column, OUTSIDE);
        return None;
    }
    let closed = known.is_some_and(|place| place.closed_at.is_some());
    if closed && !roster.places.contains_key(&code) {
        fields.complain(
            column,
            format!("编号为“{code}”的地点已停用,要恢复请在 places 表里写上它"),
        );
        return None;
    }
    match roster.place(&code) {
        Some((kind, _)) => Some((code, kind)),
        None => {
            fields.complain(column, format!("没有编号为“{code}”的地点,或它那一行有错"));
            None
        }
    }
}

fn person_of(fields: &mut Fields<'_>, column: &str, roster: &Roster<'_>) -> Option<String> {
    let key = fields.text(column)?;
    if !roster.has_person(&key) {
        fields.complain(column, format!("没有 key 为“{key}”的人,或他那一行有错"));
        return None;
    }
    Some(key)
}

fn organisation_of(fields: &mut Fields<'_>, column: &str, roster: &Roster<'_>) -> Option<String> {
    let code = fields.code_or_none(column)?;
    if !roster.has_organisation(&code) {
        let ended = roster.known.organisations.contains_key(&code);
        let why = match ended {
            true => has_ended(&code),
            false => format!("没有编号为“{code}”的组织,或它那一行有错"),
        };
        fields.complain(column, why);
        return None;
    }
    Some(code)
}

fn has_ended(code: &str) -> String {
    format!("编号为“{code}”的组织已结束服务,要恢复请在 organisations 表里写上它")
}

fn organisations(
    tables: &Tables,
    roster: &mut Roster<'_>,
    bad: &mut Vec<BadRow>,
) -> Vec<PlanOrganisation> {
    let given: HashSet<String> = tables
        .table("organisations")
        .map_or_else(HashSet::new, |table| {
            let code = |row| Fields::new(table, row).code_or_none("code");
            table.rows.iter().filter_map(code).collect()
        });
    let read = |fields: &mut Fields<'_>| one_organisation(fields, roster, &given);
    let kept = each(tables, "organisations", bad, read, "code");
    let (sorted, dropped) =
        parents_first(kept, |code| roster.known.organisations.contains_key(code));
    if let Some(table) = tables.table("organisations") {
        for row in &table.rows {
            let mut fields = Fields::new(table, row);
            if fields
                .code_or_none("code")
                .is_some_and(|code| dropped.contains(&code))
            {
                fields.complain("parent_code", "上级互相循环,或上级那一行有错");
                bad.append(&mut fields.bad);
            }
        }
    }
    roster.organisations = sorted.iter().map(|item| item.code.clone()).collect();
    sorted
}

/// One row; `given` are the codes of all rows.
fn one_organisation(
    fields: &mut Fields<'_>,
    roster: &Roster<'_>,
    given: &HashSet<String>,
) -> Option<(String, PlanOrganisation)> {
    let code = fields.code("code");
    let known = roster.known.organisations.get(&code);
    if known.is_some_and(|row| !roster.known.may_change_organisation(row)) {
        fields.complain("code", "这个编号已经用于您管理范围以外的组织");
    }
    let name = fields.required("name");
    let kind_text = fields.required("kind");
    let kind = organisation::parse_kind(&kind_text);
    if kind.is_none() && !kind_text.is_empty() {
        let all: Vec<_> = organisation::KINDS.iter().map(|(word, _)| *word).collect();
        fields.complain("kind", format!("不是可用的值,可用: {}", all.join(" ")));
    }
    let parent = fields.code_or_none("parent_code");
    if let Some(parent) = &parent
        && !given.contains(parent)
    {
        let above = roster.known.organisations.get(parent);
        // One that has ended since may stay where it stands.
        let stands = known.is_some_and(|row| row.parent_id == above.map(|above| above.id));
        match above {
            None => fields.complain("parent_code", format!("没有编号为“{parent}”的组织")),
            Some(above) if above.ended_at.is_some() && !stands => {
                fields.complain("parent_code", has_ended(parent));
            }
            Some(_) => {}
        }
    }
    let place = place_of(fields, "place_code", roster);
    let credit_code = fields.text("credit_code");
    let service_phone = fields.text("service_phone");
    if service_phone
        .as_deref()
        .is_some_and(|text| !organisation::is_number(text))
    {
        fields.complain("service_phone", "应为对外公开的电话,例如 010-12345678");
    }
    let service_hours = fields.text("service_hours");
    if service_hours
        .as_ref()
        .is_some_and(|text| text.chars().count() > MOST_HOURS)
    {
        fields.complain("service_hours", format!("太长,最多{MOST_HOURS}个字"));
    }
    let item = PlanOrganisation {
        code: code.clone(),
        name,
        kind: kind?,
        parent,
        place: place?.0,
        credit_code,
        service_phone,
        service_hours,
    };
    Some((code, item))
}

/// Puts parents before children; what never finds its parent is dropped (a cycle or a bad parent).
fn parents_first(
    mut items: Vec<PlanOrganisation>,
    known: impl Fn(&str) -> bool,
) -> (Vec<PlanOrganisation>, HashSet<String>) {
    let mut sorted: Vec<PlanOrganisation> = Vec::with_capacity(items.len());
    let mut done = HashSet::new();
    let coming: HashSet<String> = items.iter().map(|item| item.code.clone()).collect();
    loop {
        let before = sorted.len();
        let (ready, waiting): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| {
            item.parent.as_ref().is_none_or(|parent| {
                done.contains(parent) || (!coming.contains(parent) && known(parent))
            })
        });
        done.extend(ready.iter().map(|item| item.code.clone()));
        sorted.extend(ready);
        items = waiting;
        if sorted.len() == before {
            break;
        }
    }
    (sorted, items.into_iter().map(|item| item.code).collect())
}

fn people(tables: &Tables, roster: &mut Roster<'_>, bad: &mut Vec<BadRow>) -> Vec<PlanPerson> {
    let taken: HashMap<&str, &str> = roster
        .known
        .people
        .values()
        .filter_map(|person| Some((person.wecom_userid.as_deref()?, person.key.as_deref()?)))
        .collect();
    let mut userids: HashSet<String> = HashSet::new();
    let read = |fields: &mut Fields<'_>| {
        let key = fields.required("key");
        let known = roster.known.people.get(&key);
        if known.is_some_and(|person| !roster.known.may_change(person)) {
            fields.complain("key", "这个人也登记在您管理范围以外,您不能改;请删掉这一行");
        }
        let name = fields.required("name");
        let phone = fields.text("phone").map(|text| Phone::parse(&text));
        if phone == Some(None) {
            fields.complain("phone", "不是11位手机号");
        }
        let party_member = fields.yes_or_no("party_member");
        let wecom_userid = fields.text("wecom_userid").map(|text| text.to_lowercase());
        if let Some(userid) = &wecom_userid {
            let others = taken
                .get(userid.as_str())
                .is_some_and(|owner| *owner != key);
            if others || !userids.insert(userid.clone()) {
                fields.complain("wecom_userid", "已经是另一个人的");
            }
        }
        let item = PlanPerson {
            key: key.clone(),
            name,
            phone: phone.flatten(),
            party_member,
            wecom_userid,
        };
        Some((key, item))
    };
    let kept = each(tables, "people", bad, read, "key");
    roster.people = kept.iter().map(|item| item.key.clone()).collect();
    kept
}

fn homes(tables: &Tables, roster: &Roster<'_>, bad: &mut Vec<BadRow>) -> Vec<PlanHome> {
    let read = |fields: &mut Fields<'_>| {
        let place = place_of(fields, "place_code", roster);
        if place
            .as_ref()
            .is_some_and(|(_, kind)| *kind != PlaceKind::Home)
        {
            fields.complain("place_code", "不是“户”,人只能登记在户下");
        }
        fields.required("person_key");
        let person = person_of(fields, "person_key", roster);
        let relation = fields.required_word("relation", words::relation_name);
        let share = fields.text("share");
        if let Some(share) = &share
            && !is_share(share)
        {
            fields.complain("share", "产权份额应写成 1/2 这样的分数,不超过 1");
        }
        let (place, person) = (place?.0, person?);
        let item = PlanHome {
            place: place.clone(),
            person: person.clone(),
            relation: relation?,
            share,
        };
        Some(((place, person), item))
    };
    each(tables, "homes", bad, read, "person_key")
}

fn roles(tables: &Tables, roster: &Roster<'_>, bad: &mut Vec<BadRow>) -> Vec<PlanRole> {
    let read = |fields: &mut Fields<'_>| {
        fields.required("person_key");
        let person = person_of(fields, "person_key", roster);
        let role = fields.required_word("role", words::role_name);
        let everywhere = fields.text("place_code").is_none();
        let place = if role == Some(RoleKind::Administrator) && everywhere {
            if !roster.known.may_everywhere() {
                fields.complain("place_code", "您只能任命自己管理范围内的管理员,请写地点");
            }
            None
        } else {
            place_of(fields, "place_code", roster).map(|(code, _)| code)
        };
        let organisation = organisation_of(fields, "organisation_code", roster);
        let (from, to) = (fields.day("from"), fields.day("to"));
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            fields.complain("to", "结束日期早于开始日期");
        }
        let (person, role) = (person?, role?);
        let key = (person.clone(), role, place.clone(), from);
        let item = PlanRole {
            person,
            role,
            place,
            organisation,
            from,
            to,
        };
        Some((key, item))
    };
    each(tables, "roles", bad, read, "role")
}

fn rules(tables: &Tables, roster: &Roster<'_>, bad: &mut Vec<BadRow>) -> Vec<PlanRule> {
    let read = |fields: &mut Fields<'_>| {
        let place = place_of(fields, "place_code", roster);
        let position = fields.whole("position", 0..=1_000_000);
        let kind = fields.word::<CaseKind>("kind", words::case_kind_name);
        let organisation = organisation_of(fields, "organisation_code", roster);
        let person = person_of(fields, "person_key", roster);
        let role = fields.word("role", words::role_name);
        if organisation.is_none() && person.is_none() && role.is_none() && fields.bad.is_empty() {
            fields.complain("role", "组织、人、角色至少写一个,否则不知道派给谁");
        }
        let (place, position) = (place?.0, position?);
        let item = PlanRule {
            place: place.clone(),
            position,
            kind,
            category: fields.text("category"),
            organisation,
            person,
            role,
        };
        Some(((place, position), item))
    };
    each(tables, "dispatch_rules", bad, read, "position")
}

fn policies(tables: &Tables, roster: &Roster<'_>, bad: &mut Vec<BadRow>) -> Vec<PlanPolicy> {
    let read = |fields: &mut Fields<'_>| {
        let place = place_of(fields, "place_code", roster);
        let grade = fields.word::<Grade>("grade", grade_says);
        let level = fields.word::<Level>("level", level_says);
        let accept_minutes = fields.whole("accept_minutes", 1..=MOST_MINUTES);
        let arrive_minutes = fields.whole_or_none("arrive_minutes", 1..=MOST_MINUTES);
        let finish_minutes = fields.whole_or_none("finish_minutes", 1..=MOST_MINUTES);
        let plan_minutes = fields.whole_or_none("plan_minutes", 1..=MOST_MINUTES);
        let (place, _) = place?;
        let calendar_id = calendar_of(fields, &place, roster);
        if !fields.bad.is_empty() {
            return None;
        }
        let figures = Figures {
            accept_minutes: accept_minutes?,
            arrive_minutes,
            finish_minutes,
            plan_minutes,
        };
        if let Err((column, why)) = figures.check() {
            fields.complain(column, why);
        }
        // Files from before there were grades are about ordinary cases.
        let grade = grade.unwrap_or(Grade::Ordinary);
        let item = PlanPolicy {
            place: place.clone(),
            grade,
            level,
            figures,
            calendar_id,
        };
        Some(((place, grade, level), item))
    };
    each(tables, "response_policies", bad, read, "place_code")
}

/// The calendar that is named: one of the place or of a place above it, the nearest, or one for all.
fn calendar_of(fields: &mut Fields<'_>, place: &str, roster: &Roster<'_>) -> Option<i64> {
    let name = fields.text("calendar")?;
    let path = roster.known.places.get(place).map(|place| &place.path);
    let depth = |of: Option<i64>| match (of, path) {
        (None, _) => Some(0),
        (Some(id), Some(path)) => path_ids(path)
            .iter()
            .position(|known| *known == id)
            .map(|at| at + 1),
        _ => None,
    };
    let named = roster
        .known
        .calendars
        .iter()
        .filter(|calendar| calendar.name == name)
        .filter_map(|calendar| Some((depth(calendar.place_id)?, calendar.id)));
    let found = named.max().map(|(_, id)| id);
    if found.is_none() {
        fields.complain(
            "calendar",
            "没有这个日历；可用“工作日”“办公时间”，或先在控制台建立，留空为全天",
        );
    }
    found
}
