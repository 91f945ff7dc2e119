//! Table `import_job`. A roster that was brought by browser, looked through and stored in the background.

use sea_orm::entity::prelude::*;

use crate::kinds::ImportState;

/// A roster that was brought by browser, looked through and stored in the background.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_job")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who brought it.
    pub person_id: i64,
    /// Names of the files, for people.
    pub names: String,
    /// Where the files lie in our storage, sealed; none once they are gone.
    pub path: Option<String>,
    /// Where the list of bad rows lies, sealed.
    pub bad_path: Option<String>,
    /// Where it stands.
    pub state: ImportState,
    /// Leave bad rows out.
    pub skip_bad: bool,
    /// How many bad rows there are.
    pub bad: i32,
    /// What would be done, or was: `[table, new, changed, same]`.
    pub outcome: Option<Json>,
    /// What whoever brought it should know of the files.
    pub notes: Option<String>,
    /// Why it failed, for people.
    pub error: Option<String>,
    /// How often an instance began with it.
    pub attempts: i32,
    /// UTC, whole ms.
    pub created_at: DateTimeUtc,
    /// UTC, whole ms.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
