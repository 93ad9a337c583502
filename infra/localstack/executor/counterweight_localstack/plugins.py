"""What LocalStack 4.14 finds of this package through `entry_points.txt`.

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
    """Chosen by GATEWAY_SERVER=loopback."""

    name = "loopback"

    def load(self, *args, **kwargs):
        from counterweight_localstack.server import LoopbackServer

        return LoopbackServer()


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """Chosen by LAMBDA_RUNTIME_EXECUTOR=process."""

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
    """Standard input is a pipe from the program that started LocalStack: it closes when that ends."""

    def watch():
        sys.stdin.buffer.read()
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
