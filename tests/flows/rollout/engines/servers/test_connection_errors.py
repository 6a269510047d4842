"""A connection that fails names its cause and the setting to change, for every common mistake."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from flows.process_guard import free_port
from flows.rollout.engines.open import open_teacher
from flows.rollout.protocol import TeacherError, TeacherRefused
from flows.settings import Teacher
from tests.doubles.teachers.certificates import Certificates, certificates
from tests.doubles.teachers.fake_vllm import fake_vllm

Mistake = tuple[str, dict[str, Any]]
"""A url, and further settings."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("certificates"))


@contextmanager
def nothing_listens(files: Certificates) -> Iterator[Mistake]:
    yield f"http://127.0.0.1:{free_port()}", {}


@contextmanager
def no_such_host(files: Certificates) -> Iterator[Mistake]:
    yield "http://no-such-host.invalid:8000", {}


@contextmanager
def https_to_a_plain_server(files: Certificates) -> Iterator[Mistake]:
    with fake_vllm() as fake:
        yield fake.url.replace("http:", "https:"), {}


@contextmanager
def http_to_a_tls_server(files: Certificates) -> Iterator[Mistake]:
    with fake_vllm(tls=files.server()) as fake:
        yield fake.url.replace("https:", "http:"), {}


@contextmanager
def unknown_authority(files: Certificates) -> Iterator[Mistake]:
    with fake_vllm(tls=files.server()) as fake:
        yield fake.url, {}


@contextmanager
def another_name(files: Certificates) -> Iterator[Mistake]:
    client = {"client_cert": files.cert, "client_key": files.key}
    with fake_vllm(tls=files.server()) as fake:
        yield fake.url.replace("127.0.0.1", "localhost"), {"ca_file": files.authority, **client}


@contextmanager
def missing_file(files: Certificates) -> Iterator[Mistake]:
    yield "https://127.0.0.1:1", {"ca_file": files.authority, "client_cert": files.cert.with_name("none.pem")}


@contextmanager
def key_of_another(files: Certificates) -> Iterator[Mistake]:
    yield "https://127.0.0.1:1", {"client_cert": files.cert, "client_key": files.authority}


@contextmanager
def other_model(files: Certificates) -> Iterator[Mistake]:
    with fake_vllm() as fake:
        yield fake.url, {"model": "Qwen/Qwen3-32B"}


@contextmanager
def no_inference_server(files: Certificates) -> Iterator[Mistake]:
    with fake_vllm() as fake:
        yield f"{fake.url}/elsewhere", {}


@pytest.mark.parametrize(
    ("mistake", "named"),
    [
        (nothing_listens, "Start the server, or correct teacher.urls"),
        (no_such_host, "correct teacher.urls"),
        (https_to_a_plain_server, "Write http:// in teacher.urls"),
        (http_to_a_tls_server, "https:// in teacher.urls"),
        (unknown_authority, "teacher.ca_file"),
        (another_name, "name that the certificate holds"),
        (missing_file, "none.pem: there is no such PEM file"),
        (key_of_another, "teacher.client_key"),
        (other_model, "set teacher.model"),
        (no_inference_server, "correct teacher.urls"),
    ],
)
async def test_a_mistake_names_the_setting_to_change(
    mistake: Callable[[Certificates], AbstractContextManager[Mistake]], named: str, files: Certificates
) -> None:
    """A person with a GPU that waits needs the next step, not the class of an exception."""
    with mistake(files) as (url, settings):
        chosen = Teacher.model_validate({"engine": "vllm", "urls": [url], "retries": 0, **settings})
        with pytest.raises(TeacherError) as failed:
            async with open_teacher(chosen, Path("unused")):
                pass
    assert named in str(failed.value)


@pytest.mark.parametrize("mistake", [https_to_a_plain_server, unknown_authority, another_name, other_model])
async def test_a_mistake_of_the_settings_is_not_retried(
    mistake: Callable[[Certificates], AbstractContextManager[Mistake]], files: Certificates
) -> None:
    """Retries with growing delays would keep the message back for a minute."""
    with mistake(files) as (url, settings), pytest.raises(TeacherRefused):
        async with open_teacher(Teacher.model_validate({"engine": "vllm", "urls": [url], **settings}), Path("unused")):
            pass
