//! Makes cargo look at the built console, which is embedded in the program, and says which commit the program is built from,
//! for `--version`.
//!
//! `STATELOFT_COMMIT` and `STATELOFT_COMMIT_DATE` say it, else git is asked, and where there is none nothing is said. The date is
//! the commit's, not today's, so that the same commit gives the same program. What developers build says nothing: it would be
//! compiled anew after every commit, and is hardly ever exactly one.

use std::path::Path;
use std::process::Command;

fn main() {
    watch_console();
    say_commit();
}

/// The program is compiled anew when the console in it has changed, also where none had been built before.
fn watch_console() {
    if std::env::var_os("CARGO_FEATURE_CONSOLE").is_none() {
        return;
    }
    let dist = Path::new("../dist");
    // A folder that is not there would count as changed every time, and everything would be built again each time.
    if !dist.exists()
        && let Err(error) = std::fs::create_dir_all(dist)
    {
        println!("cargo::warning=the folder for the console could not be made: {error}");
    }
    println!("cargo::rerun-if-changed=../dist");
}

fn say_commit() {
    for name in ["STATELOFT_COMMIT", "STATELOFT_COMMIT_DATE"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    let said = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let built = match said("STATELOFT_COMMIT") {
        Some(commit) => Some((commit, said("STATELOFT_COMMIT_DATE"))),
        None if said("PROFILE").as_deref() == Some("release") => from_git(),
        None => None,
    };
    let words = match built {
        None => String::new(),
        Some((commit, None)) => format!(" ({})", commit.trim()),
        Some((commit, Some(date))) => format!(" ({} {})", commit.trim(), date.trim()),
    };
    println!("cargo::rustc-env=STATELOFT_BUILT_FROM={words}");
}

/// The last commit and its date.
fn from_git() -> Option<(String, Option<String>)> {
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    // It grows with each commit and each change of branch.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]).filter(|log| Path::new(log).exists()) {
        println!("cargo::rerun-if-changed={log}");
    }
    // In UTC, wherever it was made.
    let date = ["show", "--no-patch", "--date=format-local:%Y-%m-%d", "--format=%cd", "HEAD"];
    Some((commit, git(&date)))
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).env("TZ", "UTC0").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
