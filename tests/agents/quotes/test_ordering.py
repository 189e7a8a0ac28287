import pytest

from agents.answering import AnswerOptions, nearest, quote
from agents.quotes.ordering import below_announcements, commands_first, in_order
from agents.quotes.statements import Statement, statements_of
from tests.agents.found_passages import finish, passage, retrieval

STEPS = "On Windows:\n\n1. Install it.\n2. Sign in. Then wait.\n3. Restart.\n\nIt takes an hour."
TERMS = (
    "1. Customers have to be 18.\n2. Orders are confirmed by mail.\n3. An order of lamps can be cancelled for a day."
)
COMMANDS = "On Linux:\n\nsudo apt install ./warden.deb\nwarden fetch --user ada\nsystemctl start warden"


def quoted(text: str, *order: str) -> list[Statement]:
    """Return the statements that begin so, in this order."""
    found = statements_of([passage(text)])
    return [next(statement for statement in found if statement.text.startswith(begin)) for begin in order]


@pytest.mark.parametrize(
    ("text", "order", "shown"),
    [
        (STEPS, ["3.", "It takes", "1.", "2."], ["1.", "It takes", "2.", "3."]),
        (COMMANDS, ["warden", "systemctl", "sudo"], ["sudo", "warden", "systemctl"]),
        ("Ask Ada.\n\n1. Wait.\n\n2. Leave.", ["2.", "1."], ["2.", "1."]),
        ("At the door\nIn the yard\nOn the roof", ["On", "At"], ["On", "At"]),
        (
            "Code: W-1 | Do: warden --tcp\nCode: W-2 | Do: warden --udp",
            ["Code: W-2", "Code: W-1"],
            ["Code: W-2", "Code: W-1"],
        ),
        (TERMS, ["3.", "2.", "1."], ["3.", "1.", "2."]),
        (
            "1.5 hours on Mondays.\n1.5 hours on Fridays.",
            ["1.5 hours on F", "1.5 hours on M"],
            ["1.5 hours on F", "1.5"],
        ),
        ("Rooms -double cost 90.\nBeds -single cost 9.", ["Beds", "Rooms"], ["Beds", "Rooms"]),
        ("It is old. It is green. It is tall.", ["It is tall", "It is old"], ["It is tall", "It is old"]),
    ],
)
def test_steps_and_commands_stand_in_their_order(text: str, order: list[str], shown: list[str]) -> None:
    found = [statement.text for statement in in_order(quoted(text, *order), "Is it old?")]
    assert all(said.startswith(begin) for said, begin in zip(found, shown, strict=True)), found


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Install-Module -Name Warden", "Connect-Warden -User ada"),
        ("./configure --prefix /opt", "./install.sh --now"),
        ("../configure --prefix /opt", "~/install.sh --now"),
    ],
)
def test_commands_of_other_shells_and_in_folders_stand_in_their_order(first: str, second: str) -> None:
    found = in_order(quoted(f"{first}\n{second}", second, first), "Is it old?")
    assert [statement.text for statement in found] == [first, second]


@pytest.mark.parametrize(
    "question",
    [
        "Wie kündige ich?",
        "Comment annuler ?",
        "Bonjour, comment annuler une commande ?",
        "Comment on annule une commande ?",
        "Savez-vous comment annuler ?",
        "Je ne comprends pas comment annuler",
        "Merci de m'indiquer comment annuler",
        "¿Cómo cancelo?",
        "como cancelo",
        "quiero saber cómo cancelar mi pedido",
        "Hola cómo cancelo",
        "Wie ist das WLAN einzurichten?",
        "Wie ist der Ablauf?",
        "What do I do to cancel?",
        "What must I do?",
        "Was muss ich tun?",
        "取消订单的流程",
        "取消订单步骤",
    ],
)
def test_who_asks_how_in_other_words_gets_terms_in_their_order_too(question: str) -> None:
    assert [one.text[0] for one in in_order(quoted(TERMS, "3.", "2."), question)] == ["2", "3"]


