//! Any bytes as a mail: import and export neither panic nor disagree with themselves.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mapi_mime::{ExportOptions, ImportOptions, MapiMessage, MemoryNames, export, import};

fn round_trip(mail: &[u8]) -> Option<Vec<u8>> {
    let names = MemoryNames::default();
    let mut message = MapiMessage::default();
    import(&mut &mail[..], &names, &ImportOptions::default(), &mut message).ok()?;
    let mut out = Vec::new();
    export(&message, &names, &ExportOptions::default(), &mut out).expect("what was imported is exported");
    Some(out)
}

fuzz_target!(|mail: &[u8]| {
    if let Some(once) = round_trip(mail) {
        let twice = round_trip(&once).expect("what was exported is imported");
        assert!(round_trip(&twice).as_ref() == Some(&twice), "export is not stable");
    }
});
