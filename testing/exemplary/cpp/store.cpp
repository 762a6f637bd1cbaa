// The message store provider: any number of stores, each with a root folder and one message, read only.

#include "store.hpp"
#include "provider.hpp"
#include "store_objects.hpp"

#include <algorithm>
#include <mutex>

namespace exemplary {
namespace {

class StoreLogon : public Logon<IMSLogon> {
public:
    explicit StoreLogon(const std::shared_ptr<StoreState> &state)
        : Logon("IMSLogon", IID_IMSLogon, state->session), state_(state) {}

    // Either the session ends, and everything goes here; or the store has gone, and this is called from inside its last use of
    // the support object, when nothing is left to do.
    STDMETHODIMP Logoff(ULONG *flags) override {
        Call call(name, "Logoff", "flags=%X", flags ? (unsigned)*flags : ~0u);
        if (conduct::has(name.interface, "stays_listed"))
            new std::shared_ptr<StoreState>(state_); // the list refers to it for ever
        else
            forget_store(state_->provider, state_.get());
        session->end();
        session->support.give_back();
        return call.done(S_OK);
    }

    STDMETHODIMP OpenEntry(ULONG size, LPENTRYID id, LPCIID interface, ULONG, ULONG *type, LPUNKNOWN *object) override {
        Call call(name, "OpenEntry");
        Use use(session);
        return call.done(use ? open_store_entry(*state_, size, id, interface, type, object) : MAPI_E_INVALID_OBJECT);
    }

    STDMETHODIMP CompareEntryIDs(ULONG left_size, LPENTRYID left, ULONG right_size, LPENTRYID right, ULONG,
                                 ULONG *result) override {
        Call call(name, "CompareEntryIDs");
        Use use(session);
        if (!use || !result)
            return call.done(use ? MAPI_E_INVALID_PARAMETER : MAPI_E_INVALID_OBJECT);
        *result = same(left_size, left, right_size, right);
        if (conduct::has(name.interface, "surveys_support"))
            session->support.survey();
        if (conduct::has(name.interface, "drops_support_early"))
            session->support.give_back();
        return call.done(S_OK);
    }

    STDMETHODIMP OpenStatusEntry(LPCIID interface, ULONG, ULONG *type, LPVOID *status) override {
        Call call(name, "OpenStatusEntry");
        Use use(session);
        if (!use || !type || !status)
            return call.done(use ? MAPI_E_INVALID_PARAMETER : MAPI_E_INVALID_OBJECT);
        LPMAPISTATUS object = nullptr;
        HRESULT result = use->open_status(this, interface, type, &object);
        *status = object;
        return call.done(result);
    }

private:
    const std::shared_ptr<StoreState> state_;
};

} // namespace

class StoreProvider : public Provider<IMSProvider> {
public:
    StoreProvider(LPMALLOC malloc, const Allocators &memory) : Provider("IMSProvider", IID_IMSProvider, malloc, memory) {}

    STDMETHODIMP Logon(LPMAPISUP support, ULONG_PTR, LPTSTR, ULONG size, LPENTRYID id, ULONG flags, LPCIID interface,
                       ULONG *security_size, LPBYTE *security, LPMAPIERROR *error, LPMSLOGON *logon, LPMDB *store) override {
        Call call(name, "Logon", "flags=%X", (unsigned)flags);
        if (security_size)
            *security_size = 0;
        if (security)
            *security = nullptr;
        HRESULT result = log_on(support, size, id, flags, interface, false, error, logon, store, security_size, security);
        return call.done(result);
    }

    STDMETHODIMP SpoolerLogon(LPMAPISUP support, ULONG_PTR, LPTSTR, ULONG size, LPENTRYID id, ULONG flags, LPCIID interface,
                              ULONG, LPBYTE, LPMAPIERROR *error, LPMSLOGON *logon, LPMDB *store) override {
        Call call(name, "SpoolerLogon", "flags=%X", (unsigned)flags);
        return call.done(log_on(support, size, id, flags, interface, true, error, logon, store, nullptr, nullptr));
    }

    STDMETHODIMP CompareStoreIDs(ULONG left_size, LPENTRYID left, ULONG right_size, LPENTRYID right, ULONG,
                                 ULONG *result) override {
        Call call(name, "CompareStoreIDs");
        if (!result)
            return call.done(MAPI_E_INVALID_PARAMETER);
        *result = same(left_size, left, right_size, right);
        return call.done(S_OK);
    }

    void forget(const StoreState *store) {
        std::lock_guard<std::mutex> lock(mutex_);
        auto is_it = [store](const Open &open) { return open.state == store; };
        open_.erase(std::remove_if(open_.begin(), open_.end(), is_it), open_.end());
    }

private:
    struct Open {
        const StoreState *state;
        Store *object;
    };

