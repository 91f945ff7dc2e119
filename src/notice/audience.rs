//! For whom a notice is: parts of the tree of places, groups of people in them. ONE query says who that is:
//! it is counted for the preview, written down when the notice goes out, and asked of each person before
//! they are told, so that what was counted is what is sent, and whoever has left gets nothing.

use entity::kinds::{BindingState, HomeRelation, RoleKind};
use entity::place;
use sea_orm::{ActiveEnum, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement, Value};
use serde::{Deserialize, Serialize};

use crate::base::clock::Moment;
use crate::base::fault::Fault;
use crate::person::binding::TIED;
use crate::place::{parent_ids, tree};
use crate::store::listed::listed;

/// A group of people of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Whoever lives there or has a home there, by the roster or by a binding.
    Residents,
    /// Owners by the roster.
    Owners,
    /// Tenants by the roster.
    Tenants,
    /// Residents who are members of the party.
    PartyMembers,
    /// Stewards of its buildings.
    Stewards,
    /// Committee and its chair.
    Committee,
    /// The company's people.
    Property,
    /// Grid workers and secretary of the community.
    Community,
}

impl Group {
    /// What people call it.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Residents => "全体住户",
            Self::Owners => "业主",
            Self::Tenants => "租户",
            Self::PartyMembers => "党员",
            Self::Stewards => "楼栋长",
            Self::Committee => "业委会",
            Self::Property => "物业人员",
            Self::Community => "社区工作人员",
        }
    }

    /// As it stands in forms and in the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Residents => "residents",
            Self::Owners => "owners",
            Self::Tenants => "tenants",
            Self::PartyMembers => "party_members",
            Self::Stewards => "stewards",
            Self::Committee => "committee",
            Self::Property => "property",
            Self::Community => "community",
        }
    }

    /// Which one a word names.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        use strum::IntoEnumIterator;
        Self::iter().find(|group| group.word() == word)
    }

    /// The posts that it is made of; none for residents.
    const fn posts(self) -> &'static [RoleKind] {
        match self {
            Self::Residents | Self::Owners | Self::Tenants | Self::PartyMembers => &[],
            Self::Stewards => &[RoleKind::Steward],
            Self::Committee => &[RoleKind::CommitteeChair, RoleKind::CommitteeMember],
            Self::Property => &[RoleKind::PropertyManager, RoleKind::PropertyStaff],
            Self::Community => &[RoleKind::GridWorker, RoleKind::CommunitySecretary],
        }
    }
}

/// As stored in `notice.scope`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Places of a list, buildings or homes; none: the whole place of the notice.
    pub places: Vec<i64>,
    /// Groups; whoever is in one of them.
    pub who: Vec<Group>,
}

impl Scope {
    /// What people read: `业主、楼栋长`.
    #[must_use]
    pub fn says(&self) -> String {
        let names: Vec<&str> = self.who.iter().map(|group| group.says()).collect();
        names.join("、")
    }
}

/// How many people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// All of them.
    pub people: i64,
    /// Those whom a channel may reach.
    pub reachable: i64,
}

/// The audience of a notice at a moment.
#[derive(Clone, Debug)]
pub struct Audience {
    parts: Vec<place::Model>,
    who: Vec<Group>,
    now: Moment,
}

/// Whom alone a question is about, in the database's words.
type Only<'a> = (DbBackend, &'a [i64]);

/// Collects the parameters of a statement.
#[derive(Default)]
struct Values(Vec<Value>);

impl Values {
    /// `$3`
    fn put(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }

    /// That the tie is one of these people's.
    fn tie_of(&mut self, (backend, people): Only<'_>) -> String {
        let mark = format!("${}", self.0.len() + 1);
        let (list, of_list) = listed(backend, "tie.person_id", people, &mark);
        self.put(list);
        of_list
    }
}

impl Audience {
    /// Of a notice to this place with this scope.
    ///
    /// # Errors
    /// The database's.
    pub async fn of<C: ConnectionTrait>(
        db: &C,
        place_id: i64,
        scope: &Scope,
        now: Moment,
    ) -> Result<Self, Fault> {
        let ids = if scope.places.is_empty() {
            vec![place_id]
        } else {
            scope.places.clone()
        };
        let parts = place::Entity::find()
            .filter(place::COLUMN.id.is_in(ids))
            .all(db)
            .await?;
        Ok(Self {
            parts,
            who: scope.who.clone(),
            now,
        })
    }

