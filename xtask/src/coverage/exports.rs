//! Which entry points of mapi32 are built, and why the others are not.

use crate::codegen::mapi32::exports;
use crate::facts::Facts;
use crate::source::Source;
use std::fmt::Write;

/// Where the refusals are: each with its reason before it.
const REFUSALS: &str = "crates/mapi32/src/unbuilt.rs";

/// The section on libmapi32.
pub fn report(facts: &Facts, sources: &[Source]) -> String {
    let refused: Vec<(&str, &str)> = sources
        .iter()
        .filter(|source| source.path == REFUSALS)
        .flat_map(|source| refusals(&source.text))
        .collect();
    let all = exports(facts).count();
    let mut out = format!(
        "\n## Entry points of libmapi32\n\n{} of {all} are built. The others answer their refusal:\n\n| Function | Why |\n|---|---|\n",
        all - refused.len()
    );
    for (name, reason) in refused {
        let _ = writeln!(out, "| {name} | {reason} |");
    }
    out
}

/// Name and reason of each: `/// reason` and below it `fn Name(...`.
fn refusals(text: &str) -> Vec<(&str, &str)> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    (0..lines.len().saturating_sub(1))
        .filter_map(|i| {
            let reason = lines[i].strip_prefix("/// ")?.trim_end_matches('.');
            let name = lines[i + 1].strip_prefix("fn ")?.split('(').next()?;
            Some((name, reason))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_refusal_has_a_name_and_a_reason() {
        let text = "trait T {\n    /// No.\n    const N: u8;\n}\n    /// Needs TNEF.\n    fn Open(_: u8) -> i32;\n";
        assert_eq!(super::refusals(text), [("Open", "Needs TNEF")]);
    }
}
