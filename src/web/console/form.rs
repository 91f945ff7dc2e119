//! What somebody typed into a form of the console, and what is wrong with it: errors stand beside their
//! field, and nothing has to be typed twice. Used by all pages of the console.

use poem::{FromRequest, Request, RequestBody};

use crate::access::once::Print;
use crate::base::fault::{Code, Fault};

/// A form that was sent. The guard has read it and checked that it is ours.
#[derive(Clone, Debug, Default)]
pub struct Form(pub(super) Vec<(String, String)>);

impl Form {
    /// A field; empty when it did not come.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// All values of a field that may be ticked more than once.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

impl Form {
    /// What tells it from another form under the same mark.
    #[must_use]
    pub fn print(&self, what: &str) -> Print {
        let fields = self.0.iter().filter(|(name, _)| name != "csrf");
        let fields: Vec<String> = fields
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Print::of("FORM", what, fields.join("\n").as_bytes())
    }
}

impl<'a> FromRequest<'a> for Form {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let form = request.data::<Self>().cloned();
        Ok(form.ok_or_else(|| Fault::plain(Code::Malformed))?)
    }
}

/// What a form shows again: what was typed, and what to change.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    form: Form,
    field: Option<&'static str>,
    says: Option<String>,
}

impl Typed {
    /// A form that begins with these values.
    #[must_use]
    pub fn with(values: &[(&str, &str)]) -> Self {
        let values = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self {
            form: Form(values.collect()),
            ..Self::default()
        }
    }

    /// The form as it was sent.
    #[must_use]
    pub fn again(form: &Form) -> Self {
        Self {
            form: form.clone(),
            ..Self::default()
        }
    }

    /// The form after a fault.
    #[must_use]
    pub fn wrong(form: &Form, fault: &Fault) -> Self {
        Self {
            form: form.clone(),
            field: fault.field,
            says: Some(fault.detail.to_string()),
        }
    }

    /// With another value in a field.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.form.0.retain(|(known, _)| known != name);
        self.form.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What stands in a field.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.form.text(name)
    }

    /// What is wrong with a field.
    #[must_use]
    pub fn error(&self, name: &str) -> Option<&str> {
        self.says.as_deref().filter(|_| self.field == Some(name))
    }

    /// What is wrong with none of these fields: it stands above the form.
    #[must_use]
    pub fn general(&self, fields: &[&str]) -> Option<&str> {
        let beside = self.field.is_some_and(|field| fields.contains(&field));
        self.says.as_deref().filter(|_| !beside)
    }

    /// Attributes by which a screen reader finds the error of a field.
    #[must_use]
    pub fn marks(&self, name: &'static str) -> String {
        match self.error(name) {
            Some(_) => format!(" aria-invalid=\"true\" aria-describedby=\"{name}-wrong\""),
            None => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_stands_beside_its_field_or_above_the_form() {
        let form = Form(vec![("text".to_owned(), "a".to_owned())]);
        let typed = Typed::wrong(&form, &Fault::invalid("text", "写短一点。"));
        assert_eq!(typed.value("text"), "a");
        assert_eq!(typed.error("text"), Some("写短一点。"));
        assert_eq!(typed.general(&["text"]), None);
        assert_eq!(typed.general(&["reason"]), Some("写短一点。"));
        let typed = Typed::wrong(&form, &Fault::plain(Code::Conflict));
        assert!(typed.general(&["text"]).is_some() && typed.error("text").is_none());
        assert_eq!(typed.marks("text"), "");
    }
}
