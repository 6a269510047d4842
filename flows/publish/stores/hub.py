"""Releases in a dataset repository of the Hugging Face Hub: one commit each, so readers see all of it or nothing.

Files are uploaded ahead of the commit (the Hub skips a file whose SHA-256 it has) and are visible once the commit
names them, with the manifest and the card. The commit names its parent, so two publishers cannot mix. The branch
points to the newest release; earlier ones are in its history, each under a tag of its name. Credentials come from
huggingface_hub's own lookup and never appear in messages.
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

from flows.publish.errors import (
    AccessRefused,
    FileMissing,
    NoCredentials,
    NotUtf8,
    StoreError,
    StoreMissing,
    Unreachable,
)
from flows.publish.stores.protocol import CARD, CHUNK_BYTES, MANIFEST, RETRY_HINT, decode_text, is_card, is_manifest
from schemas import Manifest
from warehouse.console.progress import ProgressCallback
from warehouse.objects.credentials import without_credentials

ADDRESS = re.compile(r"hf://datasets/(?P<repo>[\w.-]+/[\w.-]+?)/?(@(?P<revision>[\w./-]+))?")
RELEASE_FOLDERS = ("data/", "packs/")
CONFLICTS = {409, 412}


class HubStore:
    """Releases in the dataset repository `hf://datasets/<owner>/<name>[@branch]`."""

    def __init__(self, address: str, endpoint_url: str | None) -> None:
        parts = ADDRESS.fullmatch(address)
        if not parts:
            raise StoreError(
                f"{address} is not the address of a Hub dataset: write hf://datasets/<owner>/<name>, or …@<branch>."
            )
        self._repo, self._revision = parts["repo"], parts["revision"] or "main"
        self._api = HfApi(endpoint=endpoint_url)

    def check(self) -> None:
        """Check that a token is set and the repository exists; raises StoreError."""
        if not get_token():
            raise NoCredentials("no token for the Hub: run `hf auth login` or set HF_TOKEN, then publish again.")
        with self._translated():
            self._api.dataset_info(self._repo)

    def build_folder(self, state: Path) -> Path:
        return state / "publish" / "building"

    def location(self, name: str) -> str:
        return f"hf://datasets/{self._repo}@{name}"

    def read(self, *names: str) -> str | None:
        """The text of a file of the newest release, None if it is absent. Raises StoreError."""
        try:
            body = b"".join(self.chunks(0, *names))
        except FileMissing:
            return None
        return decode_text(body, f"hf://datasets/{self._repo}/{'/'.join(names)}")

    def file_names(self, *names: str) -> list[str]:
        """The names of the files directly in a folder of the newest release. Raises StoreError."""
        folder = Path(*names).as_posix()
        with self._translated():
            return [Path(path).name for path in self._files() if Path(path).parent.as_posix() == folder]

    def chunks(self, start: int, *names: str) -> Iterator[bytes]:
        """A file's bytes from offset `start`, as of the commit that was newest at first use. Raises StoreError."""
        path = "/".join(name for name in names if name)
        headers = build_hf_headers() | ({"Range": f"bytes={start}-"} if start else {})
        with self._translated():
            url = hf_hub_url(self._repo, path, repo_type="dataset", revision=self._commit, endpoint=self._api.endpoint)
            with http_stream_backoff("GET", url, headers=headers) as response:
                try:
                    hf_raise_for_status(response)
                except EntryNotFoundError as error:
                    raise FileMissing(f"hf://datasets/{self._repo}/{path} does not exist") from error
                yield from response.iter_bytes(CHUNK_BYTES)

    def put(self, built: Path, manifest: Manifest, report: ProgressCallback) -> str:
        with self._translated():
            stored = self._stored(manifest)
            if stored is None:
                self._commit_release(built, manifest, report)
                stored = manifest.text()
            self._api.create_tag(
                self._repo, tag=manifest.name, revision=self._commit, repo_type="dataset", exist_ok=True
            )
        return stored

    def attach(self, name: str, file_name: str, text: str) -> None:
        """Store a text at the newest commit, which is of the release `name`. Raises StoreError."""
        with self._translated():
            self._commit = self._api.upload_file(
                path_or_fileobj=text.encode(),
                path_in_repo=file_name,
                repo_id=self._repo,
                repo_type="dataset",
                revision=self._revision,
                commit_message=f"Page of {name}",
                parent_commit=self._commit,
            ).oid

    def _commit_release(self, built: Path, manifest: Manifest, report: ProgressCallback) -> None:
        paths = [file.path for file in manifest.files]
        adds = [CommitOperationAdd(path, built / path) for path in (*paths, CARD, MANIFEST)]
        for number, add in enumerate(adds[: len(paths)]):
            report(number, len(paths), f"sending {add.path_in_repo}")
            self._api.preupload_lfs_files(
                self._repo, [add], repo_type="dataset", revision=self._revision, free_memory=False
            )
        report(len(paths), len(paths), "sending manifest")
        removed = [path for path in self._files() if path.startswith(RELEASE_FOLDERS) and path not in paths]
        commit = self._api.create_commit(
            self._repo,
            [*adds, *(CommitOperationDelete(path, is_folder=False) for path in removed)],
            commit_message=f"Release {manifest.name}",
            repo_type="dataset",
            revision=self._revision,
            parent_commit=self._commit,
        )
        self._commit = commit.oid
        if not self._holds(manifest):
            raise StoreError(
                f"{self.location(manifest.name)} holds other files than were sent. Run `factory publish` again."
            )

    def _stored(self, manifest: Manifest) -> str | None:
        """The newest commit's manifest text, if the commit holds this release whole: manifest, card and files."""
        try:
            text, card = self.read(MANIFEST), self.read(CARD)
        except NotUtf8:
            return None
        return text if is_manifest(text, manifest) and is_card(card, manifest) and self._holds(manifest) else None

    def _holds(self, manifest: Manifest) -> bool:
        stored = self._files()
        return all(
            file.path in stored and stored[file.path].size == file.size and _sha256(stored[file.path]) == file.sha256
            for file in manifest.files
        )

    def _files(self) -> dict[str, RepoFile]:
        tree = self._api.list_repo_tree(self._repo, recursive=True, revision=self._commit, repo_type="dataset")
        return {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}

    @cached_property
    def _commit(self) -> str:
        """The branch's newest commit at first use: reads are from it, and a new commit has it as its parent."""
        return str(self._api.dataset_info(self._repo, revision=self._revision).sha)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise a StoreError for each error of the Hub's client inside."""
        try:
            yield
        except (HfHubHTTPError, OSError, RuntimeError, ValueError) as error:
            translated, plain = self._translation(error), _without_token(str(error))
            safe = type(translated)(_without_token(str(translated)))
            raise safe from (error if plain == str(error) else None)

    def _translation(self, error: Exception) -> StoreError:
        place = f"hf://datasets/{self._repo}@{self._revision} at {self._api.endpoint}"
        status = error.response.status_code if isinstance(error, HfHubHTTPError) and error.response else None
        if isinstance(error, RepositoryNotFoundError | RevisionNotFoundError):
            return StoreMissing(
                f"there is no {place} for this token. Create it (`hf repos create`), or correct the address."
            )
        if status in {401, 403}:
            return AccessRefused(
                f"{place} refused: {error}. Check that the token may write there, or read there to fetch "
                "(`hf auth whoami`)."
            )
        if status in CONFLICTS:
            return StoreError(
                f"another publisher moved {place} meanwhile. Run `factory publish` again: uploaded files are kept."
            )
        if status is None and isinstance(error, OSError):
            return Unreachable(f"no answer from {place}: {error}. Check the network, then {RETRY_HINT}")
        return StoreError(f"{place} answered: {error}. Wait a little, then {RETRY_HINT}")


def _without_token(text: str) -> str:
    return without_credentials(text, [get_token() or ""])


def _sha256(file: RepoFile) -> str | None:
    return file.lfs.sha256 if file.lfs else None
