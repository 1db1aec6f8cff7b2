"""Files of tensors: released networks (safetensors) and the state of unfinished training runs.

Every file is written beside its place and renamed, so that an interrupted write leaves the old file whole, and none
is read in a way that could execute code.

Public names: ``NetworkError``, ``CheckpointError``, ``write_tensors``, ``read_tensors``, ``compute_digest``,
``write_state``, ``read_state``.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .files import replacing, save_bytes

# One key only: the library keeps several in no fixed order, which would cost the identical bytes.
_KEY = "mer_utils"


class NetworkError(ValueError):
    """A file of a network is missing, damaged, or something else."""


class CheckpointError(ValueError):
    """The state of a training run is damaged or belongs to another run."""


def write_tensors(path: Path, tensors: dict[str, Tensor], *, header: dict[str, Any]) -> None:
    """Write tensors and a header of JSON values to a safetensors file, with a digest of both.

    Parameters
    ----------
    path
        The file; its folder is made if need be.
    tensors
        By name, of any shape.
    header
        JSON values. The same tensors and header give the same bytes.
    """
    from safetensors.torch import save

    # Cloning drops strides such as channels-last, which safetensors cannot keep.
    plain = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    text = json.dumps(header, sort_keys=True, allow_nan=True)
    content = json.dumps({"header": text, "digest": compute_digest(plain, text)}, sort_keys=True)
    save_bytes(path, save(plain, metadata={_KEY: content}))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `write_tensors` wrote.

    Raises
    ------
    NetworkError
        If the file cannot be read, is damaged in a single bit, or was not written by this package.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        data = path.read_bytes()
        tensors = load(data)
        size = int.from_bytes(data[:8], "little")
        content = json.loads(json.loads(data[8 : 8 + size])["__metadata__"][_KEY])
        header, digest = json.loads(content["header"]), content["digest"]
        whole = digest == compute_digest(tensors, content["header"])
    except OSError as error:
        raise NetworkError(f"cannot read {path}: {error.strerror or error}") from error
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise NetworkError(f"{path} is damaged or no network of this package: fetch or train it again") from error
    if not whole or not isinstance(header, dict):
        raise NetworkError(f"{path} is damaged, its digest does not fit: fetch or train it again")
    return tensors, header


def compute_digest(tensors: dict[str, Tensor], text: str) -> str:
    """Compute a digest, hexadecimal, of contiguous tensors on the CPU, by name, and a text."""
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Write the state of a training run: nested dicts and lists of tensors, numbers and strings."""
    with replacing(path) as part:
        torch.save(state, part)


def read_state(path: Path) -> dict[str, Any]:
    """Read what `write_state` wrote, refusing anything but tensors and plain values.

    Raises
    ------
    CheckpointError
        If the file is damaged or something else.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    # A damaged archive surfaces as whatever its zip and pickle readers happen to trip over.
    except Exception as error:
        raise CheckpointError(f"{path} is not a readable checkpoint: delete it to train from the start") from error
    if not isinstance(state, dict):
        raise CheckpointError(f"{path} is not a checkpoint of a training run: delete it or name another")
    return state
