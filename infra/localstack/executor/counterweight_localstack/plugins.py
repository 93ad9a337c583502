"""Plugins that LocalStack 4.14 finds through `entry_points.txt`.

The package is put on PYTHONPATH, not installed: the virtual environment then holds LocalStack only,
and all checkouts on a machine share it.
"""

import os
import signal
import sys
import threading

from localstack.runtime import hooks
from localstack.runtime.server.core import RuntimeServerPlugin
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class LoopbackServerPlugin(RuntimeServerPlugin):
    """Server that GATEWAY_SERVER=loopback selects."""

    name = "loopback"

    def load(self, *args, **kwargs):
        from counterweight_localstack.server import LoopbackServer

        return LoopbackServer()


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """Executor that LAMBDA_RUNTIME_EXECUTOR=process selects."""

    name = "process"

    def load(self, *args, **kwargs):
        from counterweight_localstack.executor import ProcessExecutor

        return ProcessExecutor


@hooks.on_infra_start()
def correct_localstack():
    from counterweight_localstack import events, executions, limits, logs

    events.send_keys_as_they_are()
    executions.stop_at_once()
    limits.limit_environments()
    logs.honour_logging_config()


@hooks.on_infra_start()
def end_with_parent():
    """Ends LocalStack when the program that started it ends, which closes the pipe to standard input."""

    def watch():
        sys.stdin.buffer.read()
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
