import pytest

from jcarsr import PRESETS, JCARSRConfig


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


def test_presets_name_their_scale() -> None:
    assert sorted(PRESETS) == ["jcarsr-lite-x2", "jcarsr-lite-x4", "jcarsr-x2", "jcarsr-x4"]
    assert all(name.endswith(f"-x{config.scale}") for name, config in PRESETS.items())
