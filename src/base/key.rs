//! Keys as addresses and bodies write them. Used by the nouns' `api` and by the pages.

use crate::base::fault::Fault;

/// The key that a text writes; what is none names nothing, and is answered as what is not there: by `none`, of 0.
///
/// # Errors
/// What `none` says.
pub fn key_in(text: &str, none: impl FnOnce(i64) -> Fault) -> Result<i64, Fault> {
    let key: Option<i64> = text.parse().ok();
    key.filter(|key| *key > 0).ok_or_else(|| none(0))
}

/// The keys of what was uploaded, as a body names them in `attachments`.
///
/// # Errors
/// `invalid` when one of them is no key.
pub fn uploaded(ids: &[String]) -> Result<Vec<i64>, Fault> {
    let wrong = || Fault::invalid("attachments", "attachments 必须是上传后得到的编号。");
    let all = ids.iter().map(|id| id.parse().map_err(|_| wrong()));
    all.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::fault::Code;

    #[test]
    fn what_is_no_key_is_not_there() {
        let none = |id: i64| Fault::not_found(format!("没有 #{id}"));
        assert_eq!(key_in("12", none).unwrap(), 12);
        for text in ["", "x", "0", "-1", "12x", "99999999999999999999"] {
            assert_eq!(
                key_in(text, none).unwrap_err().code,
                Code::NotFound,
                "{text}"
            );
        }
    }

    #[test]
    fn uploads_are_named_by_keys() {
        let ids = |all: &[&str]| all.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        assert_eq!(uploaded(&ids(&["7", "8"])).unwrap(), [7, 8]);
        assert!(uploaded(&ids(&["7", "x"])).is_err());
    }
}
