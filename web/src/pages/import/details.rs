//! How single items differ from what the store holds, worked out in the browser.

use std::collections::HashMap;
use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::api::VersionView;
use stateloft_core::diff::Diff;
use stateloft_core::model::StateKey;
use wasm_bindgen::JsValue;

use super::importing::Shown;
use crate::pages::compare::Failure;
use crate::worker::{self, Judged};

/// How far it is.
#[derive(Clone, PartialEq)]
pub(super) enum Stage {
    /// The text is fetched, or the worker compares.
    Working,
    /// Done.
    Done(Arc<Diff>),
    /// It could not be.
    Failed(Failure),
}

/// What was worked out, by the items' names, each with the version that it was held against.
#[derive(Clone, Copy)]
pub(super) struct Details(RwSignal<HashMap<String, (String, Stage)>>);

impl Details {
    pub(super) fn new() -> Self {
        Self(RwSignal::new(HashMap::new()))
    }

    pub(super) fn clear(self) {
        self.0.update(HashMap::clear);
    }

    /// What is known of an item.
    pub(super) fn get(self, name: &str) -> Option<Stage> {
        self.0.with(|known| known.get(name).map(|(_, stage)| stage.clone()))
    }

    /// In how many paths an item differs, once that is known.
    pub(super) fn differing(self, name: &str) -> Option<u64> {
        self.0.with(|known| match known.get(name) {
            Some((_, Stage::Done(diff))) => {
                Some(diff.changes.iter().filter(|change| !change.volatile).count() as u64)
            }
            _ => None,
        })
    }

    /// Forgets what was held against heads that are none any more.
    pub(super) fn forget_moved(self, shown: &Shown) {
        let head = |name: &str| {
            let item = shown.found.items.iter().find(|item| item.name == name)?;
            Some(shown.look.states.get(&item.key())?.head.version_id.clone())
        };
        self.0.try_update(|known| known.retain(|name, (against, _)| head(name).as_ref() == Some(against)));
    }

    /// Works out how an item differs from the head that the store holds in its place; nothing, where it holds none.
    pub(super) fn want(self, shown: &Shown, at: usize, judged: Option<&Arc<Judged>>) {
        let item = &shown.found.items[at];
        let Some(stored) = shown.look.states.get(&item.key()) else { return };
        let (key, name, head) = (item.key(), item.name.clone(), stored.head.clone());
        let is_there = |known: &HashMap<String, (String, Stage)>| {
            known.get(&name).is_some_and(|(_, stage)| !matches!(stage, Stage::Failed(_)))
        };
        let Some(data) = judged.map(|judged| judged.data(at)) else { return };
        if self.0.with_untracked(is_there) {
            return;
        }
        let against = head.version_id.clone();
        self.0.update(|known| {
            known.insert(name.clone(), (against.clone(), Stage::Working));
        });
        spawn_local(async move {
            let stage = match difference(&key, &head, data).await {
                Ok(diff) => Stage::Done(Arc::new(diff)),
                Err(failure) => Stage::Failed(failure),
            };
            self.0.try_update(|known| known.insert(name, (against, stage)));
        });
    }
}

async fn difference(key: &StateKey, head: &VersionView, data: JsValue) -> Result<Diff, Failure> {
    let old = worker::text_of(key, head).await?;
    Ok(worker::call("diff", &[JsValue::from_str(key.state_type.as_str()), old, data]).await?)
}
