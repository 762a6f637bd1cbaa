#include "conduct.hpp"

namespace exemplary {
namespace conduct {

void enter(const char *, const char *) {}

HRESULT leave(const char *, const char *, HRESULT result) { return result; }

HRESULT refusal(const char *, const char *) { return S_OK; }

int times(const char *, const char *, int usual) { return usual; }

bool has(const char *, const char *) { return false; }

} // namespace conduct
} // namespace exemplary
