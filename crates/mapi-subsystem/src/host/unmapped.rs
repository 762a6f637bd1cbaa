//! Why a library stays mapped after it was freed (LIFE-UNLOAD-004).
//!
//! Freed is not yet unmapped. The loader does not say why it keeps a library, but the library's file does: the marks and symbols that
//! make glibc keep it are in its tables. Read with bounds on everything, since a library may be any file.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Why a freed library is still mapped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cause {
    /// MAPI itself has it loaded that many times more.
    LoadedElsewhere(u64),
    /// It was linked with `-z nodelete`.
    NoDelete,
    /// It defines symbols of the kind STB_GNU_UNIQUE, which keep it for ever.
    UniqueSymbols {
        /// How many.
        count: usize,
        /// The first of them, mangled.
        first: String,
    },
    /// It registers thread-local destructors, as every Rust library does, and nothing else explains why it stays: a thread that
    /// called into it lives on.
    ThreadLocalDestructors,
    /// This C library never unmaps anything (musl).
    Platform,
    /// Somebody outside MAPI has it loaded, or another loaded library needs it.
    OtherHolder,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoadedElsewhere(times) => {
                write!(f, "MAPI has it loaded {times} time(s) more")
            }
            Self::NoDelete => f.write_str("it was linked with -z nodelete"),
            Self::UniqueSymbols { count, first } => write!(
                f,
                "it defines {count} unique symbol(s) (STB_GNU_UNIQUE), the first is {first}; build it with -fno-gnu-unique"
            ),
            Self::ThreadLocalDestructors => f.write_str(
                "a living thread has thread-local destructors of it registered; it goes when that thread has ended and a library is freed",
            ),
            Self::Platform => f.write_str("the C library of this system never unmaps a library"),
            Self::OtherHolder => {
                f.write_str("something outside MAPI has it loaded, or a loaded library needs it")
            }
        }
    }
}

/// Finds the cause for a library that the loader still has. `others` is how many other loads of it MAPI has.
#[must_use]
pub fn cause(path: &Path, others: u64) -> Cause {
    if others > 0 {
        return Cause::LoadedElsewhere(others);
    }
    if cfg!(target_env = "musl") {
        return Cause::Platform;
    }
    match File::open(path)
        .ok()
        .and_then(|mut file| Traits::read(&mut file))
    {
        Some(Traits {
            no_delete: true, ..
        }) => Cause::NoDelete,
        Some(Traits {
            unique,
            first_unique: Some(first),
            ..
        }) => Cause::UniqueSymbols {
            count: unique,
            first,
        },
        Some(Traits {
            thread_local_destructors: true,
            ..
        }) => Cause::ThreadLocalDestructors,
        _ => Cause::OtherHolder,
    }
}

/// What an ELF file says about itself that bears on unmapping.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Traits {
    /// DF_1_NODELETE is set.
    pub no_delete: bool,
    /// The number of STB_GNU_UNIQUE symbols it defines.
    pub unique: usize,
    /// The name of the first of them.
    pub first_unique: Option<String>,
    /// It calls the function that registers thread-local destructors.
    pub thread_local_destructors: bool,
}

const SHT_DYNAMIC: u32 = 6;
const SHT_DYNSYM: u32 = 11;
const DT_FLAGS_1: u64 = 0x6fff_fffb;
const DF_1_NODELETE: u64 = 8;
const STB_GNU_UNIQUE: u8 = 10;
const SECTION_HEADER_SIZE: usize = 64;
const SYMBOL_SIZE: usize = 24;
const DYNAMIC_SIZE: usize = 16;

/// No table of a library is longer, in bytes; what lies behind is not looked at.
const LONGEST_TABLE: u64 = 64 << 20;

impl Traits {
    /// Reads a 64-bit ELF file of this machine's byte order. None: it is something else, or broken.
    pub fn read(file: &mut (impl Read + Seek)) -> Option<Self> {
        let header = table(file, 0, 64)?;
        let order = if cfg!(target_endian = "little") { 1 } else { 2 };
        if header.get(..6)? != [0x7f, b'E', b'L', b'F', 2, order] {
            return None;
        }
        let count = u64::from(u16_at(&header, 60)?);
        if usize::from(u16_at(&header, 58)?) != SECTION_HEADER_SIZE {
            return None;
        }
        let sections = table(file, u64_at(&header, 40)?, count * 64)?;
        let mut traits = Self::default();
        for section in sections.chunks_exact(SECTION_HEADER_SIZE) {
            match u32_at(section, 4)? {
                SHT_DYNAMIC => traits.read_dynamic(&content(file, section)?)?,
                SHT_DYNSYM => {
                    let link = usize::try_from(u32_at(section, 40)?).ok()?;
                    let strings = sections.chunks_exact(SECTION_HEADER_SIZE).nth(link)?;
                    let strings = content(file, strings)?;
                    traits.read_symbols(&content(file, section)?, &strings)?;
                }
                _ => {}
            }
        }
        Some(traits)
    }

