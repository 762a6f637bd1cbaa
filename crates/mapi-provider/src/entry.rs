//! The entry points of a provider, and its description for programs that link it in.

use std::marker::PhantomData;

use mapi_com::alloc::Allocator;
use mapi_com::entry::{MakeProvider, ab_provider_init, ms_provider_init};
use mapi_com::ptr::ComPtr;
use mapi_sys::{ABPROVIDERINIT, IABProvider, IMSProvider, MSPROVIDERINIT};
use mapi_types::Result;

use crate::adapter::{AddressProviderObject, StoreProviderObject};
use crate::{AddressBookProvider, StoreProvider};

/// A provider for a program that links it in: MAPI reaches it through these entry points, as it does a loaded library's.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// The name in PR_PROVIDER_DLL_NAME, without extension.
    pub name: &'static str,
    /// MSProviderInit.
    pub message_store: Option<MSPROVIDERINIT>,
    /// ABProviderInit.
    pub address_book: Option<ABPROVIDERINIT>,
}

struct MakeStore<P>(PhantomData<P>);

impl<P: StoreProvider + Default + 'static> MakeProvider for MakeStore<P> {
    type Interface = IMSProvider;

    fn make(allocator: Allocator) -> Result<ComPtr<IMSProvider>> {
        StoreProviderObject::create(Box::new(P::default()), allocator)
    }
}

struct MakeAddressBook<P>(PhantomData<P>);

impl<P: AddressBookProvider + Default + 'static> MakeProvider for MakeAddressBook<P> {
    type Interface = IABProvider;

    fn make(allocator: Allocator) -> Result<ComPtr<IABProvider>> {
        AddressProviderObject::create(Box::new(P::default()), allocator)
    }
}

/// MSProviderInit for a store provider.
#[must_use]
pub fn store_provider<P: StoreProvider + Default + 'static>() -> MSPROVIDERINIT {
    ms_provider_init::<MakeStore<P>>
}

/// ABProviderInit for an address book provider.
#[must_use]
pub fn address_book_provider<P: AddressBookProvider + Default + 'static>() -> ABPROVIDERINIT {
    ab_provider_init::<MakeAddressBook<P>>
}

/// Exports MSProviderInit and DllCanUnloadNow for a store provider: all that a loadable library has to say. See
/// `testing/exemplary-store-library`.
#[macro_export]
macro_rules! export_store_provider {
    ($provider:ty) => {
        $crate::export_entry_point!(
            MSProviderInit,
            LPMSPROVIDER,
            $crate::store_provider::<$provider>()
        );
    };
}

/// Exports ABProviderInit and DllCanUnloadNow for an address book provider; see [`export_store_provider!`].
#[macro_export]
macro_rules! export_address_book_provider {
    ($provider:ty) => {
        $crate::export_entry_point!(
            ABProviderInit,
            LPABPROVIDER,
            $crate::address_book_provider::<$provider>()
        );
    };
}
