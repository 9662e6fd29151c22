//! The line of jobs in front of the worker: it does one at a time, and what nobody waits for any more is not done.

use std::collections::VecDeque;

/// What to do with the worker after a change in the line.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<J> {
    /// Nothing: it is busy, or there is nothing to do.
    Rest,
    /// Hand it this job.
    Post(u32, J),
    /// Stop it in the middle of its job and start a fresh one; then hand it what [`Jobs::hand_over`] gives.
    Restart,
}

/// Texts of more characters than this, all arguments together, are large: they have a worker of their own.
pub const LARGE: u32 = 1_000_000;

/// Jobs by number, first come first served.
#[derive(Debug)]
pub struct Jobs<J> {
    last: u32,
    running: Option<u32>,
    /// Nobody waits for the running job any more.
    abandoned: bool,
    /// Starting afresh costs less than letting a job finish that nobody waits for.
    large: bool,
    waiting: VecDeque<(u32, J)>,
}

impl<J> Jobs<J> {
    /// A line of jobs on large texts, or of small ones.
    #[must_use]
    pub fn new(large: bool) -> Self {
        Self { last: 0, running: None, abandoned: false, large, waiting: VecDeque::new() }
    }

    /// Puts a job in the line and gives its number.
    pub fn add(&mut self, job: J) -> u32 {
        self.last = self.last.wrapping_add(1);
        self.waiting.push_back((self.last, job));
        self.last
    }

    /// The job to hand over now, if the worker is free.
    pub fn hand_over(&mut self) -> Step<J> {
        if self.running.is_some() {
            if !self.abandoned || self.waiting.is_empty() {
                return Step::Rest;
            }
            (self.running, self.abandoned) = (None, false);
            return Step::Restart;
        }
        match self.waiting.pop_front() {
            Some((id, job)) => {
                self.running = Some(id);
                Step::Post(id, job)
            }
            None => Step::Rest,
        }
    }

    /// The worker answered. Answers to other jobs than the running one are of a worker that was stopped.
    pub fn answered(&mut self, id: u32) -> bool {
        let current = self.running == Some(id);
        if current {
            (self.running, self.abandoned) = (None, false);
        }
        current
    }

    /// Nobody waits for this job any more: it is not begun. A small one that runs is let finish, since starting afresh costs
    /// more; a large one stands in nobody's way: [`Jobs::hand_over`] stops it as soon as another waits.
    pub fn forget(&mut self, id: u32) {
        self.waiting.retain(|(other, _)| *other != id);
        self.abandoned |= self.large && self.running == Some(id);
    }

    /// The user does not want to wait for this job.
    pub fn cancel(&mut self, id: u32) -> Step<J> {
        if self.running == Some(id) {
            (self.running, self.abandoned) = (None, false);
            return Step::Restart;
        }
        self.forget(id);
        Step::Rest
    }

    /// The worker is gone: gives the number of the job that went with it.
    pub fn lost(&mut self) -> Option<u32> {
        self.abandoned = false;
        self.running.take()
    }

    /// Takes all jobs that have not begun.
    pub fn drain(&mut self) -> impl Iterator<Item = u32> {
        std::mem::take(&mut self.waiting).into_iter().map(|(id, _)| id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_job_runs_at_a_time_in_order() {
        let mut jobs = Jobs::new(false);
        let (a, b) = (jobs.add("a"), jobs.add("b"));
        assert_eq!(jobs.hand_over(), Step::Post(a, "a"));
        assert_eq!(jobs.hand_over(), Step::Rest);
        assert!(!jobs.answered(b), "b has not begun");
        assert!(jobs.answered(a));
        assert_eq!(jobs.hand_over(), Step::Post(b, "b"));
    }

    #[test]
    fn what_nobody_waits_for_is_not_begun() {
        let mut jobs = Jobs::new(false);
        let (a, b, c) = (jobs.add("a"), jobs.add("b"), jobs.add("c"));
        jobs.hand_over();
        jobs.forget(b);
        jobs.forget(a);
        assert_eq!(jobs.hand_over(), Step::Rest, "a is let finish");
        jobs.answered(a);
        assert_eq!(jobs.hand_over(), Step::Post(c, "c"));
    }

    #[test]
    fn a_large_job_that_nobody_waits_for_gives_way_to_the_next() {
        let mut jobs = Jobs::new(true);
        let (a, b) = (jobs.add("a"), jobs.add("b"));
        jobs.hand_over();
        assert_eq!(jobs.hand_over(), Step::Rest, "a is waited for");
        jobs.forget(a);
        assert_eq!(jobs.hand_over(), Step::Restart);
        assert!(!jobs.answered(a), "a late answer of the stopped worker counts for nothing");
        assert_eq!(jobs.hand_over(), Step::Post(b, "b"));
        jobs.forget(b);
        assert_eq!(jobs.hand_over(), Step::Rest, "nobody else waits: it may as well finish");
        let c = jobs.add("c");
        assert_eq!(jobs.hand_over(), Step::Restart);
        assert_eq!(jobs.hand_over(), Step::Post(c, "c"));
        jobs.forget(7_000);
        assert_eq!(jobs.hand_over(), Step::Rest);
        assert!(jobs.answered(c));
    }

    #[test]
    fn what_was_abandoned_and_has_ended_stops_nothing_later() {
        let mut jobs = Jobs::new(true);
        let a = jobs.add("a");
        jobs.hand_over();
        jobs.forget(a);
        assert!(jobs.answered(a), "it ended by itself");
        let (b, c) = (jobs.add("b"), jobs.add("c"));
        assert_eq!(jobs.hand_over(), Step::Post(b, "b"));
        assert_eq!(jobs.hand_over(), Step::Rest, "b is waited for");
        jobs.answered(b);
        assert_eq!(jobs.hand_over(), Step::Post(c, "c"));
    }

    #[test]
    fn cancelling_the_running_job_restarts_the_worker_and_keeps_the_others() {
        let mut jobs = Jobs::new(false);
        let (a, b, c) = (jobs.add("a"), jobs.add("b"), jobs.add("c"));
        jobs.hand_over();
        assert_eq!(jobs.cancel(b), Step::Rest);
        assert_eq!(jobs.cancel(a), Step::Restart);
        assert!(!jobs.answered(a), "a late answer of the stopped worker counts for nothing");
        assert_eq!(jobs.hand_over(), Step::Post(c, "c"));
        assert_eq!(jobs.lost(), Some(c));
    }
}