    HRESULT log_on(LPMAPISUP support, ULONG size, LPENTRYID id, ULONG flags, LPCIID interface, bool spooler,
                   LPMAPIERROR *error, LPMSLOGON *logon, LPMDB *store, ULONG *security_size, LPBYTE *security);
    // Writes the store's entry identifier to its profile section if it is not there, so that MAPI finds the store again.
    void tell_profile(Session &session, const EntryId &id);
    // The store of this name, if it is open, with a reference for the caller.
    LPMDB open_store(const std::string &store, bool spooler);

    std::mutex mutex_;
    std::vector<Open> open_;
};

void forget_store(StoreProvider *provider, const StoreState *store) { provider->forget(store); }

LPMDB StoreProvider::open_store(const std::string &store, bool spooler) {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const Open &open : open_) {
        if (open.state->name == store && open.state->spooler == spooler && open.object->try_add_ref())
            return open.object;
    }
    return nullptr;
}

void StoreProvider::tell_profile(Session &session, const EntryId &id) {
    EntryId known;
    if (session.read_profile(PR_ENTRYID, &known) != MAPI_E_NOT_FOUND)
        return;
    ULONG size = 0;
    LPENTRYID wrapped = nullptr;
    if (FAILED(session.support.wrap_store_entry_id(id, &size, &wrapped)))
        return;
    const BYTE *begin = reinterpret_cast<const BYTE *>(wrapped);
    session.write_profile(bytes(PR_ENTRYID, EntryId(begin, begin + size)));
    memory.free(wrapped);
}

HRESULT StoreProvider::log_on(LPMAPISUP support, ULONG size, LPENTRYID id, ULONG flags, LPCIID interface, bool spooler,
                              LPMAPIERROR *error, LPMSLOGON *logon, LPMDB *store, ULONG *security_size, LPBYTE *security) {
    if (!support || !logon || !store)
        return MAPI_E_INVALID_PARAMETER;
    *logon = nullptr;
    *store = nullptr;
    if (error)
        *error = conduct::has(name.interface, "explains") ? explanation(memory, flags, "the server is asleep", "Vice") : nullptr;
    HRESULT result = conduct::refusal(name.interface, "Logon");
    if (FAILED(result))
        return result;
    if (interface && !IsEqualIID(*interface, IID_IMsgStore) && !IsEqualIID(*interface, IID_IMAPIProp))
        return MAPI_E_INTERFACE_NOT_SUPPORTED;

    MAPIUID uid;
    IdKind kind = STORE;
    std::string store_name;
    if (size && (!parse(size, id, &uid, &kind, &store_name) || kind != STORE || !same(uid, store_uid(store_name))))
        return MAPI_E_UNKNOWN_ENTRYID;
    if (size && (*store = open_store(store_name, spooler)))
        return S_OK; // open already: that store, and nothing else (LIFE-LOGON-013)

    auto state = std::make_shared<StoreState>();
    auto session = state->session = std::make_shared<Session>("IMSLogon", memory);
    result = session->begin(support, "Exemplary Store");
    if (!size)
        store_name = session->display_name;
    state->provider = this;
    state->name = store_name;
    state->uid = store_uid(store_name);
    state->spooler = spooler;
    EntryId own_id = entry_id(state->uid, STORE, store_name);
    if (!FAILED(result))
        result = session->register_uid(state->uid);
    if (!FAILED(result))
        result = session->announce();
    if (!FAILED(result))
        tell_profile(*session, own_id);
    if (!FAILED(result) && security_size && security)
        result = copy_out(memory, own_id, security_size, reinterpret_cast<void **>(security));
    Store *object = FAILED(result) ? nullptr : Store::open(state);
    if (!object) {
        session->end(); // the support object was only borrowed so far
        return FAILED(result) ? result : MAPI_E_NOT_ENOUGH_MEMORY;
    }
    session->support.keep();
    {
        std::lock_guard<std::mutex> lock(mutex_);
        open_.push_back(Open{state.get(), object});
    }
    *store = object;
    if (!conduct::has(name.interface, "null_logon"))
        *logon = new StoreLogon(state);
    if (conduct::has(name.interface, "garbage_outputs")) {
        *logon = reinterpret_cast<LPMSLOGON>(1);
        *store = reinterpret_cast<LPMDB>(1);
    }
    return S_OK;
}

IMSProvider *new_store_provider(LPMALLOC malloc, const Allocators &memory) { return new StoreProvider(malloc, memory); }

} // namespace exemplary
