// Objects that clients hold. Each is a block of MAPI's allocator, so that MakeInvalid can turn it into a shell that outlives the logon,
// and even this library (LIFE-LOGOFF-003, LIFE-STORE-019).
#pragma once

#include "session.hpp"

#include <atomic>
#include <new>
#include <utility>

// A method that this provider does not have.
#define EXEMPLARY_REFUSES(method, ...)                                                                                            \
    STDMETHODIMP method(__VA_ARGS__) override { return refuse(#method); }

namespace exemplary {

// The result of opening an object: it has the interface that was asked for, or is given back.
inline HRESULT checked(LPCIID interface, LPUNKNOWN *object) {
    if (!*object)
        return MAPI_E_NOT_ENOUGH_MEMORY;
    if (!interface)
        return S_OK;
    void *asked = nullptr;
    HRESULT result = (*object)->QueryInterface(*interface, &asked);
    (*object)->Release();
    *object = static_cast<LPUNKNOWN>(asked);
    return result;
}

// The part of an object that all interfaces share: IUnknown and GetLastError. `Derived` tells its interfaces with `implements`.
template <class Interface, class Derived> class Held : public Interface {
public:
    // A new object with one reference, or null if there is no memory.
    template <class... Arguments>
    static Derived *make(const std::shared_ptr<Session> &session, const char *interface, ULONG slots, Properties properties,
                         Arguments &&...arguments) {
        void *memory = nullptr;
        if (FAILED(session->memory.allocate(sizeof(Derived), &memory)))
            return nullptr;
        Derived *object = new (memory) Derived(std::forward<Arguments>(arguments)...);
        Held *held = object;
        held->free_ = session->memory.free;
        Name name = held->name_ = Name{interface, next_number()};
        held->body_ = new Body{session, std::move(properties), name, slots, object, hold, references, detach};
        session->add(held->body_);
        living++;
        note(name, "created", "%s", "");
        return object;
    }

    STDMETHODIMP QueryInterface(REFIID iid, void **object) override {
        if (!object)
            return MAPI_E_INVALID_PARAMETER;
        *object = nullptr;
        if (!IsEqualIID(iid, IID_IUnknown) && !Derived::implements(iid))
            return MAPI_E_INTERFACE_NOT_SUPPORTED;
        AddRef();
        *object = this;
        return S_OK;
    }

    STDMETHODIMP_(ULONG) AddRef() override {
        Call call(name_, "AddRef");
        return call.count(++references_);
    }

    // A reference for somebody who does not hold one. False: the object is in its final Release.
    bool try_add_ref() {
        ULONG references = references_;
        while (references != 0)
            if (references_.compare_exchange_weak(references, references + 1))
                return true;
        return false;
    }

    STDMETHODIMP_(ULONG) Release() override {
        Call call(name_, "Release");
        ULONG left = --references_;
        if (left == 0)
            destroy();
        return call.count(left);
    }

    STDMETHODIMP GetLastError(HRESULT, ULONG, LPMAPIERROR *error) override {
        if (!error)
            return MAPI_E_INVALID_PARAMETER;
        *error = nullptr;
        Use use(body_);
        return use ? S_OK : MAPI_E_INVALID_OBJECT;
    }

protected:
    // The object's part in its end; only it has the body still.
    void last_release(Body &) {}
    // It becomes MAPI's shell, and its destructor never runs: what it keeps beside the body has to go now.
    void abandon() {}

    // The answer of a method that is not implemented.
    HRESULT refuse(const char *method) {
        Use use(body_);
        if (!use)
            return MAPI_E_INVALID_OBJECT;
        Call call(body_->name, method);
        return call.done(MAPI_E_NO_SUPPORT);
    }

private:
    void destroy() {
        if (std::unique_ptr<Body> body = take_body(body_))
            static_cast<Derived *>(this)->last_release(*body);
        LPFREEBUFFER free = free_;
        static_cast<Derived *>(this)->~Derived();
        free(this);
        living--;
    }

    static bool hold(IUnknown *object) { return static_cast<Held *>(object)->try_add_ref(); }
    static ULONG references(IUnknown *object) { return static_cast<Held *>(object)->references_; }
    static void detach(IUnknown *object) {
        static_cast<Held *>(object)->body_ = nullptr;
        static_cast<Derived *>(static_cast<Held *>(object))->abandon();
    }

    // In this order: a shell keeps its vtable and its count in the first 16 bytes.
    std::atomic<ULONG> references_{1};

protected:
    Body *body_ = nullptr;

private:
    LPFREEBUFFER free_ = nullptr;
    Name name_{"object", 0};
};

// An object with properties: IMAPIProp, read only.
template <class Interface, class Derived> class Object : public Held<Interface, Derived> {
public:
    STDMETHODIMP GetProps(LPSPropTagArray tags, ULONG flags, ULONG *count, LPSPropValue *values) override {
        Use use(body_);
        if (!use)
            return MAPI_E_INVALID_OBJECT;
        Call call(body_->name, "GetProps");
        return call.done(get_props(use->memory, body_->properties, tags, flags, count, values));
    }

    STDMETHODIMP GetPropList(ULONG flags, LPSPropTagArray *tags) override {
        Use use(body_);
        if (!use)
            return MAPI_E_INVALID_OBJECT;
        Call call(body_->name, "GetPropList");
        return call.done(get_prop_list(use->memory, body_->properties, flags, tags));
    }

    EXEMPLARY_REFUSES(SaveChanges, ULONG)
    EXEMPLARY_REFUSES(OpenProperty, ULONG, LPCIID, ULONG, ULONG, LPUNKNOWN *)
    EXEMPLARY_REFUSES(SetProps, ULONG, LPSPropValue, LPSPropProblemArray *)
    EXEMPLARY_REFUSES(DeleteProps, LPSPropTagArray, LPSPropProblemArray *)
    EXEMPLARY_REFUSES(CopyTo, ULONG, LPCIID, LPSPropTagArray, ULONG_PTR, LPMAPIPROGRESS, LPCIID, LPVOID, ULONG,
                      LPSPropProblemArray *)
    EXEMPLARY_REFUSES(CopyProps, LPSPropTagArray, ULONG_PTR, LPMAPIPROGRESS, LPCIID, LPVOID, ULONG, LPSPropProblemArray *)
    EXEMPLARY_REFUSES(GetNamesFromIDs, LPSPropTagArray *, LPGUID, ULONG, ULONG *, LPMAPINAMEID **)
    EXEMPLARY_REFUSES(GetIDsFromNames, ULONG, LPMAPINAMEID *, ULONG, LPSPropTagArray *)

protected:
    using Held<Interface, Derived>::body_;
    using Held<Interface, Derived>::refuse;

    // Every interface of such an object begins with IMAPIProp.
    static bool is_prop(REFIID iid) { return IsEqualIID(iid, IID_IMAPIProp); }
};

} // namespace exemplary
