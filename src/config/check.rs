//! What a setting cannot be: rules that go over several keys, and formats. Called by `Settings::load`.

use secrecy::{ExposeSecret, SecretString};

use super::{CallbackMode, ConfigError, PUBLIC_DATA_KEY, RobotMode, Settings};

/// What a setting may say that is one of a few words, by what the library says of it: it names the type, and
/// not the words.
const WORDS: [(&str, &str); 3] = [
    ("enum CallbackMode ", "plain, compatible or safe"),
    ("enum RobotMode ", "off, webhook or socket"),
    ("enum LogFormat ", "text or json"),
];

impl Settings {
    /// Rules that go over several keys, and formats.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let fail = |text: &str| Err(ConfigError(text.to_owned()));
        self.security.data_key()?;
        if self.server.time_zone != "Asia/Shanghai" {
            return fail("server.time_zone must be Asia/Shanghai");
        }
        let database = self.database.url.expose_secret();
        let kinds = ["sqlite:", "postgres:", "postgresql:"];
        if !kinds.iter().any(|kind| database.starts_with(kind)) {
            return fail("database.url must begin with sqlite:// or postgres://");
        }
        if self
            .redis
            .url()
            .is_some_and(|url| url.contains("+cluster:"))
        {
            return fail(
                "redis.url: a Redis Cluster is not supported yet, use one server (redis://host:port)",
            );
        }
        let official = &self.wechat.official;
        let key_length = official.encoding_aes_key.expose_secret().len();
        if official.mode != CallbackMode::Plain && key_length != 43 {
            return fail(
                "wechat.official.encoding_aes_key must have 43 characters unless mode is plain",
            );
        }
        if official.mode == CallbackMode::Plain && key_length > 0 && !official.accept_plain {
            return fail(
                "wechat.official.mode is plain though encoding_aes_key is set: set mode to what the platform's page says, or leave the key empty, or take plain messages on purpose by accept_plain = true",
            );
        }
        if official.token.expose_secret().is_empty() || official.app_id.is_empty() {
            return fail("wechat.official.app_id and wechat.official.token must be set");
        }
        let mini = &self.wechat.mini;
        if !mini.token.expose_secret().is_empty()
            && (mini.app_id.is_empty() || mini.encoding_aes_key.expose_secret().len() != 43)
        {
            return fail(
                "wechat.mini.token needs app_id and an encoding_aes_key of 43 characters: pushes are taken encrypted only",
            );
        }
        self.check_work()?;
        self.check_pay()?;
        for (key, value) in [
            ("reminder.quiet_from", &self.reminder.quiet_from),
            ("reminder.quiet_to", &self.reminder.quiet_to),
        ] {
            if chrono::NaiveTime::parse_from_str(value, "%H:%M").is_err() {
                return Err(ConfigError(format!("{key} must be HH:MM, not `{value}`")));
            }
        }
        let counts = [
            ("database.max_connections", self.database.max_connections),
            ("reminder.batch", self.reminder.batch),
            ("reminder.lease_seconds", self.reminder.lease_seconds),
            ("reminder.poll_ms", self.reminder.poll_ms),
            ("reminder.sweep_seconds", self.reminder.sweep_seconds),
            (
                "limits.messages_per_minute",
                self.limits.messages_per_minute,
            ),
        ];
        if let Some((key, _)) = counts.iter().find(|(_, value)| *value == 0) {
            return Err(ConfigError(format!("{key} must be at least 1")));
        }
        let kept = &self.retention;
        let days = [
            ("retention.withdrawn_case_days", kept.withdrawn_case_days),
            ("retention.resolved_case_days", kept.resolved_case_days),
            ("retention.claim_days", kept.claim_days),
            ("retention.visit_days", kept.visit_days),
            ("retention.wish_days", kept.wish_days),
            ("retention.offer_days", kept.offer_days),
            ("retention.giving_days", kept.giving_days),
            ("retention.activity_days", kept.activity_days),
            ("retention.volunteer_days", kept.volunteer_days),
            ("retention.station_days", kept.station_days),
            ("retention.question_days", kept.question_days),
        ];
        if let Some((key, _)) = days.iter().find(|(_, days)| !(1..=36_500).contains(days)) {
            return Err(ConfigError(format!("{key} must be 1 to 36500 days")));
        }
        let wishes = &self.wishes;
        // The warning comes a day before the end.
        if !(2..=365).contains(&wishes.claim_days) {
            return fail("wishes.claim_days must be 2 to 365 days");
        }
        let counts = [
            ("wishes.most_claims", wishes.most_claims),
            ("wishes.claims_per_day", wishes.claims_per_day),
            ("wishes.most_wishes", wishes.most_wishes),
            ("lists.most_offers", self.lists.most_offers),
            ("lists.ties_per_day", self.lists.ties_per_day),
        ];
        if let Some((key, _)) = counts.iter().find(|(_, value)| *value == 0) {
            return Err(ConfigError(format!("{key} must be at least 1")));
        }
        self.check_stations()?;
        if self.reminder.max_attempts < 1 {
            return fail("reminder.max_attempts must be at least 1");
        }
        if self.profile == "production" {
            self.check_production()?;
        }
        Ok(())
    }

    /// What a booking, a loan and a deposit may be.
    fn check_stations(&self) -> Result<(), ConfigError> {
        let terms = &self.stations;
        let ranges = [
            ("stations.booking_hours", terms.booking_hours, 1..=24),
            ("stations.booking_days", terms.booking_days, 1..=365),
            ("stations.remind_hours", terms.remind_hours, 0..=72),
            ("stations.deposit_days", terms.deposit_days, 1..=30),
            ("stations.unclaimed_days", terms.unclaimed_days, 2..=365),
        ];
        if let Some((key, _, range)) = ranges
            .iter()
            .find(|(_, value, range)| !range.contains(value))
        {
            let (from, to) = (range.start(), range.end());
            return Err(ConfigError(format!("{key} must be {from} to {to}")));
        }
        if terms.unclaimed_days <= terms.deposit_days {
            let text = "stations.unclaimed_days must be more than stations.deposit_days";
            return Err(ConfigError(text.to_owned()));
        }
        if terms.bookings_per_week == 0 || terms.most_loans == 0 {
            let text = "stations.bookings_per_week and stations.most_loans must be at least 1";
            return Err(ConfigError(text.to_owned()));
        }
        Ok(())
    }

    /// WeCom's accounts are whole or absent.
    fn check_work(&self) -> Result<(), ConfigError> {
        let (work, robot) = (&self.wechat.work, &self.wechat.robot);
        let is_key = |key: &SecretString| key.expose_secret().len() == 43;
        let empty = |secret: &SecretString| secret.expose_secret().is_empty();
        let fail = |text: &str| Err(ConfigError(text.to_owned()));
        if work.is_set()
            && (!is_key(&work.encoding_aes_key) || empty(&work.token) || empty(&work.secret))
        {
            return fail(
                "wechat.work needs secret, token and an encoding_aes_key of 43 characters, or no corp_id",
            );
        }
        if robot.mode != RobotMode::Off && robot.name.is_empty() {
            return fail("wechat.robot.name must be set: what follows @ in a group");
        }
        match robot.mode {
            RobotMode::Webhook if !is_key(&robot.encoding_aes_key) || empty(&robot.token) => fail(
                "wechat.robot in webhook mode needs token and an encoding_aes_key of 43 characters",
            ),
            RobotMode::Socket if robot.bot_id.is_empty() || empty(&robot.secret) => {
                fail("wechat.robot in socket mode needs bot_id and secret")
            }
            _ => Ok(()),
        }?;
        let known = ["committee", "stewards", "property"];
        let groups = &self.wechat.groups;
        match groups
            .iter()
            .find(|group| !known.contains(&group.role.as_str()))
        {
            Some(group) => Err(ConfigError(format!(
                "wechat.groups: role must be committee, stewards or property, not `{}`",
                group.role
            ))),
            None => Ok(()),
        }
    }

    fn check_production(&self) -> Result<(), ConfigError> {
        let fail = |text: &str| Err(ConfigError(text.to_owned()));
        if self.sandbox.enabled || self.demo.enabled {
            return fail("sandbox.enabled and demo.enabled must be false in production");
        }
        if !self.console.second_factor {
            return fail("console.second_factor must be true in production");
        }
        if self.security.data_key.expose_secret() == PUBLIC_DATA_KEY {
            return fail("security.data_key is the public one of development: make your own");
        }
        if self.wechat.official.app_secret.expose_secret().is_empty() {
            return fail("wechat.official.app_secret must be set");
        }
        Ok(())
    }
}

