"""Markdown as builders of documentation sites extend it."""

import pytest

from knowledge.loaders.markdown_sites import to_plain_markdown
from tests.growth import grows_gently

MKDOCS = """# Setup

!!! warning "Old version"
    This is version 1.

    It ends in March.

??? question "Does it run on Windows?"
    Not yet.

=== "Python"

    ```python
    import shop
    !!! not a box
        x = 1
    ```

=== "Node"

    - Install it:
        - with npm

After.
"""


def test_boxes_and_tabs_of_mkdocs(read_one, blocks):
    assert blocks(read_one("a.md", MKDOCS)) == [
        ("heading", 1, "Setup"),
        ("paragraph", 0, "Old version:"),
        ("paragraph", 0, "This is version 1."),
        ("paragraph", 0, "It ends in March."),
        ("heading", 2, "Does it run on Windows?"),
        ("paragraph", 0, "Not yet."),
        ("heading", 2, ""),
        ("paragraph", 0, "Python:"),
        ("code", 0, "import shop\n!!! not a box\n    x = 1"),
        ("paragraph", 0, "Node:"),
        ("item", 1, "Install it:"),
        ("item", 2, "with npm"),
        ("paragraph", 0, "After."),
    ]


MDX = """import Tabs from '@theme/Tabs';
import {Note} from "./parts";

{/* ask Ada */}

<Tabs>
<TabItem value="mac" label="macOS">

```bash
brew install quay
```

</TabItem>
<TabItem value="linux">

```bash title="install.sh"
curl get.sh | sh
```

</TabItem>
</Tabs>

1. Convert it:

   ```js [npm]
   import x from './x';
   ```
"""


def test_tabs_and_modules_of_mdx(read_one, blocks):
    assert blocks(read_one("a.mdx", MDX)) == [
        ("paragraph", 0, "macOS:"),
        ("code", 0, "brew install quay"),
        ("paragraph", 0, "linux:"),
        ("paragraph", 0, "install.sh:"),
        ("code", 0, "curl get.sh |\tsh"),
        ("item", 1, "1. Convert it:"),
        ("item", 1, "npm:"),
        ("code", 0, "import x from './x';"),
    ]


HIDDEN = """import {
  Note,
  Tabs,
} from '@theme/parts';
import Lamp,
  {Door} from './lamp'
export const meta = {
  plan: "Team {",

  price: [1,
    2],
};
export default function Page({children}) {
  return <div>{children}</div>;
}
export {
  meta,
} from './meta';

{/*
Staff only: give 20 % off.

- to friends
*/}

Lamps {/* secret */} are here{ /* a
b */ }.

`{/* in code */}` stays ``{/* here ` too */}``.

```js
{/* in a fence */}
export const a = {
```

{/* ``` */}

The end.
"""


def test_what_mdx_shows_nobody_is_not_read(read_one, blocks):
    assert blocks(read_one("a.mdx", HIDDEN)) == [
        ("paragraph", 0, "Lamps are here."),
        ("paragraph", 0, "{/* in code */} stays {/* here ` too */}."),
        ("code", 0, "{/* in a fence */}\nexport const a = {"),
        ("paragraph", 0, "The end."),
    ]


def test_an_export_without_an_end_takes_its_own_paragraph_alone():
    assert to_plain_markdown("export const a = {\n  b: 1,\n\nText.\n").split() == ["Text."]


@pytest.mark.parametrize(("title", "shown"), [("Deprecated", "Deprecated:"), ("注意", "注意："), ("Why?", "Why?")])
def test_a_boxs_title_leads_to_what_it_says(read_one, blocks, title, shown):
    text = f'!!! note "{title}"\n    Use the other.\n'
    assert blocks(read_one("a.md", text)) == [("paragraph", 0, shown), ("paragraph", 0, "Use the other.")]


def test_what_stands_in_bold_above_code_leads_to_it(read_one, blocks):
    text = "**Before (v1)**\n\n```\nquay.send()\n```\n\n**Note**\n\nSend less.\n\n**It works.**\n\n```\nok\n```\n"
    assert blocks(read_one("a.md", text)) == [
        ("paragraph", 0, "Before (v1):"),
        ("code", 0, "quay.send()"),
        ("paragraph", 0, "Note"),
        ("paragraph", 0, "Send less."),
        ("paragraph", 0, "It works."),
        ("code", 0, "ok"),
    ]


