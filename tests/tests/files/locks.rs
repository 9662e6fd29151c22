//! One server at a time, whatever the file is called.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use stateloft_tests::server::{Server, program};
use tokio::process::Command;

use crate::{save, value};

/// What a second server says that is started on this path, in this folder.
async fn refused(folder: &Path, database: &Path) -> String {
    let mut command = Command::new(program());
    command.args(["serve", "--listen", "127.0.0.1:0", "--db"]).arg(database).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TRADING_STATE_")) {
        command.env_remove(name);
    }
    let output = tokio::time::timeout(std::time::Duration::from_secs(20), command.output());
    let output = output.await.expect("it does not serve").unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn a_second_server_is_refused_by_whatever_name_it_knows_the_file() {
    const IN_USE: &str = "in use by another stateloft server";
    let server = Server::start().await;
    save(&server, 1).await;
    let database = server.database();
    let folder = database.parent().unwrap();
    let name = |name: &str| folder.join(name);

    let said = refused(folder, Path::new("stateloft.db")).await;
    assert!(said.contains(IN_USE), "a relative path: {said}");
    std::os::unix::fs::symlink(&database, name("link.db")).unwrap();
    let said = refused(folder, &name("link.db")).await;
    assert!(said.contains(IN_USE), "a symbolic link: {said}");
    std::os::unix::fs::symlink(folder, name("folder")).unwrap();
    let said = refused(folder, &name("folder/stateloft.db")).await;
    assert!(said.contains(IN_USE), "a folder's link: {said}");
    fs::hard_link(&database, name("hard.db")).unwrap();
    let said = refused(folder, &name("hard.db")).await;
    assert!(said.contains("the file has 2 names (hard links)"), "{said}");
    fs::remove_file(name("hard.db")).unwrap();
    fs::rename(&database, name("moved.db")).unwrap();
    let said = refused(folder, &name("moved.db")).await;
    assert!(said.contains(IN_USE), "moved while it is open: {said}");
    fs::rename(name("moved.db"), &database).unwrap();
    assert!(save(&server, 2).await.0.is_success());
    assert_eq!(value(&server).await, 2);
}

#[tokio::test]
async fn a_lock_file_that_is_removed_is_made_again_and_held() {
    let server = Server::start().await;
    let lock = crate::beside(&server.database(), ".lock");
    fs::remove_file(&lock).unwrap();
    server.until_status(|_| lock.exists()).await;
    let said = refused(server.database().parent().unwrap(), &server.database()).await;
    assert!(said.contains("in use by another stateloft server"), "{said}");
    assert!(save(&server, 1).await.0.is_success());
}
