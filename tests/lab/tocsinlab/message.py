"""What the lab reads in a mail. Plain byte work and next to nothing of the `email` package: the relay takes thousands of mails a second."""
import base64
import binascii
import csv
import io
import quopri
import re
import zipfile
from email.header import decode_header, make_header

DEPTH = 6  # of nested multiparts


def split(message):
    """(header, body) of MESSAGE; the header with its last CRLF."""
    at = message.find(b"\r\n\r\n")
    return (message, b"") if at < 0 else (message[:at + 2], message[at + 4:])


def field(header, name):
    """The value of the field NAME, unfolded, or ""."""
    found = re.search(rb"(?im)^" + re.escape(name.encode()) + rb"[ \t]*:(.*(?:\r?\n[ \t].*)*)", header)
    return re.sub(r"\r?\n(?=[ \t])", "", found.group(1).decode("utf-8", "replace")).strip() if found else ""


def message_id(header):
    return field(header, "Message-ID") or None


def references(header):
    """The Message-IDs of the mails that it follows (RFC 5322 3.6.4)."""
    return re.findall(r"<[^<>\s]+>", field(header, "References"))


def ticket(header):
    """The T-17 of the subject, or None."""
    subject = field(header, "Subject")
    if "=?" in subject:
        try:
            subject = str(make_header(decode_header(subject)))
        except (ValueError, LookupError):
            return None
    found = re.search(r"\bT-\d+\b", subject)
    return found.group() if found else None


def _boundary(content_type):
    found = re.search(r'(?i)\bboundary\s*=\s*(?:"([^"]+)"|([^\s;]+))', content_type)
    return (found.group(1) or found.group(2)).encode() if found else None


def parts(message, depth=0):
    """(header, body still encoded) of every leaf of MESSAGE."""
    header, body = split(message)
    content_type = field(header, "Content-Type")
    boundary = _boundary(content_type) if content_type.lower().startswith("multipart/") else None
    if boundary is None or depth == DEPTH:
        yield header, body
        return
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            break
        piece = piece.partition(b"\r\n")[2]
        yield from parts(b"\r\n" + piece if piece.startswith(b"\r\n") else piece, depth + 1)


def decoded(header, body):
    encoding = field(header, "Content-Transfer-Encoding").lower()
    try:
        if encoding == "base64":
            return base64.b64decode(body)
        return quopri.decodestring(body) if encoding == "quoted-printable" else body
    except (binascii.Error, ValueError):
        return b""


def _unzipped(content):
    """The tables in a zip archive: large attachments come in one."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return [archive.read(name) for name in archive.namelist() if name.endswith(".csv")]
    except zipfile.BadZipFile:
        return []


def _tables(message):
    for header, body in parts(message):
        kind = field(header, "Content-Type").lower()
        if kind.startswith("text/csv"):
            yield decoded(header, body)
        elif kind.startswith("application/zip"):
            yield from _unzipped(decoded(header, body))


def targets(message):
    """The distinct values of the column `target` of the CSV attachments, in order: whom the mail is about."""
    plain = message.lower()
    if b"text/csv" not in plain and b"application/zip" not in plain:
        return []
    found = {}
    for table in _tables(message):
        for row in csv.DictReader(io.StringIO(table.decode("utf-8-sig", "replace"), newline="")):
            if row.get("target"):
                found[row["target"].lstrip("'")] = None
    return list(found)


def opt_out_address(header):
    """The mailbox of List-Unsubscribe's mailto (RFC 2369), or None."""
    found = re.search(r"<mailto:([^>?\s]+)", field(header, "List-Unsubscribe"), re.I)
    return found.group(1) if found else None
