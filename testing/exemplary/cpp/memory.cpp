#include "memory.hpp"

#include <MAPICode.h>

#include <string.h>

namespace exemplary {
namespace {

bool is_text(ULONG tag) { return PROP_TYPE(tag) == PT_STRING8; }

// The tag as the caller wants it: texts in the width of the request.
ULONG tag_for(const Property &property, ULONG requested, ULONG flags) {
    if (!is_text(property.tag))
        return property.tag;
    ULONG type = PROP_TYPE(requested);
    if (type != PT_STRING8 && type != PT_UNICODE)
        type = flags & MAPI_UNICODE ? PT_UNICODE : PT_STRING8;
    return CHANGE_PROP_TYPE(property.tag, type);
}

bool matches(const Property &property, ULONG requested) {
    if (PROP_ID(property.tag) != PROP_ID(requested))
        return false;
    ULONG type = PROP_TYPE(requested);
    return type == PT_UNSPECIFIED || type == PROP_TYPE(property.tag) || (is_text(property.tag) && type == PT_UNICODE);
}

SCODE fill(const Allocators &memory, LPSPropValue all, const Property &property, ULONG tag, SPropValue *value) {
    value->ulPropTag = tag;
    size_t units = property.text.size() + 1;
    SCODE result = S_OK;
    switch (PROP_TYPE(tag)) {
    case PT_LONG:
        value->Value.l = property.number;
        break;
    case PT_STRING8:
        result = memory.more(units, all, (LPVOID *)&value->Value.lpszA);
        if (!FAILED(result))
            memcpy(value->Value.lpszA, property.text.c_str(), units);
        break;
    case PT_UNICODE:
        result = memory.more(units * sizeof(WCHAR), all, (LPVOID *)&value->Value.lpszW);
        for (size_t i = 0; !FAILED(result) && i < units; i++)
            value->Value.lpszW[i] = (unsigned char)property.text.c_str()[i];
        break;
    case PT_BINARY:
        value->Value.bin.cb = property.bytes.size();
        result = memory.more(property.bytes.size(), all, (LPVOID *)&value->Value.bin.lpb);
        if (!FAILED(result))
            memcpy(value->Value.bin.lpb, property.bytes.data(), property.bytes.size());
        break;
    }
    return result;
}

} // namespace

Property number(ULONG tag, LONG value) { return Property{tag, value, {}, {}}; }
Property text(ULONG tag, const std::string &value) { return Property{tag, 0, value, {}}; }
Property bytes(ULONG tag, const EntryId &value) { return Property{tag, 0, {}, value}; }

HRESULT copy_row(const Allocators &memory, const Properties &properties, const std::vector<ULONG> &tags, ULONG flags,
                 LPSPropValue *values, bool *missing) {
    LPSPropValue all;
    *values = nullptr;
    if (FAILED(memory.allocate(tags.size() * sizeof(SPropValue), (LPVOID *)&all)))
        return MAPI_E_NOT_ENOUGH_MEMORY;
    memset(all, 0, tags.size() * sizeof(SPropValue));
    for (size_t i = 0; i < tags.size(); i++) {
        const Property *found = nullptr;
        for (const Property &property : properties)
            if (!found && matches(property, tags[i]))
                found = &property;
        if (!found) {
            all[i].ulPropTag = CHANGE_PROP_TYPE(tags[i], PT_ERROR);
            all[i].Value.err = MAPI_E_NOT_FOUND;
            *missing = true;
        } else if (FAILED(fill(memory, all, *found, tag_for(*found, tags[i], flags), &all[i]))) {
            memory.free(all);
            return MAPI_E_NOT_ENOUGH_MEMORY;
        }
    }
    *values = all;
    return S_OK;
}

HRESULT get_props(const Allocators &memory, const Properties &properties, LPSPropTagArray tags, ULONG flags,
                  ULONG *count, LPSPropValue *values) {
    if (!count || !values)
        return MAPI_E_INVALID_PARAMETER;
    std::vector<ULONG> wanted;
    if (tags)
        wanted.assign(tags->aulPropTag, tags->aulPropTag + tags->cValues);
    else
        for (const Property &property : properties)
            wanted.push_back(CHANGE_PROP_TYPE(property.tag, PT_UNSPECIFIED));
    *count = 0;
    bool missing = false;
    HRESULT result = copy_row(memory, properties, wanted, flags, values, &missing);
    if (FAILED(result))
        return result;
    *count = wanted.size();
    return missing ? MAPI_W_ERRORS_RETURNED : S_OK;
}

HRESULT get_prop_list(const Allocators &memory, const Properties &properties, ULONG flags, LPSPropTagArray *tags) {
    if (!tags)
        return MAPI_E_INVALID_PARAMETER;
    *tags = nullptr;
    ULONG size = CbNewSPropTagArray(properties.size());
    LPSPropTagArray list;
    if (FAILED(memory.allocate(size, (LPVOID *)&list)))
        return MAPI_E_NOT_ENOUGH_MEMORY;
    list->cValues = properties.size();
    for (size_t i = 0; i < properties.size(); i++)
        list->aulPropTag[i] = tag_for(properties[i], PT_UNSPECIFIED, flags);
    *tags = list;
    return S_OK;
}

LPMAPIERROR explanation(const Allocators &memory, ULONG flags, const char *error, const char *component) {
    LPMAPIERROR result;
    if (FAILED(memory.allocate(sizeof(MAPIERROR), (LPVOID *)&result)))
        return nullptr;
    memset(result, 0, sizeof *result);
    const char *texts[] = {error, component};
    LPTSTR *places[] = {&result->lpszError, &result->lpszComponent};
    for (int i = 0; i < 2; i++) {
        size_t units = strlen(texts[i]) + 1, width = flags & MAPI_UNICODE ? sizeof(WCHAR) : 1;
        if (FAILED(memory.more(units * width, result, (LPVOID *)places[i]))) {
            memory.free(result);
            return nullptr;
        }
        for (size_t at = 0; at < units; at++)
            if (flags & MAPI_UNICODE)
                ((LPWSTR)*places[i])[at] = (unsigned char)texts[i][at];
            else
                ((char *)*places[i])[at] = texts[i][at];
    }
    return result;
}

HRESULT copy_out(const Allocators &memory, const EntryId &bytes, ULONG *size, void **copy) {
    *size = 0;
    *copy = nullptr;
    if (FAILED(memory.allocate(bytes.size(), copy)))
        return MAPI_E_NOT_ENOUGH_MEMORY;
    memcpy(*copy, bytes.data(), bytes.size());
    *size = bytes.size();
    return S_OK;
}

} // namespace exemplary
