//! The board on the screen: what is asked, what the server answered, what is chosen, and where the keys are.

use std::sync::Arc;

use leptos::prelude::*;
use stateloft_core::api::{ApplyReconcile, Code, PlannedRow, ReconcilePlan, RowChoice, RunView};
use stateloft_core::model::StateKey;

use super::again::Again;
use super::asking::SETTLE;
use crate::api::{self, ApiError};
use crate::live::{Remote, live, remote};
use crate::model::address::{Query, encode_segment};
use crate::model::reconcile::{Asked, Chosen, Moved, Source, kept, which};
use crate::model::restore::Form;
use crate::pages::restore::reconciling;
use crate::shell::{Router, clock, router};

/// The type of the state that keeps what was asked when something was written last.
pub(super) const RECORD: &str = "reconcile";

/// Which dialog is open; those of a row name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Dialog {
    /// A list is given.
    List,
    /// A lot is closed.
    Close(String),
    /// One of theirs is shared.
    Split(String),
    /// Something more is said about one that is adopted.
    Adopt(String),
}

/// A choice that the server does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// Of this row.
    pub(super) row: String,
    /// Because of this member.
    pub(super) member: String,
    /// Why.
    pub(super) words: String,
}

/// The board.
#[derive(Clone, Copy)]
pub(super) struct Board {
    /// The run's id.
    pub(super) id: StoredValue<String>,
    pub(super) run: Remote<RunView>,
    /// What was kept when something was written last, if anything was.
    pub(super) record: Remote<Option<Arc<Asked>>>,
    /// What is asked.
    pub(super) asked: RwSignal<Option<Arc<Asked>>>,
    /// The last answer.
    pub(super) plan: RwSignal<Option<Arc<ReconcilePlan>>>,
    /// It is of the present choices.
    pub(super) confirmed: RwSignal<bool>,
    /// Why there is no answer.
    pub(super) fault: RwSignal<Option<ApiError>>,
    pub(super) chosen: RwSignal<Chosen>,
    /// The choices are still those of the policy.
    pub(super) by_policy: StoredValue<bool>,
    pub(super) refused: RwSignal<Option<Refused>>,
    /// Rows that moved since they were looked at, as they were.
    pub(super) moved: RwSignal<Moved>,
    /// A write was refused because of it.
    pub(super) stopped: RwSignal<bool>,
    /// The row that the keys are at.
    pub(super) cursor: RwSignal<Option<String>>,
    pub(super) dialog: RwSignal<Option<Dialog>>,
    pub(super) reason: RwSignal<String>,
    /// How long the word of the live runs is waited for that hold what is written.
    pub(super) form: RwSignal<Form>,
    /// Counts requests, so that a late answer to an old one is known as such.
    pub(super) number: RwSignal<u64>,
    pub(super) router: Router,
    /// How its program is asked to ask its broker.
    pub(super) again: Again,
}

impl Board {
    /// Begins with what was kept of this run.
    pub(super) fn new(id: String) -> Self {
        let asked = id.clone();
        let run = remote(
            move || Some(asked.clone()),
            |id: String| async move { api::get::<RunView>(&format!("/runs/{}", encode_segment(&id))).await },
        );
        let asked = id.clone();
        let record = remote(move || Some(asked.clone()), |id: String| async move { record(&id).await });
        let (asked, plan) = (RwSignal::new(None), RwSignal::new(None));
        let board = Self {
            id: StoredValue::new(id),
            run,
            record,
            asked,
            plan,
            confirmed: RwSignal::new(false),
            fault: RwSignal::new(None),
            chosen: RwSignal::new(Chosen::default()),
            by_policy: StoredValue::new(true),
            refused: RwSignal::new(None),
            moved: RwSignal::new(Moved::default()),
            stopped: RwSignal::new(false),
            cursor: RwSignal::new(None),
            dialog: RwSignal::new(None),
            reason: RwSignal::new(String::new()),
            form: RwSignal::new(Form::default()),
            number: RwSignal::new(0),
            router: router(),
            again: Again::new(run, asked, plan),
        };
        board.begin();
        board.follow();
        board
    }

