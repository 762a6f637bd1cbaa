// Memory that crosses the border: it comes from the allocators handed over at initialisation (LIFE-INIT-012).
#pragma once

#include <MAPIX.h>

#include <string>
#include <vector>

namespace exemplary {

// MAPI's three functions.
struct Allocators {
    LPALLOCATEBUFFER allocate;
    LPALLOCATEMORE more;
    LPFREEBUFFER free;
};

// An entry identifier as bytes.
typedef std::vector<BYTE> EntryId;

// A property of one of our objects: a long, a text in ASCII, or bytes.
struct Property {
    ULONG tag;
    LONG number;
    std::string text;
    EntryId bytes;
};

typedef std::vector<Property> Properties;

Property number(ULONG tag, LONG value);
Property text(ULONG tag, const std::string &value); // the tag's type is PT_STRING8
Property bytes(ULONG tag, const EntryId &value);

// What GetProps answers for these properties: MAPI_W_ERRORS_RETURNED if one that was asked for is not there.
HRESULT get_props(const Allocators &memory, const Properties &properties, LPSPropTagArray tags, ULONG flags,
                  ULONG *count, LPSPropValue *values);

// A property that is not there becomes PT_ERROR with MAPI_E_NOT_FOUND and sets `missing`. The array is freed by the caller.
HRESULT copy_row(const Allocators &memory, const Properties &properties, const std::vector<ULONG> &tags, ULONG flags,
                 LPSPropValue *values, bool *missing);

// What GetPropList answers.
HRESULT get_prop_list(const Allocators &memory, const Properties &properties, ULONG flags, LPSPropTagArray *tags);

// An explanation for a MAPIERROR output, which the caller frees, in the width that MAPI_UNICODE in the flags says. Null if there is no memory.
LPMAPIERROR explanation(const Allocators &memory, ULONG flags, const char *error, const char *component);

// A copy for the caller, who frees it.
HRESULT copy_out(const Allocators &memory, const EntryId &bytes, ULONG *size, void **copy);

} // namespace exemplary
