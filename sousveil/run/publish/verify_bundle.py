"""Checks a bundle of evidence, offline, without the program that made it.

    python3 verify_bundle.py BUNDLE.wacz [--key NAME+ID+KEY]

Needs Python 3.9 or newer and the command `openssl`, 3.0 or newer; nothing else. Prints one line for
each thing that was checked, then YES or NO. Ends with 0 for yes, 1 for no, 2 when there was nothing
to check.

The chain, from the quote to the key:
    quote -> bytes of an answer -> record in an archive file (WARC) -> SHA-256 of that file
    -> entry of a log -> root of the log's tree -> checkpoint, signed by a key -> time stamps on it
What it rests on: SHA-256, Ed25519, ECDSA, and that you learnt the key (--key) by another way than
with this file. README.md beside this script says what is not shown.
"""

from __future__ import annotations

import argparse
import base64
import calendar
import hashlib
import html
import io
import json
import re
import struct
import subprocess
import sys
import tempfile
import time
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

MANIFEST, DIGEST = "datapackage.json", "datapackage-digest.json"
BUNDLE = "sousveil/bundle.json"
CHECKPOINT = "sousveil/checkpoint"
COSIGNED = "sousveil/checkpoint.cosigned"  # the same, with what witnesses signed under it
OTS_MAGIC = bytes.fromhex("004f70656e54696d657374616d7073000050726f6f6600bf89e2e884e89294")
IN_BITCOIN = bytes.fromhex("0588960d73d71901")  # the kind of word that names a block
HEADER_BYTES = 80
KEYS_FOLDER = "sousveil/keys/"  # how one key of the log followed another
KEYS = f"{KEYS_FOLDER}keys.json"
MAX_CHANGES = 64  # of keys; each costs three runs of openssl
MAX_TEXT_BYTES = 64 * 2**20  # of an answer that is searched for a quote
MAX_RECORD_BYTES = 2**30  # of a record, unpacked; what unpacks to more is counted as cut short
ENTRY = "sousveil/entry-"  # what files of a log entry begin with
ENTRY_ENDS = ("json", "tlog-proof", "event.json", "disclosed.jsonl")
SALT_AND_VALUE = 2  # parts of a line that discloses something
ED25519_SPKI = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: what precedes the key


# What reading a file that somebody made to be misread may raise.
UNREADABLE = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, OSError, RuntimeError, TypeError),
    *(ValueError, struct.error, zipfile.BadZipFile, zlib.error),
)


class Wrong(Exception):  # noqa: N818  # what is wrong, in words for a person
    """A check that failed."""


