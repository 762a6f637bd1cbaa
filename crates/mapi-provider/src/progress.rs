//! Long operations.

use mapi_types::Result;

/// Whom a long operation tells how far it is (IMAPIProgress), and who may stop it.
pub trait Progress {
    /// `done` of `total` steps. Call it often: the crate thins the calls out.
    ///
    /// # Errors
    /// MAPI_E_USER_CANCEL: leave everything whole, stop, and pass the error on.
    fn step(&self, done: u64, total: u64) -> Result<()>;
}

/// Nobody: for callers that do not want to know.
impl Progress for () {
    fn step(&self, _done: u64, _total: u64) -> Result<()> {
        Ok(())
    }
}
