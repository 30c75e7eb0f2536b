import json
import shutil
from pathlib import Path

import pytest
import yaml
from huggingface_hub import ModelCard
from support.hub import Hub

from jcarsr import JCARSRError, WeightsError
from jcarsr.hub.push import push
from jcarsr.weights import PRETRAINED, read_record

REPO = "me/lite"


def test_weights_graphs_card_and_config_are_one_commit(hub: Hub, lite: Path) -> None:
    pushed = push(lite, REPO)
    assert [len(hub.commits), len(hub.commits[REPO])] == [1, 2]  # the first made the repository
    sha, files = hub.commits[REPO][-1]
    assert pushed.url == f"{hub.url}/{REPO}/commit/{sha}"
    assert pushed.graphs
    names = {"README.md", "config.json", "jcarsr-lite-x2.safetensors", "jcarsr-lite-x2.sr.onnx"}
    assert set(pushed.files) == names == set(files) - {".gitattributes"}
    for file in lite.parent.iterdir():
        assert files[file.name] == file.read_bytes()
    record = read_record(lite)
    said = json.loads(files["config.json"])
    assert said["weights"] == lite.name
    assert said["sha256"] == record.sha256
    assert (said["library_name"], said["scale"]) == ("jcarsr", 2)
    assert any(agent.startswith("jcarsr/") for agent in hub.agents)


def test_the_card_is_what_the_hub_reads(hub: Hub, lite: Path) -> None:
    scores = {"Set5 x2 QF 10": (28.4294, 0.80657), "Set14 x2 jpeg20>jpeg90": (27.5, 0.75)}
    push(lite, REPO, scores=scores)
    text = hub.commits[REPO][-1][1]["README.md"].decode()
    said = yaml.safe_load(text.split("---\n")[1])
    assert said["license"] == "apache-2.0"
    assert said["library_name"] == "jcarsr"
    assert said["pipeline_tag"] == "image-to-image"
    assert {"super-resolution", "jpeg"} <= set(said["tags"])
    (model,) = said["model-index"]
    assert model["name"] == "jcarsr-lite-x2"
    found = {
        one["dataset"]["name"]: tuple(metric["value"] for metric in one["metrics"])
        for one in model["results"]
    }
    assert found == scores
    assert ModelCard(text).data.model_name == "jcarsr-lite-x2"
    assert 'Restorer.from_pretrained("me/lite")' in text
    assert "| Set5 x2 QF 10 | 28.43 | 0.8066 |" in text
    assert "- CID22: 245 pictures, CC BY-SA 4.0" in text


def test_a_second_push_removes_graphs_that_are_gone_and_nothing_of_others(
    hub: Hub, lite: Path
) -> None:
    push(lite, REPO)
    others = {"mine.txt": b"x", "one.onnx": b"x", f"{lite.stem}.b.sr.onnx": b"x"}
    hub.commit(REPO, hub.commits[REPO][-1][1] | others)
    lite.with_suffix(".sr.onnx").unlink()
    pushed = push(lite, REPO, licence="mit")
    assert not pushed.graphs
    _, files = hub.commits[REPO][-1]
    names = {"README.md", "config.json", lite.name, *others, ".gitattributes"}
    assert set(files) == names
    assert b"license: mit\n" in files["README.md"]
    assert b"- onnx\n" not in files["README.md"]


@pytest.mark.parametrize("private", [True, False])
def test_a_new_repository_may_be_private(hub: Hub, lite: Path, private: bool) -> None:
    push(lite, REPO, private=private)
    assert hub.private == {REPO: private}


def test_another_files_graph_is_refused_before_anything_is_sent(hub: Hub, lite: Path) -> None:
    shutil.copy(PRETRAINED / "jcarsr-web-lite-x2.sr.onnx", lite.with_suffix(".sr.onnx"))
    with pytest.raises(WeightsError, match=r"jcarsr-lite-x2\.sr\.onnx: cannot be loaded"):
        push(lite, REPO)
    assert hub.commits == {}


@pytest.mark.parametrize("name", ["w[1].safetensors", "my w.safetensors", ".w.safetensors", "w"])
def test_a_name_that_cannot_be_pulled_is_refused_before_anything_is_sent(
    hub: Hub, lite: Path, name: str
) -> None:
    path = lite.rename(lite.with_name(name))
    with pytest.raises(WeightsError, match="is no name of a weight file") as caught:
        push(path, REPO)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert (hub.commits, hub.requests) == ({}, [])


def test_without_a_login_it_says_what_to_do(
    hub: Hub, lite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(JCARSRError, match=r"^me/lite: .*\(401\): log in with `hf auth login`"):
        push(lite, REPO)
