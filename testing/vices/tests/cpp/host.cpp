#include "host.hpp"

#include <MAPICode.h>

#include <atomic>
#include <stdlib.h>
#include <string.h>

// A method that the libraries under test have no business to call.
#define REFUSES(type, method, ...)                                                                                                \
    STDMETHODIMP type::method(__VA_ARGS__) { return MAPI_E_NO_SUPPORT; }

namespace host {
namespace {

struct alignas(16) Block {
    Block *next;
};

std::atomic<size_t> live{0};

SCODE STDMETHODCALLTYPE allocate_buffer(ULONG size, LPVOID *buffer) {
    Block *block = static_cast<Block *>(malloc(sizeof(Block) + size));
    block->next = nullptr;
    live++;
    *buffer = block + 1;
    return S_OK;
}

SCODE STDMETHODCALLTYPE allocate_more(ULONG size, LPVOID root, LPVOID *buffer) {
    SCODE result = allocate_buffer(size, buffer);
    Block *block = static_cast<Block *>(*buffer) - 1, *head = static_cast<Block *>(root) - 1;
    block->next = head->next;
    head->next = block;
    return result;
}

ULONG STDMETHODCALLTYPE free_buffer(LPVOID buffer) {
    if (!buffer)
        return S_OK;
    for (Block *block = static_cast<Block *>(buffer) - 1; block;) {
        Block *next = block->next;
        free(block);
        live--;
        block = next;
    }
    return S_OK;
}

// What MakeInvalid leaves of an object: a vtable and a count.
struct Shell {
    void **vtable;
    std::atomic<ULONG> references;
};

HRESULT STDMETHODCALLTYPE shell_fails() { return MAPI_E_INVALID_OBJECT; }
ULONG STDMETHODCALLTYPE shell_add_ref(Shell *shell) { return ++shell->references; }
ULONG STDMETHODCALLTYPE shell_release(Shell *shell) {
    ULONG left = --shell->references;
    if (!left)
        free_buffer(shell);
    return left;
}

void **shell_vtable() {
    static void *slots[64];
    for (void *&slot : slots)
        slot = reinterpret_cast<void *>(shell_fails);
    slots[1] = reinterpret_cast<void *>(shell_add_ref);
    slots[2] = reinterpret_cast<void *>(shell_release);
    return slots;
}

} // namespace

size_t blocks() { return live; }
LPALLOCATEBUFFER const allocate = allocate_buffer;
LPALLOCATEMORE const more = allocate_more;
LPFREEBUFFER const release_buffer = free_buffer;

STDMETHODIMP Section::GetProps(LPSPropTagArray tags, ULONG, ULONG *count, LPSPropValue *result) {
    void *memory;
    allocate(tags->cValues * sizeof(SPropValue), &memory);
    SPropValue *all = static_cast<SPropValue *>(memory);
    for (ULONG i = 0; i < tags->cValues; i++) {
        auto found = values.find(tags->aulPropTag[i]);
        all[i].ulPropTag = tags->aulPropTag[i];
        if (found == values.end()) {
            all[i].ulPropTag = CHANGE_PROP_TYPE(all[i].ulPropTag, PT_ERROR);
            all[i].Value.err = MAPI_E_NOT_FOUND;
        } else if (PROP_TYPE(found->first) == PT_BINARY) {
            all[i].Value.bin.cb = found->second.size();
            all[i].Value.bin.lpb = reinterpret_cast<BYTE *>(&found->second[0]);
        } else {
            all[i].Value.lpszA = &found->second[0];
        }
    }
    *count = tags->cValues;
    *result = all;
    return S_OK;
}

STDMETHODIMP Section::SetProps(ULONG count, LPSPropValue properties, LPSPropProblemArray *) {
    for (ULONG i = 0; i < count; i++)
        values[properties[i].ulPropTag] =
            std::string(reinterpret_cast<char *>(properties[i].Value.bin.lpb), properties[i].Value.bin.cb);
    return S_OK;
}

REFUSES(Section, GetLastError, HRESULT, ULONG, LPMAPIERROR *)
REFUSES(Section, SaveChanges, ULONG)
REFUSES(Section, GetPropList, ULONG, LPSPropTagArray *)
REFUSES(Section, OpenProperty, ULONG, LPCIID, ULONG, ULONG, LPUNKNOWN *)
REFUSES(Section, DeleteProps, LPSPropTagArray, LPSPropProblemArray *)
REFUSES(Section, CopyTo, ULONG, LPCIID, LPSPropTagArray, ULONG_PTR, LPMAPIPROGRESS, LPCIID, LPVOID, ULONG, LPSPropProblemArray *)
REFUSES(Section, CopyProps, LPSPropTagArray, ULONG_PTR, LPMAPIPROGRESS, LPCIID, LPVOID, ULONG, LPSPropProblemArray *)
REFUSES(Section, GetNamesFromIDs, LPSPropTagArray *, LPGUID, ULONG, ULONG *, LPMAPINAMEID **)
REFUSES(Section, GetIDsFromNames, ULONG, LPMAPINAMEID *, ULONG, LPSPropTagArray *)

HRESULT Support::used() {
    if (references <= 0)
        after_the_end++;
    return S_OK;
}

STDMETHODIMP_(ULONG) Support::AddRef() {
    used();
    return ++references;
}

STDMETHODIMP_(ULONG) Support::Release() {
    used();
    ULONG left = --references;
    if (left == 0 && logon) {
        ULONG flags = 0;
        logon->Logoff(&flags);
        logon_references = logon->Release();
        logon = nullptr;
    }
    return left;
}

STDMETHODIMP Support::SetProviderUID(LPMAPIUID, ULONG) {
    uids++;
    return FAILED(uid_result) ? uid_result : used();
}

STDMETHODIMP Support::ModifyStatusRow(ULONG, LPSPropValue, ULONG) {
    rows++;
    return used();
}

STDMETHODIMP Support::OpenProfileSection(LPMAPIUID, ULONG, LPPROFSECT *object) {
    section.AddRef();
    *object = &section;
    return used();
}

STDMETHODIMP Support::Subscribe(LPNOTIFKEY, ULONG, ULONG, LPMAPIADVISESINK, ULONG_PTR *connection) {
    *connection = subscriptions.size() + 1;
    subscriptions.insert(*connection);
    return used();
}

STDMETHODIMP Support::Unsubscribe(ULONG_PTR connection) {
    used();
    return subscriptions.erase(connection) ? S_OK : MAPI_E_NOT_FOUND;
}

STDMETHODIMP Support::WrapStoreEntryID(ULONG size, LPENTRYID id, ULONG *wrapped_size, LPENTRYID *wrapped) {
    allocate(size, reinterpret_cast<LPVOID *>(wrapped));
    memcpy(*wrapped, id, size);
    *wrapped_size = size;
    return used();
}

STDMETHODIMP Support::StoreLogoffTransports(ULONG *flags) {
    transport_logoffs.push_back(*flags);
    *flags = LOGOFF_COMPLETE;
    return used();
}

STDMETHODIMP Support::MakeInvalid(ULONG, LPVOID object, ULONG count, ULONG) {
    new (object) Shell{shell_vtable(), {count}};
    return used();
}

// The support object is a tombstone for these as well.
#undef REFUSES
#define REFUSES(type, method, ...)                                                                                                \
    STDMETHODIMP type::method(__VA_ARGS__) {                                                                                      \
        used();                                                                                                                   \
        return MAPI_E_NO_SUPPORT;                                                                                                 \
    }
REFUSES(Support, GetLastError, HRESULT, ULONG, LPMAPIERROR *)
REFUSES(Support, GetMemAllocRoutines, LPALLOCATEBUFFER *, LPALLOCATEMORE *, LPFREEBUFFER *)
REFUSES(Support, Notify, LPNOTIFKEY, ULONG, LPNOTIFICATION, ULONG *)
REFUSES(Support, RegisterPreprocessor, LPMAPIUID, LPTSTR, LPTSTR, LPSTR, LPSTR, ULONG)
REFUSES(Support, NewUID, LPMAPIUID)
REFUSES(Support, SpoolerYield, ULONG)
REFUSES(Support, SpoolerNotify, ULONG, LPVOID)
REFUSES(Support, CreateOneOff, LPTSTR, LPTSTR, LPTSTR, ULONG, ULONG *, LPENTRYID *)
REFUSES(Support, CompareEntryIDs, ULONG, LPENTRYID, ULONG, LPENTRYID, ULONG, ULONG *)
REFUSES(Support, OpenTemplateID, ULONG, LPENTRYID, ULONG, LPMAPIPROP, LPCIID, LPMAPIPROP *, LPMAPIPROP)
REFUSES(Support, OpenEntry, ULONG, LPENTRYID, LPCIID, ULONG, ULONG *, LPUNKNOWN *)
REFUSES(Support, GetOneOffTable, ULONG, LPMAPITABLE *)
REFUSES(Support, Address, ULONG_PTR *, LPADRPARM, LPADRLIST *)
REFUSES(Support, Details, ULONG_PTR *, LPFNDISMISS, LPVOID, ULONG, LPENTRYID, LPFNBUTTON, LPVOID, LPTSTR, ULONG)
REFUSES(Support, NewEntry, ULONG_PTR, ULONG, ULONG, LPENTRYID, ULONG, LPENTRYID, ULONG *, LPENTRYID *)
REFUSES(Support, DoConfigPropsheet, ULONG_PTR, ULONG, LPTSTR, LPMAPITABLE, LPMAPIPROP, ULONG)
REFUSES(Support, CopyMessages, LPCIID, LPVOID, LPENTRYLIST, LPCIID, LPVOID, ULONG_PTR, LPMAPIPROGRESS, ULONG)
REFUSES(Support, CopyFolder, LPCIID, LPVOID, ULONG, LPENTRYID, LPCIID, LPVOID, LPTSTR, ULONG_PTR, LPMAPIPROGRESS, ULONG)
REFUSES(Support, DoCopyTo, LPCIID, LPVOID, ULONG, LPCIID, LPSPropTagArray, ULONG_PTR, LPMAPIPROGRESS, LPCIID, LPVOID, ULONG,
        LPSPropProblemArray *)
REFUSES(Support, DoCopyProps, LPCIID, LPVOID, LPSPropTagArray, ULONG_PTR, LPMAPIPROGRESS, LPCIID, LPVOID, ULONG,
        LPSPropProblemArray *)
REFUSES(Support, DoProgressDialog, ULONG_PTR, ULONG, LPMAPIPROGRESS *)
REFUSES(Support, ReadReceipt, ULONG, LPMESSAGE, LPMESSAGE *)
REFUSES(Support, PrepareSubmit, LPMESSAGE, ULONG *)
REFUSES(Support, ExpandRecips, LPMESSAGE, ULONG *)
REFUSES(Support, UpdatePAB, ULONG, LPMESSAGE)
REFUSES(Support, DoSentMail, ULONG, LPMESSAGE)
REFUSES(Support, OpenAddressBook, LPCIID, ULONG, LPADRBOOK *)
REFUSES(Support, Preprocess, ULONG, ULONG, LPENTRYID)
REFUSES(Support, CompleteMsg, ULONG, ULONG, LPENTRYID)
REFUSES(Support, StatusRecips, LPMESSAGE, LPADRLIST)
REFUSES(Support, ModifyProfile, ULONG)
REFUSES(Support, IStorageFromStream, LPUNKNOWN, LPCIID, ULONG, LPSTORAGE *)
REFUSES(Support, GetSvcConfigSupportObj, ULONG, LPMAPISUP *)

} // namespace host
