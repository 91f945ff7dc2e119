//! What a setting cannot be: rules that go over several keys, and formats. Called by `Settings::load`.

use secrecy::{ExposeSecret, SecretString};

use super::{CallbackMode, ConfigError, PUBLIC_DATA_KEY, RobotMode, Settings};

impl Settings {
    /// Rules that go over several keys, and formats.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.security.data_key()?;
        self.check_running()?;
        self.check_accounts()?;
        self.check_work()?;
        self.check_pay()?;
        self.check_reminders()?;
        self.check_retention()?;
        self.check_shares()?;
        self.check_stations()?;
        if self.profile == "production" {
            self.check_production()?;
        }
        Ok(())
    }

    /// What the program leans on.
    fn check_running(&self) -> Result<(), ConfigError> {
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
        at_least_one(&[
            (
                "database.max_connections",
                self.database.max_connections.into(),
            ),
            (
                "limits.messages_per_minute",
                self.limits.messages_per_minute.into(),
            ),
        ])
    }

    /// The official account and the mini-program.
    fn check_accounts(&self) -> Result<(), ConfigError> {
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
        Ok(())
    }

    /// How fast the worker goes, and when it is quiet.
    fn check_reminders(&self) -> Result<(), ConfigError> {
        let reminder = &self.reminder;
        for (key, value) in [
            ("reminder.quiet_from", &reminder.quiet_from),
            ("reminder.quiet_to", &reminder.quiet_to),
        ] {
            if chrono::NaiveTime::parse_from_str(value, "%H:%M").is_err() {
                return Err(ConfigError(format!("{key} must be HH:MM, not `{value}`")));
            }
        }
        if reminder.max_attempts < 1 {
            return fail("reminder.max_attempts must be at least 1");
        }
        at_least_one(&[
            ("reminder.batch", reminder.batch.into()),
            ("reminder.lease_seconds", reminder.lease_seconds.into()),
            ("reminder.poll_ms", reminder.poll_ms.into()),
            ("reminder.sweep_seconds", reminder.sweep_seconds.into()),
        ])
    }

    /// How long personal data is kept.
    fn check_retention(&self) -> Result<(), ConfigError> {
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
        match days.iter().find(|(_, days)| !(1..=36_500).contains(days)) {
            Some((key, _)) => Err(ConfigError(format!("{key} must be 1 to 36500 days"))),
            None => Ok(()),
        }
    }

    /// How much of the wishes and lists one person may have.
    fn check_shares(&self) -> Result<(), ConfigError> {
        let wishes = &self.wishes;
        // The warning comes a day before the end.
        if !(2..=365).contains(&wishes.claim_days) {
            return fail("wishes.claim_days must be 2 to 365 days");
        }
        at_least_one(&[
            ("wishes.most_claims", wishes.most_claims),
            ("wishes.claims_per_day", wishes.claims_per_day),
            ("wishes.most_wishes", wishes.most_wishes),
            ("lists.most_offers", self.lists.most_offers),
            ("lists.ties_per_day", self.lists.ties_per_day),
        ])
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
            return fail("stations.unclaimed_days must be more than stations.deposit_days");
        }
        if terms.bookings_per_week == 0 || terms.most_loans == 0 {
            return fail("stations.bookings_per_week and stations.most_loans must be at least 1");
        }
        Ok(())
    }

    /// WeCom's accounts are whole or absent.
    fn check_work(&self) -> Result<(), ConfigError> {
        let (work, robot) = (&self.wechat.work, &self.wechat.robot);
        let is_key = |key: &SecretString| key.expose_secret().len() == 43;
        let empty = |secret: &SecretString| secret.expose_secret().is_empty();
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

fn fail(text: &str) -> Result<(), ConfigError> {
    Err(ConfigError(text.to_owned()))
}

/// None of the keys may be 0.
fn at_least_one(counts: &[(&str, u64)]) -> Result<(), ConfigError> {
    match counts.iter().find(|(_, value)| *value == 0) {
        Some((key, _)) => Err(ConfigError(format!("{key} must be at least 1"))),
        None => Ok(()),
    }
}
