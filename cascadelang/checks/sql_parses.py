"""Whether the SQL in the answer parses."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, ClassVar, Final

from cascadelang.checks._code import code_to_parse
from cascadelang.contracts.check import Answer, Finding
from cascadelang.contracts.spec import Param, Spec

DIALECTS: Final = (
    "athena", "bigquery", "clickhouse", "databricks", "doris", "dremio", "drill", "druid", "duckdb", "hive",
    "materialize", "mysql", "oracle", "postgres", "presto", "prql", "redshift", "risingwave", "snowflake", "spark",
    "sqlite", "starrocks", "tableau", "teradata", "trino", "tsql",
)  # fmt: skip
"""What sqlglot calls dialects."""

_LABELS: Final = dict.fromkeys(("sql", "postgresql", "pgsql", "psql", "plsql", "sqlite3", *DIALECTS), "SQL")
_NOT_THERE: Final = "sqlglot is not installed; run: pip install 'cascadelang[sql]'"


class SqlParses:
    """``sql_parses``, ``sql_parses(postgres)``."""

    spec: ClassVar[Spec] = Spec(
        name="sql_parses",
        kind="check",
        summary="whether the SQL in the answer parses",
        doc=f"""
The SQL in the answer is parsed, not run: its fenced blocks labelled `sql` or with a dialect, else those without a
label, else, in an answer without fences, all of it. There must be a statement; every one must parse. The reason names
the line and what is wrong there. Tables and columns aren't looked up.

Dialects: {", ".join(f"`{name}`" for name in DIALECTS)}; without one, what sqlglot takes from most of them.
[sqlglot](https://github.com/tobymao/sqlglot) is strict about structure and lenient about what a dialect allows; some
statements that stop short (`UPDATE t SET`, `DROP`) it takes, too. `pip install 'cascadelang[sql]'`. It runs in a
process of its own, which is killed after `timeout`; SQL that can't be parsed by then, or an answer of more than a
million characters, is unknown.
""",
        gives="bool",
        params=(
            Param("dialect", "choice", "whose SQL it is", default=None, choices=DIALECTS),
            Param("timeout", "duration", "how long parsing may take", default=5.0),
        ),
        time_limit="timeout",
        bare=True,
        examples=("sql_parses", "sql_parses(postgres)", "sql_parses(dialect: bigquery, timeout: 2s)"),
    )

    def __init__(self, args: Mapping[str, Any]) -> None:
        self._dialect = str(args.get("dialect") or "")
        self._limit_s = float(args.get("timeout") or 5.0)

    @staticmethod
    def missing() -> str:
        """What has to be installed first."""
        return "" if find_spec("sqlglot") is not None else _NOT_THERE

    @staticmethod
    def problems(args: Mapping[str, Any]) -> list[str]:
        """What is wrong with the arguments beyond their types."""
        return [] if float(args["timeout"]) > 0 else ["`timeout` must be more than 0s"]

    async def judge_timed(self, answer: Answer) -> Finding:
        """See `TimedCheck.judge_timed`."""
        found = code_to_parse(answer.reply.text, _LABELS, "SQL")
        if isinstance(found, Finding):
            return found
        from cascadelang.checks._worker import worked

        given = {"pieces": [code.text for code in found], "dialect": self._dialect}
        return await worked("sql", given, self._limit_s)


CHECK = SqlParses
