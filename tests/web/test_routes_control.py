"""Fields of /v1/restore that say what a result shall be."""

import httpx
import numpy as np
import pytest
from support.api import Jpeg, open_image, post, problem, submitted, until


@pytest.mark.parametrize(
    ("field", "value", "size"),
    [
        ("width", "60", (60, 48)),
        ("long_side", "70", (70, 56)),
        ("short_side", "56", (70, 56)),
        ("scale", "1", (40, 32)),
    ],
)
def test_sizes(
    client: httpx.Client, jpeg: Jpeg, field: str, value: str, size: tuple[int, int]
) -> None:
    answer = post(client, "/v1/restore", jpeg(), **{field: value})
    assert open_image(answer.content).size == size


def test_two_sizes_are_refused(client: httpx.Client, jpeg: Jpeg) -> None:
    answer = post(client, "/v1/restore", jpeg(), scale="2", width="60")
    assert problem(answer) == (422, "one of scale, width, height, long_side and short_side")
    answer = post(client, "/v1/restore", jpeg(), long_side="60", short_side="60")
    assert problem(answer) == (422, "one of scale, width, height, long_side and short_side")
    assert problem(post(client, "/v1/restore", jpeg(), width="0"))[0] == 422
    status, detail = problem(post(client, "/v1/restore", jpeg(), width="500"))
    assert (status, detail) == (422, "500x400 is more than 4 times its 40x32")


def test_support_is_told(client: httpx.Client, jpeg: Jpeg) -> None:
    path = submitted(client, jpeg())
    result = until(client, path, "done")["result"]
    assert set(result["support"]) == {"outside", "steps", "counted", "saturated"}
    client.delete(path)
    path = submitted(client, jpeg(format="PNG", quality=None), ensemble="true", output="detail")
    assert until(client, path, "done")["result"]["support"] is None
    answer = client.get(f"{path}/result", params={"strength": 0.5})
    assert problem(answer) == (422, "strength: detail is no picture")
    client.delete(path)


def test_crispness_is_a_second_job_mixed_in(client: httpx.Client, jpeg: Jpeg) -> None:
    assert client.get("/v1/service").json()["crisp"]
    path = submitted(client, jpeg())
    until(client, path, "done")
    answer = client.get(f"{path}/result", params={"crisp": 0.5})
    assert problem(answer) == (422, "crisp: needs crisp_job, whose result is mixed in")
    answer = client.get(f"{path}/result", params={"crisp": 0.5, "crisp_job": "none"})
    assert problem(answer)[0] == 404
    crisp = submitted(client, jpeg(), crisp="1")
    assert until(client, crisp, "done")["result"]["crisp"] == 1
    mix = {"crisp": 1, "crisp_job": crisp.rpartition("/")[2]}
    results = [
        np.asarray(open_image(answer.content))
        for answer in (
            client.get(f"{path}/result"),
            client.get(f"{path}/result", params=mix),
            client.get(f"{crisp}/result"),
        )
    ]
    np.testing.assert_array_equal(results[1], results[2])
    assert (results[0] != results[1]).any()
    client.delete(crisp)
    client.delete(path)
