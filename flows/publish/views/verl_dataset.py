"""A verl dataset of released tokens. `factory export --view verl` copies this file next to the data.

verl's own MultiTurnSFTDataset renders each message by itself, and so loses the reasoning if a template drops it
from earlier turns. This dataset renders nothing: verl gets the token ids and the loss mask of the release. Set
`data.custom_cls.path` to this file and `data.custom_cls.name` to ReleasedTokens. It needs torch and pyarrow only.
"""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch  # type: ignore[import-not-found]


class ReleasedTokens(torch.utils.data.Dataset):  # type: ignore[misc]
    """Rows of `input_ids`, `position_ids` and `loss_mask`, int64 tensors of one length without padding."""

    def __init__(
        self, parquet_files: Any, tokenizer: Any, config: Any, processor: Any = None, max_samples: int = -1
    ) -> None:
        """Read the files; raises ValueError if `tokenizer` lacks a released id, or verl is configured to pad."""
        if config.get("pad_mode", "no_padding") != "no_padding":
            raise ValueError("released tokens are not padded: set data.pad_mode=no_padding")
        files = [parquet_files] if isinstance(parquet_files, str) else list(parquet_files)
        rows = pa.concat_tables([pq.read_table(file, columns=["input_ids", "loss_mask"]) for file in files])
        self._rows = rows.slice(0, max_samples) if max_samples > 0 else rows
        self._max_length = config.get("max_length", 1024)
        self._truncate = config.get("truncation", "error") != "error"
        highest = pc.max(pc.list_flatten(self._rows["input_ids"])).as_py()
        if highest is not None and highest >= len(tokenizer):
            raise ValueError(
                f"the tokenizer has {len(tokenizer)} ids, the release holds id {highest}: "
                "publish with `factory publish --student` and this tokenizer"
            )

    def __len__(self) -> int:
        return int(self._rows.num_rows)

    def __getitem__(self, place: int) -> dict[str, Any]:
        """One row; raises ValueError if it is longer than `data.max_length` and `data.truncation` is "error"."""
        ids = torch.tensor(self._rows["input_ids"][place].values.to_numpy(), dtype=torch.long)
        mask = torch.tensor(self._rows["loss_mask"][place].values.to_numpy(zero_copy_only=False), dtype=torch.long)
        if len(ids) > self._max_length and not self._truncate:
            raise ValueError(f"row {place} has {len(ids)} tokens, data.max_length is {self._max_length}")
        row = {"input_ids": ids, "position_ids": torch.arange(len(ids)), "loss_mask": mask}
        return {name: values[: self._max_length] for name, values in row.items()}
