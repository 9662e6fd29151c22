//! Lists of states, now and as they were.

use stateloft_core::api::{DeletedFilter, Sort, StateSummary, ValidityFilter};
use stateloft_core::hash::verdict_text;
use stateloft_core::model::{StateKey, StateType, Verdict};
use stateloft_core::search::Needle;

use super::log::summaries;
use super::rows::{self, sql};
use super::search::Search;
use super::source::{Source, Walk, When, from};
use super::{Connection, Dialect, Statement, heads};
use crate::store::cursor::{Mark, Place, next};
use crate::store::text::after_prefix;
use crate::store::{ListQuery, Page, Result, StoreError, TypeTotals};

/// One page of states.
pub(super) async fn page<C: Connection>(connection: &mut C, query: &ListQuery) -> Result<Page<StateSummary>> {
    let (tip, listed) = (heads::tip(connection).await?.seq, heads::kept_up(connection).await?);
    let sources = Source::of(query, tip, listed);
    let mark = query.cursor.as_ref().map(Mark::read).transpose()?;
    let search = match &query.text {
        // No text that is kept has a NUL.
        Some(needle) if !needle.as_str().contains('\0') => {
            Some(Search::run(connection, query, &sources, needle).await?)
        }
        _ => None,
    };
    let total = match (&mark, &search) {
        (Some(mark), _) => mark.total,
        (None, Some(search)) => search.total,
        (None, None) => total(connection, query, &sources).await?,
    };
    let place = mark.map(|mark| mark.place);
    if let Some(place) = &place {
        let fits =
            matches!((place, query.sort), (Place::Changed(_), Sort::Changed) | (Place::Id(_), Sort::Id));
        if !fits {
            return Err(StoreError::BadCursor);
        }
    }
    let (mut rows, mut more) = (Vec::new(), false);
    for stage in stages(query.sort, &sources) {
        let rest = query.limit - rows.len();
        let statement = union::<C>(query, search.as_ref(), place.as_ref(), stage, rest + 1);
        let (found, has_more) = summaries(connection, statement, rest, query.with_data).await?;
        rows.extend(found);
        more = has_more;
        if more {
            break;
        }
    }
    let place = |row: &StateSummary| match query.sort {
        Sort::Changed => Place::Changed(row.version.seq),
        Sort::Id => Place::Id(StateKey {
            state_type: row.version.state_type.clone(),
            state_id: row.version.state_id.clone(),
        }),
    };
    let next = next(&rows, more, total, place);
    Ok(Page { rows, total, next, seq: query.at.unwrap_or(tip).min(tip) })
}

/// Sources in groups of which each comes wholly before the next.
fn stages(sort: Sort, sources: &[Source]) -> impl Iterator<Item = &[Source]> {
    let in_turn = sort == Sort::Changed && sources.iter().all(|source| source.when == When::Now);
    sources.chunks(if in_turn { 1 } else { sources.len() })
}

