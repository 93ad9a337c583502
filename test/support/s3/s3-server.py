"""A local S3 server: moto, on a free port of the loopback interface, until standard input closes.

Usage: python3 s3-server.py FOLDER, where FOLDER holds moto. Prints the port when it listens.
"""

import os
import sys
import threading

sys.path.insert(0, sys.argv[1])

from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: E402
from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402

app = DomainDispatcherApplication(create_backend_app)
lock = threading.Lock()


def one_at_a_time(environ, start_response):
    """moto looks at a condition and then writes: with two threads in it, two writers could win."""
    with lock:
        return list(app(environ, start_response))


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


class Quiet(WSGIRequestHandler):
    def log_request(self, *args):
        pass


server = make_server("127.0.0.1", 0, one_at_a_time, threaded=True, request_handler=Quiet)
print(server.server_port, flush=True)
threading.Thread(target=end_with_parent, daemon=True).start()
server.serve_forever()
