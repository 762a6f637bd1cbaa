// Misbehaviour on demand. The file `<this library>.vices` says what is done wrong, one line for each vice; src/lib.rs lists them.

#include "conduct.hpp"

#include <MAPICode.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <mutex>
#include <pthread.h>
#include <stdexcept>
#include <stdlib.h>
#include <string.h>
#include <string>
#include <time.h>
#include <unistd.h>

namespace exemplary {
namespace conduct {
namespace {

std::string library_path() {
    Dl_info info;
    return dladdr(reinterpret_cast<void *>(&enter), &info) ? info.dli_fname : "";
}

class Vices {
public:
    Vices() {
        std::ifstream file(library_path() + ".vices");
        std::string line;
        while (std::getline(file, line)) {
            size_t equals = line.find('=');
            if (equals != std::string::npos)
                vices_[line.substr(0, equals)] = Vice{line.substr(equals + 1), 0};
        }
    }

    bool has(const std::string &key) const { return vices_.count(key); }

    // The value of a vice that is on; empty if it is off. `VALUE@n` is on at the n-th question only.
    std::string ask(const std::string &key) {
        auto found = vices_.find(key);
        if (found == vices_.end())
            return {};
        std::lock_guard<std::mutex> lock(mutex_);
        Vice &vice = found->second;
        vice.asked++;
        size_t at = vice.value.find('@');
        if (at == std::string::npos)
            return vice.value;
        return atoi(vice.value.c_str() + at + 1) == vice.asked ? vice.value.substr(0, at) : std::string();
    }

    std::string value(const std::string &key) const {
        auto found = vices_.find(key);
        return found == vices_.end() ? std::string() : found->second.value;
    }

private:
    struct Vice {
        std::string value;
        int asked;
    };
    std::map<std::string, Vice> vices_;
    std::mutex mutex_;
};

Vices vices;
bool configured = false;

std::string key(const char *object, const char *what) { return std::string(object) + "." + what; }

// Waits until the test opens the gate, a FIFO, for writing; for ever if there is none.
void hang() {
    int gate = open((library_path() + ".gate").c_str(), O_RDONLY | O_CLOEXEC);
    if (gate < 0)
        for (;;)
            pause();
    close(gate);
}

void take_time(const char *milliseconds) {
    long left = atol(milliseconds);
    timespec time = {left / 1000, left % 1000 * 1000000};
    nanosleep(&time, nullptr);
}

HRESULT code(const std::string &text) { return (HRESULT)strtoul(text.c_str(), nullptr, 16); }

} // namespace

void enter(const char *object, const char *method) {
    if (!strcmp(method, "ServiceEntry"))
        configured = true;
    std::string vice = vices.ask(key(object, method));
    if (vice == "hang")
        hang();
    else if (vice == "throw")
        throw std::runtime_error("vice");
    else if (vice == "throw_number")
        throw 42;
    else if (vice == "exit_thread")
        pthread_exit(nullptr);
    else if (vice == "abort")
        abort();
    else if (!vice.compare(0, 5, "slow:"))
        take_time(vice.c_str() + 5);
}

HRESULT leave(const char *object, const char *method, HRESULT result) {
    std::string vice = vices.ask(key(object, method) + ".result");
    return vice.empty() ? result : code(vice);
}

HRESULT refusal(const char *object, const char *method) {
    std::string vice = vices.ask(key(object, method) + ".refusal");
    if (vice == "unconfigured")
        return configured ? S_OK : MAPI_E_UNCONFIGURED;
    return vice.empty() ? S_OK : code(vice);
}

int times(const char *object, const char *what, int usual) {
    std::string vice = vices.value(key(object, what));
    return vice.empty() ? usual : atoi(vice.c_str());
}

bool has(const char *object, const char *vice) { return vices.has(key(object, vice)); }

} // namespace conduct
} // namespace exemplary
