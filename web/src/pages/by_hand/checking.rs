//! What results is held against the rules by the component, and planned by the server, which also says who holds it.

use std::sync::Arc;
use std::time::Duration;

use gloo_net::http::Method;
use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::api::{GivenPlan, GivenRequest, GivenState, Selection, StateList};
use stateloft_core::book::by_hand::{Field, Position, Refusal};
use stateloft_core::diff::Diff;
use stateloft_core::json::Document;
use stateloft_core::model::{StateKey, Verdict, Violation};
use stateloft_core::restore::selection_key;
use wasm_bindgen::JsValue;

use crate::api::{self, ApiError};
use crate::model::address::Query;
use crate::model::by_hand::{Judged, Typed, noise, selection};
use crate::pages::compare::Failure;
use crate::pages::restore::{mode_name, mode_of};
use crate::worker;

/// What is typed quickly is checked once.
const SETTLE: Duration = Duration::from_millis(200);
/// What the restore is called; it stands in its record.
pub(super) const NAME: &str = "by hand";

/// A result that was checked.
#[derive(Clone, PartialEq)]
pub(super) struct Checked {
    /// The document that results.
    pub(super) data: Document,
    /// From the one before.
    pub(super) diff: Arc<Diff>,
    /// Rules that it breaks and the one before did not.
    pub(super) broken: Vec<Violation>,
    /// Rules that both break.
    pub(super) still: usize,
    /// Noise, which stays the program's.
    pub(super) noise: Vec<String>,
    /// Paths that stay as they are.
    pub(super) equal: u64,
    /// How long the check took, in ms.
    pub(super) took: f64,
}

/// What the server says would be written.
#[derive(Clone, PartialEq)]
pub(super) struct Planned {
    pub(super) request: GivenRequest,
    pub(super) plan: GivenPlan,
}

/// How far checking is.
#[derive(Clone, Copy)]
pub(super) struct Checking {
    pub(super) checked: RwSignal<Option<Checked>>,
    pub(super) planned: RwSignal<Option<Planned>>,
    /// Why there is no check, or no plan.
    pub(super) fault: RwSignal<Option<Failure>>,
    again: RwSignal<u64>,
}

impl Checking {
    pub(super) fn new(
        key: StateKey,
        document: Memo<Option<Document>>,
        position: Memo<Option<Result<Position, Refusal>>>,
        judged: Memo<Option<Judged>>,
    ) -> Self {
        let this = Self {
            checked: RwSignal::new(None),
            planned: RwSignal::new(None),
            fault: RwSignal::new(None),
            again: RwSignal::new(0),
        };
        let result =
            Memo::new(move |_| judged.with(|judged| Some(judged.as_ref()?.done.as_ref().ok()?.data.clone())));
        let asked = StoredValue::new(0_u64);
        Effect::new(move || {
            this.again.track();
            let wanted = document.get().zip(result.get());
            let number = asked.try_update_value(|asked| {
                *asked += 1;
                *asked
            });
            // What was planned of something else is not written.
            this.planned.set(None);
            let Some((before, data)) = wanted else {
                this.checked.set(None);
                return;
            };
            let key = key.clone();
            // Only here is there the desk, which knows it.
            let mode = untrack(|| mode_name(mode_of(&key)));
            set_timeout(
                move || {
                    let latest = move || asked.try_get_value() == number;
                    let position = position.try_with_untracked(|p| p.clone()?.ok()).flatten();
                    let Some(position) = position.filter(|_| latest()) else { return };
                    spawn_local(async move {
                        let answer = check(&key, mode, &before, data).await;
                        if latest() {
                            this.take(key, before, position, answer, latest).await;
                        }
                    });
                },
                SETTLE,
            );
        });
        this
    }

