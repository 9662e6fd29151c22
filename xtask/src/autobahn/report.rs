//! What the suite found.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::progress;

/// Fewer cases than this are not the suite.
const CASES_MIN: usize = 250;

/// One case, as `index.json` has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    behavior: String,
    behavior_close: String,
}

impl Case {
    /// `NON-STRICT` is right by RFC 6455, if not in the strictest order; `INFORMATIONAL` asks for nothing.
    fn passed(&self) -> bool {
        let right = |verdict: &str| matches!(verdict, "OK" | "NON-STRICT" | "INFORMATIONAL");
        right(&self.behavior) && right(&self.behavior_close)
    }
}

/// Prints a summary; an error names every case that did not pass.
pub(super) fn check(folder: &Path, agent: &str) -> Result<()> {
    let index = folder.join("index.json");
    let text = std::fs::read_to_string(&index).with_context(|| format!("reading {}", index.display()))?;
    judge(&text, agent)
}

fn judge(text: &str, agent: &str) -> Result<()> {
    let mut agents: BTreeMap<String, BTreeMap<String, Case>> =
        serde_json::from_str(text).context("the suite's report cannot be read")?;
    let cases = agents.remove(agent).unwrap_or_default();
    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    for case in cases.values() {
        *verdicts.entry(&case.behavior).or_default() += 1;
    }
    let sums: Vec<String> = verdicts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
    progress::note(&format!("{} cases: {}", cases.len(), sums.join(", ")));
    let wrong: Vec<String> = cases
        .iter()
        .filter(|(_, case)| !case.passed())
        .map(|(name, case)| format!("{name} ({}, close: {})", case.behavior, case.behavior_close))
        .collect();
    if !wrong.is_empty() {
        bail!("{} of {} cases did not pass: {}", wrong.len(), cases.len(), wrong.join(", "));
    }
    if cases.len() < CASES_MIN {
        bail!("only {} cases were run", cases.len());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(close: &str) -> String {
        let case = |n: usize| format!(r#""1.{n}":{{"behavior":"OK","behaviorClose":"OK","duration":2}}"#);
        let cases: Vec<String> = (0..CASES_MIN).map(case).collect();
        let last = format!(r#""2.1":{{"behavior":"NON-STRICT","behaviorClose":"{close}"}}"#);
        format!(r#"{{"us":{{{},{last}}}}}"#, cases.join(","))
    }

    #[test]
    fn every_case_must_have_passed_and_closed_well() {
        judge(&report("OK"), "us").unwrap();
        let wrong = judge(&report("UNCLEAN"), "us").unwrap_err().to_string();
        assert!(wrong.contains("2.1 (NON-STRICT, close: UNCLEAN)"), "{wrong}");
        assert!(judge(&report("OK"), "others").is_err(), "no case at all is no pass");
    }
}
