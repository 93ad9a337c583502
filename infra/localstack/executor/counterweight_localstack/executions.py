"""Corrects StopExecution. In LocalStack 4.14 an execution stays RUNNING until its tasks are over, and
a task that then fails makes it FAILED. Here it is ABORTED at once, as on AWS, and stays so: trainers
read that status to know when to stop."""

from localstack.aws.api.stepfunctions import ExecutionStatus
from localstack.services.stepfunctions.asl.eval.environment import Environment
from localstack.services.stepfunctions.asl.eval.program_state import ProgramStopped
from localstack.services.stepfunctions.backend.execution import Execution


def stop_at_once():
    stop_later = Execution.stop
    set_error_always = Environment.set_error

    def stop(execution, stop_date, error, cause):
        stop_later(execution, stop_date, error, cause)
        if execution.exec_status == ExecutionStatus.RUNNING:
            execution.exec_status = ExecutionStatus.ABORTED
            execution.stop_date = stop_date
            execution.error = error
            execution.cause = cause

    def set_error(environment, error):
        if not isinstance(environment.program_state(), ProgramStopped):
            set_error_always(environment, error)

    Execution.stop = stop
    Environment.set_error = set_error
