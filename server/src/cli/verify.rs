//! `statehouse verify`.

use std::process::ExitCode;

use statehouse_core::model::Seq;

use super::{Done, FAILED, logging, open};
use crate::config::Loaded;
use crate::store::verify_stretch;

const STRETCH: usize = 10_000;

pub(super) async fn verify(Loaded { config, .. }: Loaded) -> Done {
    logging::start(config.log_level);
    let store = open::store_to_read(&config).await?;
    let mut after = Seq::ZERO;
    let done = loop {
        let report =
            verify_stretch(store.as_ref(), after, STRETCH).await.map_err(|error| error.to_string())?;
        if !report.ok {
            let fault = report.fault.unwrap_or_default();
            println!(
                "broken: versions up to seq {} are as they were written, then: {fault}",
                report.verified_to
            );
            break ExitCode::from(FAILED);
        }
        if report.verified_to >= report.seq {
            println!("whole: all {} versions are as they were written", report.seq);
            break ExitCode::SUCCESS;
        }
        eprintln!("{} of {} versions", report.verified_to, report.seq);
        after = report.verified_to;
    };
    store.close().await;
    Ok(done)
}
