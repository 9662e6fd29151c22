//! A broker's list held against a position of thousands of lots, and a plan for what differs, natively.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use stateloft_core::api::{ReconcileOptions, ReconcilePolicy, Tolerance};
use stateloft_core::json::Document;
use stateloft_core::model::{StateKey, StateType, Timestamp, VersionNumber};
use stateloft_core::reconcile::{OurState, Planned, Reconciling, plan};

use crate::table::Table;

const ROUNDS: usize = 9;
const MANY: usize = 10_000;
const FEW: usize = 1_000;

/// Adds two rows: a plan for a tenth of what the second is for, then that one beside it, lot by lot.
pub(crate) fn measure(table: &mut Table) {
    let [few, many] = [FEW, MANY].map(|lots| median(&Held::of(lots)));
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let words = |lots: usize| format!("{lots} lots in one state, {} more at the broker", lots / 2);
    table.row(&format!("plan that adopts them: {}", words(FEW)), ms(few), "ms, median", None);
    let what = format!("the same: {} (ratio: what a lot takes here to what it takes above)", words(MANY));
    #[allow(clippy::cast_precision_loss, reason = "a small number")]
    let times = MANY as f64 / FEW as f64;
    table.row(&what, ms(many), "ms, median", Some(many.as_secs_f64() / few.as_secs_f64() / times));
}

/// A position, and what its broker lists: every lot, each tenth of another size, and half as many more.
struct Held {
    lots: usize,
    data: Document,
    list: Document,
}

impl Held {
    fn of(lots: usize) -> Self {
        let (mut ours, mut theirs) = (String::new(), String::new());
        for n in 0..lots + lots / 2 {
            let comma = if n == 0 { "" } else { "," };
            let size = 10 + n % 90;
            if n < lots {
                write!(
                    ours,
                    r#"{comma}{{"id":"lot-{n}","ticket":{n}7,"quantity":0.{size},"entry_price":1.{n:05}}}"#
                )
                .expect("a text");
            }
            let size = if n % 10 == 0 { 105 } else { size };
            write!(
                theirs,
                r#"{comma}{{"ticket":{n}7,"symbol":"EURUSD","type":0,"volume":0.{size},"price_open":1.{n:05}}}"#
            )
            .expect("a text");
        }
        let document = |text: String| text.parse().expect("JSON");
        Self {
            lots,
            data: document(format!(r#"{{"symbol":"EURUSD","side":"long","lots":[{ours}]}}"#)),
            list: document(format!("[{theirs}]")),
        }
    }

    fn plan(&self) -> Planned {
        let key = StateKey::new("position", "bench/EURUSD").expect("a key");
        let time = |text| Timestamp::parse(text).expect("a time");
        let options = ReconcileOptions {
            as_of: time("2026-11-29T09:45:58Z"),
            shape: None,
            failure: None,
            partial: false,
            tolerance: Tolerance::default(),
            symbols: std::collections::BTreeMap::new(),
        };
        let changed_at = time("2026-11-29T09:00:00Z");
        let ours = [OurState {
            key: &key,
            version: VersionNumber(1),
            changed_at,
            data: Some(self.data.root()),
            then: None,
        }];
        let asked = Reconciling {
            run: None,
            state_type: &StateType::new("position").expect("a type"),
            options: &options,
            policy: ReconcilePolicy::Adopt,
            choices: &[],
            taken: &[],
        };
        plan(&ours, Some(&self.list), asked).expect("a plan")
    }
}

fn median(held: &Held) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            let planned = held.plan();
            let took = start.elapsed();
            assert_eq!(planned.plan.choices.len(), held.lots / 10 + held.lots / 2);
            took
        })
        .collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}
