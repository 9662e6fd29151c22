//! A restore to the states of a file: planned by whoever has the store, looked at, then written.

use hyper::Method;
use stateloft_core::api::{ApplyGiven, Code, Effect, GivenPlan, GivenPlanned, GivenRequest, StateRow};
use stateloft_core::diff::{Effort, diff_within};
use stateloft_core::schema::path_rules;

use super::asking::{Allowed, held};
use super::consent::Consent;
use super::plan::{Row, SHOWN, first_changes, left_out, totals};
use super::print_applied;
use crate::cli::client::{Client, Query};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::named::Authored;
use crate::cli::output::print_json;
use crate::cli::output::style::{HEAD, styled, theirs};
use crate::cli::reach::{Intent, ReachOrStore};
use crate::cli::say::{write_answer, write_remark};
use crate::cli::{Done, asking};

pub(super) async fn restore(
    reach: ReachOrStore,
    request: GivenRequest,
    consent: &Consent,
    allowed: Allowed,
    by: Authored,
    json: bool,
) -> Done {
    let dry_run = consent.dry_run;
    let intent = if dry_run { Intent::Read } else { Intent::Write };
    asking(reach.client(intent).await?, async |client| {
        let plan: GivenPlan = client.ask("/restores/documents", &request).await.map_err(in_parts)?;
        if dry_run && json {
            print_json(&plan)?;
        } else {
            print(client, &plan, &request, dry_run || !json).await;
        }
        if dry_run || plan.counts.written() == 0 {
            return Ok(Exit::Done);
        }
        consent.given(&plan.plan, &plan.counts, allowed.accept_violations)?;
        let path = format!("/restores/documents/{}/apply", plan.plan);
        let body = applying(request, by, allowed);
        print_applied(client, client.write(Method::POST, &path, Some(&body)).await?, json)?;
        Ok(Exit::Done)
    })
    .await
}

/// A file that is too large for one commit is restored in several.
fn in_parts(failure: Failure) -> Failure {
    let too_large = failure.is(Code::BodyTooLarge) || failure.is(Code::TooLarge);
    if !too_large {
        return failure;
    }
    let message = format!(
        "{}; the file has more states than one commit takes: restore it in parts, with --type, --prefix or --state",
        failure.message
    );
    Failure { message, ..failure }
}

fn applying(request: GivenRequest, by: Authored, allowed: Allowed) -> ApplyGiven {
    let Allowed { accept_violations, handshake } = allowed;
    let GivenRequest { name, states, scope, selection, exact, delete_others } = request;
    ApplyGiven {
        name,
        states,
        scope,
        selection,
        exact,
        delete_others,
        reason: by.reason.unwrap_or_default(),
        user_id: by.author,
        run_id: by.origin.run_id,
        correlation_id: by.origin.correlation_id,
        causation_id: by.origin.causation_id,
        accept_violations,
        handshake,
    }
}

/// Prints a plan, on standard output or beside it.
async fn print(client: &Client, plan: &GivenPlan, request: &GivenRequest, is_answer: bool) {
    let say = |line: &str| {
        if is_answer { write_answer(format_args!("{line}")) } else { write_remark(format_args!("{line}")) }
    };
    say(&styled(HEAD, &format!("plan {}", plan.plan)));
    say(&format!("Back to         the file {}", theirs(&plan.name)));
    let mut shown = 0;
    for state in plan.states.iter().filter(|state| state.effect != Effect::Equal) {
        say(&row(state).line());
        if state.effect == Effect::Changed && shown < SHOWN {
            shown += 1;
            // The plan is a plan all the same.
            let lines = changes(client, state, request).await;
            let lines =
                lines.unwrap_or_else(|failure| vec![format!("(cannot be shown: {})", failure.message)]);
            for line in &lines {
                say(&format!("      {line}"));
            }
        }
    }
    for line in &totals(&plan.counts, &plan.snapshot_before) {
        say(line);
    }
    for line in held(&plan.held_by).chain(left_out(&plan.left_out)) {
        say(&line);
    }
}

fn row(state: &GivenPlanned) -> Row<'_> {
    Row {
        key: &state.key,
        effect: state.effect,
        now: state.now.as_ref().map(|now| now.version),
        next: state.next_version,
        selected: state.selected,
        paths: state.paths,
        result: state.result_hash.map(|_| (&state.verdict, state.exact)),
        target: "as in the file",
    }
}

/// What would change, before anything is left out of it.
async fn changes(
    client: &Client,
    state: &GivenPlanned,
    request: &GivenRequest,
) -> Result<Vec<String>, Failure> {
    let key = &state.key;
    let given = request.states.iter().find(|given| given.key() == *key);
    let (Some(given), Some(now)) = (given, &state.now) else { return Ok(Vec::new()) };
    let query = Query::of(key).with("version", now.version);
    let (_, row) = client.read_of::<StateRow>(key, "/states/-", &query).await?;
    let Some(now) = row.stored().and_then(|stored| stored.data) else { return Ok(Vec::new()) };
    let rules = path_rules(key.state_type.as_str());
    let diff = diff_within(&now, &given.data, rules, Effort::default());
    let diff = diff.map_err(|_| Failure::new(Exit::Refused, "it differs in too many places"))?;
    Ok(first_changes(&diff))
}
