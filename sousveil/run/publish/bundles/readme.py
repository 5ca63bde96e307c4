"""The README of a bundle: how to check it, by program and by hand, what it shows and what not."""

from collections.abc import Sequence

from sousveil.jsonform import instant
from sousveil.model import Finding, Json

_README = """\
# How to check this bundle

It is a web archive (WACZ 1.1.1): ReplayWeb.page and other players open it. It also proves itself,
offline and without the program that made it. With Python and OpenSSL:

    unzip -o {name} 'sousveil/*'
    python3 sousveil/verify_bundle.py {name} --key '{key}'

`verify_bundle.py` is one file of {lines} lines, made to be read before it is run. Ask the people
who gave you this bundle, *by another way*, for their key, and write theirs in place of the one
above.

By hand, with `sha256sum` and `openssl` alone:

    unzip -o {name}
    sha256sum archive/*                        # each as in the "warc" of its sousveil/entry-N.json
    sha256sum sousveil/entry-*.event.json      # each as in the "body" of the same entry
    while read -r line; do printf %s "$line" | sha256sum; done < sousveil/entry-N.disclosed.jsonl
                                               # each stands in entry-N.event.json, for a value
    head -n 3 sousveil/checkpoint > text       # the log's name, size and root: this is signed
    grep '^— ' sousveil/checkpoint | cut -d ' ' -f 3 | base64 -d | tail -c 64 > signature
    (printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'
     echo '{key}' | sed 's/.*+//' | base64 -d | tail -c 32) > key.der
    openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in text -sigfile signature

That an entry is in the log, the hashes in its `.tlog-proof` show (c2sp.org/tlog-proof, RFC 9162
section 2.1.3.2).
{vouched}
## What is in it

{findings}

## What this shows, and what not

- That each archive file is, byte for byte, the one that was logged, and that the log was signed by
  the key: nothing was changed or put in since.
- That each quote is cited from a record of these files. Whether it stands there is shown for text;
  in a PDF, a picture or a repository, look at the place that the finding names.
- Not that the server sent the same to others, and not who owns the key. Of what was handed in (its
  address begins with `urn:sousveil:handed-in:`) not who wrote it, nor that it was ever published.
- Not when: times are those of the computer that logged. Time stamps, where there are any, show that
  the log existed by then, not since when.
- Labels, traits and scores are what a program made of the words. They are no evidence.
"""


_STAMPED = """
That the log existed by a certain time, authorities say who signed its checkpoint (RFC 3161). Their
certificates were valid then, which is what `-attime` is for, in seconds since 1970:

    stamp={stamp}
    openssl ts -reply -in $stamp.tsr -text | grep 'Time stamp'
    openssl ts -verify -in $stamp.tsr -data sousveil/checkpoint -CAfile $stamp.pem \\
        -attime "$(date -d '...' +%s)"         # the time stamp, in place of the dots

The last certificate in `$stamp.pem` is the authority's root. Ask it whether that is so.
"""


_ANCHORED = """
That the checkpoint existed before a block of Bitcoin was made, the `.ots` files show
(OpenTimestamps): `verify_bundle.py` follows them to the root in the block's header, and tells the
header's time and hash. Compare that hash with any node's or explorer's: the header beside it could
be of another chain. `ots verify`, of opentimestamps-client, does it all with a node of your own.
"""


_WITNESSED = """
Witnesses cosigned the checkpoint (c2sp.org/tlog-cosignature): `checkpoint.cosigned` has what each
of them signed, and `verify_bundle.py` checks it. It says when they saw the log, and that it went on
from all that they had seen of it. Ask them, by another way, whether these are their keys:

{keys}
"""


def readme_of(
    name: str, made: Json, findings: Sequence[Finding], *, script: bytes, keys: str
) -> str:
    """Return the README of the bundle `name`.

    `made` is what `bundle.json` tells of how it was made, `script` the checker beside it, `keys`
    what is told of former keys of the log.
    """
    listed = "\n".join(f"- `finding-{one.id}.json`: {_line(one)}" for one in findings)
    return _README.format(
        name=name,
        key=made["key"],
        lines=script.count(b"\n"),
        findings=listed,
        vouched=_vouched(made["timestamps"], made["witnesses"]) + keys,
    )


def _vouched(stamps: Sequence[str], witnesses: Sequence[str]) -> str:
    """Return what the README says of those who vouch for the log; nothing where nobody does."""
    tokens = [one for one in stamps if one.endswith(".tsr")]
    text = _STAMPED.format(stamp=tokens[0].removesuffix(".tsr")) if tokens else ""
    if len(tokens) < len(stamps):
        text += _ANCHORED
    if witnesses:
        text += _WITNESSED.format(keys="\n".join(f"    {key}" for key in witnesses))
    return text


def _line(finding: Finding) -> str:
    quote = " ".join(finding.quote.split())
    return f"“{quote}” ({finding.url}, {instant(finding.capture.captured_at)})"
