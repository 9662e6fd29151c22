//! A real Chromium under ChromeDriver, with the few gestures that journeys need.
//!
//! Everything waits for what a person would see, never for time to pass. Errors that the page reports (exceptions, console
//! errors, refused by the content security policy) are collected and fail the journey at its end.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use thirtyfour::error::WebDriverErrorInner;
use thirtyfour::prelude::*;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::ChildStdout;

use crate::guardian::Guardian;

/// How long something may take to appear before the journey fails.
const PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);

const ARGUMENTS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
];

/// Runs in every page before its own scripts. A browser remembers 250 of the files that a page fetched unless it is told to remember more,
/// and the console's pieces are more than that.
const COLLECT_ERRORS: &str = "
  window.__errors = [];
  performance.setResourceTimingBufferSize(10000);
  addEventListener('error', e => __errors.push('error: ' + e.message));
  addEventListener('unhandledrejection', e => __errors.push('rejection: ' + e.reason));
  addEventListener('securitypolicyviolation', e => __errors.push('csp: ' + e.violatedDirective + ' ' + e.blockedURI));
  const said = console.error.bind(console);
  console.error = (...words) => { __errors.push('console: ' + words.join(' ')); said(...words); };
";

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark ink on a light ground.
    Light,
    /// Light ink on a dark ground.
    Dark,
}

/// What the page is shown on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// 1440 x 900.
    Wide,
    /// 1280 x 720.
    Laptop,
    /// The same at 200 % zoom: 640 x 360 at double density.
    Zoomed,
    /// 380 x 800 at double density.
    Phone,
}

/// A browser of its own for one journey. It ends with the journey, however that ends.
pub struct Browser {
    driver: WebDriver,
    // Ends before its files are removed.
    _programs: Guardian,
    profile: tempfile::TempDir,
    origin: String,
    clicks: AtomicU32,
}

impl Browser {
    /// Opens a browser for the server at this origin, such as `http://127.0.0.1:8000`.
    ///
    /// # Panics
    /// If Chromium or ChromeDriver is missing or does not start; `cargo xtask test` installs them.
    pub async fn open(origin: &str) -> Self {
        let profile = tempfile::tempdir().expect("a folder for the browser's profile");
        let program = std::env::var("CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".to_owned());
        let mut programs = guardian(&program);
        let port = port_of(&program, &mut programs).await;
        let mut capabilities = DesiredCapabilities::chrome();
        for argument in ARGUMENTS {
            capabilities.add_arg(argument).expect("a capability");
        }
        let data = format!("--user-data-dir={}", profile.path().display());
        capabilities.add_arg(&data).expect("a capability");
        let driver = WebDriver::new(&format!("http://127.0.0.1:{port}"), capabilities)
            .await
            .unwrap_or_else(|error| panic!("Chromium did not start: {error}"));
        let browser = Self {
            driver,
            _programs: programs,
            profile,
            origin: origin.to_owned(),
            clicks: AtomicU32::new(0),
        };
        browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": COLLECT_ERRORS })).await;
        browser.screen(Screen::Wide).await;
        browser
    }

    /// The driver itself, for what has no gesture here.
    #[must_use]
    pub fn driver(&self) -> &WebDriver {
        &self.driver
    }

