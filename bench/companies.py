"""Documents that stand in for a company's, with questions of our own about them.

    name -> files of ../shared/data, as they are -> FOLDER/corpus/     a file of bench/labelled -> questions

The questions were written from the documents alone, before anybody saw what is found for them, and none is about the
demo company: what is fitted or chosen by questions is fitted and chosen by these.

    name -> bench/labelled/companies/NAME -> FOLDER/corpus/, FOLDER/questions.jsonl

Others are invented, documents and all: shops, a clinic, a campsite, with price lists, notices, old rules beside new
ones. They were written without sight of Frontdesk's code, and their customers ask in words of their own.
"""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.labelled import FOLDER


@dataclass(frozen=True, slots=True)
class Company:
    """Which files of the data are a company's documents."""

    folders: tuple[str, ...]
    """Below the data's folder; the files of each keep their paths below it."""
    patterns: tuple[str, ...]
    """Globs of the files, below each folder."""
    left_out: tuple[str, ...] = ()
    """Names of files that are about the data, or only list what stands elsewhere."""


ABOUT_THE_DATA = ("SOURCE.md", "README.md", "LICENSE.md")
COMPANIES = {
    "policies": Company(("kb_37signals_policies",), ("*/**/*.md",), ABOUT_THE_DATA),
    "bank": Company(
        ("kb_bank_tau2/docs_md",),
        (
            "doc_credit_cards_*.md",
            "doc_checking_accounts_blue_account_*.md",
            "doc_checking_accounts_light_blue_*.md",
            "doc_checking_accounts_bluest_*.md",
            "doc_savings_accounts_silver_*.md",
        ),
    ),
    "service": Company(
        ("kb_telecom_tau2", "kb_abcd_guidelines/guidelines_md"), ("*_*.md",), ("tech_support_workflow.md",)
    ),
    "debian-zh": Company(("kb_debian_faq_en_zh/zh_html",), ("*.html",), ("index.zh-cn.html",)),
}
"""A software house, a bank with cards that are nearly alike, a telephone company with a clothes shop, a FAQ in
Chinese."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions about a company's documents."""

    company: str
    """Of `COMPANIES`; several files of questions may share one."""
    file: str
    """Of `bench/labelled`."""


ABROAD = {f"{name}-abroad": Asked(name, f"questions_{name}-abroad.jsonl") for name in ("policies", "bank")}
"""Questions in eight languages about documents in English: some of those that are asked in English too, and some that
have nothing to do with the company."""
FOLLOW_UPS = {f"{name}-follow-ups": Asked(name, f"questions_follow-ups-{name}.jsonl") for name in COMPANIES}
"""What a customer types after an answer or two. The kind says how it leans: `leaning` (a few words), `no_subject` (its
own verb, but not what it is about), `looks_whole` (and still needs the talk to know which product or case is meant),
`sibling` (the same of another one), `two_back` (on the answer before the last), `new_subject` (leans on nothing)."""
QUESTIONS = {name: Asked(name, f"questions_{name}.jsonl") for name in COMPANIES} | ABROAD | FOLLOW_UPS
"""All of them, by the name of the set."""


