"""The DNS server: UDP and TCP, from a zone (RFC 1035, RFC 2308 for what is not there, RFC 6891 as far as the size of answers)."""
import asyncio
import socket
import struct

from .zone import ANY, CHAIN, CNAME, SOA, wire_name

OPT = 41
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = 0, 1, 2, 3, 4, 5
UDP_SIZE = 1232
PORT_TRIES = 20  # to find a port that is free for UDP and TCP both


def read_name(packet, at):
    """(name in lower case, offset after it) of an uncompressed name; ValueError when it is none."""
    labels = []
    while True:
        length = packet[at]
        at += 1
        if length == 0:
            return ".".join(labels), at
        if length > 63 or at + length > len(packet) or len(labels) > 127:
            raise ValueError("bad name")
        labels.append(packet[at:at + length].decode("latin-1").lower())
        at += length


class Question:
    """What a packet asks: name, type, the question as it stood, and how large an answer may be."""

    def __init__(self, packet):
        self.flags, count, answers, authorities, additionals = struct.unpack_from("!HHHHH", packet, 2)
        if count != 1 or self.flags & 0x8000 or answers or authorities:
            raise ValueError("not one question")
        self.name, at = read_name(packet, 12)
        self.type = struct.unpack_from("!HH", packet, at)[0]
        self.raw = packet[12:at + 4]
        self.edns, self.size = False, 512
        if additionals and len(packet) >= at + 15 and packet[at + 4] == 0:
            kind, size = struct.unpack_from("!HH", packet, at + 5)
            if kind == OPT:
                self.edns, self.size = True, max(512, min(size, UDP_SIZE))


def _record(name, kind, ttl, data):
    return name + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


class Answers:
    """Answers questions from a zone. An answer depends on the question alone, so it is made once."""

    def __init__(self, zone):
        self.zone = zone
        self.made = {}

    def answer(self, packet, stream):
        """The answer to PACKET, or None where silence is right; STREAM: over TCP, where no size is too large."""
        key = (packet[2:], stream)
        tail = self.made.get(key)
        if tail is None:
            if len(packet) < 12 or packet[2] & 0x80:
                return None
            tail = self._make(packet, stream)
            if len(self.made) < 1000000:
                self.made[key] = tail
        return packet[:2] + tail

    def _make(self, packet, stream):
        if packet[2] & 0x78:
            return self._packet(None, NOTIMP, [], [], stream)
        try:
            question = Question(packet)
        except (ValueError, IndexError, struct.error):
            return self._packet(None, FORMERR, [], [], stream)
        code, answers, owner = self._look_up(question)
        authority = [] if answers and code == NOERROR and owner is None else self._authority(owner)
        return self._packet(question, code, answers, authority, stream)

    def failure(self, packet, code):
        """An answer that only says CODE."""
        try:
            return packet[:2] + self._packet(Question(packet), code, [], [], False)
        except (ValueError, IndexError, struct.error):
            return None

    def _look_up(self, question):
        """(code, answers, the name at which nothing was found or None)."""
        name, owner, answers = question.name, b"\xc0\x0c", []
        for _ in range(CHAIN):
            records = self.zone.names.get(name)
            if records is None:
                return NXDOMAIN, answers, name
            if CNAME in records and question.type not in (CNAME, ANY):
                answers += [_record(owner, CNAME, ttl, data) for ttl, data in records[CNAME][:1]]
                name, owner = self.zone.aliases[name], records[CNAME][0][1]
                continue
            kinds = list(records) if question.type == ANY else [question.type]
            found = [_record(owner, kind, ttl, data) for kind in kinds for ttl, data in records.get(kind, ())]
            return NOERROR, answers + found, None if found else name
        return SERVFAIL, [], name

    def _authority(self, name):
        apex, soa = self.zone.apex(name or "")
        return [_record(wire_name(apex), SOA, ttl, data) for ttl, data in soa[:1]]

    @staticmethod
    def _packet(question, code, answers, authority, stream):
        flags = 0x8480 | (question.flags & 0x0100 if question else 0) | code
        body = question.raw if question else b""
        extra = b"\0" + struct.pack("!HHIH", OPT, UDP_SIZE, 0, 0) if question and question.edns else b""
        full = body + b"".join(answers) + b"".join(authority) + extra
        if not stream and question and len(full) + 12 > question.size:
            flags, answers, authority, full = flags | 0x0200, [], [], body + extra
        return struct.pack("!HHHHH", flags, 1 if question else 0, len(answers), len(authority), 1 if extra else 0) + full


class Server:
    """The answers, and what the scenario's faults make of them."""

    def __init__(self, zone, faults):
        self.answers = Answers(zone)
        self.faults = faults
        self.port = None
        self.tcp = None
        self.udp = None

    async def open(self, port):
        """Listen on loopback, UDP and TCP on one port; 0: any."""
        for attempt in range(PORT_TRIES):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            sock.bind(("127.0.0.1", port))
            self.port = sock.getsockname()[1]
            try:
                self.tcp = await asyncio.start_server(self._stream, "127.0.0.1", self.port)
            except OSError:
                sock.close()
                if port or attempt == PORT_TRIES - 1:
                    raise
                continue
            await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Datagrams(self), sock=sock)
            return

    def reply(self, packet, stream, send):
        """Answer PACKET by SEND, now, later or never."""
        answer = self.answers.answer(packet, stream)
        if self.faults.dns and answer is not None:
            fault = self._fault(packet)
            if fault and fault.do in ("timeout", "drop"):
                return
            if fault and fault.do == "delay":
                asyncio.get_running_loop().call_later(fault.by, send, answer)
                return
            if fault:
                answer = self.answers.failure(packet, SERVFAIL if fault.do == "servfail" else REFUSED)
        if answer is not None:
            send(answer)

    def _fault(self, packet):
        try:
            question = Question(packet)
        except (ValueError, IndexError, struct.error):
            return None
        return self.faults.at_dns(question.name, "%s/%d" % (question.name, question.type))

    async def _stream(self, reader, writer):
        def send(answer):
            if not writer.is_closing():
                writer.write(len(answer).to_bytes(2, "big") + answer)
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                self.reply(await reader.readexactly(length), True, send)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def close(self):
        self.tcp.close()
        self.udp.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server):
        self.server = server

    def connection_made(self, transport):
        self.server.udp = transport

    def datagram_received(self, data, addr):
        self.server.reply(data, False, lambda answer: self.server.udp.sendto(answer, addr))
