// The address book provider: a root, in it one container, in it one user; read only.

#include "address_book.hpp"
#include "ids.hpp"
#include "object.hpp"
#include "provider.hpp"
#include "table.hpp"

namespace exemplary {
namespace {

const EntryId user_id = entry_id(address_book_uid, USER, "someone");
const EntryId root_id = entry_id(address_book_uid, CONTAINER, "root");
const EntryId container_id = entry_id(address_book_uid, CONTAINER, "all");

class User : public Object<IMailUser, User> {
public:
    static bool implements(REFIID iid) { return is_prop(iid) || IsEqualIID(iid, IID_IMailUser); }
};

class Container : public Object<IABContainer, Container> {
public:
    explicit Container(bool is_root) : is_root_(is_root) {}
    static bool implements(REFIID iid) {
        return is_prop(iid) || IsEqualIID(iid, IID_IABContainer) || IsEqualIID(iid, IID_IMAPIContainer);
    }

    STDMETHODIMP OpenEntry(ULONG size, LPENTRYID id, LPCIID interface, ULONG, ULONG *type, LPUNKNOWN *object) override;
    STDMETHODIMP GetContentsTable(ULONG, LPMAPITABLE *table) override;
    STDMETHODIMP GetHierarchyTable(ULONG, LPMAPITABLE *table) override;
    EXEMPLARY_REFUSES(SetSearchCriteria, LPSRestriction, LPENTRYLIST, ULONG)
    EXEMPLARY_REFUSES(GetSearchCriteria, ULONG, LPSRestriction *, LPENTRYLIST *, ULONG *)
    EXEMPLARY_REFUSES(CreateEntry, ULONG, LPENTRYID, ULONG, LPMAPIPROP *)
    EXEMPLARY_REFUSES(CopyEntries, LPENTRYLIST, ULONG_PTR, LPMAPIPROGRESS, ULONG)
    EXEMPLARY_REFUSES(DeleteEntries, LPENTRYLIST, ULONG)
    EXEMPLARY_REFUSES(ResolveNames, LPSPropTagArray, ULONG, LPADRLIST, LPFlagList)

private:
    const bool is_root_;
};

Properties container_properties(const Session &session, const EntryId &id) {
    return {text(PR_DISPLAY_NAME_A, session.display_name),
            number(PR_OBJECT_TYPE, MAPI_ABCONT),
            bytes(PR_ENTRYID, id),
            bytes(PR_RECORD_KEY, id),
            bytes(PR_INSTANCE_KEY, id),
            number(PR_CONTAINER_FLAGS, id == root_id ? AB_SUBCONTAINERS | AB_UNMODIFIABLE : AB_RECIPIENTS | AB_UNMODIFIABLE),
            number(PR_DISPLAY_TYPE, DT_LOCAL),
            number(PR_DEPTH, 0)};
}

Properties user_properties() {
    return {text(PR_DISPLAY_NAME_A, "Some One"),     number(PR_OBJECT_TYPE, MAPI_MAILUSER),
            bytes(PR_ENTRYID, user_id),              bytes(PR_RECORD_KEY, user_id),
            bytes(PR_INSTANCE_KEY, user_id),         text(PR_ADDRTYPE_A, "SMTP"),
            text(PR_EMAIL_ADDRESS_A, "someone@example.org"), number(PR_DISPLAY_TYPE, DT_MAILUSER)};
}

// Opens the root, for no identifier or its own, the container, or the user.
HRESULT open_entry(const std::shared_ptr<Session> &session, ULONG size, LPENTRYID id, LPCIID interface, ULONG *type,
                   LPUNKNOWN *object) {
    if (!type || !object)
        return MAPI_E_INVALID_PARAMETER;
    *object = nullptr;
    MAPIUID uid;
    IdKind kind = CONTAINER;
    std::string name = "root";
    if (size && (!parse(size, id, &uid, &kind, &name) || !same(uid, address_book_uid)))
        return MAPI_E_UNKNOWN_ENTRYID;
    if (kind == CONTAINER && (name == "root" || name == "all")) {
        Properties properties = container_properties(*session, entry_id(address_book_uid, CONTAINER, name));
        *object = Container::make(session, "IABContainer", 23, std::move(properties), name == "root");
        *type = MAPI_ABCONT;
    } else if (kind == USER && name == "someone") {
        *object = User::make(session, "IMailUser", 14, user_properties());
        *type = MAPI_MAILUSER;
    } else {
        return MAPI_E_NOT_FOUND;
    }
    return checked(interface, object);
}

STDMETHODIMP Container::GetContentsTable(ULONG flags, LPMAPITABLE *table) {
    Use use(body_);
    if (!use)
        return MAPI_E_INVALID_OBJECT;
    Call call(body_->name, "GetContentsTable", "flags=%X", (unsigned)flags);
    Rows rows;
    if (!is_root_)
        rows.push_back(user_properties());
    return call.done(new_table(body_->session, user_properties(), std::move(rows), table));
}

STDMETHODIMP Container::GetHierarchyTable(ULONG flags, LPMAPITABLE *table) {
    Use use(body_);
    if (!use)
        return MAPI_E_INVALID_OBJECT;
    Call call(body_->name, "GetHierarchyTable", "flags=%X", (unsigned)flags);
    Properties container = container_properties(*body_->session, container_id);
    Rows rows;
    if (is_root_)
        rows.push_back(container);
    return call.done(new_table(body_->session, container, std::move(rows), table));
}

STDMETHODIMP Container::OpenEntry(ULONG size, LPENTRYID id, LPCIID interface, ULONG, ULONG *type, LPUNKNOWN *object) {
    Use use(body_);
    if (!use)
        return MAPI_E_INVALID_OBJECT;
    Call call(body_->name, "OpenEntry");
    return call.done(open_entry(body_->session, size, id, interface, type, object));
}

class AddressBookLogon : public Logon<IABLogon> {
public:
    explicit AddressBookLogon(const std::shared_ptr<Session> &session) : Logon("IABLogon", IID_IABLogon, session) {}

