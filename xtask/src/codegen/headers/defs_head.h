#include "mapiwin.h"

/* Provider entry points are cdecl, everything else is stdcall; both differ on 32-bit Windows only. */
#if defined(_WIN32) && !defined(_WIN64)
#define STDMAPIINITCALLTYPE __cdecl
#else
#define STDMAPIINITCALLTYPE
#endif
#define MAPICALLTYPE STDMETHODCALLTYPE

/* Before a function that a provider's library exports. */
#if defined(_WIN32)
#define MAPI_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define MAPI_EXPORT __attribute__((visibility("default")))
#else
#define MAPI_EXPORT
#endif

/* Arrays at the end of a structure are declared with this many elements. */
#ifndef MAPI_DIM
#define MAPI_DIM 1
#endif

#define HR_SUCCEEDED(hr) SUCCEEDED((SCODE)(hr))
#define HR_FAILED(hr) FAILED((SCODE)(hr))
#ifndef GetScode
#define GetScode(hr) ((SCODE)(hr))
#define ResultFromScode(sc) ((HRESULT)(sc))
#endif

#define PROP_TYPE_MASK ((ULONG)0x0000FFFF)
#define PROP_TYPE(tag) (((ULONG)(tag)) & PROP_TYPE_MASK)
#define PROP_ID(tag) (((ULONG)(tag)) >> 16)
#define PROP_TAG(type, id) ((((ULONG)(id)) << 16) | ((ULONG)(type)))
#define CHANGE_PROP_TYPE(tag, type) (((ULONG)0xFFFF0000 & (tag)) | (type))
#define MVI_PROP(tag) ((tag) | MVI_FLAG)

#define IsEqualMAPIUID(a, b) (memcmp((a), (b), sizeof(MAPIUID)) == 0)