    /// Another window size, as a phone or a wide screen has it.
    pub async fn screen(&self, screen: Screen) {
        let (width, height, scale) = match screen {
            Screen::Wide => (1440, 900, 1),
            Screen::Laptop => (1280, 720, 1),
            Screen::Zoomed => (640, 360, 2),
            Screen::Phone => (380, 800, 2),
        };
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": screen == Screen::Phone });
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// What the system says the person prefers.
    pub async fn theme(&self, theme: Theme) {
        let value = if theme == Theme::Dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.cdp("Emulation.setEmulatedMedia", media).await;
        let followed = "return document.documentElement.dataset.theme === arguments[0]";
        self.until(followed, &[json!(value)], "the console does not follow the system's theme").await;
    }

    /// Lets requests to addresses like these fail, as on a network that breaks; none for none.
    pub async fn block(&self, addresses: &[&str]) {
        self.cdp("Network.enable", json!({})).await;
        self.cdp("Network.setBlockedURLs", json!({ "urls": addresses })).await;
    }

    /// Takes the network away from this device, as the browser sees it, or gives it back.
    pub async fn offline(&self, offline: bool) {
        self.cdp("Network.enable", json!({})).await;
        let conditions =
            json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.cdp("Network.emulateNetworkConditions", conditions).await;
    }

    /// Lets every request take this long.
    pub async fn slow(&self, milliseconds: u32) {
        self.cdp("Network.enable", json!({})).await;
        let conditions = json!({ "offline": false, "latency": milliseconds, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.cdp("Network.emulateNetworkConditions", conditions).await;
    }

    /// Goes to an address of the console, such as `/view/states?q=EUR`.
    pub async fn go(&self, address: &str) {
        self.driver.goto(format!("{}{address}", self.origin)).await.expect("the page loads");
    }

    /// The address now, without the origin.
    pub async fn address(&self) -> String {
        let url = self.driver.current_url().await.expect("an address");
        url.as_str().strip_prefix(&self.origin).unwrap_or(url.as_str()).to_owned()
    }

    /// Waits for an element that can be seen and returns it.
    pub async fn see(&self, css: &str) -> WebElement {
        self.driver
            .query(By::Css(css))
            .wait(PATIENCE, POLL)
            .and_displayed()
            .first()
            .await
            .unwrap_or_else(|error| panic!("{css} did not appear: {error}"))
    }

    /// Waits until the text of some element that matches holds these words.
    pub async fn see_text(&self, css: &str, words: &str) -> WebElement {
        let wanted = words.to_owned();
        let found = self
            .driver
            .query(By::Css(css))
            .wait(PATIENCE, POLL)
            .with_filter(move |element: WebElement| {
                let wanted = wanted.clone();
                async move { Ok(element.text().await.is_ok_and(|text| text.contains(&wanted))) }
            })
            .first()
            .await;
        match found {
            Ok(element) => element,
            Err(error) => {
                let there = self.script("return document.body.innerText", &[]).await;
                panic!(
                    "{words:?} did not appear in {css}: {error}\nthe page says:\n{}",
                    there.as_str().unwrap_or("")
                )
            }
        }
    }

    /// Waits until nothing that matches holds these words any more.
    pub async fn see_no_text(&self, css: &str, words: &str) {
        let gone = "const [css, words] = arguments;
            return ![...document.querySelectorAll(css)].some(e => e.innerText.includes(words));";
        self.until(gone, &[json!(css), json!(words)], &format!("{words:?} stays in {css}")).await;
    }

    /// Clicks the first element that matches and holds these words.
    pub async fn click(&self, css: &str, words: &str) {
        self.clicks.fetch_add(1, Ordering::Relaxed);
        loop {
            let element = self.see_text(css, words).await;
            let clicked = async {
                element.scroll_into_view().await?;
                element.click().await
            };
            match clicked.await.map_err(WebDriverError::into_inner) {
                Ok(()) => return,
                // A live page drew it anew in between: nothing was clicked.
                Err(WebDriverErrorInner::StaleElementReference(_)) => {}
                Err(error) => panic!("{words:?} in {css} cannot be clicked: {error}"),
            }
        }
    }

    /// How many clicks a person would have made so far, those into fields among them.
    pub fn clicks(&self) -> u32 {
        self.clicks.load(Ordering::Relaxed)
    }

    /// Replaces what stands in a field; counts as a click into it.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.see(css).await;
        self.clicks.fetch_add(1, Ordering::Relaxed);
        field.clear().await.expect("the field clears");
        field.send_keys(text).await.expect("the field takes keys");
    }

    /// Presses keys where the focus is.
    pub async fn press(&self, keys: impl Into<thirtyfour::TypingData>) {
        // As a keyboard does it: to whatever has the focus at that moment, even if it is about to go.
        self.driver.action_chain().send_keys(keys).perform().await.expect("the keys arrive");
    }

    /// Runs a script and returns its answer.
    pub async fn script(&self, script: &str, arguments: &[Value]) -> Value {
        let answer = self.driver.execute(script, arguments.to_vec()).await;
        answer.unwrap_or_else(|error| panic!("{script}: {error}")).json().clone()
    }

    /// Waits until a script returns true.
    pub async fn until(&self, script: &str, arguments: &[Value], complaint: &str) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while self.script(script, arguments).await != Value::Bool(true) {
            assert!(tokio::time::Instant::now() < deadline, "{complaint}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Keeps a picture of what is on the screen as `<name>.png`.
    pub async fn picture(&self, name: &str) -> PathBuf {
        let path = crate::artifacts::folder("journeys").join(format!("{name}.png"));
        self.driver.screenshot(&path).await.expect("a screenshot");
        path
    }

    /// Pictures of this view: wide and phone, light and dark; and axe looks at each. Leaves the screen wide and light.
    pub async fn pictures(&self, name: &str) {
        for (screen, suffix) in [(Screen::Phone, "-380"), (Screen::Wide, "")] {
            self.screen(screen).await;
            for (theme, word) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
                self.theme(theme).await;
                self.assert_fits(name).await;
                self.picture(&format!("{name}{suffix}-{word}")).await;
                self.assert_accessible_now(&format!("{name}{suffix}-{word}")).await;
            }
        }
    }

    /// The page never scrolls sideways.
    pub async fn assert_fits(&self, name: &str) {
        let fits = "return document.documentElement.scrollWidth <= innerWidth";
        self.until(fits, &[], &format!("{name} is wider than its screen")).await;
    }

    /// Fails if the page reported an error or asked another origin for anything. `expected` lists texts of errors that the
    /// journey caused itself, such as a connection that it cut.
    pub async fn assert_clean(&self, expected: &[&str]) {
        let errors = self.script("return window.__errors", &[]).await;
        let unexpected: Vec<&str> = errors
            .as_array()
            .map(|list| list.iter().filter_map(Value::as_str).collect::<Vec<_>>())
            .unwrap_or_default()
            .into_iter()
            .filter(|error| !expected.iter().any(|known| error.contains(known)))
            .collect();
        assert!(unexpected.is_empty(), "the page reported {unexpected:#?}");
        let foreign = "return performance.getEntriesByType('resource').map(r => r.name)
            .filter(name => !name.startsWith(location.origin) && !name.startsWith('data:'))";
        assert_eq!(self.script(foreign, &[]).await, json!([]), "requests to another origin");
    }

    /// The folder of the browser's profile, which is on the command line of each of its processes.
    #[must_use]
    pub fn profile(&self) -> &Path {
        self.profile.path()
    }

    /// Closes the browser.
    pub async fn close(self) {
        // A browser that is already gone is what this asks for.
        let _ = self.driver.clone().quit().await;
    }

    pub(crate) async fn cdp(&self, command: &str, parameters: Value) {
        let answer = self.driver.cdp().send_raw(command, parameters).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver would ask ChromeDriver to end the session, and wait for an answer that may never come. One that has
        // ended is what this asks for.
        let _ = self.driver.clone().leak();
    }
}

/// Starts ChromeDriver. Chromium, which it starts, joins its process group, and would outlive it.
fn guardian(program: &str) -> Guardian {
    let mut command = Command::new("sh");
    command.args(["-c", "\"$1\" --port=0 & exec > /dev/null; cat; kill -KILL 0", "sh", program]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    Guardian::start(command)
}

async fn port_of(program: &str, programs: &mut Guardian) -> u16 {
    let output = programs.output().expect("ChromeDriver's output is piped");
    let output = ChildStdout::from_std(output).expect("a pipe that can be waited for");
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await.expect("ChromeDriver's output") {
        if let Some((_, rest)) = line.split_once("started successfully on port ") {
            let port = rest.trim_end_matches('.').parse().expect("a port");
            // Somebody has to read on, or ChromeDriver blocks on a full pipe.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return port;
        }
    }
    panic!("{program} does not start; `cargo xtask test` installs ChromeDriver")
}