    /// Asks about what was kept, once that is read, and anew under another policy.
    fn begin(self) {
        let clock = clock();
        let read = Memo::new(move |_| self.record.value.with(Option::is_some));
        Effect::new(move || {
            if !read.get() || self.asked.with_untracked(Option::is_some) {
                return;
            }
            if self.router.param("done").is_none() && self.go_on() {
                return;
            }
            let kept = self.record.value.get_untracked().flatten();
            self.ask(kept.unwrap_or_else(|| Arc::new(Asked::nobody(clock.read()))));
        });
        let policy = Memo::new(move |_| self.router.param("policy"));
        Effect::new(move |first: Option<()>| {
            policy.track();
            if first.is_some() && self.asked.with_untracked(Option::is_some) {
                self.begin_anew();
            }
        });
        let epoch = live().epoch;
        Effect::new(move |first: Option<()>| {
            epoch.track();
            if first.is_some() && self.asked.with_untracked(Option::is_some) {
                self.again();
            }
        });
    }

    /// Goes on with what was chosen here last, if that was asked for and not written: list, choices and reason are as they were.
    fn go_on(self) -> bool {
        let Some(order) = reconciling(&self.id.get_value()) else { return false };
        let ApplyReconcile { list, options, choices, reason, handshake, .. } = order.request;
        let source = Source::Given("the list of before".to_owned());
        self.asked.set(Some(Arc::new(Asked { list, options, source })));
        self.begin_anew();
        self.by_policy.set_value(false);
        self.chosen.set(Chosen::from(choices));
        self.reason.set(reason);
        let wait = handshake.and_then(|terms| terms.wait_seconds);
        self.form.update(|form| form.wait = wait.map(|wait| wait.to_string()).unwrap_or_default());
        true
    }

    /// Holds a list against ours. What was chosen under another one is gone.
    pub(super) fn ask(self, asked: Arc<Asked>) {
        self.asked.set(Some(asked));
        self.plan.set(None);
        self.begin_anew();
    }

    /// Begins anew with the same list.
    pub(super) fn anew(self) {
        self.begin_anew();
    }

    fn begin_anew(self) {
        self.by_policy.set_value(true);
        self.chosen.set(Chosen::default());
        self.moved.set(Moved::default());
        self.stopped.set(false);
        self.refused.set(None);
        self.changed(std::time::Duration::ZERO);
    }

    /// A row of the last answer.
    pub(super) fn row(self, name: &str) -> Option<PlannedRow> {
        self.plan.with_untracked(|plan| {
            plan.as_ref()?.rows.iter().find(|row| which(&row.row) == which(name)).cloned()
        })
    }

    /// Chooses this of a row; what needs more words asks for them.
    pub(super) fn choose(self, row: &PlannedRow, choice: RowChoice) {
        let name = row.row.clone();
        match choice {
            RowChoice::AdoptTheirs | RowChoice::KeepOurs => {
                self.change(|chosen| chosen.turn(&name, choice), &name);
            }
            RowChoice::Close => self.dialog.set(Some(Dialog::Close(name))),
            RowChoice::Split => self.dialog.set(Some(Dialog::Split(name))),
        }
    }

    /// Changes what is chosen of a row, and asks what that writes. It has been looked at then.
    pub(super) fn change(self, edit: impl FnOnce(&mut Chosen), row: &str) {
        self.by_policy.set_value(false);
        self.chosen.update(edit);
        self.moved.update(|moved| moved.looked_at(row));
        if self.refused.with_untracked(|refused| {
            refused.as_ref().is_some_and(|refused| which(&refused.row) == which(row))
        }) {
            self.refused.set(None);
        }
        self.cursor.set(Some(which(row).to_owned()));
        self.changed(SETTLE);
    }
}

/// What was asked when something was written last.
async fn record(id: &str) -> Result<Option<Arc<Asked>>, ApiError> {
    let Ok(key) = StateKey::new(RECORD, id) else { return Ok(None) };
    match api::state(&key, &Query::default()).await {
        Ok(view) => Ok(view.data.as_ref().and_then(kept).map(Arc::new)),
        Err(error) if matches!(error.code(), Some(Code::StateNotFound | Code::StateDeleted)) => Ok(None),
        Err(error) => Err(error),
    }
}
