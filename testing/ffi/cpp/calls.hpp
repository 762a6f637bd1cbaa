// Values that name their slot and place, and the log in which a called object writes what it got. src/lib.rs is the
// other half and computes the same values.
#pragma once
#include <MAPISPI.h>
#include <MAPIX.h>
#include <stdint.h>
#include <string.h>

enum { OPENMAPI_FFI_ARGUMENTS = 16 };

struct openmapi_ffi_call {
    uint32_t slot;
    uint32_t count;
    uint64_t words[OPENMAPI_FFI_ARGUMENTS];
};

// The last call; the tests hold a lock around each use.
extern "C" openmapi_ffi_call openmapi_ffi_last;


inline uint64_t pattern(uint32_t slot, uint32_t at, size_t size) {
    uint64_t low = 0x5A000000u | (slot << 16) | (at << 8) | 0x40u;
    return size == 8 ? (uint64_t(0x00007B00u | at) << 32) | low : low;
}

// The value of argument `at` of the method in `slot`. Pointers are never followed.
template <typename T> struct made {
    static T value(uint32_t slot, uint32_t at) {
        static_assert(sizeof(T) == 4 || sizeof(T) == 8, "an argument of another size");
        uint64_t wide = pattern(slot, at, sizeof(T));
        uint32_t narrow = static_cast<uint32_t>(wide);
        T value;
        memcpy(&value, sizeof(T) == 8 ? static_cast<void *>(&wide) : &narrow, sizeof(T));
        return value;
    }
    static uint64_t word(T value) {
        uint64_t wide = 0;
        uint32_t narrow = 0;
        memcpy(sizeof(T) == 8 ? static_cast<void *>(&wide) : &narrow, &value, sizeof(T));
        return sizeof(T) == 8 ? wide : narrow;
    }
};
template <typename T> struct made<T &> {
    static T &value(uint32_t slot, uint32_t at) { return *made<T *>::value(slot, at); }
    static uint64_t word(T &value) { return made<T *>::word(&value); }
};

template <typename T> T value(uint32_t slot, uint32_t at) { return made<T>::value(slot, at); }
template <typename T> uint64_t word(T value) { return made<T>::word(value); }

// What the method in `slot` answers.
template <typename R> R result(uint32_t slot) { return static_cast<R>(0x20 + slot); }

template <typename R, typename... Words> R record(uint32_t slot, Words... words) {
    uint64_t list[] = {uint64_t(words)..., 0};
    openmapi_ffi_last.slot = slot;
    openmapi_ffi_last.count = sizeof...(words);
    memcpy(openmapi_ffi_last.words, list, sizeof...(words) * sizeof(uint64_t));
    return result<R>(slot);
}

// Whether the last call reached `slot` with these arguments and its answer came back.
template <typename R, typename... Words> bool arrived(uint32_t slot, R found, R expected, Words... words) {
    uint64_t list[] = {uint64_t(words)..., 0};
    return found == expected && openmapi_ffi_last.slot == slot && openmapi_ffi_last.count == sizeof...(words) &&
           memcmp(openmapi_ffi_last.words, list, sizeof...(words) * sizeof(uint64_t)) == 0;
}
