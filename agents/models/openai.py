"""Language models behind any server that speaks OpenAI's protocol, such as vLLM, whose LoRAs are models by name.

NAME + base URL -> ChatOpenAI: streamed, with usage; nothing is sent anywhere but to that URL.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import openai
from langchain_core.outputs import ChatGenerationChunk
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from agents.errors import ModelUnavailable
from agents.models.loading import LoadedModel, ModelOptions
from agents.models.streaming import Streamed, until

NO_KEY = "none"
"""Sent when no key is set: the library insists on one, and servers without keys ignore it."""


def build(name: str, options: ModelOptions) -> LoadedModel:
    """Return a model of an OpenAI-compatible server; nothing is sent before the first use."""
    chat = CheckedChatOpenAI(
        model=name,
        base_url=options.openai_url,
        api_key=SecretStr(options.openai_api_key or NO_KEY),
        timeout=httpx.Timeout(options.timeout_seconds, connect=min(10.0, options.timeout_seconds)),
        max_retries=1,
        temperature=0.0,
        stream_usage=True,
        use_responses_api=False,
    )
    return LoadedModel(
        f"openai:{name}",
        chat,
        "native",
        context_tokens=options.context_tokens,
        verify=lambda: _verify(chat, name, options.openai_url),
        release=chat.close,
    )


class CheckedChatOpenAI(Streamed, ChatOpenAI):
    """ChatOpenAI that takes this package's call arguments and fails with this package's errors."""

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        stop_event = kwargs.pop("stop_event", None)
        url = self.openai_api_base or ""
        begun = ended = False
        try:
            with translated(self.model_name, url):
                for chunk in until(stop_event, super()._stream(*args, **_arguments(kwargs))):
                    begun = True
                    ended = ended or bool((chunk.generation_info or {}).get("finish_reason"))
                    yield chunk
        except ModelUnavailable as error:
            if (
                begun
                and isinstance(error.__cause__, openai.APIConnectionError)
                and not isinstance(error.__cause__, openai.APITimeoutError)
            ):
                raise _broken_off(self.model_name, url) from error
            raise
        if not ended and not (stop_event is not None and stop_event.is_set()):
            raise _broken_off(self.model_name, url) if begun else _no_server(url)

    def close(self) -> None:
        """Close the connections to the server."""
        self.root_client.close()


@contextmanager
def translated(name: str, url: str) -> Iterator[None]:
    """Turn the library's errors into ModelUnavailable."""
    try:
        yield
    except openai.NotFoundError as error:
        raise ModelUnavailable(
            f"The server at {url} has no model {name!r} (HTTP 404). Next: curl {url}/models, which lists them"
        ) from error
    except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
        raise ModelUnavailable(
            f"The server at {url} refuses the key (HTTP {error.status_code}). Next: set FRONTDESK_OPENAI_API_KEY"
        ) from error
    except openai.APITimeoutError as error:
        raise ModelUnavailable(
            f"The server at {url} did not answer in time. Next: try again, or raise timeout_seconds"
        ) from error
    except openai.APIConnectionError as error:
        raise ModelUnavailable(
            f"No server answers at {url}: {str(error.__cause__ or error).rstrip('.')}. "
            "Next: start it, or set openai_url in frontdesk.toml"
        ) from error
    except openai.LengthFinishReasonError:
        pass  # the text was streamed; that what is bound to a schema was cut is seen by whoever reads it
    except openai.OpenAIError as error:
        told = getattr(error, "message", str(error)).rstrip(".")
        raise ModelUnavailable(
            f"The server at {url} cannot answer with {name!r}: {told}. Next: see the server's log"
        ) from error


def _broken_off(name: str, url: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"The server at {url} broke off in the middle of an answer of {name!r}. Next: see the server's log, then ask "
        "again"
    )


def _no_server(url: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"What answers at {url} does not speak OpenAI's protocol. Next: set openai_url in frontdesk.toml; it usually "
        "ends with /v1"
    )


def _arguments(call: Mapping[str, Any]) -> dict[str, Any]:
    """Return OpenAI's words for a call's arguments; GBNF is not among them."""
    arguments = {key: value for key, value in call.items() if key not in {"schema", "grammar"}}
    if call.get("schema"):
        arguments["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "reply", "schema": call["schema"], "strict": True},
        }
    return arguments


def _verify(chat: ChatOpenAI, name: str, url: str) -> None:
    """Ask for the list of models; a server that does not keep one only has to answer."""
    with translated(name, url):
        try:
            served = [model.id for model in chat.root_client.with_options(timeout=5.0, max_retries=0).models.list()]
        except openai.NotFoundError:
            return
        except (
            AttributeError,
            TypeError,
            ValueError,
        ) as error:  # a web page, or JSON of another kind: no list of models
            raise _no_server(url) from error
    if served and name not in served:
        raise ModelUnavailable(
            f"The server at {url} has no model {name!r}, but: {', '.join(served[:10])}. Next: set model = "
            f"openai:NAME; for an adapter, start vLLM with --enable-lora --lora-modules {name}=FOLDER"
        )