def main() -> int:
    """Check the bundle that the command line names."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("bundle", type=Path)
    options.add_argument("--key", help="the log's key, as its owner told it to you")
    given = options.parse_args()
    try:
        checks = Checks(given.bundle, given.key)
    except UNREADABLE as error:
        print(f"NOT READ: {given.bundle}: {error}")
        return 2
    return checks.run()


class Checks:
    """All checks of one bundle, and what they found."""

    def __init__(self, path: Path, key: str | None) -> None:
        self.path, self.expected_key = path, key
        self.zip = zipfile.ZipFile(path)
        self.is_whole = True
        self.opened = path.name  # the file that was opened last
        self.root, self.size = b"", 0
        self.key = ""  # that signed the checkpoint
        self.newest_key = ""  # of the log, as far as the bundle tells
        self.known_by: set[str] = set()  # keys by which whoever learnt them may know the log
        self.archives: dict[str, int] = {}
        self.entries: list[int] = []
        self.findings: list[str] = []
        self.stamps: list[str] = []
        self.witnesses: list[str] = []
        self.hidden: set[str] = set()  # what is withheld of events, by type and field

    def run(self) -> int:
        """Make all checks; return the exit status."""
        self.check("the package", self.package)
        self.check(f"the package's signature, in {DIGEST}", self.package_signature)
        self.check("what the bundle says of itself", self.contents)
        if KEYS in self.names:
            self.check("the log's keys", self.succession)
        self.check("the log's checkpoint", self.checkpoint)
        for index in self.entries:
            self.check(f"log entry {index}", partial(self.entry, index))
        for warc in sorted(name for name in self.names if name.startswith("archive/")):
            self.check(warc, partial(self.archive_file, warc))
        for name in self.findings:
            self.check(name, partial(self.finding, name))
        for name in self.stamps:
            self.check(name, partial(self.timestamp, name))
        for key in self.witnesses:
            self.check(f"witness {key}", partial(self.witness, key))
        self.conclude()
        return 0 if self.is_whole else 1

    def check(self, what: str, how: Callable[[], str]) -> None:
        """Run one check and print what it found; nothing in a bundle may stop the others."""
        try:
            told = f"ok   {what}: {how()}"
        except Wrong as wrong:
            told = f"NO   {what}: {wrong}"
        except UNREADABLE as error:
            told = f"NO   {what}: {self.unreadable(error)}"
        self.is_whole = self.is_whole and told.startswith("ok")
        # What strangers wrote must not paint over our words.
        print("".join(one if one.isprintable() else f"<U+{ord(one):04X}>" for one in told))

    def unreadable(self, error: BaseException) -> str:
        """Return in words that a check could not be made, and which file it had opened last."""
        return f"{self.opened} cannot be read ({type(error).__name__}: {error})"

    def contents(self) -> str:
        """Read which entries, files, findings, time stamps and witnesses there are."""
        told = self.json(BUNDLE)
        self.key, self.archives = str(told["key"]), dict(told["archives"])
        self.entries, self.findings = list(told["entries"]), list(told["findings"])
        self.newest_key, self.known_by = self.key, {self.key}
        self.stamps = list(told.get("timestamps", []))
        self.witnesses = list(told.get("witnesses", []))
        if told["version"] != 1 or not self.findings:
            raise Wrong("is of another version, or names no finding")
        if (COSIGNED in self.names) != bool(self.witnesses):
            raise Wrong(f"names no witness for {COSIGNED}, or lacks that file")
        known = {f"{ENTRY}{index}.{end}" for index in self.entries for end in ENTRY_ENDS}
        if strays := [name for name in self.names if name.startswith(ENTRY) and name not in known]:
            raise Wrong(f"holds files of log entries that it does not name: {', '.join(strays)}")
        return f"{len(self.findings)} findings, {len(self.entries)} log entries"

    @property
    def names(self) -> list[str]:
        """The files in the package."""
        return [entry.filename for entry in self.zip.infolist()]

    def read(self, name: str) -> bytes:
        """Return a file of the package, whole."""
        self.opened = name
        return self.zip.read(name)

    def json(self, name: str) -> dict[str, Any]:
        """Return what a JSON file of the package says."""
        told = json.loads(self.read(name))
        if not isinstance(told, dict):
            raise Wrong(f"{name} is no JSON object")
        return told

    # ------------------------------------------------------------ the package

    def package(self) -> str:
        """Check that every file is listed once, with size and digest, and nothing else is there."""
        self.no_hidden_bytes()
        names = self.names
        if len(set(names)) != len(names):
            raise Wrong("two files have one name")
        listed = {each["path"]: each for each in self.json(MANIFEST)["resources"]}
        there = set(names) - {MANIFEST, DIGEST}
        if extra := sorted(there - set(listed)):
            raise Wrong(f"holds files that are not listed: {', '.join(extra)}")
        if missing := sorted(set(listed) - there):
            raise Wrong(f"lacks files that are listed: {', '.join(missing)}")
        for name, each in listed.items():
            size, digest = self.digest(name)
            if each["hash"] != f"sha256:{digest}" or each["bytes"] != size:
                raise Wrong(f"{name} was changed: its SHA-256 is {digest}")
        if not any(name.startswith("archive/") for name in there):
            raise Wrong("holds no archive file")
        return f"{len(there)} files, each with the SHA-256 that is listed, and nothing else"

    def no_hidden_bytes(self) -> None:
        """Check that every byte of the ZIP has its place and its one value (APPNOTE, section 4.3).

        Files are stored as they are and follow each other without a gap; what is said of each where
        it begins is said again in the list at the end, and nothing else is said.
        """
        with self.path.open("rb") as file:
            listed, start = _list_of_files(file)
            at = offset = 0
            while offset < len(listed):
                length, header, name, size = _listed(listed, offset, at)
                offset += length
                file.seek(at)
                if file.read(len(header)) != header:
                    raise Wrong(f"what is said of {name} where it begins is not what is listed")
                at += len(header) + size
        if at != start:
            raise Wrong("bytes that belong to no file, before the list of files")

    def digest(self, name: str) -> tuple[int, str]:
        """Return size and SHA-256 of a file of the package."""
        size, digest, self.opened = 0, hashlib.sha256(), name
        with self.zip.open(name) as file:
            while piece := file.read(2**20):
                size += len(piece)
                digest.update(piece)
        return size, digest.hexdigest()

    def package_signature(self) -> str:
        """Check ECDSA on P-384 over the digest of the manifest (WACZ-auth 0.1.0)."""
        told, about = self.json(DIGEST), self.json(MANIFEST)
        signed, actual = told["signedData"], f"sha256:{self.digest(MANIFEST)[1]}"
        expected = {
            "path": MANIFEST,
            "hash": actual,
            "signedData": {
                "hash": actual,
                "created": about["created"],
                "software": about["software"],
                "version": "0.1.0",
                "signature": signed["signature"],
                "publicKey": signed["publicKey"],
            },
        }
        # Nothing signs this file itself; so it may say nothing else, and in no other way.
        if self.read(DIGEST) != json.dumps(expected, ensure_ascii=False, indent=1).encode() + b"\n":
            raise Wrong(f"{MANIFEST} is not the one that was signed, or {DIGEST} was changed")
        numbers, key = _base64(signed["signature"]), _base64(signed["publicKey"])
        half = len(numbers) // 2
        der = _der_sequence(_der_integer(numbers[:half]) + _der_integer(numbers[half:]))
        arguments = ["dgst", "-sha256", "-verify", "KEY", "-keyform", "DER", "-signature", "SIG"]
        if not openssl(arguments, KEY=key, SIG=der, stdin=actual.encode()):
            raise Wrong("the signature does not hold")
        return f"one key signed all of it: {signed['publicKey']}"

    # ------------------------------------------------------------ the log

    def checkpoint(self) -> str:
        """Check the Ed25519 signature over name, size and root (c2sp.org/tlog-checkpoint)."""
        if self.expected_key is not None and self.expected_key not in self.known_by:
            raise Wrong(f"is of the key {self.key}, not of {self.expected_key}")
        self.size, self.root = self.signed(self.read(CHECKPOINT), self.key)
        root = base64.b64encode(self.root).decode()
        return f"{self.size} entries, root {root}, signed by {self.key}"

    def signed(self, note: bytes, key: str) -> tuple[int, bytes]:
        """Return size and root of a checkpoint that `key` signed."""
        name, key_id, public = _key(key, b"\x01")
        text, _, signatures = note.partition(b"\n\n")
        text += b"\n"
        begin = f"\u2014 {name} ".encode()
        ours = [line[len(begin) :] for line in signatures.splitlines() if line.startswith(begin)]
        if not any(_signed(text, _base64(one.decode()), key_id, public) for one in ours):
            raise Wrong(f"is not signed by {key}")
        origin, size, root = text.decode().splitlines()[:3]
        if origin != name:
            raise Wrong(f"is of another log: {origin}")
        return int(size), _base64(root)

    def succession(self) -> str:
        """Check how each key of the log followed the one before, and who signed what.

        The entry that names a new key is in a tree whose root both signed, or the new one alone
        where the former was lost; and all of these trees, and the bundle's own, are of one log.
        """
        told, own = self.json(KEYS), self.read(CHECKPOINT).decode().split("\n")
        roots, chain = {int(own[1]): _base64(own[2])}, list[tuple[int, dict[str, str]]]()
        if len(told["changes"]) > MAX_CHANGES:
            raise Wrong(f"names more than {MAX_CHANGES} changes of keys")
        for size in told["changes"]:
            entry = self.json(f"{KEYS_FOLDER}{size}.json")
            is_lost = entry["type"] == "key.lost"
            hashes, note = _proof(self.read(f"{KEYS_FOLDER}{size}.tlog-proof"), size - 1)
            leaf = hashlib.sha256(b"\0" + self.read(f"{KEYS_FOLDER}{size}.json")).digest()
            heads = [self.signed(note, entry["key"])]
            heads += [] if is_lost else [self.signed(note, entry["former"])]
            if {one[0] for one in heads} != {size} or any(
                _root(leaf, size - 1, size, hashes) != root for _, root in heads
            ):
                raise Wrong(f"entry {size - 1}, which names {entry['key']}, is not in the log")
            if is_lost:
                heads.append(self.signed(self.read(f"{KEYS_FOLDER}{size}.former"), entry["former"]))
            if chain and (chain[-1][0] >= size or chain[-1][1]["key"] != entry["former"]):
                raise Wrong(f"entry {size - 1} follows a key that did not sign then")
            chain.append((size, entry))
            if any(roots.setdefault(*one) != one[1] for one in heads):
                raise Wrong("the log's keys signed two different logs of one size")
        sizes = sorted(roots)
        for old, new, proof in zip(sizes, sizes[1:], told["consistency"]):  # noqa: B905  # not in Python 3.9
            hashes = [_base64(one) for one in proof]
            if not _is_continued(old, new, (roots[old], roots[new]), hashes):
                raise Wrong(f"the log of {new} entries does not go on from that of {old}")
        if len(told["consistency"]) != len(sizes) - 1:
            raise Wrong(f"{KEYS} does not tell how the checkpoints follow each other")
        return self.take_keys(chain)

    def take_keys(self, chain: list[tuple[int, dict[str, str]]]) -> str:
        """Note which key signed the checkpoint, and by which keys the log may be known."""
        own_size = int(self.read(CHECKPOINT).split(b"\n")[1])
        came = [entry for size, entry in chain if size <= own_size]
        signer = came[-1]["key"] if came else chain[0][1]["former"]
        if self.key and self.key != signer:
            raise Wrong(f"the checkpoint is of {signer}, not of {self.key}")
        self.key, self.newest_key = signer, chain[-1][1]["key"]
        self.known_by = {signer} | {entry["key"] for size, entry in chain if size > own_size}
        for entry in reversed(came):  # a key speaks for those after it as far as it signed for them
            if entry["type"] != "key.rotated":
                break
            self.known_by.add(entry["former"])
        ways = {"key.rotated": "followed", "key.revoked": "revoked", "key.lost": "lost"}
        said = [f"{each['former']} {ways[each['type']]} at entry {n - 1}" for n, each in chain]
        return f"{', '.join(said)}; now {self.newest_key}"

    def entry(self, index: int) -> str:
        """Check that an entry is in the tree (c2sp.org/tlog-proof), and its event is its own."""
        entry = self.read(f"{ENTRY}{index}.json")
        proof = self.read(f"{ENTRY}{index}.tlog-proof")
        hashes, note = _proof(proof, index)
        if note != self.read(CHECKPOINT):
            raise Wrong("its proof is of another checkpoint")
        if not self.root:
            raise Wrong("there is no checkpoint that holds")
        leaf = hashlib.sha256(b"\0" + entry).digest()
        if _root(leaf, index, self.size, hashes) != self.root:
            raise Wrong("is not in the log, or was changed")
        told, event = json.loads(entry), self.read(f"{ENTRY}{index}.event.json")
        if told["body"] != f"sha256:{hashlib.sha256(event).hexdigest()}":
            raise Wrong("its event was changed")
        said = f"{told['type']} of {told['time']}, in the log as it was signed"
        withheld = self.withheld(f"{ENTRY}{index}.disclosed.jsonl", json.loads(event))
        self.hidden |= {f"{told['type']}.{field}" for field in withheld}
        return f"{said}; withheld of it: {', '.join(withheld)}" if withheld else said

    def withheld(self, name: str, event: dict[str, Any]) -> list[str]:
        """Return the names of what is withheld of an event; check what is disclosed in file `name`.

        In a value's place an event holds the SHA-256 of a line `["SALT",VALUE]`; the lines that are
        there follow in the order of those digests.
        """
        given = self.read(name).split(b"\n") if name in self.names else [b""]
        withheld = []
        for field, digest in _commitments(event, ""):
            if digest != f"sha256:{hashlib.sha256(given[0]).hexdigest()}":
                withheld.append(field)
            elif len(json.loads(given.pop(0))) != SALT_AND_VALUE:
                raise Wrong(f"what is disclosed as {field} is no salt and value")
        if given != [b""]:
            raise Wrong(f"{name} holds what the event does not: altered, added or out of order")
        return withheld

    def archive_file(self, name: str) -> str:
        """Check that a file is the one that a log entry names by its SHA-256."""
        index = self.archives[name]
        logged = json.loads(self.read(f"{ENTRY}{index}.json"))["warc"]
        size, digest = self.digest(name)
        if logged["sha256"] != digest or logged["bytes"] != size:
            raise Wrong(f"is not the file that log entry {index} names")
        return f"SHA-256 {digest}, as log entry {index} says"

    # ------------------------------------------------------------ findings

    def finding(self, name: str) -> str:
        """Check that the record is the one cited; look for the quote in it, where it is text."""
        told = self.json(name)
        cited = told["sousveil:record"]
        file = cited["file"]
        if file not in self.archives or self.archives[file] != cited["log_index"]:
            raise Wrong(f"{file} is not the file of log entry {cited['log_index']}")
        head, block = self.record(file, cited["offset"], cited["length"])
        if head.get("warc-record-id") != cited["record_id"]:
            raise Wrong(f"no record {cited['record_id']} at byte {cited['offset']} of {file}")
        if f"sha256:{hashlib.sha256(block).hexdigest()}" != cited["record_digest"]:
            raise Wrong("the record's bytes are not those that are cited")
        if "payload" in cited:  # the answer was the same as an earlier one, which holds the bytes
            other = cited["payload"]
            head, block = self.record(other["file"], other["offset"], other["length"])
            if f"sha256:{hashlib.sha256(block).hexdigest()}" != other["record_digest"]:
                raise Wrong("the record that holds the answer's bytes is not the one that is cited")
        quote = told["target"]["selector"][0]["exact"]
        return (
            f"{head.get('warc-target-uri')} at {head.get('warc-date')}: {found(quote, head, block)}"
        )

    def record(self, file: str, offset: int, length: int) -> tuple[dict[str, str], bytes]:
        """Return the header fields and the block of a WARC record (WARC 1.1, section 4)."""
        with self.zip.open(file) as archive:
            archive.seek(offset)
            data = archive.read(length)
        if data[:2] == b"\x1f\x8b":
            data = zlib.decompressobj(31).decompress(data, MAX_RECORD_BYTES)
        head, _, rest = data.partition(b"\r\n\r\n")
        fields = _fields(head)
        size = int(fields["content-length"])
        if len(rest) < size:
            raise Wrong(f"the record at byte {offset} of {file} is cut short")
        return fields, rest[:size]

    # ------------------------------------------------------------ time

    def timestamp(self, name: str) -> str:
        """Check that a time-stamping authority, or a block, saw the checkpoint (RFC 3161, .ots)."""
        if name.endswith(".ots"):
            return self.anchor(name)
        token, stem = self.read(name), name[: -len(".tsr")]
        parts = {"TOKEN": token, "DATA": self.read(CHECKPOINT), "CA": self.read(f"{stem}.pem")}
        text = openssl(["ts", "-reply", "-in", "TOKEN", "-text"], TOKEN=token)
        at = re.search(rb"Time stamp: (.*)", text)
        if at is None:
            raise Wrong("is no time stamp")
        # Its certificates were good on the day it was made; today they may have run out.
        seconds = openssl_time(at[1].decode().strip())
        verify = ["ts", "-verify", "-in", "TOKEN", "-data", "DATA", "-CAfile", "CA"]
        if b"Verification: OK" not in openssl([*verify, "-attime", str(seconds)], **parts):
            raise Wrong("does not hold for this checkpoint and these authorities")
        return f"this checkpoint existed at {at[1].decode().strip()}"

    def anchor(self, name: str) -> str:
        """Check that a proof leads from the checkpoint to the root in a block's header."""
        blocks = _ots_blocks(self.read(name), self.read(CHECKPOINT))
        if not blocks:
            raise Wrong("leads to no block")
        height, root = min(blocks)
        kept = f"sousveil/timestamps/block-{height}.header"
        if kept not in self.names:
            return f"leads to block {height} of Bitcoin, if its merkle root is {root[::-1].hex()}"
        header = bytes.fromhex(self.read(kept).decode().strip())
        digest = hashlib.sha256(hashlib.sha256(header).digest()).digest()
        bits = int.from_bytes(header[72:76], "little")
        target = (bits & 0x7FFFFF) << 8 * max(0, min(bits >> 24, 32) - 3)
        if len(header) != HEADER_BYTES or header[36:68] != root:
            raise Wrong(f"does not lead to the root in {kept}")
        if int.from_bytes(digest, "little") > target:
            raise Wrong(f"{kept} was not worked for: its hash does not meet its target")
        seconds = int.from_bytes(header[68:72], "little")
        at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
        return (
            f"this checkpoint existed before block {height} of Bitcoin, whose header says {at}, if"
            f" that is in Bitcoin's chain: compare its hash, {digest[::-1].hex()}, with any node's"
        )

    def witness(self, key: str) -> str:
        """Check that others saw the log grow to this checkpoint (c2sp.org/tlog-cosignature)."""
        own, note = self.read(CHECKPOINT), self.read(COSIGNED)
        lines = note[len(own) :].decode().split("\n")
        if not note.startswith(own) or len(lines) != len(self.witnesses) + 1 or lines.pop():
            raise Wrong(f"{COSIGNED} is of another checkpoint, or signed by others, too")
        name, key_id, public = _key(key, b"\x04")
        begin, text = f"\u2014 {name} ", own.partition(b"\n\n")[0] + b"\n"
        for line in lines:
            signed = _base64(line[len(begin) :]) if line.startswith(begin) else b""
            seconds = int.from_bytes(signed[4:12], "big")
            message = f"cosignature/v1\ntime {seconds}\n".encode() + text
            if _signed(message, signed[:4] + signed[12:], key_id, public):
                at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
                return f"saw this checkpoint at {at}; it went on from all that it had seen"
        raise Wrong(f"did not sign {CHECKPOINT}")

    def conclude(self) -> None:
        """Print what all of it comes to."""
        print()
        if not self.is_whole:
            print("NO: this bundle is not what was logged; the lines above say what is wrong.")
            return
        print(f"YES: {len(self.findings)} findings, as they were logged and signed.")
        if self.hidden:
            hidden = ", ".join(sorted(self.hidden))
            print(f"Withheld by who made it, and not needed for this: {hidden}")
        if self.expected_key is None:
            print(
                "Ask whoever gave you this, by another way, whether this is their key: "
                + self.newest_key
            )
        if self.witnesses:
            print("Ask the witnesses, too, whether those are their keys.")
        if not self.stamps and not self.witnesses:
            print("The times are those of the computer that logged; nobody else vouches for them.")


