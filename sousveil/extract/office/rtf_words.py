"""The words of RTF that matter to its text, and the code pages that it may be written in.

Tables of the Rich Text Format Specification 1.9.1: "Font Table" and "Character Set" for the code
pages, "Special Characters", "Destinations" in its appendix. `rtf.py` reads with them.
"""

import codecs

CHARSETS = {  # \fcharset -> code page (section "Font Table")
    77: 10000,
    128: 932,
    129: 949,
    130: 1361,
    134: 936,
    136: 950,
    161: 1253,
    162: 1254,
    163: 1258,
    177: 1255,
    178: 1256,
    186: 1257,
    204: 1251,
    222: 874,
    238: 1250,
    254: 437,
}
_CODECS = {936: "gb18030", 950: "big5hkscs", 1361: "johab", 10000: "mac_roman", 65001: "utf-8"}
DEFAULT_CODEC = "cp1252"
CHARACTERS = {
    "tab": "\t",
    "line": "\n",
    "emdash": "—",
    "endash": "–",
    "bullet": "•",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "emspace": " ",
    "enspace": " ",
    "qmspace": " ",
    "~": "\u00a0",
    "-": "\u00ad",
    "_": "-",
    "\\": "\\",
    "{": "{",
    "}": "}",
}
ENDS = frozenset({"par", "sect", "page", "column", "\n", "\r"})
STORIES = {
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), "header"),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), "footer"),
    "footnote": "footnote",
    "annotation": "comment",
    "shptxt": "text box",
    "dptxbxtext": "text box",
    "title": "title",
}
STARRED = frozenset({"shpinst", "shptxt", "shpgrp", "annotation", "dptxbxtext", "footnote"})
_OF_PROGRAMS = """
    atnauthor atnid bkmkend bkmkstart blipuid colortbl company datastore fldinst filetbl generator
    author operator manager subject keywords category doccomm comment hlinkbase creatim revtim
    printim buptim latentstyles listoverridetable listtable listtext mmathPr nonshppict objalias
    objclass objdata objname panose pict pntext revtbl rsidtbl sn stylesheet sv template themedata
    xe tc wgrffmtfilter xmlnstbl
"""
PASSED_OVER = frozenset(_OF_PROGRAMS.split())


def codec_of(code_page: int) -> str:
    """Return Python's codec for a code page; for an unknown one that of Western Windows."""
    name = _CODECS.get(code_page, f"cp{code_page}")
    try:
        codecs.lookup(name)
    except LookupError:
        return DEFAULT_CODEC
    return name
