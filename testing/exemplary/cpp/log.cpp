#include "log.hpp"
#include "conduct.hpp"

#include <atomic>
#include <dlfcn.h>
#include <fcntl.h>
#include <mutex>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace exemplary {
namespace {

std::string library_path() {
    Dl_info info;
    return dladdr(reinterpret_cast<void *>(&next_number), &info) ? info.dli_fname : "";
}

class File {
public:
    File() {
        const char *named = getenv("EXEMPLARY_LOG");
        int flags = O_WRONLY | O_APPEND | O_CLOEXEC;
        descriptor_ = named ? open(named, flags | O_CREAT, 0600) : open((library_path() + ".log").c_str(), flags);
    }

    // Runs when the library is unloaded, or with the process.
    ~File() {
        write(Name{"library", 0}, "note", "unloaded", "");
        if (descriptor_ >= 0)
            close(descriptor_);
        descriptor_ = -1;
    }

    bool is_open() const { return descriptor_ >= 0; }

    void write(Name object, const char *phase, const char *method, const char *detail) {
        if (descriptor_ < 0)
            return;
        std::lock_guard<std::mutex> lock(mutex_); // so that numbers and lines are in one order
        timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        unsigned long long time = now.tv_sec * 1000000000ull + now.tv_nsec;
        long thread = syscall(SYS_gettid);
        char line[1024];
        int size = snprintf(line, sizeof line, "%llu\t%llu\t%ld\t%s\t%s#%u\t%s\t%s\n", ++sequence_, time, thread, phase,
                            object.interface, object.number, method, detail);
        if (size >= (int)sizeof line) {
            size = sizeof line;
            line[size - 1] = '\n';
        }
        if (::write(descriptor_, line, size) < 0)
            abort(); // a log with holes would prove nothing
    }

private:
    int descriptor_ = -1;
    unsigned long long sequence_ = 0;
    std::mutex mutex_;
};

File file;
std::atomic<unsigned> numbers{0};

} // namespace

unsigned next_number() { return ++numbers; }

Call::Call(Name object, const char *method, const char *format, ...) : object_(object), method_(method) {
    if (file.is_open()) {
        char detail[512];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(detail, sizeof detail, format, arguments);
        va_end(arguments);
        file.write(object_, "enter", method_, detail);
    }
    conduct::enter(object_.interface, method_);
}

Call::~Call() {
    if (open_)
        file.write(object_, "leave", method_, "unwound");
}

HRESULT Call::done(HRESULT result) {
    result = conduct::leave(object_.interface, method_, result);
    char detail[16];
    snprintf(detail, sizeof detail, "0x%08X", (unsigned)result);
    file.write(object_, "leave", method_, detail);
    open_ = false;
    return result;
}

ULONG Call::count(ULONG references) {
    char detail[16];
    snprintf(detail, sizeof detail, "%u", (unsigned)references);
    file.write(object_, "leave", method_, detail);
    open_ = false;
    return references;
}

void note(Name object, const char *what, const char *format, ...) {
    char detail[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    file.write(object, "note", what, detail);
}

} // namespace exemplary
