"""The forms that the API takes; a field that they do not have is refused."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, TypeAlias

from fastapi import Form, UploadFile
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from jcarsr.image import DEFAULT_QUALITY
from jcarsr.web.network_size import NetworkSize
from jcarsr.web.problems import UNKNOWN_FIELD
from jcarsr.web.schemas import Format, Scale, Wanted

_STRENGTH = "How much is restored: 0 is bicubic enlargement alone, 1 all; between, a mix."
_LONGEST_NAME = 80  # letters of an unknown field that are said again
_LONGEST = 1_000_000  # pixels of a side that may be asked for
_Side: TypeAlias = Annotated[
    int | None,
    Field(ge=1, le=_LONGEST, description="Exactly so many pixels, instead of scale."),
]


class _PictureForm(BaseModel):
    """What all forms have."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, fields: dict[str, object]) -> dict[str, object]:
        """Name the first field that there is not, and the one that its name comes near to."""
        for name in fields:
            if name not in cls.model_fields:
                near = get_close_matches(name.lower().replace("-", "_"), cls.model_fields, 1)
                hint = f", {near[0]} is" if near else ""
                shown = " ".join(name.split())[:_LONGEST_NAME]
                raise PydanticCustomError(
                    UNKNOWN_FIELD, "{said}", {"said": f"{shown}: no such field{hint}"}
                )
        return fields

    file: UploadFile = Field(description="A picture of any kind the command takes.")
    weights: NetworkSize = Field(NetworkSize.auto, description="The network's size.")


class InspectForm(_PictureForm):
    """A picture to look at."""

    scale: Scale = Field(2, description="1 only removes artifacts.")


class RestoreForm(_PictureForm):
    """A picture to restore, and how."""

    scale: Scale | None = Field(None, description="1 only removes artifacts. Without any size: 2.")
    width: _Side = None
    height: _Side = None
    long_side: _Side = None
    short_side: _Side = None
    format: Format = Field("png", description="Of the result.")
    quality: int = Field(DEFAULT_QUALITY, ge=1, le=100, description="Of jpg, webp and avif.")
    strip_metadata: bool = Field(
        False, description="Keep no EXIF, XMP or resolution; the colour profile stays."
    )
    salvage: bool = Field(False, description="Restore what there is of a truncated picture.")
    strength: float = Field(1.0, ge=0, le=1, description=_STRENGTH)
    crisp: float = Field(0.0, ge=0, le=1, description="0 is the faithful picture, 1 the crisp one.")
    ensemble: bool = Field(
        False, description="Mean of eight runs: a little better, eight times slower."
    )
    mark: bool = Field(False, description="The metadata say that the picture was enhanced.")
    output: Wanted = Field("picture", description="The picture, its edges, or where it departs.")


_MULTIPART = Form(media_type="multipart/form-data")

Inspected = Annotated[InspectForm, _MULTIPART]
Restored = Annotated[RestoreForm, _MULTIPART]
