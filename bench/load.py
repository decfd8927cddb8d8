"""A generator of load for `bench.ingest`: many devices on sockets of their own, MQTT 3.1.1 written by hand.

paho as a generator takes more of the processor than the broker and the listener together, so packets are put together here: one
formatted payload, one header, many packets in one write. Flow is held as a device holds it: so many events without a receipt
(`window`), never by the broker's PUBACK. `python -m bench.load` is started by `bench.ingest`, several at a time.
"""

import argparse
import json
import selectors
import socket
import struct
import sys
import time
from collections import Counter
from pathlib import Path

# What is told, as often as below: the tail of a payload after its time. The share of clues is one in a thousand.
TAILS = [
    b'"told":"deposit","value":1.25,"stream":"residual"}',
    b'"told":"fill","value":0.42}',
    b'"told":"lid","value":1}',
    b'"told":"lid","value":0}',
]
CLUE = b'"told":"mixed","stream":"recyclable"}'
ONE = b'{"v":1,"boot":%d,"seq":%d,"ts":%d,'
OF_A_CHIP = b'{"v":1,"dev":"%s","boot":%d,"seq":%d,"ts":%d,'


def packet(first, body):
    """One MQTT packet."""
    length, size = bytearray(), len(body)
    while True:
        size, digit = size >> 7, size & 127
        length.append(digit | 128 if size else digit)
        if not size:
            return bytes([first]) + bytes(length) + body


def text(words):
    """A string as MQTT writes it."""
    return struct.pack(">H", len(words)) + words


