//! What the parts of the form share: the position as it is now, what was typed, what results.

use leptos::prelude::*;
use stateloft_core::api::StateView;
use stateloft_core::book::by_hand::{Field, HeldLot, Position, Refusal, position};
use stateloft_core::json::Document;
use stateloft_core::model::StateKey;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

use super::checking::Checking;
use super::write::Sending;
use crate::api;
use crate::live::{Remote, live, remote};
use crate::model::address::Query;
use crate::model::by_hand::{Asked, Judged, Mode, Moved, Tone, Typed, judge, moved};
use crate::model::inbox::Event;
use crate::model::number;
use crate::shell::{Router, clock, router};

/// Documents above this are not changed here, in bytes.
const MOST: usize = 2 << 20;

/// The form.
#[derive(Clone, Copy)]
pub(super) struct Hand {
    pub(super) key: StoredValue<StateKey>,
    /// The position as it is now.
    pub(super) head: Remote<StateView>,
    pub(super) document: Memo<Option<Document>>,
    pub(super) position: Memo<Option<Result<Position, Refusal>>>,
    pub(super) mode: Memo<Mode>,
    /// The lot that is chosen.
    pub(super) lot: Memo<Option<HeldLot>>,
    pub(super) typed: RwSignal<Typed>,
    pub(super) judged: Memo<Option<Judged>>,
    /// The lots as they were looked at.
    looked: RwSignal<Option<Vec<HeldLot>>>,
    /// What of them is another since.
    pub(super) moved: Memo<Vec<Moved>>,
    pub(super) checking: Checking,
    pub(super) sending: Sending,
    pub(super) router: Router,
}

impl Hand {
    pub(super) fn new(key: StateKey) -> Self {
        let router = router();
        let (asked, own) = (key.clone(), key.clone());
        let head = remote(
            move || Some(asked.clone()),
            |key: StateKey| async move { api::state(&key, &Query::default()).await },
        );
        live().on_events(move |events| {
            let is_it = |event: &Event| event.state_type == own.state_type && event.state_id == own.state_id;
            if events.iter().any(is_it) {
                head.refresh();
            }
        });
        let document =
            Memo::new(move |_| head.value.with(|head| head.as_ref().and_then(|head| head.data.clone())));
        let position = Memo::new(move |_| document.with(|document| document.as_ref().map(fits)));
        let mode = Memo::new(move |_| Mode::parse(router.param("mode").as_deref()));
        let lot_id = Memo::new(move |_| router.param("lot"));
        let looked = RwSignal::new(None::<Vec<HeldLot>>);
        let lot = Memo::new(move |_| {
            position.with(|position| {
                let Some(Ok(position)) = position else { return None };
                match lot_id.get() {
                    _ if !position.has_lots => position.lots.first().cloned(),
                    Some(id) => position.lots.iter().find(|lot| lot.id.as_ref() == Some(&id)).cloned(),
                    // The only one needs no choice, unless there were more: then it is not the one that was meant.
                    None => Some(position.lots.first()?.clone()).filter(|_| position.lots.len() == 1),
                }
            })
        });
        Effect::new(move || {
            let known = position.with(|position| matches!(position, Some(Ok(_))));
            if known && looked.with_untracked(Option::is_none) {
                position.with(|position| {
                    looked.set(position.as_ref().and_then(|p| p.as_ref().ok()).map(|p| p.lots.clone()));
                });
            }
        });
        let moved = Memo::new(move |_| {
            let mode = mode.get();
            let chosen = lot.get().and_then(|lot| lot.id).or_else(|| lot_id.get());
            position.with(|position| {
                looked.with(|looked| {
                    let (Some(Ok(position)), Some(looked)) = (position, looked) else { return Vec::new() };
                    let of_it = |lot: &&HeldLot| !mode.is_of_lot() || lot.id == chosen;
                    let looked: Vec<HeldLot> = looked.iter().filter(of_it).cloned().collect();
                    moved(mode, &looked, &position.lots)
                })
            })
        });
        let typed = RwSignal::new(Typed::default());
        let clock = clock();
        let order = RwSignal::new(None::<(String, bool)>);
        let judged = Memo::new(move |_| {
            document.with(|document| {
                position.with(|position| {
                    let (Some(document), Some(Ok(position))) = (document, position) else { return None };
                    lot.with(|lot| {
                        typed.with(|typed| {
                            let name = typed.get(Field::Order).unwrap_or_default().trim();
                            let order_known = order.with(|known| {
                                known.as_ref().filter(|(of, _)| of == name).map(|(_, there)| *there)
                            });
                            let lot = lot.as_ref();
                            // The time of now is read when something was typed, and does not run on under it.
                            let now = clock.read();
                            Some(judge(Asked {
                                mode: mode.get(),
                                typed,
                                position,
                                lot,
                                document,
                                now,
                                order_known,
                            }))
                        })
                    })
                })
            })
        });
        let checking = Checking::new(key.clone(), document, position, judged);
        super::checking::look_for_order(typed, order);
        let key = StoredValue::new(key);
        let sending = Sending::new();
        Self {
            key,
            head,
            document,
            position,
            mode,
            lot,
            typed,
            judged,
            looked,
            moved,
            checking,
            sending,
            router,
        }
    }

    /// What is read of the position, where it is in a shape that is understood.
    pub(super) fn read<T>(self, part: impl FnOnce(&Position) -> T) -> Option<T> {
        self.position.with(|position| position.as_ref().and_then(|position| position.as_ref().ok()).map(part))
    }

    /// Says something else of the position.
    pub(super) fn show(self, mode: Mode) {
        self.look();
        self.router.adjust(&[("mode", (mode != Mode::default()).then_some(mode.word()))]);
    }

    /// Chooses a lot; what was typed of the other one goes.
    pub(super) fn choose(self, id: Option<&str>) {
        self.look();
        self.typed.update(|typed| typed.forget(&[Field::Quantity, Field::Stop, Field::Target]));
        self.router.adjust(&[("lot", id)]);
    }

    /// What there is now was looked at.
    pub(super) fn look(self) {
        let lots = untrack(|| self.read(|position| position.lots.clone()));
        self.looked.set(lots);
    }

    pub(super) fn set(self, field: Field, text: String) {
        self.typed.update(|typed| typed.set(field, text));
    }

    /// `0 violations, 1 warning`.
    pub(super) fn sums_up(self) -> String {
        let (broken, warned) = self.judged.with(|judged| {
            judged.as_ref().map_or((0, 0), |judged| (judged.count(Tone::Broken), judged.count(Tone::Warn)))
        });
        let rules = self.checking.broken().len() as u64;
        let violations = number::counted(broken + rules, "violation", "violations");
        format!("{violations}, {}", number::counted(warned, "warning", "warnings"))
    }
}

/// A position that can be changed here; one that is so large is not read anew with every key.
fn fits(document: &Document) -> Result<Position, Refusal> {
    if document.len() > MOST {
        let why = format!(
            "is of {}, and is not checked while somebody types",
            number::bytes(document.len() as u64)
        );
        return Err(Refusal::Shape { path: String::new(), why });
    }
    position(document)
}

/// Whether a key was pressed in a field of one line.
pub(super) fn is_line(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
    target.is_some_and(|target| matches!(target.tag_name().as_str(), "INPUT" | "SELECT"))
}
