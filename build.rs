//! Brings what browsers load (htmx, ECharts, pico.css) and the font of printed papers from npm into the
//! program, by the lock file in `src/web/front`. Where npm is missing or the network is away the program is
//! built without them: its pages work plainly, and it makes no PDF. Nothing is written into the repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FRONT: &str = "src/web/front";
const LOCK: &str = "package-lock.json";
/// Name that the program knows it by, and where it lies in its package.
const FILES: [(&str, &str); 3] = [
    ("htmx.js", "htmx.org/dist/htmx.min.js"),
    ("echarts.js", "echarts/dist/echarts.min.js"),
    ("pico.css", "@picocss/pico/css/pico.min.css"),
];
/// The font of PDF files: one weight, with simplified and traditional characters.
const FONT: (&str, &str) = (
    "font.ttf",
    "@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf",
);
/// npm is given up after so long: the package of the font has 57 MB.
const PATIENCE: Duration = Duration::from_secs(300);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={FRONT}/{LOCK}");
    println!("cargo::rerun-if-env-changed=LINLI_FRONT");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let fetched = match std::env::var("LINLI_FRONT").as_deref() {
        Ok("off") => Err("LINLI_FRONT is off".to_owned()),
        _ => fetch(&out),
    };
    if let Err(reason) = &fetched {
        println!(
            "cargo::warning=built without htmx, ECharts, pico.css and a font, pages stay plain and there is no PDF: {reason} (to try again: touch {FRONT}/{LOCK})"
        );
    }
    let entries: String = FILES
        .iter()
        .filter(|_| fetched.is_ok())
        .map(|(name, _)| {
            let path = out.join("front").join(name);
            format!("({name:?}, include_bytes!({path:?}) as &[u8]),\n")
        })
        .collect();
    let list = format!("&[\n{entries}]\n");
    fs::write(out.join("front.rs"), list)?;
    let font = match fetched {
        Ok(()) => format!("Some(include_bytes!({:?}))", out.join("front").join(FONT.0)),
        Err(_) => "None".to_owned(),
    };
    fs::write(out.join("font.rs"), font)?;
    Ok(())
}

/// All that is taken out of the packages.
fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.into_iter().chain([FONT])
}

/// Has the files in `OUT_DIR/front`, by the lock file as it is now.
fn fetch(out: &Path) -> Result<(), String> {
    let front = out.join("front");
    let lock = fs::read(Path::new(FRONT).join(LOCK)).map_err(|error| error.to_string())?;
    let stamp = front.join("fetched");
    let whole = all().all(|(name, _)| front.join(name).is_file());
    if whole && fs::read(&stamp).is_ok_and(|known| known == lock) {
        return Ok(());
    }
    let room = out.join("npm");
    drop(fs::remove_dir_all(&room));
    let said = |error: std::io::Error| error.to_string();
    fs::create_dir_all(&room).map_err(said)?;
    fs::create_dir_all(&front).map_err(said)?;
    for name in ["package.json", LOCK] {
        fs::copy(Path::new(FRONT).join(name), room.join(name)).map_err(said)?;
    }
    install(&room)?;
    for (name, inside) in all() {
        let from = room.join("node_modules").join(inside);
        fs::copy(&from, front.join(name)).map_err(|error| format!("{inside}: {error}"))?;
    }
    fs::write(&stamp, &lock).map_err(said)?;
    drop(fs::remove_dir_all(&room));
    Ok(())
}

fn install(room: &Path) -> Result<(), String> {
    let mut npm = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .args([
            "--prefer-offline",
            "--fetch-retries=1",
            "--fetch-timeout=30000",
        ])
        .current_dir(room)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("npm cannot be run ({error})"))?;
    let began = Instant::now();
    loop {
        match npm.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("npm ci failed ({status})")),
            Ok(None) if began.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(50));
            }
            Ok(None) => {
                drop(npm.kill());
                drop(npm.wait());
                return Err("npm ci took too long".to_owned());
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}
