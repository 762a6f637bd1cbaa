#include "session.hpp"
#include "conduct.hpp"
#include "status.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace exemplary {

std::atomic<int> living{0};

namespace {

// One for the library: an object must be asked for its body before anything of the body can be relied on. Never held during a call
// out of this library.
std::mutex mutex;
std::condition_variable idle;

const std::chrono::seconds longest_wait(5);

} // namespace

Session::Session(const char *logon_interface, const Allocators &memory)
    : support(logon_interface), memory(memory), logon_interface_(logon_interface) {}

Session::~Session() { close_connection(); }

HRESULT Session::begin(LPMAPISUP mapi_support, const char *fallback) {
    support.borrow(mapi_support);
    LPPROFSECT section = nullptr;
    bool writes = conduct::has(logon_interface_, "sets_resource_flags");
    HRESULT result = support.open_profile_section(writes ? MAPI_MODIFY : 0, &section);
    if (FAILED(result))
        return result;
    display_name = fallback;
    SizedSPropTagArray(1, tags) = {1, {PR_DISPLAY_NAME_A}};
    ULONG count = 0;
    LPSPropValue values = nullptr;
    if (!FAILED(section->GetProps((LPSPropTagArray)&tags, 0, &count, &values)) && values) {
        if (count == 1 && values[0].ulPropTag == PR_DISPLAY_NAME_A && values[0].Value.lpszA)
            display_name = values[0].Value.lpszA;
        memory.free(values);
    }
    if (writes) {
        SPropValue flags = {};
        flags.ulPropTag = PR_RESOURCE_FLAGS;
        flags.Value.l = STATUS_NO_DEFAULT_STORE;
        LPSPropProblemArray problems = nullptr;
        Call call(Name{"IProfSect", 0}, "SetProps", "PR_RESOURCE_FLAGS");
        call.done(section->SetProps(1, &flags, &problems));
        if (problems) {
            note(Name{"IProfSect", 0}, "problem", "0x%08X", (unsigned)problems->aProblem[0].scode);
            memory.free(problems);
        }
    }
    section->Release();
    if (conduct::has(logon_interface_, "shows_dialog"))
        support.show_dialog();
    open_connection();
    return S_OK;
}

HRESULT Session::register_uid(const MAPIUID &uid) { return support.set_provider_uid(uid); }

HRESULT Session::announce() { return support.set_status_row(display_name, STATUS_AVAILABLE, "available", 0); }

void Session::end() {
    std::unique_lock<std::mutex> lock(mutex);
    if (ended_) {
        idle.wait(lock, [this] { return end_is_done_; }); // the other thread still uses the support object
        return;
    }
    ended_ = true; // no call begins from here on
    bool alone = idle.wait_for(lock, longest_wait, [this] { return running_ == 0; });
    std::vector<ULONG_PTR> subscriptions = std::exchange(subscriptions_, {});
    lock.unlock();

    if (conduct::has(logon_interface_, "uses_helper_thread")) {
        std::thread helper([this] {
            LPPROFSECT section = nullptr;
            if (!FAILED(support.open_profile_section(0, &section)))
                section->Release();
        });
        helper.join();
    }
    drop_status();
    for (ULONG_PTR connection : subscriptions)
        support.unsubscribe(connection);
    if (alone && !conduct::has(logon_interface_, "keeps_objects"))
        invalidate_objects();
    if (!conduct::has(logon_interface_, "keeps_connection"))
        close_connection();

    lock.lock();
    end_is_done_ = true;
    idle.notify_all();
}

void Session::drop_status() {
    IMAPIStatus *status = std::exchange(status_, nullptr);
    if (!status)
        return;
    if (!conduct::has(logon_interface_, "keeps_cycle"))
        forget_logon(status); // the one half of the cycle
    status->Release();    // the other half
}

void Session::invalidate_objects() {
    std::unique_lock<std::mutex> lock(mutex);
    while (!bodies_.empty()) {
        Body *last = bodies_.back();
        bodies_.pop_back();
        if (!last->hold(last->object)) // the object lives until it has been turned over
            continue;                  // it is in its final Release, which takes the body
        std::unique_ptr<Body> body(last);
        ULONG references = body->references(body->object) - 1;
        body->detach(body->object);
        lock.unlock();
        // The trace of what was left open (LIFE-LOGOFF-008), then its end as something that works (LIFE-LOGOFF-003).
        if (!conduct::has(logon_interface_, "leaves_no_trace"))
            note(body->name, "left open", "references=%u", (unsigned)references);
        if (!FAILED(support.make_invalid(body->name, body->object, references, body->slots)))
            living--; // it is MAPI's now, and safe without this library
        else
            body->object->Release();
        lock.lock();
    }
}

