//! MAPI's ABI: interfaces in vtable order, structs, constants, identifiers, function types.
//!
//! Everything here is generated from `abi/*.json` (`cargo xtask codegen`) and carries the names of the Windows
//! headers, so that MAPI's documentation applies as it stands. There is no logic in this crate; what makes these types
//! safe to use is in `mapi-com` and `mapi-types`.
//!
//! - `WCHAR` is a UTF-16 unit of 16 bits and `ULONG` has 32 bits on every platform.
//! - Pointers to functions are `Option<fn>` where they may be null, plain `fn` in vtables.
//! - A reference parameter of the C++ headers (`REFIID`) is a pointer here.
//! - [`Interface`] gives an interface's identifier and vtable type, [`Inherits`] says which pointers may be cast.
//!   `IExchangeChangeAdviseSink` has no identifier and no `Interface`.
//! - Exported functions have their type under `FN_Name`, callbacks under the name of the header.
#![no_std]

#[allow(
    non_snake_case,
    non_camel_case_types,
    non_upper_case_globals,
    missing_docs,
    unsafe_code,
    unused_imports,
    clippy::all
)]
mod generated;

pub use generated::*;
