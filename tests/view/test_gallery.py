"""The pictures of the gallery show what the page's code draws today."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from autograd_tape.view.colour import PALETTE
from tests import gallery

SVG = "{http://www.w3.org/2000/svg}"


def test_the_pictures_are_those_of_the_page() -> None:
    """``make images`` mends a difference.

    Values may differ in the last digits from machine to machine; what is drawn may not.
    """
    drawn = set()
    for name, by_scheme in gallery.diagrams():
        for scheme, diagram in by_scheme.items():
            path = gallery.FOLDER / f"{name}-{scheme}.svg"
            drawn.add(path)
            root = ET.parse(path).getroot()
            assert diagram.graph is not None
            assert keys(root, "node") == sorted(node.key for node in diagram.graph.nodes), path
            assert len(keys(root, "edge")) == len(diagram.graph.edges), path
            page = root.find(f".//{SVG}polygon")
            assert page is not None
            assert page.get("fill") == PALETTE[scheme == "dark"]["page"], path
    assert drawn == set(gallery.FOLDER.iterdir()), "neither missing nor left over"


def keys(root: ET.Element, kind: str) -> list[str]:
    return sorted(
        g.findtext(f"{SVG}title", "") for g in root.iter(f"{SVG}g") if g.get("class") == kind
    )
