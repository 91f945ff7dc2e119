//! The one error of the house and the one table of its codes. Knows nothing of HTTP libraries:
//! `web/problem.rs` renders it. Any module may use it.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use strum::{EnumIter, IntoEnumIterator};

/// What went wrong, as clients may rely on it. The table in [`Code::row`] is the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter)]
pub enum Code {
    /// The request cannot be read at all.
    Malformed,
    /// Not signed in.
    Unauthenticated,
    /// Known, but not allowed.
    Forbidden,
    /// The rules on personal data were not shown yet; the same request succeeds once they were.
    ConsentRequired,
    /// Not there, or not for this person to know.
    NotFound,
    /// The method does not exist for this path.
    MethodNotAllowed,
    /// Not possible from the present state.
    WrongStep,
    /// Somebody else was first.
    Conflict,
    /// A request with the same Idempotency-Key is still under way.
    InProgress,
    /// The same Idempotency-Key came with another request.
    KeyReused,
    /// The body is too large.
    TooLarge,
    /// The content type is not served.
    Unsupported,
    /// A field has a value that cannot be.
    Invalid,
    /// Too often.
    TooMany,
    /// The database is busy; the same request may succeed at once.
    Busy,
    /// A part outside of us does not answer.
    Outside,
    /// Our own mistake.
    Internal,
}

/// One row of the table of codes.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Stable name that clients match on.
    pub name: &'static str,
    /// HTTP status.
    pub status: u16,
    /// What a person reads when nothing better is known.
    pub title: &'static str,
}

impl Code {
    /// The row of this code.
    #[must_use]
    pub const fn row(self) -> Row {
        let (name, status, title) = match self {
            Self::Malformed => ("malformed", 400, "请求内容看不懂,请检查后再试。"),
            Self::Unauthenticated => ("unauthenticated", 401, "请先登录。"),
            Self::Forbidden => ("forbidden", 403, "您没有这项权限。"),
            Self::ConsentRequired => ("consent_required", 403, "请先阅读个人信息处理规则。"),
            Self::NotFound => ("not_found", 404, "没有找到,请核对后再试。"),
            Self::MethodNotAllowed => ("method_not_allowed", 405, "不支持这种请求方式。"),
            Self::WrongStep => ("wrong_step", 409, "现在的状态不能这样操作。"),
            Self::Conflict => ("conflict", 409, "已经被别人先处理了,请刷新后再看。"),
            Self::InProgress => ("in_progress", 409, "同一个请求正在处理,请稍后再看结果。"),
            Self::KeyReused => ("key_reused", 422, "这个 Idempotency-Key 已用于另一个请求。"),
            Self::TooLarge => ("too_large", 413, "内容太大了,请缩小后再发。"),
            Self::Unsupported => ("unsupported", 415, "不支持这种内容格式。"),
            Self::Invalid => ("invalid", 422, "内容不正确,请修改后再试。"),
            Self::TooMany => ("too_many", 429, "操作太频繁,请稍等一会儿再试。"),
            Self::Busy => ("busy", 503, "系统正忙,请稍后再试。"),
            Self::Outside => ("outside", 503, "外部服务暂时没有回应,请稍后再试。"),
            Self::Internal => ("internal", 500, "系统出了点问题,我们已记录,请稍后再试。"),
        };
        Row {
            name,
            status,
            title,
        }
    }

    /// All codes, for the documentation and the tests.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }
}

/// The one error: a code, one kind Chinese sentence for the person, and the cause for the log.
pub struct Fault {
    /// What clients match on.
    pub code: Code,
    /// What the person reads. Never holds a secret, a stack or another person's data.
    pub detail: Cow<'static, str>,
    /// Which field, for [`Code::Invalid`].
    pub field: Option<&'static str>,
    /// Seconds to wait, for [`Code::TooMany`] and [`Code::Busy`].
    pub retry_after: Option<u32>,
    /// The cause, for the log only.
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Fault {
    /// A fault with its own sentence.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            detail: detail.into(),
            field: None,
            retry_after: None,
            source: None,
        }
    }

    /// A fault with the table's sentence.
    #[must_use]
    pub fn plain(code: Code) -> Self {
        Self::new(code, code.row().title)
    }

    /// A field that cannot be.
    pub fn invalid(field: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            field: Some(field),
            ..Self::new(Code::Invalid, detail)
        }
    }

    /// Not there, or not for this person to know.
    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::NotFound, detail)
    }

    /// Not allowed.
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Forbidden, detail)
    }

    /// Not possible from the present state.
    pub fn wrong_step(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::WrongStep, detail)
    }

    /// Too often; try again after so many seconds.
    #[must_use]
    pub fn too_many(seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::plain(Code::TooMany)
        }
    }

    /// Our own mistake, with its cause for the log.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::plain(Code::Internal).because(source)
    }

    /// Adds the cause for the log.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same for one more of those who asked together, its cause as text.
    #[must_use]
    pub fn once_more(&self) -> Self {
        Self {
            code: self.code,
            detail: self.detail.clone(),
            field: self.field,
            retry_after: self.retry_after,
            source: self.source.as_ref().map(|cause| cause.to_string().into()),
        }
    }

    /// Whether the very same call may succeed if made again at once.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.code == Code::Busy
    }

    /// Whether it is ours or the outside's and belongs into the log as an error.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.code.row().status >= 500
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.row().name, self.detail)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut cause: Option<&(dyn StdError + 'static)> = self
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static));
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl StdError for Fault {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_statuses_are_errors() {
        let names: HashSet<_> = Code::all().map(|code| code.row().name).collect();
        assert_eq!(names.len(), Code::all().count());
        for code in Code::all() {
            assert!((400..600).contains(&code.row().status), "{code:?}");
            assert!(code.row().title.ends_with('。'), "{code:?}");
        }
    }

    #[test]
    fn the_person_never_reads_the_cause() {
        let fault = Fault::internal("password=1234");
        assert!(!fault.to_string().contains("1234"));
        assert!(format!("{fault:?}").contains("1234"));
    }
}
