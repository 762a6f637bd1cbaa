/* Identifiers declared from here on are defined. No guard: it works before as well as after the first header. */
#ifndef INITGUID
#define INITGUID
#endif
#include "../mapiwin.h"
#undef DEFINE_GUID
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
    EXTERN_C const GUID name __attribute__((weak)); \
    const GUID name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
