//! Bundles among the files that were given: they are looked at elsewhere, and taken in by the command.

use js_sys::Uint8Array;
use leptos::prelude::*;
use stateloft_core::bundle::Kind;
use web_sys::Blob;

use super::importing::Importing;
use crate::pages::opened::open_file;
use crate::parts::{Notice, NoticeKind, theirs};
use crate::shell::router;

/// Endings of names that no file of an older program has.
const ENDINGS: [&str; 3] = [".stateloft", ".gz", AGE];
/// How names of encrypted files end.
const AGE: &str = ".age";
/// Bytes that say what a file is.
const START: u32 = 128;

/// A bundle, or what seems to be one.
#[derive(Clone)]
pub(super) struct BundleFile {
    /// What it is called.
    pub(super) name: String,
    /// It.
    pub(super) file: Blob,
    /// What it is, where it was looked at.
    pub(super) kind: Option<Kind>,
}

/// Whether a file is called as bundles are.
pub(super) fn is_named_bundle(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

impl Importing {
    /// Keeps bundles apart; the same one twice is one.
    pub(super) fn set_aside(self, bundles: impl IntoIterator<Item = BundleFile>) {
        for bundle in bundles {
            self.bundles.update(|all| {
                all.retain(|other| other.name != bundle.name);
                all.push(bundle);
            });
        }
    }

    /// Whether a file turned out to be a bundle, and is no longer among the others.
    pub(super) fn is_set_aside(self, id: u32, bytes: &Uint8Array, file: &Blob) -> bool {
        let kind = Kind::begins(&bytes.slice(0, START).to_vec());
        if kind == Kind::Other {
            return false;
        }
        let left = self.files.try_update(|files| {
            let at = files.iter().position(|given| given.id == id)?;
            Some(files.remove(at))
        });
        let name = left.flatten().map(|given| given.name);
        self.set_aside(name.map(|name| BundleFile { name, file: file.clone(), kind: Some(kind) }));
        true
    }
}

/// What can be done with them.
#[component]
pub(super) fn Bundles(importing: Importing) -> impl IntoView {
    let router = router();
    let one = move |bundle: BundleFile| {
        let encrypted = matches!(bundle.kind, Some(Kind::Encrypted | Kind::Armored))
            || bundle.name.to_ascii_lowercase().ends_with(AGE);
        let head = if encrypted { "An encrypted bundle." } else { "A bundle, with a history of its own." };
        let (name, left) = (bundle.name.clone(), bundle.name.clone());
        let open = move |_| {
            open_file(bundle.name.clone(), bundle.file.clone());
            router.go("/view/opened");
        };
        let leave = move |_| importing.bundles.update(|all| all.retain(|other| other.name != left));
        view! {
            <Notice kind=NoticeKind::Info head>
                <span class="mono">{theirs(&name)}</span>" "
                {if encrypted {
                    view! {
                        "It is decrypted where its key is: "<code class="mono">"age -d -i KEY.txt FILE > book.stateloft"</code>
                        ", or taken in there: "<code class="mono">"stateloft import --identity KEY.txt FILE"</code>". "
                    }
                    .into_any()
                } else {
                    view! {
                        <button class="link" on:click=open>"Open it here"</button>
                        " to look at it, nothing is sent. To take it into a store: "
                        <code class="mono">"stateloft import FILE"</code>". "
                    }
                    .into_any()
                }}
                <button class="link" on:click=leave>"Leave it out"</button>
            </Notice>
        }
    };
    move || importing.bundles.get().into_iter().map(one).collect_view()
}
