//! Ctrl-C: the first asks for a clean stop, the second ends the program at once.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use mapi_types::ErrorCode;

use crate::exit::{Exit, Failure};

/// Whether the work should stop. Clones are the same.
#[derive(Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens to Ctrl-C, SIGTERM and SIGHUP. What is under way is brought to its end, and the session comes down in order;
    /// only a second Ctrl-C leaves that out.
    pub fn on_ctrl_c() -> Self {
        let stop = Self::default();
        let flag = stop.clone();
        let set = ctrlc::set_handler(move || {
            if flag.0.swap(true, Ordering::SeqCst) {
                process::exit(i32::from(Exit::Interrupted.code()));
            }
        });
        if let Err(error) = set {
            tracing::warn!(%error, "Ctrl-C will end the program without a clean stop");
        }
        stop
    }

    /// Whether it was asked for.
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Fails if it was asked for.
    pub fn check(&self) -> Result<()> {
        if self.requested() {
            return Err(interrupted());
        }
        Ok(())
    }

    /// The same as an error of MAPI, for work inside a provider.
    pub fn check_mapi(&self) -> mapi_types::Result<()> {
        if self.requested() {
            return Err(mapi_types::Error::caller(ErrorCode::USER_CANCEL).context("interrupted"));
        }
        Ok(())
    }
}

/// The error that says so.
pub fn interrupted() -> anyhow::Error {
    Failure::error(Exit::Interrupted, "interrupted")
}
