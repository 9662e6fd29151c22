//! What axe-core says of a page: whoever does not see it, sees little of it, or uses no pointer, can still use it.
//!
//! Faults fail the journey. What axe cannot decide by itself is kept in `artifacts/axe`, so that nothing is passed over in silence.

use std::fmt::Write as _;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::browser::{Browser, Screen, Theme};
use crate::server::beside_the_tests;

/// Names the file of axe-core (`cargo xtask axe` says where it is); `cargo xtask test` sets it.
const VARIABLE: &str = "AXE";

/// Runs it in the page. The rules are those of WCAG 2.2 on the levels A and AA, and axe's own of good practice.
///
/// Not held to the least size of a target (2.5.8), because the same can be done elsewhere on the same page, which that rule allows:
/// - `.track` and `.axis .flag`: what stands on the lanes of runs is as wide as it took. Keys walk the lanes, and each run has its row.
/// - `.steps-chart .dot`: a dot for each version of a path, as close as the versions are. Each has its row in the history.
const RUN: &str = r"
  const done = arguments[arguments.length - 1];
  // A tip stands where what it is a tip of stands, in no landmark of its own; as a dialog does.
  const regionMatcher = 'dialog, [role=dialog], [role=alertdialog], svg, [role=tooltip]';
  axe.configure({ checks: [{ id: 'region', options: { regionMatcher } }], rules: [{ id: 'target-size', selector: ':not(.track *, .axis .flag, .steps-chart .dot)' }] });
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];
  axe.run(document.querySelector(arguments[0]), { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations', 'incomplete'] }).then(found => {
    const say = rules => rules.flatMap(rule => rule.nodes.map(node =>
      `${rule.id}: ${node.target.join(' ')}\n    ${node.html.slice(0, 200)}\n    ` +
      [...node.any, ...node.all, ...node.none].map(check => check.message).join('; ')));
    done({ faults: say(found.violations), undecided: say(found.incomplete) });
  }, error => done({ faults: ['axe itself: ' + error], undecided: [] }));
";

impl Browser {
    /// Nothing that axe-core looks for is wrong here, in light and dark, wide and on a phone. Leaves the screen wide and light.
    ///
    /// # Panics
    /// If something is, or axe-core cannot be had.
    pub async fn assert_accessible(&self, name: &str) {
        for (screen, theme) in looks() {
            self.screen(screen).await;
            self.theme(theme).await;
            self.look("html", &format!("{name}, {screen:?}, {theme:?}")).await;
        }
    }

    /// The same of the part that this selects, such as a menu: what it lies over cannot be met while it is open.
    ///
    /// # Panics
    /// As [`Self::assert_accessible`].
    pub async fn assert_part_accessible(&self, css: &str, name: &str) {
        for (screen, theme) in looks() {
            self.screen(screen).await;
            self.theme(theme).await;
            self.see(css).await;
            self.look(css, &format!("{name}, {screen:?}, {theme:?}")).await;
        }
    }

    /// The same of what is on the screen as it is.
    pub(crate) async fn assert_accessible_now(&self, name: &str) {
        self.look("html", name).await;
    }

    async fn look(&self, css: &str, name: &str) {
        if self.script("return !!window.axe", &[]).await != Value::Bool(true) {
            // Not as a script of the page, whose security policy takes none from elsewhere.
            self.cdp("Runtime.evaluate", json!({ "expression": axe() })).await;
        }
        let answer = self.driver().execute_async(RUN, vec![json!(css)]).await;
        let answer = answer.unwrap_or_else(|error| panic!("axe in {name}: {error}"));
        let lines = |of: &str| -> Vec<String> {
            let list = answer.json()[of].as_array().cloned().unwrap_or_default();
            list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        keep(name, &lines("undecided"));
        let faults = lines("faults");
        assert!(faults.is_empty(), "{name}: axe finds {} faults\n{}", faults.len(), faults.join("\n"));
    }
}

/// Every way in which a page is looked at; the last one is wide and light.
fn looks() -> [(Screen, Theme); 4] {
    let both = |screen| [(screen, Theme::Dark), (screen, Theme::Light)];
    let ([a, b], [c, d]) = (both(Screen::Phone), both(Screen::Wide));
    [a, b, c, d]
}

fn axe() -> &'static str {
    static AXE: OnceLock<String> = OnceLock::new();
    AXE.get_or_init(|| {
        let path = std::env::var(VARIABLE).unwrap_or_else(|_| fetched());
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    })
}

fn fetched() -> String {
    let output = Command::new(beside_the_tests("xtask")).arg("axe").output().expect("xtask runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let path = said.lines().last().filter(|_| output.status.success());
    path.unwrap_or_else(|| panic!("axe-core cannot be had: {}", String::from_utf8_lossy(&output.stderr)))
        .to_owned()
}

fn keep(name: &str, undecided: &[String]) {
    let path = crate::artifacts::folder("axe").join(format!("{}.txt", name.replace([' ', '/'], "")));
    // What an earlier look could not decide says nothing of this one.
    let _ = std::fs::remove_file(&path);
    if undecided.is_empty() {
        return;
    }
    let mut text = format!("{name}: axe cannot decide\n");
    for line in undecided {
        let _ = writeln!(text, "{line}");
    }
    std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
