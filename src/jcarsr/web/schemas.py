"""What the API answers, as the OpenAPI document describes it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field
from typing_extensions import TypeAliasType

from jcarsr import protocols
from jcarsr.image import formats
from jcarsr.image.formats import format_of, media_type_of
from jcarsr.restoring.outputs import MapKind
from jcarsr.web.job import Job, State
from jcarsr.web.jobs import Jobs
from jcarsr.web.problems import ProblemView, view


def _as_number(value: object) -> object:
    """A form's digits as a number."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


# Types of fields that the document names. Their values are the library's.

Scale = TypeAliasType(
    "Scale",
    Annotated[
        protocols.Scale,
        BeforeValidator(_as_number),
        Field(
            title="Scale",
            description="Output size over input size; 1 = artifacts are removed and "
            "the size stays.",
        ),
    ],
)

Format = TypeAliasType(
    "Format",
    Annotated[formats.Format, Field(title="Format", description="What a result can be saved as.")],
)

Wanted = TypeAliasType(
    "Wanted",
    Annotated[
        MapKind,
        Field(
            title="Wanted",
            description="picture: the restored one; gradient: the map of edges by which the "
            "network is guided; detail: the map of what departs from the JPEG's intervals (blue) "
            "and from the faithful picture (red).",
        ),
    ],
)


class SizeView(BaseModel):
    """A network that can be chosen."""

    name: Literal["small", "large"]
    available: bool = Field(description="False: it is not trained yet.")


class LimitsView(BaseModel):
    """What is refused, and how long results are kept."""

    upload_bytes: int = Field(description="Of a request's body.")
    pixels: int = Field(description="Of an input, all frames together.")
    seconds: float = Field(description="For restoring one picture.")
    keep_seconds: float = Field(description="After that a result is deleted.")
    queue: int = Field(description="Pictures that wait at most.")


class ServiceView(BaseModel):
    """What this server can do."""

    version: str
    scales: list[int]
    weights: list[SizeView]
    crisp: bool = Field(description="The field crisp may be more than 0: there are such weights.")
    formats: list[Format]
    limits: LimitsView


class ProfileView(BaseModel):
    """A colour profile."""

    description: str
    colour_space: str | None


class QualityView(BaseModel):
    """A JPEG's quality, from 1 to 100, as its quantisation tables tell it."""

    value: int
    exact: bool = Field(description="They are libjpeg's tables for this quality precisely.")
    misfit: float = Field(description="How far they are from those: 0 = not at all.")


class JpegView(BaseModel):
    """What only a JPEG has."""

    subsampling: str
    progressive: bool
    quality: QualityView | None


class EarlierSaveView(BaseModel):
    """A save before the last one, as the pixels tell of it."""

    shift: tuple[int, int] = Field(description="The picture's (rows, columns) on its 8x8 grid.")
    qf: int | None = Field(description="Its JPEG quality, estimated.")
    evidence: float = Field(description="In standard deviations.")


class ChoiceView(BaseModel):
    """The weights that would be used."""

    name: str
    scale: int
    bundled: bool = Field(description="Chosen for the scale, not by name.")
    trained_from: int | None = Field(description="Lowest JPEG quality seen in training.")
    trained_to: int | None = Field(description="Highest JPEG quality seen in training.")
    quality_outside_training: bool | None
    reason: str = Field(description="Why these weights: what the pixels tell.")
    earlier_save: EarlierSaveView | None


class InspectView(BaseModel):
    """What a picture is, and what would be done with it."""

    format: str
    width: int
    height: int
    upright: tuple[int, int]
    mode: str
    bits: int
    transparency: bool
    frames: int | None
    orientation: int
    profile: ProfileView | None
    exif: bool
    xmp: bool
    iptc: bool
    texts: list[str] = Field(description="Keywords of a PNG's texts.")
    dpi: tuple[float, float] | None
    jpeg: JpegView | None
    notes: list[str]
    weights: ChoiceView
    memory: int = Field(description="Bytes that restoring takes, without the weights, about.")


class SupportView(BaseModel):
    """How much of a result the JPEG that it was made from supports."""

    outside: float = Field(
        description="Share of the JPEG's coefficients whose interval (half a step on both sides) "
        "the result leaves when it is shrunk and transformed again, 0 to 1."
    )
    steps: float = Field(description="Mean distance of those, in quantisation steps; 0 if none.")
    counted: int = Field(description="Coefficients that were compared.")
    saturated: float = Field(
        description="Share of the blocks that were not, because of saturated pixels, 0 to 1."
    )


class ResultView(BaseModel):
    """A restored picture."""

    format: Format
    media_type: str
    width: int
    height: int
    bytes: int
    frames: int | None = Field(None, description="Of an animation, which is not mixed afterwards.")
    scale: int
    weights: str
    notes: list[str] = Field(description="What could not be kept, a few words each.")
    strength: float = Field(1.0, description="Of the restored in the mix with the enlarged input.")
    crisp: float = Field(0.0, description="Share of the crisp picture.")
    support: SupportView | None = Field(None, description="None = not made from a JPEG.")


class JobView(BaseModel):
    """A picture that is being restored, or was."""

    id: str
    state: State
    position: int | None = Field(description="Jobs before it in the queue.")
    progress: float = Field(description="From 0 to 1, in tiles.")
    eta_seconds: float | None = Field(description="Until it is done, if that is known.")
    seconds: float = Field(description="How long it has been worked at.")
    result: ResultView | None
    problem: ProblemView | None
    expires_seconds: float | None = Field(description="Until it is deleted.")


class HealthView(BaseModel):
    """The server is there."""

    status: Literal["ok"]
    queued: int
    running: int


def job_view(job: Job, jobs: Jobs) -> JobView:
    """A job as clients see it."""
    problem = job.problem and view(job.problem.status_code, job.problem.detail, job.problem.salvage)
    return JobView(
        id=job.id,
        state=job.state,
        position=jobs.position(job),
        progress=job.progress,
        eta_seconds=jobs.eta(job),
        seconds=job.seconds,
        result=_result_view(job),
        problem=problem,
        expires_seconds=jobs.expires(job),
    )


def _result_view(job: Job) -> ResultView | None:
    if job.answer is None:
        return None
    path = Path(job.task.result)
    answer: dict[str, Any] = job.answer
    format = format_of(path)
    assert format is not None  # it is one that was asked for
    return ResultView(format=format, media_type=media_type_of(path), **answer)
