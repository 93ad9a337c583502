"""Limits the environments of a function that run at the same time.

A Distributed Map starts 100 invocations at once, and each would be a process here. Invocations
above the limit wait, which they would not on AWS: no error, and no retry in the workflow.
"""

import contextlib
import os
import threading
from collections import defaultdict

from localstack.services.lambda_.invocation.assignment import AssignmentService


def limit_environments():
    limit = int(os.environ["LAMBDA_LOCAL_CONCURRENCY"])
    slots = defaultdict(lambda: threading.Semaphore(limit))
    unlimited = AssignmentService.get_environment

    @contextlib.contextmanager
    def get_environment(service, version_manager_id, function_version, provisioning_type):
        with (
            slots[version_manager_id],
            unlimited(service, version_manager_id, function_version, provisioning_type) as found,
        ):
            yield found

    AssignmentService.get_environment = get_environment
