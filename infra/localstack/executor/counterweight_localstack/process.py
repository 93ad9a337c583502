"""One process of a function, and the Lambda Runtime API that it polls for its events.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import os
import queue
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

RUNTIME = Path(__file__).with_name("node-runtime.mjs")
INIT_SECONDS = 120
"""Limit on the start of Node and the import of the modules, on a busy machine. AWS allows 10 s."""


@dataclass
class Event:
    request_id: str
    function_arn: str
    trace_id: str
    body: bytes
    timeout_seconds: int


@dataclass
class Answer:
    body: bytes
    status: str
    """Status of the invocation, in Lambda's words: success, error or timeout."""
    error_type: str | None = None
    """Name of a failure that the process did not report, as Step Functions sees it on AWS."""
    lines: list[str] = field(default_factory=list)
    """Lines that the process wrote since the last answer."""


TAKEN = object()
"""The process has begun with the event."""


class FunctionProcess:
    def __init__(self, code: Path, env: dict[str, str]):
        self.events = queue.SimpleQueue()
        self.news = queue.SimpleQueue()
        """TAKEN, an Answer, or the process's exit code."""
        self.written = queue.SimpleQueue()
        """The lines of each invocation."""
        self.is_usable = True
        self.api = Server(("127.0.0.1", 0), api_of(self))
        threading.Thread(target=self.api.serve_forever, daemon=True).start()
        # In LocalStack's own process group, so that a signal to the group ends all at once.
        self.process = subprocess.Popen(
            [os.environ["LAMBDA_LOCAL_NODE"], RUNTIME],
            cwd=code,
            env={**env, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.api.server_port}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        threading.Thread(target=self.follow, daemon=True).start()

    def end(self):
        self.is_usable = False
        self.process.kill()

    def invoke(self, event: Event) -> Answer:
        """Waits for the answer. After an exit, a time-out or a failed import the process is unusable."""
        self.events.put(event)
        try:
            news = self.news.get(timeout=INIT_SECONDS)
            if news is TAKEN:
                news = self.news.get(timeout=event.timeout_seconds)
            else:
                self.end()
        except queue.Empty:
            self.end()
            news = timed_out(event)
        if isinstance(news, int):
            news = exited(event, news)
        news.lines = self.written.get()
        return news

    def peak_memory_mib(self) -> int | None:
        """Returns the largest resident memory of the process so far; None if it has ended, or on macOS."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return None
        found = re.search(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)
        return int(found[1]) // 1024 if found else None

    def follow(self):
        """Collects the output of the process. A line with a NUL only ends an invocation's part."""
        lines = []
        for raw in self.process.stdout:
            line = raw.decode(errors="replace").rstrip("\n")
            if line == "\0":
                self.written.put(lines)
                lines = []
            elif line:
                lines.append(line)
        code = self.process.wait()
        self.is_usable = False
        self.news.put(code)
        self.written.put(lines)
        self.api.shutdown()
        self.api.server_close()


def timed_out(event: Event) -> Answer:
    what = f"Task timed out after {event.timeout_seconds}.00 seconds"
    return failure(event, "timeout", "Sandbox.Timedout", what)


def exited(event: Event, code: int) -> Answer:
    how = f"signal: {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
    return failure(event, "error", "Runtime.ExitError", f"Runtime exited with error: {how}")


def failure(event: Event, status: str, error_type: str, what: str) -> Answer:
    message = f"RequestId: {event.request_id} Error: {what}"
    body = json.dumps({"errorType": error_type, "errorMessage": message}).encode()
    return Answer(body, status, error_type)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # The process ended while it was answered.


def api_of(function: FunctionProcess):
    class Api(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # An answer in two packets would wait for an acknowledgement, 40 ms.

        def do_GET(self):  # /2018-06-01/runtime/invocation/next
            event = function.events.get()
            function.news.put(TAKEN)
            deadline_ms = int((time.time() + event.timeout_seconds) * 1000)
            self.reply(
                200,
                event.body,
                {
                    "Lambda-Runtime-Aws-Request-Id": event.request_id,
                    "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
                    "Lambda-Runtime-Invoked-Function-Arn": event.function_arn,
                    "Lambda-Runtime-Trace-Id": event.trace_id,
                },
            )

        def do_POST(self):  # …/invocation/<id>/response, …/invocation/<id>/error, …/init/error
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = "error" if self.path.endswith("/error") else "success"
            function.news.put(Answer(body, status))
            self.reply(202, b"", {})

        def reply(self, status, body, headers):
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    return Api
