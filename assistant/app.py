"""The parts of the app, put together from the settings; each is made when it is first used.

    settings -> library -> responder <- model, acting (the company's tools)
                              |
      tickets -> store <- turns (jobs)
      chores  ---^

`search` therefore loads no language model, and `ask` opens no database of conversations.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from assistant.outside import block_outside, report_nothing
from assistant.settings import Settings, SettingsError

if TYPE_CHECKING:
    from agents.asked import Acting
    from agents.models import LoadedModel, ModelOptions
    from agents.tools.sources import Opened
    from agents.transcript import Step
    from agents.turn import Request, Responder, ResponderOptions
    from assistant.actions import StoredApprovals, StoredVisitors
    from assistant.checkpoints import Checkpoints
    from assistant.chores import Chores
    from assistant.delivery import Places
    from assistant.rates import Limits
    from assistant.shared_checkpoints import SharedCheckpoints
    from assistant.store import Store
    from assistant.tickets import Tickets
    from assistant.turns import TurnRunner
    from finetune.labels.adapted_intents import AdaptedIntents
    from finetune.labels.intents import Intents
    from knowledge.library import Library

DATABASE = "frontdesk.sqlite3"


class Application:
    """One running app. Parts that are handed in are used as they are, which is how tests put in fakes."""

    def __init__(
        self,
        settings: Settings,
        *,
        library: "Library | None" = None,
        model: "LoadedModel | None" = None,
        responder: "Responder | None" = None,
        store: "Store | None" = None,
        turns: "TurnRunner | None" = None,
    ) -> None:
        self.settings = settings
        given = {"library": library, "model": model, "responder": responder, "store": store, "turns": turns}
        # A cached property looks into __dict__ first.
        self.__dict__.update({name: part for name, part in given.items() if part is not None})

    @cached_property
    def library(self) -> "Library":
        """The company's documents."""
        from knowledge.library import Library, LibraryOptions
        from knowledge.loaders import LoadOptions

        settings = self.settings
        return Library(
            LibraryOptions(
                home=settings.home,
                embedder=settings.embedder,
                reranker=settings.reranker,
                ollama_url=settings.ollama_url,
                threads=settings.threads,
                loading=LoadOptions(settings.pdf_passwords, settings.ocr_languages),
                catalog_url=settings.catalog_url,
                chroma_url=settings.chroma_url,
            )
        )

    @property
    def has_documents(self) -> bool:
        """Whether there is anything that a customer can be answered from."""
        return self.library.count_chunks() > 0

    @cached_property
    def model(self) -> "LoadedModel":
        """The language model, resolved once."""
        return self.load_model(self.settings.model)

    def load_model(self, name: str) -> "LoadedModel":
        """Return the model of this name with the settings' options; whoever asks for it closes it."""
        from agents.models import resolve

        return resolve(name, model_options(self.settings))

    @cached_property
    def responder(self) -> "Responder":
        """Questions in, steps out."""
        from agents.turn import Responder
        from knowledge.embedders import cross_encoder_of, for_answers

        for make in (for_answers, cross_encoder_of):  # now, and not while the first customer waits
            make(self.library.embedder)
        return Responder(self.library, self.model, self.responder_options, acting=self.acting)

    @cached_property
    def acting(self) -> "Acting | None":
        """What it takes to use the company's tools; None where there are none."""
        if not self.settings.tools:
            return None
        from agents.asked import Acting
        from assistant.actions import StoredActionLog
        from assistant.ticket_desk import TicketDesk

        settings = self.settings
        return Acting(
            tools=self.tools.tools,
            log=StoredActionLog(self.store.engine),
            approvals=self.approvals,
            visitors=self.visitors,
            saver=self.checkpoints.saver,
            home=settings.home,
            desk=TicketDesk(self.tickets),
            opens_tickets=False,
            questions=settings.examples,
            intents=self.intents,
            signs_in=bool(settings.session_key),
        )

    @cached_property
    def intents(self) -> "Intents | AdaptedIntents | None":
        """The company's own intents, told by an adapter where one was added for them; None where none were trained."""
        from agents.models.adapters import ADAPTERS, choose, read_adapters
        from finetune.labels.intents import are_trained, open_intents

        home = self.settings.home
        if not are_trained(home):
            return None
        intents = open_intents(home, options=model_options(self.settings))
        if choose(read_adapters(home / ADAPTERS), task="intent") is None:
            return intents
        adapter = choose(self.model.adapters, task="intent")  # of those that are for the model in use
        if adapter is None:
            return intents
        from finetune.labels.adapted_intents import AdaptedIntents

        intents.close()  # its routes hold, whoever tells the intents
        chat = self.model.specialist("intent").chat
        assert chat is not None
        told = adapter.manifest["intent"]
        opening = str(told.get("opening", ""))
        return AdaptedIntents(chat, adapter.labels, intents.routes, float(told["sure_from"]), opening)

    @cached_property
    def tools(self) -> "Opened":
        """The company's tools, and the programs behind them."""
        from agents.tools.sources import open_tools

        return open_tools(self.settings.tools, offline=self.settings.offline)

    @cached_property
    def approvals(self) -> "StoredApprovals":
        """Writes that wait for a yes."""
        from assistant.actions import StoredApprovals

        return StoredApprovals(self.store.engine)

    def settle_cut_off(self) -> None:
        """See to approved writes whose process ended."""
        from assistant.actions import StoredActionLog
        from assistant.cut_off_writes import settle

        settle(self.store, self.approvals, log=StoredActionLog(self.store.engine), turns=self.turns)

    @cached_property
    def visitors(self) -> "StoredVisitors":
        """Who is known to talk in a conversation."""
        from assistant.actions import StoredVisitors

        return StoredVisitors(self.store.engine)

    @cached_property
    def checkpoints(self) -> "Checkpoints | SharedCheckpoints":
        """Where loops have stopped that wait for a yes."""
        from assistant.checkpoints import open_checkpoints

        if self.settings.catalog_url:
            _ = self.library  # refuses a pooler that would keep what is locked below for ever
        return open_checkpoints(self.settings.waits_at)

    def recognise(self, session: str) -> "Callable[[str], None]":
        """Return what notes in a conversation who talks there, by a session that the company signed.

        Raises:
            SessionRefused: it proves nothing.
        """
        from agents.actions import Visitor
        from assistant.sessions import read

        customer = read(session, key=self.settings.session_key)
        return lambda conversation: self.visitors.save(conversation, Visitor(customer))

    @property
    def responder_options(self) -> "ResponderOptions":
        """How questions are answered, by the settings."""
        from agents.turn import ResponderOptions

        settings = self.settings
        return ResponderOptions(
            company=settings.company,
            contact=settings.contact,
            max_words=settings.max_words,
            passages=settings.passages,
            allowed_hosts=settings.allowed_hosts,
            refuse_below=settings.refuse_below,
            secrets=settings.secrets,
        )

    @cached_property
    def store(self) -> "Store":
        """Conversations, turns, steps, feedback."""
        from assistant.store import Store, sqlite_url

        return Store(sqlite_url(self.settings.home / DATABASE))

    @cached_property
    def turns(self) -> "TurnRunner":
        """Turns as jobs of this process."""
        from assistant.turns import TurnRunner

        return TurnRunner(
            self.store,
            self._respond,
            workers=self.settings.workers,
            tickets=self.tickets,
            books_calls=self._books_calls,
        )

    @cached_property
    def limits(self) -> "Limits":
        """How often questions may be asked, over the API and on the page together."""
        from assistant.rates import Limits

        settings = self.settings
        return Limits(
            of_conversation=settings.questions_per_minute, of_address=settings.questions_per_minute_and_address
        )

    @cached_property
    def tickets(self) -> "Tickets":
        """Conversations that a person has."""
        from assistant.tickets import Tickets, Wording

        settings = self.settings
        language = None if settings.language == "auto" else settings.language
        wording = Wording(contact=settings.contact, hours=settings.hours, language=language)
        return Tickets(self.store, wording=wording, channels=self.places.channels, hears_danger=self.hears_danger)

    @cached_property
    def hears_danger(self) -> "Callable[[str], bool]":
        """Says whether a message reports a danger, with the embedder of the library."""
        from agents.danger import hearing

        return hearing(self.settings.embedder, lambda: self.library.embedder)

    @property
    def places(self) -> "Places":
        """Where tickets are sent, by the settings."""
        from assistant.delivery import Places

        settings = self.settings
        return Places(
            webhook_url=settings.ticket_webhook_url,
            webhook_secret=settings.ticket_webhook_secret,
            smtp_url=settings.smtp_url,
            email=settings.ticket_email,
            sender=settings.smtp_sender,
        )

    @cached_property
    def chores(self) -> "Chores":
        """What a server does beside answering, begun when first asked for."""
        from assistant.chores import Chores

        return Chores(
            self.store, places=self.places, keep_days=self.settings.keep_days, waits_at=self.settings.waits_at
        )

    def load_model_soon(self) -> None:
        """Load the model on a thread while other parts open; a fault shows when the model is first used."""

        def load() -> None:
            with suppress(AgentError):
                model.check()

        from agents.errors import AgentError

        model = self.model
        Thread(target=load, name="load-model", daemon=True).start()

    def close(self) -> None:
        """Close what was opened, the last opened first."""
        for name in (
            "turns",
            "tools",
            "chores",
            "tickets",
            "checkpoints",
            "store",
            "responder",
            "intents",
            "model",
            "library",
        ):
            part = self.__dict__.pop(name, None)
            if hasattr(part, "close"):
                part.close()

    def _books_calls(self) -> bool:
        """Return whether a customer who asks to be called is served by a tool, and not only by a person."""
        acts = self.acting is not None and self.acting.router.books_calls
        return acts and self.model.specialist("agent").acts

    def _respond(self, request: "Request", stop: Event) -> "Iterator[Step]":
        """Answer; a request in no language takes that of the settings, where they name one."""
        if request.language is None and self.settings.language != "auto":
            request = replace(request, language=self.settings.language)
        return self.responder.respond(request, stop=stop)


