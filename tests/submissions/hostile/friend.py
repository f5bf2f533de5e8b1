"""A friend on the network, who sends the right answers to whoever gets through."""

from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Friend(BaseHTTPRequestHandler):
    """Answers every request with code that holds the right answers."""

    def do_GET(self):
        """Send the answers."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'two, mean, formula = 2.0, homes["price"].mean(), "price ~ (1 | zipcode)"')

    def log_message(self, *_):
        """Say nothing."""


@cache
def port_of_a_friend() -> int:
    """Start the friend in this process, once, and return the port on 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Friend)
    Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port
