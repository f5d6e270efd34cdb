"""How long rows of Arrow would be as text, at least: told before any of them becomes Python's own.

A long value that stands once in a dictionary counts in every row that has it.
"""

from typing import Any

import numpy as np
import pyarrow
from pyarrow import compute, types

Sizes = np.ndarray[tuple[int], np.dtype[np.int64]]


def sizes_of(batch: Any) -> Sizes:
    """The size of each row of this batch."""
    total = np.zeros(batch.num_rows, dtype=np.int64)
    for column in batch.columns:
        total += _sizes(column)
    return total


def _sizes(array: Any) -> Sizes:
    """The size of each value; nothing is a character as well."""
    if isinstance(array, pyarrow.ExtensionArray):
        return _sizes(array.storage)
    kind = array.type
    if types.is_dictionary(kind):
        words = np.append(_sizes(array.dictionary), np.int64(1))
        chosen: Sizes = words[array.indices.fill_null(len(array.dictionary)).to_numpy(zero_copy_only=False)]
        return chosen
    if types.is_struct(kind):
        together: Sizes = np.sum([np.ones(len(array), dtype=np.int64), *map(_sizes, array.flatten())], axis=0)
        return together
    if types.is_list(kind) or types.is_large_list(kind) or types.is_map(kind):
        upto = np.append(np.int64(0), np.cumsum(_sizes(array.values)))
        offsets = array.offsets.to_numpy()
        inside: Sizes = upto[offsets[1:]] - upto[offsets[:-1]] + 1
        return inside
    if types.is_fixed_size_list(kind):
        first, width = array.offset, kind.list_size
        inner = _sizes(array.values.slice(first * width, len(array) * width))
        summed: Sizes = inner.reshape(len(array), width).sum(axis=1) + 1
        return summed
    if _is_text(kind):
        lengths: Sizes = compute.binary_length(array).fill_null(1).to_numpy(zero_copy_only=False).astype(np.int64)
        return lengths
    return np.ones(len(array), dtype=np.int64)


TEXTS = (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)


def _is_text(kind: Any) -> bool:
    return any(is_one(kind) for is_one in TEXTS)
