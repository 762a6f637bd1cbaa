// The rules that bind a provider, tried on one library. Each function yields null, or what was wrong.

#define INITGUID
#include "host.hpp"

#include <MAPICode.h>

#include <dirent.h>
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#define CHECK(condition)                                                                                                          \
    do {                                                                                                                          \
        if (!(condition))                                                                                                         \
            return "not so: " #condition;                                                                                         \
    } while (0)

using namespace host;

namespace {

// A sink nobody calls.
class Sink : public IMAPIAdviseSink {
public:
    STDMETHODIMP QueryInterface(REFIID, void **) override { return MAPI_E_NO_SUPPORT; }
    STDMETHODIMP_(ULONG) AddRef() override { return 1; }
    STDMETHODIMP_(ULONG) Release() override { return 1; }
    STDMETHODIMP_(ULONG) OnNotify(ULONG, LPNOTIFICATION) override { return 0; }
};

// Open sockets of this process. (Its files are also those of tests that run beside this one.)
int sockets() {
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (dirent *entry = readdir(folder)) {
        char target[64] = "";
        if (readlinkat(dirfd(folder), entry->d_name, target, sizeof target - 1) > 0)
            count += !strncmp(target, "socket:", 7);
    }
    closedir(folder);
    return count;
}

template <class Init, class Provider> Provider *initialise(void *library, const char *name) {
    Init *init = reinterpret_cast<Init *>(dlsym(library, name));
    ULONG version = 0;
    Provider *provider = nullptr;
    HRESULT result = init(nullptr, nullptr, allocate, more, release_buffer, 0, CURRENT_SPI_VERSION, &version, &provider);
    return FAILED(result) ? nullptr : provider;
}

IABProvider *address_book(void *library) { return initialise<ABPROVIDERINIT, IABProvider>(library, "ABProviderInit"); }
IMSProvider *store(void *library) { return initialise<MSPROVIDERINIT, IMSProvider>(library, "MSProviderInit"); }

// Ends a provider object; its last count.
template <class Provider> ULONG end(Provider *provider) {
    ULONG flags = 0;
    provider->Shutdown(&flags);
    return provider->Release();
}

// Whether an object fails every call that is not about its references.
bool is_invalid(IMAPIProp *object) {
    ULONG count = 0;
    LPSPropValue values = nullptr;
    LPMAPIERROR error = nullptr;
    return object->GetProps(nullptr, 0, &count, &values) == MAPI_E_INVALID_OBJECT &&
           object->SaveChanges(0) == MAPI_E_INVALID_OBJECT && object->GetLastError(0, 0, &error) == MAPI_E_INVALID_OBJECT;
}

void free_rows(LPSRowSet rows) {
    for (ULONG i = 0; i < rows->cRows; i++)
        release_buffer(rows->aRow[i].lpProps);
    release_buffer(rows);
}

struct OpenStore {
    Support support;
    IMSLogon *logon = nullptr;
    IMsgStore *store = nullptr;

    HRESULT open(IMSProvider *provider, ULONG size = 0, const void *id = nullptr) {
        ULONG security_size = 0;
        LPBYTE security = nullptr;
        LPENTRYID entry = reinterpret_cast<LPENTRYID>(const_cast<void *>(id));
        HRESULT result = provider->Logon(&support, 0, nullptr, size, entry, 0, nullptr, &security_size, &security, nullptr,
                                         &logon, &store);
        release_buffer(security);
        support.Release();
        return result;
    }
};

} // namespace

