"""Replays calls to AWS as several roles against moto, which enforces the roles' policies.

Reads {"roles": {NAME: POLICY}, "calls": [{"action", "resource"}]} from standard input. Prints
{NAME: [VERDICT]}, one verdict per call: true if it is allowed, false if it is denied, null if
boto3 or moto does not know the operation.
"""

import json
import sys

from botocore import xform_name
from botocore.config import Config
from botocore.session import get_session
from moto import mock_aws
from moto.core.authorization import enable_iam_authentication
from moto.iam.access_control import IAMRequestBase

SETTINGS = {"region_name": "us-east-1", "config": Config(retries={"total_max_attempts": 1})}

# Operations of S3 whose name is not that of the action.
S3_OPERATIONS = {
    "GetObjectVersion": "GetObject",
    "DeleteObjectVersion": "DeleteObject",
    "ListBucket": "ListObjectsV2",
    "ListBucketVersions": "ListObjectVersions",
    "ListAllMyBuckets": "ListBuckets",
    "ListBucketMultipartUploads": "ListMultipartUploads",
    "PutLifecycleConfiguration": "PutBucketLifecycleConfiguration",
}

# Prefix of an action, where it is not the name of the service in boto3.
SERVICES = {"states": "stepfunctions"}


def sample(shape):
    """Returns the smallest valid value of a parameter."""
    if shape.type_name == "structure":
        return {name: sample(shape.members[name]) for name in shape.required_members}
    if shape.type_name == "list":
        return [sample(shape.member)]
    if shape.type_name == "map":
        return {}
    if shape.type_name == "string":
        return shape.enum[0] if shape.enum else "x" * max(1, shape.metadata.get("min", 1))
    if shape.type_name in ("integer", "long"):
        return shape.metadata.get("min", 1)
    return {"boolean": True, "timestamp": 0, "blob": b"", "double": 0.0}[shape.type_name]


def request(client, service, action, resource):
    """Returns the operation for an action and its parameters, or None if boto3 has none."""
    operation = S3_OPERATIONS.get(action, action) if service == "s3" else action
    if operation not in client.meta.service_model.operation_names:
        return None
    model = client.meta.service_model.operation_model(operation)
    parameters = sample(model.input_shape) if model.input_shape else {}
    if service == "s3":
        bucket, _, key = resource.removeprefix("arn:aws:s3:::").partition("/")
        parameters |= {} if bucket == "*" else {"Bucket": bucket}
        parameters |= {"Key": key} if key else {}
        parameters |= {"VersionId": "1"} if action.endswith("ObjectVersion") else {}
    return operation, parameters


class NotEnforced(Exception):
    """Raised for an action that moto cannot decide."""


class Judge:
    """Notes what moto decides for one call."""

    def __init__(self):
        self.call = None
        self.verdict = None
        decide = IAMRequestBase.check_action_permitted

        def check(request, resource):
            if self.verdict is not None:
                raise AssertionError(f"{self.call} is checked twice")
            checked = {"action": request._action, "resource": resource}
            if request._service != "s3":
                # moto knows no resource, and some actions by a wrong name only.
                if request._action != self.call["action"]:
                    raise NotEnforced
                resource = self.call["resource"]
            elif checked != self.call:
                raise AssertionError(f"{self.call} is checked as {checked}")
            self.verdict = False
            decide(request, resource)
            self.verdict = True

        IAMRequestBase.check_action_permitted = check

    def judge(self, client, call):
        service, action = call["action"].split(":")
        found = request(client, service, action, call["resource"])
        if found is None:
            return None
        operation, parameters = found
        self.call, self.verdict = call, None
        try:
            getattr(client, xform_name(operation))(**parameters)
        except NotEnforced:
            return None
        except Exception as error:
            # Once moto has decided, it does not matter that a resource or an operation is missing.
            if self.verdict is None and "Not yet implemented" not in str(error):
                raise AssertionError(f"{call} was not checked") from error
        return self.verdict


def credentials(session, name, policy):
    """Makes a role with the policy, and returns credentials of it."""
    anyone = SETTINGS | {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    iam = session.create_client("iam", **anyone)
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]
    document = json.dumps(policy)
    iam.put_role_policy(RoleName=name, PolicyName="Grants", PolicyDocument=document)
    sts = session.create_client("sts", **anyone)
    found = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]
    return SETTINGS | {
        "aws_access_key_id": found["AccessKeyId"],
        "aws_secret_access_key": found["SecretAccessKey"],
        "aws_session_token": found["SessionToken"],
    }


def replay(roles, calls):
    session = get_session()
    settings = {name: credentials(session, name, policy) for name, policy in roles.items()}
    judge = Judge()
    verdicts = {}
    with enable_iam_authentication():
        for name in roles:
            clients = {}
            verdicts[name] = []
            for call in calls:
                prefix = call["action"].split(":")[0]
                service = SERVICES.get(prefix, prefix)
                if service not in clients:
                    clients[service] = session.create_client(service, **settings[name])
                verdicts[name].append(judge.judge(clients[service], call))
    return verdicts


if __name__ == "__main__":
    given = json.load(sys.stdin)
    with mock_aws():
        print(json.dumps(replay(given["roles"], given["calls"])))
