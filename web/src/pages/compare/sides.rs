//! Which versions A and B are, from the address and what is at hand.

use std::sync::Arc;

use leptos::prelude::*;
use stateloft_core::model::StateKey;

use super::Side;
use crate::api;
use crate::live::{Remote, remote};
use crate::model::address::Query;
use crate::model::pick::Pick;
use crate::pages::state::Reader;
use crate::shell::router;

/// One side of a comparison, resolved.
#[derive(Clone, Copy)]
pub(crate) struct Chosen {
    /// What the address says; for A without a word in the address, the version before B.
    pub(crate) pick: Memo<Option<Pick>>,
    /// Whether the address says it.
    pub(crate) pinned: Memo<bool>,
    /// The version.
    pub(crate) side: Signal<Option<Side>>,
    /// The request for a version that is not at hand.
    pub(crate) fetched: Remote<(Pick, Side)>,
}

/// The newer side: `b` in the address, else the head.
pub(crate) fn newer_side(key: &StateKey, versions: Reader) -> Chosen {
    let router = router();
    let asked = Memo::new(move |_| router.param("b").as_deref().and_then(Pick::parse));
    let pick = Memo::new(move |_| Some(asked.get().unwrap_or(Pick::Head)));
    resolve(key, pick, Memo::new(move |_| asked.get().is_some_and(|pick| pick != Pick::Head)), versions)
}

/// The older side: `a` in the address, else the version before B; nothing before a first version.
pub(crate) fn older_side(key: &StateKey, b: Signal<Option<Side>>, versions: Reader) -> Chosen {
    let router = router();
    let asked = Memo::new(move |_| router.param("a").as_deref().and_then(Pick::parse));
    let pick = Memo::new(move |_| {
        let before = || b.with(|b| b.as_ref()?.version.0.checked_sub(1)).filter(|number| *number > 0);
        asked.get().or_else(|| before().map(Pick::Version))
    });
    resolve(key, pick, Memo::new(move |_| asked.get().is_some()), versions)
}

fn resolve(key: &StateKey, pick: Memo<Option<Pick>>, pinned: Memo<bool>, versions: Reader) -> Chosen {
    let at_hand = Memo::new(move |_| {
        let pick = pick.get()?;
        versions.versions.value.with(|versions| {
            let versions = versions.as_ref()?;
            match pick {
                Pick::Head => versions.whole(versions.newest()?),
                Pick::Version(number) => versions.whole(number),
                Pick::At(_) => None,
            }
        })
    });
    // Only once the first page has come is it known whether a version is at hand.
    let loaded = Memo::new(move |_| versions.versions.value.with(Option::is_some));
    let missing = Memo::new(move |_| pick.get().filter(|_| loaded.get() && at_hand.with(Option::is_none)));
    let fetch_key = key.clone();
    let fetched = remote(
        move || missing.get(),
        move |pick: Pick| {
            let key = fetch_key.clone();
            async move {
                let query = match &pick {
                    Pick::Head => Query::default(),
                    Pick::Version(number) => Query::default().with("version", Some(&number.to_string())),
                    Pick::At(moment) => Query::default().with("at", Some(&moment.to_string())),
                };
                let version = api::state(&key, &query).await?.version;
                Ok((pick, Arc::new(version)))
            }
        },
    );
    let side = Signal::derive(move || {
        at_hand.get().or_else(|| {
            let wanted = pick.get()?;
            fetched.value.with(|fetched| {
                fetched.as_ref().filter(|(pick, _)| *pick == wanted).map(|(_, side)| Arc::clone(side))
            })
        })
    });
    Chosen { pick, pinned, side, fetched }
}
