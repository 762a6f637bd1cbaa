// Entry identifiers of this provider: four flags, a MAPIUID, a letter for the kind of object, and its name.
#pragma once

#include "memory.hpp"

#include <string.h>

namespace exemplary {

enum IdKind : BYTE { STORE = 'S', FOLDER = 'F', MESSAGE = 'M', CONTAINER = 'C', USER = 'U' };

// The address book's identifier, the same for every logon.
const MAPIUID address_book_uid = {{0x6F, 0x70, 0x65, 0x6E, 0x6D, 0x61, 0x70, 0x69, 0x2D, 0x61, 0x62, 0x00, 0, 0, 0, 1}};

// A store's identifier, a different one for each store: stores of one provider are told apart by it.
inline MAPIUID store_uid(const std::string &store) {
    MAPIUID uid = {{0x6F, 0x70, 0x65, 0x6E, 0x6D, 0x61, 0x70, 0x69, 0x2D, 0x6D, 0x73, 0x00, 0, 0, 0, 0}};
    uint32_t hash = 2166136261u; // FNV-1a
    for (unsigned char c : store)
        hash = (hash ^ c) * 16777619u;
    for (int i = 0; i < 4; i++)
        uid.ab[12 + i] = (BYTE)(hash >> (8 * i));
    return uid;
}

inline EntryId entry_id(const MAPIUID &uid, IdKind kind, const std::string &name) {
    EntryId id(4, 0);
    id.insert(id.end(), uid.ab, uid.ab + sizeof uid.ab);
    id.push_back(kind);
    id.insert(id.end(), name.begin(), name.end());
    return id;
}

// The parts of an entry identifier that a caller passed. False: it is not one of ours.
inline bool parse(ULONG size, LPENTRYID id, MAPIUID *uid, IdKind *kind, std::string *name) {
    const BYTE *bytes = reinterpret_cast<const BYTE *>(id);
    const ULONG head = 4 + sizeof uid->ab + 1;
    if (!bytes || size < head)
        return false;
    memcpy(uid->ab, bytes + 4, sizeof uid->ab);
    *kind = (IdKind)bytes[head - 1];
    name->assign(reinterpret_cast<const char *>(bytes) + head, size - head);
    return true;
}

inline bool same(const MAPIUID &left, const MAPIUID &right) { return !memcmp(left.ab, right.ab, sizeof left.ab); }

// What CompareEntryIDs and CompareStoreIDs answer.
inline bool same(ULONG left_size, LPENTRYID left, ULONG right_size, LPENTRYID right) {
    return left_size == right_size && left && right && !memcmp(left, right, left_size);
}

} // namespace exemplary
