"""Every command explains itself, and every command that the pages name exists."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from assistant.cli import app

ROOT = Path(__file__).parents[1]


def commands(root: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    yield path, root
    for name, command in getattr(root, "commands", {}).items():
        yield from commands(command, (*path, name))


COMMANDS = dict(commands(typer.main.get_command(app)))
LEAVES = [path for path, command in COMMANDS.items() if not getattr(command, "commands", None)]


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(path) or "frontdesk")
def test_every_help_has_a_sentence_and_examples_that_parse(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*path, "--help"])
    assert result.exit_code == 0
    assert "Examples:" in result.output
    lines = [line.strip() for line in str(getattr(COMMANDS[path], "epilog", "")).splitlines()]
    examples = [shlex.split(line) for line in lines if line.startswith("frontdesk ")]
    assert examples
    for words in examples:
        assert_exists(words)


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_option_is_explained(path: tuple[str, ...]) -> None:
    for parameter in COMMANDS[path].params:  # type: ignore[attr-defined]
        assert getattr(parameter, "help", None) or parameter.param_type_name == "argument", parameter.name


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")], ids=lambda page: page.name)
def test_commands_named_on_pages_exist(page: Path) -> None:
    if page.name == "design.md":
        pytest.skip("the design names what is to come")
    text = page.read_text(encoding="utf-8")
    in_blocks = [line for block in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    in_lines = re.findall(r"`([^`\n]+)`", text)
    for line in [*in_blocks, *in_lines]:
        found = re.match(r"^\s*(?:\$ )?(?:\S*/)?frontdesk ([a-z].*)$", line.strip())
        if found and "|" not in found[1].split("#")[0]:
            assert_exists(["frontdesk", *shlex.split(found[1], comments=True)])
        for verb in re.findall(r"^\s*(?:\$ )?make ([a-z-]+)", line):
            assert re.search(rf"^{verb}:", (ROOT / "Makefile").read_text(), re.MULTILINE), line


def assert_exists(words: list[str]) -> None:
    """Walk down the commands, then look up each option."""
    command: object = COMMANDS[()]
    rest = words[1:]
    while rest and getattr(command, "commands", None) and not rest[0].startswith("-"):
        assert rest[0] in command.commands, f"{shlex.join(words)}: no command {rest[0]}"  # type: ignore[attr-defined]
        command, rest = command.commands[rest[0]], rest[1:]  # type: ignore[attr-defined]
    options = {name for parameter in command.params for name in parameter.opts}  # type: ignore[attr-defined]
    for word in rest:
        if re.match(r"--?[a-z]", word):
            assert word.split("=")[0] in {*options, "--help"}, f"{shlex.join(words)}: no option {word}"