def model_options(settings: Settings) -> "ModelOptions":
    """Return what the models' back ends need of the settings."""
    from agents.models import ModelOptions
    from agents.models.adapters import ADAPTERS
    from agents.models.promotion import RELEASES
    from agents.models.registration import REGISTERED

    return ModelOptions(
        models_folder=settings.models_folder,
        ollama_url=settings.ollama_url,
        ollama_model=settings.ollama_model,
        openai_url=settings.openai_url,
        openai_api_key=settings.openai_api_key or None,
        context_tokens=settings.context_tokens,
        threads=settings.threads,
        timeout_seconds=settings.timeout_seconds,
        registered_folder=settings.home / REGISTERED,
        releases_folder=settings.home / RELEASES,
        adapters_folder=settings.home / ADAPTERS,
    )


def open_application(settings: Settings) -> Application:
    """Make sure that the home folder exists and return the app; nothing else is opened yet."""
    make_home(settings.home)
    report_nothing()
    if settings.offline:
        block_outside()
    return Application(settings)


def make_home(home: Path) -> None:
    """Create the folder that holds all state, for its owner only.

    Raises:
        SettingsError: It cannot be created.
    """
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise SettingsError(
            f"The home folder {home} cannot be created ({error.strerror}). Set FRONTDESK_HOME to another folder."
        ) from error