/// The library's words name the key; values are left out, since they may be secret.
pub(super) fn explain(error: config::ConfigError) -> ConfigError {
    use config::ConfigError as Lib;
    let text = match error {
        Lib::Type { key, expected, .. } => format!(
            "key `{}` has the wrong type: {expected} expected",
            key.unwrap_or_default()
        ),
        Lib::At { error, key, .. } => {
            let inner = explain(*error).0;
            format!("{inner} (key `{}`)", key.unwrap_or_default())
        }
        Lib::Message(text) => {
            let known = WORDS.iter().find(|(name, _)| text.contains(*name));
            known.map_or(text, |(_, words)| format!("must be {words}"))
        }
        other => other.to_string(),
    };
    ConfigError(text)
}

#[cfg(test)]
mod tests {
    use crate::config::tests::load;

    #[test]
    fn a_word_that_is_none_of_them_is_told_which_there_are() {
        for (variable, key, words) in [
            (
                "LINLI__WECHAT__OFFICIAL__MODE",
                "wechat.official.mode",
                "plain, compatible or safe",
            ),
            (
                "LINLI__WECHAT__ROBOT__MODE",
                "wechat.robot.mode",
                "off, webhook or socket",
            ),
            ("LINLI__LOG__FORMAT", "log.format", "text or json"),
        ] {
            let text = load("development", &[(variable, "foo")])
                .unwrap_err()
                .to_string();
            assert!(text.contains(key) && text.contains(words), "{text}");
        }
    }

