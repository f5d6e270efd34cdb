"""The small ways in which SQL can be wrong: conditions dropped or turned, bounds moved, orders reversed."""

import re
from collections.abc import Iterator
from typing import NamedTuple

TOKEN = re.compile(
    r"(?P<comment>--[^\n]*)|(?P<text>'[^'\n]*')|(?P<value>%\(\w+\)s|%s|\{\{[^{}]*\}\}|\{[^{}]*\})|(?P<number>\b\d+(?:\.\d+)?(?:e\d+)?\b)"
    r"|(?P<word>[A-Za-z_][\w.]*\*?)|(?P<sign><=|>=|<>|::|->>|>>|[<>=&|+*,;()\[\]-])"
)
SPEAKS_SQL = re.compile(r"\b(SELECT|WHERE|AND|OR|NOT|CASE|FROM|JOIN|ANY|coalesce)\b|::|\bbool_or\(|[a-z_]+ > %\(")
SIGNS = {
    "<=": ("<", ">"), "<": ("<=", ">="), ">=": (">", "<"), ">": (">=", "<="), "<>": ("=",), "=": ("<>",),
    "&": ("|",), ">>": ("<<",), "+": ("-",), "-": ("+",), "*": ("+",),
}  # fmt: skip
WORDS = {
    "AND": "OR", "OR": "AND", "NOT": "", "max": "min", "min": "max", "bool_or": "bool_and", "bool_and": "bool_or",
    "true": "false", "false": "true", "DESC": "", "JOIN": "LEFT JOIN",
}  # fmt: skip
CLOSES = {"AND", "OR", "ORDER", "GROUP", "LIMIT", "UNION", "FROM", "WHERE", "THEN", "ELSE", "END", "AS", ",", ";"}
OPENS = {"WHERE", "AND", "OR", "ON", "WHEN", "HAVING"}

Way = tuple[int, int, str]


class Token(NamedTuple):
    """A word or sign of a statement, where it stands and how deep in parentheses."""

    kind: str
    text: str
    start: int
    end: int
    depth: int


def is_sql(text: str) -> bool:
    """Whether a string of the program is a statement or a part of one."""
    return bool(SPEAKS_SQL.search(text))


def ways_of_sql(text: str) -> Iterator[Way]:
    """Stretches of this SQL and what each becomes instead."""
    tokens = list(_tokens(text))
    for place, token in enumerate(tokens):
        before = tokens[place - 1].text if place else ""
        yield from _of_token(tokens, place)
        if (token.text in OPENS and before != "DISTINCT") or _opens_a_group(tokens, place):
            yield from _without_condition(tokens, place)
        if token.text == "BY" and before == "ORDER":
            yield from _of_order(tokens, place)
        if token.text == "(" and before == "coalesce":
            yield from _without_arguments(tokens, place)


def _tokens(text: str) -> Iterator[Token]:
    depth = 0
    for found in TOKEN.finditer(text):
        word = found.group()
        depth -= word == ")"
        if found.lastgroup != "comment":
            yield Token(found.lastgroup or "", word, found.start(), found.end(), depth)
        depth += word == "("


def _of_token(tokens: list[Token], place: int) -> Iterator[Way]:
    token, before = tokens[place], tokens[place - 1].text if place else ""
    if token.kind == "sign" and token.text in SIGNS and not _is_star(tokens, place):
        for other in SIGNS[token.text]:
            yield token.start, token.end, other
    elif token.text in WORDS and not (token.text == "NOT" and before == "IS") and before != "LEFT":
        yield token.start, token.end, WORDS[token.text]
    elif token.text == "IS":
        negated = tokens[place + 1].text == "NOT"
        yield token.start, tokens[place + 1].end if negated else token.end, "IS" if negated else "IS NOT"
    elif (token.text == "DISTINCT" and tokens[place + 1].text != "ON") or token.text == "LEFT":
        yield token.start, token.end, ""
    elif token.kind == "value" and " | " in token.text:
        yield token.start, token.end, token.text.replace(" | ", " & ")
    elif token.kind == "number":
        yield token.start, token.end, f"({token.text} + 1)"
    elif token.kind == "text" and before not in ("(", "secs"):
        yield token.start, token.end, token.text[:-1] + "x'"


def _is_star(tokens: list[Token], place: int) -> bool:
    """Whether this is the star of `count(*)` or `SELECT *`, no multiplication."""
    return tokens[place].text == "*" and tokens[place - 1].text in ("(", "SELECT", ",", "channel)")


def _opens_a_group(tokens: list[Token], place: int) -> bool:
    """Whether a parenthesis holds a condition of several parts."""
    if tokens[place].text != "(" or (place and tokens[place - 1].text in ("EXISTS", "FILTER", "AS", "OVER")):
        return False
    within = _end(tokens, place + 1, set())
    inner = tokens[place].depth + 1
    return any(
        token.text in ("AND", "OR") and token.depth == inner for token in tokens[place + 1 : within]
    ) and not any(token.text in ("SELECT", "WHERE") and token.depth == inner for token in tokens[place + 1 : within])


def _without_condition(tokens: list[Token], place: int) -> Iterator[Way]:
    """The condition that begins after this word left out: true beside AND, false beside OR, either after WHEN."""
    first = place + 1
    end = _end(tokens, first, CLOSES)
    if end <= first:
        return
    beside = {tokens[place].text, tokens[end].text if end < len(tokens) else ""}
    span = tokens[first].start, tokens[end - 1].end
    if "OR" in beside and "AND" not in beside:
        yield *span, "false"
    else:
        yield *span, "true"
    if tokens[place].text == "WHEN":
        yield *span, "false"


def _of_order(tokens: list[Token], place: int) -> Iterator[Way]:
    """Each part of an order the other way round, and left out."""
    stop = _end(tokens, place + 1, {"LIMIT", ";"})
    first = place + 1
    while first < stop:
        end = min(_end(tokens, first, {","}), stop)
        if tokens[end - 1].text != "DESC":
            yield tokens[end - 1].end, tokens[end - 1].end, " DESC"
        if end < stop:
            yield tokens[first].start, tokens[end].end, ""
        elif first > place + 1:
            yield tokens[first - 1].start, tokens[end - 1].end, ""
        first = end + 1


def _without_arguments(tokens: list[Token], place: int) -> Iterator[Way]:
    """A function's arguments, each left out in turn."""
    stop = _end(tokens, place + 1, set())
    first = place + 1
    while first < stop:
        end = min(_end(tokens, first, {","}), stop)
        if end < stop:
            yield tokens[first].start, tokens[end].end, ""
        else:
            yield tokens[first - 1].start, tokens[end - 1].end, ""
        first = end + 1


def _end(tokens: list[Token], first: int, closing: set[str]) -> int:
    """The place of the first of these words at the depth of the token `first` or above; else the end of all."""
    if first >= len(tokens):
        return len(tokens)
    depth = tokens[first].depth
    for place in range(first, len(tokens)):
        token = tokens[place]
        if token.depth < depth or (token.depth == depth and token.text in closing):
            return place
    return len(tokens)
