//! The files on the page, what was found in them, and what is ticked. How they are read and looked at stands beside it.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use futures::future::AbortHandle;
use js_sys::Uint8Array;
use leptos::prelude::*;
use stateloft_core::api::Standing;
use stateloft_core::model::StateKey;

use super::bundles::BundleFile;
use super::details::Details;
use super::reading::Given;
use super::working::Fault;
use crate::model::import::{Found, Item, Look, Only, Stood, Tally, Ticks, tally};
use crate::parts::Writing;
use crate::shell::router;
use crate::worker::Judged;

/// What was found in files, and how it stands to the store.
#[derive(Clone)]
pub(super) struct Shown {
    /// Tells it from what was found before.
    pub(super) round: u64,
    /// What was found.
    pub(super) found: Arc<Found>,
    /// What the store holds of it.
    pub(super) look: Arc<Look>,
    /// How the items stand.
    pub(super) stood: Arc<Vec<Stood>>,
    /// How what cannot be placed stands.
    pub(super) quarantine: Arc<Vec<Standing>>,
    /// The states that are spoken of.
    pub(super) keys: Arc<HashSet<StateKey>>,
}

/// Of which files, with which zone, something was said, and what.
pub(super) type JudgedOf = (Vec<u32>, Option<String>, Arc<Judged>);

/// How far the work on the files is.
#[derive(Clone, PartialEq)]
pub(super) enum Work {
    /// Nothing is to be done.
    Idle,
    /// The worker understands them.
    Judging,
    /// So many of so many states have been looked for in the store.
    Looking(u64, u64),
    /// The store is looked at again: what is shown of these files is whole, and can be written. Beside a program that saves all the
    /// time it is so nearly always.
    LookingAgain,
}

/// What is kept while another page is shown.
#[derive(Clone, Default)]
struct Left {
    files: Vec<Given>,
    ticks: Ticks,
    turned: BTreeSet<String>,
    zone: Option<String>,
    reason: String,
    accept: bool,
}

thread_local! {
    static LEFT: RefCell<Left> = RefCell::default();
}

/// The files on the page.
#[derive(Clone, Copy)]
pub(super) struct Importing {
    /// The files, in the order in which they came.
    pub(super) files: RwSignal<Vec<Given>, LocalStorage>,
    /// What was found in those that are read.
    pub(super) shown: RwSignal<Option<Arc<Shown>>>,
    /// What the component said of them last, and of which files with which zone that was.
    pub(super) judged: StoredValue<Option<JudgedOf>, LocalStorage>,
    /// How far the work on them is.
    pub(super) work: RwSignal<Work>,
    /// Why it went no further.
    pub(super) fault: RwSignal<Option<Fault>>,
    /// What was not taken, and why.
    pub(super) refused: RwSignal<Option<String>>,
    /// Bundles among what was given: those are no files of an older program.
    pub(super) bundles: RwSignal<Vec<BundleFile>, LocalStorage>,
    /// The boxes that were turned.
    pub(super) ticks: RwSignal<Ticks>,
    /// What was folded or unfolded by hand.
    pub(super) turned: RwSignal<BTreeSet<String>>,
    /// Items whose difference is open, by name.
    pub(super) open: RwSignal<BTreeSet<String>>,
    /// What was worked out of them.
    pub(super) details: Details,
    /// The row that the keys are at.
    pub(super) cursor: RwSignal<Option<String>>,
    /// The zone of times without one.
    pub(super) zone: RwSignal<Option<String>>,
    /// Why it is imported.
    pub(super) reason: RwSignal<String>,
    /// What is invalid is accepted.
    pub(super) accept: RwSignal<bool>,
    /// What the list is limited to.
    pub(super) only: Memo<Option<Only>>,
    /// How many of what.
    pub(super) tally: Memo<Tally>,
    /// The write.
    pub(super) writing: Writing,
    /// Counts rounds of work.
    pub(super) round: RwSignal<u64>,
    /// Ends the round that is under way.
    pub(super) abort: StoredValue<Option<AbortHandle>>,
    /// There is something new to work on.
    pub(super) again: StoredValue<bool>,
}

