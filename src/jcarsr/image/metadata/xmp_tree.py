"""An XMP packet as a tree that knows where its values stand, so that the rest stays as it is.

Values stand as attributes or as elements (ISO 16684-1, 7). Documents with a DOCTYPE are refused:
XMP has none, and entities could make a small one large.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, unescape

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
Name = tuple[str, str]
"""Namespace and local name."""

_MAX_DEPTH = 200
_ATTRIBUTE = re.compile(rb"\s+([^\s=/>]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
_TAG = re.compile(rb"<[^\s/>]+")
_QUOTES = {'"': "&quot;", "'": "&apos;"}


@dataclass(frozen=True)
class Value:
    """The text of an attribute, or of an element without others in it."""

    name: Name
    text: str
    start: int
    """Of the text in the packet."""
    end: int
    whole: tuple[int, int]
    """Of the attribute or element."""


@dataclass
class Element:
    """An element, its attributes and its children."""

    name: Name
    start: int
    inner: tuple[int, int] = (0, 0)
    """What stands between its tags."""
    end: int = 0
    text: str = ""
    attributes: list[Value] = field(default_factory=list[Value])
    declarations: list[Value] = field(default_factory=list[Value])
    """Of namespaces."""
    children: list[Element] = field(default_factory=list["Element"])

    def walk(self) -> Iterator[Element]:
        """Yield it and everything in it."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting += element.children

    def values(self) -> Iterator[Value]:
        """Yield its attributes and children that hold text, also within an rdf:Description."""
        yield from self.attributes
        for child in self.children:
            if child.name == (RDF, "Description"):
                yield from child.values()
            elif not child.children:
                whole = (child.start, child.end)
                yield Value(child.name, child.text.strip(), *child.inner, whole)

    def items(self) -> list[Value]:
        """Return the texts of the rdf:li in it."""
        found: list[Value] = []
        for element in self.walk():
            if element.name == (RDF, "li") and not element.children:
                whole = (element.start, element.end)
                found.append(Value(element.name, element.text.strip(), *element.inner, whole))
        return sorted(found, key=lambda value: value.start)


class Packet:
    """A packet and the changes to be made in it.

    Raises:
        ValueError: it is not well-formed, or has a DOCTYPE.
    """

    def __init__(self, xmp: bytes) -> None:
        self.bytes = _as_utf8(xmp)
        self.root = _parse(self.bytes)
        self._changes: dict[tuple[int, int], bytes] = {}

    def replace(self, value: Value, text: str) -> None:
        """Give a value another text."""
        if text != value.text:
            self._changes[value.start, value.end] = escape(text, _QUOTES).encode()

    def remove(self, whole: tuple[int, int]) -> None:
        """Take out an attribute or an element."""
        self._changes[whole] = b""

    def insert(self, at: int, text: str) -> None:
        """Put XML in at a place where no other change begins."""
        self._changes[at, at] = text.encode()

    def to_bytes(self) -> bytes:
        """Return the packet with all changes."""
        parts: list[bytes] = []
        at = 0
        for (start, end), new in sorted(self._changes.items(), key=lambda c: (c[0][0], -c[0][1])):
            if start < at:  # within something that is removed
                continue
            parts += [self.bytes[at:start], new]
            at = end
        return b"".join((*parts, self.bytes[at:]))


def _as_utf8(xmp: bytes) -> bytes:
    xmp = xmp.rstrip(b"\0") if xmp[:1] not in (b"\0", b"\xff", b"\xfe") else xmp
    try:
        if xmp.startswith((b"\xff\xfe", b"\xfe\xff")):
            return xmp.decode("utf-16").encode()
        if xmp.startswith((b"<\0", b"\0<")):
            return xmp.decode("utf-16-le" if xmp[0] else "utf-16-be").encode()
        xmp.decode()
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8") from error
    return xmp


def _parse(data: bytes) -> Element:
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.ordered_attributes = True
    parser.buffer_text = True
    top = Element(("", ""), 0)
    stack = [top]

    def refuse(*_: object) -> None:
        raise ValueError("has a DOCTYPE")

    def start(name: str, attributes: list[str]) -> None:
        if len(stack) > _MAX_DEPTH:
            raise ValueError("too deep")
        at = parser.CurrentByteIndex
        element = Element(_name(name), at)
        tag_end = _read_attributes(data, element, attributes)
        element.inner = (tag_end, tag_end)
        stack[-1].children.append(element)
        stack.append(element)

    def end(_: str) -> None:
        element = stack.pop()
        at = parser.CurrentByteIndex
        tag_end = element.inner[0]
        if data[tag_end - 2 : tag_end] != b"/>":  # else `at` may be that of the next end tag
            element.inner = (element.inner[0], at)
            element.end = data.index(b">", at) + 1
        else:
            element.end = element.inner[0]

    def text(characters: str) -> None:
        stack[-1].text += characters

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ValueError("not well-formed") from error
    return top


def _read_attributes(data: bytes, element: Element, attributes: list[str]) -> int:
    """Find where the attributes of a start tag stand; gives the tag's end."""
    tag = _TAG.match(data, element.start)
    if tag is None:
        raise ValueError("not UTF-8")
    at = tag.end()
    names = iter(range(0, len(attributes), 2))
    while match := _ATTRIBUTE.match(data, at):
        at = match.end()
        if match[1] == b"xmlns" or match[1].startswith(b"xmlns:"):
            name, text = ("", match[1].decode()), unescape(match[2][1:-1].decode())
            element.declarations.append(Value(name, text, match.start(2) + 1, at - 1, match.span()))
            continue
        index = next(names)
        name, text = _name(attributes[index]), attributes[index + 1]
        element.attributes.append(Value(name, text, match.start(2) + 1, at - 1, match.span()))
    return data.index(b">", at) + 1


def _name(name: str) -> Name:
    namespace, _, local = name.rpartition(" ")
    return namespace, local
