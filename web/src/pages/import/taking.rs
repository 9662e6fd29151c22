//! What was dropped, picked or pasted, as files.

use futures::future::join_all;
use js_sys::{Array, Function, Promise, Reflect};
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, DataTransfer, File, FileList, FileSystemDirectoryEntry, FileSystemEntry, FileSystemFileEntry,
    HtmlInputElement,
};

use super::importing::Importing;
use crate::model::import::{is_wanted, within};
use crate::parts::on_drop;

/// How deep folders are looked through.
const DEPTH: u32 = 32;

type Named = (String, Blob);

impl Importing {
    /// Listens to files that are dropped anywhere on the page, and to what is pasted outside of fields. `over` says whether some
    /// are held over it.
    pub(super) fn listen(self, over: RwSignal<bool>) {
        on_drop(over, move |data| self.take_dropped(data));
        let paste = move |event: web_sys::ClipboardEvent| {
            let in_field = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
            let in_field = in_field.is_some_and(|at| at.closest("input, textarea").ok().flatten().is_some());
            if let Some(data) = event.clipboard_data().filter(|_| !in_field) {
                self.take_pasted(&data);
            }
        };
        let listening = window_event_listener(ev::paste, paste);
        on_cleanup(move || listening.remove());
    }

    /// Takes the files that were chosen in a field; those of a folder under their names within it.
    pub(super) fn take_picked(self, field: &HtmlInputElement) {
        let files = field.files().map(|files| named(&files)).unwrap_or_default();
        // So that the same ones can be chosen again.
        field.set_value("");
        self.add(files, false);
    }

    fn take_dropped(self, data: &DataTransfer) {
        let items = data.items();
        // The entries are there only while the event is handled.
        let entries: Vec<FileSystemEntry> = (0..items.length())
            .filter_map(|at| items.get(at)?.webkit_get_as_entry().ok().flatten())
            .collect();
        if entries.is_empty() {
            let files = data.files().map(|files| named(&files)).unwrap_or_default();
            return self.add(files, false);
        }
        spawn_local(async move {
            let found = join_all(entries.into_iter().map(|entry| files_of(entry, DEPTH, false))).await;
            self.add(found.into_iter().flatten().collect(), false);
        });
    }

    fn take_pasted(self, data: &DataTransfer) {
        if let Some(files) = data.files().filter(|files| files.length() > 0) {
            return self.add(named(&files), false);
        }
        let text = data.get_data("text/plain").unwrap_or_default();
        if text.trim().is_empty() {
            return;
        }
        let parts = Array::of1(&JsValue::from_str(&text));
        if let Ok(blob) = Blob::new_with_str_sequence(&parts) {
            self.add(vec![("pasted.json".to_owned(), blob)], true);
        }
    }
}

/// The files of a list; those of a folder as far as they are wanted.
fn named(files: &FileList) -> Vec<Named> {
    let files = (0..files.length()).filter_map(|at| files.get(at));
    let named = files.filter_map(|file| {
        let path = Reflect::get(&file, &"webkitRelativePath".into()).ok().and_then(|path| path.as_string());
        match path.filter(|path| !path.is_empty()) {
            Some(path) => is_wanted(&path).then(|| (within(&path).to_owned(), file.into())),
            None => Some((file.name(), file.into())),
        }
    });
    named.collect()
}

/// A file, or all files of a folder.
async fn files_of(entry: FileSystemEntry, depth: u32, in_folder: bool) -> Vec<Named> {
    let path = entry.full_path();
    if entry.is_file() {
        if in_folder && !is_wanted(&path) {
            return Vec::new();
        }
        let name = if in_folder { within(&path).to_owned() } else { entry.name() };
        let file = file_of(entry.unchecked_into()).await;
        return file.into_iter().map(|file| (name.clone(), file.into())).collect();
    }
    if depth == 0 {
        return Vec::new();
    }
    let inside = entries_of(entry.unchecked_into()).await;
    let found = join_all(inside.into_iter().map(|entry| Box::pin(files_of(entry, depth - 1, true)))).await;
    found.into_iter().flatten().collect()
}

async fn file_of(entry: FileSystemFileEntry) -> Option<File> {
    let asked = promise(|done, failed| entry.file_with_callback_and_callback(done, failed));
    JsFuture::from(asked).await.ok()?.dyn_into().ok()
}

async fn entries_of(folder: FileSystemDirectoryEntry) -> Vec<FileSystemEntry> {
    let (reader, mut all) = (folder.create_reader(), Vec::new());
    loop {
        let asked = promise(|done, failed| {
            // Where it fails, nothing is answered with an empty list.
            let _ = reader.read_entries_with_callback_and_callback(done, failed);
        });
        let some = JsFuture::from(asked).await.map(|some| Array::from(&some)).unwrap_or_default();
        if some.length() == 0 {
            return all;
        }
        all.extend(some.iter().map(JsCast::unchecked_into::<FileSystemEntry>));
    }
}

/// A call with two callbacks as a promise.
fn promise(mut ask: impl FnMut(&Function, &Function)) -> Promise {
    Promise::new(&mut |done, failed| ask(&done, &failed))
}
