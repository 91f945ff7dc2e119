//! A message by its template: which templates there are for a kind, and what goes into each field.
//! Called by `send`.

use super::choose::Carrier;
use super::fit::{Misfit, fit, time_value};
use super::kind::Message;
use crate::app::App;
use crate::config::Template;

/// The configured templates of one kind of message.
#[derive(Clone, Copy)]
pub(super) struct Forms<'a> {
    pub(super) template: Option<&'a Template>,
    pub(super) notice: Option<&'a Template>,
    pub(super) subscription: Option<&'a Template>,
}

impl<'a> Forms<'a> {
    pub(super) fn of(app: &'a App, kind: &str) -> Self {
        let wechat = &app.settings.wechat;
        Self {
            template: wechat.official.templates.get(kind),
            notice: wechat.official.subscriptions.get(kind),
            subscription: wechat.mini.subscriptions.get(kind),
        }
    }

    pub(super) const fn by(&self, carrier: Carrier) -> Option<&'a Template> {
        match carrier {
            Carrier::Template => self.template,
            Carrier::Notice => self.notice,
            Carrier::Subscription => self.subscription,
            Carrier::Customer | Carrier::Work => None,
        }
    }
}

/// The fields of a template with what goes into them, each within its limits.
pub(super) fn fill_in(
    message: &Message,
    template: &Template,
) -> Result<Vec<(String, String)>, Misfit> {
    let fields = template.fields.iter();
    fields
        .map(|(field, what)| {
            // `enum5 = "state:待接单,已接单"` names the values that the template knows.
            let (what, allowed) = match what.split_once(':') {
                Some((what, list)) if field.starts_with("enum") => {
                    (what, list.split(',').map(str::trim).collect())
                }
                _ => (what.as_str(), Vec::new()),
            };
            let value = match what {
                "title" => message.title.clone(),
                "place" => message.place.clone(),
                "state" => message.state.clone(),
                "time" => time_value(message.at),
                "hint" => message.hint.clone(),
                "text" => message.text.clone(),
                // Anything else is a fixed text of the operator's.
                fixed => fixed.to_owned(),
            };
            let allowed = if allowed.is_empty() {
                vec![what]
            } else {
                allowed
            };
            Ok((field.clone(), fit(field, &value, &allowed)?))
        })
        .collect()
}
