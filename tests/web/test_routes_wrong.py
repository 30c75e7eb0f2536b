import json
from typing import Any

import httpx
import pytest
from support.api import ASYNC, Jpeg, post, problem, until


class TestWrong:
    @pytest.mark.parametrize(
        ("fields", "detail"),
        [
            ({"scale": "3"}, "scale: Input should be 1, 2 or 4"),
            ({"scale": "2.5"}, "scale: Input should be 1, 2 or 4"),
            ({"scale": "9" * 5000}, "scale: "),
            (
                {"weights": "../../etc/passwd"},
                "weights: Input should be 'auto', 'small' or 'large'",
            ),
            ({"format": "gif"}, "format: Input should be 'png', 'jpg', 'webp', 'avif' or 'tiff'"),
            ({"format": "png\x00"}, "format: Input should be"),
            ({"sclae": "4"}, "sclae: no such field, scale is"),
            ({"strip-metadata": "true", "scale": "9"}, "strip-metadata: no such field, strip_meta"),
            ({"n" * 500: "4"}, f"{'n' * 80}: no such field"),
            ({"quality": "0"}, "quality: Input should be greater than or equal to 1"),
            ({"quality": "101"}, "quality: Input should be less than or equal to 100"),
            ({"quality": "1e9"}, "quality: Input should be a valid integer"),
            ({"strip_metadata": "perhaps"}, "strip_metadata: Input should be a valid boolean"),
            ({"output": "<script>"}, "output: Input should be 'picture', 'gradient' or 'detail'"),
        ],
    )
    def test_fields(
        self, client: httpx.Client, jpeg: Jpeg, fields: dict[str, str], detail: str
    ) -> None:
        status, said = problem(post(client, "/v1/restore", jpeg(), **fields))
        assert status == 422
        assert said.startswith(detail)
        assert len(said) < 300

    def test_field_of_another_form(self, client: httpx.Client, jpeg: Jpeg) -> None:
        answer = post(client, "/v1/inspect", jpeg(), quality="90")
        assert problem(answer) == (422, "quality: no such field")

    def test_a_network_that_is_not_there(self, client: httpx.Client, jpeg: Jpeg) -> None:
        for scale, output in ((2, "picture"), (4, "picture"), (2, "gradient")):
            fields = {"weights": "large", "scale": scale, "output": output}
            detail = f"the large network is not trained yet for scale {scale}"
            assert problem(post(client, "/v1/restore", jpeg(), **fields)) == (422, detail)

    def test_what_is_no_form(self, client: httpx.Client, jpeg: Jpeg) -> None:
        form = "multipart/form-data"
        for content, kind, status in (
            (jpeg(), "image/jpeg", 422),
            (b"{}", "application/json", 422),
            (b"file=a", "application/x-www-form-urlencoded", 422),
            (jpeg(), form, 400),
            (jpeg(), f"{form}; boundary=B", 400),
            (
                b"--B\r\nContent-Disposition: form-data\r\n\r\na\r\n--B--\r\n",
                f"{form}; boundary=B",
                400,
            ),
            (b"", f"{form}; boundary=B", 422),
        ):
            answer = client.post("/v1/restore", content=content, headers={"Content-Type": kind})
            assert problem(answer)[0] == status, (kind, answer.text)

    def test_a_text_in_the_place_of_a_file(self, client: httpx.Client) -> None:
        assert problem(client.post("/v1/restore", files={"file": (None, "text")}))[0] == 422

    @pytest.mark.parametrize(
        "name",
        [
            "../../../x.png",
            "/etc/passwd",
            "<script>alert(1)</script>.jpg",
            'a".jpg',
            "a\r\nX-Evil: 1.jpg",
            "a\x00.jpg",
            "..",
            "C:\\nul",
            "ü" * 1000,
            "a.gif",
        ],
    )
    def test_names_of_files_do_not_matter(
        self, client: httpx.Client, server: Any, jpeg: Jpeg, name: str
    ) -> None:
        """They are in no answer, and in no name of ours."""
        answer = client.post("/v1/restore", files={"file": (name, jpeg())}, headers=ASYNC)
        assert answer.status_code == 202
        assert name not in answer.text + str(answer.headers)
        path = answer.headers["location"]
        said = until(client, path, "done")
        assert name not in json.dumps(said)
        assert {file.name for file in server.files} <= {"upload", "result.png"}
        assert client.delete(path).status_code == 204

    def test_methods(self, client: httpx.Client) -> None:
        for method, path, allowed in (
            ("GET", "/v1/restore", "POST"),
            ("POST", "/v1/service", "GET"),
            ("PATCH", "/v1/jobs/x", "GET"),
            ("DELETE", "/healthz", "GET"),
        ):
            answer = client.request(method, path)
            assert problem(answer) == (405, "Method Not Allowed")
            assert allowed in answer.headers["allow"]
