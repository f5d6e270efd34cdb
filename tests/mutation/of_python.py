"""The small ways in which Python code can be wrong: conditions turned or dropped, bounds moved, answers replaced."""

import ast
from collections.abc import Iterator

from tests.mutation.change import Change, told_apart
from tests.mutation.of_sql import is_sql, ways_of_sql

COMPARISONS: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: ("<=", ">="),
    ast.LtE: ("<", ">"),
    ast.Gt: (">=", "<="),
    ast.GtE: (">", "<"),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
}
ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "//",
    ast.FloorDiv: "*",
    ast.BitOr: "&",
    ast.BitAnd: "|",
}
NAMES = {"any": "all", "all": "any", "max": "min", "min": "max", "issuperset": "issubset", "union": "intersection"}
# What a function of this result might answer instead.
ANSWERS = {"bool": ("True", "False"), "str": ("ALLOWED",), "bytes": ('b""',), "dict": ("{}",), "set": ("set()",)}
# Constants of other files that could be mistaken for one another.
GROUPS = (
    ("CONSENT", "CONTRACT", "LEGITIMATE_INTEREST", "LEGAL_OBLIGATION"),
    ("GRANTED", "WITHDRAWN", "PENDING"),
    ("OPT_OUT", "LIMIT_USE", "UNDER_16"),
)
# Named arguments that the functions called here can do without; without any other they would not run at all.
OPTIONAL = {"channel", "known_at", "restrictions", "request", "until", "default", "decisive", "sensitive",
    "sale_or_sharing", "expires_in", "renewal", "batch_size"}  # fmt: skip


def changes_of(file: str, source: str) -> list[Change]:
    """Every change of this file that the ways below make, SQL in its constants included."""
    return list(told_apart(_Changer(file, source).changes(), source))


