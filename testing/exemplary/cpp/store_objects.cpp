#include "store_objects.hpp"
#include "conduct.hpp"
#include "table.hpp"

namespace exemplary {
namespace {

Properties folder_properties(const StoreState &store) {
    EntryId id = entry_id(store.uid, FOLDER, "root");
    return {text(PR_DISPLAY_NAME_A, "Root"), number(PR_OBJECT_TYPE, MAPI_FOLDER), bytes(PR_ENTRYID, id),
            bytes(PR_RECORD_KEY, id), bytes(PR_INSTANCE_KEY, id)};
}

Properties message_properties(const StoreState &store) {
    EntryId id = entry_id(store.uid, MESSAGE, "one");
    return {text(PR_SUBJECT_A, "The only message"), text(PR_MESSAGE_CLASS_A, "IPM.Note"),
            number(PR_OBJECT_TYPE, MAPI_MESSAGE), bytes(PR_ENTRYID, id), bytes(PR_RECORD_KEY, id), bytes(PR_INSTANCE_KEY, id)};
}

class Message : public Object<IMessage, Message> {
public:
    static bool implements(REFIID iid) { return is_prop(iid) || IsEqualIID(iid, IID_IMessage); }

    EXEMPLARY_REFUSES(GetAttachmentTable, ULONG, LPMAPITABLE *)
    EXEMPLARY_REFUSES(OpenAttach, ULONG, LPCIID, ULONG, LPATTACH *)
    EXEMPLARY_REFUSES(CreateAttach, LPCIID, ULONG, ULONG *, LPATTACH *)
    EXEMPLARY_REFUSES(DeleteAttach, ULONG, ULONG_PTR, LPMAPIPROGRESS, ULONG)
    EXEMPLARY_REFUSES(GetRecipientTable, ULONG, LPMAPITABLE *)
    EXEMPLARY_REFUSES(ModifyRecipients, ULONG, LPADRLIST)
    EXEMPLARY_REFUSES(SubmitMessage, ULONG)
    EXEMPLARY_REFUSES(SetReadFlag, ULONG)
};

class Folder : public Object<IMAPIFolder, Folder> {
public:
    explicit Folder(const StoreState &store)
        : store_{store.session, store.provider, store.name, store.uid, store.spooler, {}} {}
    static bool implements(REFIID iid) {
        return is_prop(iid) || IsEqualIID(iid, IID_IMAPIFolder) || IsEqualIID(iid, IID_IMAPIContainer);
    }

    STDMETHODIMP OpenEntry(ULONG size, LPENTRYID id, LPCIID interface, ULONG, ULONG *type, LPUNKNOWN *object) override {
        Use use(body_);
        if (!use)
            return MAPI_E_INVALID_OBJECT;
        Call call(body_->name, "OpenEntry");
        return call.done(open_store_entry(store_, size, id, interface, type, object));
    }

    STDMETHODIMP GetContentsTable(ULONG flags, LPMAPITABLE *table) override {
        Use use(body_);
        if (!use)
            return MAPI_E_INVALID_OBJECT;
        Call call(body_->name, "GetContentsTable", "flags=%X", (unsigned)flags);
        Properties message = message_properties(store_);
        return call.done(new_table(body_->session, message, {message}, table));
    }

    STDMETHODIMP GetHierarchyTable(ULONG flags, LPMAPITABLE *table) override {
        Use use(body_);
        if (!use)
            return MAPI_E_INVALID_OBJECT;
        Call call(body_->name, "GetHierarchyTable", "flags=%X", (unsigned)flags);
        return call.done(new_table(body_->session, folder_properties(store_), {}, table));
    }

    EXEMPLARY_REFUSES(SetSearchCriteria, LPSRestriction, LPENTRYLIST, ULONG)
    EXEMPLARY_REFUSES(GetSearchCriteria, ULONG, LPSRestriction *, LPENTRYLIST *, ULONG *)
    EXEMPLARY_REFUSES(CreateMessage, LPCIID, ULONG, LPMESSAGE *)
    EXEMPLARY_REFUSES(CopyMessages, LPENTRYLIST, LPCIID, LPVOID, ULONG_PTR, LPMAPIPROGRESS, ULONG)
    EXEMPLARY_REFUSES(DeleteMessages, LPENTRYLIST, ULONG_PTR, LPMAPIPROGRESS, ULONG)
    EXEMPLARY_REFUSES(CreateFolder, ULONG, LPTSTR, LPTSTR, LPCIID, ULONG, LPMAPIFOLDER *)
    EXEMPLARY_REFUSES(CopyFolder, ULONG, LPENTRYID, LPCIID, LPVOID, LPTSTR, ULONG_PTR, LPMAPIPROGRESS, ULONG)
    EXEMPLARY_REFUSES(DeleteFolder, ULONG, LPENTRYID, ULONG_PTR, LPMAPIPROGRESS, ULONG)
    EXEMPLARY_REFUSES(SetReadFlags, LPENTRYLIST, ULONG_PTR, LPMAPIPROGRESS, ULONG)
    EXEMPLARY_REFUSES(GetMessageStatus, ULONG, LPENTRYID, ULONG, ULONG *)
    EXEMPLARY_REFUSES(SetMessageStatus, ULONG, LPENTRYID, ULONG, ULONG, ULONG *)
    EXEMPLARY_REFUSES(SaveContentsSort, LPSSortOrderSet, ULONG)
    EXEMPLARY_REFUSES(EmptyFolder, ULONG_PTR, LPMAPIPROGRESS, ULONG)

