//! Restores that ask live programs first, as a person sees them: step by step, run by run, and what can be done when one says nothing.

use serde_json::{Value, json};
use stateloft_core::model::Timestamp;
use stateloft_tests::bot::{Bot, Manner};
use stateloft_tests::bots::At;
use stateloft_tests::browser::{Browser, Screen};
use stateloft_tests::server::Server;
use stateloft_tests::socket::Socket;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const BOT: &str = env!("CARGO_BIN_EXE_bot");

pub(crate) async fn bot(server: &Server, name: &str, lease: u64, manner: Manner) -> Bot {
    let mut bot = Bot::start(BOT, &server.origin(), name, lease, manner).await;
    bot.until("saved").await;
    bot
}

/// A program that hears on a WebSocket, and gives its word only once it is let.
struct Listener {
    let_it: Option<oneshot::Sender<()>>,
    works: JoinHandle<()>,
}

impl Listener {
    async fn begin(server: &Server, name: &'static str) -> Self {
        let at = At::new(&server.origin());
        let (_, run) =
            at.post("/runs", &json!({"program": name, "lease_seconds": 3600, "host": "fx-a"})).await;
        let run_id = run["run_id"].as_str().unwrap().to_owned();
        let save = json!({"state_type": "bot_memory", "state_id": name, "data": {"n": 1, "limit": 2},
            "run_id": run_id, "epoch": run["epoch"]});
        assert_eq!(at.post("/states", &save).await.0, 200);
        let mut socket = Socket::open(server.address()).await;
        socket.subscribe(&format!("run:{run_id}"), None).await;
        let (let_it, may) = oneshot::channel();
        let works = tokio::spawn(async move {
            let ask = socket.next_of(&["ask"]).await;
            let path = |word: &str| {
                format!("/runs/{run_id}/handshakes/{}/{word}", ask["handshake"].as_str().unwrap())
            };
            // Whoever drops the sender wants it to stay silent.
            if may.await.is_err() {
                return;
            }
            let word = json!({"epoch": 1, "note": "0 orders in flight, last save v1"});
            assert_eq!(at.post(&path("paused"), &word).await.0, 200);
            let told = socket.next_of(&["ask"]).await;
            assert_eq!(told["kind"], "reload");
            assert_eq!(at.post(&path("reloaded"), &json!({"epoch": 1, "seq": told["seq"]})).await.0, 200);
        });
        Self { let_it: Some(let_it), works }
    }

    /// It gives its word, reads what was written, and says so.
    async fn answers(mut self) {
        self.let_it.take().unwrap().send(()).unwrap();
        self.works.await.unwrap();
    }
}

/// Looks at the plan that takes the limit of these bots back, waits so long for their word, and writes.
pub(crate) async fn restore(browser: &Browser, seq: u64, names: &[&str], wait: &str) {
    let of = |name: &&str| format!("&state=bot_memory/{name}&left=bot_memory%252F{name}%20/n");
    let states = names.iter().map(of).collect::<Vec<_>>().concat();
    browser.go(&format!("/view/restore?target=seq:{seq}{states}")).await;
    browser.see_text("form.apply", "is asked first").await;
    browser.fill("form.apply textarea", "bad deploy").await;
    browser.fill("form.apply input[autocomplete='username']", "ann").await;
    browser.fill(".waits-for input", wait).await;
    let open = "return !document.querySelector(\"form.apply button[type='submit']\").disabled";
    browser.until(open, &[], "the restore cannot be written").await;
    browser.click("form.apply button[type='submit']", "Write").await;
    browser.see(".shake-grid").await;
}

pub(crate) async fn limit(server: &Server, name: &str) -> Value {
    server.get(&format!("/states/{name}?state_type=bot_memory")).await.1["data"]["limit"].clone()
}

