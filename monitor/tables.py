"""The tables of a workspace-based Application Insights resource, with Azure's names and types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COMMON = """
TenantId:string TimeGenerated:datetime OperationId:string OperationName:string ParentId:string
SyntheticSource:string SessionId:string UserId:string UserAuthenticatedId:string UserAccountId:string
AppVersion:string AppRoleName:string AppRoleInstance:string ClientType:string ClientModel:string
ClientOS:string ClientIP:string ClientCity:string ClientStateOrProvince:string
ClientCountryOrRegion:string ClientBrowser:string ResourceGUID:string IKey:string SDKVersion:string
ItemCount:int SourceSystem:string
Properties:dynamic Type:string _ItemId:string _ResourceId:string
"""
_CALL = (
    "Measurements:dynamic Id:string Name:string Success:bool ResultCode:string "
    "DurationMs:real PerformanceBucket:string"
)
_OWN = {
    "AppTraces": "Message:string SeverityLevel:int Measurements:dynamic ReferencedItemId:string "
    "ReferencedType:string",
    "AppEvents": "Name:string Measurements:dynamic",
    "AppExceptions": (
        "Measurements:dynamic ProblemId:string HandledAt:string ExceptionType:string "
        "Assembly:string Method:string OuterType:string "
        "OuterMessage:string OuterAssembly:string OuterMethod:string InnermostType:string "
        "InnermostMessage:string "
        "InnermostAssembly:string InnermostMethod:string SeverityLevel:int Details:dynamic"
    ),
    "AppRequests": f"{_CALL} Url:string Source:string",
    "AppDependencies": f"{_CALL} Target:string DependencyType:string Data:string",
    "AppMetrics": "Name:string Namespace:string Sum:real Min:real Max:real",
}
# What is the same in every row here, as SQL: it is not stored, which makes each commit cheaper.
_FIXED = {
    **dict.fromkeys(
        ("ClientCity", "ClientStateOrProvince", "ClientCountryOrRegion", "ClientBrowser", "_ResourceId"), "''"
    ),
    **dict.fromkeys(("ReferencedItemId", "ReferencedType", "HandledAt"), "''"),
    "ClientType": "'PC'",
    "ClientIP": "'0.0.0.0'",  # what Azure puts in the place of every address
    "SourceSystem": "'Azure'",
    "ResourceGUID": '"IKey"',
}
_DUCKDB = {
    "datetime": "TIMESTAMP",
    "string": "VARCHAR",
    "int": "INTEGER",
    "real": "DOUBLE",
    "bool": "BOOLEAN",
    "dynamic": "JSON",
}
_ARROW = {
    "datetime": pa.timestamp("us"),
    "string": pa.string(),
    "int": pa.int32(),
    "real": pa.float64(),
    "bool": pa.bool_(),
    "dynamic": pa.string(),
}


@dataclass(frozen=True)
class Table:
    """One table: its name, and the KQL type of each column in order."""

    name: str
    columns: Mapping[str, str]

    @property
    def stored(self) -> dict[str, str]:
        """The columns that are kept on the disk."""
        return {name: kind for name, kind in self.columns.items() if name not in self._fixed}

    @property
    def definition(self) -> str:
        """The SQL that makes the table where it is missing."""
        columns = ", ".join(f'"{name}" {_DUCKDB[kind]}' for name, kind in self.stored.items())
        return f'CREATE TABLE IF NOT EXISTS "{self.name}" ({columns})'

    @property
    def selection(self) -> str:
        """The SQL that reads all columns."""
        columns = ", ".join(
            f'{self._fixed[name]} AS "{name}"' if name in self._fixed else f'"{name}"'
            for name in self.columns
        )
        return f'SELECT {columns} FROM main."{self.name}"'  # noqa: S608 - our own names

    @property
    def _fixed(self) -> dict[str, str]:
        return {**_FIXED, "Type": f"'{self.name}'"}

    def arrow(self, rows: Sequence[Mapping[str, Any]], defaults: Mapping[str, Any]) -> pa.Table:
        """Return rows as an Arrow table.

        A missing value is its default, else null; in a string it is "", for KQL has no null string.
        """
        columns = {}
        for name, kind in self.stored.items():
            empty = defaults.get(name, "" if kind == "string" else None)
            columns[name] = pa.array([row.get(name, empty) for row in rows], type=_ARROW[kind])
        return pa.table(columns)


def _table(name: str, own: str) -> Table:
    return Table(name, dict(column.split(":") for column in f"{_COMMON} {own}".split()))


TABLES: dict[str, Table] = {name: _table(name, own) for name, own in _OWN.items()}