    STDMETHODIMP Logoff(ULONG flags) override {
        Call call(name, "Logoff", "flags=%X", (unsigned)flags);
        session->end();
        session->support.give_back();
        return call.done(S_OK);
    }

    STDMETHODIMP OpenEntry(ULONG size, LPENTRYID id, LPCIID interface, ULONG, ULONG *type, LPUNKNOWN *object) override {
        Call call(name, "OpenEntry");
        Use use(session);
        return call.done(use ? open_entry(session, size, id, interface, type, object) : MAPI_E_INVALID_OBJECT);
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

    STDMETHODIMP OpenStatusEntry(LPCIID interface, ULONG, ULONG *type, LPMAPISTATUS *status) override {
        Call call(name, "OpenStatusEntry");
        Use use(session);
        if (!use || !type || !status)
            return call.done(use ? MAPI_E_INVALID_PARAMETER : MAPI_E_INVALID_OBJECT);
        return call.done(use->open_status(this, interface, type, status));
    }

    STDMETHODIMP OpenTemplateID(ULONG, LPENTRYID, ULONG, LPMAPIPROP, LPCIID, LPMAPIPROP *, LPMAPIPROP) override {
        return refuse("OpenTemplateID");
    }
    STDMETHODIMP GetOneOffTable(ULONG, LPMAPITABLE *) override { return refuse("GetOneOffTable"); }

    // What is asked for is all there is, so there is nothing to add.
    STDMETHODIMP PrepareRecips(ULONG, LPSPropTagArray, LPADRLIST) override {
        Call call(name, "PrepareRecips");
        return call.done(S_OK);
    }

private:
    HRESULT refuse(const char *method) {
        Call call(name, method);
        return call.done(MAPI_E_NO_SUPPORT);
    }
};

class AddressBookProvider : public Provider<IABProvider> {
public:
    AddressBookProvider(LPMALLOC malloc, const Allocators &memory)
        : Provider("IABProvider", IID_IABProvider, malloc, memory) {}

    STDMETHODIMP Logon(LPMAPISUP support, ULONG_PTR, LPTSTR, ULONG flags, ULONG *security_size, LPBYTE *security,
                       LPMAPIERROR *error, LPABLOGON *logon) override {
        Call call(name, "Logon", "flags=%X", (unsigned)flags);
        if (!support || !logon)
            return call.done(MAPI_E_INVALID_PARAMETER);
        *logon = nullptr;
        if (security_size)
            *security_size = 0;
        if (security)
            *security = nullptr;
        if (error)
            *error = conduct::has(name.interface, "explains") ? explanation(memory, flags, "the server is asleep", "Vice") : nullptr;
        HRESULT result = conduct::refusal(name.interface, "Logon");
        if (FAILED(result))
            return call.done(result);
        auto session = std::make_shared<Session>("IABLogon", memory);
        result = session->begin(support, "Exemplary Address Book");
        if (!FAILED(result))
            result = session->register_uid(address_book_uid);
        if (!FAILED(result))
            result = session->announce();
        if (FAILED(result)) {
            session->end(); // the support object was only borrowed so far
            return call.done(result);
        }
        session->support.keep();
        if (!conduct::has(name.interface, "null_logon"))
            *logon = new AddressBookLogon(session);
        if (conduct::has(name.interface, "garbage_outputs"))
            *logon = reinterpret_cast<LPABLOGON>(1);
        return call.done(S_OK);
    }
};

} // namespace

IABProvider *new_address_book_provider(LPMALLOC malloc, const Allocators &memory) {
    return new AddressBookProvider(malloc, memory);
}

} // namespace exemplary
