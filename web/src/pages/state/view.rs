//! What the parts of the page share: which state, which versions, what is compared.

use leptos::prelude::*;
use stateloft_core::model::StateKey;

use super::broken::{Since, broken_since};
use super::header;
use super::history::{Reader, Stretch, Versions};
use crate::live::Remote;
use crate::model::pick::Tab;
use crate::pages::compare::{Chosen, Comparison, Cursor, Shown, Side, newer_side, older_side};
use crate::shell::{Router, keys, router};

/// What the parts of the page share.
#[derive(Clone, Copy)]
pub(crate) struct View {
    /// Which state.
    pub(crate) key: StoredValue<StateKey>,
    /// Every version, newest first.
    pub(super) all: Reader,
    /// Those of the stretch of time that the address names.
    within: Reader,
    /// Whether the address names one.
    pub(super) stretched: Memo<bool>,
    /// The number of the last version.
    pub(super) newest: Memo<Option<u64>>,
    /// The last version.
    pub(super) head: Signal<Option<Side>>,
    /// The older side.
    pub(super) a: Chosen,
    /// The newer side.
    pub(super) b: Chosen,
    /// Since when the newer side breaks rules.
    pub(super) broken: Remote<Since>,
    /// What differs between them.
    pub(super) comparison: Comparison,
    /// Which of the differences are shown.
    pub(super) shown: Shown,
    /// How they are shown.
    pub(super) tab: Memo<Tab>,
    /// Scroll position of the rail, in px.
    pub(super) scrolled: RwSignal<f64>,
    /// Where the rail is to scroll to.
    pub(super) jump: RwSignal<Option<f64>>,
    router: Router,
}

/// The history as it was left, for who comes back to it.
#[derive(Clone)]
struct Left {
    key: StateKey,
    versions: Versions,
    scrolled: f64,
}

impl View {
    /// Begins to read.
    pub(super) fn new(key: StateKey) -> Self {
        let router = router();
        let stretch = Memo::new(move |_| Stretch { from: router.param("from"), to: router.param("to") });
        let stretched = Memo::new(move |_| stretch.get() != Stretch::default());
        let left = router.take::<Left>("state").filter(|left| left.key == key);
        let (scrolled, jump) =
            (RwSignal::new(0.0_f64), RwSignal::new(left.as_ref().map(|left| left.scrolled)));
        let whole = Signal::derive(|| Some(Stretch::default()));
        let all = Reader::beginning_with(key.clone(), whole, left.map(|left| left.versions));
        let mine = key.clone();
        router.keep("state", move || {
            let versions = all.versions.value.try_get_untracked()??;
            let left = Left { key: mine.clone(), versions, scrolled: scrolled.try_get_untracked()? };
            Some(std::rc::Rc::new(left))
        });
        let within = Reader::new(key.clone(), Signal::derive(move || stretched.get().then(|| stretch.get())));
        let newest = Memo::new(move |_| all.versions.value.with(|v| v.as_ref()?.newest()));
        let head = Signal::derive(move || {
            all.versions.value.with(|versions| {
                let versions = versions.as_ref()?;
                versions.whole(versions.newest()?)
            })
        });
        let b = newer_side(&key, all);
        let a = older_side(&key, b.side, all);
        let of = key.clone();
        let broken = broken_since(move || Some((of.clone(), b.side.get()?)));
        let comparison = Comparison::new(key.clone(), a.side, b.side);
        let shown = Shown::new();
        Cursor::listen(comparison, shown);
        Self {
            key: StoredValue::new(key),
            all,
            within,
            stretched,
            newest,
            head,
            a,
            b,
            broken,
            comparison,
            shown,
            tab: Memo::new(move |_| Tab::parse(router.param("tab").as_deref())),
            scrolled,
            jump,
            router,
        }
    }

    /// The versions that the rail lists.
    pub(super) fn listed(self) -> Reader {
        if self.stretched.get() { self.within } else { self.all }
    }

    /// Shows a version as B. The head is shown as such, so that B follows it.
    pub(super) fn show(self, number: u64) {
        let head = self.newest.get_untracked() == Some(number);
        let b = (!head).then(|| number.to_string());
        // A that would not be older than B gives way to the version before it.
        let a = self
            .router
            .param("a")
            .filter(|_| self.a.side.with_untracked(|a| a.as_ref().is_some_and(|a| a.version.0 < number)));
        self.router.set(&[("b", b.as_deref()), ("a", a.as_deref())]);
    }

    /// Goes one version older or newer.
    pub(super) fn step(self, newer: bool) -> bool {
        let Some(number) = self.b.side.with_untracked(|b| b.as_ref().map(|b| b.version.0)) else {
            return false;
        };
        let to = if newer { number + 1 } else { number - 1 };
        let there = to > 0 && self.newest.get_untracked().is_some_and(|newest| to <= newest);
        if there {
            self.show(to);
        }
        there
    }

    /// Shows another tab.
    pub(super) fn show_as(self, tab: Tab) {
        self.router.set(&[("tab", (tab != Tab::default()).then_some(tab.word()))]);
    }

    /// Swaps the sides.
    pub(super) fn swap(self) {
        let number = |side: &Option<Side>| side.as_ref().map(|side| side.version.to_string());
        let (a, b) = (self.a.side.with_untracked(number), self.b.side.with_untracked(number));
        if let (Some(a), Some(b)) = (a, b) {
            self.router.set(&[("a", Some(&b)), ("b", Some(&a))]);
        }
    }
}

/// Answers the page's keys.
pub(super) fn listen(view: View) {
    let router = router();
    keys().on_key(move |key| {
        match key {
            "[" | "j" => return view.step(false),
            "]" | "k" => return view.step(true),
            "1" | "2" | "3" | "4" => view.show_as(Tab::ALL[usize::from(key.as_bytes()[0] - b'1')]),
            "c" => router.go(&untrack(|| header::compare_href(view))),
            "r" => router.go(&untrack(|| header::plan_href(view))),
            "h" => {
                let key = view.key.get_value();
                if key.state_type.as_str() != "position" {
                    return false;
                }
                router.go(&crate::model::address::by_hand(&key, None));
            }
            _ => return false,
        }
        true
    });
}
