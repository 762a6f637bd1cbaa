// What the objects have in common that only MAPI holds: provider objects and logon objects. Clients never see them.
#pragma once

#include "conduct.hpp"
#include "session.hpp"

#include <atomic>

namespace exemplary {

// IUnknown of an object that MAPI holds, every call in the log.
class Counted {
public:
    explicit Counted(const char *interface)
        : name{interface, next_number()}, references_(1 + conduct::times(interface, "extra_references", 0)) {
        living++;
    }

    ULONG add_ref() {
        Call call(name, "AddRef");
        return call.count(++references_);
    }

    // Zero: the caller deletes the object.
    ULONG release() {
        Call call(name, "Release");
        ULONG left = --references_;
        if (left == 0) {
            note(name, "last release", "%s", "");
            conduct::enter(name.interface, "last_release");
        }
        return call.count(left);
    }

    const Name name;

protected:
    ~Counted() { living--; }

private:
    std::atomic<ULONG> references_;
};

// A provider object: bookkeeping for start and end, and the fast shutdown. `Interface` is IABProvider or IMSProvider.
template <class Interface> class Provider : public Interface, public IMAPIProviderShutdown, protected Counted {
public:
    STDMETHODIMP QueryInterface(REFIID iid, void **object) override {
        if (!object)
            return MAPI_E_INVALID_PARAMETER;
        *object = nullptr;
        if (IsEqualIID(iid, IID_IUnknown) || IsEqualIID(iid, iid_))
            *object = static_cast<Interface *>(this);
        else if (IsEqualIID(iid, IID_IMAPIProviderShutdown) && !conduct::has(name.interface, "no_fast_shutdown"))
            *object = static_cast<IMAPIProviderShutdown *>(this);
        else
            return MAPI_E_INTERFACE_NOT_SUPPORTED;
        add_ref();
        return S_OK;
    }

    STDMETHODIMP_(ULONG) AddRef() override { return add_ref(); }

    STDMETHODIMP_(ULONG) Release() override {
        ULONG left = release();
        if (left == 0)
            delete this;
        return left;
    }

    STDMETHODIMP Shutdown(ULONG *flags) override {
        Call call(name, "Shutdown", "flags=%X", flags ? (unsigned)*flags : ~0u);
        return call.done(flags ? S_OK : MAPI_E_INVALID_PARAMETER);
    }

    STDMETHODIMP QueryFastShutdown() override {
        Call call(name, "QueryFastShutdown");
        return call.done(S_OK);
    }

    STDMETHODIMP NotifyProcessShutdown() override {
        Call call(name, "NotifyProcessShutdown");
        return call.done(S_OK);
    }

    // All that this provider keeps is its log, and that is written line by line.
    STDMETHODIMP DoFastShutdown() override {
        Call call(name, "DoFastShutdown");
        return call.done(S_OK);
    }

protected:
    Provider(const char *interface, const IID &iid, LPMALLOC malloc, const Allocators &memory)
        : Counted(interface), memory(memory), iid_(iid), malloc_(malloc) {
        if (malloc_)
            malloc_->AddRef();
    }

    virtual ~Provider() {
        if (malloc_)
            malloc_->Release();
    }

    const Allocators memory;

private:
    const IID &iid_;
    LPMALLOC malloc_;
};

// A logon object: what IABLogon and IMSLogon have in common.
template <class Interface> class Logon : public Interface, protected Counted {
public:
    STDMETHODIMP QueryInterface(REFIID iid, void **object) override {
        if (!object)
            return MAPI_E_INVALID_PARAMETER;
        *object = nullptr;
        if (!IsEqualIID(iid, IID_IUnknown) && !IsEqualIID(iid, iid_))
            return MAPI_E_INTERFACE_NOT_SUPPORTED;
        add_ref();
        *object = this;
        return S_OK;
    }

    STDMETHODIMP_(ULONG) AddRef() override { return add_ref(); }

    STDMETHODIMP_(ULONG) Release() override {
        ULONG left = release();
        if (left == 0)
            delete this;
        return left;
    }

    STDMETHODIMP GetLastError(HRESULT result, ULONG, LPMAPIERROR *error) override {
        Call call(name, "GetLastError", "0x%08X", (unsigned)result);
        if (!error)
            return call.done(MAPI_E_INVALID_PARAMETER);
        *error = nullptr; // nothing to add to the code
        return call.done(S_OK);
    }

    STDMETHODIMP Advise(ULONG size, LPENTRYID id, ULONG events, LPMAPIADVISESINK sink, ULONG_PTR *connection) override {
        Call call(name, "Advise", "events=%X", (unsigned)events);
        Use use(session);
        if (!use)
            return call.done(MAPI_E_INVALID_OBJECT);
        const BYTE *bytes = reinterpret_cast<const BYTE *>(id);
        if (!size || !bytes || !sink || !connection)
            return call.done(MAPI_E_INVALID_PARAMETER);
        return call.done(use->advise(EntryId(bytes, bytes + size), events, sink, connection));
    }

    STDMETHODIMP Unadvise(ULONG_PTR connection) override {
        Call call(name, "Unadvise", "%lu", (unsigned long)connection);
        Use use(session);
        return call.done(use ? use->unadvise(connection) : MAPI_E_INVALID_OBJECT);
    }

protected:
    Logon(const char *interface, const IID &iid, const std::shared_ptr<Session> &session)
        : Counted(interface), session(session), iid_(iid) {}
    virtual ~Logon() {}

    const std::shared_ptr<Session> session;

private:
    const IID &iid_;
};

} // namespace exemplary
