//! How fast mails are found, imported and exported: `throughput PATH`.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use mapi_mime::{ExportOptions, ImportOptions, MapiMessage, MemoryNames, export, import, source};

fn main() -> mapi_types::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "-".to_owned());
    let names = MemoryNames::default();
    let (mut count, mut bytes) = (0_u64, 0);
    let (mut importing, mut exporting) = (Duration::ZERO, Duration::ZERO);
    let started = Instant::now();
    for found in source::open(Path::new(&path))? {
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                eprintln!("{error}");
                continue;
            }
        };
        let options = ImportOptions {
            received: found.received,
        };
        let before = Instant::now();
        let mut message = MapiMessage::default();
        import(&mut found.reader()?, &names, &options, &mut message)?;
        importing += before.elapsed();
        let before = Instant::now();
        export(&message, &names, &ExportOptions::default(), &mut io::sink())?;
        exporting += before.elapsed();
        count += 1;
        bytes += found.length;
    }
    let rate = |time: Duration| {
        bytes / 1_000_000 * 1000 / u64::try_from(time.as_millis()).unwrap_or(1).max(1)
    };
    let finding = started.elapsed() - importing - exporting;
    println!("{count} mails, {bytes} bytes");
    for (what, time) in [
        ("find and hash", finding),
        ("import", importing),
        ("export", exporting),
    ] {
        println!("{what}: {time:.2?}, {} MB/s", rate(time));
    }
    Ok(())
}
