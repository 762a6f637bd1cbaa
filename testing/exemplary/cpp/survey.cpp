#include "survey.hpp"

#include <string.h>

namespace exemplary {
namespace {

// A sink nobody calls. Where a method takes an object that it only passes on, this one stands for it.
class Sink : public IMAPIAdviseSink {
public:
    STDMETHODIMP QueryInterface(REFIID, void **object) override {
        *object = nullptr;
        return MAPI_E_INTERFACE_NOT_SUPPORTED;
    }
    STDMETHODIMP_(ULONG) AddRef() override { return 2; }
    STDMETHODIMP_(ULONG) Release() override { return 1; }
    STDMETHODIMP_(ULONG) OnNotify(ULONG, LPNOTIFICATION) override { return 0; }
};

// Gives back what a method returned.
void give_back(IUnknown *object) {
    if (object)
        object->Release();
}

} // namespace

// One call of the survey: a line when it begins, and its answer.
#define SURVEY(method, ...)                                                                                                       \
    do {                                                                                                                          \
        Call call(name, #method);                                                                                                 \
        call.done(support->method(__VA_ARGS__));                                                                                  \
    } while (0)

void survey(LPMAPISUP support, Name name) {
    static Sink sink;
    LPMESSAGE message = reinterpret_cast<LPMESSAGE>(&sink); // of an object nobody is to call
    struct {
        ULONG cb;
        BYTE ab[4];
    } key = {4, {1, 2, 3, 4}};
    BYTE entry[24] = {0, 0, 0, 0, 0xEE};
    LPENTRYID id = reinterpret_cast<LPENTRYID>(entry);
    const ULONG size = sizeof entry;
    NOTIFICATION notification;
    memset(&notification, 0, sizeof notification);
    notification.ulEventType = fnevExtended;
    SPropValue column = {};
    column.ulPropTag = PR_STATUS_STRING_A;
    column.Value.lpszA = const_cast<char *>("surveyed");
    SizedSPropTagArray(1, tags) = {1, {PR_DISPLAY_NAME_A}};
    struct {
        ULONG entries;
    } nobody = {0};
    char text[] = "text";
    LPTSTR words = reinterpret_cast<LPTSTR>(text);
    MAPIUID uid = {{0x5A, 0x5A}};
    ULONG flags = 0, type = 0, made_size = 0;
    ULONG_PTR connection = 0, window = 0;
    LPALLOCATEBUFFER allocate = nullptr;
    LPALLOCATEMORE more = nullptr;
    LPFREEBUFFER free = nullptr;

    note(name, "survey", "begins");
    void *itself = nullptr;
    SURVEY(QueryInterface, IID_IUnknown, &itself);
    { Call call(name, "AddRef"); call.count(support->AddRef()); }
    { Call call(name, "Release"); call.count(support->Release()); }
    give_back(static_cast<IUnknown *>(itself));
    LPMAPIERROR error = nullptr;
    SURVEY(GetLastError, S_OK, 0, &error);
    SURVEY(GetMemAllocRoutines, &allocate, &more, &free);
    auto discard = [&](void *block) {
        if (block && free)
            free(block);
    };
    discard(error);
    SURVEY(Subscribe, reinterpret_cast<LPNOTIFKEY>(&key), fnevExtended, 0, &sink, &connection);
    SURVEY(Unsubscribe, connection);
    SURVEY(Notify, reinterpret_cast<LPNOTIFKEY>(&key), 1, &notification, &flags);
    SURVEY(ModifyStatusRow, 1, &column, STATUSROW_UPDATE);
    LPPROFSECT section = nullptr;
    SURVEY(OpenProfileSection, nullptr, 0, &section);
    give_back(section);
    SURVEY(RegisterPreprocessor, &uid, words, words, text, text, 0);
    SURVEY(NewUID, &uid);
    SURVEY(MakeInvalid, 0, nullptr, 1, 3);
    SURVEY(SpoolerYield, 0);
    SURVEY(SpoolerNotify, 0, nullptr);
    LPENTRYID made = nullptr;
    SURVEY(CreateOneOff, words, words, words, 0, &made_size, &made);
    discard(made);
    SURVEY(SetProviderUID, &uid, 0);
    ULONG same = 0;
    SURVEY(CompareEntryIDs, size, id, size, id, 0, &same);
    LPMAPIPROP prop = nullptr;
    SURVEY(OpenTemplateID, size, id, 0, message, nullptr, &prop, nullptr);
    LPUNKNOWN object = nullptr;
    SURVEY(OpenEntry, size, id, nullptr, 0, &type, &object);
    give_back(object);
    LPMAPITABLE table = nullptr;
    SURVEY(GetOneOffTable, 0, &table);
    give_back(table);
    ADRPARM parameters;
    memset(&parameters, 0, sizeof parameters);
    LPADRLIST list = nullptr;
    SURVEY(Address, &window, &parameters, &list);
    SURVEY(Details, &window, nullptr, nullptr, size, id, nullptr, nullptr, nullptr, 0);
    SURVEY(NewEntry, 0, 0, 0, nullptr, 0, nullptr, &made_size, &made);
    SURVEY(DoConfigPropsheet, 0, 0, words, nullptr, nullptr, 0);
    SURVEY(CopyMessages, nullptr, &sink, nullptr, nullptr, &sink, 0, nullptr, 0);
    SURVEY(CopyFolder, nullptr, &sink, size, id, nullptr, &sink, nullptr, 0, nullptr, 0);
    LPSPropProblemArray problems = nullptr;
    SURVEY(DoCopyTo, nullptr, &sink, 0, nullptr, nullptr, 0, nullptr, nullptr, &sink, 0, &problems);
    SURVEY(DoCopyProps, nullptr, &sink, reinterpret_cast<LPSPropTagArray>(&tags), 0, nullptr, nullptr, &sink, 0, &problems);
    LPMAPIPROGRESS progress = nullptr;
    SURVEY(DoProgressDialog, 0, 0, &progress);
    give_back(progress);
    LPMESSAGE receipt = nullptr;
    SURVEY(ReadReceipt, 0, message, &receipt);
    flags = 0;
    SURVEY(PrepareSubmit, message, &flags);
    SURVEY(ExpandRecips, message, &flags);
    SURVEY(UpdatePAB, 0, message);
    SURVEY(DoSentMail, 0, message);
    LPADRBOOK book = nullptr;
    SURVEY(OpenAddressBook, nullptr, 0, &book);
    give_back(reinterpret_cast<LPUNKNOWN>(book));
    SURVEY(Preprocess, 0, size, id);
    SURVEY(CompleteMsg, 0, size, id);
    flags = LOGOFF_ORDERLY;
    SURVEY(StoreLogoffTransports, &flags);
    SURVEY(StatusRecips, message, reinterpret_cast<LPADRLIST>(&nobody));
    SURVEY(WrapStoreEntryID, size, id, &made_size, &made);
    discard(made);
    SURVEY(ModifyProfile, 0);
    LPSTORAGE storage = nullptr;
    SURVEY(IStorageFromStream, &sink, nullptr, 0, &storage);
    LPMAPISUP configuration = nullptr;
    SURVEY(GetSvcConfigSupportObj, 0, &configuration);
    give_back(configuration);
    note(name, "survey", "ends");
}

} // namespace exemplary
