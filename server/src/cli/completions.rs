//! `stateloft completions` and `stateloft man`: what a shell and a reader need, made from the commands themselves.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::say::{remark, write_bytes};
use super::{Cli, Done};

/// Print completions for a shell: `source <(stateloft completions bash)`.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Write a page for `man` for each command: stateloft.1, stateloft-get.1 and so on.
#[derive(Debug, Args)]
pub(super) struct Man {
    /// The folder, which is made where it is not there.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

impl Completions {
    pub(super) fn run(self) -> ExitCode {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "stateloft", &mut script);
        write_bytes(&script);
        ExitCode::SUCCESS
    }
}

impl Man {
    pub(super) fn run(self) -> Done {
        let at = |error: std::io::Error| format!("{}: {error}", self.out.display());
        std::fs::create_dir_all(&self.out).map_err(at)?;
        clap_mangen::generate_to(Cli::command(), &self.out).map_err(at)?;
        remark!("stateloft: the pages are in {}", self.out.display());
        Ok(ExitCode::SUCCESS)
    }
}
