#!/usr/bin/env python3
"""Compares mails with what import and export made of them, as Python's email package reads both.

usage: compare.py ORIGINALS EXPORTED     (two folders with files of the same names)

Prints one line for each difference and exits with status 1 if there is any.
"""
import binascii
import email
import email.header
import email.message
import email.policy
import email.utils
import pathlib
import re
import sys

STRUCTURE = {
    "mime-version", "content-type", "content-transfer-encoding", "content-disposition",
}
ADDRESSES = {"from", "sender", "reply-to", "to", "cc", "bcc"}
DATES = {"date", "expires", "reply-by"}


def lenient(data):
    """Text of bytes without a declared character set: UTF-8 where it is well-formed, else Windows-1252."""
    out = []
    while data:
        try:
            out.append(data.decode("utf-8"))
            break
        except UnicodeDecodeError as error:
            out.append(data[: error.start].decode("utf-8"))
            out.append(data[error.start : error.end].decode("cp1252", "replace"))
            data = data[error.end :]
    return "".join(out)


def decode(data, charset):
    charset = (charset or "").lower().split("*")[0]  # RFC 2231 adds a language
    if charset in ("", "us-ascii", "ascii", "utf-8", "utf8", "unknown-8bit"):
        return lenient(data)
    if charset in ("iso-8859-1", "latin1"):
        charset = "cp1252"
    try:
        return data.decode(charset, "replace")
    except LookupError:
        return lenient(data)


def raw(value):
    return lenient(str(value).encode("utf-8", "surrogateescape"))


def plain(value):
    """The text of a field: encoded words decoded, runs of blanks made one."""
    value = raw(value)
    if "=?" in value:
        value = re.sub(r"\r?\n", "", value)
        try:
            parts = email.header.decode_header(value)
            value = "".join(
                p if isinstance(p, str) else decode(p, c) if c else p.decode("raw-unicode-escape")
                for p, c in parts
            )
        except (email.header.HeaderParseError, binascii.Error, ValueError):
            pass
    return " ".join(value.replace("\0", "").split())


def field(name, value):
    if name in ADDRESSES:
        text = re.sub(r"\r?\n", "", raw(value))
        pairs = [(plain(n), a) for n, a in email.utils.getaddresses([text])]
        if any(a for _, a in pairs):
            # A name that only repeats the address says nothing.
            return tuple(("" if n == a else n, a) for n, a in pairs)
    if name in DATES:
        try:
            return email.utils.parsedate_to_datetime(raw(value)).isoformat()
        except (TypeError, ValueError):
            pass
    return plain(value)


class Raw(email.policy.Compat32):
    """Fields as they are in the file but unfolded, bytes above ASCII as surrogates."""

    def header_fetch_parse(self, name, value):
        return re.sub(r"\r?\n", "", value).strip()


def read(data):
    return email.message_from_bytes(data, policy=Raw())


def headers(message):
    return sorted(
        (name.lower(), repr(field(name.lower(), value)))
        for name, value in message.items()
        if name.lower() not in STRUCTURE
    )


def payload(part):
    if part.is_multipart():  # message/delivery-status and the like
        text = part.as_bytes()
        data = text.split(b"\n\n", 1)[1] if b"\n\n" in text else b""
    else:
        data = part.get_payload(decode=True) or b""
        if part.get("content-transfer-encoding", "").strip().lower() == "base64":
            # Python gives up where a character is missing; read what is there.
            data = re.sub(rb"[^A-Za-z0-9+/=]", b"", part.get_payload().encode("ascii", "ignore"))
            data = data.split(b"=")[0]
            data = binascii.a2b_base64(data[: len(data) - (len(data) % 4 == 1)] + b"==")
    if part.get_content_maintype() in ("text", "multipart"):
        # A zero would end the text of a property; it says nothing.
        return decode(data, part.get_content_charset("")).replace("\r\n", "\n").replace("\0", "")
    if part.get_content_maintype() == "message":
        return data.replace(b"\r\n", b"\n").strip()
    return data


def file_name(part):
    name = part.get_filename()
    return plain(name) if name else None


def leaves(message):
    """All that a mail holds: parts as (type, file name, content), embedded messages with their own header."""
    kind = message.get_content_type()
    if message.is_multipart() and kind.startswith("multipart/"):
        for part in message.get_payload():
            yield from leaves(part)
    elif kind in ("message/rfc822", "message/global", "message/news"):
        inner = message.get_payload()
        inner = inner[0] if isinstance(inner, list) else read(inner.encode("ascii", "surrogateescape"))
        encoding = message.get("content-transfer-encoding", "").strip().lower()
        if encoding in ("base64", "quoted-printable"):
            # Against the rules, and decoded all the same: it is what the sender meant.
            carrier = email.message.Message()
            carrier["Content-Transfer-Encoding"] = encoding
            carrier.set_payload(inner.as_bytes().decode("ascii", "surrogateescape"))
            inner = read(carrier.get_payload(decode=True))
        yield ("message", file_name(message), tuple(reading(inner)))
    else:
        # A multipart without any part is a text.
        kind = "text/plain" if kind.startswith("multipart/") else kind
        yield (kind, file_name(message), payload(message))


def reading(message):
    yield from (("header", *h) for h in headers(message))
    yield from sorted(leaves(message), key=repr)


# Mails that both read, and differently: no reading is better, or ours is. Each word has to be there all the same.
READ_DIFFERENTLY = {
    "cpython--msg_15.txt.eml": "inner and outer multipart have one boundary: we find the part behind it too",
    "cpython--msg_39.txt.eml": "two delimiters in a row: we see no part between them",
    "james-mime4j--multipartemptypart.eml": "a delimiter and its closing: Python takes the epilogue for a part",
    "james-mime4j--obsolete.eml": "blanks before a colon: a field for us (RFC 5322, 4.5), body for Python",
    "mail-parser--003-2.eml": "inner and outer multipart have one boundary",
    "mail-parser--005-2.eml": "boundaries that end in dashes are ambiguous",
    "mail-parser--013-2.eml": "inner and outer multipart have one boundary",
    "mail-parser--019-2.eml": "a blank before a colon: a field for us, body for Python",
}


# What a structure says of itself is no text of the mail (the last two are parameters garbled by a fuzzer).
STRUCTURAL = set("content type text plain html multipart mixed epilogue bodyulti boundivy".split())


def words(items):
    text = " ".join(map(str, items)).lower()
    return set(re.findall(r"\w+", re.sub(r"\\[nrt]", " ", text)))


def main():
    originals, exported = map(pathlib.Path, sys.argv[1:3])
    files = sorted(p for p in originals.iterdir() if p.is_file())
    bad = 0
    for original in files:
        copy = exported / original.name
        want, got = (list(reading(read(p.read_bytes()))) for p in (original, copy))
        lost = [x for x in want if x not in got]
        new = [x for x in got if x not in want]
        if original.name in READ_DIFFERENTLY:
            lost = words(want) - words(got) - STRUCTURAL
            new = set()
            differs = bool(lost)
        else:
            differs = bool(lost or new or len(want) != len(got))
        if differs:
            bad += 1
            print(f"{original.name}: differs")
            for sign, items in (("-", lost), ("+", new)):
                for item in items:
                    print(f"  {sign} {str(item)[:600]}")
    print(f"{len(files) - bad} of {len(files)} mails read the same")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
