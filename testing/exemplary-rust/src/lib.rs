//! Exemplary service providers: small, in memory, and well-behaved in everything the lifecycle asks of them.
//!
//! They are what a provider author looks at first, and what MAPI, the verifier and the tests of mapi-provider run against.
//! Each is also a loadable library (`testing/exemplary-library`, `testing/exemplary-store-library`).

pub mod address_book;
pub mod journal;
pub mod store;

pub use address_book::ExemplaryAddressBook;
pub use store::ExemplaryStore;

use mapi_provider::BuiltIn;

/// The address book, for a program that links it in.
#[must_use]
pub fn built_in_address_book() -> BuiltIn {
    BuiltIn {
        name: "exemplary_ab",
        message_store: None,
        address_book: Some(mapi_provider::address_book_provider::<ExemplaryAddressBook>()),
    }
}

/// The store, for a program that links it in.
#[must_use]
pub fn built_in_store() -> BuiltIn {
    BuiltIn {
        name: "exemplary_ms",
        message_store: Some(mapi_provider::store_provider::<ExemplaryStore>()),
        address_book: None,
    }
}
