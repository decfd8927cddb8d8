"""The line between a phone and the server, which a walk can really cut.

A browser that is told to be offline may still reach the server (it did, in one run; most likely the service worker that it starts anew for a
page opened later asks before it has been told). So what a phone says goes through a relay, and a cut relay lets nothing through.
"""

import socket
import socketserver
import threading
from contextlib import suppress
from urllib.parse import urlsplit


class Line:
    """A relay of bytes in front of the server at `address`; `url` is what a phone opens. A context manager."""

    def __init__(self, address):
        self._there = urlsplit(address)
        self._guard, self._open, self._is_cut = threading.Lock(), set(), False
        line = self

        class Call(socketserver.BaseRequestHandler):
            def handle(self):
                line._carry(self.request)  # the handler is a part of the line

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 64

        self._server = Server((self._there.hostname, 0), Call)
        self.url = f"http://{self._there.hostname}:{self._server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_how):
        self.cut()
        self._server.shutdown()
        self._server.server_close()

    def cut(self):
        """Nothing comes through any more, what is under way included."""
        with self._guard:
            self._is_cut = True
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def mend(self):
        """What is asked from now on comes through."""
        with self._guard:
            self._is_cut = False

    def _carry(self, phone):
        with socket.create_connection((self._there.hostname, self._there.port)) as server:
            with self._guard:
                if self._is_cut:
                    return
                self._open |= {phone, server}
            back = threading.Thread(target=pour, args=(server, phone), daemon=True)
            back.start()
            pour(phone, server)
            back.join()
            with self._guard:
                self._open -= {phone, server}


def pour(source, target):
    """Until one of both ends; the other is told."""
    with suppress(OSError):
        while said := source.recv(65536):
            target.sendall(said)
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
