//! Running other programs so that one sees what ran and why it failed.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::progress;

/// Runs a command with its output on the terminal; anything but success is an error that names the command.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    progress::command(&line(command));
    let status = command.status().with_context(|| cannot_start(command))?;
    check(command, status)
}

/// Like [`run`], with the command's output shown only when it fails, and then only its first lines: for programs
/// that describe one mistake with thousands of lines.
pub(crate) fn run_quietly(command: &mut Command) -> Result<()> {
    progress::command(&line(command));
    let output = command.output().with_context(|| cannot_start(command))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        said.lines().take(5).for_each(progress::note);
    }
    check(command, output.status)
}

/// Runs a command and returns what it wrote to standard output; its standard error goes to the terminal.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| cannot_start(command))?;
    check(command, output.status)?;
    String::from_utf8(output.stdout).with_context(|| format!("`{}` did not write UTF-8", line(command)))
}

/// The standard output of a quick question such as `--version`, or nothing when the program is absent or fails.
pub(crate) fn quiet_output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Like [`run`], and hands each line of standard output to `seen` while it is also shown.
pub(crate) fn run_watched(command: &mut Command, mut seen: impl FnMut(&str)) -> Result<()> {
    progress::command(&line(command));
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| cannot_start(command))?;
    if let Some(stdout) = child.stdout.take() {
        for text in BufReader::new(stdout).lines() {
            let text = text.with_context(|| format!("reading the output of `{}`", line(command)))?;
            progress::pass_on(&text);
            seen(&text);
        }
    }
    let status = child.wait().with_context(|| format!("waiting for `{}`", line(command)))?;
    check(command, status)
}

fn check(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    bail!("`{}` failed ({status})", line(command))
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start `{}`", line(command))
}

/// The command as one would type it, with only the program's name instead of its full path.
fn line(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_stem().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    let arguments = command.get_args().map(|argument| {
        let text = argument.to_string_lossy();
        if text.contains(' ') { format!("'{text}'") } else { text.into_owned() }
    });
    std::iter::once(name).chain(arguments).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::line;

    #[test]
    fn a_command_is_shown_as_one_types_it() {
        let mut command = Command::new("/usr/local/bin/cargo");
        command.args(["nextest", "run", "-E", "not binary(a)"]);
        assert_eq!(line(&command), "cargo nextest run -E 'not binary(a)'");
    }
}