    async fn take(
        self,
        key: StateKey,
        before: Document,
        position: Position,
        answer: Result<Checked, Failure>,
        latest: impl Fn() -> bool,
    ) {
        let checked = match answer {
            Ok(checked) => checked,
            Err(failure) => {
                self.fault.try_set(Some(failure));
                return;
            }
        };
        self.checked.try_set(Some(checked.clone()));
        let ticks = selection(&before, &position, &checked.diff);
        let request = GivenRequest {
            name: NAME.to_owned(),
            states: vec![GivenState {
                state_type: key.state_type.clone(),
                state_id: key.state_id.clone(),
                data: checked.data,
            }],
            scope: stateloft_core::api::Scope::default(),
            selection: Selection::from([(selection_key(&key), ticks)]),
            exact: false,
            delete_others: false,
        };
        let plan = api::send::<GivenPlan>(Method::POST, "/restores/documents", Some(&request)).await;
        if !latest() {
            return;
        }
        match plan {
            Ok(plan) => {
                self.fault.try_set(None);
                self.planned.try_set(Some(Planned { request, plan }));
            }
            Err(error) => {
                self.fault.try_set(Some(error.into()));
            }
        }
    }

    /// Checks once more.
    pub(super) fn again(self) {
        self.again.update(|again| *again += 1);
    }

    /// Rules that would be broken, and are not yet.
    pub(super) fn broken(self) -> Vec<Violation> {
        self.checked
            .with(|checked| checked.as_ref().map(|checked| checked.broken.clone()).unwrap_or_default())
    }
}

async fn check(
    key: &StateKey,
    mode: &'static str,
    before: &Document,
    data: Document,
) -> Result<Checked, Failure> {
    let began = js_sys::Date::now();
    let text = |document: &Document| JsValue::from_str(document.text());
    let of = JsValue::from_str(key.state_type.as_str());
    let mode = JsValue::from_str(mode);
    let (old, new) = (text(before), text(&data));
    let verdict = |text: &JsValue| {
        let args = [of.clone(), text.clone(), mode.clone()];
        async move { worker::call::<Verdict>("validate", &args).await }
    };
    let (was, is) = (verdict(&old).await?, verdict(&new).await?);
    let diff: Diff = worker::call("diff", &[of.clone(), old.clone(), new]).await?;
    let from_nothing: Diff = worker::call("diff", &[of, old, JsValue::from_str("{}")]).await?;
    let before_broken = was.violations();
    let (still, broken): (Vec<Violation>, Vec<Violation>) =
        is.violations().iter().cloned().partition(|violation| before_broken.contains(violation));
    let gone = diff.changes.iter().filter(|change| change.old.is_some()).count() as u64;
    Ok(Checked {
        diff: Arc::new(diff),
        broken,
        still: still.len(),
        noise: noise(&from_nothing),
        equal: u64::from(before.leaves()).saturating_sub(gone),
        took: js_sys::Date::now() - began,
        data,
    })
}

/// Looks whether there is an order of the id that was typed, a moment after it was.
pub(super) fn look_for_order(typed: RwSignal<Typed>, known: RwSignal<Option<(String, bool)>>) {
    let name =
        Memo::new(move |_| typed.with(|typed| typed.get(Field::Order).unwrap_or_default().trim().to_owned()));
    Effect::new(move || {
        let wanted = name.get();
        if wanted.is_empty() {
            return;
        }
        set_timeout(
            move || {
                if name.try_get_untracked().as_ref() != Some(&wanted) {
                    return;
                }
                spawn_local(async move {
                    if let Ok(there) = is_order(&wanted).await {
                        known.try_set(Some((wanted, there)));
                    }
                });
            },
            SETTLE,
        );
    });
}

async fn is_order(id: &str) -> Result<bool, ApiError> {
    let query = Query::default()
        .with("state_type", Some("order"))
        .with("q", Some(id))
        .with("data", Some("true"))
        .with("limit", Some("50"));
    let list: StateList = api::states(&query).await?;
    let names = |document: &Document| {
        let root = document.root();
        ["client_order_id", "broker_order_id"].iter().any(|member| {
            root.get(member).is_some_and(|value| value.as_str().map_or(value.text() == id, |text| text == id))
        })
    };
    Ok(list
        .states
        .iter()
        .any(|row| row.version.state_id.as_str() == id || row.data.as_ref().is_some_and(names)))
}
