// A host that plays MAPI for one provider library, just enough to see whether the library obeys the rules that bind providers. The
// real MAPI is tested with the same libraries elsewhere.
#pragma once

#include <MAPISPI.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace host {

// Blocks that were allocated and not freed. The functions are what an entry point gets.
size_t blocks();
extern LPALLOCATEBUFFER const allocate;
extern LPALLOCATEMORE const more;
extern LPFREEBUFFER const release_buffer;

// A profile section with a few binary and text properties.
class Section : public IProfSect {
public:
    STDMETHODIMP QueryInterface(REFIID, void **) override { return MAPI_E_NO_SUPPORT; }
    STDMETHODIMP_(ULONG) AddRef() override { return ++references; }
    STDMETHODIMP_(ULONG) Release() override { return --references; }
    MAPI_IMAPIPROP_METHODS(override)
    ULONG references = 0;
    std::map<ULONG, std::string> values;
};

// A support object. It stays behind as a tombstone and counts what is called on it after its end.
class Support : public IMAPISupport {
public:
    STDMETHODIMP QueryInterface(REFIID, void **) override { return MAPI_E_NO_SUPPORT; }
    STDMETHODIMP_(ULONG) AddRef() override;
    STDMETHODIMP_(ULONG) Release() override;
    MAPI_IMAPISUPPORT_METHODS(override)

    LONG references = 1;
    int after_the_end = 0;
    int uids = 0, rows = 0;
    std::set<ULONG_PTR> subscriptions;
    std::vector<ULONG> transport_logoffs;
    Section section;
    HRESULT uid_result = S_OK;
    // What MAPI does in the final Release of a store's support object: Logoff, and Release of the logon object.
    IMSLogon *logon = nullptr;
    ULONG logon_references = ~0u;

private:
    HRESULT used();
};

} // namespace host
