//! A journey that fails leaves no browser behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use stateloft_tests::browser::Browser;

const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);
/// Where the test that is killed says which profile its browser has.
const SAY: &str = "STATELOFT_TEST_SAY_PROFILE";
const NOWHERE: &str = "http://127.0.0.1:9";

/// How many processes work on a profile.
fn processes_of(profile: &Path) -> usize {
    let profile = profile.to_string_lossy().into_owned();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(&profile)).count()
}

fn until<T>(complaint: &str, look: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{complaint}");
        std::thread::sleep(POLL);
    }
}

fn is_gone(profile: &Path) {
    until("a browser stays behind", || (processes_of(profile) == 0).then_some(()));
}

#[test]
fn a_journey_that_panics_leaves_no_browser() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let journey = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let browser = Browser::open(NOWHERE).await;
            let profile = browser.profile().to_owned();
            sender.send((processes_of(&profile), profile)).unwrap();
            panic!("as a journey does that does not see what it waits for");
        });
    });
    let (processes, profile) = receiver.recv().unwrap();
    assert!(journey.join().is_err());
    assert!(processes > 1, "it was there");
    is_gone(&profile);
    assert!(!profile.exists(), "its files stay behind");
}

#[test]
fn a_journey_that_is_killed_leaves_no_browser() {
    let folder = tempfile::tempdir().unwrap();
    let said = folder.path().join("profile");
    let mut journey = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "leaving::a_journey_that_only_opens_a_browser", "--ignored"])
        .env(SAY, &said)
        .spawn()
        .unwrap();
    let profile = until("the journey does not open its browser", || fs::read_to_string(&said).ok());
    let profile = PathBuf::from(profile);
    assert!(processes_of(&profile) > 1, "it is there");
    journey.kill().unwrap();
    journey.wait().unwrap();
    is_gone(&profile);
    fs::remove_dir_all(&profile).unwrap();
}

#[tokio::test]
#[ignore = "is run by the test above, which kills it"]
async fn a_journey_that_only_opens_a_browser() {
    let Some(say) = std::env::var_os(SAY).map(PathBuf::from) else { return };
    let browser = Browser::open(NOWHERE).await;
    let whole = say.with_extension("new");
    fs::write(&whole, browser.profile().to_string_lossy().as_bytes()).unwrap();
    fs::rename(whole, say).unwrap();
    std::future::pending::<()>().await;
}
