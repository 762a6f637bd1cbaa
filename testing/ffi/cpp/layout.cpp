// Sizes, offsets and values as a C++ compiler sees them. Its slots are in calls.generated.cpp.
#include "all.h"
#define MAPI_ALIGNOF(type) alignof(type)
#define MAPI_CHECK(found, wide, narrow, what) static_assert((found) == (sizeof(void *) == 8 ? (wide) : (narrow)), what)
#define MAPI_CHECK_VALUE(name, value) static_assert((ULONG)(name) == (value), #name)
#include "layout.generated.h"
