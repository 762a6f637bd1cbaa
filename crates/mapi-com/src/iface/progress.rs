//! IMAPIProgress.

use mapi_types::Result;

use super::ComObject;

/// IMAPIProgress: how far a long operation is (imapiprogressiunknown.md).
pub trait Progress: ComObject {
    /// Progress.
    ///
    /// # Errors
    /// MAPI_E_USER_CANCEL: stop.
    fn progress(&self, value: u32, count: u32, total: u32) -> Result<()>;

    /// GetFlags: MAPI_TOP_LEVEL.
    ///
    /// # Errors
    /// None of its own.
    fn get_flags(&self) -> Result<u32>;

    /// GetMin and GetMax.
    ///
    /// # Errors
    /// None of its own.
    fn get_limits(&self) -> Result<(u32, u32)>;

    /// SetLimits; `None` leaves a number as it is.
    ///
    /// # Errors
    /// None of its own.
    fn set_limits(&self, min: Option<u32>, max: Option<u32>, flags: Option<u32>) -> Result<()>;
}
