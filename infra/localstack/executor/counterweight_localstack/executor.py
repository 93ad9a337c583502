"""Runs Lambda functions as processes on this machine, with this machine's Node.

Different from AWS: the memory setting is not enforced, but the log has the memory used; the process
sees the whole file system, runs as this user, and is not frozen between invocations; there are no
layers, and only Node runtimes.
"""

import json
import os
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from localstack import config
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import (
    LambdaRuntimeException,
    RuntimeExecutor,
)

from counterweight_localstack.process import Event, FunctionProcess

HOST = "127.0.0.1"
INHERITED = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")


class ProcessExecutor(RuntimeExecutor):
    """Execution environment: a process. The first invocation starts it; if it has ended, the next one
    starts it again."""

    def __init__(self, id, function_version):
        super().__init__(id, function_version)
        self.process = None
        self.is_stopped = False

    @classmethod
    def prepare_version(cls, function_version):
        settings = function_version.config
        if settings.code is None or not (settings.runtime or "").startswith("nodejs"):
            raise LambdaRuntimeException("without Docker, only Node functions in zip files can run")
        settings.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        pass

    def get_address(self):
        return HOST

    def get_endpoint_from_executor(self):
        return HOST

    def get_runtime_endpoint(self):
        return f"http://{HOST}:{config.GATEWAY_LISTEN[0].port}/_localstack_lambda/{self.id}"

    def start(self, env_vars):
        settings = self.function_version.config
        self.code = Path(settings.code.get_unzipped_code_location())
        self.temporary = tempfile.mkdtemp(prefix="environment-")
        self.env = {
            **{name: os.environ[name] for name in INHERITED if name in os.environ},
            **{name: str(value) for name, value in env_vars.items()},
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{settings.runtime}",
            "LAMBDA_TASK_ROOT": str(self.code),
            "TMPDIR": self.temporary,
            "TZ": "UTC",
            # This machine's Node may be older than the requested runtime.
            "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED": "true",
        }

    def stop(self):
        self.is_stopped = True
        if self.process:
            self.process.end()
        shutil.rmtree(self.temporary, ignore_errors=True)

    def invoke(self, payload):
        settings = self.function_version.config
        if self.process is None or not self.process.is_usable:
            self.process = FunctionProcess(self.code, self.env)
        if self.is_stopped:
            self.process.end()  # It was stopped while it started.
        event = Event(
            request_id=payload["invoke-id"],
            function_arn=payload["invoked-function-arn"],
            trace_id=payload["trace-id"],
            body=payload["payload"].encode(),
            timeout_seconds=int(settings.timeout),
        )
        started = platform_line("start", requestId=event.request_id)
        began = time.monotonic()
        answer = self.process.invoke(event)
        milliseconds = (time.monotonic() - began) * 1000
        metrics = {"durationMs": round(milliseconds, 2), "memorySizeMB": settings.memory_size}
        if (peak := self.process.peak_memory_mib()) is not None:
            metrics["maxMemoryUsedMB"] = peak
        report = platform_line(
            "report",
            requestId=event.request_id,
            status=answer.status,
            **({"errorType": answer.error_type} if answer.error_type else {}),
            metrics=metrics,
        )
        lines = "\n".join([started, *answer.lines, report])
        return InvocationResult(
            event.request_id, answer.body, is_error=answer.status != "success", logs=lines
        )

    def get_logs(self):
        return ""


def platform_line(kind, **record):
    """Returns one of Lambda's own log lines, in its JSON format."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"time": now, "type": f"platform.{kind}", "record": record})