    /// How many they are.
    ///
    /// # Errors
    /// The database's.
    pub async fn count<C: ConnectionTrait>(&self, db: &C) -> Result<Count, Fault> {
        let Some((sql, values)) = self.people(None) else {
            return Ok(Count::default());
        };
        let sql = format!(
            "SELECT COUNT(*) AS people, \
             CAST(COALESCE(SUM(CASE WHEN one.reachable THEN 1 ELSE 0 END), 0) AS bigint) AS reachable \
             FROM ({sql}) AS one"
        );
        let row = db.query_one_raw(statement(db, sql, values)).await?;
        let row = row.ok_or_else(|| Fault::internal("a count without a row"))?;
        Ok(Count {
            people: row.try_get("", "people")?,
            reachable: row.try_get("", "reachable")?,
        })
    }

    /// Writes them down as the recipients of a notice. Whoever is there already stays as they are.
    ///
    /// # Errors
    /// The database's.
    pub async fn write<C: ConnectionTrait>(&self, db: &C, notice_id: i64) -> Result<(), Fault> {
        let Some((sql, mut values)) = self.people(None) else {
            return Ok(());
        };
        let id = values.put(notice_id);
        let sql = format!(
            "INSERT INTO notice_recipient (notice_id, person_id, compound_id, home_id, building_id, reachable) \
             SELECT CAST({id} AS bigint), one.person_id, one.compound_id, one.home_id, one.building_id, one.reachable \
             FROM ({sql}) AS one WHERE 1 = 1 ON CONFLICT (notice_id, person_id) DO NOTHING"
        );
        db.execute_raw(statement(db, sql, values)).await?;
        Ok(())
    }

    /// Those of some people who are among them.
    ///
    /// # Errors
    /// The database's.
    pub async fn among<C: ConnectionTrait>(
        &self,
        db: &C,
        people: &[i64],
    ) -> Result<Vec<i64>, Fault> {
        if people.is_empty() {
            return Ok(Vec::new());
        }
        let only = (db.get_database_backend(), people);
        let Some((sql, values)) = self.people(Some(only)) else {
            return Ok(Vec::new());
        };
        let sql = format!("SELECT one.person_id AS person_id FROM ({sql}) AS one");
        let rows = db.query_all_raw(statement(db, sql, values)).await?;
        let ids: Result<Vec<i64>, _> = rows
            .iter()
            .map(|row| row.try_get("", "person_id"))
            .collect();
        Ok(ids?)
    }

    /// The query: each person once, with one home or post, its building, and whether a channel might
    /// reach them. None when nobody can be meant.
    fn people(&self, only: Option<Only<'_>>) -> Option<(String, Values)> {
        let mut values = Values::default();
        let mut ties: Vec<String> = Vec::new();
        for group in &self.who {
            ties.extend(self.ties(*group, only, &mut values));
        }
        if ties.is_empty() || self.parts.is_empty() {
            return None;
        }
        let now = values.put(self.now);
        let ties = ties.join(" UNION ALL ");
        let sql = format!(
            "SELECT who.person_id AS person_id, home.compound_id AS compound_id, who.home_id AS home_id, \
             CASE WHEN home.kind = 'building' THEN home.id WHEN up.kind = 'building' THEN up.id \
             WHEN top.kind = 'building' THEN top.id END AS building_id, \
             (here.wecom_userid IS NOT NULL OR EXISTS (SELECT 1 FROM account \
             WHERE account.person_id = who.person_id AND account.followed)) AS reachable \
             FROM (SELECT tie.person_id AS person_id, MIN(tie.place_id) AS home_id \
             FROM ({ties}) AS tie GROUP BY tie.person_id) AS who \
             JOIN person AS here ON here.id = who.person_id AND here.erased_at IS NULL \
             AND (here.left_at IS NULL OR here.left_at > {now}) \
             JOIN place AS home ON home.id = who.home_id \
             LEFT JOIN place AS up ON up.id = home.parent_id \
             LEFT JOIN place AS top ON top.id = up.parent_id"
        );
        Some((sql, values))
    }