def found(quote: str, head: dict[str, str], block: bytes) -> str:
    """Return in words whether a quote stands in an answer, as far as text can be had of it."""
    fields = {"content-type": head.get("content-type", "")}
    body: bytes | None = block
    if head.get("warc-type") == "response":
        start, _, sent = block.partition(b"\r\n\r\n")
        fields = _fields(start)
        body = _decoded(_dechunked(sent, fields), fields)
    media_type, _, parameters = fields.get("content-type", "").partition(";")
    named = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", parameters)
    texts = re.compile(r"text/|application/(?:[\w.+-]*\+)?(?:json|xml)|application/javascript")
    if body is None or not texts.match(media_type.strip()):
        return "the record is the one cited; its text is for you to look at (no plain text)"
    for charset in filter(None, [named and named[1], "utf-8", "gb18030", "cp1252"]):
        try:
            text = body[:MAX_TEXT_BYTES].decode(charset)
        except (LookupError, UnicodeDecodeError):
            continue
        shown = re.sub(r"(?s)<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", "", text)
        unescaped = re.sub(r"\\u([0-9a-fA-F]{4})", lambda hit: chr(int(hit[1], 16)), text)
        forms = (text, html.unescape(shown), html.unescape(text), unescaped)
        if any(_letters(quote) in _letters(form) for form in forms):
            return "the quote stands in these bytes, word for word"
    return "the record is the one cited; the quote was put together of its parts: look at it"


