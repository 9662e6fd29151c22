//! `cargo xtask test`: everything that must hold before a change is taken.

mod advisories;
mod checks;
mod native;
mod python;
mod wasm;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::ValueEnum;

use crate::workspace::Workspace;
use crate::{budget, console, progress, soak};

/// The steps, in the order in which they run: quick and telling ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// The formatting of all source files.
    Format,
    /// Clippy for everything that runs natively.
    Clippy,
    /// Clippy for the console and the component, as compiled for the browser.
    ClippyWasm,
    /// All native tests except the browser journeys.
    Native,
    /// The Python client: its types, and its tests against the server.
    Python,
    /// Two minutes of the soak: everything at once, with the server killed in between.
    Soak,
    /// Tests of WebAssembly, above all the component's, in headless Chromium.
    Wasm,
    /// Building the console; where Node is installed the component in it, and the guide to it in the browser.
    Console,
    /// Journeys through the console in headless Chromium against a real server.
    Journeys,
    /// The size of the console's first download.
    Size,
    /// Licences, advisories and sources of dependencies.
    Deny,
}

/// Runs one step, or all of them until one fails.
pub(crate) fn test(workspace: &Workspace, only: Option<Step>) -> Result<()> {
    let steps = only.map_or_else(|| Step::value_variants().to_vec(), |step| vec![step]);
    let mut done: Vec<(Step, Duration)> = Vec::new();
    let mut failure = None;
    for step in steps {
        progress::heading(&format!("Step {}", name(step)));
        let started = Instant::now();
        match execute(workspace, step) {
            Ok(()) => done.push((step, started.elapsed())),
            Err(error) => {
                failure = Some((step, started.elapsed(), error));
                break;
            }
        }
    }
    summarise(&done, failure.as_ref().map(|(step, took, _)| (*step, *took)));
    match failure {
        None => Ok(()),
        Some((step, _, error)) => Err(error).with_context(|| {
            format!("step {} failed; run just this step with `cargo xtask test --only {0}`", name(step))
        }),
    }
}

fn execute(workspace: &Workspace, step: Step) -> Result<()> {
    match step {
        Step::Format => checks::format(workspace)?,
        Step::Clippy => checks::clippy(workspace)?,
        Step::ClippyWasm => checks::clippy_wasm(workspace)?,
        Step::Native => native::all_but_journeys(workspace)?,
        Step::Python => python::client(workspace)?,
        Step::Soak => soak::short(workspace)?,
        Step::Wasm => wasm::in_browser(workspace)?,
        Step::Console => {
            console::build(workspace)?;
            wasm::in_node(workspace)?;
        }
        Step::Journeys => {
            console::build(workspace)?;
            native::journeys(workspace)?;
        }
        Step::Size => {
            console::build(workspace)?;
            budget::check(workspace)?;
        }
        Step::Deny => checks::deny(workspace)?,
    }
    Ok(())
}

fn name(step: Step) -> String {
    step.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

fn summarise(done: &[(Step, Duration)], failed: Option<(Step, Duration)>) {
    progress::heading("Summary");
    for (step, took) in done {
        progress::note(&format!("{:<12} {:>12}  passed", name(*step), progress::human(*took)));
    }
    if let Some((step, took)) = failed {
        progress::note(&format!("{:<12} {:>12}  FAILED", name(step), progress::human(took)));
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::{Step, name};

    #[test]
    fn steps_run_in_the_documented_order() {
        let names: Vec<String> = Step::value_variants().iter().map(|step| name(*step)).collect();
        let documented = [
            "format",
            "clippy",
            "clippy-wasm",
            "native",
            "python",
            "soak",
            "wasm",
            "console",
            "journeys",
            "size",
            "deny",
        ];
        assert_eq!(names, documented);
    }
}
