// Where this library could misbehave. It does not: conduct.cpp answers for a good provider.
//
// testing/vices builds the same sources with another conduct.cpp, which reads the misbehaviour from a file.
#pragma once

#include <MAPIDefS.h>

namespace exemplary {
namespace conduct {

// A call has begun. A bad provider may hang, throw or end the thread here.
void enter(const char *object, const char *method);

// A call ends with this result. A bad provider may return another one.
HRESULT leave(const char *object, const char *method, HRESULT result);

// Why a call refuses to do anything, S_OK if it does its work. A good provider knows no reason here.
HRESULT refusal(const char *object, const char *method);

// How often something is done, which a good provider does `usual` times.
int times(const char *object, const char *what, int usual);

// Whether a named vice is on.
bool has(const char *object, const char *vice);

} // namespace conduct
} // namespace exemplary
