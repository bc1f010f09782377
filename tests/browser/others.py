"""Servers of others on loopback: a reverse proxy that websockets pass too, and one that counts."""

import re
import socket
import socketserver
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def proxying(address, port, *, keeps_host):
    """Forward a port to a server, naming the host that was asked or the server's own."""
    target = urlsplit(address)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            head = b""
            while b"\r\n\r\n" not in head:
                if not (part := self.request.recv(65536)):
                    return
                head += part
            if not keeps_host:
                own = f"Host: {target.netloc}\r".encode()
                head = re.sub(rb"(?mi)^host: .*\r$", own, head, count=1)
            if b"upgrade: websocket" not in head.lower():  # one request a connection
                head = re.sub(rb"(?mi)^connection: .*\r\n", b"", head)
                head = head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
            forwarded = b"\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: elsewhere.example\r\n"
            head = head.replace(b"\r\n", forwarded, 1)
            with socket.create_connection((target.hostname, target.port)) as server:
                server.sendall(head)
                back = threading.Thread(target=pump, args=(server, self.request))
                back.start()
                pump(self.request, server)
                back.join()

    with Proxy(("127.0.0.1", port), Handler) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield
        proxy.shutdown()


def pump(source, sink):
    """Hand on what comes until one of the two has ended."""
    try:
        while part := source.recv(65536):
            sink.sendall(part)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@contextmanager
def listener():
    """Count the requests that reach a server of somebody else's; it answers an image."""
    met = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            met.append(self.path)
            self.send_response(200)
            image = self.path.endswith(".svg")
            self.send_header("Content-Type", "image/svg+xml" if image else "text/html")
            self.end_headers()
            self.wfile.write(b"<svg xmlns='http://www.w3.org/2000/svg'/>" if image else b"<p>")

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", met
        server.shutdown()
