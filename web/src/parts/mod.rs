//! Components that every page uses.
//!
//! Anything may carry `data-tip`: it is shown on hover, and when the row it stands in gets the focus.

mod age;
mod ask;
mod bars;
mod button;
mod change;
mod chip;
mod drop;
mod icon;
mod menu;
mod note;
mod others;
mod search_field;
mod stand;
mod virtual_list;
mod whole;
mod writing;

pub(crate) use age::{Age, age_of};
pub(crate) use ask::{Ask, Author, AuthorField, ReasonField};
pub(crate) use bars::{Bars, Spark};
pub(crate) use button::{CopyButton, CopyLink, Kbd, copy};
pub(crate) use change::{ChangeRow, Counts, GlyphMark, SideText, StoryLine, Tint, Verdict};
pub(crate) use chip::{Chip, FilterChip, SlipMark, Tone};
pub(crate) use drop::{DropOver, on_drop};
pub(crate) use icon::{Icon, Mark, Pic};
pub(crate) use menu::Menu;
pub(crate) use note::{Empty, FaultNote, Notice, NoticeKind};
pub(crate) use others::theirs;
pub(crate) use search_field::SearchField;
pub(crate) use stand::{NewRows, Stand};
pub(crate) use virtual_list::VirtualList;
pub(crate) use whole::{WholeButton, WholeDialog, WholeMark};
pub(crate) use writing::{WriteNote, Writing, or_none};
