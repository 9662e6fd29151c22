//! Room that is held, and given back when it is dropped.

use std::sync::Arc;

use super::{Budget, Class, kib};

/// Room in the budget. It goes where the bytes go, and is given back when it is dropped with them.
#[derive(Debug)]
pub struct Held {
    budget: Arc<Budget>,
    class: Class,
    /// KiB of the class's share.
    kib: u32,
    /// KiB of what is kept for small things.
    small_kib: u32,
}

impl Held {
    pub(super) fn of(budget: &Arc<Budget>, class: Class, kib: u32, small_kib: u32) -> Self {
        Self { budget: Arc::clone(budget), class, kib, small_kib }
    }

    pub(super) fn with(mut self, kib: u32) -> Self {
        self.kib += kib;
        self
    }

    /// What it is held for.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// How much it is.
    #[must_use]
    pub fn bytes(&self) -> usize {
        (self.kib as usize + self.small_kib as usize) << 10
    }

    /// Whether there is no more of its class.
    pub(super) fn is_everything(&self) -> bool {
        self.kib >= self.budget.shares[self.class as usize].kib
    }

    /// Takes in more of the same class.
    pub fn merge(&mut self, mut more: Self) {
        debug_assert_eq!(self.class, more.class, "room of one class is given back to that class");
        self.kib += std::mem::take(&mut more.kib);
        self.small_kib += std::mem::take(&mut more.small_kib);
    }

    /// Takes room for so many bytes out of this one, or as much as there is.
    #[must_use]
    pub fn split(&mut self, bytes: usize) -> Self {
        let wanted = kib(bytes);
        let large = wanted.min(self.kib);
        let small = (wanted - large).min(self.small_kib);
        self.kib -= large;
        self.small_kib -= small;
        Self::of(&self.budget, self.class, large, small)
    }

    /// Gives back all but so many bytes.
    pub fn shrink_to(&mut self, bytes: usize) {
        let more = self.bytes().saturating_sub(bytes);
        drop(self.split(more));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.give_back(self.class, self.kib, self.small_kib);
    }
}
