//! Full saves at one server while others write at another one.

use std::collections::BTreeSet;
use std::sync::Arc;

use stateloft_core::api::{BatchItem, BatchOperation, BatchRequest, CloseMissing, CloseScope};
use stateloft_core::model::{Seq, StateId, StateType};
use stateloft_server::service::Service;
use stateloft_tests::postgres::Postgres;

use crate::site::{save, server, whole};

const ROUNDS: usize = 25;

async fn full_save(service: &Service, id: &str, n: usize) {
    let kind = || StateType::new("bot_memory").unwrap();
    let item = BatchItem {
        data: Some(format!(r#"{{"n":{n}}}"#).parse().unwrap()),
        ..BatchItem::new(BatchOperation::Save, kind(), StateId::new(id).unwrap())
    };
    let scope = CloseScope { types: vec![kind()], prefix: None };
    let close_missing = Some(CloseMissing::One(scope));
    let batch = BatchRequest {
        items: vec![item],
        close_missing,
        user_id: Some("full".into()),
        ..BatchRequest::default()
    };
    let answer = service.batch(batch).await.unwrap();
    assert_eq!((answer.results.len(), answer.closed.is_some()), (1, true));
}

/// At its place in the log, each full save leaves what it named and nothing else, whichever server wrote what was before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_full_save_closes_is_what_every_server_had_written_before_it() {
    let settings = Postgres::shared().database();
    let servers = [server(&settings).await, server(&settings).await];
    let mut tasks = Vec::new();
    for (task, service) in servers.iter().enumerate() {
        let (saver, closer) = (Arc::clone(service), Arc::clone(service));
        tasks.push(tokio::spawn(async move {
            for n in 0..ROUNDS {
                save(&saver, "shared", &format!(r#"{{"by":{task},"n":{n}}}"#)).await;
                save(&saver, &format!("new/{task}/{n}"), "{}").await;
            }
        }));
        tasks.push(tokio::spawn(async move {
            for n in 0..ROUNDS {
                full_save(&closer, &format!("full/{task}"), n).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    whole(&servers[0]).await;
    let log = servers[1].store().after(Seq::ZERO, 10_000).await.unwrap();
    let (mut live, mut full, mut closed) = (BTreeSet::new(), 0, 0);
    for (place, version) in log.iter().enumerate() {
        if version.is_deleted() {
            closed += 1;
            assert!(live.remove(&version.key.state_id), "{} was not there", version.key);
        } else {
            live.insert(version.key.state_id.clone());
        }
        let next = log.get(place + 1).and_then(|next| next.batch_id.as_ref());
        if version.author.as_deref() == Some("full") && next != version.batch_id.as_ref() {
            full += 1;
            assert_eq!(live.len(), 1, "at seq {}: {live:?}", version.seq);
        }
    }
    assert_eq!(full, 2 * ROUNDS);
    assert!(closed > ROUNDS, "hardly anything was closed: this proves nothing");
    for server in servers {
        server.shutdown().await;
    }
}
