"""The manifest of a model file: format, versions and card."""

import json
import zipfile
from typing import Any

from skcluster.persistence._errors import ModelFileError
from skcluster.persistence._limits import MANIFEST

FORMAT = 2


def read_manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    """Return ``format``, ``versions`` and ``card`` of a model file.

    Raises
    ------
    ModelFileError
        If they are missing, or have another format.
    """
    try:
        manifest = json.loads(archive.read(MANIFEST))
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"its {MANIFEST} cannot be read.") from error
    number = manifest.get("format") if isinstance(manifest, dict) else None
    if type(number) is not int:
        raise ModelFileError(f"its {MANIFEST} names no format.")
    if number != FORMAT:
        what = "Update skcluster" if number > FORMAT else "Save the model again"
        raise ModelFileError(
            f"it has format {number}, but this version of skcluster reads {FORMAT}. {what}."
        )
    versions, card = manifest.get("versions"), manifest.get("card")
    if not (
        isinstance(card, dict)
        and isinstance(versions, dict)
        and all(isinstance(text, str) for text in versions.values())
        and "skcluster" in versions
    ):
        raise ModelFileError(f"its {MANIFEST} lacks the card, or versions.")
    return {"format": number, "versions": versions, "card": card}