// An address book logon with objects left open: LIFE-LOGON-010, -012, LIFE-UID-001, -005, LIFE-STATUS-010, -011, LIFE-MEM-004,
// LIFE-LOGOFF-003 to -006, -012, LIFE-SUP-005, LIFE-INIT-012.
extern "C" const char *rules_address_book(void *library) {
    size_t blocks_before = blocks();
    int sockets_before = sockets();
    IABProvider *provider = address_book(library);
    CHECK(provider);
    Support support;
    IABLogon *logon = nullptr;
    CHECK(provider->Logon(&support, 0, nullptr, 0, nullptr, nullptr, nullptr, &logon) == S_OK);
    support.Release();
    CHECK(logon && support.references == 1 && support.uids == 1 && support.rows == 1);
    CHECK(sockets() > sockets_before);

    ULONG type = 0, count = 0;
    LPUNKNOWN root = nullptr, user = nullptr, again = nullptr;
    LPMAPITABLE hierarchy = nullptr, contents = nullptr;
    CHECK(logon->OpenEntry(0, nullptr, nullptr, 0, &type, &root) == S_OK && type == MAPI_ABCONT);
    BYTE id[] = "\0\0\0\0openmapi-ab\0\0\0\0\1Usomeone";
    CHECK(logon->OpenEntry(sizeof id - 1, (LPENTRYID)id, &IID_IMailUser, 0, &type, &user) == S_OK && type == MAPI_MAILUSER);
    CHECK(logon->OpenEntry(sizeof id - 1, (LPENTRYID)id, &IID_IMessage, 0, &type, &again) == MAPI_E_INTERFACE_NOT_SUPPORTED && !again);
    CHECK(logon->OpenEntry(sizeof id - 2, (LPENTRYID)id, nullptr, 0, &type, &again) == MAPI_E_NOT_FOUND);
    CHECK(logon->OpenEntry(3, (LPENTRYID)id, nullptr, 0, &type, &again) == MAPI_E_UNKNOWN_ENTRYID);

    CHECK(static_cast<IABContainer *>(root)->GetHierarchyTable(0, &hierarchy) == S_OK);
    LPSRowSet rows = nullptr;
    CHECK(hierarchy->QueryRows(10, 0, &rows) == S_OK && rows->cRows == 1);
    SBinary container_id = {};
    for (ULONG i = 0; i < rows->aRow[0].cValues; i++)
        if (rows->aRow[0].lpProps[i].ulPropTag == PR_ENTRYID)
            container_id = rows->aRow[0].lpProps[i].Value.bin;
    CHECK(logon->OpenEntry(container_id.cb, (LPENTRYID)container_id.lpb, nullptr, 0, &type, &again) == S_OK);
    free_rows(rows);
    CHECK(static_cast<IABContainer *>(again)->GetContentsTable(0, &contents) == S_OK && again->Release() == 0);
    SizedSPropTagArray(2, columns) = {2, {PR_EMAIL_ADDRESS_W, PR_SUBJECT_W}};
    CHECK(contents->SetColumns((LPSPropTagArray)&columns, 0) == S_OK && contents->GetRowCount(0, &count) == S_OK && count == 1);
    CHECK(contents->QueryRows(1, 0, &rows) == S_OK && rows->cRows == 1 && rows->aRow[0].cValues == 2);
    CHECK(rows->aRow[0].lpProps[0].Value.lpszW[0] == u's' && PROP_TYPE(rows->aRow[0].lpProps[1].ulPropTag) == PT_ERROR);
    free_rows(rows);
    LONG sought = 0;
    CHECK(contents->QueryRows(1, 0, &rows) == S_OK && rows->cRows == 0);
    free_rows(rows);
    CHECK(contents->SeekRow(BOOKMARK_BEGINNING, -5, &sought) == S_OK && sought == 0);
    CHECK(contents->QueryRows(-5, 0, &rows) == S_OK && rows->cRows == 0 && contents->Release() == 0);
    free_rows(rows);

    IMAPIProp *properties = static_cast<IMAPIProp *>(user);
    SizedSPropTagArray(3, tags) = {3, {PR_DISPLAY_NAME_W, PR_EMAIL_ADDRESS_A, PR_SUBJECT_A}};
    LPSPropValue values = nullptr;
    CHECK(properties->GetProps((LPSPropTagArray)&tags, 0, &count, &values) == MAPI_W_ERRORS_RETURNED && count == 3);
    CHECK(values[0].Value.lpszW[0] == u'S' && !strcmp(values[1].Value.lpszA, "someone@example.org"));
    CHECK(values[2].ulPropTag == CHANGE_PROP_TYPE(PR_SUBJECT_A, PT_ERROR) && values[2].Value.err == MAPI_E_NOT_FOUND);
    release_buffer(values);

    LPMAPISTATUS status = nullptr, same_status = nullptr;
    CHECK(logon->OpenStatusEntry(nullptr, 0, &type, &status) == S_OK && type == MAPI_STATUS);
    CHECK(logon->OpenStatusEntry(nullptr, 0, &type, &same_status) == S_OK && status == same_status);
    CHECK(status->ValidateState(0, 0) == S_OK && same_status->Release() > 0);

    Sink sink;
    ULONG_PTR first = 0, second = 0;
    CHECK(logon->Advise(sizeof id - 1, (LPENTRYID)id, fnevObjectModified, &sink, &first) == S_OK);
    CHECK(logon->Advise(sizeof id - 1, (LPENTRYID)id, fnevObjectModified, &sink, &second) == S_OK);
    CHECK(logon->Unadvise(first) == S_OK && logon->Unadvise(first) == MAPI_E_NOT_FOUND && support.subscriptions.size() == 1);

    CHECK(logon->Logoff(0) == S_OK);
    CHECK(support.references == 0 && support.subscriptions.empty() && support.section.references == 0);
    CHECK(sockets() == sockets_before);
    CHECK(logon->Release() == 0 && end(provider) == 0);
    IMAPIProp *left[] = {static_cast<IMAPIProp *>(root), properties, status};
    for (IMAPIProp *object : left) {
        CHECK(is_invalid(object));
        CHECK(object->AddRef() == 2 && object->Release() == 1 && object->Release() == 0);
    }
    CHECK(hierarchy->GetRowCount(0, &count) == MAPI_E_INVALID_OBJECT && hierarchy->Release() == 0);
    CHECK(support.after_the_end == 0);
    CHECK(blocks() == blocks_before);
    return nullptr;
}

