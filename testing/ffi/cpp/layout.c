/* Sizes, offsets, values and vtable slots as a C compiler sees them. */
#include "all.h"
#define MAPI_ALIGNOF(type) _Alignof(type)
#define MAPI_CHECK(found, wide, narrow, what) _Static_assert((found) == (sizeof(void *) == 8 ? (wide) : (narrow)), what)
#define MAPI_CHECK_VALUE(name, value) _Static_assert((ULONG)(name) == (value), #name)
#define MAPI_CHECK_SLOT(vtbl, method, slot) \
    _Static_assert(offsetof(vtbl, method) == (slot) * sizeof(void *), #vtbl "." #method)
#include "layout.generated.h"