def _commitments(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield name and digest of each value that an event commits to, in their order."""
    if isinstance(value, list):
        for one in value:
            yield from _commitments(one, path)
    elif isinstance(value, dict):
        if value.keys() == {"..."} and re.fullmatch("sha256:[0-9a-f]{64}", str(value["..."])):
            yield path, value["..."]
            return
        for name, inner in value.items():
            yield from _commitments(inner, f"{path}.{name}" if path else name)


def _letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isalnum())


def _fields(head: bytes) -> dict[str, str]:
    lines = head.decode("utf-8", "replace").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _dechunked(body: bytes, fields: dict[str, str]) -> bytes:
    if fields.get("transfer-encoding", "").lower() != "chunked":
        return body
    data, parts = io.BytesIO(body), []
    while size := int(data.readline().split(b";")[0], 16):
        parts.append(data.read(size))
        data.readline()
    return b"".join(parts)


def _decoded(body: bytes, fields: dict[str, str]) -> bytes | None:
    coding = fields.get("content-encoding", "").lower()
    if coding in {"gzip", "x-gzip"}:
        return zlib.decompressobj(31).decompress(body, MAX_TEXT_BYTES)
    if coding == "deflate":
        raw = -15 if body[:1] != b"\x78" else 15
        return zlib.decompressobj(raw).decompress(body, MAX_TEXT_BYTES)
    return body if coding in {"", "identity"} else None


# ---------------------------------------------------------------- ZIP (APPNOTE, section 4.3)

LOCAL = struct.Struct("<4s5H3I2H")
LISTED = struct.Struct("<4s4B4H3I5H2I")
END = struct.Struct("<4s4H2IH")
END64, LOCATOR = struct.Struct("<4sQ2H2I4Q"), struct.Struct("<4sIQI")
MAX32, MAX16 = 0xFFFFFFFF, 0xFFFF
PLAIN, WIDE = 20, 45  # versions of the format; the second has sizes of 64 bits
UTF8 = 0x800
FILE_MODE = 0o100644 << 16


def _list_of_files(file: BinaryIO) -> tuple[bytes, int]:
    """Return the list of files at the end of a ZIP, and where it begins."""
    end_at = file.seek(0, io.SEEK_END) - END.size
    file.seek(max(0, end_at))
    told = END.unpack(file.read())
    count, size, start = told[3], told[5], told[6]
    expected: list[bytes] = [END.pack(b"PK\5\6", 0, 0, count, count, size, start, 0)]
    if count == MAX16 or MAX32 in (size, start):
        wide_at = end_at - LOCATOR.size - END64.size
        file.seek(max(0, wide_at))
        count, size, start = END64.unpack(file.read(END64.size))[-3:]
        expected = [
            END64.pack(b"PK\6\6", 44, WIDE, WIDE, 0, 0, count, count, size, start),
            LOCATOR.pack(b"PK\6\7", 0, wide_at, 1),
            END.pack(
                *(b"PK\5\6", 0, 0, min(count, MAX16), min(count, MAX16)),
                *(min(size, MAX32), min(start, MAX32), 0),
            ),
        ]
    file.seek(start)
    listed = file.read(size)
    if len(listed) != size or file.read() != b"".join(expected):
        raise Wrong("bytes that belong to no file, after the list of files")
    return listed, start


def _listed(data: bytes, offset: int, at: int) -> tuple[int, bytes, str, int]:
    """Return length of a line of the list, its file's header, name and size.

    The file begins at byte `at`; the line must be the only one that says so.
    """
    told = LISTED.unpack_from(data, offset)
    when, crc, size, name_length = told[7:9], told[9], told[11], told[12]
    name = data[offset + LISTED.size :][:name_length]
    extra = data[offset + LISTED.size + name_length :][: told[13]]
    wide = [int.from_bytes(extra[n : n + 8], "little") for n in range(4, len(extra), 8)]
    real = wide[0] if size == MAX32 and wide else size
    both = (real, real) if size == MAX32 else ()
    more = both + ((at,) if told[18] == MAX32 else ())
    flags, version = 0 if name.isascii() else UTF8, WIDE if more else PLAIN
    expected = LISTED.pack(
        *(b"PK\1\2", version, 3, version, 0, flags, 0, *when, crc),
        *(size, size, name_length, len(extra), 0, 0, 0, FILE_MODE, min(at, MAX32)),
    )
    as_listed = data[offset : offset + LISTED.size] == expected
    if not as_listed or extra != _sizes(more):
        raise Wrong(f"a file is listed otherwise than its maker writes it: {name!r}")
    local = LOCAL.pack(
        *(
            b"PK\3\4",
            WIDE if both else PLAIN,
            flags,
            0,
            *when,
            crc,
            size,
            size,
            name_length,
            len(_sizes(both)),
        )
    )
    return LISTED.size + name_length + len(extra), local + name + _sizes(both), name.decode(), real


def _sizes(numbers: tuple[int, ...]) -> bytes:
    """Return the extra field of sizes that need 64 bits (section 4.5.3)."""
    if not numbers:
        return b""
    return struct.pack(f"<2H{len(numbers)}Q", 1, 8 * len(numbers), *numbers)


# ---------------------------------------------------------------- hashes and signatures


def _root(leaf: bytes, index: int, size: int, hashes: list[bytes]) -> bytes | None:
    """Return the root that an inclusion proof leads to (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    node, last, at = leaf, size - 1, index
    for one in hashes:
        if last == 0:
            return None
        if at % 2 or at == last:
            node = hashlib.sha256(b"\1" + one + node).digest()
            while at % 2 == 0 and at:
                at, last = at // 2, last // 2
        else:
            node = hashlib.sha256(b"\1" + node + one).digest()
        at, last = at // 2, last // 2
    return node if last == 0 else None


def _is_continued(old: int, new: int, roots: tuple[bytes, bytes], hashes: list[bytes]) -> bool:
    """Tell whether a tree begins with a smaller one (RFC 9162, section 2.1.4.2)."""
    path = [roots[0], *hashes] if old & (old - 1) == 0 else list(hashes)
    if not path:
        return False
    at, last = old - 1, new - 1
    while at % 2:
        at, last = at // 2, last // 2
    older = newer = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if at % 2 or at == last:
            older = hashlib.sha256(b"\1" + one + older).digest()
            newer = hashlib.sha256(b"\1" + one + newer).digest()
            while at % 2 == 0 and at:
                at, last = at // 2, last // 2
        else:
            newer = hashlib.sha256(b"\1" + newer + one).digest()
        at, last = at // 2, last // 2
    return last == 0 and (older, newer) == roots


def _ots_blocks(proof: bytes, data: bytes) -> list[tuple[int, bytes]]:
    """Return height and root of each block to which a proof leads (opentimestamps.org)."""
    begin = OTS_MAGIC + b"\1\x08" + hashlib.sha256(data).digest()
    if not proof.startswith(begin):
        raise Wrong("is no proof of this checkpoint")
    file, found = io.BytesIO(proof[len(begin) :]), list[tuple[int, bytes]]()
    _follow(file, hashlib.sha256(data).digest(), found)
    if file.read():
        raise Wrong("goes on after its end")
    return found


def _follow(file: BinaryIO, message: bytes, found: list[tuple[int, bytes]]) -> None:
    """Do the steps that a proof does with a message, each of its ways to the end."""
    while (tag := file.read(1)) == b"\xff":
        _step(file, file.read(1), message, found)
    _step(file, tag, message, found)


def _step(file: BinaryIO, tag: bytes, message: bytes, found: list[tuple[int, bytes]]) -> None:
    if tag == b"\0":
        kind, payload = file.read(8), file.read(_number(file))
        if kind == IN_BITCOIN:
            found.append((_number(io.BytesIO(payload)), message))
    elif tag == b"\xf0":
        _follow(file, message + file.read(_number(file)), found)
    elif tag == b"\xf1":
        _follow(file, file.read(_number(file)) + message, found)
    elif tag == b"\x08":
        _follow(file, hashlib.sha256(message).digest(), found)
    else:
        raise Wrong(f"has a step that is not known here: {tag.hex()}")


def _number(file: BinaryIO) -> int:
    byte, value, shift = 0x80, 0, 0
    while byte & 0x80:
        byte = file.read(1)[0]
        value, shift = value | (byte & 0x7F) << shift, shift + 7
    return value


def _proof(proof: bytes, index: int) -> tuple[list[bytes], bytes]:
    """Return the hashes and the checkpoint of a proof that entry `index` is in a tree."""
    head, _, note = proof.partition(b"\n\n")
    lines = head.decode().splitlines()
    if lines[:2] != ["c2sp.org/tlog-proof@v1", f"index {index}"]:
        raise Wrong(f"its proof is not one of entry {index}")
    return [_base64(line) for line in lines[2:]], note


def _key(key: str, kind: bytes) -> tuple[str, str, bytes]:
    """Return name, id and Ed25519 key that NAME+ID+KEY stands for (c2sp.org/signed-note)."""
    name, _, rest = key.partition("+")
    key_id, _, encoded = rest.partition("+")
    public = _base64(encoded)
    named = hashlib.sha256(name.encode() + b"\n" + public).hexdigest()
    if public[:1] != kind or named[:8] != key_id:
        raise Wrong(f"the key {key} is mistyped")
    return name, key_id, public[1:]


def _signed(text: bytes, signature: bytes, key_id: str, public: bytes) -> bool:
    if signature[:4].hex() != key_id:
        return False
    arguments = ["pkeyutl", "-verify", "-pubin", "-inkey", "KEY", "-keyform", "DER", "-rawin"]
    arguments += ["-in", "TEXT", "-sigfile", "SIG"]
    return bool(openssl(arguments, KEY=ED25519_SPKI + public, TEXT=text, SIG=signature[4:]))


def _base64(text: str) -> bytes:
    """Return what base64 stands for; of several texts for the same bytes one alone is taken."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise Wrong(f"is not in base64 as it should be: {text}")
    return data


def openssl(arguments: list[str], stdin: bytes = b"", **files: bytes) -> bytes:
    """Run openssl with `files` in place of their names; return its output, b"" when it says no."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder) / name for name in files}
        for name, data in files.items():
            paths[name].write_bytes(data)
        command = ["openssl", *(str(paths.get(one, one)) for one in arguments)]
        try:
            done = subprocess.run(
                command, input=stdin, capture_output=True, check=False, timeout=60
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Wrong(f"openssl could not be run: {error}") from error
    return (done.stdout + done.stderr) if done.returncode == 0 else b""


def openssl_time(text: str) -> int:
    """Return the seconds since 1970 of a time as openssl prints it: "Nov 23 16:20:05 2026 GMT"."""
    return calendar.timegm(time.strptime(re.sub(r"\.\d+", "", text), "%b %d %H:%M:%S %Y %Z"))


def _der_integer(number: bytes) -> bytes:
    number = number.lstrip(b"\0") or b"\0"
    if number[0] >> 7:
        number = b"\0" + number
    return b"\x02" + bytes([len(number)]) + number


def _der_sequence(content: bytes) -> bytes:
    return b"\x30" + bytes([len(content)]) + content


if __name__ == "__main__":
    sys.exit(main())
