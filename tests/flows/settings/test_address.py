"""Addresses: a text that names no place of ours is refused, and the message names the address that is meant."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.publish.errors import StoreError
from flows.publish.stores.directory import DirectoryStore
from flows.publish.stores.open import store_at
from flows.settings import SettingsError, load
from flows.settings.address import AddressError, check_address, check_http_url, check_local_path

MEANT = {
    "gs://bucket/sets": ["s3://bucket/sets", "https://storage.googleapis.com"],
    "s3a://bucket/sets": ["write s3://bucket/sets"],
    "s3n://bucket/sets": ["write s3://bucket/sets"],
    "S3://bucket/sets": ["write s3://bucket/sets"],
    "s3:/bucket/sets": ["write s3://bucket/sets"],
    "s3:bucket/sets": ["write s3://bucket/sets"],
    "s3//bucket/sets": ["write s3://bucket/sets"],
    "s3:///bucket/sets": ["write s3://bucket/sets"],
    "s3:\\\\bucket\\sets": ["write s3://bucket/sets"],
    "https://bucket.s3.eu-west-1.amazonaws.com/sets": ["write s3://bucket/sets"],
    "https://s3.us-east-1.amazonaws.com/bucket/sets": ["write s3://bucket/sets"],
    "https://storage.googleapis.com/bucket/sets": ["s3://bucket/sets", "endpoint_url"],
    "https://minio.example.org:9000/bucket": ['endpoint_url = "https://minio.example.org:9000"'],
    "az://container/sets": ["s3://bucket/prefix"],
    "abfss://container@account/sets": ["s3://bucket/prefix"],
    "hdfs://node/sets": ["s3://bucket/prefix"],
    "memory://sets": ["s3://bucket/prefix"],
    "r2://bucket": ["s3://bucket", "endpoint_url"],
    "hf:owner/name": ["write hf://datasets/owner/name"],
    "hf:/datasets/owner/name": ["write hf://datasets/owner/name"],
    "HF://datasets/owner/name": ["write hf://datasets/owner/name"],
    "https://huggingface.co/datasets/owner/name/tree/main": ["write hf://datasets/owner/name"],
    "file:///srv/sets": ["/srv/sets"],
    "s3://": ["s3://bucket/prefix"],
    "s3://bucket//sets": ["empty folder name"],
    "": ["empty"],
    "  ": ["empty"],
}


@pytest.mark.parametrize("address", MEANT)
def test_an_unknown_address_is_refused_with_the_meant_one(address: str, tmp_path: Path) -> None:
    """A misspelt address once became a local folder, with exit code 0 and no release where readers look."""
    for refuse in (check_address, store_at):
        with pytest.raises((AddressError, StoreError)) as refused:
            refuse(address)
        assert all(words in str(refused.value) for words in MEANT[address]), refused.value
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("address", ["release", "../sets", "/srv/a:b", "runs:2026/sets", "./s3:/odd", "s3/sets", "hf"])
def test_a_local_name_stays_one(address: str) -> None:
    """A folder whose name holds a colon is still a folder."""
    assert check_address(address) == address
    assert isinstance(store_at(address), DirectoryStore)


@given(st.text())
def test_a_checked_address_is_checked_again_with_the_same_result(text: str) -> None:
    """Settings are checked when they are read, and again by the store: the second check must not differ."""
    try:
        address = check_address(text)
    except AddressError:
        return
    assert check_address(address) == address


def test_the_home_folder_is_written_with_a_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a settings file no shell expands `~`: the release went into a folder called `~`."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert check_address("~/sets") == f"{tmp_path}/sets"
    assert check_local_path("~/sets") == tmp_path / "sets"


def test_the_home_of_an_unknown_user_is_refused_with_the_local_name() -> None:
    with pytest.raises(AddressError, match=r"'~nobody-here/x' .* \./~nobody-here/x"):
        check_address("~nobody-here/x")


@pytest.mark.parametrize("path", ["s3://bucket/x", "hf://datasets/o/n", "gs://b", "https://h/x", "s3:/b", "file:///x"])
def test_a_remote_address_is_no_local_path(path: str) -> None:
    """An option that takes a folder of this machine must not make one called `s3:`."""
    with pytest.raises(AddressError, match="this machine"):
        check_local_path(path)


@pytest.mark.parametrize(
    "url", ["gpu1:8000", "http:/gpu1:8000", "ftp://gpu1", "s3://b", "http://", "http://a b", "http://gpu:99999", ""]
)
def test_a_text_that_is_no_url_of_a_server_is_refused(url: str) -> None:
    """Six tries against an address without scheme end in a message about the server's log."""
    with pytest.raises(AddressError, match="http://HOST:PORT"):
        check_http_url(url)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[publish]\nto = "gs://b"\n', "publish.to"),
        ('[publish]\nendpoint_url = "127.0.0.1:9000"\n', "publish.endpoint_url"),
        ('[publish]\nstudent = "hf://models/x"\n', "publish.student"),
        ('[teacher]\nurls = ["http://a:1", "gpu2:8000"]\n', "teacher.urls.1"),
        ('[teacher]\nca_file = "https://h/ca.pem"\n', "teacher.ca_file"),
        ('[crawl]\nfolders = ["s3://b/pages"]\n', "crawl.folders.0"),
        ('[refine]\nbenchmarks = [{ path = "hf://datasets/o/n", columns = ["q"] }]\n', "refine.benchmarks.0.path"),
        ('home = "s3://bucket/home"\n', "home"),
    ],
)
def test_settings_refuse_addresses_by_their_key(
    text: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong address is a settings error before the night, not a folder after it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "factory.toml").write_text(text)
    with pytest.raises(SettingsError, match=rf"^{key} = "):
        load()
