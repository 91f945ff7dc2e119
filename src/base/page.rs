//! Opaque cursors and pages of lists (contract: `?cursor=&limit=`, limit ≤ 100). Any module may use it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::base::fault::Fault;

/// Most entries of one page.
pub const MOST: u64 = 100;
/// Entries of a page when none is asked for.
pub const USUAL: u64 = 20;

/// What a client says of the page it wants.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Cursor of the last page.
    pub cursor: Option<String>,
    /// 1 to 100; 20 if not given.
    pub limit: Option<u64>,
}

impl ListQuery {
    /// The page that is meant.
    ///
    /// # Errors
    /// As [`Slice::parse`].
    pub fn slice(&self) -> Result<Slice, Fault> {
        Slice::parse(self.cursor.as_deref(), self.limit)
    }
}

/// Where a page starts and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Key behind which it goes on: only entries with a smaller one, or with a larger one in a list that begins with
    /// the smallest; none for the first page.
    pub before: Option<i64>,
    /// 1 to 100.
    pub limit: u64,
}

impl Slice {
    /// The first page, of so many entries.
    #[must_use]
    pub const fn first(limit: u64) -> Self {
        Self {
            before: None,
            limit,
        }
    }

    /// From the query of a request.
    ///
    /// # Errors
    /// `invalid` when the cursor is not one of ours or the limit is out of range.
    pub fn parse(cursor: Option<&str>, limit: Option<u64>) -> Result<Self, Fault> {
        let limit = limit.unwrap_or(USUAL);
        if limit == 0 || limit > MOST {
            return Err(Fault::invalid("limit", "limit 必须在 1 到 100 之间。"));
        }
        let before =
            match cursor {
                None | Some("") => None,
                Some(text) => Some(decode(text).ok_or_else(|| {
                    Fault::invalid("cursor", "cursor 不正确,请从第一页重新开始。")
                })?),
            };
        Ok(Self { before, limit })
    }

    /// Of a list that begins with the smallest keys: that behind which it goes on, 0 for the first page.
    #[must_use]
    pub fn after(&self) -> i64 {
        self.before.unwrap_or(0)
    }

    /// Cuts a list that was read with one entry too many, and makes the next cursor.
    #[must_use]
    pub fn cut<T>(&self, mut items: Vec<T>, id: impl Fn(&T) -> i64) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more {
            items.last().map(|last| cursor(id(last)))
        } else {
            None
        };
        Page { items, next }
    }
}

/// One page of a list, as it is read and as the API answers it.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The entries, newest first where nothing else is said.
    pub items: Vec<T>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A list in which there is nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            items: Vec::new(),
            next: None,
        }
    }

    /// The same page of what its entries become.
    #[must_use]
    pub fn map<U>(self, become_one: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(become_one).collect(),
            next: self.next,
        }
    }
}

/// What stands in an address for the key behind which a list goes on.
#[must_use]
pub fn cursor(key: i64) -> String {
    URL_SAFE_NO_PAD.encode(format!("i{key}"))
}

fn decode(text: &str) -> Option<i64> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    std::str::from_utf8(&bytes)
        .ok()?
        .strip_prefix('i')?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back() {
        let slice = Slice::parse(None, Some(2)).unwrap();
        let page = slice.cut(vec![9_i64, 8, 7], |id| *id);
        assert_eq!(page.items, [9, 8]);
        let next = Slice::parse(page.next.as_deref(), Some(2)).unwrap();
        assert_eq!(next.before, Some(8));
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(Slice::parse(Some("%%%"), None).is_err());
        assert!(Slice::parse(Some("aTEy="), None).is_err());
        assert!(Slice::parse(None, Some(0)).is_err());
        assert!(Slice::parse(None, Some(101)).is_err());
    }
}
