//! What the program says of itself: version, help, completions, pages, settings.

use serde_json::Value;

use super::{folder, run};

/// The reference.
const REFERENCE: &str = include_str!("../../../docs/CLI.md");

/// The long flags in a help text.
fn flags(help: &str) -> Vec<String> {
    let words = help.lines().filter_map(|line| {
        let line = line.trim_start();
        let at = line.find("--").filter(|at| line.starts_with('-') && *at <= 4)?;
        let flag: String = line[at..].chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
        (flag.len() > 2).then_some(flag)
    });
    words.collect()
}

/// The part of the reference about a command.
fn section(command: &str) -> &'static str {
    let (_, rest) = REFERENCE
        .split_once(&format!("\n### {command}\n"))
        .unwrap_or_else(|| panic!("docs/CLI.md says nothing of {command}"));
    rest.split("\n## ").next().and_then(|rest| rest.split("\n### ").next()).unwrap()
}

#[tokio::test]
async fn the_reference_knows_every_command_every_flag_and_every_exit_code() {
    let here = folder();
    let help = run(here.path(), &["--help"], &[]).await.out;
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let commands = commands.lines().take_while(|line| line.starts_with("  "));
    let commands: Vec<_> =
        commands.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect();
    assert!(commands.len() > 15, "{commands:?}");
    // What holds for all of them stands once.
    let (common, _) = REFERENCE.split_once("\n## States\n").unwrap();
    for command in commands {
        let of_command = section(command);
        // The settings of an import are in the README.
        for flag in flags(&run(here.path(), &[command, "--help"], &[]).await.out) {
            let said = command == "import"
                || flag == "--help"
                || of_command.contains(&flag)
                || common.contains(&format!("`{flag}"));
            assert!(said, "docs/CLI.md does not say {flag} of {command}");
        }
    }
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    for line in codes.lines().filter(|line| !line.is_empty()) {
        let code = line.split_whitespace().next().unwrap();
        assert!(REFERENCE.contains(&format!("\n| {code} | ")), "docs/CLI.md does not say what {code} means");
    }
}

#[tokio::test]
async fn every_shell_has_completions_and_every_command_a_page() {
    let here = folder();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = run(here.path(), &["completions", shell], &[]).await;
        assert_eq!(script.code, Some(0), "{}", script.err);
        for word in ["restore", "plan-hash"] {
            assert!(script.out.contains(word), "{shell} does not know {word}");
        }
    }
    let pages = run(here.path(), &["man", "--out", "pages/man1"], &[]).await;
    assert_eq!((pages.code, pages.out.as_str()), (Some(0), ""), "{}", pages.err);
    for page in ["stateloft.1", "stateloft-get.1", "stateloft-snapshot-create.1"] {
        let text = std::fs::read_to_string(here.path().join("pages/man1").join(page)).expect(page);
        assert!(text.contains(".SH NAME"), "{page}");
    }
    let main = std::fs::read_to_string(here.path().join("pages/man1/stateloft.1")).unwrap();
    assert!(main.contains("Exit codes"), "{main}");
}

#[tokio::test]
async fn config_print_says_what_each_setting_is_and_who_says_so_and_tells_no_secret() {
    let here = folder();
    let file = r#"{"limits": {"snapshots": 7}, "database": {"postgresql_password": "hunter2"}, "validation_modes": {"position": "strict"}}"#;
    std::fs::write(here.path().join("config.json"), file).unwrap();
    let env = [("TRADING_STATE_API_KEY", "hunter2hunter2hunter2"), ("TRADING_STATE_LOG_LEVEL", "DEBUG")];
    let printed = run(here.path(), &["config", "print"], &env).await;
    assert_eq!(printed.code, Some(0), "{}", printed.err);
    for part in [
        "# From: config.json, /limits/snapshots\nTRADING_STATE_SNAPSHOT_LIMIT=7\n",
        "# From: environment variable TRADING_STATE_LOG_LEVEL\nTRADING_STATE_LOG_LEVEL=DEBUG\n",
        "#TRADING_STATE_API_KEY=(set, and not shown)\n",
        "# In config.json: api.port; default: `8000`\n#TRADING_STATE_API_PORT=\n",
        "TRADING_STATE_VALIDATION_MODES=position=strict\n",
    ] {
        assert!(printed.out.contains(part), "{part} in {}", printed.out);
    }
    let lines = run(here.path(), &["config", "print", "--json"], &env).await.out;
    assert!(!printed.out.contains("hunter2") && !lines.contains("hunter2"));
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let key = lines.iter().find(|line| line["variable"] == "TRADING_STATE_API_KEY").unwrap();
    assert_eq!(
        (key.get("value"), &key["source"]),
        (None, &"environment variable TRADING_STATE_API_KEY".into())
    );
    let wrong = run(here.path(), &["config", "print"], &[("TRADING_STATE_API_PORT", "many")]).await;
    assert_eq!(wrong.code, Some(1), "{}", wrong.err);
    assert!(
        wrong.err.contains("\"many\" is not a port") && wrong.out.contains("TRADING_STATE_API_PORT=many\n")
    );
}
