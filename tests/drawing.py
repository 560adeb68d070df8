"""A drawing of parts and what they import, as SVG: layers from the top down, what is imported above what imports it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

#: pixels of a box, and between the middles of boxes
_WIDTH, _HEIGHT, _ACROSS, _DOWN = 104, 30, 150, 84

_BLUE, _ORANGE = "#dce8f6", "#fde8c8"

Place = tuple[float, float]


class Drawing:
    """Parts as boxes, and arrows to what they import.

    Parameters
    ----------
    imports : mapping
        Part -> all parts that it may import.
    marked : str
        The part that is drawn in another colour.
    modules : collection of str
        "part.module", or "part" for its package alone: what `marked` may import of parts that it may not import whole.
    """

    def __init__(self, imports: Mapping[str, set[str]], marked: str, modules: Iterable[str]) -> None:
        self._imports, self._marked = imports, marked
        self._modules: dict[str, list[str]] = {}
        for name in sorted(modules):
            part, *module = name.split(".")
            self._modules.setdefault(part, []).extend(module)

    def svg(self) -> str:
        """Return the drawing. What a part imports also by way of others has no arrow."""
        at = self._places()
        width = round(max(x for x, _ in at.values()) + _ACROSS / 2)
        height = round(max(y for _, y in at.values()) + _HEIGHT)
        lines = [_arrow(at[part], at[other]) for part in at for other in sorted(self._nearest(part))]
        for part, names in self._modules.items():
            lines.append(_arrow(at[self._marked], at[part], "stroke='#b06000' stroke-dasharray='5 4'"))
            (x, y), words = at[part], " ".join(f".{name}" for name in names)
            lines.append(f"<text x='{x:g}' y='{y + _HEIGHT / 2 + 13:g}' font-size='10' fill='#b06000'>{words}</text>")
        boxes = [_box(part, place, _ORANGE if part == self._marked else _BLUE) for part, place in at.items()]
        return "\n".join([
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' font-family='sans-serif' "
            "text-anchor='middle'>",
            "<marker id='head' viewBox='0 0 8 8' refX='8' refY='4' markerWidth='7' markerHeight='7' orient='auto'>"
            "<path d='M0 0 L8 4 L0 8 z' fill='#667'/></marker>",
            f"<rect width='{width}' height='{height}' fill='white'/>",
            *lines, *boxes, "</svg>", "",
        ])  # fmt: skip

    def _behind(self, part: str) -> set[str]:
        """Return all that a part imports, by way of others too."""
        return self._imports[part].union(*map(self._behind, self._imports[part]))

    def _nearest(self, part: str) -> set[str]:
        """Return what a part imports and nothing else does that it imports."""
        return self._imports[part].difference(*map(self._behind, self._imports[part]))

    def _layer(self, part: str) -> int:
        others = {*self._imports[part], *(self._modules if part == self._marked else ())}
        return 1 + max(map(self._layer, others), default=-1)

    def _places(self) -> dict[str, Place]:
        """Return the middle of each box; those of a layer are in the order of what they import."""
        layers = {part: self._layer(part) for part in sorted(self._imports)}
        rows = [[part for part in layers if layers[part] == depth] for depth in range(1 + max(layers.values()))]
        middle = _ACROSS * max(map(len, rows)) / 2
        found: dict[str, Place] = {}
        for depth, row in enumerate(rows):
            above = {part: [found[other][0] for other in self._nearest(part)] for part in row}
            row.sort(key=lambda part, above=above: sum(above[part]) / max(1, len(above[part])))
            for i, part in enumerate(row):
                found[part] = (middle + _ACROSS * (i - (len(row) - 1) / 2), _DOWN * depth + _HEIGHT)
        return found


def _arrow(start: Place, end: Place, style: str = "stroke='#667'") -> str:
    (x0, y0), (x1, y1) = start, end
    y0, y1 = y0 - _HEIGHT / 2, y1 + _HEIGHT / 2
    bend = (y0 - y1) / 2
    path = f"M{x0:g} {y0:g} C{x0:g} {y0 - bend:g} {x1:g} {y1 + bend:g} {x1:g} {y1:g}"
    return f"<path d='{path}' fill='none' {style} marker-end='url(#head)'/>"


def _box(part: str, place: Place, colour: str) -> str:
    (x, y), width = place, max(_WIDTH, 7 * len(part) + 12)
    return (
        f"<rect x='{x - width / 2:g}' y='{y - _HEIGHT / 2:g}' width='{width}' height='{_HEIGHT}' rx='5' fill='{colour}' "
        f"stroke='#667'/><text x='{x:g}' y='{y + 5:g}' font-size='13'>{part}</text>"
    )
