//! Two versions being compared: their texts are fetched, the worker compares, the tabs show.

use std::sync::Arc;

use futures::future::{AbortHandle, abortable, try_join};
use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::api::VersionView;
use stateloft_core::diff::Diff;
use stateloft_core::model::StateKey;
use wasm_bindgen::JsValue;

use crate::api::ApiError;
use crate::model::number;
use crate::worker::{self, Job, JobId, Source, WorkerError};

/// One side: a version with everything but its data.
pub(crate) type Side = Arc<VersionView>;

/// What comparing is doing.
#[derive(Clone, PartialEq)]
pub(crate) enum Stage {
    /// Which versions is not known yet.
    Idle,
    /// The texts are being fetched.
    Reading,
    /// The worker compares.
    Comparing(JobId),
    /// Done.
    Done(Arc<Diff>),
    /// It could not be done.
    Failed(Failure),
}

/// Why there is no comparison.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Failure {
    /// The texts could not be fetched.
    Api(ApiError),
    /// The worker did not compare.
    Worker(WorkerError),
}

impl Failure {
    /// What happened, in a sentence.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Api(error) => error.of_read().0,
            Self::Worker(WorkerError::Cancelled) => "Cancelled.".to_owned(),
            Self::Worker(_) => "The versions could not be compared.".to_owned(),
        }
    }

    /// What else is known.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Api(error) => error.of_read().1,
            Self::Worker(WorkerError::Cancelled) => String::new(),
            Self::Worker(error) => error.words(),
        }
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<WorkerError> for Failure {
    fn from(error: WorkerError) -> Self {
        Self::Worker(error)
    }
}

/// The texts of both sides.
#[derive(Clone)]
pub(crate) struct Texts {
    /// The older one.
    pub(crate) a: JsValue,
    /// The newer one.
    pub(crate) b: JsValue,
}

/// Two versions being compared.
#[derive(Clone, Copy)]
pub(crate) struct Comparison {
    /// Which state.
    pub(crate) key: StoredValue<StateKey>,
    /// The older side; `None` where there is nothing before B.
    pub(crate) a: Signal<Option<Side>>,
    /// The newer side.
    pub(crate) b: Signal<Option<Side>>,
    /// How far it is.
    pub(crate) stage: RwSignal<Stage>,
    /// The texts of what `stage` speaks of.
    pub(crate) texts: RwSignal<Option<Texts>, LocalStorage>,
    source: Source,
    again: RwSignal<u32>,
}

impl Comparison {
    /// Compares `a` with `b` of the store, and again whenever one of them changes.
    pub(crate) fn new(key: StateKey, a: Signal<Option<Side>>, b: Signal<Option<Side>>) -> Self {
        Self::of(Source::Store, key, a, b)
    }

    /// The same with versions from elsewhere.
    pub(crate) fn of(
        source: Source,
        key: StateKey,
        a: Signal<Option<Side>>,
        b: Signal<Option<Side>>,
    ) -> Self {
        let this = Self {
            key: StoredValue::new(key),
            a,
            b,
            stage: RwSignal::new(Stage::Idle),
            texts: RwSignal::new_local(None),
            source,
            again: RwSignal::new(0),
        };
        let task = StoredValue::new(None::<AbortHandle>);
        let stop = move || {
            if let Some(handle) = task.try_update_value(Option::take).flatten() {
                handle.abort();
            }
        };
        let pair = Memo::new(move |_| {
            this.again.track();
            let ids = (a.get().map(|a| a.version_id.clone()), b.get()?.version_id.clone());
            Some((ids, this.again.get()))
        });
        Effect::new(move || {
            let ready = pair.get().is_some();
            stop();
            if !ready {
                this.stage.set(Stage::Idle);
                return;
            }
            let (work, handle) = abortable(this.run(a.get_untracked(), b.get_untracked()));
            task.set_value(Some(handle));
            spawn_local(async move {
                if let Ok(Err(failure)) = work.await {
                    this.stage.try_set(Stage::Failed(failure));
                }
            });
        });
        on_cleanup(stop);
        this
    }

    async fn run(self, a: Option<Side>, b: Option<Side>) -> Result<(), Failure> {
        let (Some(key), Some(b)) = (self.key.try_get_value(), b) else { return Ok(()) };
        // What is on the screen stays there while small documents are compared: no flicker.
        let large = size_of(a.as_ref()) + b.size > 200_000;
        if large || !matches!(self.stage.try_get_untracked(), Some(Stage::Done(_))) {
            self.stage.try_set(Stage::Reading);
        }
        let read = async |side: Option<&VersionView>| -> Result<JsValue, Failure> {
            match (side, self.source) {
                (None, _) => Ok(JsValue::from_str("{}")),
                (Some(side), Source::Store) => Ok(worker::text_of(&key, side).await?),
                (Some(side), Source::File) => Ok(worker::file_text(side).await?),
            }
        };
        let (a_text, b_text) = try_join(read(a.as_deref()), read(Some(&b))).await?;
        let state_type = JsValue::from_str(key.state_type.as_str());
        let job = worker::start("diff", &[state_type, a_text.clone(), b_text.clone()]);
        if large {
            self.stage.try_set(Stage::Comparing(job.id()));
        }
        let diff: Diff = worker::read(job.await?)?;
        self.texts.try_set(Some(Texts { a: a_text, b: b_text }));
        self.stage.try_set(Stage::Done(Arc::new(diff)));
        Ok(())
    }

    /// The difference, when there is one.
    pub(crate) fn diff(self) -> Option<Arc<Diff>> {
        self.stage.with(|stage| match stage {
            Stage::Done(diff) => Some(Arc::clone(diff)),
            _ => None,
        })
    }

    /// Compares once more.
    pub(crate) fn retry(self) {
        self.again.update(|again| *again += 1);
    }

    /// Stops a comparison that takes too long.
    pub(crate) fn cancel(self) {
        if let Some(Stage::Comparing(job)) = self.stage.try_get_untracked() {
            Job::cancel(job);
        }
    }

    /// Bytes on both sides, for people.
    pub(crate) fn amount(self) -> String {
        let size = |side: Option<Side>| side.map_or(0, |side| side.size as u64);
        number::bytes(size(self.a.get()) + size(self.b.get()))
    }
}

fn size_of(side: Option<&Side>) -> usize {
    side.map_or(0, |side| side.size)
}
