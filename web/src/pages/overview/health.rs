//! The health strip: real figures only.

use leptos::prelude::*;
use stateloft_core::api::LatencyStatus;

use crate::live::live;
use crate::model::contact::Contact;
use crate::model::standing::Standing;
use crate::model::{age, number};
use crate::parts::{Icon, Pic};
use crate::shell::{desk, engine_name};

/// How a figure is meant.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    None,
    Good,
    Bad,
}

/// One cell: name, figure, what it is of; whether phones leave it out.
struct Cell {
    name: &'static str,
    mark: Mark,
    figure: String,
    about: String,
    wide: bool,
}

/// The strip.
#[component]
pub(crate) fn Health() -> impl IntoView {
    let (desk, live) = (desk(), live());
    let shown = move || {
        let contact = live.contact.get();
        desk.status.value.with(|status| {
            status.as_ref().map(|status| {
                let running = age::seconds_between(status.started_at, live.seen());
                let cells = cells(status, running).into_iter().map(|cell| cell.under(contact));
                cells.map(cell).collect_view()
            })
        })
    };
    view! { <dl class="health panel">{shown}</dl> }
}

impl Cell {
    /// What was good when it was heard last is not called good now, and of the store nothing is known.
    fn under(mut self, contact: Contact) -> Self {
        if contact.is_away() {
            if self.mark == Mark::Good {
                self.mark = Mark::None;
            }
            if self.name == "Store" {
                (self.mark, self.figure) = (Mark::Bad, "no data".to_owned());
            }
        }
        self
    }
}

fn cells(status: &Standing, running: i64) -> Vec<Cell> {
    let store = &status.store;
    let mut cells = vec![
        Cell {
            name: "Store",
            mark: if store.up { Mark::Good } else { Mark::Bad },
            figure: if store.up { engine_name(&store.engine).to_owned() } else { "not answering".to_owned() },
            about: store
                .size_bytes
                .map(|size| format!("{} on disk", number::bytes(size)))
                .unwrap_or_default(),
            wide: false,
        },
        latency("Commit p99", &status.commit, "of", "in 5 min"),
        latency("Event lag p99", &status.event_lag, "of", "in 5 min"),
        Cell {
            name: "Listeners",
            mark: Mark::None,
            figure: number::count(status.listeners),
            about: "open connections".to_owned(),
            wide: false,
        },
        Cell {
            name: "Invalid",
            mark: match status.states_invalid {
                None => Mark::None,
                Some(0) => Mark::Good,
                Some(_) => Mark::Bad,
            },
            figure: status.states_invalid.map_or_else(|| "no data".to_owned(), number::count),
            about: status
                .states_live
                .map(|live| format!("of {} live", number::counted(live, "state", "states")))
                .unwrap_or_default(),
            wide: false,
        },
        chain(status),
    ];
    if let Some((used, all)) = store.pool {
        let figure = format!("{used} / {all}");
        cells.push(Cell {
            name: "Pool",
            mark: Mark::None,
            figure,
            about: "connections in use".into(),
            wide: true,
        });
    }
    cells.push(Cell {
        name: "Running",
        mark: Mark::None,
        figure: age::long(running),
        about: status.version.clone(),
        wide: true,
    });
    cells
}

fn latency(name: &'static str, latency: &LatencyStatus, of: &str, span: &str) -> Cell {
    let (figure, about) = if latency.count == 0 {
        ("no data".to_owned(), format!("nothing {span}"))
    } else {
        (number::millis(latency.p99_ms), format!("{of} {} {span}", number::count(latency.count)))
    };
    Cell { name, mark: Mark::None, figure, about, wide: false }
}

fn chain(status: &Standing) -> Cell {
    let (mark, figure, about) = match status.verified_seq {
        seq if status.chain_fault.is_some() => {
            let next = number::count(seq.map_or(0, |seq| seq.0) + 1);
            (Mark::Bad, "damaged", format!("at seq {next}"))
        }
        Some(seq) if Some(seq) >= status.seq => {
            (Mark::Good, "verified", format!("to seq {}", number::count(seq.0)))
        }
        Some(seq) => (Mark::None, "verifying", format!("to seq {}", number::count(seq.0))),
        None => (Mark::None, "not verified", "since the start".to_owned()),
    };
    Cell { name: "Chain", mark, figure: figure.to_owned(), about, wide: false }
}

fn cell(cell: Cell) -> impl IntoView {
    let mark = match cell.mark {
        Mark::None => None,
        Mark::Good => Some(view! { <span class="c-add"><Pic icon=Icon::Check size=14/></span> }),
        Mark::Bad => Some(view! { <span class="c-warn"><Pic icon=Icon::Warn size=14/></span> }),
    };
    view! {
        <div class:wide=cell.wide>
            <dt>{cell.name}</dt>
            <dd class="figure" class:c-warn=cell.mark == Mark::Bad>{mark}{cell.figure}</dd>
            <dd class="note">{cell.about}</dd>
        </div>
    }
}
