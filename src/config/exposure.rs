//! Settings that work and yet open the door to strangers. Asked by `command/` at the start and by
//! `doctor`.

use secrecy::ExposeSecret;

use super::{PUBLIC_DATA_KEY, Settings};

impl Settings {
    /// What lets strangers act as anybody: the sandbox, or the public data key, on an address that
    /// others can reach. None when all is well.
    #[must_use]
    pub fn exposure(&self) -> Option<&'static str> {
        let near = is_near(&self.server.listen) && is_near(&self.server.public_url);
        if near {
            return None;
        }
        if self.sandbox.enabled {
            return Some(
                "沙盒已打开,而别人也能访问这个地址:任何人都可以冒充任何住户。请把 server.listen 改为 127.0.0.1 并清空 server.public_url,或用 LINLI_PROFILE=production 运行",
            );
        }
        (self.security.data_key.expose_secret() == PUBLIC_DATA_KEY).then_some(
            "security.data_key 是开发用的公开密钥,谁都知道。请用 openssl rand -base64 32 另做一个",
        )
    }
}

/// Whether only this machine reaches the address (`127.0.0.1:8000`, `http://localhost:8000/`); an
/// empty one is made from the other.
fn is_near(address: &str) -> bool {
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = address.split('/').next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.is_empty()
        || host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use crate::config::tests::load;

    #[test]
    fn an_open_sandbox_is_noticed() {
        for (listen, open) in [
            ("127.0.0.1:8000", false),
            ("localhost:8000", false),
            ("[::1]:8000", false),
            ("0.0.0.0:8000", true),
            ("[::]:8000", true),
            ("192.0.2.7:8000", true),
            ("linli.example:8000", true),
        ] {
            let settings = load("development", &[("LINLI__SERVER__LISTEN", listen)]).unwrap();
            assert_eq!(settings.exposure().is_some(), open, "{listen}");
            let closed = [
                ("LINLI__SERVER__LISTEN", listen),
                ("LINLI__SANDBOX__ENABLED", "false"),
            ];
            let settings = load("development", &closed).unwrap();
            assert_eq!(settings.exposure().is_some(), open, "{listen}: public key");
        }
    }

    #[test]
    fn a_proxy_in_front_opens_it_as_well() {
        for (url, open) in [
            ("", false),
            ("http://localhost:8000", false),
            ("http://127.0.0.1:8000/", false),
            ("http://[::1]:8000", false),
            ("https://linli.example", true),
            ("https://linli.example:8443/x", true),
            ("http://203.0.113.7", true),
        ] {
            let settings = load("development", &[("LINLI__SERVER__PUBLIC_URL", url)]).unwrap();
            assert_eq!(settings.exposure().is_some(), open, "{url}");
        }
    }
}
