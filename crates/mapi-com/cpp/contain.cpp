// The one place where foreign code is called with a net below it.

#include "contain.hpp"

#include <cxxabi.h>
#include <exception>
#include <stdlib.h>
#include <string.h>
#include <typeinfo>

static void copy_text(const char *text, char *what, size_t *what_size) {
    *what_size = text ? strnlen(text, OPENMAPI_WHAT_SIZE) : 0;
    if (*what_size)
        memcpy(what, text, *what_size);
}

// Describes what a catch-all caught by its type, since it has no text.
static void copy_type_name(char *what, size_t *what_size) {
    *what_size = 0;
    const std::type_info *type = abi::__cxa_current_exception_type();
    if (!type)
        return; // of another language
    int status = 0;
    char *name = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
    copy_text(name ? name : type->name(), what, what_size);
    free(name);
}

openmapi_end openmapi_contain(openmapi_thunk thunk, void *frame, char *what, size_t *what_size) {
    try {
        thunk(frame);
        return OPENMAPI_RETURNED;
    }
#if defined(__GLIBC__)
    catch (abi::__forced_unwind &) {
        throw; // pthread_exit: the thread is lost, see thread_posix.cpp
    }
#endif
    catch (const std::exception &error) {
        copy_text(error.what(), what, what_size);
    } catch (...) {
        copy_type_name(what, what_size);
    }
    return OPENMAPI_THREW;
}

// The form for a call on the caller's own thread. Rust frames lie below, so pthread_exit cannot be let through, and
// noexcept turns it into std::terminate: a defined end.
extern "C" int openmapi_call_contained(openmapi_thunk thunk, void *frame, char *what, size_t *what_size) noexcept {
    return openmapi_contain(thunk, frame, what, what_size);
}
