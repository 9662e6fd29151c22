//! How strictly data is held to the rules of its type.

use std::sync::Arc;

use stateloft_core::api::{BatchItem, BatchOperation, BatchRequest, Code, SaveRequest};
use stateloft_core::model::{Mode, Seq, StateId, StateType, Verdict};
use stateloft_core::schema::Modes;
use stateloft_core::validate::Effort;
use stateloft_server::service::{Precondition, Service, Settings};

use crate::fixture::{Fixture, doc};
use crate::service::{code, request};

pub async fn data_with_more_in_it_than_is_checked_is_stored_unchecked_or_refused_where_the_type_is_strict(
    f: &Fixture,
) {
    let mut modes = Modes::all(Mode::Warn);
    modes.types.insert(StateType::new("portfolio").unwrap(), Mode::Strict);
    let checking = Effort { steps: 1_000 };
    let settings = Settings { modes, checking, clock: f.clock.clone(), ..Settings::default() };
    let service = Service::start(Arc::clone(&f.store), settings).await.unwrap();
    let members: Vec<_> = (0..1_000).map(|n| format!(r#""m{n}":1"#)).collect();
    let large = format!("{{{}}}", members.join(","));
    let large = |state_type: &str| SaveRequest {
        state_type: StateType::new(state_type).unwrap(),
        ..request("main", &large)
    };
    let warned = service.save(large("position"), &Precondition::None).await.unwrap();
    assert_eq!(warned.version().verdict, Verdict::NotChecked);
    let refused = service.save(large("portfolio"), &Precondition::None).await.unwrap_err();
    assert_eq!(refused.code(), Code::TooLarge);
    assert!(refused.problem().detail.contains("split it into several states"), "{refused}");
    let SaveRequest { state_type, state_id, data, .. } = large("portfolio");
    let saved = BatchItem { data: Some(data), ..BatchItem::new(BatchOperation::Save, state_type, state_id) };
    let batch = BatchRequest { items: vec![saved], ..BatchRequest::default() };
    assert_eq!(code(service.batch(batch).await), Code::TooLarge);
    let small = SaveRequest { state_type: StateType::new("position").unwrap(), ..request("small", "{}") };
    assert!(service.save(small, &Precondition::None).await.unwrap().version().verdict.is_invalid());
}

pub async fn strict_types_refuse_and_warned_ones_keep_the_verdict(f: &Fixture) {
    let mut modes = Modes::all(Mode::Warn);
    modes.types.insert(StateType::new("portfolio").unwrap(), Mode::Strict);
    modes.types.insert(StateType::new("pair_state").unwrap(), Mode::Off);
    let settings = Settings { modes, clock: f.clock.clone(), ..Settings::default() };
    let service = Service::start(Arc::clone(&f.store), settings).await.unwrap();
    let wrong = |state_type: &str| SaveRequest {
        state_type: StateType::new(state_type).unwrap(),
        ..request("main", r#"{"total_value":"many"}"#)
    };
    let refused = service.save(wrong("portfolio"), &Precondition::None).await.unwrap_err();
    assert_eq!(refused.code(), Code::ValidationFailed);
    let problem = refused.problem();
    assert!(problem.errors.len() > 1, "every violation is listed: {problem:?}");
    assert!(problem.errors.iter().any(|error| error.pointer == "/total_value"), "{problem:?}");
    let warned = service.save(wrong("position"), &Precondition::None).await.unwrap();
    assert!(warned.version().verdict.is_invalid());
    let off = service.save(wrong("pair_state"), &Precondition::None).await.unwrap();
    assert_eq!(off.version().verdict, Verdict::NotChecked);
    let other = service.save(wrong("bot_memory"), &Precondition::None).await.unwrap();
    assert_eq!(other.version().verdict, Verdict::NotChecked, "a type without rules");
    let item = |state_type: &str, data: &str| {
        let (state_type, state_id) = (StateType::new(state_type).unwrap(), StateId::new("b").unwrap());
        BatchItem { data: Some(doc(data)), ..BatchItem::new(BatchOperation::Save, state_type, state_id) }
    };
    let items = vec![item("bot_memory", "{}"), item("portfolio", r#"{"total_value":"many"}"#)];
    let batch = BatchRequest { items, ..BatchRequest::default() };
    let problem = service.batch(batch).await.unwrap_err().problem();
    assert_eq!(problem.code, Code::ValidationFailed);
    assert!(problem.errors.iter().all(|error| error.pointer.starts_with("/items/1/data")), "{problem:?}");
    assert_eq!(f.tip().await, Seq(3));
}
