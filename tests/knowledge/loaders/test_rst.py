"""reStructuredText."""

import pytest

from knowledge.errors import UnreadableFile
from tests.growth import grows_gently

PAGE = """\
=========
Shop help
=========

:Date: 2026-03-04

.. _ways to pay:

Paying
======

Pay by *card* or ``cash``, see `the rates <https://example.com/rates>`_ or :ref:`the form <form>`.

- one
- two

  1. nested

.. note:: Not on Sundays.

.. versionadded:: 2.0
   Cheques **too**.

.. code-block:: sh
   :linenos:

   pay  now

.. toctree::
   :maxdepth: 2

   other

+------+-------+
| Zone | Price |
+======+=======+
| EU   | 4.90  |
+------+-------+

.. comment that no one reads
"""


def test_headings_lists_tables_and_what_sphinx_adds(read_one, blocks):
    document = read_one("a.rst", PAGE)
    assert (document.title, document.metadata) == ("Shop help", {"date": "2026-03-04"})
    assert blocks(document) == [
        ("heading", 1, "Shop help"),
        ("item", 1, "Date: 2026-03-04"),
        ("heading", 2, "Paying"),
        ("paragraph", 0, "Pay by card or cash, see the rates (https://example.com/rates) or the form."),
        ("item", 1, "one"),
        ("item", 1, "two"),
        ("item", 2, "1. nested"),
        ("paragraph", 0, "Note"),
        ("paragraph", 0, "Not on Sundays."),
        ("paragraph", 0, "New in version 2.0: Cheques too."),
        ("code", 0, "pay  now"),
        ("row", 0, "Zone: EU | Price: 4.90"),
    ]
    assert document.blocks[2].anchor == "paying"
    assert document.blocks[-1].header == "Zone | Price"


def test_nothing_is_included_or_passed_through(read_one, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    document = read_one(
        "a.rst",
        "Text\n\n.. include:: secret.txt\n\n.. literalinclude:: secret.txt\n\n.. csv-table::\n   :file: secret.txt\n\n"
        ".. raw:: html\n\n   <b>secret</b>\n\n.. raw:: html\n   :file: secret.txt\n",
    )
    assert document.text == "Text"


def test_faults_do_not_cost_the_text(read_one):
    document = read_one(
        "a.rst", "Title\n==\n\nSee `nowhere`_ and |nothing| and :unknown:`role`.\n\n* a\nb\n\n.. what:: x\n"
    )
    for text in ("Title", "nowhere", "role", "a"):
        assert text in document.text


def test_what_sphinx_says_of_versions_settings_and_tabs(read_one, blocks):
    page = (
        ".. deprecated:: 2.2\n   The key ``old``.\n\n.. versionremoved:: 3.0\n\n.. confval:: timeout\n   :type: int\n"
        "   :default: 30\n\n   How long.\n\n.. tabs::\n\n   .. tab:: Linux\n\n      .. code-block:: sh\n\n         ls\n"
    )
    assert blocks(read_one("a.rst", page)) == [
        ("paragraph", 0, "Deprecated since version 2.2: The key old."),
        ("paragraph", 0, "Removed in version 3.0"),
        ("paragraph", 0, "timeout (type: int, default: 30)"),
        ("paragraph", 0, "How long."),
        ("paragraph", 0, "Linux:"),
        ("code", 0, "ls"),
    ]


def test_a_table_that_cannot_be_read_stays_as_it_is_written(read_one, blocks):
    table = "==== ===\nLoad CPU\n==== ===\nup to 500/s 2\n==== ==="
    assert blocks(read_one("a.rst", f"Below:\n\n{table}\n\nSee `nowhere`_ and |nothing|.\n")) == [
        ("paragraph", 0, "Below:"),
        ("code", 0, table),
        ("paragraph", 0, "See `nowhere`_ and |nothing|."),
    ]


@pytest.mark.parametrize(
    ("table", "read"),
    [
        (
            ".. list-table:: Prices\n   :header-rows: 1\n\n   * - Name\n     - Price\n   * - EU & US\n",
            "Prices\n\n* - Name\n  - Price\n* - EU & US",
        ),
        (
            ".. csv-table::\n   :header: Zone, Price\n   :widths: 1, 2, 3\n\n   EU, 4.90\n",
            "Zone, Price\n\nEU, 4.90",
        ),
        (".. table:: Load\n   :align: left\n\n   No table, but a text.\n", "Load\n\nNo table, but a text."),
    ],
)
def test_a_table_with_a_fault_in_its_directive_stays_as_it_is_written(read_one, blocks, table, read):
    assert blocks(read_one("a.rst", f"{table}\nAfter.\n")) == [("code", 0, read), ("paragraph", 0, "After.")]


def test_comments_alone_are_no_text(read_one):
    with pytest.raises(UnreadableFile, match="no text beside its comments"):
        read_one("a.rst", ".. only a comment\n")


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        ("the form <form>", "the form"), ("a < b <c>", "a < b"), ("<form>", "<form>"), ("a <b", "a <b"),
        ("a <b>c>", "a <b>c>"), ("a <", "a <"), ("!a <>", "a"),
    ],
)  # fmt: skip
def test_a_roles_target_is_not_shown(read_one, role, shown):
    assert read_one("a.rst", f"See :ref:`{role}`.").text == f"See {shown}."


def test_a_role_is_known_wherever_docutils_takes_one(read_one):
    assert read_one("a.rst", "(:a:`one`) and x/:py:func:`two`, ::c-d:`three`").text == "(one) and x/two, :three"


@pytest.mark.parametrize(
    ("before", "piece", "after"), [("", ":a:", ""), ("See :ref:`a", " < a", "`"), ("See :ref:`a", "    a", "`")]
)
def test_reading_takes_time_in_proportion_to_the_text(read_one, before, piece, after):
    assert grows_gently(lambda text: read_one("a.rst", f"{before}{text}{after}"), piece, 120_000)
