import json
from pathlib import Path

import pytest
from support.hub import Hub, has_no_request
from support.weights import retrained

from jcarsr import JCARSRError, WeightsError
from jcarsr.hub.pull import pull
from jcarsr.hub.push import push

REPO = "me/lite"


@pytest.fixture
def pushed(hub: Hub, lite: Path) -> Hub:
    push(lite, REPO)
    hub.requests.clear()
    return hub


def test_what_was_pushed_is_fetched_once(pushed: Hub, lite: Path) -> None:
    weights = pull(REPO)
    assert weights.read_bytes() == lite.read_bytes()
    graph = lite.with_suffix(".sr.onnx")
    assert weights.with_name(graph.name).read_bytes() == graph.read_bytes()
    assert not weights.with_name("README.md").exists()
    pushed.requests.clear()
    assert pull(REPO) == weights
    assert has_no_request(pushed, "GET */resolve/*")


def test_graphs_of_other_weights_are_not_fetched(pushed: Hub, lite: Path) -> None:
    replace(pushed, f"{lite.stem}.b.sr.onnx", b"x")
    names = {path.name for path in pull(REPO).parent.iterdir()}
    assert names == {"config.json", lite.name, f"{lite.stem}.sr.onnx"}


def test_without_graphs_none_is_fetched(pushed: Hub) -> None:
    weights = pull(REPO, graphs=False)
    assert has_no_request(pushed, "*onnx")
    assert sorted(path.name for path in weights.parent.iterdir()) == ["config.json", weights.name]


def test_a_revision_is_a_commit_or_a_tag(pushed: Hub, lite: Path) -> None:
    first = pushed.commits[REPO][-1][0]
    pushed.tags[REPO, "v1"] = first
    before = lite.read_bytes()
    lite.with_suffix(".sr.onnx").unlink()
    retrained(lite, lite)
    push(lite, REPO)
    assert pull(REPO).read_bytes() == lite.read_bytes()
    assert pull(REPO, first).read_bytes() == pull(REPO, "v1").read_bytes() == before
    with pytest.raises(JCARSRError, match=r"^me/lite: no such revision"):
        pull(REPO, "v2")


def replace(hub: Hub, name: str, content: bytes) -> None:
    hub.commit(REPO, hub.commits[REPO][-1][1] | {name: content})


def test_damaged_weights_are_refused(pushed: Hub, lite: Path) -> None:
    content = bytearray(lite.read_bytes())
    content[-100] ^= 1
    replace(pushed, lite.name, bytes(content))
    with pytest.raises(WeightsError, match=r"^me/lite: .*do not match the hash in its record"):
        pull(REPO)


def test_other_weights_than_it_says_are_refused(pushed: Hub, lite: Path) -> None:
    retrained(lite, lite)
    replace(pushed, lite.name, lite.read_bytes())
    with pytest.raises(WeightsError, match=r"has not the hash that its config\.json says"):
        pull(REPO)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"weights": "../../x.safetensors"}, "names no weight file"),
        ({"weights": "model.bin"}, "names no weight file"),
        ({"weights": 5}, "no repository of jcarsr"),
        ({"library_name": "transformers"}, "no repository of jcarsr"),
    ],
)
def test_of_repositories_of_others_the_config_alone_is_fetched(
    pushed: Hub, changed: dict[str, object], message: str
) -> None:
    said = json.loads(pushed.commits[REPO][-1][1]["config.json"])
    replace(pushed, "config.json", json.dumps(said | changed).encode())
    with pytest.raises(WeightsError, match=f"^me/lite: .*{message}"):
        pull(REPO)
    assert has_no_request(pushed, "GET *safetensors")


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b"[" * 10**5])
def test_a_config_that_cannot_be_read_is_an_error(pushed: Hub, content: bytes) -> None:
    replace(pushed, "config.json", content)
    with pytest.raises(WeightsError, match=r"^me/lite: "):
        pull(REPO)


def test_what_is_not_there_is_said_so(hub: Hub) -> None:
    with pytest.raises(JCARSRError, match=r"^me/none: no such repository"):
        pull("me/none")
    hub.commits["me/bare"] = []
    hub.commit("me/bare", {"README.md": b"x"})
    with pytest.raises(JCARSRError, match=r"^me/bare: no repository of jcarsr"):
        pull("me/bare")
    with pytest.raises(JCARSRError, match=r"^a/b/c: "):
        pull("a/b/c")


@pytest.mark.parametrize(
    "repo", ["", "alone", "a/b/c", "me/na me", "-me/x", "https://hub/me/x", "me/ä"]
)
def test_names_that_are_none_are_refused(repo: str) -> None:
    with pytest.raises(JCARSRError, match="a repository is named OWNER/NAME") as told:
        pull(repo)
    assert str(told.value).startswith(f"{repo}: ")