// A store closed by its client: LIFE-STORE-003 to -005, -008, -017, LIFE-LOGON-012, -013.
extern "C" const char *rules_store_closed(void *library) {
    size_t blocks_before = blocks();
    int sockets_before = sockets();
    IMSProvider *provider = store(library);
    CHECK(provider);
    OpenStore opened, again;
    CHECK(opened.open(provider) == S_OK && opened.logon && opened.store);
    CHECK(opened.support.references == 1 && opened.support.uids == 1 && opened.support.rows == 1);
    std::string id = opened.support.section.values[PR_ENTRYID];
    CHECK(!id.empty());

    CHECK(again.open(provider, id.size(), id.data()) == S_OK && !again.logon && again.store == opened.store);
    CHECK(again.support.references == 0 && again.support.uids == 0 && again.support.rows == 0);
    CHECK(again.support.after_the_end == 0);
    CHECK(again.store->Release() == 1);

    ULONG type = 0;
    LPUNKNOWN folder = nullptr;
    CHECK(opened.store->OpenEntry(0, nullptr, nullptr, 0, &type, &folder) == S_OK && type == MAPI_FOLDER);

    ULONG flags = LOGOFF_ORDERLY;
    CHECK(opened.store->StoreLogoff(&flags) == S_OK && flags == LOGOFF_COMPLETE);
    opened.support.logon = opened.logon;
    CHECK(opened.store->Release() == 0);
    CHECK(opened.support.references == 0 && opened.support.logon_references == 0);
    CHECK(opened.support.transport_logoffs == std::vector<ULONG>{LOGOFF_ORDERLY});
    CHECK(opened.support.after_the_end == 0);
    CHECK(is_invalid(static_cast<IMAPIProp *>(folder)) && folder->Release() == 0);
    CHECK(sockets() == sockets_before);
    CHECK(end(provider) == 0 && blocks() == blocks_before);
    return nullptr;
}

// A store released without StoreLogoff gives up its transports itself: LIFE-STORE-005.
extern "C" const char *rules_store_released(void *library) {
    IMSProvider *provider = store(library);
    OpenStore opened;
    CHECK(opened.open(provider) == S_OK);
    opened.support.logon = opened.logon;
    CHECK(opened.store->Release() == 0);
    CHECK(opened.support.transport_logoffs == std::vector<ULONG>{LOGOFF_ABORT});
    CHECK(opened.support.references == 0 && opened.support.after_the_end == 0 && end(provider) == 0);
    return nullptr;
}

// A session that ends before its store is closed: LIFE-LOGOFF-003, -004, -007, LIFE-STORE-019.
extern "C" const char *rules_store_forced(void *library) {
    size_t blocks_before = blocks();
    IMSProvider *provider = store(library);
    OpenStore first, second;
    CHECK(first.open(provider) == S_OK);
    ULONG type = 0, flags = 0;
    LPUNKNOWN message = nullptr;
    std::string id = first.support.section.values[PR_ENTRYID];
    std::string message_id = id.substr(0, 20) + "Mone";
    CHECK(first.store->OpenEntry(message_id.size(), (LPENTRYID)message_id.data(), nullptr, 0, &type, &message) == S_OK);
    CHECK(first.logon->Logoff(&flags) == S_OK && first.support.references == 0);
    CHECK(first.logon->Release() == 0);
    CHECK(is_invalid(first.store) && is_invalid(static_cast<IMAPIProp *>(message)));
    // The old logon is off the provider's list: the store opens anew.
    CHECK(second.open(provider, id.size(), id.data()) == S_OK && second.logon && second.store != first.store);
    CHECK(second.logon->Logoff(&flags) == S_OK && second.logon->Release() == 0 && end(provider) == 0);
    CHECK(first.store->Release() == 0 && message->Release() == 0 && second.store->Release() == 0);
    CHECK(first.support.after_the_end == 0 && blocks() == blocks_before);
    return nullptr;
}

// A logon that fails leaves nothing behind: LIFE-LOGON-022.
extern "C" const char *rules_failed_logon(void *library) {
    size_t blocks_before = blocks();
    int sockets_before = sockets();
    IMSProvider *provider = store(library);
    OpenStore opened;
    opened.support.uid_result = MAPI_E_NOT_ENOUGH_MEMORY;
    CHECK(opened.open(provider) == MAPI_E_NOT_ENOUGH_MEMORY && !opened.logon && !opened.store);
    CHECK(opened.support.references == 0 && opened.support.section.references == 0);
    CHECK(sockets() == sockets_before && end(provider) == 0 && blocks() == blocks_before);
    return nullptr;
}
