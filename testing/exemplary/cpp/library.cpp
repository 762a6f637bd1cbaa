// What the library exports.

#include "address_book.hpp"
#include "conduct.hpp"
#include "log.hpp"
#include "session.hpp"
#include "store.hpp"
#include "survey.hpp"

#include <dlfcn.h>
#include <string.h>

#define EXEMPLARY_EXPORT extern "C" __attribute__((visibility("default")))

using namespace exemplary;

namespace {

const Name library = {"library", 0};

// What no provider may do in an entry point (LIFE-INIT-005): calls MAPI's own function, wherever the process has it.
void initialise_mapi() {
    if (LPMAPIINITIALIZE function = reinterpret_cast<LPMAPIINITIALIZE>(dlsym(RTLD_DEFAULT, "MAPIInitialize")))
        function(nullptr);
}

// What an entry point is handed over beside the versions.
struct Handed {
    HINSTANCE instance;
    LPMALLOC malloc;
    Allocators memory;
    void *entry_point; // the function's own address: what a valid module handle leads to
};

// Tries what was handed over inside the call, and writes down what works (LIFE-INIT-007).
template <class Interface>
void try_arguments(const char *function, const Handed &handed, const ULONG *version, Interface *const *provider) {
    bool instance = handed.instance && dlsym(handed.instance, function) == handed.entry_point;
    void *own = handed.malloc ? handed.malloc->Alloc(40) : nullptr;
    bool malloc = own && handed.malloc->GetSize(own) >= 40;
    if (own)
        handed.malloc->Free(own);
    void *block = nullptr, *more = nullptr;
    bool buffers = handed.memory.allocate && handed.memory.more && handed.memory.free &&
                   !FAILED(handed.memory.allocate(40, &block)) && !FAILED(handed.memory.more(400, block, &more));
    if (buffers)
        memset(block, 0x5A, 40), memset(more, 0x5A, 400);
    if (block)
        buffers = handed.memory.free(block) == 0 && buffers;
    bool preset = version && provider && !*version && !*provider;
    note(library, "handed over", "instance=%d malloc=%d buffers=%d preset=%d", instance, malloc, buffers, preset);
}

// What the entry points have in common: the agreement on a version (LIFE-INIT-009), and one new object (LIFE-INIT-008).
template <class Interface, class Make>
HRESULT initialise(const char *function, const Handed &handed, ULONG flags, ULONG mapi_version, ULONG *version,
                   Interface **provider, Make make) {
    Call call(library, function, "flags=%X version=%08X", (unsigned)flags, (unsigned)mapi_version);
    try_arguments(function, handed, version, provider);
    if (conduct::has("library", "initialises_mapi"))
        initialise_mapi();
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

EXEMPLARY_EXPORT HRESULT STDMAPIINITCALLTYPE ABProviderInit(HINSTANCE instance, LPMALLOC malloc, LPALLOCATEBUFFER allocate,
                                                            LPALLOCATEMORE more, LPFREEBUFFER free, ULONG flags,
                                                            ULONG mapi_version, ULONG *version, LPABPROVIDER *provider) {
    Handed handed = {instance, malloc, Allocators{allocate, more, free}, reinterpret_cast<void *>(&ABProviderInit)};
    return initialise("ABProviderInit", handed, flags, mapi_version, version, provider,
                      [&] { return new_address_book_provider(malloc, handed.memory); });
}

EXEMPLARY_EXPORT HRESULT STDMAPIINITCALLTYPE MSProviderInit(HINSTANCE instance, LPMALLOC malloc, LPALLOCATEBUFFER allocate,
                                                            LPALLOCATEMORE more, LPFREEBUFFER free, ULONG flags,
                                                            ULONG mapi_version, ULONG *version, LPMSPROVIDER *provider) {
    Handed handed = {instance, malloc, Allocators{allocate, more, free}, reinterpret_cast<void *>(&MSProviderInit)};
    return initialise("MSProviderInit", handed, flags, mapi_version, version, provider,
                      [&] { return new_store_provider(malloc, handed.memory); });
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
    if (conduct::has("library", "surveys_support") && support)
        survey(support, Name{"IMAPISupport", 0});
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