HRESULT Session::read_profile(ULONG tag, EntryId *value) {
    LPPROFSECT section = nullptr;
    HRESULT result = support.open_profile_section(0, &section);
    if (FAILED(result))
        return result;
    SizedSPropTagArray(1, tags) = {1, {tag}};
    ULONG count = 0;
    LPSPropValue values = nullptr;
    result = section->GetProps((LPSPropTagArray)&tags, 0, &count, &values);
    if (!FAILED(result)) {
        bool found = count == 1 && values[0].ulPropTag == tag && PROP_TYPE(tag) == PT_BINARY;
        if (found)
            value->assign(values[0].Value.bin.lpb, values[0].Value.bin.lpb + values[0].Value.bin.cb);
        result = found ? S_OK : MAPI_E_NOT_FOUND;
        memory.free(values);
    }
    section->Release();
    return result;
}

HRESULT Session::write_profile(const Property &property) {
    LPPROFSECT section = nullptr;
    HRESULT result = support.open_profile_section(MAPI_MODIFY, &section);
    if (FAILED(result))
        return result;
    SPropValue value = {};
    value.ulPropTag = property.tag;
    value.Value.bin.cb = property.bytes.size();
    value.Value.bin.lpb = const_cast<BYTE *>(property.bytes.data());
    result = section->SetProps(1, &value, nullptr);
    section->Release();
    return result;
}

HRESULT Session::advise(const EntryId &key, ULONG events, LPMAPIADVISESINK sink, ULONG_PTR *connection) {
    HRESULT result = support.subscribe(key, events, sink, connection);
    if (!FAILED(result)) {
        std::lock_guard<std::mutex> lock(mutex);
        subscriptions_.push_back(*connection);
    }
    return result;
}

HRESULT Session::unadvise(ULONG_PTR connection) {
    {
        std::lock_guard<std::mutex> lock(mutex);
        auto found = std::find(subscriptions_.begin(), subscriptions_.end(), connection);
        if (found == subscriptions_.end())
            return MAPI_E_NOT_FOUND;
        subscriptions_.erase(found);
    }
    return support.unsubscribe(connection);
}

HRESULT Session::open_status(IUnknown *logon, LPCIID interface, ULONG *type, LPMAPISTATUS *status) {
    *status = nullptr;
    if (interface && !IsEqualIID(*interface, IID_IMAPIStatus) && !IsEqualIID(*interface, IID_IMAPIProp))
        return MAPI_E_INTERFACE_NOT_SUPPORTED;
    if (!status_) {
        LPPROFSECT section = nullptr;
        HRESULT result = support.open_profile_section(0, &section);
        if (FAILED(result))
            return result;
        status_ = new_status(shared_from_this(), logon, section);
        if (!status_) {
            section->Release();
            return MAPI_E_NOT_ENOUGH_MEMORY;
        }
    }
    status_->AddRef();
    *status = status_;
    *type = MAPI_STATUS;
    return S_OK;
}

void Session::add(Body *body) {
    std::lock_guard<std::mutex> lock(mutex);
    bodies_.push_back(body);
}

std::unique_ptr<Body> take_body(Body *&slot) {
    std::lock_guard<std::mutex> lock(mutex);
    std::unique_ptr<Body> body(std::exchange(slot, nullptr));
    if (body) {
        std::vector<Body *> &bodies = body->session->bodies_;
        bodies.erase(std::remove(bodies.begin(), bodies.end(), body.get()), bodies.end());
    }
    return body;
}

void Session::open_connection() {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, connection_))
        connection_[0] = connection_[1] = -1;
}

void Session::close_connection() {
    for (int &end : connection_) {
        if (end >= 0)
            close(end);
        end = -1;
    }
}

Use::Use(Body *const &body) {
    std::lock_guard<std::mutex> lock(mutex);
    if (body)
        enter(body->session);
}

Use::Use(const std::shared_ptr<Session> &session) {
    std::lock_guard<std::mutex> lock(mutex);
    enter(session);
}

void Use::enter(const std::shared_ptr<Session> &session) {
    if (session->ended_ && !conduct::has(session->logon_interface_, "keeps_objects"))
        return;
    session_ = session;
    session->running_++;
}

Use::~Use() {
    if (!session_)
        return;
    std::lock_guard<std::mutex> lock(mutex);
    session_->running_--;
    idle.notify_all();
}

} // namespace exemplary
