// MAPI's support object, as a logon uses it.

#include "conduct.hpp"
#include "session.hpp"
#include "survey.hpp"

#include <string.h>

namespace exemplary {

void Support::keep() {
    kept_ = conduct::times(owner_, "keeps_support", 1);
    for (int i = 0; i < kept_; i++) {
        Call call(name_, "AddRef");
        call.count(pointer_.load()->AddRef());
    }
}

void Support::give_back() {
    LPMAPISUP pointer = pointer_.exchange(nullptr);
    if (!pointer)
        return;
    int times = conduct::times(owner_, "gives_back_support", kept_);
    for (int i = 0; i < times; i++) {
        Call call(name_, "Release");
        call.count(pointer->Release());
    }
    if (conduct::has(owner_, "uses_support_late")) {
        Call call(name_, "NewUID");
        MAPIUID uid;
        call.done(pointer->NewUID(&uid));
    }
}

void Support::survey() { exemplary::survey(pointer_.load(), name_); }

HRESULT Support::open_profile_section(ULONG flags, LPPROFSECT *section) {
    Call call(name_, "OpenProfileSection");
    return call.done(pointer_.load()->OpenProfileSection(nullptr, flags, section));
}

// Only a bad provider does it, at logon.
HRESULT Support::show_dialog() {
    Call call(name_, "DoConfigPropsheet");
    return call.done(pointer_.load()->DoConfigPropsheet(0, 0, nullptr, nullptr, nullptr, 0));
}

HRESULT Support::set_provider_uid(const MAPIUID &uid) {
    Call call(name_, "SetProviderUID", "%02X...%02X", uid.ab[0], uid.ab[15]);
    MAPIUID copy = uid;
    return call.done(pointer_.load()->SetProviderUID(&copy, 0));
}

HRESULT Support::set_status_row(const std::string &display_name, LONG code, const char *text, ULONG flags) {
    Call call(name_, "ModifyStatusRow", "%s code=%d flags=%X", display_name.c_str(), (int)code, (unsigned)flags);
    SPropValue columns[4];
    memset(columns, 0, sizeof columns);
    columns[0].ulPropTag = PR_DISPLAY_NAME_A;
    columns[0].Value.lpszA = const_cast<char *>(display_name.c_str());
    columns[1].ulPropTag = PR_STATUS_CODE;
    columns[1].Value.l = code;
    columns[2].ulPropTag = PR_RESOURCE_METHODS;
    columns[2].Value.l = STATUS_VALIDATE_STATE;
    columns[3].ulPropTag = PR_STATUS_STRING_A;
    columns[3].Value.lpszA = const_cast<char *>(text);
    if (conduct::has(owner_, "false_row"))
        columns[3].ulPropTag = PR_RESOURCE_TYPE, columns[3].Value.l = MAPI_SUBSYSTEM;
    return call.done(pointer_.load()->ModifyStatusRow(4, columns, flags));
}

// A notification key, in storage that lives as long as the value.
class Key {
public:
    explicit Key(const EntryId &id) : storage_(sizeof(NOTIFKEY) + id.size()) {
        get()->cb = id.size();
        memcpy(get()->ab, id.data(), id.size());
    }
    LPNOTIFKEY get() { return reinterpret_cast<LPNOTIFKEY>(storage_.data()); }

private:
    std::vector<BYTE> storage_;
};

HRESULT Support::subscribe(const EntryId &key, ULONG events, LPMAPIADVISESINK sink, ULONG_PTR *connection) {
    Call call(name_, "Subscribe", "events=%X", (unsigned)events);
    return call.done(pointer_.load()->Subscribe(Key(key).get(), events, 0, sink, connection));
}

HRESULT Support::unsubscribe(ULONG_PTR connection) {
    Call call(name_, "Unsubscribe", "%lu", (unsigned long)connection);
    return call.done(pointer_.load()->Unsubscribe(connection));
}

HRESULT Support::notify(const EntryId &key, LPNOTIFICATION notification) {
    Call call(name_, "Notify");
    ULONG flags = 0;
    return call.done(pointer_.load()->Notify(Key(key).get(), 1, notification, &flags));
}

HRESULT Support::wrap_store_entry_id(const EntryId &id, ULONG *size, LPENTRYID *wrapped) {
    Call call(name_, "WrapStoreEntryID");
    std::vector<BYTE> copy = id;
    return call.done(pointer_.load()->WrapStoreEntryID(copy.size(), (LPENTRYID)copy.data(), size, wrapped));
}

HRESULT Support::store_logoff_transports(ULONG *flags) {
    Call call(name_, "StoreLogoffTransports", "flags=%X", (unsigned)*flags);
    return call.done(pointer_.load()->StoreLogoffTransports(flags));
}

HRESULT Support::make_invalid(Name object, LPVOID pointer, ULONG references, ULONG slots) {
    if (!pointer_)
        return MAPI_E_CALL_FAILED;
    Call call(name_, "MakeInvalid", "%s#%u references=%u", object.interface, object.number, (unsigned)references);
    return call.done(pointer_.load()->MakeInvalid(0, pointer, references, slots));
}

} // namespace exemplary
