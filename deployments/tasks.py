"""The table of tasks: to add one is a Protocol in `serve_app.engines`, a folder with its row, a line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deployments.align.task import ROW as ALIGN
from deployments.asr.task import ROW as ASR
from deployments.llm.task import ROW as LLM
from deployments.serving.loader import EngineConfigError, imported
from deployments.serving.task_row import TaskRow
from deployments.tts.task import ROW as TTS
from deployments.video.task import ROW as VIDEO

TASKS: Mapping[str, TaskRow[Any]] = {row.task.name: row for row in (ASR, TTS, ALIGN, LLM, VIDEO)}


def row_of(task: str) -> TaskRow[Any]:
    """The row of a task of the table, or of one that stands elsewhere and is called `package.module:ROW`.

    Raises EngineConfigError when there is none.
    """
    if task in TASKS:
        return TASKS[task]
    if ":" not in task:
        raise EngineConfigError(f"there is no task {task}; there are: {', '.join(TASKS)}")
    found: TaskRow[Any] = imported(task, TaskRow)
    return found