TAUGHT = (
    "airport-parking",
    "appliance-shop-zh",
    "appliances-zh",
    "badminton-zh",
    "bees",
    "bicycles",
    "board-games",
    "broadband-help",
    "cakes-zh",
    "cameras",
    "campsite",
    "car-rental-zh",
    "caravans",
    "catering",
    "charging-zh",
    "climbing",
    "coworking-zh",
    "dental",
    "dental-zh",
    "dry-cleaning-zh",
    "energy",
    "escape-room-zh",
    "express-zh",
    "farm-box",
    "ferry",
    "fibre",
    "flats",
    "furniture",
    "furniture-zh",
    "garage",
    "guest-house-zh",
    "health-check-zh",
    "hearing-aids",
    "hostel",
    "hosting",
    "hotel-zh",
    "keyboards",
    "kids-english-zh",
    "kitchens",
    "laundry",
    "mattress",
    "nanny-zh",
    "office-coffee-zh",
    "outdoor-zh",
    "pet-hospital-zh",
    "pet-insurance",
    "pets-zh",
    "phone-repair-zh",
    "phones",
    "plants",
    "pottery",
    "prams",
    "print-zh",
    "printers",
    "property-zh",
    "renovation-zh",
    "saas-zh",
    "scooters",
    "seafood-zh",
    "seeds",
    "shoes-zh",
    "software",
    "solar",
    "swimming",
    "tailor",
    "tea-zh",
    "travel-zh",
    "uniforms",
    "visa-agency-zh",
    "water-purifier-zh",
    "wine",
)
"""Invented companies that teach an embedder's adapters (`bench.answering`, `bench.pairs`)."""
WEIGHED = (
    "bookstore-zh",
    "home-cleaning-zh",
    "language-school",
    "optical-zh",
    "photo-studio-zh",
    "storage",
    "theatre",
    "vets",
    "water",
    "wedding-zh",
)
"""Those by which the weights and curves above it are fitted, and anything else may be chosen."""
HELD_OUT = (
    "allotments",
    "camping-gear-zh",
    "clothes-zh",
    "coffee-machines",
    "coffee-zh",
    "driving-school-zh",
    "eyewear",
    "flowers-zh",
    "gym-zh",
    "invoices",
    "kindergarten-zh",
    "library",
    "locksmith",
    "marina",
    "meal-kits",
    "moving-zh",
    "museum",
    "music-school-zh",
    "piano-zh",
    "print",
    "rail-tours",
    "smart-lock-zh",
    "taps",
    "tutoring-zh",
    "used-cars-zh",
    "vans",
    "vegetables-zh",
    "watches",
)
"""Those that only measure: nothing is fitted on them, and no fault that was seen there alone is mended."""
LARGER = (
    "aquarium-zh",
    "art-supplies-zh",
    "baby-goods-zh",
    "bedding-zh",
    "coaches",
    "cookware",
    "garden-machinery",
    "instruments",
    "mountain-gear",
    "sewing",
    "telecom-zh",
    "travel-cover",
)
"""Those of 45 documents each instead of a dozen: families of products, rules and versions that are nearly alike.
Nothing is fitted on them; four of them refused an adapter, and two were among the sets that said from how many terms a
question is broad (docs/design.md)."""
INVENTED = (*TAUGHT, *WEIGHED, *HELD_OUT, *LARGER)
ACROSS = {
    f"{name}-across": name
    for name in (
        "bookstore-zh",
        "car-rental-zh",
        "charging-zh",
        "climbing",
        "express-zh",
        "eyewear",
        "ferry",
        "flowers-zh",
        "furniture-zh",
        "garage",
        "hotel-zh",
        "laundry",
        "mattress",
        "moving-zh",
        "pet-insurance",
        "phone-repair-zh",
        "phones",
        "rail-tours",
        "seafood-zh",
        "solar",
        "storage",
        "theatre",
        "water-purifier-zh",
        "wedding-zh",
    )
}
"""Sets of questions in the other language about invented companies: in Chinese about an English one, and the reverse.
They teach, weigh or measure as their company does."""
BROAD = {f"{name}-broad": name for name in INVENTED}
"""Sets of the plainest questions about invented companies, as customers ask them first and in few words ("How much is
delivery?"). An answer is what holds for somebody ordinary, who named no special case. Those about companies that teach
or weigh fitted `agents.quotes.breadth`, and no adapter has learned from them yet; the others measure."""
BESIDE = {**ACROSS, **BROAD}
"""Further sets of questions about invented companies, with their company."""


def across(companies: Iterable[str]) -> tuple[str, ...]:
    """Return the sets of questions in the other language about these companies."""
    wanted = set(companies)
    return tuple(name for name, company in ACROSS.items() if company in wanted)


def broad(companies: Iterable[str]) -> tuple[str, ...]:
    """Return the sets of the plainest questions about these companies."""
    wanted = set(companies)
    return tuple(name for name, company in BROAD.items() if company in wanted)


def write_invented(name: str, *, folder: Path) -> None:
    """Copy an invented company's documents to `folder/corpus` and its questions to `folder/questions.jsonl`.

    Args:
        name: of `INVENTED` or of `BESIDE`.
    """
    source = FOLDER / "companies" / BESIDE.get(name, name)
    shutil.copytree(source / "corpus", folder / "corpus", dirs_exist_ok=True)
    asked = f"{'across' if name in ACROSS else 'broad' if name in BROAD else 'questions'}.jsonl"
    shutil.copyfile(source / asked, folder / "questions.jsonl")


def write(name: str, *, data: Path, folder: Path) -> None:
    """Copy a company's documents to `folder/corpus` and a set of its questions to `folder/questions.jsonl`.

    Args:
        name: of `QUESTIONS`.
    """
    asked = QUESTIONS[name]
    for source, path in files(COMPANIES[asked.company], data):
        target = folder / "corpus" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    shutil.copyfile(FOLDER / asked.file, folder / "questions.jsonl")


def files(company: Company, data: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each document and its path below the corpus."""
    for folder in company.folders:
        found = {path for pattern in company.patterns for path in (data / folder).glob(pattern)}
        for path in sorted(found):
            if path.is_file() and path.name not in company.left_out:
                yield path, path.relative_to(data / folder)
