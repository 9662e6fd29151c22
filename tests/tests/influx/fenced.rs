//! Bots that are stopped and wake too late, on InfluxDB.

use stateloft_tests::bots::{
    At, a_bot_that_wakes_after_its_successor_has_begun_has_lost_its_lease,
    a_bot_that_wakes_after_the_write_is_refused,
};
use stateloft_tests::influx::{Influx, bucket};
use stateloft_tests::server::Server;

const BOT: &str = env!("CARGO_BIN_EXE_bot");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_wakes_after_its_successor_has_begun_or_a_restore_was_written_writes_nothing() {
    let server = Server::start_in(Influx::variables(&bucket().await)).await;
    let at = At::new(&server.origin());
    a_bot_that_wakes_after_its_successor_has_begun_has_lost_its_lease(BOT, (&at, &at)).await;
    a_bot_that_wakes_after_the_write_is_refused(BOT, (&at, &at)).await;
}
