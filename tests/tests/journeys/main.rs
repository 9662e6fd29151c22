//! Journeys through the console: a real Chromium, the real server, what a person does and sees.
//!
//! Each leaves pictures in `artifacts/journeys`.

mod comparing;
mod exact;
mod first_visit;
mod live;
mod pages;
mod restoring;