    /// The ties of one group to the parts: whom to which place.
    fn ties(&self, group: Group, only: Option<Only<'_>>, values: &mut Values) -> Vec<String> {
        let mut ties = Vec::new();
        let posts = group.posts();
        if !posts.is_empty() {
            ties.push(self.post_ties(posts, only, values));
            return ties;
        }
        let relation = match group {
            Group::Owners => Some(HomeRelation::Owner),
            Group::Tenants => Some(HomeRelation::Tenant),
            _ => None,
        };
        let members = group == Group::PartyMembers;
        let mut tables = vec![("residency", "tie.ended_at IS NULL".to_owned())];
        // Of whoever is bound and on no roster it is not known whether they own the home.
        if relation.is_none() {
            let states: Vec<String> = TIED.iter().map(BindingState::to_value).collect();
            let states = format!("'{}'", states.join("', '"));
            tables.push((
                "binding",
                format!("tie.person_id IS NOT NULL AND tie.state IN ({states})"),
            ));
        }
        for (table, holds) in tables {
            let mut sql = format!(
                "SELECT tie.person_id, tie.place_id FROM {table} AS tie \
                 JOIN place AS door ON door.id = tie.place_id"
            );
            if members {
                sql.push_str(" JOIN person AS who ON who.id = tie.person_id AND who.party_member");
            }
            sql.push_str(&format!(
                " WHERE {holds} AND {}",
                self.below("door", values)
            ));
            if let (Some(relation), "residency") = (relation, table) {
                let relation = relation.to_value();
                sql.push_str(&format!(" AND tie.relation = '{relation}'"));
            }
            if let Some(people) = only {
                sql.push_str(&format!(" AND {}", values.tie_of(people)));
            }
            ties.push(sql);
        }
        ties
    }

    /// Whoever holds one of the posts in the parts, or in a place that covers one of them.
    fn post_ties(&self, posts: &[RoleKind], only: Option<Only<'_>>, values: &mut Values) -> String {
        let posts: Vec<String> = posts.iter().map(RoleKind::to_value).collect();
        let mut above: Vec<i64> = self
            .parts
            .iter()
            .flat_map(|part| parent_ids(&part.path))
            .collect();
        above.sort_unstable();
        above.dedup();
        let mut covers = self.below("door", values);
        if !above.is_empty() {
            let ids: Vec<String> = above.iter().map(i64::to_string).collect();
            covers = format!("({covers} OR door.id IN ({}))", ids.join(", "));
        }
        let (from, to) = (values.put(self.now), values.put(self.now));
        let mut sql = format!(
            "SELECT tie.person_id, tie.place_id FROM role AS tie \
             JOIN place AS door ON door.id = tie.place_id \
             WHERE tie.role IN ('{}') AND tie.from_at <= {from} \
             AND (tie.to_at IS NULL OR tie.to_at > {to}) AND {covers}",
            posts.join("', '")
        );
        if let Some(people) = only {
            sql.push_str(&format!(" AND {}", values.tie_of(people)));
        }
        sql
    }

    /// The condition that a place lies in one of the parts.
    fn below(&self, alias: &str, values: &mut Values) -> String {
        let ranges: Vec<String> = self
            .parts
            .iter()
            .map(|part| {
                let begin = values.put(part.path.as_str());
                let end = values.put(tree::end_of(&part.path));
                format!("({alias}.path >= {begin} AND {alias}.path < {end})")
            })
            .collect();
        format!("({})", ranges.join(" OR "))
    }
}

fn statement<C: ConnectionTrait>(db: &C, sql: String, values: Values) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values.0)
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn every_group_has_a_word_of_its_own() {
        for group in Group::iter() {
            assert_eq!(Group::read(group.word()), Some(group));
            let stored = serde_json::to_value(group).unwrap();
            assert_eq!(stored, group.word());
        }
        assert_eq!(Group::read("everybody"), None);
    }
}
