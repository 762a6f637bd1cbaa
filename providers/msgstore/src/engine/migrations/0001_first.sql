-- The first schema. Plain SQL that SQLite and the PostgreSQL family share: no triggers, no generated columns, keys
-- given out by the program (table counter). INTEGER stands for a 64-bit integer, BLOB for bytes.

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
);

-- 'object': the next id for folders, messages, attachments and streams; ids are never used twice.
CREATE TABLE counter (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
);

CREATE TABLE folder (
    id INTEGER NOT NULL PRIMARY KEY,
    uid BLOB NOT NULL UNIQUE,
    parent_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    special INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    version INTEGER NOT NULL,
    contents INTEGER NOT NULL,
    unread INTEGER NOT NULL,
    associated INTEGER NOT NULL,
    props BLOB NOT NULL,
    UNIQUE (parent_id, name_key)
);

-- What contents tables sort by and mostly show, so that they need nothing else. folder_id is 0 for an embedded
-- message. present: bit n, column n has a value; bit 32 + n, the value in message_detail is not exactly the column's.
-- The columns with _key hold the lower-case text that decides the order.
CREATE TABLE message (
    id INTEGER NOT NULL PRIMARY KEY,
    uid BLOB NOT NULL UNIQUE,
    folder_id INTEGER NOT NULL,
    associated INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    status INTEGER NOT NULL,
    size INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    version INTEGER NOT NULL,
    present INTEGER NOT NULL,
    delivery INTEGER NOT NULL,
    submit INTEGER NOT NULL,
    importance INTEGER NOT NULL,
    class TEXT NOT NULL,
    subject TEXT NOT NULL,
    subject_key TEXT NOT NULL,
    sender TEXT NOT NULL,
    sender_key TEXT NOT NULL,
    display_to TEXT NOT NULL
);
CREATE INDEX message_delivery ON message (folder_id, associated, delivery);
CREATE INDEX message_subject ON message (folder_id, associated, subject_key);
CREATE INDEX message_sender ON message (folder_id, associated, sender_key);
CREATE INDEX message_size ON message (folder_id, associated, size);

-- All properties that somebody set, exactly; and the recipients.
CREATE TABLE message_detail (
    message_id INTEGER NOT NULL PRIMARY KEY,
    props BLOB NOT NULL,
    recipients BLOB NOT NULL
);

-- embedded_id: the message inside, or 0.
CREATE TABLE attachment (
    id INTEGER NOT NULL PRIMARY KEY,
    message_id INTEGER NOT NULL,
    num INTEGER NOT NULL,
    size INTEGER NOT NULL,
    embedded_id INTEGER NOT NULL,
    props BLOB NOT NULL,
    UNIQUE (message_id, num)
);

-- Large values. id is the stream's id times 2^20 plus the number of the piece.
CREATE TABLE chunk (
    id INTEGER NOT NULL PRIMARY KEY,
    data BLOB NOT NULL
);

CREATE TABLE named (
    id INTEGER NOT NULL PRIMARY KEY,
    guid BLOB NOT NULL,
    kind INTEGER NOT NULL,
    num INTEGER NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (guid, kind, num, name)
);

CREATE TABLE receive_folder (
    class_key TEXT NOT NULL PRIMARY KEY,
    class TEXT NOT NULL,
    folder_id INTEGER NOT NULL,
    modified INTEGER NOT NULL
);

-- lease_until: FILETIME at which the claim of owner ends; 0, nobody has it.
CREATE TABLE outgoing (
    message_id INTEGER NOT NULL PRIMARY KEY,
    submitted INTEGER NOT NULL,
    owner BLOB NOT NULL,
    lease_until INTEGER NOT NULL
);
