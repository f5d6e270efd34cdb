"""A picture of the evidence of one pair: a waterfall as SVG, for light and dark, that also reads aloud."""

from collections.abc import Iterable, Sequence
from html import escape
from math import ceil, floor

from identity.matching.waterfall import PRIOR, Bar, Step, bars_of, probability_of
from identity.matching.words import in_words, level_in_words, odds_in_words, probability_in_words

TITLE = "Are these two records one person?"

_WIDTH = 760
_LEFT, _RIGHT = 226, 690
_TOP, _ROW, _BAR = 92, 36, 16
_EDGE = 28
_MOST_TICKS = 8
_STEPS = (1, 2, 5, 10, 20, 50, 100)

_STYLE = """
svg { --ground: #fff; --line: #e5e7eb; --even: #9ca3af; --ink: #111827; --faint: #6b7280;
  --good: #16a34a; --bad: #dc2626; --start: #94a3b8; --sum: #4f46e5; }
@media (prefers-color-scheme: dark) {
  svg { --ground: #111827; --line: #273244; --even: #64748b; --ink: #f3f4f6; --faint: #9ca3af;
    --good: #4ade80; --bad: #f87171; --start: #64748b; --sum: #818cf8; }
}
text { fill: var(--ink); font: 13px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
.ground { fill: var(--ground); stroke: var(--line); }
.title { font-size: 17px; font-weight: 600; }
.faint { fill: var(--faint); font-size: 12px; }
.name { font-weight: 500; }
.bits { font-variant-numeric: tabular-nums; text-anchor: end; }
.tick { text-anchor: middle; }
.strong { font-weight: 600; }
.grid { stroke: var(--line); }
.even { stroke: var(--even); stroke-dasharray: 3 3; }
.link { stroke: var(--even); }
rect.good { fill: var(--good); } rect.bad { fill: var(--bad); }
rect.start { fill: var(--start); } rect.sum { fill: var(--sum); }
text.good { fill: var(--good); } text.bad { fill: var(--bad); } text.start { fill: var(--faint); }
"""


def picture(steps: Iterable[Step], *, title: str = TITLE) -> str:
    """Return the waterfall of `steps` (comparison, level, bits) as an SVG document: levels in words and bits.

    Bars to the right speak for one person, bars to the left against. The last one is where all of them lead.
    """
    bars = bars_of(steps)
    scale = _Scale([0.0, *(bar.after for bar in bars)])
    total = bars[-1].after if bars else 0.0
    height = _TOP + _ROW * (len(bars) + 1) + 40
    parts = [
        _head(height, title, bars),
        _grid(scale, _TOP - 8, height - 34, zero="even odds" if _begins(bars) else "0"),
        *(_row(number, bar, scale, last=number == len(bars) - 1) for number, bar in enumerate(bars)),
        _sum(len(bars), total, scale),
        f'<text class="faint" x="{_EDGE}" y="{height - 14}">Each bit to the right doubles the odds, each to the left '
        "halves them.</text>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class _Scale:
    """From bits to places on the picture, and where its ticks are."""

    def __init__(self, values: Sequence[float]) -> None:
        self.low, self.high = floor(min(values)), ceil(max(values))
        if self.low == self.high:
            self.high = self.low + 1
        step = next((one for one in _STEPS if (self.high - self.low) / one <= _MOST_TICKS), _STEPS[-1])
        self.ticks = range(ceil(self.low / step) * step, self.high + 1, step)

    def __call__(self, bits: float) -> float:
        return round(_LEFT + (bits - self.low) / (self.high - self.low) * (_RIGHT - _LEFT - 46), 1)


def _head(height: int, title: str, bars: Sequence[Bar]) -> str:
    spoken = "; ".join(f"{in_words(bar.name)}, {level_in_words(bar.level)}: {_signed(bar.bits)} bits" for bar in bars)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" \
height="{height}" role="img" aria-labelledby="pair-title pair-told">
<title id="pair-title">{escape(title)}</title>
<desc id="pair-told">{escape(f"{spoken}. {_told(bars)}.")}</desc>
<style>{_STYLE}</style>
<rect class="ground" x="0.5" y="0.5" width="{_WIDTH - 1}" height="{height - 1}" rx="12"/>
<text class="title" x="{_EDGE}" y="36">{escape(title)}</text>
<text class="faint" x="{_EDGE}" y="56">{escape(_told(bars))}</text>"""


def _told(bars: Sequence[Bar]) -> str:
    """Return where the bars lead; without the odds before any evidence they are no odds, only their sum."""
    if not _begins(bars):
        return "What was compared, without the starting point"
    total = bars[-1].after
    return f"{probability_in_words(probability_of(total)).capitalize()} likely: odds of {odds_in_words(total)}"


def _begins(bars: Sequence[Bar]) -> bool:
    return any(bar.name == PRIOR for bar in bars)


def _grid(scale: _Scale, top: int, bottom: int, *, zero: str) -> str:
    lines = []
    for bits in scale.ticks:
        x = scale(bits)
        kind = "grid" if bits else "even"
        lines.append(f'<line class="{kind}" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>')
        label = f"{bits:+d}".replace("-", "−") if bits else zero
        lines.append(f'<text class="faint tick" x="{x}" y="{top - 6}">{label}</text>')
    return "\n".join(lines)


def _row(number: int, bar: Bar, scale: _Scale, *, last: bool) -> str:
    tone = "start" if bar.name == PRIOR else "good" if bar.bits > 0 else "bad"
    y = _TOP + _ROW * number
    end = scale(bar.after)
    link = "" if last else f'<line class="link" x1="{end}" x2="{end}" y1="{y + 26}" y2="{y + _ROW + 10}"/>'
    return f"""<g><text class="name" x="{_EDGE}" y="{y + 15}">{escape(in_words(bar.name))}</text>
<text class="faint" x="{_EDGE}" y="{y + 30}">{escape(level_in_words(bar.level))}</text>
{link}{_drawn(bar.before, bar.after, y, tone, scale)}
<text class="bits {tone}" x="{_WIDTH - _EDGE}" y="{y + 23}">{_signed(bar.bits)}</text></g>"""


def _sum(number: int, total: float, scale: _Scale) -> str:
    y = _TOP + _ROW * number
    return f"""<g><line class="grid" x1="{_EDGE}" x2="{_WIDTH - _EDGE}" y1="{y + 1}" y2="{y + 1}"/>
<text class="strong" x="{_EDGE}" y="{y + 23}">Together</text>
{_drawn(0.0, total, y, "sum", scale)}
<text class="bits strong" x="{_WIDTH - _EDGE}" y="{y + 23}">{_signed(total)}</text></g>"""


def _drawn(before: float, after: float, y: int, tone: str, scale: _Scale) -> str:
    left, right = sorted((scale(before), scale(after)))
    width = max(round(right - left, 1), 2.0)
    return f'<rect class="{tone}" x="{left}" y="{y + 10}" width="{width}" height="{_BAR}" rx="3"/>'


def _signed(bits: float) -> str:
    return f"{bits:+.1f}".replace("-", "−")
