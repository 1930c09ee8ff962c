"""What vLLM raises and answers, as the errors callers know."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from jinja2 import TemplateError
from pydantic import ValidationError
from vllm.entrypoints.openai.chat_completion import serving
from vllm.entrypoints.serve.engine.protocol import ErrorInfo
from vllm.entrypoints.serve.exception_handling.error_response import create_error_response
from vllm.exceptions import VLLMClientError, VLLMError
from vllm.v1.engine.async_llm import AsyncLLM

from serve_app.core.faults import faults
from serve_app.core.validation import problem_text
from serve_app.errors import EngineUnavailable, GenerationFailed, InvalidRequest, KaleidoError

RAISED = (VLLMError, ValueError, TypeError, OverflowError, NotImplementedError, TemplateError)
"""What its own server turns into an answer."""
DETAILS = re.compile(r" \(parameter=.*\)$", re.DOTALL)
FIELDS = {"input_tokens": "messages", "logprobs": "top_logprobs"}
"""Parameters of the engine that have another name in a request."""
GRAMMAR = "Grammar error"
"""How the refusals begin that name no parameter."""


@contextmanager
def public_errors(engine: AsyncLLM, body: Mapping[str, Any]) -> Iterator[None]:
    """Turns what vLLM raises about a body into InvalidRequest, EngineUnavailable or GenerationFailed."""
    try:
        yield
    except ValidationError as refusal:
        raise InvalidRequest(_first_fault(refusal, body)) from refusal
    except GenerationFailed as failure:
        # A stream that ended with the engine looks like any other that failed.
        raise EngineUnavailable() if engine.errored else failure from None
    except RAISED as error:
        raise EngineUnavailable() if engine.errored else _public(error) from error


def public_error(error: ErrorInfo) -> KaleidoError:
    """The error in an answer of vLLM's; its text is for callers only where the fault is theirs."""
    if error.code >= 500:
        return GenerationFailed()
    text = DETAILS.sub("", error.message)
    name = error.param or ("response_format" if text.startswith(GRAMMAR) else "")
    field = FIELDS.get(name, name)
    return InvalidRequest(text if text.startswith(field) else f"{field}: {text}")


def error_in(event: str) -> KaleidoError:
    """The error that ended a stream."""
    return public_error(ErrorInfo(**json.loads(event)["error"]))


def keep_refusals_out_of_the_log() -> None:
    """A stream's faulty request would leave a stack trace: any caller could fill the log."""
    logging.getLogger(serving.__name__).addFilter(_is_ours)


def _is_ours(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], VLLMClientError))


def _public(error: Exception) -> KaleidoError:
    return public_error(create_error_response(error).error)


def _first_fault(refusal: ValidationError, body: Mapping[str, Any]) -> str:
    """Messages are checked a second time, one by one, while they are read: those faults have no place."""
    fault = faults([_worded(error) for error in refusal.errors(include_url=False)], body)[0]
    place = fault.path if fault.place and fault.place[0] in body else "messages"
    return f"{place}: {fault.text}."


def _worded(error: Mapping[str, Any]) -> Mapping[str, Any]:
    """vLLM's own validators speak for themselves."""
    own = error["type"] in ("value_error", "assertion_error")
    return error if own else {**error, "msg": problem_text(error)}
