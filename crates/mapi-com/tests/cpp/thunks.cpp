// Thunks that behave in every way a provider's call can end. Linked into the tests only.

#include <condition_variable>
#include <mutex>
#include <pthread.h>
#include <stdexcept>
#include <stdint.h>
#include <string>

struct frame {
    int64_t argument;
    int64_t result;
    uint64_t thread;
};

extern "C" void openmapi_test_returns(void *p) {
    frame *f = static_cast<frame *>(p);
    f->thread = (uint64_t)pthread_self();
    f->result = f->argument + 1;
}

extern "C" void openmapi_test_throws(void *p) {
    frame *f = static_cast<frame *>(p);
    f->result = -1;
    switch (f->argument) {
    case 0: throw std::runtime_error("the provider is out of order");
    case 1: throw 42;
    case 2: throw std::runtime_error(std::string(100000, 'x'));
    default: throw static_cast<const char *>("text");
    }
}

namespace {
// Counts what was destroyed, which shows that the stack of the foreign code was unwound.
struct witness {
    frame *f;
    ~witness() { f->result += 1; }
};
} // namespace

extern "C" void openmapi_test_ends_thread(void *p) {
    witness w{static_cast<frame *>(p)};
    pthread_exit(nullptr);
}

extern "C" void openmapi_test_exit(void *) { pthread_exit(nullptr); }

// A gate that holds calls until the test opens it.
struct gate {
    std::mutex mutex;
    std::condition_variable opened;
    bool open = false;
    int inside = 0;
};

extern "C" gate *openmapi_test_gate_new() { return new gate; }

extern "C" void openmapi_test_gate_open(gate *g) {
    std::lock_guard<std::mutex> lock(g->mutex);
    g->open = true;
    g->opened.notify_all();
}

// Waits until a call stands before the gate.
extern "C" void openmapi_test_gate_await_caller(gate *g) {
    std::unique_lock<std::mutex> lock(g->mutex);
    g->opened.wait(lock, [g] { return g->inside > 0; });
}

struct gate_frame {
    gate *at;
    int64_t result;
    void (*afterwards)(void *);
};

extern "C" void openmapi_test_waits(void *p) {
    gate_frame *f = static_cast<gate_frame *>(p);
    {
        std::unique_lock<std::mutex> lock(f->at->mutex);
        f->at->inside += 1;
        f->at->opened.notify_all();
        f->at->opened.wait(lock, [f] { return f->at->open; });
    }
    f->result = 7;
    if (f->afterwards)
        f->afterwards(p);
}

// An object whose QueryInterface yields itself, or throws when it is asked for the interface of all zeros.
struct object {
    virtual int32_t QueryInterface(const uint8_t *iid, void **result) {
        if (iid[0] == 0)
            throw std::runtime_error("no such interface");
        *result = this;
        return 0;
    }
    virtual uint32_t AddRef() { return 2; }
    virtual uint32_t Release() { return 1; }
};

extern "C" void *openmapi_test_object() {
    static object one;
    return &one;
}
