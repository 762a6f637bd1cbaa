// What the parts of the trampoline share; src/trampoline/ffi.rs declares the same things.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef void (*openmapi_thunk)(void *frame);

// How a call ended that came back. A call that ended its thread never comes back; `gone` tells of it.
enum openmapi_end { OPENMAPI_RETURNED = 0, OPENMAPI_THREW = 1 };

struct openmapi_job {
    openmapi_thunk thunk;
    void *frame;
};

// The Rust side of a worker thread. No frame of these is on the stack while a thunk runs.
struct openmapi_host {
    // Waits for the next job. False: the thread is to end.
    bool (*next)(void *worker, openmapi_job *job);
    // The job has come back. `what` says what it threw; it need not end with a zero.
    void (*done)(void *worker, int end, const char *what, size_t what_size);
    // The thread ends, asked to or by a job. The last use of `worker`.
    void (*gone)(void *worker);
};

// Longest description of an exception that is kept, in bytes.
enum { OPENMAPI_WHAT_SIZE = 512 };

// Calls the thunk and stops what it throws. pthread_exit passes through, because glibc ends the process when somebody
// stops it; so this function must not be noexcept.
openmapi_end openmapi_contain(openmapi_thunk thunk, void *frame, char *what, size_t *what_size);
