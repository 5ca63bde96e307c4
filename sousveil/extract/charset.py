"""From bytes to characters: which character encoding a payload is in.

Takes the payload, the charset parameter of HTTP and whether the payload may declare one itself;
gives the text and the encoding's WHATWG name in lower case (Encoding Standard, "Names and
labels"; GBK and its relatives are called gb18030, whose decoder they share). The order is that of
the HTML Standard, "Determining the character encoding", with one difference: a declaration that
the bytes contradict is a mistake, not an instruction, so the next candidate is tried before any
character is replaced.
"""

import codecs
import re
from collections.abc import Iterator
from operator import itemgetter

from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

PRESCAN_BYTES = 4096  # the standard says 1024; pages of portals put scripts before their meta
DETECT_BYTES = 65_536  # enough text for the detector on any page we measured, and constant time
SEARCH_BYTES = 4_194_304  # where lines with non-ASCII bytes are looked for
MIN_UTF8_PROOF = 6  # continuation bytes; GBK text that is UTF-8 by chance: below one in a million
MAX_DAMAGE = 0.02  # of the characters: a few broken ones do not refute an encoding
MAX_RARE = 0.2  # of the Chinese characters of a text that is Chinese
MIN_NUL_SHARE = 0.02  # of every second byte: UTF-16 of text that has a little ASCII in it

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16le"), (b"\xfe\xff", "utf-16be"))
_LABEL = rb"\s*=\s*[\"']?\s*([A-Za-z0-9_:.\-]{2,40})"
_META = re.compile(rb"<meta\b[^>]{0,500}?charset" + _LABEL, re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml\b[^>]{0,200}?encoding" + _LABEL)
# What well-formed text looks like in bytes, and the plane of common characters, which make up
# nine tenths of real text: the detector gives up on the few words that a source file holds.
_CHINESE = (
    (
        "gb18030",
        re.compile(rb"(?:[\x00-\x7f]|[\xa1-\xa9\xb0-\xf7][\xa1-\xfe])*+"),
        re.compile(rb"[\xb0-\xd7][\xa1-\xfe]|[\xd8-\xf7][\xa1-\xfe]()"),
    ),
    (
        "big5",
        re.compile(rb"(?:[\x00-\x7f]|[\xa1-\xc6\xc9-\xf9][\x40-\x7e\xa1-\xfe])*+"),
        re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]|[\xc9-\xf9][\x40-\x7e\xa1-\xfe]()"),
    ),
)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_CODECS = {  # WHATWG name -> the Python codec that comes closest to the standard's decoder
    "big5": "big5hkscs",
    "euc-jp": "euc_jp",
    "euc-kr": "cp949",
    "gb18030": "gb18030",
    "ibm866": "cp866",
    "iso-2022-jp": "iso2022_jp",
    "macintosh": "mac_roman",
    "shift_jis": "cp932",
    "utf-16be": "utf-16-be",
    "utf-16le": "utf-16-le",
    "windows-874": "cp874",
}
_NAMES = {  # resiliparse's name -> WHATWG name, where they differ by more than a hyphen
    "cp866": "ibm866",
    "euc_jp": "euc-jp",
    "euc_kr": "euc-kr",
    "gbk": "gb18030",
    "iso2022_jp": "iso-2022-jp",
    "iso8859-11": "windows-874",
    "mac-roman": "macintosh",
    "utf-16-be": "utf-16be",
    "utf-16-le": "utf-16le",
}
_SURE = frozenset(  # what the detector says of Chinese words never or with reason
    {"gb18030", "big5", "euc-jp", "euc-kr", "iso-2022-jp", "shift_jis", "windows-1251", "koi8-r"}
)
_MULTI_BYTE = frozenset(
    {"utf-8", "gb18030", "big5", "euc-jp", "euc-kr", "iso-2022-jp", "shift_jis"}
    | {"utf-16le", "utf-16be"}
)


def decode(payload: bytes, *, http: str | None = None, declares: bool = False) -> tuple[str, str]:
    """Return the text of `payload`, without byte-order mark, and its encoding's WHATWG name.

    `http` is the charset parameter of Content-Type; `declares` says that the payload may name its
    encoding itself (HTML `meta`, XML declaration). Never fails: as a last resort broken bytes
    become U+FFFD. `decode_as(payload, name)` gives the same text again.
    """
    name = _choose(payload, http, declares=declares)
    return decode_as(payload, name), name


def decode_as(payload: bytes, name: str) -> str:
    """Return the text of `payload` read as the encoding `name`, a name that `decode` gave."""
    return payload.decode(_codec(name), "replace").removeprefix("\ufeff")


