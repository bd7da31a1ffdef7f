"""The AWS SDK for Python (boto3) as a driver, in this process (drivers.py)."""

import datetime

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError

from .. import clients
from . import values
from .drivers import DriverError


def _revive(value):
    if isinstance(value, list):
        return [_revive(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"$b64"}:
        return values.raw(value)
    if set(value) == {"$time"}:
        return datetime.datetime.fromtimestamp(value["$time"], datetime.timezone.utc)
    return {name: _revive(item) for name, item in value.items()}


def _plain(value):
    if isinstance(value, bytes):
        return values.blob(value)
    if isinstance(value, datetime.datetime):
        return {"$time": value.timestamp()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()
                if name != "ResponseMetadata"}
    return value


class Boto:
    """As Driver of drivers.py."""

    def __init__(self, daemon, listener):
        self.sdk, self.tells_ids = f"boto3 {boto3.__version__}", True
        self.daemon, self.listener, self.made = daemon, listener, {}

    def _client(self, account, region):
        if (account, region) not in self.made:
            make = clients.plain if self.listener == "plain" else clients.mutual
            self.made[account, region] = make(
                self.daemon, account=account, region=region)
        return self.made[account, region]

    def call(self, op, request, account, region, pages=False):
        kms, name = self._client(account, region), xform_name(op)
        if not hasattr(kms, name):
            return {"unknown": op}
        try:
            if pages:
                all_pages = kms.get_paginator(name).paginate(**_revive(request))
                return {"out": {"pages": [_plain(page) for page in all_pages]}}
            answer = getattr(kms, name)(**_revive(request))
        except ClientError as refused:
            said = refused.response
            return {"error": {"code": said["Error"]["Code"],
                              "message": said["Error"]["Message"],
                              "class": type(refused).__name__},
                    "request_id": said["ResponseMetadata"]["RequestId"]}
        except ParamValidationError as wrong:
            raise DriverError(str(wrong)) from wrong
        return {"out": _plain(answer),
                "request_id": answer["ResponseMetadata"]["RequestId"]}

    def close(self):
        for kms in self.made.values():
            kms.close()
