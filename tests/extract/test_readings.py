"""What a payload holds: one document, or those of a package."""

import io
import zipfile

from sousveil.extract import Reading, boxes, readings
from tests.extract.pdfs import Text, make_pdf


def read(payload: bytes, media_type: str = "", name: str = "sdk.zip") -> list[Reading]:
    return list(readings(payload, media_type=media_type, charset=None, name=name))


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return out.getvalue()


def test_a_page_is_one_reading_without_a_part() -> None:
    (reading,) = read(b"<p>words", "text/html", "https://a.example/")
    assert (reading.part, reading.payload, reading.problem) == (None, b"<p>words", "")
    assert reading.document is not None
    assert reading.document.text == "words"


def test_what_cannot_be_read_is_a_reading_that_says_why() -> None:
    (reading,) = read(b"%PDF-1.7 nonsense", "application/pdf", "a.pdf")
    assert reading.document is None
    assert reading.problem.startswith("a.pdf: the PDF is not read")


def test_each_file_of_a_package_is_read_by_its_own_name() -> None:
    payload = zipped(
        face_h=b"// \xc8\xcb\xd6\xd6\nint race;\n", a_class=b"x", x_pdf=b"%PDF-", y_bin=bytes(99)
    )
    header, pdf, noise, rest = read(payload, "application/zip")
    assert header.part == "face.h"
    assert header.document is not None
    assert (header.document.format, header.document.charset) == ("code", "gb18030")
    assert header.payload == b"// \xc8\xcb\xd6\xd6\nint race;\n"
    assert (pdf.part, pdf.document) == ("x.pdf", None)
    assert pdf.problem.startswith("x.pdf: the PDF is not read")
    assert noise.problem.startswith("y.bin: the bytes are no text")
    assert (rest.part, rest.problem) == (
        "",
        "files that hold no text for people are not read: 1 of compiled code",
    )


def test_a_pdf_in_a_package_has_its_boxes() -> None:
    pdf = make_pdf([[Text("It tells moods apart.")]])
    (reading,) = read(zipped(manual_pdf=pdf))
    assert reading.document is not None
    start = reading.document.text.index("moods")
    (found,) = boxes(reading.payload, reading.document, [(start, start + 5)]).values()
    assert [box.page for box in found] == [1]
