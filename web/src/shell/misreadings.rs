//! What of an address its page cannot read.

use leptos::prelude::*;

use super::router;
use crate::model::address::Page;
use crate::model::misread::misread;
use crate::parts::{Notice, NoticeKind};

/// Says what of the address the page cannot read.
#[component]
pub(crate) fn Misreadings() -> impl IntoView {
    let router = router();
    let found = Memo::new(move |_| router.page.with(|page| router.query.with(|query| misread(page, query))));
    move || {
        let all = found.get();
        let head = match all.as_slice() {
            [] => return ().into_any(),
            [_] => "One thing in this address could not be read, and is not used.".to_owned(),
            many => format!("{} things in this address could not be read, and are not used.", many.len()),
        };
        let rest = if router.page.with(|page| *page == Page::Restore) { " Nothing is planned." } else { "" };
        let lines =
            all.into_iter().map(|one| view! { " "<code>{one.said}</code>": "{one.why} }).collect_view();
        view! { <Notice kind=NoticeKind::Warn head=format!("{head}{rest}")>{lines}</Notice> }.into_any()
    }
}