/// The page's own column of a run.
pub(crate) fn column(run: &str) -> String {
    format!(".shake-run[aria-label='{run}.main.1']")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_step_of_each_program_is_seen_and_the_page_can_be_left_meanwhile() {
    let server = Server::start().await;
    let at = At::new(&server.origin());
    let seq = at.limits_were_moved(&["poll", "sock"]).await;
    let _polling = bot(&server, "poll", 3_600, Manner::Answers).await;
    let listener = Listener::begin(&server, "sock").await;
    let browser = Browser::open(&server.origin()).await;
    restore(&browser, seq, &["poll", "sock"], "90").await;
    assert!(browser.address().await.starts_with("/view/handshake/"));
    // One has made way, the other is waited for; nothing is written, and what comes is no step yet.
    browser.see_text(&format!("{} .done", column("poll")), "in the answer to its renewal").await;
    browser.see_text(&format!("{} .waits", column("sock")), "no word yet").await;
    browser.see_text(&format!("{} .waits", column("sock")), "of 90 s, until").await;
    browser.see_text(&format!("{} .run-head", column("sock")), "fx-a, hears by socket").await;
    browser.see_text(".page-head .about", "waiting for sock.main.1 · nothing is written yet").await;
    browser.see_text(".shake-written.then", "Nothing is written before every word is in").await;
    browser.see_text(".silence", "If sock.main.1 does not answer").await;
    browser.see_text(".silence", "poll.main.1 is told to go on").await;
    browser.see_text(".shake-aside .notice", "poll.main.1 stands still").await;
    browser.see_text(".said", "paused").await;
    assert_eq!((limit(&server, "poll").await, limit(&server, "sock").await), (json!(2), json!(2)));
    browser.pictures("18-handshake").await;
    // The server carries on without the page, and every other one says so.
    browser.press("gs").await;
    browser.see_text(".shake-bar", "A restore waits for sock.main.1").await;
    browser.pictures("18-handshake-bar").await;
    browser.click(".shake-bar a", "Look").await;
    browser.see(".shake-grid").await;
    listener.answers().await;
    browser.see_text(".page-head .about", "written, and read by all who hold it").await;
    browser.see_text(&format!("{} .done", column("sock")), "0 orders in flight").await;
    browser.see_text(&format!("{} .done", column("sock")), "it has read up to seq").await;
    browser.see_text(&format!("{} .done", column("poll")), "it has read up to seq").await;
    assert_eq!((limit(&server, "poll").await, limit(&server, "sock").await), (json!(1), json!(1)));
    browser.pictures("18-handshake-read").await;
    // On phones one run stands below the other, its steps with their names.
    browser.screen(Screen::Phone).await;
    browser.see_text(&format!("{} .step-name", column("sock")), "Reloaded, with its seq").await;
    browser.screen(Screen::Wide).await;
    browser.click(".shake-card a", "What was written").await;
    browser.see_text("main", "2 states written").await;
    browser.click(".result a", "How 2 live runs made way").await;
    browser.see_text(".page-head .about", "read by all").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_word_nothing_is_written_until_somebody_says_why_and_it_stays_said_until_it_is_read() {
    let server = Server::start().await;
    let at = At::new(&server.origin());
    let good = at.limit_was_moved("rude").await;
    let mut rude = bot(&server, "rude", 3_600, Manner::Silent).await;
    let browser = Browser::open(&server.origin()).await;
    restore(&browser, good, &["rude"], "2").await;
    browser.see_text(".page-head .about", "no word · nothing was written").await;
    browser.see_text(&format!("{} .never", column("rude")), "no word until").await;
    assert_eq!(limit(&server, "rude").await, 2, "nothing was written");
    let shut = "return document.querySelector('form.without-word button').disabled";
    assert_eq!(browser.script(shut, &[]).await, true);
    browser.see_text("form.without-word .lacks", "Say why").await;
    browser.pictures("18-no-word").await;
    browser.fill("form.without-word textarea", "it hangs").await;
    browser.click("form.without-word button", "Write 1 state without the word of rude.main.1").await;
    browser.see_text(".page-head .about", "rude.main.1 has not said that it has read it").await;
    browser.see_text(".shake-card", "Without a word: “it hangs”, said by ann").await;
    browser.see_text(".shakes", "no word").await;
    assert_eq!(limit(&server, "rude").await, 1);
    rude.until("refused run_paused").await;
    let (_, handshakes) = server.get("/handshakes?limit=1").await;
    let last = &handshakes["handshakes"][0];
    assert_eq!(last["without_word"], json!({"reason": "it hangs", "by": "ann"}));
    // It stays on the overview until it has read.
    browser.press("go").await;
    browser.see_text(".shake-bar", "Written, and rude.main.1 has not said that it read it").await;
    browser.pictures("18-handshake-unread").await;
    let said = format!("/runs/rude.main.1/handshakes/{}/reloaded", last["handshake"].as_str().unwrap());
    let seq = server.get("/status").await.1["seq"].clone();
    assert_eq!(at.post(&said, &json!({"epoch": 1, "seq": seq})).await.0, 200);
    browser.until("return !document.querySelector('.shake-bar')", &[], "what was read is still said").await;
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn escape_lets_who_made_way_go_on_and_leaving_out_writes_the_rest() {
    let server = Server::start().await;
    let at = At::new(&server.origin());
    let seq = at.limits_were_moved(&["good", "rude"]).await;
    let mut good = bot(&server, "good", 3_600, Manner::Answers).await;
    let _rude = bot(&server, "rude", 3_600, Manner::Silent).await;
    let browser = Browser::open(&server.origin()).await;
    restore(&browser, seq, &["good", "rude"], "90").await;
    browser.see_text(".shake-act button", "Stop, and let good.main.1 go on").await;
    browser.press(thirtyfour::Key::Escape).await;
    browser.see_text(".page-head .about", "stopped · nothing was written").await;
    assert_eq!(good.until("went on").await, "went on 200 OK");
    browser.see_text(".shake-written.never", "stopped by ann").await;
    browser.click(".shake-act button", "Ask again").await;
    browser.see_text(".page-head .about", "waiting for rude.main.1").await;
    browser.see_text(&format!("{} .waits", column("rude")), "of 90 s").await;
    browser.click(".shake-act button", "Leave rude out, write 1 state").await;
    browser.see_text(".page-head .about", "written, and read by all who hold it").await;
    browser.see_no_text(".shake-grid", "rude").await;
    assert_eq!((limit(&server, "good").await, limit(&server, "rude").await), (json!(1), json!(2)));
    browser.see_text(".shakes", "stopped").await;
    browser.go("/view/handshakes").await;
    browser.see_text(".shakes", "reloaded, seq").await;
    browser.pictures("18-handshakes").await;
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_dies_in_between_is_a_torn_column_and_counts_as_free() {
    let server = Server::start().await;
    let at = At::new(&server.origin());
    let good = at.limit_was_moved("dying").await;
    let mut dying = bot(&server, "dying", 4, Manner::Silent).await;
    let browser = Browser::open(&server.origin()).await;
    restore(&browser, good, &["dying"], "90").await;
    dying.until("asked pause").await;
    browser.see_text(".silence", "It dies: its lease is over at").await;
    dying.kill().await;
    browser.see(&format!("{} .torn", column("dying"))).await;
    browser.see_text(&format!("{} .ended", column("dying")), "it counts as free").await;
    browser.see_text(".page-head .about", "written, and read by all who hold it").await;
    assert_eq!(limit(&server, "dying").await, 1);
    browser.pictures("18-handshake-died").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn what_is_no_handshake_says_so_and_who_did_not_ask_can_stop_it() {
    let server = Server::start().await;
    let at = At::new(&server.origin());
    let good = at.limit_was_moved("sock").await;
    let _listener = Listener::begin(&server, "sock").await;
    let plan = at.plan(good, &["sock"]).await;
    let applying = tokio::spawn({
        let at = at.clone();
        async move { at.apply(&plan, &json!({"wait_seconds": 90})).await }
    });
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/handshake/none").await;
    browser.see_text("main", "There is no such handshake").await;
    browser.click(".shake-bar a", "Look").await;
    browser.click(".shake-act button", "Stop").await;
    browser.see_text(".page-head .about", "stopped · nothing was written").await;
    assert_eq!(applying.await.unwrap().1["code"], "handshake_stopped");
    assert_eq!(limit(&server, "sock").await, 2);
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}

/// Plans the restore of a stop that a deploy moved, and writes it: the desk goes on meanwhile, so that the plan may move first.
async fn restore_a_stop(browser: &Browser) {
    for _ in 0..5 {
        browser.go("/view/restore?target=snapshot:before-deploy-46&state=position/EURUSD/GBPUSD").await;
        browser.see_text("form.apply", "is asked first").await;
        browser.fill("form.apply textarea", "stops were moved by deploy 46").await;
        browser.click("form.apply button[type='submit']", "Write 1 state").await;
        let ended = "const about = document.querySelector('.page-head .about')?.innerText ?? '';
            return about.startsWith('written, and read') || about.includes('nothing was written') || !!document.querySelector('.plan-moved')";
        browser.until(ended, &[], "nothing becomes of the restore").await;
        let written = "return document.querySelector('.page-head .about').innerText.startsWith('written')";
        if browser.script(written, &[]).await == true {
            return;
        }
    }
    panic!("the plan moved five times");
}

/// The programs of the demo answer at once: whoever restores there sees a whole handshake.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demos_programs_make_way_and_read_within_two_seconds() {
    let server = Server::start().await;
    let _desk = server.run_demo();
    let at = At::new(&server.origin());
    at.until("/snapshots", |list| list["snapshots"].to_string().contains("before-deploy-46")).await;
    let live = |list: &Value| list["runs"].as_array().is_some_and(|runs| runs.len() > 4);
    at.until("/runs?status=active", live).await;
    let browser = Browser::open(&server.origin()).await;
    restore_a_stop(&browser).await;
    let (_, list) = server.get("/handshakes?limit=1").await;
    let run = &list["handshakes"][0]["runs"][0];
    assert!(run["note"].as_str().unwrap().starts_with("0 orders in flight"), "{run}");
    let moment = |name: &str| Timestamp::parse(run[name].as_str().unwrap()).unwrap().micros();
    let took = moment("reloaded_at") - moment("asked_at");
    assert!(took < 2_000_000, "it took {took} microseconds: {run}");
    browser.pictures("18-handshake-demo").await;
    // It goes on from what it has read.
    let id = run["run_id"].as_str().unwrap();
    let read = run["seq"].as_u64().unwrap();
    let saved = |page: &Value| page["events"].as_array().is_some_and(|events| !events.is_empty());
    at.until(&format!("/events?after={read}&topic=run:{id}&data=false"), saved).await;
    browser.assert_clean(&["Failed to load resource"]).await;
    browser.close().await;
}
