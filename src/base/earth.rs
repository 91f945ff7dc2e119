//! Degrees on the globe (WGS-84, as satellites give them) and on this country's maps (GCJ-02, as WeChat, AMap and
//! Tencent draw them), some hundred metres apart. The spot of a case is kept as maps have it, since most are chosen on
//! one in the chat.

/// Equatorial radius of the ellipsoid that the maps are drawn on (Krasovsky 1940), metres, and its eccentricity squared.
const RADIUS: f64 = 6_378_245.0;
const ECCENTRICITY: f64 = 0.006_693_421_622_965_943;

/// Where maps draw a spot, from WGS-84: latitude and longitude, degrees. Right to a centimetre; outside of the
/// country, where maps are drawn as the globe is, the same.
#[must_use]
pub fn on_maps(latitude: f64, longitude: f64) -> (f64, f64) {
    if !(0.8293..=55.8271).contains(&latitude) || !(72.004..=137.8347).contains(&longitude) {
        return (latitude, longitude);
    }
    let (north, east) = shift(longitude - 105.0, latitude - 35.0);
    let sine = latitude.to_radians().sin();
    let bulge = 1.0 - ECCENTRICITY * sine * sine;
    let along = RADIUS * (1.0 - ECCENTRICITY) / (bulge * bulge.sqrt());
    let across = RADIUS / bulge.sqrt() * latitude.to_radians().cos();
    (
        latitude + (north / along).to_degrees(),
        longitude + (east / across).to_degrees(),
    )
}

/// Metres to the north and to the east, by degrees from the middle of the country: the published series.
fn shift(x: f64, y: f64) -> (f64, f64) {
    let wave = |height: f64, turns: f64| height * (turns * std::f64::consts::PI).sin();
    let both = wave(20.0, 6.0 * x) + wave(20.0, 2.0 * x);
    let north =
        both + wave(20.0, y) + wave(40.0, y / 3.0) + wave(160.0, y / 12.0) + wave(320.0, y / 30.0);
    let east =
        both + wave(20.0, x) + wave(40.0, x / 3.0) + wave(150.0, x / 12.0) + wave(300.0, x / 30.0);
    let root = x.abs().sqrt();
    (
        north * 2.0 / 3.0 - 100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root,
        east * 2.0 / 3.0 + 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_spots_are_where_maps_draw_them() {
        for (globe, map) in [
            (
                (31.177_427_6, 121.527_210_6),
                (31.175_303_984, 121.531_541_859),
            ),
            ((22.543_847, 113.912_316), (22.540_796_132, 113.917_176_481)),
            ((39.911_954, 116.377_817), (39.913_345_455, 116.384_047_225)),
            // Berlin.
            ((52.52, 13.405), (52.52, 13.405)),
        ] {
            let (latitude, longitude) = on_maps(globe.0, globe.1);
            assert!((latitude - map.0).abs() < 1e-7, "{globe:?}: {latitude}");
            assert!((longitude - map.1).abs() < 1e-7, "{globe:?}: {longitude}");
        }
    }
}
