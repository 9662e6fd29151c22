//! `stateloft verify`.

use std::process::ExitCode;

use stateloft_core::api::{Stops, Unreadable};
use stateloft_core::model::Seq;

use super::say::{answer, remark};
use super::{Done, FAILED, logging, open};
use crate::config::Loaded;
use crate::store::verify_stretch;

const STRETCH: usize = 10_000;

pub(super) async fn verify(Loaded { config, .. }: Loaded) -> Done {
    logging::start(config.log_level);
    let store = open::store_to_read(&config).await?;
    let (mut after, mut broken) = (Seq::ZERO, 0_u64);
    let done = loop {
        let report =
            verify_stretch(store.as_ref(), after, STRETCH).await.map_err(|error| error.to_string())?;
        for Unreadable { seq, reason } in &report.faults {
            if broken == 0 {
                let whole = report.verified_to;
                answer!(
                    "broken: versions up to seq {whole} are as they were written, then: seq {seq}: {reason}"
                );
            } else {
                answer!("also seq {seq}: {reason}");
            }
            broken += 1;
        }
        if report.checked_to >= report.seq {
            // A log does not say what is missing at its end; what stands beside it does.
            let stopped = store.alarms().into_iter().find(|alarm| alarm.stops == Stops::Writes);
            if let (0, Some(alarm)) = (broken, stopped) {
                let (seq, detail) = (report.seq, alarm.detail);
                answer!("broken: all {seq} versions are as they were written, but {detail}");
                break ExitCode::from(FAILED);
            }
            if broken == 0 {
                answer!("whole: all {} versions are as they were written", report.seq);
                break ExitCode::SUCCESS;
            }
            answer!("{broken} of {} versions are not as they were written", report.seq);
            break ExitCode::from(FAILED);
        }
        remark!("{} of {} versions", report.checked_to, report.seq);
        after = report.checked_to;
    };
    store.close().await;
    Ok(done)
}
