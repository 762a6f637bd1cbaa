//! The exemplary store as a loadable provider library.
#![allow(unsafe_code)] // an exported function is unsafe to call; the macro says why it is sound

mapi_provider::export_store_provider!(exemplary_rust::ExemplaryStore);