def test_nothing_in_bold_above_code_is_no_name(read_one, blocks):
    assert blocks(read_one("a.md", "<p><strong>&nbsp;</strong></p><pre>x</pre>\n")) == [("code", 0, "x")]


def test_marks_of_gitbook_and_hugo(read_one, blocks):
    text = (
        '{% hint style="info" %}\nOnly on Team.\n{% endhint %}\n\n{% tabs %}\n{% tab title="Linux" %}\napt install quay'
        '\n{% endtab %}\n{% endtabs %}\n\n{{< tab "Windows" >}}\nwinget install quay\n{{< /tab >}}\n\nUse {{ name }}.\n'
    )
    assert blocks(read_one("a.md", text)) == [
        ("paragraph", 0, "Only on Team."),
        ("paragraph", 0, "Linux:"),
        ("paragraph", 0, "apt install quay"),
        ("paragraph", 0, "Windows:"),
        ("paragraph", 0, "winget install quay"),
        ("paragraph", 0, "Use {{ name }}."),
    ]


@pytest.mark.parametrize(
    ("mark", "read"),
    [
        ('{{< note "Only on the Team plan." >}}', [("paragraph", 0, "Only on the Team plan.")]),
        ('{{< note "20% off < today" />}}', [("paragraph", 0, "20% off < today")]),
        ('{{< alert text="Closed on Mondays" >}}', [("paragraph", 0, "Closed on Mondays")]),
        (
            "{{< alert title='Hours' text='Closed on Mondays' >}}",
            [("paragraph", 0, "Hours:"), ("paragraph", 0, "Closed on Mondays")],
        ),
        ('{{< alert type="warning" >}}', []),
        ('{{< tabs "an-id" >}}', []),
        ('{%- code title="a.py" -%}', [("paragraph", 0, "a.py:")]),
        ("{% end-tabs %}", []),
    ],
)
def test_what_a_mark_of_hugo_or_gitbook_says_is_read(read_one, blocks, mark, read):
    assert blocks(read_one("a.md", f"{mark}\n\nAfter.\n")) == [*read, ("paragraph", 0, "After.")]


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ('{{% details "How do refunds work?" %}}', "{{% /details %}}"),
        ('{% details summary="How do refunds work?" %}', "{% enddetails %}"),
    ],
)
def test_what_hugo_folds_up_stands_below_its_title(read_one, blocks, begin, end):
    assert blocks(read_one("a.md", f"# Help\n\n{begin}\nIn 14 days.\n{end}\n\nAfter.\n")) == [
        ("heading", 1, "Help"),
        ("heading", 2, "How do refunds work?"),
        ("paragraph", 0, "In 14 days."),
        ("heading", 2, ""),
        ("paragraph", 0, "After."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "!!! Wow\n\nnext",
        '=== "Sale"\nnothing is indented',
        "import duties from 'abroad' are yours",
        "import them from the menu",
        "export default settings to a file",
        "export {{ name }} once",
        "The\nexport function (in the File menu) saves your orders as CSV.",
        "export default (CSV) can be changed in the settings.",
        "a {/* that no one closes",
        "{% if user %}\nHello",
        "{{ name }}",
        "a <Tab> key",
        '```\n<TabItem label="x">\nimport a from "./a"\n```',
        "    !!! note\n        code",
    ],
)
def test_what_only_looks_like_it_stays(text):
    assert [line for line in to_plain_markdown(text).split("\n") if line] == [line for line in text.split("\n") if line]


@pytest.mark.parametrize(
    "piece",
    [
        "{{<" + " " * 99, "{{< x ", "{%-", "{% - ", "{/*", "{/* ` ", "`a `` ", "`", "import A from ", "import {\n",
        "import A\n", "export const a = {\n", "export const a = {\n\n", "export class a ", '    === "x"\n',
        '    === "x"\n     y\n', "``` ", "```js [a] ", "``` a\n", "~~~ [\n", "!!! a b ", "!!! a\n", '=== "a ',
        "<Tab a ", "label='a ", "> > ", "*/}{ ",
    ],
)  # fmt: skip
def test_reading_takes_time_in_proportion_to_the_text(piece: str) -> None:
    assert grows_gently(lambda text: to_plain_markdown(f"{text}x"), piece, 60_000), "from the beginning"
    assert grows_gently(lambda text: to_plain_markdown(f"{{{{< {text}x"), piece, 60_000), "in a mark"
    assert grows_gently(lambda text: to_plain_markdown(f"``` {text}x"), piece, 60_000), "behind a fence"
