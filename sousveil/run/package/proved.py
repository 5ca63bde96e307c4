"""What a verified package proves, by whom, since when, and what it does not, in sentences. Pure."""

from collections.abc import Iterator

from sousveil.archive.wacz_check.records import moment
from sousveil.run.package.signed import Signed, Stamped
from sousveil.run.package.verify import Counted, PackageVerification


def proved(result: PackageVerification) -> Iterator[str]:
    """Yield what is proved; nothing when the package is not whole."""
    if result.faults:
        return
    holds = result.holds
    yield (
        f"Its {holds.files:,} files are those that it lists, unchanged, and nothing else is in it;"
        f" its {holds.records:,} records have the digests that they bear, and each line of its"
        " index leads to the record that it tells of."
    )
    if result.signed is not None:
        yield from _by_whom(result.signed)
    if result.logged is not None:
        logged = result.logged
        yield (
            f"Its archive files are those that {_entries(logged.entries)} of the log"
            f" {logged.origin} brought, of which {logged.key} signed {logged.log_size:,} entries."
        )
        if logged.keys:
            yield f"The keys of that log: {logged.keys}."
        yield from (f"Finding: {line}." for line in logged.findings)
        yield from (f"Time stamp: {line}." for line in logged.stamps)
        yield from (f"W{line[1:]}. Compare the key with its owner's." for line in logged.witnesses)


def not_proved(result: PackageVerification) -> Iterator[str]:
    """Yield what nobody should take for proved."""
    signed, logged = result.signed, result.logged
    if result.faults:
        return
    if signed is None:
        yield "By whom: it is not signed. Who changed it could have mended its digests, too."
    elif signed.kind == "anonymous":
        yield (
            "Whose key signed it: a self-made signature shows only that one key signed all of it."
            " Ask its maker, by another way, whether the key is theirs."
        )
    else:
        yield (
            f"Who at {signed.domain} signed it, and that they saw the pages: who may use that"
            " signing service can have anything signed."
        )
    if logged is not None and not result.is_key_confirmed:
        yield (
            "Whose log it is: ask whoever gave you this, by another way, for their key, and name"
            " it with --key."
        )
    if logged is not None and logged.withheld:
        yield (
            f"What its maker withheld of the log's events: {', '.join(logged.withheld)}. The rest"
            " was checked without it."
        )
    yield _since_when(result)
    yield (
        "That the servers sent this, or the same to others: an encrypted connection leaves no proof"
        " for third parties."
    )


def _by_whom(signed: Signed) -> Iterator[str]:
    if signed.kind == "anonymous":
        yield f"One key signed all of it: {signed.public_key}."
        return
    yield (
        f"Whoever held the certificate for {signed.domain} signed all of it. That name was"
        f" certified by {signed.issuer}, under the root {signed.root}, which this computer trusts."
    )
    if signed.stamp is not None:
        yield _by_then(signed.stamp)


def _by_then(stamp: Stamped) -> str:
    known = (
        "which this computer trusts"
        if stamp.is_trusted
        else "which this computer does not know: compare the digest with its owner's"
    )
    return (
        f"The signature existed by {moment(stamp.at)}, says {stamp.by} under the root {stamp.root},"
        f" SHA-256 {stamp.root_sha256}, {known}."
    )


def _since_when(result: PackageVerification) -> str:
    dates = _dates(result.holds)
    is_stamped = (result.signed is not None and result.signed.stamp is not None) or (
        result.logged is not None and bool(result.logged.stamps or result.logged.witnesses)
    )
    told = f"When it was captured: its records tell {dates}, by the clock of who made it"
    if is_stamped:
        return f"{told}. Who stamped or saw it shows that they existed by then, not since when."
    return f"{told}, and nobody else says since when they exist: no authority stamped it."


def _dates(holds: Counted) -> str:
    if holds.oldest is None or holds.newest is None:
        return "no dates"
    days = dict.fromkeys((moment(holds.oldest), moment(holds.newest)))
    return " to ".join(days)


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"