@pytest.mark.parametrize(
    "question",
    [
        "Can I comment on an order?",
        "Where is the comment?",
        "Comment on the order?",
        "Wie viel kostet es?",
        "Wie lange dauert es?",
        "What is a lamp?",
        "Wie hoch ist die Gebühr?",
        "Wie ist die Gebühr?",
        "Wie alt muss ich sein?",
        "Wie heißt die Gebühr?",
        "Where can I leave a comment?",
        "Como cliente, ¿tengo descuento?",
        "como socio tengo descuento?",
    ],
)
def test_who_asks_how_much_or_how_long_gets_the_answer_first(question: str) -> None:
    assert [one.text[0] for one in in_order(quoted(TERMS, "3.", "2."), question)] == ["3", "2"]


@pytest.mark.parametrize(
    "steps",
    [
        ["Öffnen Sie das Portal.", "Wählen Sie Urlaub."],
        ["Drücken Sie die Taste, damit es startet.", "Warten Sie, bis es leuchtet."],
        [
            "Öffnen Sie die App, melden Sie sich an.",
            "Schalten Sie das Gerät ein, halten Sie die Taste.",
            "Klicken Sie auf Start, unten rechts.",
        ],
        ["Ouvrez le portail.", "Choisissez un congé."],
        ["Report it to Ada.", "Change the code.", "Submit the form."],
        ["Navigate to the portal.", "Use the code.", "Follow the link.", "Confirm it."],
    ],
)
def test_items_that_say_what_to_do_are_steps_in_other_words_and_languages_too(steps: list[str]) -> None:
    lines = [f"{at}. {step}" for at, step in enumerate(steps, start=1)]
    found = in_order(quoted("\n".join(lines), *lines[::-1]), "Is it old?")
    assert [statement.text for statement in found] == lines


@pytest.mark.parametrize(
    "terms",
    [
        ["Kommen Sie zu spät, zahlen Sie 5 €.", "Bestellen Sie vor 12 Uhr, liefern wir heute."],
        ["Kommen Sie zu spät, ist der Platz weg.", "Sagen Sie ab, müssen Sie 5 € zahlen."],
        ["Use of the pool is free.", "Open Monday to Friday."],
    ],
)
def test_items_that_say_what_holds_are_terms(terms: list[str]) -> None:
    lines = [f"{at}. {term}" for at, term in enumerate(terms, start=1)]
    found = in_order(quoted("\n".join(lines), *lines[::-1]), "Is it old?")
    assert [statement.text for statement in found] == lines[::-1]


@pytest.mark.parametrize("begins", ["Haben Sie eine Lampe", "Können Sie nicht kommen", "Chez Lumen", "Diez euros"])
def test_items_that_begin_as_conditions_or_places_do_are_terms(begins: str) -> None:
    lines = [f"{at}. {begins} {rest}" for at, rest in enumerate(["a b c.", "d e f."], start=1)]
    found = in_order(quoted("\n".join(lines), *lines[::-1]), "Is it old?")
    assert [statement.text for statement in found] == lines[::-1]


def test_steps_of_two_lists_keep_their_places() -> None:
    there, here = (quoted(STEPS.replace("Install", name), "3.", "1.") for name in ("Buy", "Rent"))
    here = [Statement(passage(one.passage.text, "b.md"), one.start, one.end, 0.0) for one in here]
    found = in_order([there[0], here[0], there[1], here[1]], "How is it done?")
    assert [(one.passage.document, one.text[:2]) for one in found] == [
        ("a.md", "1."), ("b.md", "1."), ("a.md", "3."), ("b.md", "3."),
    ]  # fmt: skip


OPTIONS = AnswerOptions(company="Lumen")
WARRANTY = "How long is the warranty of a lamp?"
HOURS = "Breakfast | Saturday: 7:30–11:00 | Sunday: 8:00–11:30\nDinner | Saturday: 18:00–21:00 | Sunday: closed"