class _Changer:
    """Walks the tree of a file and yields changes of its source, function by function and constant by constant."""

    def __init__(self, file: str, source: str) -> None:
        self.file, self.code, self.tree = file, source.encode(), ast.parse(source)
        starts = [0]
        for line in self.code.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        self.line_starts = starts
        self.constants = _neighbors(self.tree)

    def changes(self) -> Iterator[Change]:
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).isupper():
                yield from self._walk(node.value, ast.unparse(node.targets[0]), None)
            elif isinstance(node, ast.FunctionDef):
                yield from self._function(node, node.name)
            elif isinstance(node, ast.ClassDef):
                yield from self._class(node)

    def _class(self, node: ast.ClassDef) -> Iterator[Change]:
        for part in node.body:
            if isinstance(part, ast.FunctionDef):
                yield from self._function(part, f"{node.name}.{part.name}")
            elif isinstance(part, ast.AnnAssign) and part.value:
                yield from self._walk(part.value, f"{node.name}.{ast.unparse(part.target)}", None)

    def _function(self, node: ast.FunctionDef, scope: str) -> Iterator[Change]:
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default:
                yield from self._walk(default, scope, node)
        for statement in node.body:
            if not _is_docstring(statement):
                yield from self._walk(statement, scope, node)

    def _walk(self, node: ast.AST, scope: str, function: ast.FunctionDef | None) -> Iterator[Change]:
        for start, end, becomes in self._ways(node, function):
            yield Change(self.file, scope, start, end, becomes)
        if isinstance(node, ast.JoinedStr):
            return
        for child in ast.iter_child_nodes(node):
            if not _is_a_name_of_data(node, child):
                yield from self._walk(child, scope, function)

    def _ways(self, node: ast.AST, function: ast.FunctionDef | None) -> Iterator[tuple[int, int, str]]:
        if isinstance(node, ast.Call):
            yield from self._calls(node)
        if isinstance(node, ast.Constant | ast.JoinedStr) and is_sql(self._text(node)):
            start, end = self._span(node)
            for begin, stop, becomes in ways_of_sql(self._text(node)):
                yield start + begin, start + stop, becomes
        elif isinstance(node, ast.expr | ast.stmt):
            start, end = self._span(node)
            for becomes in self._instead(node, function):
                yield start, end, becomes
        for test in _conditions(node):
            start, end = self._span(test)
            yield start, end, "False"
            if not isinstance(node, ast.While):
                yield start, end, "True"
            if not isinstance(test, ast.Compare | ast.UnaryOp):  # these are turned elsewhere
                yield start, end, f"not ({self._text(test)})"

    def _instead(self, node: ast.expr | ast.stmt, function: ast.FunctionDef | None) -> Iterator[str]:
        match node:
            case ast.Compare(left, [op], [right]):
                for other in COMPARISONS[type(op)]:
                    yield f"{self._text(left)} {other} {self._text(right)}"
            case ast.BoolOp(op, values):
                texts = [f"({self._text(value)})" for value in values]
                yield (" or " if isinstance(op, ast.And) else " and ").join(texts)
                for text in texts:
                    yield (" and " if isinstance(op, ast.And) else " or ").join(one for one in texts if one != text)
            case ast.UnaryOp(ast.Not(), operand):
                yield self._text(operand)
            case ast.BinOp(left, op, right) if type(op) in ARITHMETIC:
                yield f"{self._text(left)} {ARITHMETIC[type(op)]} {self._text(right)}"
            case ast.Constant(bool() as value):
                yield str(not value)
            case ast.Constant(int() as value):
                yield str(value + 1)
            case ast.Constant(str() as value):
                yield repr(value + "x")
            case ast.Name(id, ast.Load()) if id in NAMES or id in self.constants:
                yield NAMES.get(id) or self.constants[id]
            case ast.Attribute(value, attr) if attr in NAMES:
                yield f"{self._text(value)}.{NAMES[attr]}"
            case ast.Return(ast.expr()) if function and function.returns:
                result = ast.unparse(function.returns)
                for answer in ANSWERS.get(result.split("[")[0], ("None",) if "None" in result else ()):
                    yield f"return {answer}"
            case ast.Expr(ast.Call()) | ast.AugAssign():
                yield "pass"

    def _calls(self, node: ast.Call) -> Iterator[tuple[int, int, str]]:
        """Without one of its named arguments; a look-up with a default: the default alone."""
        parts = [*node.args, *node.keywords]
        for place, part in enumerate(parts):
            if isinstance(part, ast.keyword) and part.arg in OPTIONAL:
                if place:
                    yield self._span(parts[place - 1])[1], self._span(part)[1], ""
                elif len(parts) > 1:
                    yield self._span(part)[0], self._span(parts[1])[0], ""
        if isinstance(node.func, ast.Attribute) and node.func.attr == "get" and len(node.args) == 2:
            yield *self._span(node), self._text(node.args[1])
            yield self._span(node.args[0])[1], self._span(node.args[1])[1], ""

    def _span(self, node: ast.expr | ast.stmt | ast.keyword) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self.line_starts[node.lineno - 1] + node.col_offset
        return start, self.line_starts[node.end_lineno - 1] + node.end_col_offset

    def _text(self, node: ast.expr | ast.stmt) -> str:
        start, end = self._span(node)
        return self.code[start:end].decode()


def _conditions(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        return [node.test]
    return node.ifs if isinstance(node, ast.comprehension) else []


def _is_a_name_of_data(node: ast.AST, child: ast.AST) -> bool:
    """Types, and keys of dictionaries: changed, they would not run at all."""
    match node:
        case ast.AnnAssign(annotation=annotation):
            return child is annotation
        case ast.Dict(keys=keys):
            return any(child is key for key in keys) and isinstance(child, ast.Constant)
        case ast.Subscript(slice=ast.Constant(str()) as key):
            return child is key
    return False


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _neighbors(tree: ast.Module) -> dict[str, str]:
    """For each constant of the file, imported or its own, another that it could be mistaken for."""
    imported = [alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    groups = [[name for name in imported if name in group] for group in GROUPS]
    own = [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and not is_sql(str(node.value.value))
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    return {one: group[place - 1] for group in (*groups, own) if len(group) > 1 for place, one in enumerate(group)}
