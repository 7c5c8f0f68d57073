"""The layers: data flows down one ordered table, and some libraries have one door each."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "predict"
#: Upper rooms first: a package imports only from itself and from packages above it.
LAYERS = (
    "errors",
    "findings",
    "publish",
    "home",
    "definition",
    "crm",
    "history",
    "learning",
    "registry",
    "scoring",
    "loop",
    "report",
    "demo",
    "jobs",
    "cli",
)
#: Library → the only places that import it.
DOORS = {
    "mlflow": ("registry", "scoring.pyfunc"),
    "duckdb": ("crm.sources",),
    "matplotlib": ("report.displays",),
    "pickle": (),
}
NO_ROOMS = ("utils", "common", "helpers", "core", "misc")
FILES = sorted(ROOT.rglob("*.py"))


def module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(p for p in parts if p != "__init__")


def imports(path: Path, *, at_import: bool = False) -> set[str]:
    """Dotted names a file imports: all, or those that run when it is imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if at_import:
        tops = [top for top in tree.body if not _is_typing_only(top)]
        nodes = [node for top in tops for node in _outside_functions(top)]
    else:
        nodes = list(ast.walk(tree))
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(str(node.module))
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _is_typing_only(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _outside_functions(node: ast.AST):
    yield node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        for child in ast.iter_child_nodes(node):
            yield from _outside_functions(child)


def ours(names: set[str]) -> set[str]:
    """Modules of this package among imported names, without its prefix."""
    known = {module(p) for p in FILES}
    return {n.removeprefix("predict.") for n in names if n.removeprefix("predict.") in known}


@pytest.mark.parametrize("path", FILES, ids=module)
def test_a_file_imports_only_from_its_own_layer_and_those_above(path):
    here = module(path).split(".")[0]
    if not here:
        return
    allowed = LAYERS[: LAYERS.index(here) + 1]
    below = {n for n in ours(imports(path)) if n.split(".")[0] not in allowed and n}
    assert not below, f"{module(path)} imports {below}, which lie below it"


def test_imports_inside_a_package_have_no_cycles():
    graph = {module(p): ours(imports(p, at_import=True)) for p in FILES}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"cycle: {' → '.join((*path, name))}"
        if name in done:
            return
        for other in sorted(graph.get(name, ()) - {name, ""}):
            visit(other, (*path, name))
        done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("library", DOORS)
def test_a_library_has_one_door(library):
    places = DOORS[library]
    for path in FILES:
        used = {n.split(".")[0] for n in imports(path)}
        inside = any(module(path) == p or module(path).startswith(p + ".") for p in places)
        assert library not in used or inside, f"{module(path)} imports {library}"


@pytest.mark.parametrize("path", FILES, ids=module)
def test_a_file_is_one_reading(path):
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 400, f"{lines} lines: split it"
    assert not set(path.relative_to(ROOT).parts) & set(NO_ROOMS)


@pytest.mark.parametrize("path", sorted(ROOT.rglob("__init__.py")), ids=module)
def test_packages_import_nothing(path):
    assert imports(path, at_import=True) <= {
        "__future__",
        "__future__.annotations",
        "importlib",
        "importlib.import_module",
    }


def test_nobody_below_the_command_line_asks_the_clock():
    for path in FILES:
        if module(path).split(".")[0] == "cli":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today"):
                pytest.fail(f"{module(path)}:{node.lineno} asks for the time")
