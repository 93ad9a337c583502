"""Applies a function's LoggingConfig, which LocalStack 4.14 stores and does not use."""

from datetime import date

from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment


def honour_logging_config():
    ExecutionEnvironment.get_log_group_name = log_group
    ExecutionEnvironment.get_log_stream_name = log_stream


def log_group(environment):
    return environment.function_version.config.logging_config["LogGroup"]


def log_stream(environment):
    """Returns the stream as on AWS: in a shared log group its name includes the function."""
    function = environment.function_version.id
    is_shared = log_group(environment) != f"/aws/lambda/{function.function_name}"
    name = function.function_name if is_shared else ""
    return f"{date.today():%Y/%m/%d}/{name}[{function.qualifier}]{environment.id}"
