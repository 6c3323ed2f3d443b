"""Objects in an S3 bucket, created with `If-None-Match: *`."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from data_lake.errors import LakeError, LakeUnavailable, NoSuchObject
from data_lake.keys import check_key

_CONFLICT_RETRIES = 7
_CUT_RETRIES = 3
_CONFIG: dict[str, Any] = {
    "retries": {"mode": "standard", "total_max_attempts": 4},
    "connect_timeout": 5,
    "read_timeout": 60,
    "max_pool_connections": 32,
}

S3_OPTIONS = (
    "endpoint_url",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "region_name",
)
"""Names that `storage_options` may hold (boto3's); what is left out comes from the environment."""

_WORDS = {
    "put_object": "write",
    "get_object": "read",
    "list_objects_v2": "list",
    "delete_objects": "delete",
}


class S3Objects:
    """Objects in an S3 bucket, below a prefix."""

    def __init__(self, bucket: str, prefix: str = "", options: Mapping[str, str] | None = None) -> None:
        unknown = set(options or ()) - set(S3_OPTIONS)
        if unknown:
            raise LakeError(f"storage option {sorted(unknown)} is not known; known are {list(S3_OPTIONS)}")
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self.options = dict(options or {})
        self._opening = threading.Lock()
        self._client: Any = None

    def address(self, key: str) -> str:
        """Return where any Parquet reader finds the object."""
        return f"s3://{self.path(key)}"

    def path(self, key: str) -> str:
        """Return the object's name in s3fs: bucket and key."""
        return f"{self.bucket}/{self.prefix}{check_key(key)}"

    def polars_options(self) -> dict[str, str] | None:
        """Return what Polars needs to reach the same storage."""
        endpoint = (
            self.options.get("endpoint_url")
            or os.environ.get("AWS_ENDPOINT_URL_S3")
            or os.environ.get("AWS_ENDPOINT_URL")
        )
        options = {name: value for name, value in self.options.items() if name.startswith("aws_")}
        if "region_name" in self.options:
            options["aws_region"] = self.options["region_name"]
        if endpoint:
            options["aws_endpoint_url"] = endpoint
            options["aws_allow_http"] = str(endpoint.startswith("http://")).lower()
        return options or None

    def fsspec_options(self) -> dict[str, Any]:
        """Return what s3fs needs to reach the same storage; the rest it takes from the environment."""
        names = {
            "endpoint_url": "endpoint_url",
            "aws_access_key_id": "key",
            "aws_secret_access_key": "secret",
            "aws_session_token": "token",
        }
        options: dict[str, Any] = {
            names[name]: value for name, value in self.options.items() if name in names
        }
        if "region_name" in self.options:
            options["client_kwargs"] = {"region_name": self.options["region_name"]}
        return options | {"config_kwargs": dict(_CONFIG)}

    @property
    def client(self) -> Any:
        """The boto3 client, made at the first use (boto3 takes most of a second to import)."""
        with self._opening:  # boto3 clients are thread-safe, making one is not
            if self._client is None:
                import boto3
                from botocore.config import Config

                try:
                    self._client = boto3.client("s3", config=Config(**_CONFIG), **self.options)
                except ValueError as error:
                    raise LakeError(f"cannot reach s3://{self.bucket}: {error}") from error
        return self._client

    def put_new(self, key: str, body: bytes) -> bool:
        """Create `key`; False if it exists."""
        check_key(key)
        return self.created(key, lambda: self._call("put_object", key, Body=body, IfNoneMatch="*"))

    def created(self, key: str, create: Callable[[], object]) -> bool:
        """Send a conditional request to create `key`; False if it exists.

        `create` raises `Refused` if S3 answers with an error, `FileExistsError` if it knows already.
        """
        for attempt in range(_CONFLICT_RETRIES):
            try:
                create()
            except FileExistsError:
                return False
            except Refused as refused:
                if refused.status == 412:
                    return False
                # 409: another conditional write of this key was under way; its outcome decides
                if refused.status != 409 or attempt + 1 == _CONFLICT_RETRIES:
                    raise self.unavailable(refused.error, "write", key) from refused.error
                time.sleep(0.02 * 2**attempt)
            else:
                return True
        raise AssertionError("unreachable")

    def get(self, key: str) -> bytes:
        """Return the object's bytes."""
        from botocore.exceptions import BotoCoreError

        check_key(key)
        for attempt in range(_CUT_RETRIES):
            try:
                body: bytes = self._call("get_object", key)["Body"].read()
            except Refused as refused:
                if refused.code == "NoSuchKey":
                    raise NoSuchObject(key) from None
                raise self.unavailable(refused.error, "read", key) from refused.error
            except BotoCoreError as error:  # the SDK retries requests, but not an answer that was cut off
                if attempt + 1 == _CUT_RETRIES:
                    raise self.unavailable(error, "read", key) from error
            else:
                return body
        raise AssertionError("unreachable")

    def list(self, prefix: str, *, start_after: str = "") -> list[str]:
        """Return keys by prefix, sorted."""
        keys: list[str] = []
        more: dict[str, str] = {"StartAfter": self.prefix + start_after} if start_after else {}
        while True:
            try:
                answer = self._call("list_objects_v2", None, Prefix=self.prefix + prefix, **more)
            except Refused as refused:
                raise self.unavailable(refused.error, "list", prefix) from refused.error
            keys += [item["Key"][len(self.prefix) :] for item in answer.get("Contents", [])]
            if not answer.get("IsTruncated"):
                return sorted(keys)
            more = {"ContinuationToken": answer["NextContinuationToken"]}

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects, a thousand a request."""
        names = [self.prefix + check_key(key) for key in keys]
        for start in range(0, len(names), 1000):
            batch = [{"Key": name} for name in names[start : start + 1000]]
            try:
                answer = self._call("delete_objects", None, Delete={"Objects": batch, "Quiet": True})
            except Refused as refused:
                raise self.unavailable(refused.error, "delete", batch[0]["Key"]) from refused.error
            if answer.get("Errors"):
                first = answer["Errors"][0]
                reason = f"{first.get('Code')} {first.get('Message')}"
                raise LakeUnavailable(f"cannot delete s3://{self.bucket}/{first.get('Key')}: {reason}")

    def _call(self, verb: str, key: str | None, **arguments: Any) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        if key is not None:
            arguments["Key"] = self.prefix + key
        try:
            answer: dict[str, Any] = getattr(self.client, verb)(Bucket=self.bucket, **arguments)
        except ClientError as error:
            raise Refused(error) from error
        except BotoCoreError as error:
            raise self.unavailable(error, _WORDS[verb], key or "") from error
        return answer

    def unavailable(self, error: Exception, verb: str, key: str) -> LakeUnavailable:
        """Return the error that says what to check."""
        code = (getattr(error, "response", None) or {}).get("Error", {}).get("Code", type(error).__name__)
        checks = {
            "NoSuchBucket": "the bucket does not exist: check the lake's address and region",
            "AccessDenied": "access denied: check the credentials and the bucket's policy",
            "InvalidAccessKeyId": "the access key is not known: check AWS_ACCESS_KEY_ID",
            "SignatureDoesNotMatch": "the secret key is wrong: check AWS_SECRET_ACCESS_KEY",
            "ExpiredToken": "the session has expired: sign in to AWS again",
            "NoCredentialsError": "no AWS credentials: set AWS_ACCESS_KEY_ID and its secret, or a profile",
            "EndpointConnectionError": "nothing answers: check the network and AWS_ENDPOINT_URL_S3",
            "ConnectTimeoutError": "nothing answers: check the network and AWS_ENDPOINT_URL_S3",
            "ReadTimeoutError": "the answer did not come: check the network, then run the same command again",
        }
        reason = checks.get(
            code, f"{str(error).rstrip('.')}: check the network, then run the same command again"
        )
        return LakeUnavailable(f"cannot {verb} s3://{self.bucket}/{self.prefix}{key}: {reason}")


class Refused(Exception):  # noqa: N818 - reads as what happened; never leaves this package
    """S3 answered with an error status: `error` is botocore's `ClientError`."""

    def __init__(self, error: Any) -> None:
        super().__init__(str(error))
        self.error: Exception = error
        self.status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        self.code = str(error.response.get("Error", {}).get("Code", ""))