def test_the_cell_that_a_question_names_stands_before_its_row() -> None:
    found = retrieval("breakfast sunday", passage(HOURS))
    shown, draft = finish(quote("breakfast on sunday?", found, language="en", embedder=None, options=OPTIONS))
    assert draft.pointed == "8:00–11:30"
    assert shown[1:3] == ["8:00–11:30 [1]\n", "Breakfast – Saturday: 7:30–11:00; Sunday: 8:00–11:30 [1]"]


@pytest.mark.parametrize(("title", "pointed"), [("Hours", "8:00–11:30"), ("Hours (draft)", "")])
def test_no_few_words_stand_before_what_a_draft_says(title: str, pointed: str) -> None:
    found = retrieval("breakfast sunday", passage(HOURS, title=title))
    shown, draft = finish(quote("breakfast on sunday?", found, language="en", embedder=None, options=OPTIONS))
    assert draft.pointed == pointed
    assert str(shown[0]).startswith("Hours (draft): Breakfast – ") is (not pointed)


@pytest.mark.parametrize(("title", "pointed"), [("Warranty", "5 years"), ("DRAFT Warranty", "")])
def test_nor_before_a_draft_s_sentence(title: str, pointed: str) -> None:
    found = retrieval(WARRANTY, passage("Every lamp has a warranty of 5 years.", title=title))
    _, draft = finish(quote(WARRANTY, found, language="en", embedder=None, options=OPTIONS))
    assert draft.pointed == pointed


@pytest.mark.parametrize(
    ("asked", "text", "pointed"),
    [
        ("How much is a ticket for adults?", "12.50 EUR is the ticket for adults.", "12.50 EUR"),
        ("When does the office open on Monday?", "9.00 AM is when the office opens on Monday.", "9.00 AM"),
    ],
)
def test_an_amount_that_begins_a_line_is_an_answer(asked: str, text: str, pointed: str) -> None:
    _, draft = finish(quote(asked, retrieval(asked, passage(text)), language="en", embedder=None, options=OPTIONS))
    assert draft.pointed == pointed


def test_rows_that_are_compared_are_shown_together() -> None:
    found = retrieval("breakfast late dinner longer", passage(HOURS.replace("Dinner", "Late dinner")))
    shown, _ = finish(
        quote("is breakfast or late dinner longer?", found, language="en", embedder=None, options=OPTIONS)
    )
    assert [line.split(" – ")[0].strip() for line in shown] == ["Breakfast", "Late dinner"]


def test_the_few_words_of_an_item_have_the_marker_of_the_item() -> None:
    spa = "Prices in the spa:\n\nsauna 12 euros,\nmassage of the back 69 euros,\npool towel 3 euros."
    found = retrieval("massage back", passage(spa))
    shown, draft = finish(
        quote("How much is the massage of the back?", found, language="en", embedder=None, options=OPTIONS)
    )
    assert draft.pointed == "69 euros"
    assert shown[1:] == ["69 euros [2]\n", "Prices in the spa: [1]", "\nmassage of the back 69 euros, [2]"]


def test_steps_are_quoted_in_their_order() -> None:
    found = retrieval("restart lamp", passage("1. Unplug the lamp.\n2. Restart the lamp by its switch."))
    shown, _ = finish(quote("can I restart the lamp", found, language="en", embedder=None, options=OPTIONS))
    assert [str(line).strip()[:2] for line in shown] == ["1.", "2."]


def test_of_numbered_terms_the_answer_stays_first() -> None:
    assert [one.text[0] for one in in_order(quoted(TERMS, "3.", "2."), "How do I cancel?")] == ["2", "3"]
    asked = "Can I cancel an order of lamps?"
    found = retrieval(
        asked, passage(TERMS.replace("An order of lamps can", "You can cancel an order of lamps, it can"))
    )
    shown, _ = finish(quote(asked, found, language="en", embedder=None, options=OPTIONS))
    assert str(shown[0]).startswith("3. ")


