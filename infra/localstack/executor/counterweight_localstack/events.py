"""Decodes the key in an S3 event on EventBridge, which LocalStack 4.14 URL-encodes and S3 does not."""

import dataclasses
from urllib.parse import unquote

from localstack.services.s3.notifications import EventBridgeNotifier


def send_keys_as_they_are():
    encoded = EventBridgeNotifier._get_event_payload

    def payload(context, config_id=None):
        key = unquote(context.key_name)
        return encoded(dataclasses.replace(context, key_name=key), config_id)

    EventBridgeNotifier._get_event_payload = staticmethod(payload)
