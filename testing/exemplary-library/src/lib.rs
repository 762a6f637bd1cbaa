//! The exemplary address book as a loadable provider library.
#![allow(unsafe_code)] // an exported function is unsafe to call; the macro says why it is sound

mapi_provider::export_address_book_provider!(exemplary_rust::ExemplaryAddressBook);
