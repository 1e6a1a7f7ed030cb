"""From KQL to DuckDB's SQL through duckdb-kql, with Azure's refusals in Azure's words.

Nothing is run here.
"""

from __future__ import annotations

import dataclasses
import logging
import re
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import duckdb_kql
from duckdb_kql import ir
from duckdb_kql.lower import lower

from monitor.answers import QueryRefusal
from monitor.tables import TABLES
from monitor.time_limit import within

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LOG = logging.getLogger(__name__)
_LOCK = threading.Lock()  # the parser's tables are shared
_COLUMNS = {name: list(table.columns) for name, table in TABLES.items()}
_FOLDED = {column.casefold(): column for columns in _COLUMNS.values() for column in columns}
_NAMES = frozenset(_FOLDED.values())
# Possessive, and tried at the last `| render` alone: else many blanks take minutes.
_RENDER_START = re.compile(r"\|\s*+render\b", re.ASCII)
_RENDER = re.compile(r"\|\s*+render\s++(\w++)\s*+(?:with\s*+\(([^)]*+)\)\s*+)?;?\s*+\Z", re.ASCII)
_TITLE = re.compile(r"""title\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_LONGEST = 200_000
_LONGEST_SQL = 300_000  # of it, DuckDB makes a plan of some 300 MB, outside its memory limit
SECONDS = 10.0  # to translate; a query of 40 KB takes some two


@dataclass(frozen=True)
class Translation:
    """A query as SQL over the tables' names, with the tables it reads and the chart it asks for."""

    sql: str
    parameters: Mapping[str, Any]
    tables: frozenset[str]
    operators: Mapping[str, str]
    render: Mapping[str, Any]


def translate(query: str) -> Translation:
    """Return the SQL of a query.

    Raises:
        QueryRefusal: It is not KQL, names what does not exist, or is more than duckdb-kql can
            translate, within the time.
    """
    if len(query) > _LONGEST:
        raise QueryRefusal.local(f"the query has {len(query)} characters; the limit is {_LONGEST}")
    if not _LOCK.acquire(timeout=SECONDS):
        raise QueryRefusal(429, "TooManyRequests", "other queries are being translated", retry_after=5)
    try:
        return within(SECONDS, lambda: _translate(query))
    except TimeoutError:
        raise QueryRefusal.local(f"it takes longer than {SECONDS:g} s to translate: shorten it") from None
    finally:
        _LOCK.release()


@lru_cache(maxsize=256)
def _translate(query: str) -> Translation:
    try:
        return _compile(query)
    except QueryRefusal:
        raise
    except duckdb_kql.KqlSyntaxError as error:
        raise _syntax(query, error) from error
    except duckdb_kql.KqlSchemaError as error:
        raise QueryRefusal.semantic(
            "SEM0100", f"Failed to resolve expression named '{error.name}'"
        ) from error
    except duckdb_kql.KqlError as error:
        raise QueryRefusal.local(str(error)) from error
    except RecursionError as error:
        raise QueryRefusal.local("the query is nested too deeply") from error
    except Exception as error:  # duckdb-kql is young: a query must not be able to break the monitor
        _LOG.exception("duckdb-kql failed")
        raise QueryRefusal.local(f"duckdb-kql failed on it ({type(error).__name__})") from error


def _compile(query: str) -> Translation:
    if query.lstrip().startswith("."):
        raise QueryRefusal.semantic("SEM0000", "control commands are not queries")
    tree = lower(query)
    tables = _check_tables(tree)
    operators = _operators(tree)
    _check_case(tree, operators)
    translated = duckdb_kql.to_sql(query, schema=_COLUMNS, allow_write=False)
    if len(str(translated)) > _LONGEST_SQL:
        raise QueryRefusal.local(
            f"unfolded it has {len(str(translated))} characters; the limit is {_LONGEST_SQL}: "
            "use its definitions less often"
        )
    if translated.unbound:
        raise QueryRefusal.local(
            f"the query declares parameters without values: {', '.join(translated.unbound)}"
        )
    return Translation(str(translated), translated.parameters, tables, operators, _render(query))


def _syntax(query: str, error: duckdb_kql.KqlSyntaxError) -> QueryRefusal:
    """Return Azure's syntax error, with line and column counted from 1."""
    if not error.diagnostics:
        return QueryRefusal.syntax("", 1, 1)
    span = error.diagnostics[0].span
    lines = query.splitlines()
    offset = sum(len(line) + 1 for line in lines[: span.line - 1]) + span.column
    match = re.compile(r"\|?\s*(\w+|\S)").match("\n".join(lines), offset)
    if match is None:
        return QueryRefusal.syntax("<EOF>", span.line, span.column + 1)
    before = "\n".join(lines)[: match.start(1)]
    return QueryRefusal.syntax(match[1], before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def _check_tables(tree: ir.Query) -> frozenset[str]:
    """Return the tables that a query reads; refuse any that is not ours by its exact name."""
    nodes = list(_nodes(tree))
    bound = {name for node in nodes if isinstance(node, ir.Query) for name, _ in node.lets}
    used = set()
    for node in nodes:
        if isinstance(node, ir.TableRef | ir.WildcardTableRef) and (
            node.database or getattr(node, "cluster", None)
        ):
            raise QueryRefusal.local("a query reads this workspace alone: no database() and no cluster()")
        if isinstance(node, ir.WildcardTableRef):
            used |= set(TABLES)
        elif isinstance(node, ir.TableRef) and node.name in TABLES:
            used.add(node.name)
        elif isinstance(node, ir.TableRef) and node.name not in bound:
            raise QueryRefusal.semantic(
                "SEM0100", f"Failed to resolve table or column expression named '{node.name}'"
            )
    return frozenset(used)


def _operators(tree: ir.Query) -> dict[str, str]:
    """Return, for each column that a query names, the operator that names it first."""
    first: dict[str, str] = {}
    for query in _nodes(tree):
        for operator in query.operators if isinstance(query, ir.Query) else ():
            keyword = {"Sort": "order", "MvExpand": "mv-expand"}.get(type(operator).__name__)
            keyword = keyword or re.sub(r"(?<!^)([A-Z])", r"-\1", type(operator).__name__).lower()
            for node in _nodes(operator):
                if isinstance(node, ir.ColumnRef):
                    first.setdefault(node.name, keyword)
    return first


def _check_case(tree: ir.Query, operators: Mapping[str, str]) -> None:
    """Refuse a column in the wrong case, which DuckDB would take."""
    defined = {
        value for node in _nodes(tree) if not isinstance(node, ir.ColumnRef) for value in _strings(node)
    }
    for name, operator in operators.items():
        if name.casefold() in _FOLDED and name not in _NAMES and name not in defined:
            raise QueryRefusal.column(name, operator)


def _strings(node: Any) -> Iterator[str]:
    for field in dataclasses.fields(node):
        stack = [getattr(node, field.name)]
        while stack:
            value = stack.pop()
            if isinstance(value, str):
                yield value
            elif isinstance(value, list | tuple):
                stack.extend(value)


def _nodes(root: Any) -> Iterator[Any]:
    """Yield every node of a query's tree, the outer ones first."""
    seen: set[int] = set()
    stack: list[Any] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, list | tuple):
            stack.extend(reversed(node))
        elif dataclasses.is_dataclass(node) and id(node) not in seen:
            seen.add(id(node))
            yield node
            stack.extend(getattr(node, field.name) for field in reversed(dataclasses.fields(node)))


def _render(query: str) -> dict[str, Any]:
    """Return the chart that a query's last operator asks for, in the API's fields."""
    starts = [match.start() for match in _RENDER_START.finditer(query)]
    match = _RENDER.match(query, starts[-1]) if starts else None
    if match is None:
        return {}
    title = _TITLE.search(match[2] or "")
    empty = dict.fromkeys(
        ("accumulate", "isQuerySorted", "kind", "legend", "series", "xColumn", "yColumns", "xTitle", "yTitle")
    )
    return {"visualization": match[1], "title": (title[1] or title[2]) if title else None, **empty}
