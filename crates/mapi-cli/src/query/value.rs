//! What values mean.
//!
//! - numbers: `12`, `-3`, `0x1F`; sizes also `10k`, `2M`, `1.5G`, in powers of 1024;
//! - times: `2024`, `2024-01`, `2024-01-31` (the whole year, month or day, in the local time zone), `2024-01-31T14:05`,
//!   `2024-01-31T14:05:30Z`, `today`, `yesterday`, `now`, and `90s`, `30m`, `12h`, `7d`, `2w`, counted back from now;
//! - truth: `true`, `false`, `yes`, `no`;
//! - bytes: hexadecimal digits.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use mapi_types::FileTime;

use super::QueryError;

/// Now and here: what relative and local times refer to.
#[derive(Clone, Debug)]
pub struct Moment(pub Zoned);

impl Moment {
    /// The moment of the call, in the local time zone.
    pub fn now() -> Self {
        Self(Zoned::now())
    }

    fn zone(&self) -> &TimeZone {
        self.0.time_zone()
    }
}

/// From `from` to just before `to`; an instant if they are equal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Period {
    /// The first moment.
    pub from: FileTime,
    /// The moment after the last; the same for an instant.
    pub to: FileTime,
}

/// Reads a whole number.
///
/// # Errors
/// It is none.
pub fn number(text: &str) -> Result<i64, QueryError> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let hex = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"));
    let plain = digits.starts_with(|c: char| c.is_ascii_hexdigit());
    let parsed = match hex {
        Some(hex) if !hex.starts_with(['+', '-']) => i64::from_str_radix(hex, 16).ok(),
        None if plain => digits.parse().ok(),
        _ => None,
    };
    parsed
        .map(|n| sign * n)
        .ok_or_else(|| QueryError::new(format!("'{text}' is not a number; write 12 or 0x1F")))
}

/// Reads a number of bytes.
///
/// # Errors
/// It is none.
pub fn size(text: &str) -> Result<i64, QueryError> {
    let lower = text.to_ascii_lowercase();
    let lower = lower
        .strip_suffix("ib")
        .or(lower.strip_suffix('b'))
        .unwrap_or(&lower);
    let (digits, shift) = match lower.as_bytes().last() {
        Some(b'k') => (&lower[..lower.len() - 1], 10),
        Some(b'm') => (&lower[..lower.len() - 1], 20),
        Some(b'g') => (&lower[..lower.len() - 1], 30),
        Some(b't') => (&lower[..lower.len() - 1], 40),
        _ => (lower, 0),
    };
    let bad = || {
        QueryError::new(format!(
            "'{text}' is not a size; write 500, 10k, 2M or 1.5G"
        ))
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(part) || part.len() > 6 {
        return Err(bad());
    }
    let scale = 1_i64 << shift;
    let whole: i64 = whole.parse().map_err(|_| bad())?;
    let tenths = 10_i64.pow(u32::try_from(part.len()).unwrap_or(0));
    let part: i64 = if part.is_empty() {
        0
    } else {
        part.parse().map_err(|_| bad())?
    };
    let fraction = i128::from(part) * i128::from(scale) / i128::from(tenths);
    let fraction = i64::try_from(fraction).map_err(|_| bad())?;
    whole
        .checked_mul(scale)
        .and_then(|n| n.checked_add(fraction))
        .ok_or_else(bad)
}

/// Reads `true` or `false`.
///
/// # Errors
/// It is neither.
pub fn truth(text: &str) -> Result<bool, QueryError> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(QueryError::new(format!(
            "'{text}' is neither true nor false"
        ))),
    }
}

/// Reads bytes.
///
/// # Errors
/// They are not hexadecimal.
pub fn bytes(text: &str) -> Result<Vec<u8>, QueryError> {
    mapi_types::hex::decode(text.as_bytes()).ok_or_else(|| {
        QueryError::new(format!(
            "'{text}' are no bytes; write an even number of hexadecimal digits"
        ))
    })
}

/// Reads a point in time, or a year, month or day.
///
/// # Errors
/// It is none.
pub fn time(text: &str, moment: &Moment) -> Result<Period, QueryError> {
    let lower = text.trim().to_ascii_lowercase();
    let found = match lower.as_str() {
        "now" => instant(moment.0.timestamp()),
        "today" => day(moment.0.date(), moment),
        "yesterday" => moment
            .0
            .date()
            .yesterday()
            .ok()
            .and_then(|d| day(d, moment)),
        _ => ago(&lower, moment)
            .or_else(|| calendar(&lower, moment))
            .or_else(|| clock(&lower, moment)),
    };
    found.ok_or_else(|| {
        QueryError::new(format!(
            "'{text}' is not a time; write 2024-01-31, 2024-01-31T14:05, 2024-01, today or 7d (seven days ago)"
        ))
    })
}

fn instant(time: Timestamp) -> Option<Period> {
    let at = file_time(time);
    Some(Period { from: at, to: at })
}

/// jiff's times as FILETIME.
pub fn file_time(time: Timestamp) -> FileTime {
    let whole = i128::from(FileTime::from_unix(0).0);
    let units = time.as_nanosecond().div_euclid(100) + whole;
    FileTime(u64::try_from(units.max(0)).unwrap_or(u64::MAX))
}

fn ago(text: &str, moment: &Moment) -> Option<Period> {
    let digits = text.len().checked_sub(1)?;
    let (count, unit) = text.split_at_checked(digits)?;
    if count.is_empty() || !count.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let count: i64 = count.parse().ok()?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return None,
    };
    let back = SignedDuration::from_secs(count.checked_mul(seconds)?);
    instant(moment.0.timestamp().checked_sub(back).ok()?)
}

/// `2024`, `2024-01`, `2024-01-31`.
fn calendar(text: &str, moment: &Moment) -> Option<Period> {
    let mut parts = text.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = parts.next().map(|p| digits(p, 2));
    let month_day = parts.next().map(|p| digits(p, 2));
    if parts.next().is_some() {
        return None;
    }
    let part = |n: i16| i8::try_from(n).ok();
    match (month, month_day) {
        (None, _) => {
            let first = Date::new(year, 1, 1).ok()?;
            between(first, first.checked_add(1.year()).ok()?, moment)
        }
        (Some(month), None) => {
            let first = Date::new(year, part(month?)?, 1).ok()?;
            between(first, first.checked_add(1.month()).ok()?, moment)
        }
        (Some(month), Some(d)) => day(Date::new(year, part(month?)?, part(d?)?).ok()?, moment),
    }
}

fn digits(text: &str, length: usize) -> Option<i16> {
    let good = text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    good.then(|| text.parse().ok())?
}

/// `2024-01-31T14:05`, with seconds and a zone if wanted; a blank instead of the T.
fn clock(text: &str, moment: &Moment) -> Option<Period> {
    let text = text.replacen(' ', "t", 1).to_ascii_uppercase();
    if let Ok(time) = text.parse::<Timestamp>() {
        return instant(time);
    }
    let civil: DateTime = text.parse().ok()?;
    instant(civil.to_zoned(moment.zone().clone()).ok()?.timestamp())
}

fn day(date: Date, moment: &Moment) -> Option<Period> {
    between(date, date.tomorrow().ok()?, moment)
}

fn between(from: Date, to: Date, moment: &Moment) -> Option<Period> {
    let midnight = |date: Date| {
        let start = date.to_datetime(Time::midnight());
        let zoned = start.to_zoned(moment.zone().clone()).ok()?;
        Some(file_time(zoned.timestamp()))
    };
    Some(Period {
        from: midnight(from)?,
        to: midnight(to)?,
    })
}
