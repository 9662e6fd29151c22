//! What was acknowledged and is not there any more is found at the start, by `verify` and by `check`.

use std::fs;
use std::path::Path;

use reqwest::StatusCode;
use stateloft_tests::server::Server;

use crate::{alarm, beside, ready, save, until_alarm, value};

const ALARM: &str = "versions_missing";
const FRAME: u64 = 24 + 4096;

/// A server that was killed after so many saves, its log not taken into the file.
async fn killed(saves: u64) -> Server {
    let mut server = Server::start().await;
    for n in 1..=saves {
        assert!(save(&server, n).await.0.is_success());
    }
    server.kill().await;
    server
}

/// Bytes of the log that are committed, by the shared memory.
fn live(database: &Path) -> u64 {
    let memory = fs::read(beside(database, "-shm")).unwrap();
    32 + FRAME * u64::from(u32::from_ne_bytes(memory[16..20].try_into().unwrap()))
}

/// What `verify` says: its exit code and both outputs.
async fn verify(server: &Server) -> (Option<i32>, String) {
    let output = server.command(&["verify"]).output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

fn flip(path: &Path, bit: u64) {
    let mut bytes = fs::read(path).unwrap();
    bytes[usize::try_from(bit / 8).unwrap()] ^= 1 << (bit % 8);
    fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_flipped_bit_in_a_live_log_is_found_in_80_of_80_trials() {
    let server = killed(150).await;
    let end = live(&server.database());
    assert!(end > 100 * FRAME, "the log is live: {end}");
    let mut trials = tokio::task::JoinSet::new();
    for part in 0..4_u64 {
        let copy = Server::not_started(Vec::new());
        for suffix in ["", "-wal", "-shm"] {
            fs::copy(beside(&server.database(), suffix), beside(&copy.database(), suffix)).unwrap();
        }
        trials.spawn(async move {
            let log = beside(&copy.database(), "-wal");
            for trial in part * 20..part * 20 + 20 {
                // Spread over the log, at other places of the frames each time.
                let bit = (end * 8 / 80) * trial + (trial * 7_919) % 4_096;
                flip(&log, bit);
                let (code, text) = verify(&copy).await;
                assert_eq!(code, Some(1), "bit {bit}: {text}");
                assert!(text.contains("stateloft.db-wal is damaged at byte"), "bit {bit}: {text}");
                flip(&log, bit);
            }
        });
    }
    trials.join_all().await;
    assert_eq!(verify(&server).await.0, Some(0));
}

#[tokio::test]
async fn without_the_shared_memory_damage_is_found_by_the_commits_behind_it() {
    let server = killed(150).await;
    let log = beside(&server.database(), "-wal");
    let whole = fs::read(&log).unwrap();
    let end = live(&server.database());
    fs::remove_file(beside(&server.database(), "-shm")).unwrap();
    for trial in 0..20_u64 {
        let bit = (end * 8 / 25) * trial + (trial * 7_919) % 4_096;
        flip(&log, bit);
        let (code, text) = verify(&server).await;
        assert!(code == Some(1) && text.contains("is damaged at byte"), "bit {bit}: {text}");
        fs::write(&log, &whole).unwrap();
        let _ = fs::remove_file(beside(&server.database(), "-shm"));
    }
}

#[tokio::test]
async fn a_damaged_log_stops_the_start_and_is_gone_on_from_only_when_somebody_says_so() {
    let mut server = killed(150).await;
    let log = beside(&server.database(), "-wal");
    flip(&log, 8 * (32 + 40 * FRAME + 500));
    let (files, before) = (fs::read(server.database()).unwrap(), fs::read(&log).unwrap());
    let said = server.command(&["serve", "--listen", "127.0.0.1:0"]).output().await.unwrap();
    let said = String::from_utf8(said.stderr).unwrap();
    assert!(said.contains("is damaged at byte") && said.contains("--accept-loss"), "{said}");
    assert_eq!((fs::read(server.database()).unwrap(), fs::read(&log).unwrap()), (files, before.clone()));

    server.restart_with(&["--accept-loss"]).await;
    assert!(save(&server, 1_000).await.0.is_success());
    let aside = fs::read_dir(server.database().parent().unwrap()).unwrap();
    let aside = aside.map(|entry| entry.unwrap().path()).find(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("stateloft.db.damaged-") && name.ends_with("-wal")
    });
    assert_eq!(fs::read(aside.expect("the log as it was")).unwrap(), before);
    server.stop().await;
    server.restart_with(&[]).await;
    assert_eq!(ready(&server).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_torn_end_is_no_damage() {
    use std::io::Write as _;
    let mut server = killed(20).await;
    let mut log = fs::File::options().append(true).open(beside(&server.database(), "-wal")).unwrap();
    log.write_all(&[7; 6_000]).unwrap();
    server.run().await;
    assert_eq!(value(&server).await, 20);
    assert_eq!(ready(&server).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_copy_of_a_running_store_that_lacks_its_log_is_not_whole_and_not_written_to() {
    let server = Server::start().await;
    for n in 1..=20 {
        assert!(save(&server, n).await.0.is_success());
    }
    let seal = beside(&server.database(), ".seal");
    server.until_status(|_| fs::read_to_string(&seal).is_ok_and(|text| text.contains("\"seq\":20,"))).await;

    let mut copy = Server::not_started(Vec::new());
    fs::copy(server.database(), copy.database()).unwrap();
    fs::copy(&seal, beside(&copy.database(), ".seal")).unwrap();
    copy.run_unready().await;
    let told = until_alarm(&copy, ALARM).await;
    let detail = told["detail"].as_str().unwrap();
    assert!(detail.contains("went to seq 20 at") && detail.contains("are missing"), "{told}");
    let (status, problem) = save(&copy, 1).await;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &"writes_stopped".into()));
    assert_eq!(ready(&copy).await.0, StatusCode::SERVICE_UNAVAILABLE);
    copy.stop().await;
    let (code, text) = verify(&copy).await;
    assert!(code == Some(1) && text.contains("broken:") && text.contains("are missing"), "{text}");
    let checked = copy.command(&["check"]).output().await.unwrap();
    assert_eq!(checked.status.code(), Some(1), "{checked:?}");

    copy.restart_with(&["--accept-loss"]).await;
    assert!(save(&copy, 1).await.0.is_success());
    copy.stop().await;
    copy.restart_with(&[]).await;
    assert!(alarm(&copy.get("/status").await.1, ALARM).is_none(), "it was accepted");
}

#[tokio::test]
async fn a_log_that_went_on_from_an_older_copy_is_not_the_one_that_was_acknowledged() {
    let mut server = Server::start().await;
    assert!(save(&server, 1).await.0.is_success());
    server.stop().await;
    let older = fs::read(server.database()).unwrap();
    let mut other = Server::not_started(Vec::new());
    fs::write(other.database(), older).unwrap();
    for (server, first) in [(&mut server, 10), (&mut other, 20)] {
        server.run().await;
        for n in first..first + 3 {
            assert!(save(server, n).await.0.is_success());
        }
        server.stop().await;
    }
    fs::copy(other.database(), server.database()).unwrap();
    server.run_unready().await;
    let told = until_alarm(&server, ALARM).await;
    assert!(told["detail"].as_str().unwrap().contains("this is another log"), "{told}");
}