def whatwg_name(label: str) -> str | None:
    """Return the WHATWG name, in lower case, that `label` stands for; None for an unknown one."""
    found = map_encoding_to_html5(label.strip().lower(), fallback_utf8=False)
    if found is None:
        return None
    name = _NAMES.get(found, found)
    return re.sub(r"^cp(?=125\d$)", "windows-", name).replace("iso8859", "iso-8859")


def _codec(name: str) -> str:
    return _CODECS.get(name, name.replace("windows-", "cp"))


def _choose(payload: bytes, http: str | None, *, declares: bool) -> str:
    """Pick the encoding.

    1. A byte-order mark decides. 2. Bytes that prove themselves UTF-8 are. 3. The first
    multi-byte declaration that the bytes obey; one-byte encodings accept nearly everything, so
    that they fit says nothing, and servers send "iso-8859-1" unasked. 4. A declared one-byte
    encoding. 5. What the bytes look like.
    """
    for mark, name in _BOMS:
        if payload.startswith(mark):
            return name
    if _proves_utf8(payload):
        return "utf-8"
    declared = list(dict.fromkeys(_declared(payload, http, declares=declares)))
    obeyed = next((n for n in declared if n in _MULTI_BYTE and _obeys(payload, n)), None)
    if obeyed is not None:
        return obeyed
    if declared and declared[0] not in _MULTI_BYTE:
        return declared[0]
    return _choose_by_look(payload, declared)


def _choose_by_look(payload: bytes, declared: list[str]) -> str:
    """Pick the encoding of bytes that no declaration fits.

    1. The first guess that the bytes obey. 2. The candidate with the fewest damages, if they are
    few. 3. The first declaration, or what the detector says.
    """
    guesses = list(dict.fromkeys(_guessed(payload)))
    obeyed = next((n for n in guesses if n in _MULTI_BYTE and _obeys(payload, n)), None)
    if obeyed is not None:
        return obeyed
    candidates = [name for name in (*declared, *guesses) if name in _MULTI_BYTE]
    damage, best = min(((_damage(payload, name), name) for name in candidates), key=itemgetter(0))
    if damage <= MAX_DAMAGE:
        return best
    return declared[0] if declared else guesses[-1]


def _declared(payload: bytes, http: str | None, *, declares: bool) -> Iterator[str]:
    labels = [http] if http else []
    if declares:
        head = payload[:PRESCAN_BYTES]
        labels += [m[1].decode("ascii") for m in (_XML.match(head), _META.search(head)) if m]
    for label in labels:
        name = whatwg_name(label)
        if name is not None:
            # An ASCII-readable declaration of UTF-16 is wrong by itself (HTML Standard, prescan).
            wide = name.startswith("utf-16") and label is not http
            yield "utf-8" if wide else name


def _guessed(payload: bytes) -> Iterator[str]:
    """Yield what the bytes look like, the surest first; the detector's word comes last."""
    sample = payload[:DETECT_BYTES]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) > len(sample) / 2 * MIN_NUL_SHARE and min(even, odd) * 8 <= max(even, odd):
        yield "utf-16le" if odd > even else "utf-16be"
    yield "utf-8"
    lines = payload[:SEARCH_BYTES].splitlines()
    telling = b"\n".join(line for line in lines if not line.isascii())
    detected = whatwg_name(detect_encoding(telling, max_len=DETECT_BYTES) or "utf-8") or "utf-8"
    if detected not in _SURE:
        yield from (name for name, shape, common in _CHINESE if _reads(telling, shape, common))
    # "utf-8" is the detector's word for "don't know", and these bytes are none.
    yield "gb18030" if detected == "utf-8" else detected


def _reads(text: bytes, shape: re.Pattern[bytes], common: re.Pattern[bytes]) -> bool:
    """Whether `text` has that shape and mostly common characters; `common` groups the rare."""
    if shape.fullmatch(text) is None:
        return False
    rare = [match.lastindex is not None for match in common.finditer(text)]
    return bool(rare) and sum(rare) <= MAX_RARE * len(rare)


def _proves_utf8(payload: bytes) -> bool:
    text = _strictly(payload, "utf-8")
    return text is not None and len(payload) - len(text) >= MIN_UTF8_PROOF


def _obeys(payload: bytes, name: str) -> bool:
    return _strictly(payload, name) is not None


def _strictly(payload: bytes, name: str) -> str | None:
    """Decode without mercy, save for a last character that the capture's end cut in two."""
    try:
        return codecs.getincrementaldecoder(_codec(name))("strict").decode(payload)
    except UnicodeDecodeError:
        return None


def _damage(payload: bytes, name: str) -> float:
    """Return the broken share of the characters that are not ASCII."""
    text = payload.decode(_codec(name), "replace")
    return text.count("\ufffd") / max(1, len(_NOT_ASCII.findall(text)))
