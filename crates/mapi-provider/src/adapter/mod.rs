//! COM's side: the interfaces of MAPI over the semantic traits. Nothing here is public but what the entry points need.

mod address;
mod address_provider;
mod copy;
mod fast;
mod folder;
mod home;
mod logon;
mod message;
mod prop;
mod section;
mod sinks;
mod status;
mod store;
mod store_provider;
mod stream;
mod support;
mod table;
mod text;

pub(crate) use address_provider::AddressProviderObject;
pub(crate) use store_provider::StoreProviderObject;
