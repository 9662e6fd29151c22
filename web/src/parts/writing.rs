//! One write: whether it is under way, what is known when it failed, and, where nothing is known, what a look at the store
//! finds as soon as the server answers.

use std::future::Future;
use std::pin::pin;

use futures::FutureExt;
use futures::future::{Either, LocalBoxFuture, select};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Notice, NoticeKind};
use crate::api::ApiError;
use crate::live::live;
use crate::model::contact::Contact;
use crate::model::failure::{Known, not_known};
use crate::model::found::{Found, Hand};
use crate::shell::{Clock, Toasts, clock, toasts};

/// A server that is not heard any more is not waited for longer than this, and one that is heard not longer than that (s).
const PATIENCE: (u32, u32) = (8, 120);
/// While it cannot be looked: again after this (ms).
const LOOK_AGAIN: u32 = 2_000;
/// What is not there yet may still be under way: it is looked again after these (ms), then it is said to be not there.
const LATE: [u32; 2] = [2_000, 8_000];

/// What is said of a write.
#[derive(Clone, PartialEq)]
struct Said {
    kind: NoticeKind,
    head: String,
    rest: String,
}

/// A look at the store for what this hand wrote.
type Look = Box<dyn Fn(Hand) -> LocalBoxFuture<'static, Result<Found, ApiError>>>;

/// One write of the page, or none yet.
#[derive(Clone, Copy)]
pub(crate) struct Writing {
    /// It is under way, or it is being looked what became of it.
    pub(crate) busy: RwSignal<bool>,
    said: RwSignal<Option<Said>>,
    toasts: Toasts,
    contact: Memo<Contact>,
    clock: Clock,
    /// What was to be: `written`.
    done: &'static str,
}

impl Writing {
    /// Nothing is written yet.
    pub(crate) fn new() -> Self {
        Self::of("written")
    }

    /// The same for what is not written, but `done`.
    pub(crate) fn of(done: &'static str) -> Self {
        let (busy, said) = (RwSignal::new(false), RwSignal::new(None));
        Self { busy, said, toasts: toasts(), contact: live().contact, clock: clock(), done }
    }

    /// Sends, and tells what became of it. `send` brings its own answer to where it belongs. `look` looks whether what `hand`
    /// wrote is there, and `found` does what is to be done when it is.
    pub(crate) fn run(
        self,
        hand: (Option<String>, Option<String>),
        send: impl Future<Output = Result<(), ApiError>> + 'static,
        look: impl Fn(Hand) -> LocalBoxFuture<'static, Result<Found, ApiError>> + 'static,
        found: impl FnOnce() + 'static,
    ) {
        self.run_or(hand, send, look, found, Err);
    }

    /// The same where `refused` takes some refusals, and gives back those that are to be said.
    pub(crate) fn run_or(
        self,
        hand: (Option<String>, Option<String>),
        send: impl Future<Output = Result<(), ApiError>> + 'static,
        look: impl Fn(Hand) -> LocalBoxFuture<'static, Result<Found, ApiError>> + 'static,
        found: impl FnOnce() + 'static,
        refused: impl FnOnce(ApiError) -> Result<(), ApiError> + 'static,
    ) {
        self.start(hand, send.boxed_local(), Box::new(look), Box::new(found), Box::new(refused));
    }

    fn start(
        self,
        (user_id, reason): (Option<String>, Option<String>),
        send: LocalBoxFuture<'static, Result<(), ApiError>>,
        look: Look,
        found: Box<dyn FnOnce()>,
        refused: Box<dyn FnOnce(ApiError) -> Result<(), ApiError>>,
    ) {
        let contact = self.contact;
        let hand = Hand { user_id, reason, sent: self.clock.read() };
        self.busy.set(true);
        self.said.set(None);
        spawn_local(async move {
            let cut_off = contact.get_untracked().is_away() && !window().navigator().on_line();
            let answer = if cut_off { Err(ApiError::NotSent) } else { answered(contact, send).await };
            match answer {
                Ok(()) => {}
                Err(error) if error.known() == Known::NotKnown => {
                    self.failed(&error);
                    self.look(hand, look, found).await;
                }
                Err(error) => {
                    let echo = if error.may_be_echo() { look(hand).await.ok() } else { None };
                    if let Some(Found::There(words)) = echo {
                        self.found(words, found);
                    } else if let Err(error) = refused(error) {
                        self.failed(&error);
                    }
                }
            }
            self.busy.try_set(false);
        });
    }