    void abandon() {
        store_.session.reset();
        std::string().swap(store_.name);
    }

private:
    StoreState store_; // only to open entries
};

} // namespace

HRESULT open_store_entry(const StoreState &store, ULONG size, LPENTRYID id, LPCIID interface, ULONG *type,
                         LPUNKNOWN *object) {
    if (!type || !object)
        return MAPI_E_INVALID_PARAMETER;
    *object = nullptr;
    MAPIUID uid;
    IdKind kind = FOLDER;
    std::string name = "root";
    if (size && (!parse(size, id, &uid, &kind, &name) || !same(uid, store.uid)))
        return MAPI_E_UNKNOWN_ENTRYID;
    if (kind == FOLDER && name == "root") {
        *object = Folder::make(store.session, "IMAPIFolder", 30, folder_properties(store), store);
        *type = MAPI_FOLDER;
    } else if (kind == MESSAGE && name == "one") {
        *object = Message::make(store.session, "IMessage", 22, message_properties(store));
        *type = MAPI_MESSAGE;
    } else {
        return MAPI_E_NOT_FOUND;
    }
    return checked(interface, object);
}

Store *Store::open(const std::shared_ptr<StoreState> &state) {
    EntryId id = entry_id(state->uid, STORE, state->name);
    Properties properties = {text(PR_DISPLAY_NAME_A, state->session->display_name),
                             number(PR_OBJECT_TYPE, MAPI_STORE),
                             bytes(PR_ENTRYID, id),
                             bytes(PR_STORE_ENTRYID, id),
                             bytes(PR_RECORD_KEY, EntryId(state->uid.ab, state->uid.ab + sizeof state->uid.ab)),
                             number(PR_STORE_SUPPORT_MASK, STORE_NOTIFY_OK)};
    return make(state->session, "IMsgStore", 27, std::move(properties), state);
}

STDMETHODIMP Store::Advise(ULONG size, LPENTRYID id, ULONG events, LPMAPIADVISESINK sink, ULONG_PTR *connection) {
    Use use(body_);
    if (!use)
        return MAPI_E_INVALID_OBJECT;
    Call call(body_->name, "Advise", "events=%X", (unsigned)events);
    if (!sink || !connection)
        return call.done(MAPI_E_INVALID_PARAMETER);
    const BYTE *bytes = reinterpret_cast<const BYTE *>(id);
    EntryId key = size && bytes ? EntryId(bytes, bytes + size) : entry_id(state_->uid, STORE, state_->name);
    return call.done(use->advise(key, events, sink, connection));
}

STDMETHODIMP Store::Unadvise(ULONG_PTR connection) {
    Use use(body_);
    if (!use)
        return MAPI_E_INVALID_OBJECT;
    Call call(body_->name, "Unadvise", "%lu", (unsigned long)connection);
    return call.done(use->unadvise(connection));
}

STDMETHODIMP Store::CompareEntryIDs(ULONG left_size, LPENTRYID left, ULONG right_size, LPENTRYID right, ULONG,
                                    ULONG *result) {
    Use use(body_);
    if (!use)
        return MAPI_E_INVALID_OBJECT;
    Call call(body_->name, "CompareEntryIDs");
    if (!result)
        return call.done(MAPI_E_INVALID_PARAMETER);
    *result = same(left_size, left, right_size, right);
    return call.done(S_OK);
}

STDMETHODIMP Store::OpenEntry(ULONG size, LPENTRYID id, LPCIID interface, ULONG, ULONG *type, LPUNKNOWN *object) {
    Use use(body_);
    if (!use)
        return MAPI_E_INVALID_OBJECT;
    Call call(body_->name, "OpenEntry");
    return call.done(open_store_entry(*state_, size, id, interface, type, object));
}

STDMETHODIMP Store::StoreLogoff(ULONG *flags) {
    Use use(body_);
    if (!use)
        return MAPI_E_INVALID_OBJECT;
    Call call(body_->name, "StoreLogoff", "flags=%X", flags ? (unsigned)*flags : ~0u);
    if (!flags)
        return call.done(MAPI_E_INVALID_PARAMETER);
    HRESULT result = use->support.store_logoff_transports(flags);
    if (!FAILED(result) && (*flags & LOGOFF_COMPLETE))
        state_->transports_done = true;
    return call.done(result);
}

STDMETHODIMP Store::NotifyNewMail(LPNOTIFICATION notification) {
    Use use(body_);
    if (!use)
        return MAPI_E_INVALID_OBJECT;
    Call call(body_->name, "NotifyNewMail");
    return call.done(use->support.notify(entry_id(state_->uid, STORE, state_->name), notification));
}

void Store::last_release(Body &body) {
    Session &session = *body.session;
    forget_store(state_->provider, state_.get());
    session.end(); // while there is a support object to turn the client's objects over to
    if (!state_->transports_done && !conduct::has("IMsgStore", "forgets_transports")) {
        ULONG flags = LOGOFF_ABORT;
        session.support.store_logoff_transports(&flags);
    }
    session.support.give_back(); // MAPI calls IMSLogon::Logoff and releases the logon object in here
}

} // namespace exemplary
