"""Releases in a dataset repository of the Hugging Face Hub: a release is one commit, so it is all there or not.

Files go ahead (what the Hub has by its SHA-256 is not sent) and belong to nothing until the commit names them,
with the manifest and the card. The commit names the one that it follows, so two publishers never mix. The branch
points to the newest release; earlier ones are its history, each under a tag of its name. Credentials come from
huggingface_hub's own chain and appear nowhere here.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token, hf_hub_url
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import (  # type: ignore[attr-defined]  # documented there, but not in its __all__
    build_hf_headers,
    hf_raise_for_status,
    http_stream_backoff,
)

from flows.publish.errors import NoBucket, NoCredentials, NotText, NotThere, Refused, StoreError, Unreachable
from flows.publish.stores.s3_errors import AGAIN, untold
from flows.publish.stores.store import CARD, CHUNK_BYTES, MANIFEST, is_card, says, text_of
from schemas import Manifest
from warehouse.console.progress import Report

ADDRESS = re.compile(r"hf://datasets/(?P<repo>[\w.-]+/[\w.-]+?)/?(@(?P<revision>[\w./-]+))?")
OF_A_RELEASE = ("data/", "packs/")
CONFLICTS = {409, 412}


class Hub:
    """Releases of `hf://datasets/<owner>/<name>[@branch]`."""

    def __init__(self, address: str, endpoint_url: str | None) -> None:
        named = ADDRESS.fullmatch(address)
        if not named:
            raise StoreError(f"{address} is no dataset of the Hub: write hf://datasets/<owner>/<name>, or …@<branch>.")
        self._repo, self._revision = named["repo"], named["revision"] or "main"
        self._api = HfApi(endpoint=endpoint_url)

    def check(self) -> None:
        """Ask whether the repository is there and somebody is logged in; raises StoreError."""
        if not get_token():
            raise NoCredentials("no token for the Hub: run `hf auth login` or set HF_TOKEN, then publish again.")
        with self._named():
            self._api.dataset_info(self._repo)

    def workplace(self, state: Path) -> Path:
        return state / "publish" / "building"

    def location(self, name: str) -> str:
        return f"hf://datasets/{self._repo}@{name}"

    def read(self, *names: str) -> str | None:
        """The text of a file of the newest release; None where there is none. Raises StoreError."""
        try:
            body = b"".join(self.chunks(0, *names))
        except NotThere:
            return None
        return text_of(body, f"hf://datasets/{self._repo}/{'/'.join(names)}")

    def names(self, *names: str) -> list[str]:
        """The names of the files right under a folder of the newest release. Raises StoreError."""
        folder = Path(*names).as_posix()
        with self._named():
            return [Path(path).name for path in self._files() if Path(path).parent.as_posix() == folder]

    def chunks(self, start: int, *names: str) -> Iterator[bytes]:
        """A file's bytes from `start` on, as of the commit that was newest at the first look. Raises StoreError."""
        path = "/".join(name for name in names if name)
        headers = build_hf_headers() | ({"Range": f"bytes={start}-"} if start else {})
        with self._named():
            url = hf_hub_url(self._repo, path, repo_type="dataset", revision=self._commit, endpoint=self._api.endpoint)
            with http_stream_backoff("GET", url, headers=headers) as reply:
                try:
                    hf_raise_for_status(reply)
                except EntryNotFoundError as error:
                    raise NotThere(f"hf://datasets/{self._repo}/{path} is not there") from error
                yield from reply.iter_bytes(CHUNK_BYTES)

    def put(self, built: Path, manifest: Manifest, report: Report) -> str:
        with self._named():
            standing = self._standing(manifest)
            if standing is None:
                self._commit_release(built, manifest, report)
                standing = manifest.text()
            self._api.create_tag(
                self._repo, tag=manifest.name, revision=self._commit, repo_type="dataset", exist_ok=True
            )
        return standing

    def _commit_release(self, built: Path, manifest: Manifest, report: Report) -> None:
        paths = [file.path for file in manifest.files]
        adds = [CommitOperationAdd(path, built / path) for path in (*paths, CARD, MANIFEST)]
        for number, add in enumerate(adds[: len(paths)]):
            report(number, len(paths), f"sending {add.path_in_repo}")
            self._api.preupload_lfs_files(
                self._repo, [add], repo_type="dataset", revision=self._revision, free_memory=False
            )
        report(len(paths), len(paths), "sending manifest")
        gone = [path for path in self._files() if path.startswith(OF_A_RELEASE) and path not in paths]
        done = self._api.create_commit(
            self._repo,
            [*adds, *(CommitOperationDelete(path, is_folder=False) for path in gone)],
            commit_message=f"Release {manifest.name}",
            repo_type="dataset",
            revision=self._revision,
            parent_commit=self._commit,
        )
        self._commit = done.oid
        if not self._holds(manifest):
            raise StoreError(f"{self.location(manifest.name)} is not what was sent. Run `factory publish` again.")

    def _standing(self, manifest: Manifest) -> str | None:
        """The newest commit's manifest, when it says what was built and its card and files are all there."""
        try:
            text, card = self.read(MANIFEST), self.read(CARD)
        except NotText:
            return None
        return text if says(text, manifest) and is_card(card, manifest) and self._holds(manifest) else None

    def _holds(self, manifest: Manifest) -> bool:
        there = self._files()
        return all(
            file.path in there and there[file.path].size == file.size and _sha256(there[file.path]) == file.sha256
            for file in manifest.files
        )

    def _files(self) -> dict[str, RepoFile]:
        tree = self._api.list_repo_tree(self._repo, recursive=True, revision=self._commit, repo_type="dataset")
        return {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}

    @cached_property
    def _commit(self) -> str:
        """The commit that the branch pointed to when it was first asked: all is read from there and follows it."""
        return str(self._api.dataset_info(self._repo, revision=self._revision).sha)

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except (HfHubHTTPError, OSError, RuntimeError, ValueError) as error:
            told = self._of(error)
            safe, plain = type(told)(self._untold(str(told))), self._untold(str(error))
            raise safe from (error if plain == str(error) else None)

    def _of(self, error: Exception) -> StoreError:
        place = f"hf://datasets/{self._repo}@{self._revision} at {self._api.endpoint}"
        status = error.response.status_code if isinstance(error, HfHubHTTPError) and error.response else None
        if isinstance(error, RepositoryNotFoundError | RevisionNotFoundError):
            return NoBucket(
                f"there is no {place} for this token. Create it (`hf repos create`), or correct the address."
            )
        if status in {401, 403}:
            return Refused(
                f"{place} refused: {error}. Check that the token may write there, or read there to fetch "
                "(`hf auth whoami`)."
            )
        if status in CONFLICTS:
            return StoreError(
                f"another publisher moved {place} meanwhile. Run `factory publish` again: files are kept."
            )
        if status is None and isinstance(error, OSError):
            return Unreachable(f"no answer from {place}: {error}. Check the network, then {AGAIN}")
        return StoreError(f"{place} answered: {error}. Wait a little, then {AGAIN}")

    def _untold(self, text: str) -> str:
        return untold(text, [get_token() or ""])


def _sha256(file: RepoFile) -> str | None:
    return file.lfs.sha256 if file.lfs else None