impl Importing {
    /// With what was there when the page was left.
    pub(super) fn new() -> Self {
        let router = router();
        let Left { files, ticks, turned, zone, reason, accept } = LEFT.take();
        let (shown, ticks) = (RwSignal::new(None::<Arc<Shown>>), RwSignal::new(ticks));
        let tally = Memo::new(move |_| {
            let count = |shown: &Arc<Shown>| {
                ticks.with(|ticks| tally(&shown.found, &shown.stood, &shown.quarantine, ticks))
            };
            shown.with(|shown| shown.as_ref().map(count).unwrap_or_default())
        });
        let this = Self {
            files: RwSignal::new_local(files),
            shown,
            judged: StoredValue::new_local(None),
            work: RwSignal::new(Work::Idle),
            fault: RwSignal::new(None),
            refused: RwSignal::new(None),
            bundles: RwSignal::new_local(Vec::new()),
            ticks,
            turned: RwSignal::new(turned),
            open: RwSignal::new(BTreeSet::new()),
            details: Details::new(),
            cursor: RwSignal::new(None),
            zone: RwSignal::new(zone),
            reason: RwSignal::new(reason),
            accept: RwSignal::new(accept),
            only: Memo::new(move |_| router.param("show").as_deref().and_then(Only::named)),
            tally,
            writing: Writing::new(),
            round: RwSignal::new(0),
            abort: StoredValue::new(None),
            again: StoredValue::new(false),
        };
        on_cleanup(move || this.leave());
        Effect::new(move |first: Option<()>| {
            if first.is_none() {
                untrack(|| this.read_waiting());
                untrack(|| this.work_anew());
            }
        });
        this.follow();
        this
    }

    /// Keeps what there is for when the page is shown again.
    fn leave(self) {
        if let Some(handle) = self.abort.try_update_value(Option::take).flatten() {
            handle.abort();
        }
        let left = Left {
            files: self
                .files
                .try_get_untracked()
                .unwrap_or_default()
                .into_iter()
                .map(Given::unbegun)
                .collect(),
            ticks: self.ticks.try_get_untracked().unwrap_or_default(),
            turned: self.turned.try_get_untracked().unwrap_or_default(),
            zone: self.zone.try_get_untracked().flatten(),
            reason: self.reason.try_get_untracked().unwrap_or_default(),
            accept: self.accept.try_get_untracked().unwrap_or_default(),
        };
        LEFT.set(left);
    }

    /// Whether there is any file.
    pub(super) fn has_files(self) -> bool {
        self.files.with(|files| !files.is_empty())
    }

    /// The files that are read, with their bytes.
    pub(super) fn read(self) -> Vec<(u32, String, Uint8Array)> {
        let read = |given: &Given| Some((given.id, given.name.clone(), given.bytes()?));
        self.files.try_with_untracked(|files| files.iter().filter_map(read).collect()).unwrap_or_default()
    }

    /// Leaves a file out: it is not read, or what was read of it is forgotten.
    pub(super) fn leave_out(self, id: u32) {
        self.files.update(|files| files.retain(|given| given.id != id));
        self.work_anew();
    }

    /// Forgets everything.
    pub(super) fn discard(self) {
        self.files.update(Vec::clear);
        self.shown.set(None);
        self.judged.set_value(None);
        self.refused.set(None);
        self.ticks.set(Ticks::default());
        self.turned.update(BTreeSet::clear);
        self.open.update(BTreeSet::clear);
        self.details.clear();
        self.reason.set(String::new());
        self.accept.set(false);
        self.work_anew();
    }

    /// Folds or unfolds a file or a fold.
    pub(super) fn turn(self, id: &str) {
        toggle(self.turned, id);
    }

    /// Opens or closes the difference of an item.
    pub(super) fn unfold(self, shown: &Arc<Shown>, at: usize) {
        let name = &shown.found.items[at].name;
        toggle(self.open, name);
        if self.open.with_untracked(|open| open.contains(name)) {
            let judged =
                self.judged.with_value(|judged| judged.as_ref().map(|(.., judged)| Arc::clone(judged)));
            self.details.want(shown, at, judged.as_ref());
        }
    }

    /// Turns the boxes of these items.
    pub(super) fn tick(self, shown: &Shown, items: &[usize], on: bool) {
        self.ticks.update(|ticks| items.iter().for_each(|at| ticks.set(&shown.found.items[*at], on)));
    }

    /// Puts an item into the history only, or takes it out of what is written.
    pub(super) fn put_into_history(self, item: &Item, on: bool) {
        self.ticks.update(|ticks| ticks.put_into_history(item, on));
    }

    /// The items of a file.
    pub(super) fn items_of(shown: &Shown, file: usize) -> Vec<usize> {
        let name = &shown.found.files[file].name;
        let items = shown.found.items.iter().enumerate();
        items.filter(|(_, item)| item.source.file == *name).map(|(at, _)| at).collect()
    }
}

fn toggle(set: RwSignal<BTreeSet<String>>, id: &str) {
    set.update(|set| {
        if !set.remove(id) {
            set.insert(id.to_owned());
        }
    });
}
