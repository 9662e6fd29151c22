//! Its states, their history, any two versions, as of any seq.

use super::*;

#[tokio::test]
async fn a_bundle_is_looked_at_as_a_file_and_nothing_is_sent() {
    let (server, folder) = (small().await, TempDir::new().unwrap());
    let book = export(&server, folder.path()).await;
    // What the store holds later is not in the file, and must not be shown with it.
    server.save("position", "later", r#"{"symbol":"Y"}"#, "anna", "after the export").await;
    let before = server.get("/status").await.1["seq"].clone();
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/import").await;
    browser.see_text("main", "Drop files").await;
    watch_sends(&browser).await;
    choose(&browser, "import-files", &book).await;
    browser.see_text(".notice", "A bundle, with a history of its own.").await;
    browser.see_text(".notice", "stateloft import").await;
    browser.picture("19-opened-offer").await;
    browser.click(".notice button", "Open it here").await;

    browser.see_text(".file-banner", "This is a file: book.stateloft").await;
    browser.see_text(".file-banner", "seq 1 to 7").await;
    browser.see_text(".file-banner", "Nothing here is live, nothing is sent.").await;
    browser.see_text(".file-checked", "7 versions, as written.").await;
    browser.see_text(".file-row", "EURUSD/é").await;
    assert_eq!(rows(&browser).await, json!(["EURUSD/é", "desk-1"]), "what changed last comes first");
    browser.pictures("19-opened-list").await;

    browser.click(".filters .filter", "with deleted").await;
    browser.see_text(".file-row.gone", "gone").await;
    browser.fill(".filters .search .field", "TRAILED").await;
    browser.see_text(".about", "0 states of 3 in the file").await;
    browser.click(".empty button", "Show all of them").await;
    browser.see_text(".about", "3 states of 3 in the file").await;

    // As of the snapshot; and as of a seq that the file does not have.
    browser.click(".as-of button", "Snapshots").await;
    browser.click(".as-of .menu button", "noon").await;
    browser.see_text(".about", "2 states of 3 in the file").await;
    assert!(browser.address().await.contains("seq=4"));
    browser.see_text(".trow.file-row", "/legs/0/n +1").await;
    browser.picture("19-opened-list-past").await;
    as_of(&browser, "8").await;
    browser.see_text(".as-of", "The file shows seq 1 to 7.").await;
    assert!(browser.address().await.contains("seq=4"), "the moment stays");
    as_of(&browser, "2").await;
    browser.see_text(".about", "1 state of 3 in the file").await;

    browser.click(".trow.file-row", "EURUSD/é").await;
    browser.see_text("h1", "EURUSD/é").await;
    browser.see_text(".rail", "2 versions").await;
    browser.see_text(".rail-row.on", "v2").await;
    browser.see_text(".change", "stop_loss").await;
    browser.see_text(".change .delta", "+0.0019").await;
    browser.click(".as-of button", "To the end").await;
    browser.see_text(".rail-row.on", "v4").await;
    browser.see_text(".rail", "4 versions").await;
    browser.see_text(".change", "volume").await;
    browser.pictures("19-opened-state").await;

    // Any two versions: by a row and Shift, and by number.
    browser.click(".rail-row", "v3").await;
    browser.see_text(".rail-row.on", "v3").await;
    set_version(&browser, "A", 1).await;
    browser.see_text(".change .delta", "+0.0028").await;
    browser.see_text(".rail-row .chip.ab", "A").await;
    browser.click("[role=tab]", "Side").await;
    browser.see_text(".text-head", "A, v1").await;
    browser.see_text(".text-line", "1.0860").await;
    browser.click("[role=tab]", "Tree").await;
    browser.click(".filter", "show everything").await;
    browser.see_text(".tree-row", "symbol").await;
    browser.picture("19-opened-tree").await;
    browser.click("[role=tab]", "JSON Patch").await;
    browser.see_text(".patch", "/stop_loss").await;
    browser.click(".changes .btn", "Raw text of B").await;
    let raw = r#"{"symbol":"EURUSD","volume":0.30,"legs":[{"n":2}],"stop_loss":1.0860}"#;
    browser.see_text("dialog pre", raw).await;
    browser.script("document.querySelector('dialog [aria-label=Close]').click()", &[]).await;

    // An address that names what the file has not says so.
    set_version(&browser, "B", 9).await;
    browser.see_text(".empty", "The file has no version 9 of this state.").await;
    browser.click(".empty a", "See which states the file has").await;
    browser.see_text(".file-row", "desk-1").await;

    // Who looks at the store meanwhile finds the file as it was.
    browser.click(".side a", "States").await;
    browser.see_text(".states-table", "later").await;
    browser.script("history.back()", &[]).await;
    browser.see_text(".file-row", "desk-1").await;
    assert_nothing_sent(&browser).await;
    assert_eq!(server.get("/status").await.1["seq"], before);

    browser.click(".file-banner button", "Close the file").await;
    browser.see_text("main", "Drop a bundle anywhere on this page").await;
    browser.pictures("19-opened-empty").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}

#[tokio::test]
async fn a_file_is_looked_at_with_the_keyboard_and_at_200_percent() {
    let (server, folder) = (small().await, TempDir::new().unwrap());
    let book = export(&server, folder.path()).await;
    let browser = Browser::open(&server.origin()).await;
    browser.go("/view/opened?sort=id").await;
    browser.see_text(".notice", "The file is not open any more.").await;
    choose(&browser, "opened-file", &book).await;
    browser.see_text(".file-row", "desk-1").await;
    browser.press("j").await;
    browser.see_text(".file-row.cursor", "EURUSD/é").await;
    browser.press(Key::Enter).await;
    browser.see_text(".rail-row.on", "v4").await;
    browser.press("[").await;
    browser.see_text(".rail-row.on", "v3").await;
    browser.press("]").await;
    browser.see_text(".rail-row.on", "v4").await;
    browser.press("n").await;
    browser.see(".pickable.cursor").await;
    browser.press("3").await;
    browser.see_text(".text-head", "B, v4").await;
    browser.screen(Screen::Zoomed).await;
    browser.assert_fits("19-opened-state").await;
    browser.picture("19-opened-state-200").await;
    browser.press(Key::Escape).await;
    browser.see_text(".file-row", "desk-1").await;
    browser.assert_fits("19-opened-list").await;
    browser.picture("19-opened-list-200").await;
    browser.assert_clean(&[]).await;
    browser.close().await;
}
