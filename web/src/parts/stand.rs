//! A live list stands still while somebody points at it, is in it with the keyboard, or has chosen something in it: no
//! click lands on another row than the one it was meant for. What comes meanwhile is counted and taken in afterwards.

use std::hash::Hash;

use leptos::attr::any_attribute::{AnyAttribute, IntoAnyAttribute};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusEvent, PointerEvent};

use super::{Icon, Pic};
use crate::model::still::{Waiting, Which, in_place};

/// Whether a list stands still, and what waits.
#[derive(Clone, Copy)]
pub(crate) struct Stand {
    pointed: RwSignal<bool>,
    focused: RwSignal<bool>,
    /// Whether the list stands still.
    pub(crate) still: Memo<bool>,
    waiting: RwSignal<Waiting>,
    /// Changes when somebody asks for what waits.
    pub(crate) asked: RwSignal<u64>,
}

impl Stand {
    /// `chosen` says whether something in the list is selected, or it has been scrolled.
    pub(crate) fn new(chosen: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        let (pointed, focused) = (RwSignal::new(false), RwSignal::new(false));
        Self {
            pointed,
            focused,
            still: Memo::new(move |_| chosen() || pointed.get() || focused.get()),
            waiting: RwSignal::new(Waiting::default()),
            asked: RwSignal::new(0),
        }
    }

    /// The pointer has come to the list. A finger points only while it is down, and then it scrolls.
    pub(crate) fn comes(self, event: &PointerEvent) {
        self.pointed.set(event.pointer_type() != "touch");
    }

    /// The pointer has left, or the list has.
    pub(crate) fn leaves(self) {
        self.pointed.try_set(false);
    }

    /// The keyboard has come to a row.
    pub(crate) fn enters(self, event: &FocusEvent) {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        // After a click the browser focuses the row, too; that is no reason to stand still for ever.
        self.focused.set(target.is_some_and(|row| row.matches(":focus-visible").unwrap_or(false)));
    }

    /// The keyboard has left.
    pub(crate) fn exits(self) {
        self.focused.try_set(false);
    }

    /// Whether it stands still; does not follow.
    pub(crate) fn is_still(self) -> bool {
        self.still.try_get_untracked().unwrap_or(false)
    }

    /// Whether something waits; does not follow.
    pub(crate) fn is_behind(self) -> bool {
        self.waiting.try_with_untracked(Waiting::is_behind).unwrap_or(false)
    }

    /// Something came: a row is new, or (`None`) none is.
    pub(crate) fn note(self, which: Option<Which>) {
        self.waiting.try_update(|waiting| match which {
            Some(which) => waiting.note(which),
            None => waiting.note_quietly(),
        });
    }

    /// Something came of which is not known what it is.
    pub(crate) fn note_untold(self) {
        self.waiting.try_update(Waiting::note_untold);
    }

    /// Everything that waited has been taken in.
    pub(crate) fn caught_up(self) {
        if self.waiting.try_with_untracked(|waiting| *waiting != Waiting::default()) == Some(true) {
            self.waiting.set(Waiting::default());
        }
    }

    /// Asks for what waits.
    pub(crate) fn take_in(self) {
        self.asked.update(|asked| *asked += 1);
    }

    /// What the box of the rows needs, to be spread over it: `<div {..stand.held()}>`.
    pub(crate) fn held(self) -> AnyAttribute {
        view! {
            <{..}
                on:pointerenter=move |event| self.comes(&event)
                on:pointerleave=move |_| self.leaves()
                on:focusin=move |event| self.enters(&event)
                on:focusout=move |_| self.exits()
            />
        }
        .into_any_attr()
    }

    /// The rows of a short list, each in its place while the list stands still.
    pub(crate) fn steady<T, K>(
        self,
        rows: impl Fn() -> Vec<T> + Send + Sync + 'static,
        key: fn(&T) -> K,
    ) -> Memo<Vec<T>>
    where
        T: Clone + PartialEq + Send + Sync + 'static,
        K: Eq + Hash + 'static,
    {
        Memo::new(move |shown: Option<&Vec<T>>| {
            let now = rows();
            match shown {
                Some(shown) if self.still.get() => in_place(shown, &now, key),
                _ => now,
            }
        })
    }
}

/// `5 new`: takes in what waits. It stands where it moves no row: at a panel's head or foot.
#[component]
pub(crate) fn NewRows(
    /// Whose.
    stand: Stand,
    /// Called afterwards.
    #[prop(optional)]
    then: Option<Callback<()>>,
) -> impl IntoView {
    let words = Memo::new(move |_| stand.waiting.with(Waiting::words));
    let press = move |_| {
        stand.take_in();
        if let Some(then) = then {
            then.run(());
        }
    };
    view! {
        <span class="new-rows" role="status">
            {move || words.get().map(|words| view! {
                <button class="new-pill" data-tip="The list stands still while you point at it, select or scroll" on:click=press>
                    <Pic icon=Icon::Up size=14/>{words}
                </button>
            })}
        </span>
    }
}
