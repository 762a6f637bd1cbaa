// Worker threads on POSIX systems. Everything on such a thread's stack below a thunk is in this file, and C++.

#if !defined(_WIN32)

#include "contain.hpp"

#include <errno.h>
#include <new>
#include <pthread.h>
#include <string.h>
#include <time.h>

namespace {

struct start {
    const openmapi_host *host;
    void *worker;
    char name[16]; // the longest that Linux takes
};

void *thread_main(void *argument) {
    const start begun = *static_cast<start *>(argument);
    delete static_cast<start *>(argument);

#if defined(__linux__)
    pthread_setname_np(pthread_self(), begun.name); // cheaper from inside, and the creator need not wait for it
#endif
    // A stray pthread_cancel must not hit the thread between two jobs. pthread_exit does not care.
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);

    // pthread_exit in a job unwinds up to here, through frames of C++ only, and runs `gone` like a normal end does.
    pthread_cleanup_push(begun.host->gone, begun.worker);
    openmapi_job job;
    while (begun.host->next(begun.worker, &job)) {
        char what[OPENMAPI_WHAT_SIZE];
        size_t what_size = 0;
        openmapi_end end = openmapi_contain(job.thunk, job.frame, what, &what_size);
        begun.host->done(begun.worker, end, what, what_size);
    }
    pthread_cleanup_pop(1);
    return nullptr;
}

} // namespace

// Starts a thread; 0 or an error number.
extern "C" int openmapi_thread_start(uintptr_t *thread, const openmapi_host *host, void *worker, const char *name) noexcept {
    start *argument = new (std::nothrow) start{host, worker, {}};
    if (!argument)
        return ENOMEM;
    strncpy(argument->name, name, sizeof argument->name - 1);
    pthread_t handle;
    int error = pthread_create(&handle, nullptr, thread_main, argument);
    if (error) {
        delete argument;
        return error;
    }
    *thread = (uintptr_t)handle;
    return 0;
}

// Waits for the end of a thread; timeout_ms < 0 waits for ever. 0: ended, ETIMEDOUT: not yet, EDEADLK: it is this thread.
extern "C" int openmapi_thread_join(uintptr_t thread, int64_t timeout_ms) noexcept {
    pthread_t handle = (pthread_t)thread;
    if (pthread_equal(handle, pthread_self()))
        return EDEADLK;
#if defined(__GLIBC__)
    if (timeout_ms >= 0) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += timeout_ms / 1000;
        until.tv_nsec += timeout_ms % 1000 * 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec += 1;
            until.tv_nsec -= 1000000000;
        }
        return pthread_timedjoin_np(handle, nullptr, &until);
    }
#else
    (void)timeout_ms; // elsewhere there is no join with a limit
#endif
    return pthread_join(handle, nullptr);
}

// Lets a thread go that nobody will join.
extern "C" void openmapi_thread_detach(uintptr_t thread) noexcept {
    pthread_detach((pthread_t)thread);
}

#endif