/// The first rows of several sources.
fn union<C: Connection>(
    query: &ListQuery,
    search: Option<&Search>,
    place: Option<&Place>,
    sources: &[Source],
    limit: usize,
) -> Statement {
    let order = match query.sort {
        Sort::Changed => " ORDER BY 3 DESC LIMIT ",
        Sort::Id => " ORDER BY 1, 2 LIMIT ",
    };
    let limit = sql(limit as u64);
    let mut builder = Statement::new("");
    for (index, source) in sources.iter().enumerate() {
        // Each part is sorted and ended by itself, so that none is read to its end.
        if sources.len() > 1 {
            builder.push(if index == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" });
        }
        let columns = if query.with_data { rows::columns_with_data!() } else { rows::columns!() };
        builder.push("SELECT ").push(columns.replace("v.seq", source.column()));
        from(&mut builder, &C::DIALECT, *source, true);
        conditions(&mut builder, &C::DIALECT, query, *source, search);
        if let Some(place) = place {
            after(&mut builder, place, *source);
        }
        builder.push(order).push_bind(limit);
        if sources.len() > 1 {
            builder.push(format_args!(") AS part{index}"));
        }
    }
    if sources.len() > 1 {
        builder.push(order).push_bind(limit);
    }
    builder
}

/// What a query asks of a row. What it asks of its text is as the search says, if that is given.
pub(super) fn conditions(
    builder: &mut Statement,
    dialect: &Dialect,
    query: &ListQuery,
    source: Source,
    search: Option<&Search>,
) {
    builder.push(" WHERE true");
    // No text that is kept has a NUL, and PostgreSQL takes none as a value.
    let texts = query.authors.iter().chain(&query.prefix).map(String::as_str);
    let mut asked = texts.chain(query.text.as_ref().map(Needle::as_str));
    if asked.any(|text| text.contains('\0')) {
        builder.push(" AND false");
        return;
    }
    match source.walk {
        Walk::All => {}
        Walk::Recent(listed) => {
            builder.push(" AND h.seq > ").push_bind(sql(listed.0));
        }
        Walk::Listed(listed) => {
            builder.push(" AND s.state_pk NOT IN (SELECT w.state_pk FROM versions AS w WHERE w.seq > ");
            builder.push_bind(sql(listed.0)).push(")");
        }
    }
    match source.when {
        When::Now => {}
        When::Still(at) => {
            builder.push(format_args!(" AND {} <= ", source.head())).push_bind(sql(at.0));
        }
        When::Moved(at) => {
            builder.push(format_args!(" AND {} > ", source.head())).push_bind(sql(at.0));
        }
    }
    builder.push_one_of("s.state_type", query.types.iter().map(StateType::as_str));
    builder.push_one_of(source.author(), query.authors.iter().map(String::as_str));
    if let Some(prefix) = &query.prefix {
        starts_with(builder, prefix);
    }
    if let Some(seq) = query.changed_since {
        builder.push(format_args!(" AND {} > ", source.seq())).push_bind(sql(seq.0));
    }
    match (query.deleted, source.is_head()) {
        (DeletedFilter::Include, _) => {}
        (DeletedFilter::Exclude, true) => {
            builder.push(format_args!(" AND {}", dialect.live));
        }
        (DeletedFilter::Only, true) => {
            builder.push(format_args!(" AND {}", dialect.deleted));
        }
        (DeletedFilter::Exclude, false) => {
            builder.push(" AND v.operation <> 'delete'");
        }
        (DeletedFilter::Only, false) => {
            builder.push(" AND v.operation = 'delete'");
        }
    }
    if let Some(validity) = query.validity {
        has_validity(builder, validity, source);
    }
    if let Some(search) = search {
        search.matches(builder, dialect);
    }
}

/// Ids that start with a prefix, as a range, so that an index helps.
pub(super) fn starts_with(builder: &mut Statement, prefix: &str) {
    if prefix.contains('\0') {
        builder.push(" AND false");
        return;
    }
    builder.push(" AND s.state_id >= ").push_bind(prefix);
    if let Some(end) = after_prefix(prefix) {
        builder.push(" AND s.state_id < ").push_bind(end);
    }
}

fn has_validity(builder: &mut Statement, validity: ValidityFilter, source: Source) {
    match (source.is_head(), validity) {
        (true, ValidityFilter::NotChecked) => {
            builder.push(" AND s.validity = 0");
        }
        (true, ValidityFilter::Valid) => {
            builder.push(" AND s.validity = 1");
        }
        (true, ValidityFilter::Invalid) => {
            builder.push(" AND s.validity = 2");
        }
        (false, ValidityFilter::NotChecked) => {
            builder.push(" AND v.verdict = ").push_bind(verdict_text(&Verdict::NotChecked));
        }
        (false, ValidityFilter::Valid) => {
            builder.push(" AND v.verdict = ").push_bind(verdict_text(&Verdict::Valid));
        }
        (false, ValidityFilter::Invalid) => {
            builder.push(" AND v.verdict NOT IN (").push_bind(verdict_text(&Verdict::NotChecked));
            builder.push(", ").push_bind(verdict_text(&Verdict::Valid)).push(")");
        }
    }
}

fn after(builder: &mut Statement, place: &Place, source: Source) {
    match place {
        Place::Changed(seq) => {
            builder.push(format_args!(" AND {} < ", source.seq())).push_bind(sql(seq.0));
        }
        Place::Id(key) => {
            builder.push(" AND (s.state_type, s.state_id) > (");
            builder.push_bind(key.state_type.as_str()).push(", ");
            builder.push_bind(key.state_id.as_str()).push(")");
        }
        Place::History(_) | Place::Snapshot(_) | Place::Restore(_) => {}
    }
}

async fn total<C: Connection>(connection: &mut C, query: &ListQuery, sources: &[Source]) -> Result<u64> {
    if let Some(sum) = kept_total(query, sources) {
        let totals = heads::totals(connection).await?;
        let wanted = |t: &&TypeTotals| query.types.is_empty() || query.types.contains(&t.state_type);
        return Ok(totals.iter().filter(wanted).map(sum).sum());
    }
    let mut total = 0;
    for source in sources {
        let mut builder = Statement::new("SELECT count(*)");
        from(&mut builder, &C::DIALECT, *source, false);
        conditions(&mut builder, &C::DIALECT, query, *source, None);
        total += count(connection, builder).await?;
    }
    Ok(total)
}

/// The number that a statement answers with.
pub(super) async fn count(connection: &mut impl Connection, statement: Statement) -> Result<u64> {
    let row = connection.first(statement).await?;
    row.map_or(Ok(0), |row| rows::number(&row, 0))
}

/// How the kept totals say how many rows there are, where they do.
fn kept_total(query: &ListQuery, sources: &[Source]) -> Option<fn(&TypeTotals) -> u64> {
    let plain = sources.iter().all(|source| source.when == When::Now)
        && query.prefix.is_none()
        && query.text.is_none()
        && query.authors.is_empty()
        && query.changed_since.is_none();
    match (plain, query.validity, query.deleted) {
        (true, None, DeletedFilter::Exclude) => Some(|t| t.live),
        (true, None, DeletedFilter::Only) => Some(|t| t.deleted),
        (true, None, DeletedFilter::Include) => Some(|t| t.live + t.deleted),
        (true, Some(ValidityFilter::Invalid), DeletedFilter::Exclude | DeletedFilter::Include) => {
            Some(|t| t.invalid)
        }
        _ => None,
    }
}
