//! FILETIME.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time: 100-nanosecond units since 1601-01-01 00:00 UTC (FILETIME).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct FileTime(pub u64);

/// Units of 100 ns from 1601-01-01 to 1970-01-01.
const UNIX_OFFSET: u64 = 116_444_736_000_000_000;
const PER_SECOND: u64 = 10_000_000;

impl FileTime {
    /// Now, by the system's clock.
    #[must_use]
    pub fn now() -> Self {
        Self::from(SystemTime::now())
    }

    /// From seconds since 1970 UTC; times before 1601 become 0.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Self {
        let units = i128::from(seconds) * i128::from(PER_SECOND) + i128::from(UNIX_OFFSET);
        Self(u64::try_from(units.max(0)).unwrap_or(u64::MAX))
    }

    /// Whole seconds since 1970 UTC, rounded down.
    #[must_use]
    pub fn to_unix(self) -> i64 {
        let units = i128::from(self.0) - i128::from(UNIX_OFFSET);
        i64::try_from(units.div_euclid(i128::from(PER_SECOND))).unwrap_or(i64::MAX)
    }
}

impl From<SystemTime> for FileTime {
    fn from(time: SystemTime) -> Self {
        let units = |d: Duration| u64::try_from(d.as_nanos() / 100).unwrap_or(u64::MAX);
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(UNIX_OFFSET.saturating_add(units(after))),
            Err(before) => Self(UNIX_OFFSET.saturating_sub(units(before.duration()))),
        }
    }
}
