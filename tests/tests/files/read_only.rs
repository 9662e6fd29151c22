//! What only reads works where nothing can be written.

use std::fs;

use stateloft_tests::server::{Server, program};
use tokio::process::Command;

use crate::{beside, save};

/// Runs a command of the program while the folder of its store is mounted read-only.
async fn run(server: &Server, arguments: &[&str]) -> (Option<i32>, String) {
    const SCRIPT: &str =
        r#"folder="$0"; mount --bind "$folder" "$folder" && mount -o remount,bind,ro "$folder" && exec "$@""#;
    let folder = server.database().parent().unwrap().to_owned();
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", SCRIPT]).arg(&folder).arg(program()).args(arguments);
    command.arg("--db").arg(server.database()).current_dir(&folder);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TRADING_STATE_")) {
        command.env_remove(name);
    }
    let output = command.output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

/// Names of the files in the store's folder, with their lengths.
fn files(server: &Server) -> Vec<(String, u64)> {
    let entries = fs::read_dir(server.database().parent().unwrap()).unwrap().map(Result::unwrap);
    let mut files: Vec<_> = entries
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.metadata().unwrap().len()))
        .collect();
    files.sort();
    files
}

#[tokio::test]
async fn verify_check_and_backup_work_on_a_read_only_file_system() {
    // Stopped; killed, with and without the shared memory beside the log.
    for case in ["stopped", "killed", "killed, no shared memory"] {
        let mut server = Server::start().await;
        for n in 1..=5 {
            assert!(save(&server, n).await.0.is_success());
        }
        if case == "stopped" {
            server.stop().await;
        } else {
            server.kill().await;
        }
        if case.ends_with("memory") {
            fs::remove_file(beside(&server.database(), "-shm")).unwrap();
        }
        let before = files(&server);
        let (code, text) = run(&server, &["verify"]).await;
        assert_eq!(code, Some(0), "{case}: {text}");
        assert!(text.contains("whole: all 5 versions"), "{case}: {text}");
        let (code, text) = run(&server, &["check"]).await;
        assert_eq!(code, Some(0), "{case}: {text}");
        assert!(text.contains("Versions        5"), "{case}: {text}");
        let elsewhere = tempfile::tempdir().unwrap();
        for flags in [&["backup"][..], &["backup", "--database"]] {
            let out = elsewhere.path().join(format!("{} flags", flags.len()));
            let (code, text) = run(&server, &[flags, &["--out", out.to_str().unwrap()]].concat()).await;
            assert_eq!(code, Some(0), "{case}: {text}");
            assert!(out.exists(), "{case}");
        }
        assert_eq!(files(&server), before, "{case}: nothing was changed");
    }
}
