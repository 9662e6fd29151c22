//! What is large: the page stays alive, and the reading can be ended.

use super::*;

/// A bundle of about so many MiB, unpacked: a hundred states, each with versions of some 20 KB.
fn large(folder: &Path, mebibytes: usize) -> (PathBuf, usize) {
    let versions = mebibytes * 50;
    let (mut bytes, mut tip, mut heads) = (Vec::new(), Tip::START, HashMap::new());
    let header = Header {
        made_at: Timestamp::from_micros(1_780_000_000_000_000),
        made_by: "stateloft test".into(),
        from: Seq(1),
        to: Seq(versions as u64),
        scope: Scope::default(),
        history: true,
        chain_hash_before: Some(ChainHash::START),
    };
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    let mut writer = Writer::begin(&header, Some(ChainHash::START), &mut bytes);
    let mut noise = 88_172_645_463_325_252_u64;
    for n in 0..versions {
        let ticks: Vec<String> = (0..1_000)
            .map(|_| {
                noise ^= noise << 13;
                noise ^= noise >> 7;
                noise ^= noise << 17;
                format!("{}.{:05}", noise % 10_000, noise >> 47)
            })
            .collect();
        let write = Write {
            key: StateKey::new("market_data", &format!("S{:02}", n % 100)).unwrap(),
            change: Change::Save(
                format!(r#"{{"n":{n},"ticks":[{}],"pad":"{:08000}"}}"#, ticks.join(","), n).parse().unwrap(),
            ),
            expectation: Expectation::Any,
            verdict: Verdict::NotChecked,
            author: Some("feed".into()),
            description: None,
            batch_id: None,
            origin: None,
            foreseen: None,
            rebase: None,
        };
        let now = Timestamp::from_micros(1_770_000_000_000_000 + i64::try_from(n).unwrap() * 1_000_000);
        let made = decide(&[write], &mut tip, &mut heads, now, &|_, _, _| ChangeSummary::default()).unwrap();
        for version in made.into_iter().filter(Outcome::is_written).map(Outcome::into_version) {
            writer.version(&version, &mut bytes);
        }
        packer.write_all(&bytes).unwrap();
        bytes.clear();
    }
    writer.end(&mut bytes);
    packer.write_all(&bytes).unwrap();
    let path = folder.join("large.stateloft");
    std::fs::write(&path, packer.finish().unwrap()).unwrap();
    (path, versions)
}

/// The page goes on drawing and answers a click while the file is read; what it holds is there afterwards.
async fn opens_without_a_freeze(mebibytes: usize) {
    let (server, folder) = (Server::start().await, TempDir::new().unwrap());
    let (path, versions) = large(folder.path(), mebibytes);
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/opened").await;
    browser.see_text("main", "Drop a bundle").await;
    // From within the page, so that it is surely while the file is read: one click, and what came of it by the next frame.
    let watch = "window.__look = { worst: 0, frames: 0, answered: null, grew: 0 }; let last = performance.now(), asked = null, seen = '';
        const tick = now => { const look = window.__look; look.worst = Math.max(look.worst, now - last); last = now;
            const reading = document.querySelector('.file-reading');
            if (reading) { look.frames++;
                if (reading.innerText !== seen) { seen = reading.innerText; look.grew++; }
                const theme = () => document.documentElement.dataset.theme ?? 'light';
                if (look.grew === 2 && asked === null) { asked = theme(); document.querySelector('.top .icons button').click(); }
                else if (asked !== null && look.answered === null) look.answered = theme() !== asked; }
            requestAnimationFrame(tick); };
        requestAnimationFrame(tick); return true";
    browser.script(watch, &[]).await;
    choose(&browser, "opened-file", &path).await;
    let read = "return !!document.querySelector('.file-banner') && !document.querySelector('.file-reading')";
    let began = tokio::time::Instant::now();
    while browser.script(read, &[]).await != Value::Bool(true) {
        assert!(began.elapsed().as_secs() < 300, "the file is not read in five minutes");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    let look = browser.script("return window.__look", &[]).await;
    println!("{mebibytes} MiB read in {:.1} s; {look}", began.elapsed().as_secs_f64());
    assert_eq!(look["answered"], true, "a click is answered while the file is read: {look}");
    assert!(look["grew"].as_u64() > Some(2), "it says how far it is: {look}");
    let count = {
        let digits = versions.to_string();
        let (thousands, rest) = digits.split_at(digits.len() - 3);
        format!("{thousands},{rest}")
    };
    browser.see_text(".file-checked", &format!("{count} versions, as written.")).await;
    browser.click(".trow.file-row", "S99").await;
    browser.see_text(".rail-row.on", &format!("v{}", versions / 100)).await;
    browser.see_text(".change", "ticks").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_bundle_of_twenty_mebibytes_does_not_freeze_the_page() {
    opens_without_a_freeze(20).await;
}

#[tokio::test]
#[ignore = "takes minutes with a debug build; run it by name"]
async fn a_bundle_of_a_hundred_mebibytes_does_not_freeze_the_page() {
    opens_without_a_freeze(100).await;
}

#[tokio::test]
async fn reading_can_be_cancelled_and_another_file_opened() {
    let (server, folder) = (small().await, TempDir::new().unwrap());
    let (path, _) = large(folder.path(), 20);
    let book = export(&server, folder.path()).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/opened").await;
    browser.see_text("main", "Drop a bundle").await;
    let cancel = "window.__cancelled = false; const look = () => { const at = document.querySelector('.file-reading .link');
        if (at) { at.click(); window.__cancelled = true; } else requestAnimationFrame(look); }; look(); return true";
    browser.script(cancel, &[]).await;
    choose(&browser, "opened-file", &path).await;
    browser.until("return window.__cancelled", &[], "the reading is not shown").await;
    browser.see_text("main", "Drop a bundle").await;
    choose(&browser, "opened-file", &book).await;
    browser.see_text(".file-banner", "book.stateloft").await;
    browser.see_text(".file-row", "desk-1").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}
