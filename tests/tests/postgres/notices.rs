//! The notices by which servers on one database wake each other.

use sqlx::postgres::PgListener;
use stateloft_core::model::Seq;
use stateloft_tests::postgres::Postgres;

use crate::site::{PATIENCE, save, server};

/// Who tells, and up to which seq.
async fn heard(listener: &mut PgListener) -> (String, Seq) {
    let notice = tokio::time::timeout(PATIENCE, listener.recv()).await.expect("a notice").unwrap();
    let (name, rest) = notice.payload().split_once(' ').unwrap();
    (name.to_owned(), Seq(rest.split(' ').next().unwrap().parse().unwrap()))
}

/// For each notice two connections of the database work, and a server that is alone has nobody to tell.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_tells_of_commits_only_when_another_is_there() {
    let settings = Postgres::shared().database();
    let address = format!(
        "postgres://{}@{}:{}/{}",
        settings.user, settings.hosts[0].host, settings.hosts[0].port, settings.database
    );
    let mut listener = PgListener::connect(&address).await.unwrap();
    listener.listen("stateloft").await.unwrap();
    let first = server(&settings).await;
    // It says once that it has come.
    let (name, _) = heard(&mut listener).await;
    for n in 0..50 {
        save(&first, "a", &format!(r#"{{"n":{n}}}"#)).await;
    }
    let second = server(&settings).await;
    // Nothing was said of the fifty; the second says that it has come, and the first answers.
    let (other, _) = heard(&mut listener).await;
    assert_ne!(other, name);
    assert_eq!(heard(&mut listener).await, (name.clone(), Seq(50)));
    save(&first, "a", "{}").await;
    loop {
        match heard(&mut listener).await {
            (from, Seq(51)) if from == name => break,
            (from, _) => assert_eq!(from, other, "the second may answer the first once"),
        }
    }
    second.shutdown().await;
    first.shutdown().await;
}
