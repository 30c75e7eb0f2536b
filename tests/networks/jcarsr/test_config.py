import pytest

from jcarsr import JCARSRConfig


@pytest.mark.parametrize(
    ("field", "value"),
    [("scale", 3), ("channels", 0), ("channels", 12), ("num_groups", 0), ("sr_blocks", -1)],
)
def test_nonsense_cannot_be_built_and_is_quoted(field: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{field} .*{value}"):
        JCARSRConfig(**{"scale": 2, field: value})  # pyright: ignore


def test_unknown_field_is_refused() -> None:
    with pytest.raises(TypeError):
        JCARSRConfig(scale=2, width=64)  # pyright: ignore


def test_memory_grows_with_the_channels() -> None:
    small, large = (JCARSRConfig(scale=4, channels=c).facts for c in (32, 64))
    for output in ("sr", "lr", "gradient"):
        assert large.bytes_per_pixel(output) == 2 * small.bytes_per_pixel(output)