class Sender:
    """One connection: a chip by itself, or a gateway with its chips."""

    def __init__(self, address, serial, key, chips, window, boot):
        self.serial, self.chips, self.window, self.boot = serial.encode(), [one.encode() for one in chips], window, boot
        self.topic, self.packet_id, self.out, self.heard = text(b"linqi/1/%s/events" % self.serial), 0, b"", b""
        self.sent, self.covered, self.acked = 0, 0, 0  # numbers of each chip; the least covered of them; PUBACKs
        self._by_chip = dict.fromkeys(self.chips, 0)
        self.socket = socket.create_connection(address, timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name, word = self.serial, key.encode()
        self.socket.sendall(packet(0x10, b"\x00\x04MQTT\x04\xc2\x00\x00" + text(name) + text(name) + text(word)))
        answer = self.socket.recv(4)
        if answer[:1] != b"\x20" or answer[3:4] != b"\x00":
            raise SystemExit(f"{serial}: the broker does not let it in: {answer!r}")
        topics = [self.serial, *self.chips]
        wanted = b"".join(text(b"linqi/1/%s/receipt" % one) + b"\x00" for one in topics)
        self.socket.sendall(packet(0x82, b"\x00\x01" + wanted))
        self.socket.setblocking(False)

    def fill(self, most, now_ms):
        """Put as many new messages into the output as the window lets; how many events."""
        count = min(most, self.window - (self.sent - self.covered))
        if count <= 0:
            return 0
        parts, boot = [], self.boot
        for number in range(self.sent + 1, self.sent + count + 1):
            tail = TAILS[number & 3] if number % 1000 else CLUE
            if self.chips:
                body = b"[" + b",".join(OF_A_CHIP % (chip, boot, number, now_ms) + tail for chip in self.chips) + b"]"
            else:
                body = ONE % (boot, number, now_ms) + tail
            self.packet_id = self.packet_id % 65535 + 1
            size = len(self.topic) + 2 + len(body)
            if size < 128:
                head = struct.pack(">BB", 0x32, size)
            elif size < 16384:
                head = struct.pack(">BBB", 0x32, size & 127 | 128, size >> 7)
            else:
                head = struct.pack(">BBBB", 0x32, size & 127 | 128, size >> 7 & 127 | 128, size >> 14)
            parts += (head, self.topic, struct.pack(">H", self.packet_id), body)
        self.sent += count
        self.out += b"".join(parts)
        return count * max(1, len(self.chips))

    def write(self):
        """Write what the socket takes; whether something is left."""
        if self.out:
            try:
                done = self.socket.send(self.out)
            except BlockingIOError:
                return True
            self.out = self.out[done:]
        return bool(self.out)

    def read(self):
        """PUBACKs and receipts; whether a receipt was among them."""
        try:
            new = self.socket.recv(65536)
        except BlockingIOError:
            return False
        if not new:
            raise SystemExit(f"{self.serial.decode()}: the broker closed the connection")
        data = self.heard + new
        at, end, news = 0, len(data), False
        while at + 2 <= end:
            kind = data[at]
            if kind == 0x40:
                if at + 4 > end:
                    break
                self.acked += 1
                at += 4
                continue
            size, shift, where = 0, 0, at + 1
            while where < end:
                size |= (data[where] & 127) << shift
                shift += 7
                where += 1
                if not data[where - 1] & 128:
                    break
            else:
                break
            if where + size > end:
                break
            if kind >> 4 == 3:
                news |= self._receipt(data[where : where + size])
            at = where + size
        self.heard = data[at:]
        return news

    def _receipt(self, body):
        length = struct.unpack_from(">H", body)[0]
        said = json.loads(body[2 + length :])
        before = self.covered
        if self.chips:
            for one in said:
                self._cover(one["dev"].encode(), one)
        else:
            self._cover(self.serial, said)
        if self.chips:
            self.covered = min(self._by_chip.values())
        return self.covered > before or not self.chips

    def _cover(self, serial, said):
        if said["boot"] != self.boot:
            return
        if self.chips:
            self._by_chip[serial] = max(self._by_chip[serial], said["sequence"])
        elif serial == self.serial:
            self.covered = max(self.covered, said["sequence"])


def run(given):
    """Open all, send for so many seconds, wait for the receipts; the figures."""
    devices = json.loads(Path(given.devices).read_text())[given.part :: given.parts]
    host, port = given.address.split(":")
    boot = int(time.time())
    progress = Progress(given.progress) if given.progress else None
    senders = [
        Sender((host, int(port)), one["serial"], one["key"], one["chips"], given.window, boot) for one in devices
    ]
    selector = selectors.EpollSelector()
    for one in senders:
        selector.register(one.socket, selectors.EVENT_READ, one)
    print("ready", flush=True)
    sys.stdin.readline()
    began, cpu, events, taken = time.monotonic(), time.process_time(), 0, Counter()
    until, resend_at = began + given.seconds, None
    patience = until + 120
    full = set(senders)
    rate = given.rate / given.parts
    while True:
        now = time.monotonic()
        sending = now < until
        ahead = events - rate * (now - began) if rate else -1
        if sending and ahead < 0 and not (progress and progress.ahead(events * given.parts, given.ahead)):
            now_ms = int(time.time() * 1000)
            for one in list(full):
                events += one.fill(given.burst, now_ms)
                if one.write():
                    selector.modify(one.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, one)
                full.discard(one)
                if one.sent - one.covered < one.window and (rate or progress):
                    full.add(one)
                if rate and events - rate * (time.monotonic() - began) >= 0:
                    break
        for key, mask in selector.select(0.002 if sending else 0.1):
            one = key.data
            if mask & selectors.EVENT_WRITE and not one.write():
                selector.modify(one.socket, selectors.EVENT_READ, one)
            if mask & selectors.EVENT_READ and one.read():
                full.add(one)
        if progress:
            for one in senders:
                one.covered = one.sent if not one.out else one.covered
        if sending and not full and not progress:
            full = {one for one in senders if one.sent - one.covered < one.window}
        if not sending:
            open_ = [one for one in senders if one.covered < one.sent or one.out]
            if not open_ or now > patience:
                break
            if resend_at is None:
                resend_at = now + 15
            if now > resend_at:  # a receipt is QoS 0; asked for again by telling the last event again
                resend_at = now + 15
                for one in open_:
                    if not one.out:
                        one.sent, taken["asked again"] = one.sent - 1, taken["asked again"] + 1
                        one.window, held = one.window + 1, one.window
                        one.fill(1, int(time.time() * 1000))
                        one.window = held
                        one.write()
    return {
        "part": given.part,
        "devices": len(senders),
        "events": events,
        "seconds": round(time.monotonic() - began, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
        "pubacks": sum(one.acked for one in senders),
        "without_receipt": sum((one.sent - one.covered) * max(1, len(one.chips)) for one in senders),
        "boot": boot,
        "last": {one.serial.decode(): one.sent for one in senders},
        **taken,
    }


class Progress:
    """Where a bare subscriber gives no receipts: a file that says how many it has stored."""

    def __init__(self, path):
        self._path, self._stored, self._look = path, 0, 0.0

    def ahead(self, events, most):
        """Whether so many were sent that more would only pile up."""
        if time.monotonic() > self._look:
            with open(self._path, "rb") as file:
                self._stored = int(file.read() or b"0")
            self._look = time.monotonic() + 0.02
        return events - self._stored > most


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--devices", required=True, help="JSON: [{serial, key, chips}]")
    asked.add_argument("--address", required=True)
    asked.add_argument("--part", type=int, default=0)
    asked.add_argument("--parts", type=int, default=1)
    asked.add_argument("--window", type=int, default=40)
    asked.add_argument("--burst", type=int, default=10)
    asked.add_argument(
        "--rate", type=float, default=0, help="events a second of all parts; 0: as fast as receipts come"
    )
    asked.add_argument("--seconds", type=float, default=10)
    asked.add_argument("--progress", help="file with the number stored, where nobody gives receipts")
    asked.add_argument("--ahead", type=int, default=60_000)
    print(json.dumps(run(asked.parse_args())))


if __name__ == "__main__":
    main()
