//! Sorting the lines of a view.

use std::cmp::Ordering;

use mapi_types::{PropValue, SortKey};

use super::instance::Instance;

/// The order of two values under one key. A line without a value comes last in either direction (ssortorder.md).
pub(super) fn compare_values(
    key: &SortKey,
    a: Option<&PropValue>,
    b: Option<&PropValue>,
) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if key.descending => b.compare_any(a),
        (Some(a), Some(b)) => a.compare_any(b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// Sorts lines by keys, stable. `values` has the values of the keys, line by line.
///
/// What is moved while sorting is 16 bytes a line: a prefix of the first value, which decides nearly every comparison without
/// a look at the row, and the line's number.
pub(super) fn sort(
    lines: Vec<Instance>,
    keys: &[SortKey],
    values: &[Option<&PropValue>],
) -> Vec<Instance> {
    let Some(first) = keys.first() else {
        return lines;
    };
    let of = |line: u32| {
        let at = line as usize * keys.len();
        &values[at..at + keys.len()]
    };
    let prefix = prefixes(first, values.iter().step_by(keys.len()));
    let mut numbered: Vec<(u64, u32)> = prefix.into_iter().zip(0..).collect();
    numbered.sort_by(|(a_prefix, a), (b_prefix, b)| {
        a_prefix.cmp(b_prefix).then_with(|| {
            keys.iter()
                .zip(of(*a).iter().zip(of(*b)))
                .map(|(key, (a, b))| compare_values(key, *a, *b))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        })
    });
    (numbered.into_iter())
        .map(|(_, at)| lines[at as usize])
        .collect()
}

/// A number for each value, ordered as the values under `key` are, as far as it reaches. All the same if the values have
/// several types: then prefixes say nothing.
fn prefixes<'a>(
    key: &SortKey,
    values: impl Iterator<Item = &'a Option<&'a PropValue>> + Clone,
) -> Vec<u64> {
    let mut present = values.clone().flatten();
    let Some(first) = present.next() else {
        return vec![0; values.count()];
    };
    let class = |value: &PropValue| (!value.ptype().is_string()).then_some(value.ptype());
    // Subjects that all begin with "Re: " differ behind it.
    let mut skip = usize::MAX;
    for value in present {
        if class(value) != class(first) {
            return vec![0; values.count()];
        }
        if skip > 0 {
            skip = first.common_ascii(value, skip);
        }
    }
    let of = |value: &Option<&PropValue>| match value {
        None => u64::MAX,
        Some(value) if key.descending => !value.order_prefix(skip),
        Some(value) => value.order_prefix(skip),
    };
    values.map(of).collect()
}