def test_a_command_of_several_lines_can_be_copied_as_one() -> None:
    found = retrieval("start tool", passage("Start the tool:\n\ndocker run --rm \\\n  -v /srv:/data \\\n  shop/tool"))
    shown, draft = finish(quote("start the tool", found, language="en", embedder=None, options=OPTIONS))
    assert shown == ["Start the tool: [1]", "\ndocker run --rm -v /srv:/data shop/tool [2]"]
    assert draft.citations[1].quote == "docker run --rm \\\n  -v /srv:/data \\\n  shop/tool"


def test_items_follow_below_the_line_that_announces_them() -> None:
    """Behind another sentence "Children: €4" would be a price of something else."""
    door = "Tickets at the door:\n\nAdults: €7.50\nChildren: €4\n\nAdults are welcome with children."
    found = retrieval("ticket adults welcome", passage(door))
    shown, draft = finish(
        quote("How much is a ticket for adults?", found, language="en", embedder=None, options=OPTIONS)
    )
    assert draft.pointed == "€7.50"
    assert "".join(str(piece) for piece in shown[1:]).split("\n") == [
        "€7.50 [2]",
        "Tickets at the door: [1]",
        "Adults: €7.50 [2]",
        "Children: €4 [3]",
        "Adults are welcome with children. [4]",
    ]


def test_a_line_that_only_announces_is_nearest_to_nothing_and_no_second_source() -> None:
    aboard, fares = passage("You may not bring:\n\npetrol in cans."), passage("You may not bring:\n\nbikes.", "b.md")
    found = retrieval("may bring petrol", aboard, fares)
    assert nearest(found, language="en", embedder=None, max_words=50) is None
    told = passage("After 72 hours without any response we can help with the following:\n\nan export of petrol.")
    assert nearest(retrieval("after 72 hours", told), language="en", embedder=None, max_words=50) is not None
    _, draft = finish(quote("may I bring petrol?", found, language="en", embedder=None, options=OPTIONS))
    assert {citation.document for citation in draft.citations} == {"a.md"}


def test_no_item_stands_for_its_whole_list() -> None:
    kept = passage("Gift cards.\nBulbs once opened.\nPlaces in workshops.", headings=("What you cannot return",))
    found = retrieval("what cannot return gift", kept)
    _, draft = finish(quote("what can I not return?", found, language="en", embedder=None, options=OPTIONS))
    assert draft.pointed == ""
    assert len(draft.citations) > 1


def test_an_item_within_an_item_is_quoted_below_both() -> None:
    nested = passage("Delivery costs:\n\nMainland: €4\nAbroad\n  Islands: €9\n\nWe pack with care.")
    costs, mainland, abroad, islands, pack = statements_of([nested])
    assert below_announcements([pack, islands, mainland, costs, abroad]) == [pack, costs, mainland, abroad, islands]
    assert below_announcements([islands, pack, mainland]) == [islands, pack, mainland]


ROLL_BACK = passage(
    "Run:\n\nqctl release rollback --to LAST\n\nA roll back needs no approval.\n\nSay so:\n\nin the channel",
    title="Release process",
    headings=("Roll back",),
)
ELSEWHERE = passage("Run:\n\nqctl logs --tail", title="Release process", headings=("Logs",))


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("How do I roll back a release?", "Run:"),
        ("Does a roll back of a release need approval?", "A roll back"),
        ("How do I roll back a database?", "A roll back"),
    ],
)
def test_the_line_above_the_commands_leads_where_it_is_asked_how(question: str, first: str) -> None:
    ranked = statements_of([ROLL_BACK, ELSEWHERE])
    best = next(s for s in ranked if s.text.startswith("A roll back"))
    found = commands_first(question, [best, *(s for s in ranked if s is not best)])
    assert found[0].text.startswith(first)
    assert sorted(s.text for s in found) == sorted(s.text for s in ranked)
