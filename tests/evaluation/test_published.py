import pytest

from jcarsr.evaluation.published import paper_jcarsr, published_numbers


def test_all_345_numbers_are_there() -> None:
    assert len(published_numbers()) == 345


@pytest.mark.parametrize(
    ("dataset", "scale", "qf", "psnr", "ssim"),
    [("Set5", 2, 10, 29.13, 0.8269), ("Set5", 4, 80, 29.94, 0.8424)],
)
def test_known_numbers(dataset: str, scale: int, qf: int, psnr: float, ssim: float) -> None:
    number = paper_jcarsr(dataset, scale, qf)
    assert number is not None
    assert (number.psnr, number.ssim) == (psnr, ssim)


def test_unknown_is_none() -> None:
    assert paper_jcarsr("Mine", 2, 10) is None
