//! From where a request comes: the connection's address, or what a proxy that is believed
//! (`server.trusted_proxies`) says. Used for limits by `guard.rs` and the public pages;
//! never logged.

use std::net::IpAddr;

use poem::Request;

use crate::app::App;

/// Whether the address that a request comes from may ask once more for this kind of page.
pub async fn spared(app: &App, request: &Request, page: &str, per_minute: u32) -> bool {
    let address = client_ip(request, &app.settings.server.trusted_proxies);
    let key = address.map_or_else(String::new, |address| address.to_string());
    app.limiter.take(&format!("{page}:{key}"), per_minute).await
}

/// The nearest address that is not one of our proxies; none for odd sockets.
#[must_use]
pub fn client_ip(request: &Request, trusted: &[IpAddr]) -> Option<IpAddr> {
    let peer = request.remote_addr().as_socket_addr()?.ip().to_canonical();
    let forwarded: Vec<&str> = request
        .headers()
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    Some(choose(peer, &forwarded, trusted))
}

/// Goes from the nearest hop outwards as long as the hop is believed.
fn choose(peer: IpAddr, forwarded: &[&str], trusted: &[IpAddr]) -> IpAddr {
    let mut nearest = peer;
    for hop in forwarded.iter().rev() {
        if !trusted.contains(&nearest) {
            break;
        }
        let Ok(address) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        nearest = address.to_canonical();
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let proxy = ip("10.0.0.1");
        let cases: [(&str, &[&str], &[IpAddr], &str); 5] = [
            ("203.0.113.9", &["1.2.3.4"], &[proxy], "203.0.113.9"),
            ("10.0.0.1", &["1.2.3.4"], &[proxy], "1.2.3.4"),
            // Whoever writes a header of his own is not heard beyond his own address.
            ("10.0.0.1", &["9.9.9.9", " 1.2.3.4"], &[proxy], "1.2.3.4"),
            ("10.0.0.1", &["1.2.3.4"], &[], "10.0.0.1"),
            ("10.0.0.1", &["nonsense"], &[proxy], "10.0.0.1"),
        ];
        for (peer, forwarded, trusted, wanted) in cases {
            assert_eq!(
                choose(ip(peer), forwarded, trusted),
                ip(wanted),
                "{forwarded:?}"
            );
        }
    }
}
