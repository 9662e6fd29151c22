//! What the parts of a state's page share: which versions there are, which are compared, and how.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::api::VersionView;
use stateloft_core::model::{Seq, StateKey};

use super::paged::Paged;
use crate::model::pick::Tab;
use crate::pages::compare::{Comparison, Cursor, Shown, Side};
use crate::shell::{Router, router};
use crate::worker::{Ask, Source};

/// What the parts of the page share.
#[derive(Clone, Copy)]
pub(super) struct Look {
    /// Which state.
    key: StoredValue<StateKey>,
    /// As of when.
    at: Memo<Option<Seq>>,
    /// Its versions up to then, newest first.
    pub(super) history: Paged<VersionView>,
    /// The older side.
    pub(super) a: RwSignal<Option<Side>>,
    /// The newer side.
    pub(super) b: RwSignal<Option<Side>>,
    /// Why there is no version that is asked for.
    pub(super) lacks: RwSignal<Option<String>>,
    /// How it is shown.
    pub(super) tab: Memo<Tab>,
    /// What differs.
    pub(super) comparison: Comparison,
    /// Which of the differences are shown.
    pub(super) shown: Shown,
    router: Router,
}

impl Look {
    /// Begins to read.
    pub(super) fn new(key: &StateKey, at: Memo<Option<Seq>>) -> Self {
        let router = router();
        let of = key.clone();
        let asked = Memo::new(move |_| Ask::state(&of, at.get()));
        let (a, b) = (RwSignal::new(None), RwSignal::new(None));
        let comparison = Comparison::of(Source::File, key.clone(), a.into(), b.into());
        let shown = Shown::new();
        Cursor::listen(comparison, shown);
        let this = Self {
            key: StoredValue::new(key.clone()),
            at,
            history: Paged::new("bundle.history", asked),
            a,
            b,
            lacks: RwSignal::new(None),
            tab: Memo::new(move |_| Tab::parse(router.param("tab").as_deref())),
            comparison,
            shown,
            router,
        };
        this.resolve();
        this
    }

    /// Finds both sides whenever the address names others: B, else the last version then; A, else the one before B.
    fn resolve(self) {
        let router = self.router;
        let wanted = Memo::new(move |_| {
            let number = |name| router.param(name).and_then(|text| text.parse::<u64>().ok());
            (number("a"), number("b"), self.at.get())
        });
        let round = StoredValue::new(0_u32);
        Effect::new(move || {
            let (a, b, at) = wanted.get();
            round.update_value(|round| *round += 1);
            let this = round.get_value();
            spawn_local(async move {
                let found = self.sides(a, b, at).await;
                if round.try_get_value() != Some(this) {
                    return;
                }
                match found {
                    Ok((a, b)) => {
                        self.lacks.set(None);
                        self.a.set(a);
                        self.b.set(Some(b));
                    }
                    Err(words) => {
                        self.a.set(None);
                        self.b.set(None);
                        self.lacks.set(Some(words));
                    }
                }
            });
        });
    }

    async fn sides(
        self,
        a: Option<u64>,
        b: Option<u64>,
        at: Option<Seq>,
    ) -> Result<(Option<Side>, Side), String> {
        let key = self.key.try_get_value().ok_or_else(String::new)?;
        let ask = Ask::state(&key, at);
        let of = |ask: Ask| async move { ask.version().await.map_err(|error| error.words()) };
        let newer = match b {
            Some(number) => of(ask.clone().number(number)).await?.ok_or_else(|| not_here(number))?,
            None => of(ask.clone()).await?.ok_or("The file has no version of this state up to then.")?,
        };
        let older = match a {
            Some(number) => Some(of(ask.number(number)).await?.ok_or_else(|| not_here(number))?),
            None => of(ask.before(newer.version.0)).await?,
        };
        Ok((older.map(Arc::new), Arc::new(newer)))
    }

    /// Shows a version as B.
    pub(super) fn show(self, number: u64) {
        let router = self.router;
        let keep = self.a.with_untracked(|a| a.as_ref().is_some_and(|a| a.version.0 < number));
        let a = router.param("a").filter(|_| keep);
        router.set(&[("b", Some(&number.to_string())), ("a", a.as_deref())]);
    }

    /// Goes one version older or newer, among those that are here.
    pub(super) fn step(self, newer: bool) -> bool {
        let number = self.b.with_untracked(|b| b.as_ref().map(|b| b.version));
        let to = self.history.rows.with_untracked(|rows| {
            let at = rows.iter().position(|row| Some(row.version) == number)?;
            let to = if newer { at.checked_sub(1)? } else { at + 1 };
            rows.get(to).map(|row| row.version.0)
        });
        if let Some(to) = to {
            self.show(to);
        }
        to.is_some()
    }

    /// Shows another tab.
    pub(super) fn show_as(self, tab: Tab) {
        self.router.set(&[("tab", (tab != Tab::default()).then_some(tab.word()))]);
    }
}

fn not_here(number: u64) -> String {
    format!("The file has no version {number} of this state.")
}
