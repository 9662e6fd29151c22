//! What is damaged or cut.

use super::*;

#[tokio::test]
async fn a_damaged_and_a_cut_bundle_say_their_line_and_show_what_is_whole() {
    let (server, folder) = (small().await, TempDir::new().unwrap());
    let book = export(&server, folder.path()).await;
    let text = unpacked(&book);
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/opened").await;
    browser.see_text("main", "Drop a bundle").await;

    // Line 5 is the version with seq 4.
    let changed = text.replacen("active", "closed", 1);
    let damaged = packed(folder.path().join("damaged.stateloft"), changed.as_bytes());
    choose(&browser, "opened-file", &damaged).await;
    browser.see_text(".file-banner", "damaged.stateloft").await;
    browser.see_text(".notice", "Line 5: it is not what was written, or a line before it is missing.").await;
    browser
        .see_text(".notice", "whole and shown: 3 versions, up to seq 3. What came later is not known.")
        .await;
    assert_eq!(rows(&browser).await, json!(["EURUSD/é"]));
    browser.pictures("19-opened-damaged").await;
    as_of(&browser, "4").await;
    browser.see_text(".as-of", "The file shows seq 1 to 3.").await;
    browser.click(".file-banner button", "Close the file").await;

    let third: usize = text.split_inclusive('\n').take(3).map(str::len).sum();
    let cut = packed(folder.path().join("cut.stateloft"), &text.as_bytes()[..third + 40]);
    browser.see_text("main", "Drop a bundle").await;
    choose(&browser, "opened-file", &cut).await;
    browser.see_text(".notice", "Line 4: the bundle ends here, before its last line: it was cut.").await;
    browser.see_text(".notice", "2 versions, up to seq 2").await;
    browser.click(".trow.file-row", "EURUSD/é").await;
    browser.see_text(".change .delta", "+0.0019").await;
    browser.click(".file-banner button", "Close the file").await;

    // The packed file itself is cut.
    let whole = std::fs::read(&book).unwrap();
    let short = folder.path().join("short.stateloft");
    std::fs::write(&short, &whole[..whole.len() - 20]).unwrap();
    browser.see_text("main", "Drop a bundle").await;
    choose(&browser, "opened-file", &short).await;
    browser.see_text(".notice", "Line ").await;
    browser.see_text(".file-row", "EURUSD/é").await;
    browser.click(".file-banner button", "Close the file").await;

    for (name, bytes, words) in [
        ("secret.stateloft", &b"age-encryption.org/v1\n-> X25519 abc\n"[..], "age -d -i KEY.txt FILE"),
        ("other.gz", &b"{\"a\":1}\n"[..], "this is not a bundle"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        choose(&browser, "opened-file", &path).await;
        browser.see_text(".notice.error", words).await;
        browser.see_text(".notice.error", name).await;
    }
    browser.picture("19-opened-refused").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}
