// What the library exports.

#include "address_book.hpp"
#include "conduct.hpp"
#include "log.hpp"
#include "session.hpp"
#include "store.hpp"

#define EXEMPLARY_EXPORT extern "C" __attribute__((visibility("default")))

using namespace exemplary;

namespace {

const Name library = {"library", 0};

// What the entry points have in common: the agreement on a version (LIFE-INIT-009), and one new object (LIFE-INIT-008).
template <class Interface, class Make>
HRESULT initialise(const char *function, ULONG flags, ULONG mapi_version, ULONG *version, Interface **provider, Make make) {
    Call call(library, function, "flags=%X version=%08X", (unsigned)flags, (unsigned)mapi_version);
    if (!version || !provider)
        return call.done(MAPI_E_INVALID_PARAMETER);
    *provider = nullptr;
    *version = CURRENT_SPI_VERSION;
    if (mapi_version < PDK1_SPI_VERSION)
        return call.done(MAPI_E_VERSION);
    HRESULT result = conduct::refusal("library", function);
    if (FAILED(result))
        return call.done(result);
    if (conduct::has("library", "is_too_old"))
        *version = 1;
    *provider = make();
    return call.done(S_OK);
}

} // namespace

EXEMPLARY_EXPORT HRESULT STDMAPIINITCALLTYPE ABProviderInit(HINSTANCE, LPMALLOC malloc, LPALLOCATEBUFFER allocate,
                                                            LPALLOCATEMORE more, LPFREEBUFFER free, ULONG flags,
                                                            ULONG mapi_version, ULONG *version, LPABPROVIDER *provider) {
    return initialise("ABProviderInit", flags, mapi_version, version, provider,
                      [&] { return new_address_book_provider(malloc, Allocators{allocate, more, free}); });
}

EXEMPLARY_EXPORT HRESULT STDMAPIINITCALLTYPE MSProviderInit(HINSTANCE, LPMALLOC malloc, LPALLOCATEBUFFER allocate,
                                                            LPALLOCATEMORE more, LPFREEBUFFER free, ULONG flags,
                                                            ULONG mapi_version, ULONG *version, LPMSPROVIDER *provider) {
    return initialise("MSProviderInit", flags, mapi_version, version, provider,
                      [&] { return new_store_provider(malloc, Allocators{allocate, more, free}); });
}

// The message service entry point. There is nothing to configure.
EXEMPLARY_EXPORT HRESULT STDMETHODCALLTYPE ServiceEntry(HINSTANCE, LPMALLOC, LPMAPISUP support, ULONG_PTR, ULONG flags,
                                                        ULONG context, ULONG, LPSPropValue, LPPROVIDERADMIN,
                                                        LPMAPIERROR *error) {
    Call call(library, "ServiceEntry", "context=%u flags=%X", (unsigned)context, (unsigned)flags);
    if (error)
        *error = nullptr;
    static LPMAPISUP kept = nullptr;
    if (kept) {
        MAPIUID uid;
        Call late(Name{"IMAPISupport", 0}, "NewUID");
        late.done(kept->NewUID(&uid));
    }
    if (conduct::has("library", "keeps_configuration_support") && support) {
        kept = support;
        kept->AddRef();
    }
    return call.done(S_OK);
}

// S_FALSE while somebody has an object whose code is in this library.
EXEMPLARY_EXPORT HRESULT STDMETHODCALLTYPE DllCanUnloadNow() {
    Call call(library, "DllCanUnloadNow", "living=%d", living.load());
    return call.done(living == 0 ? S_OK : S_FALSE);
}
