//! Writes a corpus: `corpus SEED COUNT eml|mbox|maildir PATH`.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("corpus: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    let [seed, count, format, path] = arguments else {
        return Err("usage: corpus SEED COUNT eml|mbox|maildir PATH".to_owned());
    };
    let number = |text: &String| {
        let read = text.parse::<u64>();
        read.map_err(|_| format!("'{text}' is no number"))
    };
    let (seed, count) = (number(seed)?, number(count)?);
    let started = Instant::now();
    let bytes = corpus::write(seed, count, format.parse()?, Path::new(path))
        .map_err(|error| format!("{path}: {error}"))?;
    let seconds = started.elapsed().as_secs_f64();
    let mean = bytes.checked_div(count).unwrap_or(0);
    println!("{count} mails, {bytes} bytes, mean {mean}, {seconds:.1} s");
    Ok(())
}
