// The objects of a store that clients hold: the store, its root folder, one message in it.
#pragma once

#include "ids.hpp"
#include "object.hpp"

namespace exemplary {

class StoreProvider;

// What the two faces of a store logon, IMSLogon and IMsgStore, share beyond the session.
struct StoreState {
    std::shared_ptr<Session> session;
    StoreProvider *provider; // outlives the logon: MAPI releases it after its logons
    std::string name;
    MAPIUID uid;
    bool spooler;
    std::atomic<bool> transports_done{false};
};

// Opens the root folder, for no identifier or its own, or the message.
HRESULT open_store_entry(const StoreState &store, ULONG size, LPENTRYID id, LPCIID interface, ULONG *type, LPUNKNOWN *object);

class Store : public Object<IMsgStore, Store> {
public:
    static Store *open(const std::shared_ptr<StoreState> &state);
    explicit Store(const std::shared_ptr<StoreState> &state) : state_(state) {}
    static bool implements(REFIID iid) { return is_prop(iid) || IsEqualIID(iid, IID_IMsgStore); }

    STDMETHODIMP Advise(ULONG, LPENTRYID, ULONG, LPMAPIADVISESINK, ULONG_PTR *) override;
    STDMETHODIMP Unadvise(ULONG_PTR connection) override;
    STDMETHODIMP CompareEntryIDs(ULONG, LPENTRYID, ULONG, LPENTRYID, ULONG, ULONG *result) override;
    STDMETHODIMP OpenEntry(ULONG, LPENTRYID, LPCIID, ULONG, ULONG *type, LPUNKNOWN *object) override;
    STDMETHODIMP StoreLogoff(ULONG *flags) override;
    // Passes the notification on to those who have subscribed to the store.
    STDMETHODIMP NotifyNewMail(LPNOTIFICATION notification) override;
    EXEMPLARY_REFUSES(SetReceiveFolder, LPTSTR, ULONG, ULONG, LPENTRYID)
    EXEMPLARY_REFUSES(GetReceiveFolder, LPTSTR, ULONG, ULONG *, LPENTRYID *, LPTSTR *)
    EXEMPLARY_REFUSES(GetReceiveFolderTable, ULONG, LPMAPITABLE *)
    EXEMPLARY_REFUSES(AbortSubmit, ULONG, LPENTRYID, ULONG)
    EXEMPLARY_REFUSES(GetOutgoingQueue, ULONG, LPMAPITABLE *)
    EXEMPLARY_REFUSES(SetLockState, LPMESSAGE, ULONG)
    EXEMPLARY_REFUSES(FinishedMsg, ULONG, ULONG, LPENTRYID)

    // The end of the store by its client: everything goes, the support object last.
    void last_release(Body &body);
    void abandon() { state_.reset(); }

private:
    std::shared_ptr<StoreState> state_;
};

// Takes a store off the list of those that are open.
void forget_store(StoreProvider *provider, const StoreState *store);

} // namespace exemplary
