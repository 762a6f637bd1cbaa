// The call log: what was called on this library, and what it called, as it saw it itself.
//
// One line per event, the fields separated by tabs:
//
//     sequence  time in ns (CLOCK_MONOTONIC)  thread  enter|leave|note  object  method  arguments or result
//
// The log goes to the file that EXEMPLARY_LOG names, or else to `<this library>.log` if that file exists when the library is loaded;
// so a test that copies the library has a log of its own. Each line is written at once and survives the process.
#pragma once

#include <MAPIDefS.h>
#include <MAPICode.h>

namespace exemplary {

// A number for a new object, so that the log can tell two of a kind apart.
unsigned next_number();

// An object as the log names it.
struct Name {
    const char *interface;
    unsigned number;
};

// One call: writes a line when it begins and one when it ends, however it ends.
class Call {
public:
    Call(Name object, const char *method) : Call(object, method, "%s", "") {}
    Call(Name object, const char *method, const char *format, ...) __attribute__((format(printf, 4, 5)));
    ~Call();
    Call(const Call &) = delete;
    Call &operator=(const Call &) = delete;

    // The result, which is passed on.
    HRESULT done(HRESULT result);
    // A count of references, which is passed on.
    ULONG count(ULONG references);

private:
    const Name object_;
    const char *const method_;
    bool open_ = true;
};

// A line about something that is no call.
void note(Name object, const char *what, const char *format, ...) __attribute__((format(printf, 3, 4)));

} // namespace exemplary