    #[test]
    fn the_database_is_one_of_two_kinds() {
        for url in ["mysql://:hidden@x/y", "linli.db", ""] {
            let error = load("development", &[("LINLI__DATABASE__URL", url)]).unwrap_err();
            let text = error.to_string();
            assert!(
                text.contains("database.url") && !text.contains("hidden"),
                "{text}"
            );
        }
        for url in ["sqlite://x.db", "postgres://x/y", "postgresql://x/y"] {
            assert!(
                load("development", &[("LINLI__DATABASE__URL", url)]).is_ok(),
                "{url}"
            );
        }
    }

    #[test]
    fn plain_messages_beside_a_key_are_taken_on_purpose_only() {
        let plain = ("LINLI__WECHAT__OFFICIAL__MODE", "plain");
        let error = load("development", &[plain]).unwrap_err();
        assert!(error.to_string().contains("accept_plain"), "{error}");
        for other in [
            ("LINLI__WECHAT__OFFICIAL__ACCEPT_PLAIN", "true"),
            ("LINLI__WECHAT__OFFICIAL__ENCODING_AES_KEY", ""),
        ] {
            assert!(load("development", &[plain, other]).is_ok(), "{other:?}");
        }
    }

    #[test]
    fn a_redis_cluster_is_refused_by_name() {
        let cluster = "redis+cluster://:hidden@127.0.0.1:7000";
        let error = load("development", &[("LINLI__REDIS__URL", cluster)]).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("redis.url") && text.contains("Cluster"),
            "{text}"
        );
        assert!(!text.contains("hidden"), "{text}");
    }

    #[test]
    fn reminders_are_tried_at_least_once() {
        let error = load("development", &[("LINLI__REMINDER__MAX_ATTEMPTS", "0")]).unwrap_err();
        assert!(error.to_string().contains("max_attempts"), "{error}");
    }

    #[test]
    fn wecom_is_whole_or_absent() {
        for (key, value, word) in [
            ("LINLI__WECHAT__WORK__SECRET", "", "wechat.work"),
            ("LINLI__WECHAT__ROBOT__ENCODING_AES_KEY", "short", "webhook"),
            ("LINLI__WECHAT__ROBOT__MODE", "both", "wechat.robot.mode"),
        ] {
            let error = load("development", &[(key, value)]).unwrap_err();
            assert!(error.to_string().contains(word), "{error}");
        }
        let off = [
            ("LINLI__WECHAT__WORK__CORP_ID", ""),
            ("LINLI__WECHAT__WORK__SECRET", ""),
            ("LINLI__WECHAT__ROBOT__MODE", "off"),
        ];
        assert!(!load("development", &off).unwrap().wechat.work.is_set());
    }
}
