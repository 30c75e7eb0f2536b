"""Stage the documents for the site, with the reference that is made from the code.

    python tools/site_pages.py --out build/site-docs

Copies docs/, adds what is generated (commands from typer, HTTP from OpenAPI, Python as pages for
mkdocstrings, the gallery) and what lies elsewhere in the repository (changelog, model card), and
turns links that leave docs/ into links to the staged page, or into plain text where the site has
none.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from gallery import write_gallery

from jcarsr import __all__ as public_names
from jcarsr.web.app import create_app
from jcarsr.web.service import ServerSettings, Service

ROOT = Path(__file__).parents[1]
ELSEWHERE = {
    "CHANGELOG.md": "reference/changelog.md",
    "src/jcarsr/pretrained/README.md": "reference/model-card.md",
}
"""File of the repository -> page of the site."""

DEMO = ROOT / "build/browser"
"""The page that restores in the browser, as tools/browser_page.py leaves it."""

_DEMO_PLACE = "<!-- the page itself, where it was built -->"

_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")


def main() -> int:
    """Stage the documents into the folder of the command line; gives the exit code."""
    parser = argparse.ArgumentParser(description="Stage the documents for the site.")
    parser.add_argument("--out", type=Path, required=True)
    out: Path = parser.parse_args().out
    stage(out)
    write_gallery(out)
    add_demo(out, DEMO)
    return 0


def stage(out: Path) -> None:
    """Write every page of the site, as Markdown, into `out`, which is emptied."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(ROOT / "docs", out)
    (out / "reference").mkdir(exist_ok=True)
    for source, page in ELSEWHERE.items():
        (out / page).write_text((ROOT / source).read_text("utf-8"), "utf-8")
    (out / "reference/commands.md").write_text(commands(), "utf-8")
    (out / "reference/python.md").write_text(python(), "utf-8")
    (out / "reference/http.md").write_text(
        http(create_app(Service(ServerSettings())).openapi()), "utf-8"
    )
    homes = {out / page: ROOT / source for source, page in ELSEWHERE.items()}
    for page in out.rglob("*.md"):
        home = homes.get(page, ROOT / "docs" / page.relative_to(out))
        page.write_text(relink(page.read_text("utf-8"), page, home, out), "utf-8")


def add_demo(out: Path, demo: Path) -> None:
    """Copy the page that restores in the browser, and link it where pages ask, if it was built.

    Args:
        out: the folder of all staged pages.
        demo: what tools/browser_page.py wrote; need not exist.
    """
    link = ""
    if (demo / "index.html").is_file():
        shutil.copytree(demo, out / "demo")
        link = "[Try it here](demo/index.html)."
    for page in out.glob("*.md"):
        text = page.read_text("utf-8")
        if _DEMO_PLACE in text:
            page.write_text(text.replace(_DEMO_PLACE, link), "utf-8")


def relink(text: str, page: Path, home: Path, out: Path) -> str:
    """The text of a page whose links lead to staged files, or are none.

    Args:
        text: Markdown.
        page: where it is staged.
        home: where it lies in the repository, from where its links count.
        out: the folder of all staged pages.
    """

    def staged(match: re.Match[str]) -> str:
        picture, label, link, place = match[1], match[2], match[3], match[4] or ""
        target = (home.parent / link).resolve()
        inside = target.is_relative_to(ROOT / "docs")
        name = str(target.relative_to(ROOT)) if target.is_relative_to(ROOT) else link
        if inside:
            to = out / target.relative_to(ROOT / "docs")
        elif name in ELSEWHERE:
            to = out / ELSEWHERE[name]
        else:
            return label if label.startswith("`") else f"{label} (`{name}`)"
        up = Path(*[".."] * len(page.parent.relative_to(out).parts))
        return f"{picture}[{label}]({(up / to.relative_to(out)).as_posix()}{place})"

    return _LINK.sub(staged, text)


def commands() -> str:
    """The page of all commands, as typer prints it."""
    words = [sys.executable, "-m", "typer", "jcarsr.cli", "utils", "docs", "--name", "jcarsr"]
    done = subprocess.run(
        [*words, "--title", "Commands"], check=True, capture_output=True, text=True
    )
    return done.stdout


def python() -> str:
    """The page of the public names, for mkdocstrings."""
    names = "\n\n".join(f"::: jcarsr.{name}" for name in sorted(public_names))
    return f"# Python\n\nWhat `import jcarsr` gives.\n\n{names}\n"


def http(document: dict[str, Any]) -> str:
    """The page of the HTTP interface, from its OpenAPI document."""
    lines = ["# HTTP", "", "Made from the server's own document, `/openapi.json`.", ""]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            lines += [f"## {method.upper()} {path}", ""]
            lines += [operation.get("description") or operation.get("summary", ""), ""]
            fields = _fields(operation, document)
            if fields:
                lines += ["| field | | |", "|---|---|---|", *fields, ""]
            lines += ["| answer | |", "|---|---|"]
            for code, answer in operation["responses"].items():
                lines.append(f"| {code} | {_line(answer.get('description', ''))} |")
            lines.append("")
    return "\n".join(lines)


def _fields(operation: dict[str, Any], document: dict[str, Any]) -> list[str]:
    """Table rows: parameters of the path and the query, then fields of the body."""
    rows: list[str] = []
    for parameter in operation.get("parameters", []):
        schema = parameter.get("schema", {})
        said = parameter.get("description", "") or schema.get("description", "")
        rows.append(f"| `{parameter['name']}` | {_kind(schema, document)} | {_line(said)} |")
    for body in operation.get("requestBody", {}).get("content", {}).values():
        for name, schema in _resolve(body["schema"], document).get("properties", {}).items():
            said = _line(schema.get("description", ""))
            rows.append(f"| `{name}` | {_kind(schema, document)} | {said} |")
    return rows


def _kind(schema: dict[str, Any], document: dict[str, Any]) -> str:
    """A short word for what a field takes, with its default."""
    found = _resolve(schema, document)
    if "anyOf" in found:
        kinds = [_kind(each, document) for each in found["anyOf"] if each.get("type") != "null"]
        word = " or ".join(dict.fromkeys(kinds))
    elif "enum" in found:
        word = ", ".join(f"`{value}`" for value in found["enum"])
    else:
        word = found.get("format") or found.get("type", "")
    default = schema.get("default")
    return word if default is None else f"{word} ({json.dumps(default)})"


def _resolve(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
