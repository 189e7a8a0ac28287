"""Every way in which a text can lead a reader elsewhere, and which of them are allowed.

    text, allowed hosts -> spans of links, images, tags and addresses that must not be shown

What cannot be read with certainty is not allowed: a link with a user name in it, a backslash within it, a scheme other
than http, https, mailto and those of machines in a company (smb, ssh and alike, and a share as Windows writes it). A
host is allowed by its exact name, or below a name that begins with a dot.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from knowledge.text import CJK_CLASS

Kind = Literal["link", "image", "markup", "mail"]

_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0e\ufeff\U000e0000-\U000e007f]")  # fmt: skip  # noqa: E501
_END = r"\s<>\"'`，、；：！？）】》」』“”‘’|"
_TAGS = (
    "a|img|image|script|iframe|svg|object|embed|form|input|link|meta|style|base|video|audio|source|picture|button|html|"
    "body|math|template|frame|frameset|details|marquee|applet|area|map|portal"
)
_TLDS = (
    "com|net|org|info|biz|io|co|ai|app|dev|shop|store|online|site|xyz|top|club|live|link|click|page|cloud|me|tv|cc|ly|"
    "gg|to|ws|cn|uk|us|de|fr|eu|ru|jp|kr|in|nl|it|es|ch|at|se|no|pl|br|au|ca|hk|tw|sg|edu|gov|mil|int|pro|name|mobi|"
    "asia|tel|example|test|invalid|onion|zip|mov"
)
_DOT = r"(?:\.|。|．|｡|\s?[\[({]\s?(?:\.|dot)\s?[\])}]\s?)"
_LABEL = r"[^\W_](?:[\w-]{0,62}[^\W_])?"
_MARKUP = re.compile(rf"<\s*/?\s*(?:{_TAGS})\b[^>]*(?:>|$)", re.IGNORECASE)
_IMAGE = re.compile(r"!\[[^\]]*\]\s*(?:\([^)]*(?:\)|$)|\[[^\]]*\])|!\[")
_MARKDOWN_LINK = re.compile(r"\]\(\s*<?((?:[^()]|\([^()]*\))*)(?:\)|$)")
_REFERENCE = re.compile(r"^\s{0,3}\[[^\]]+\]:\s*(\S+).*$", re.MULTILINE)
_MAIL = re.compile(
    rf"(?:mailto:\s*)?[\w.+%-]{{1,254}}(?:@|＠|\s?\[at\]\s?|\s?\(at\)\s?)"
    rf"((?:{_LABEL}{_DOT})+[^\W\d_]{{2,24}})",
    re.IGNORECASE,
)
_URL = re.compile(
    rf"[a-z][a-z0-9+.-]{{1,20}}\s?[:：]\s?[/\\／]{{2}}[^{_END}]*"
    rf"|(?<![:/\w\\])[/\\]{{2}}(?:{_LABEL}\.)+[^\W\d_]{{2,24}}[^{_END}]*"
    rf"|(?<![a-z0-9])(?:javascript|vbscript|view-source|filesystem|intent)\s*:[^{_END}]*"
    rf"|(?<![a-z0-9])(?:data:\s*(?:[a-z]+/[a-z]|;|,)|blob:|file:/)[^{_END}]*"
    rf"|(?<![\w@.])www\d?{_DOT}[^{_END}]*"
    rf"|(?<![\w@./-])(?:{_LABEL}{_DOT}){{1,126}}(?:{_TLDS})(?![\w@-])(?:[:/?#][^{_END}]*)?"
    rf"|(?<![\w.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?=[:/])[^{_END}]*",
    re.IGNORECASE,
)
_SCHEMES = frozenset("http https smb afp nfs sftp ssh ipp ipps ldap ldaps rdp".split())  # noqa: SIM905, read as a text
_SHARE = re.compile(rf"\\\\((?:{_LABEL}\.)+{_LABEL})(?:\\[^\\/]*)*")
"""A folder on a file server, as Windows writes it."""
_TRAILING = ".,;:!?)]}'。"
_NO_WORDS = "com|net|org|edu|gov|cn|hk|tw|ru|xyz|cc|onion"
_NEW_SENTENCE = re.compile(rf"(?:[^.．｡。\[({{/?#]*[{CJK_CLASS}]。)+(?!(?:{_NO_WORDS})\b)[a-z]+:?", re.IGNORECASE)
"""Behind a Chinese character a 。 ends a sentence, "支持退货。App 内可申请": no host, while nothing follows it and what
stands behind it may be a word. Browsers take a 。 for a full stop: 退货。com is a place."""
_CJK_TLDS = (
    "みんな|アマゾン|クラウド|グーグル|コム|ストア|セール|ファッション|ポイント|世界|中信|中国|中國|中文网|亚马逊|企业|佛山|信息|健康|八卦|公司|公益|"
    "台湾|台灣|商城|商店|商标|嘉里|嘉里大酒店|在线|大拿|天主教|娱乐|家電|广东|微博|慈善|我爱你|手机|招聘|政务|政府|新加坡|新闻|时尚|書籍|机构|淡马锡|"
    "游戏|澳門|澳门|点看|移动|组织机构|网址|网店|网站|网络|联通|臺灣|谷歌|购物|通販|集团|電訊盈科|飞利浦|食品|餐厅|香格里拉|香港|닷넷|닷컴|삼성|한국"
)
_SENTENCE_BEHIND = re.compile(
    rf"(?<=[a-z0-9/])。(?:[{CJK_CLASS}]+。)*(?!(?:{_CJK_TLDS})(?![\w-]))[{CJK_CLASS}][^.．｡。/?#\[({{]*$", re.IGNORECASE
)
"""A 。 and what a sentence says behind an address, "help@example.com。我们会在2天内回复": a place would end in one of
the top level domains that there are in these signs (the public suffix list's)."""
_HOST = re.compile(rf"((?:{_LABEL}\.)+{_LABEL})\.?(?::\d{{1,5}}){{0,2}}(?=[/?#]|$)")
"""With a port, or two as a container's is given: `127.0.0.1:9464:9464`, which no browser opens."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that must not be shown."""

    start: int
    end: int
    kind: Kind
    host: str
    """Where it leads, "" when that cannot be told."""


def visible(text: str) -> str:
    """Return a text without characters that nobody sees, which can hide a link from this check."""
    return _INVISIBLE.sub("", text)


def forbidden(text: str, *, hosts: Iterable[str], mails: Iterable[str] = ()) -> tuple[Found, ...]:
    """Return what a text must not show, in order and without overlaps.

    Args:
        text: as `visible` returns it.
        hosts: allowed hosts; ".example.com" also allows every host below example.com.
        mails: whole e-mail addresses that are allowed beside those at allowed hosts.
    """
    allowed = frozenset(host.casefold().strip() for host in hosts if host.strip())
    addresses = frozenset(mail.casefold() for mail in mails)
    found = [Found(*match.span(), "markup", "") for match in _MARKUP.finditer(text)]
    found += [Found(*match.span(), "image", "") for match in _IMAGE.finditer(text)]
    found += _targets(text, allowed, addresses)
    for match in _MAIL.finditer(text):
        mail, place = _alone(match[0]), _plain_host(_alone(match[1]))
        if not is_allowed(place, allowed) and mail.casefold().removeprefix("mailto:").strip() not in addresses:
            found.append(Found(match.start(), match.start() + len(mail), "mail", place))
    for match in _urls(text):
        url = _alone(match[0].rstrip(_TRAILING))
        if (host := host_of(url)) is None or not is_allowed(host, allowed):
            found.append(Found(match.start(), match.start() + len(url), "link", host or ""))
    return _without_overlaps(found)


def host_of(url: str) -> str | None:
    """Return the host that a browser would go to, None when that cannot be told with certainty.

    >>> host_of("https://Shop.example.com:443/a"), host_of("https://shop.example.com@evil.com"), host_of("javascript:x")
    ('shop.example.com', None, None)
    """
    plain = re.sub(r"[。．｡]", ".", html.unescape(url))
    plain = re.sub(r"\s?[\[({]\s?(?:\.|dot)\s?[\])}]\s?", ".", plain, flags=re.IGNORECASE)
    if share := _SHARE.fullmatch(plain):
        return share[1].casefold()
    if "\\" in plain or any(ord(letter) < 33 for letter in plain):
        return None
    scheme, separator, rest = plain.partition("://")
    if not separator:
        scheme, rest = "https", plain.removeprefix("//")
    if scheme.casefold() not in _SCHEMES:
        return None
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority or "%" in authority or (match := _HOST.match(authority)) is None:
        return None
    return match[1].casefold()


def hosts_in(texts: Iterable[str]) -> frozenset[str]:
    """Return the hosts of all links and addresses that stand in texts.

    Where a 。 may be a full stop or the end of a sentence, both readings are among them.
    """
    hosts = set()
    for text in texts:
        seen = visible(text)
        urls = [match[0].rstrip(_TRAILING) for match in _urls(seen)]
        read = [host_of(part) for url in urls for part in (url, url.partition("。")[0])]
        hosts |= {host for host in read if host is not None}
        mails = [match[1] for match in _MAIL.finditer(seen)]
        hosts |= {_plain_host(mail) for mail in mails}
        hosts |= {before for mail in mails if "." in (before := _plain_host(re.split("[。｡]", mail)[0]))}
    return frozenset(hosts)


def is_allowed(host: str, allowed: Iterable[str]) -> bool:
    """Return whether a host is one of the allowed, or below one that begins with a dot."""
    return any(host == name or (name.startswith(".") and f".{host}".endswith(name)) for name in allowed)


def _urls(text: str) -> Iterator[re.Match[str]]:
    return (match for match in _URL.finditer(text) if not _NEW_SENTENCE.fullmatch(match[0]))


def _alone(address: str) -> str:
    """Return an address without the sentences that stand behind it."""
    return _SENTENCE_BEHIND.sub("", address)


def _targets(text: str, allowed: frozenset[str], mails: frozenset[str]) -> Iterator[Found]:
    """Yield Markdown's links and references that lead where they may not; only the target, the label stays."""
    for pattern in (_MARKDOWN_LINK, _REFERENCE):
        for match in pattern.finditer(text):
            target = re.sub(r"[\s\x00-\x1f]", "", unquote(html.unescape(match[1].split(" ")[0])))
            mail = target.casefold().removeprefix("mailto:")
            is_mail = target.casefold().startswith("mailto:")
            host: str | None = mail.rpartition("@")[2].partition("?")[0] if is_mail else host_of(target)
            if host is None or not (is_allowed(host, allowed) or mail in mails):
                yield Found(match.start() + (pattern is _MARKDOWN_LINK), match.end(), "link", host or "")


def _plain_host(host: str) -> str:
    plain = re.sub(r"\s?[\[({]\s?(?:\.|dot)\s?[\])}]\s?", ".", host, flags=re.IGNORECASE)
    return re.sub(r"[。．｡]", ".", plain).casefold()


def _without_overlaps(found: Iterable[Found]) -> tuple[Found, ...]:
    """Return the spans in order; where some overlap, one that covers them all, of the first one's kind."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if kept and one.start < kept[-1].end:
            last = kept[-1]
            kept[-1] = Found(last.start, max(last.end, one.end), last.kind, last.host or one.host)
        else:
            kept.append(one)
    return tuple(kept)