    /// Says why it failed.
    fn failed(self, error: &ApiError) {
        let (head, rest) = error.of_write(self.done);
        let kind = match error.known() {
            Known::NotWritten => NoticeKind::Error,
            Known::Accepted => NoticeKind::Info,
            Known::NotKnown => NoticeKind::Warn,
        };
        self.say(kind, head, rest, false);
    }

    fn found(self, words: String, found: Box<dyn FnOnce()>) {
        self.said.try_set(None);
        self.toasts.done(format!("It was {}, though no answer came.", self.done), words);
        found();
    }

    async fn look(self, hand: Hand, look: Look, found: Box<dyn FnOnce()>) {
        let mut late = LATE.iter();
        loop {
            match look(hand.clone()).await {
                Ok(Found::There(words)) => return self.found(words, found),
                Ok(Found::NotYet(words)) => match late.next() {
                    Some(wait) => {
                        self.say(
                            NoticeKind::Warn,
                            not_known(self.done),
                            format!("So far {words}. Looking again."),
                            false,
                        );
                        TimeoutFuture::new(*wait).await;
                    }
                    None => {
                        return self.say(
                            NoticeKind::Error,
                            format!("It was not {}:", self.done),
                            format!("{words}."),
                            true,
                        );
                    }
                },
                Ok(Found::Never(words)) => {
                    return self.say(
                        NoticeKind::Error,
                        format!("It was not {}:", self.done),
                        format!("{words}."),
                        true,
                    );
                }
                Err(error) if error.passes() => TimeoutFuture::new(LOOK_AGAIN).await,
                Err(error) => {
                    let (head, rest) = error.of_read();
                    return self.say(NoticeKind::Warn, not_known(self.done), format!("{head} {rest}"), true);
                }
            }
        }
    }

    /// Says it where the write was begun; if that is gone and it is the last word, in a toast.
    fn say(self, kind: NoticeKind, head: String, rest: String, last: bool) {
        let unsaid = self.said.try_set(Some(Said { kind, head, rest }));
        if let Some(said) = unsaid.flatten().filter(|_| last) {
            self.toasts.failed(said.head, said.rest);
        }
    }
}

/// Waits for the answer as long as it may come.
async fn answered(
    contact: Memo<Contact>,
    mut send: LocalBoxFuture<'static, Result<(), ApiError>>,
) -> Result<(), ApiError> {
    for second in 1..=PATIENCE.1 {
        match select(send, pin!(TimeoutFuture::new(1_000))).await {
            Either::Left((answer, _)) => return answer,
            Either::Right(((), pending)) => send = pending,
        }
        let away = contact.try_get_untracked().is_none_or(Contact::is_away);
        if away && second >= PATIENCE.0 {
            break;
        }
    }
    Err(ApiError::Unreachable)
}

/// What is said of the write, where it was begun.
#[component]
pub(crate) fn WriteNote(
    /// Of this one.
    writing: Writing,
) -> impl IntoView {
    move || {
        writing.said.get().map(|said| view! { <div aria-live="polite"><Notice kind=said.kind head=said.head>{said.rest}</Notice></div> })
    }
}

/// What is there, or `None` where the server says that there is no such thing.
pub(crate) fn or_none<T>(answer: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match answer {
        Ok(there) => Ok(Some(there)),
        Err(error) if error.code().is_some_and(|code| code.status() == 404) => Ok(None),
        Err(error) => Err(error),
    }
}
