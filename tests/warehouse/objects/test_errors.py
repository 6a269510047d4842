"""Errors of the lake's store, as a log shows them."""

import traceback
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from warehouse.objects.errors import LakeUnreachable, store_errors

KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAQYLPMN5HEXAMPLE7",
    "AWS_SECRET_ACCESS_KEY": "kd83/Jsk2+alPQ8s7dhEXAMPLEs93kd03ksLa2Ks",
    "AWS_SESSION_TOKEN": "FwoGZXIvYXdzEJr1K8example0token//////////wEaD",
}
SIGNED = "https://b.example.org/k?X-Amz-Credential=AKIAQYLPMN5HEXAMPLE7%2Fs3&X-Amz-Signature=7a1c2c3b4d5e6f7a"
ENDPOINT = "http://team:pass-w0rd@127.0.0.1:9"


@pytest.mark.parametrize(
    "cause",
    [
        ClientError({"Error": {"Code": "403", "Message": " ".join(KEYS.values())}}, "PutObject"),
        ClientError({"Error": {"Code": "Odd", "Message": SIGNED}}, "PutObject"),
        EndpointConnectionError(endpoint_url=f"{ENDPOINT}/{SIGNED}"),
        OSError(f"When reading '{SIGNED}': {KEYS['AWS_SECRET_ACCESS_KEY']}"),
    ],
    ids=["refused", "odd", "away", "pyarrow"],
)
def test_no_error_or_traceback_holds_a_credential(cause: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """A night's log has many readers, and an endpoint may hold a password."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(LakeUnreachable) as caught, store_errors("s3://team/lake", ENDPOINT):
        raise cause
    text = "".join(traceback.format_exception(caught.value)).replace(Path(__file__).read_text(), "")
    assert not [secret for secret in (*KEYS.values(), "7a1c2c3b4d5e6f7a", "pass-w0rd") if secret in text]


def test_an_ordinary_error_keeps_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without secrets in it, the trace down to the request helps maintainers."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    cause = ClientError({"Error": {"Code": "InternalError", "Message": "busy"}}, "PutObject")
    with pytest.raises(LakeUnreachable, match="InternalError") as caught, store_errors("s3://team/lake", "AWS"):
        raise cause
    assert caught.value.__cause__ is cause
