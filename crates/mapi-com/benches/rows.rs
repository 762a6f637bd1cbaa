//! Rows into a row set, as QueryRows does it, against a plain copy of the same bytes into one block per row:
//! `cargo bench -p mapi-com --bench rows`.
#![allow(unsafe_code)]

use std::time::{Duration, Instant};

use mapi_com::alloc::Allocator;
use mapi_com::marshal::{RowSetBuilder, read_row_set};
use mapi_types::{FileTime, PropTag, PropValue, Property, Row};

const ROWS: i32 = 100_000;

fn row(i: i32) -> Row {
    let text = |id: u16, text: String| {
        Property::new(
            PropTag::from_raw(u32::from(id) << 16),
            PropValue::from(text),
        )
    };
    Row::from(vec![
        text(0x0037, format!("Subject of message number {i}")),
        text(0x0C1A, format!("Sender {}", i % 97)),
        text(0x0E04, "Somebody; Somebody Else".to_owned()),
        Property::new(PropTag::from_raw(0x0E07_0003), i),
        Property::new(PropTag::from_raw(0x0E08_0003), i * 7),
        Property::new(
            PropTag::from_raw(0x0E06_0040),
            FileTime(u64::from(i.unsigned_abs())),
        ),
        Property::new(PropTag::from_raw(0x0FFF_0102), vec![1u8; 40]),
        Property::new(PropTag::from_raw(0x0FF6_0102), vec![2u8; 8]),
    ])
}

/// The best of several runs, in nanoseconds per row.
fn time(mut body: impl FnMut() -> Duration) -> f64 {
    let best = (0..7).map(|_| body()).min().unwrap_or_default();
    best.as_secs_f64() * 1e9 / f64::from(ROWS)
}

fn main() {
    let rows: Vec<Row> = (0..ROWS).map(row).collect();
    let write = || {
        let mut builder = RowSetBuilder::new(Allocator::local());
        for row in &rows {
            builder.push_row(row).expect("enough memory");
        }
        builder.finish().expect("enough memory")
    };

    // What is copied, in the form of the ABI: one piece of memory per row.
    let set = write();
    // SAFETY: the set is ours; each row is one block.
    let flat: Vec<Vec<u8>> = unsafe {
        let first = (&raw const (*set.as_ptr()).aRow).cast::<mapi_sys::SRow>();
        (0..rows.len())
            .map(|i| {
                let row = *first.add(i);
                let last = *row.lpProps.add(row.cValues as usize - 1);
                let end = last.Value.bin.lpb.addr() + last.Value.bin.cb as usize;
                let size = end - row.lpProps.addr();
                std::slice::from_raw_parts(row.lpProps.cast::<u8>(), size).to_vec()
            })
            .collect()
    };

    let limit = time(|| {
        let start = Instant::now();
        let copied: Vec<Vec<u8>> = flat.clone();
        let took = start.elapsed();
        drop(copied);
        took
    });
    let written = time(|| {
        let start = Instant::now();
        let set = write();
        let took = start.elapsed();
        drop(set);
        took
    });
    let cloned = time(|| {
        let start = Instant::now();
        let copied = rows.clone();
        let took = start.elapsed();
        drop(copied);
        took
    });
    let read = time(|| {
        let start = Instant::now();
        // SAFETY: the set is ours.
        let rows = unsafe { read_row_set(set.as_ptr()) };
        let took = start.elapsed();
        drop(rows);
        took
    });
    println!("{} bytes per row", flat[0].len());
    println!("plain copy   {limit:>8.0} ns per row");
    println!(
        "written      {written:>8.0} ns per row, {:.2} times the copy",
        written / limit
    );
    println!("rows cloned  {cloned:>8.0} ns per row");
    println!(
        "read         {read:>8.0} ns per row, {:.2} times cloning",
        read / cloned
    );
}