    fn read_dynamic(&mut self, entries: &[u8]) -> Option<()> {
        for entry in entries.chunks_exact(DYNAMIC_SIZE) {
            if u64_at(entry, 0)? == DT_FLAGS_1 && u64_at(entry, 8)? & DF_1_NODELETE != 0 {
                self.no_delete = true;
            }
        }
        Some(())
    }

    fn read_symbols(&mut self, symbols: &[u8], strings: &[u8]) -> Option<()> {
        for symbol in symbols.chunks_exact(SYMBOL_SIZE) {
            let binding = symbol.get(4)? >> 4;
            let defined = u16_at(symbol, 6)? != 0;
            if binding != STB_GNU_UNIQUE && defined {
                continue;
            }
            let name = name_at(strings, u32_at(symbol, 0)?)?;
            if defined {
                self.unique += 1;
                self.first_unique
                    .get_or_insert_with(|| String::from_utf8_lossy(name).into_owned());
            } else if name == b"__cxa_thread_atexit_impl" || name == b"__cxa_thread_atexit" {
                self.thread_local_destructors = true;
            }
        }
        Some(())
    }
}

/// The content of a section, given its header.
fn content(file: &mut (impl Read + Seek), section: &[u8]) -> Option<Vec<u8>> {
    table(file, u64_at(section, 24)?, u64_at(section, 32)?)
}

/// Reads `size` bytes, or less if the file ends before. Grows with what is there, not with what a header claims.
fn table(file: &mut (impl Read + Seek), offset: u64, size: u64) -> Option<Vec<u8>> {
    file.seek(SeekFrom::Start(offset)).ok()?;
    let mut bytes = Vec::new();
    file.take(size.min(LONGEST_TABLE))
        .read_to_end(&mut bytes)
        .ok()?;
    Some(bytes)
}

fn name_at(strings: &[u8], offset: u32) -> Option<&[u8]> {
    let rest = strings.get(usize::try_from(offset).ok()?..)?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    rest.get(..end)
}

fn bytes_at<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..offset.checked_add(N)?)?.try_into().ok()
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    bytes_at(bytes, offset).map(u16::from_ne_bytes)
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes_at(bytes, offset).map(u32::from_ne_bytes)
}

fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    bytes_at(bytes, offset).map(u64::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    /// A library of this very process.
    fn library() -> Vec<u8> {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let path = maps
            .lines()
            .filter_map(|line| line.split_once('/'))
            .map(|(_, path)| format!("/{path}"))
            .find(|path| path.contains("libgcc_s"))
            .unwrap();
        std::fs::read(path).unwrap()
    }

    #[test]
    fn a_plain_c_library_has_no_reason_to_stay() {
        let traits = Traits::read(&mut Cursor::new(library())).unwrap();
        assert_eq!((traits.no_delete, traits.unique), (false, 0));
    }

    #[test]
    fn what_is_not_elf_is_refused() {
        for bytes in [&b""[..], b"\x7fELF", b"#!/bin/sh\n", &[0; 4096]] {
            assert_eq!(Traits::read(&mut Cursor::new(bytes)), None);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Damage never panics and never yields more than is there.
        #[test]
        fn damaged_files_are_read_without_panic(
            damage in prop::collection::vec((0usize..1 << 17, any::<u8>()), 1..64),
            head in prop::collection::vec((0usize..64, any::<u8>()), 0..4),
            length in 0usize..1 << 17,
        ) {
            let mut bytes = library();
            bytes.truncate(length);
            for (at, value) in damage.into_iter().chain(head) {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
            let most = bytes.len() / SYMBOL_SIZE * usize::from(u16::MAX);
            if let Some(traits) = Traits::read(&mut Cursor::new(bytes)) {
                prop_assert!(traits.unique <= most);
            }
        }
    }
}
