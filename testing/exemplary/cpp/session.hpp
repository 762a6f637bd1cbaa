// What a logon of any kind has: the support object, the registrations with MAPI, and all objects that clients hold.
//
// An address book logon and a store logon end alike, in `Session::end`; how they come to that differs.
#pragma once

#include <MAPISPI.h>

#include "log.hpp"
#include "memory.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace exemplary {

class Session;

// Objects that keep this library from being unloaded (DllCanUnloadNow).
extern std::atomic<int> living;

// The references that a logon holds on MAPI's support object, and its use, with a line in the log for each call.
class Support {
public:
    explicit Support(const char *owner) : owner_(owner), name_{"IMAPISupport", next_number()} {}

    // Borrowed until `keep`.
    void borrow(LPMAPISUP support) { pointer_ = support; }
    // The lasting reference (LIFE-LOGON-010).
    void keep();
    // Gives back what was kept, once; the last use of the support object (LIFE-LOGOFF-004).
    void give_back();
    // Calls every method once (LIFE-SUP-001).
    void survey();

    // Many may read a section at once, one may write (MAPI_MODIFY), so it is opened for writing only where it is written.
    HRESULT open_profile_section(ULONG flags, LPPROFSECT *section);
    HRESULT show_dialog();
    HRESULT set_provider_uid(const MAPIUID &uid);
    HRESULT set_status_row(const std::string &display_name, LONG code, const char *text, ULONG flags);
    HRESULT subscribe(const EntryId &key, ULONG events, LPMAPIADVISESINK sink, ULONG_PTR *connection);
    HRESULT unsubscribe(ULONG_PTR connection);
    HRESULT notify(const EntryId &key, LPNOTIFICATION notification);
    HRESULT wrap_store_entry_id(const EntryId &id, ULONG *size, LPENTRYID *wrapped);
    HRESULT store_logoff_transports(ULONG *flags);
    HRESULT make_invalid(Name object, LPVOID pointer, ULONG references, ULONG slots);

private:
    const char *const owner_;
    const Name name_;
    std::atomic<LPMAPISUP> pointer_{nullptr}; // taken by one thread only when it is given back
    int kept_ = 0;
};

// What an object that a client holds has behind its pointer. It goes when the logon ends; the object may live on without.
struct Body {
    std::shared_ptr<Session> session;
    Properties properties;
    Name name;
    ULONG slots;
    IUnknown *object;
    bool (*hold)(IUnknown *); // false: the object is in its final Release
    ULONG (*references)(IUnknown *);
    void (*detach)(IUnknown *);
};

class Session : public std::enable_shared_from_this<Session> {
public:
    Session(const char *logon_interface, const Allocators &memory);
    ~Session();

    // Does what a logon does with MAPI: reads the profile section, registers the MAPIUID and adds the status row. `fallback` is the
    // name if the profile has none. On failure everything is undone.
    HRESULT begin(LPMAPISUP support, const char *fallback);
    HRESULT register_uid(const MAPIUID &uid);
    HRESULT announce();

    // Ends everything that belongs to the logon but the support object: waits for running calls, drops the status object,
    // the subscriptions and the connection, and makes the objects that clients still hold invalid. Once.
    void end();

    // Properties of the provider's own profile section.
    HRESULT read_profile(ULONG tag, EntryId *value);
    HRESULT write_profile(const Property &property);

    HRESULT advise(const EntryId &key, ULONG events, LPMAPIADVISESINK sink, ULONG_PTR *connection);
    HRESULT unadvise(ULONG_PTR connection);
    HRESULT open_status(IUnknown *logon, LPCIID interface, ULONG *type, LPMAPISTATUS *status);

    void add(Body *body);

    Support support;
    const Allocators memory;
    std::string display_name;

private:
    friend class Use;
    friend std::unique_ptr<Body> take_body(Body *&);
    void open_connection();
    void close_connection();
    void drop_status();
    void invalidate_objects();

    const char *const logon_interface_;
    bool ended_ = false;
    bool end_is_done_ = false;
    int running_ = 0;
    std::vector<Body *> bodies_;
    std::vector<ULONG_PTR> subscriptions_;
    IMAPIStatus *status_ = nullptr; // holds a reference on the logon object, which holds one on it
    int connection_[2] = {-1, -1};  // stands for the one to a server (LIFE-LOGOFF-005)
};

// For an object in its final Release: its body, unless the end of the logon has been faster.
std::unique_ptr<Body> take_body(Body *&body);

// A call on an object or logon: keeps its session from ending meanwhile. False: the session has ended.
class Use {
public:
    explicit Use(Body *const &body);
    explicit Use(const std::shared_ptr<Session> &session);
    ~Use();
    Use(const Use &) = delete;
    Use &operator=(const Use &) = delete;
    explicit operator bool() const { return session_ != nullptr; }
    Session *operator->() const { return session_.get(); }

private:
    void enter(const std::shared_ptr<Session> &session);
    std::shared_ptr<Session> session_;
};

} // namespace exemplary
