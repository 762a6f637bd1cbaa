// Worker threads on Windows. ExitThread in a job unwinds nothing there and cannot be told from a call that hangs; the
// deadline sees to it.

#if defined(_WIN32)

#include "contain.hpp"

#include <errno.h>
#include <new>
#include <process.h>
#include <windows.h>

namespace {

struct start {
    const openmapi_host *host;
    void *worker;
};

unsigned __stdcall thread_main(void *argument) {
    const start begun = *static_cast<start *>(argument);
    delete static_cast<start *>(argument);
    openmapi_job job;
    while (begun.host->next(begun.worker, &job)) {
        char what[OPENMAPI_WHAT_SIZE];
        size_t what_size = 0;
        openmapi_end end = openmapi_contain(job.thunk, job.frame, what, &what_size);
        begun.host->done(begun.worker, end, what, what_size);
    }
    begun.host->gone(begun.worker);
    return 0;
}

} // namespace

// Starts a thread; 0 or an error number.
extern "C" int openmapi_thread_start(uintptr_t *thread, const openmapi_host *host, void *worker, const char *) noexcept {
    start *argument = new (std::nothrow) start{host, worker};
    if (!argument)
        return ENOMEM;
    uintptr_t handle = _beginthreadex(nullptr, 0, thread_main, argument, 0, nullptr);
    if (!handle) {
        delete argument;
        return EAGAIN;
    }
    *thread = handle;
    return 0;
}

// Waits for the end of a thread; timeout_ms < 0 waits for ever. 0: ended, ETIMEDOUT: not yet, EDEADLK: it is this thread.
extern "C" int openmapi_thread_join(uintptr_t thread, int64_t timeout_ms) noexcept {
    HANDLE handle = (HANDLE)thread;
    if (GetThreadId(handle) == GetCurrentThreadId())
        return EDEADLK;
    DWORD limit = timeout_ms < 0 || timeout_ms >= (int64_t)INFINITE ? INFINITE : (DWORD)timeout_ms;
    if (WaitForSingleObject(handle, limit) != WAIT_OBJECT_0)
        return ETIMEDOUT;
    CloseHandle(handle);
    return 0;
}

// Lets a thread go that nobody will join.
extern "C" void openmapi_thread_detach(uintptr_t thread) noexcept {
    CloseHandle((HANDLE)thread);
}

#endif
