"""Makes a loaded module mean another source, for whoever has imported from it already."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from tests.mutation.change import ROOT

HERE = str(ROOT)


class CannotLoad(Exception):
    """A source raises while it is loaded."""


def put(file: str, source: str) -> None:
    """From now on the functions and constants of this file are those of the source, which is run for it.

    Functions stay the objects that they are and get other code, so it holds wherever they are known. Raises
    `CannotLoad`.
    """
    module = _loaded(file)
    fresh: dict[str, Any] = {"__name__": module.__name__, "__file__": str(Path(ROOT, file))}
    try:
        exec(compile(source, fresh["__file__"], "exec"), fresh)
    except Exception as error:
        raise CannotLoad(file) from error
    for name, new in fresh.items():
        old = getattr(module, name, None)
        if isinstance(new, FunctionType | type):
            if new.__module__ == module.__name__:
                _renew(old, new)
        elif name.isupper() and new != old:
            _rebind(name, old, new)


def put_function(file: str, scope: str, source: str) -> None:
    """From now on this function of the file, or method ("Class.method"), is that of the source; nothing else of it."""
    module = _loaded(file)
    (code,) = _codes(compile(source, str(Path(ROOT, file)), "exec"), scope)
    owner: Any = module
    for name in scope.split("."):
        owner = vars(owner)[name]
    functions = list(_functions(owner, scope))
    assert functions, f"{file} has no {scope} that could be replaced"
    for function in functions:
        function.__code__ = code


def _loaded(file: str) -> ModuleType:
    return import_module(file.removesuffix(".py").replace("/", "."))


def _renew(old: Any, new: Any) -> None:
    if isinstance(new, property):
        _renew(old.fget, new.fget)
    elif isinstance(new, type):
        for name, part in vars(new).items():
            if isinstance(part, FunctionType | property):
                _renew(vars(old)[name], part)
    elif isinstance(new, FunctionType):
        old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__


def _rebind(name: str, old: object, new: object) -> None:
    for module in list(sys.modules.values()):
        if _is_ours(module) and vars(module).get(name) is old:
            setattr(module, name, new)


def _is_ours(module: ModuleType) -> bool:
    file = getattr(module, "__file__", None) or ""
    return file.startswith(HERE) and "/.venv/" not in file


def _codes(code: CodeType, scope: str) -> Iterator[CodeType]:
    for part in code.co_consts:
        if isinstance(part, CodeType):
            if part.co_qualname == scope:
                yield part
            yield from _codes(part, scope)


def _functions(found: Any, scope: str) -> Iterator[FunctionType]:
    """The function of that name itself, or the one that decorators have wrapped."""
    if isinstance(found, FunctionType):
        if found.__code__.co_qualname == scope:
            yield found
        else:
            for cell in found.__closure__ or ():
                yield from _functions(cell.cell_contents, scope)
