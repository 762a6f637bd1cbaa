#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Members without a name are not part of every language version. */
#ifdef __GNUC__
#define MAPI_ANONYMOUS __extension__
#else
#define MAPI_ANONYMOUS
#endif

/* MAPI_XXX_METHODS(PURE) declares the methods of an interface, MAPI_XXX_METHODS(IMPL) those of a class. */
#define MAPIMETHOD(method) virtual HRESULT STDMETHODCALLTYPE method
#define MAPIMETHOD_(type, method) virtual type STDMETHODCALLTYPE method
#define IMPL

#ifdef _WIN32

#include <windows.h>
#include <ole2.h>

#else

#ifndef __cplusplus
#include <uchar.h>
#endif

/* Calling conventions exist on Windows only. */
#define STDMETHODCALLTYPE
#define STDMETHODVCALLTYPE
#define STDAPICALLTYPE
#define WINAPI
#define CALLBACK
#define FAR

#ifdef __cplusplus
#define EXTERN_C extern "C"
#else
#define EXTERN_C extern
#endif
#define STDAPI EXTERN_C HRESULT STDAPICALLTYPE
#define STDAPI_(type) EXTERN_C type STDAPICALLTYPE

/* Methods of C++ classes that implement an interface. */
#define STDMETHOD(method) virtual HRESULT STDMETHODCALLTYPE method
#define STDMETHOD_(type, method) virtual type STDMETHODCALLTYPE method
#define STDMETHODIMP HRESULT STDMETHODCALLTYPE
#define STDMETHODIMP_(type) type STDMETHODCALLTYPE
#define PURE = 0
#define THIS_
#define THIS void

#define SUCCEEDED(hr) (((HRESULT)(hr)) >= 0)
#define FAILED(hr) (((HRESULT)(hr)) < 0)
#define HRESULT_CODE(hr) ((hr) & 0xFFFF)
#define HRESULT_FACILITY(hr) (((hr) >> 16) & 0x1FFF)
#define MAKE_HRESULT(sev, fac, code) \
    ((HRESULT)(((ULONG)(sev) << 31) | ((ULONG)(fac) << 16) | ((ULONG)(code))))
#define MAKE_SCODE(sev, fac, code) ((SCODE)MAKE_HRESULT(sev, fac, code))
#define SEVERITY_SUCCESS 0
#define SEVERITY_ERROR 1
#define FACILITY_NULL 0
#define FACILITY_ITF 4

#ifndef FALSE
#define FALSE 0
#endif
#ifndef TRUE
#define TRUE 1
#endif

/* A wide string is UTF-16 on every platform: u"..." writes one. With -fshort-wchar L"..." writes one instead. */
#if defined(__SIZEOF_WCHAR_T__) && __SIZEOF_WCHAR_T__ == 2
#define OPENMAPI_WIDE_(text) L##text
typedef wchar_t WCHAR;
#else
#define OPENMAPI_WIDE_(text) u##text
typedef char16_t WCHAR;
#endif
#define OPENMAPI_WIDE(text) OPENMAPI_WIDE_(text)
#define OLESTR(text) OPENMAPI_WIDE(text)
#ifdef UNICODE
#define TEXT(text) OPENMAPI_WIDE(text)
#else
#define TEXT(text) text
#endif
#define _T(text) TEXT(text)

