"""What vLLM raises and answers, as the errors callers know."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile

from jinja2 import TemplateError
from pydantic import ValidationError
from vllm.entrypoints.openai.chat_completion import serving
from vllm.entrypoints.serve.engine.protocol import ErrorInfo
from vllm.entrypoints.serve.exception_handling.error_response import create_error_response
from vllm.exceptions import VLLMClientError, VLLMError
from vllm.v1.engine.async_llm import AsyncLLM

from serve_app.errors import EngineUnavailable, GenerationFailed, InvalidRequest, KaleidoError

RAISED = (VLLMError, ValueError, TypeError, OverflowError, NotImplementedError, TemplateError)
"""What its own server turns into an answer."""
DETAILS = re.compile(r" \(parameter=.*\)$", re.DOTALL)
FIELDS = {"input_tokens": "messages", "logprobs": "top_logprobs"}
"""Parameters of the engine that have another name in a request."""
GRAMMAR = "Grammar error"
"""How the refusals begin that name no parameter."""


@contextmanager
def public_errors(engine: AsyncLLM) -> Iterator[None]:
    """Turns what vLLM raises into InvalidRequest, EngineUnavailable or GenerationFailed."""
    try:
        yield
    except ValidationError as refusal:
        raise InvalidRequest(_first_fault(refusal)) from refusal
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


def _first_fault(refusal: ValidationError) -> str:
    """Names the field. Where one of several forms was wanted there is a fault for each of them, under the
    name of a class: then only what they have in common is true."""
    faults = refusal.errors(include_url=False, include_context=False, include_input=False)
    field = faults[0]["loc"][:1]
    first = [fault for fault in faults if fault["loc"][:1] == field]
    shared = takewhile(_one_field, zip(*(fault["loc"] for fault in first), strict=False))
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step, *_ in shared)
    return f"{path.lstrip('.')}: {first[0]['msg'] if len(first) == 1 else 'not valid'}."


def _one_field(steps: tuple[int | str, ...]) -> bool:
    return len(set(steps)) == 1 and (isinstance(steps[0], int) or steps[0].isidentifier())
