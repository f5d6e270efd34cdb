"""Uploads that name the erased: found whatever they are packed and written in, taken back, and found by the proof."""

import gzip
import io
import json
from functools import partial
from typing import Any

import pyarrow
import pytest
from django.utils import timezone
from pyarrow import parquet

from pipeline import uploads as loading
from privacy import erasure_case, mentions, proof, requests
from privacy.erasure import erase
from privacy.models import ErasureCase, SubjectRequest
from privacy.scan_sealed import scan_sealed
from privacy.search import Search
from privacy.upload_texts import PIECE, texts_of
from privacy.wanted import Wanted, leave
from records.models import LOADED, TAKEN_BACK, FileLoad, Source, UploadChunk
from records.uploads import CHUNK, ERASED_MEANWHILE, Receiver
from tests.privacy.cast import NOW, OFFICER, SECOND_OFFICER, Person
from vault.ids import new_id
from vault.models import DataKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

HEADER = "customer_number,given_name,family_name,email,phone\n"
OTHERS = "C-900001,Olga,Otherson,olga@example.com,+442079460999\n"


def sent(source: Source, content: bytes, **how: bool) -> FileLoad:
    with Receiver(source, by="test", most=10**9, now=timezone.now(), **how) as receiver:
        receiver.write(content)
    return FileLoad.objects.get(pk=receiver.load.pk)


def row_of(person: Person) -> str:
    return f"{person.customer_number},Anybody,{person.family_name},{person.email},+442079460998\n"


def as_parquet(text: str) -> bytes:
    names, *rows = (line.split(",") for line in text.splitlines())
    file = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows]), file)
    return file.getvalue()


WRITTEN = {
    "plain": str.encode,
    "packed": lambda text: gzip.compress(text.encode()),
    "utf-16": lambda text: text.encode("utf-16"),
    "parquet": as_parquet,
    # What is broken is searched as it lies there.
    "cut": lambda text: gzip.compress(text.encode(), compresslevel=0)[:-12],
    "a line beyond all measure": lambda text: (HEADER + "x" * 1_500_000 + text.removeprefix(HEADER)).encode(),
}


@pytest.fixture(autouse=True)
def nothing_but_databases(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file has to be searched here."""
    monkeypatch.setattr(proof, "_folders", lambda unscanned: [tmp_path])


def erased(person: Person) -> SubjectRequest:
    request = requests.open("erasure", profile_id=person.profile, actor=OFFICER, now=NOW)
    request = requests.approve(request, actor=SECOND_OFFICER, now=NOW)
    erase(request, actor=SECOND_OFFICER, now=timezone.now())
    return SubjectRequest.objects.get(pk=request.pk)


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("try_first", [True, False])
def test_an_upload_that_names_the_erased_is_taken_back_with_its_key(
    written: str, try_first: bool, alice: Person, bob: Person
) -> None:
    source = Source.objects.all()[0]
    theirs = sent(source, WRITTEN[written](HEADER + OTHERS + row_of(alice)), try_first=try_first)
    others = sent(source, WRITTEN[written](HEADER + OTHERS), try_first=try_first)
    request = erased(alice)
    theirs.refresh_from_db()
    others.refresh_from_db()
    assert (theirs.state, theirs.fault) == (TAKEN_BACK, ERASED_MEANWHILE)
    assert not UploadChunk.objects.filter(load=theirs).exists()
    assert not DataKey.objects.filter(pk=theirs.pk).exists()
    assert others.ended_at is None
    assert UploadChunk.objects.filter(load=others).exists()
    assert request.outcome["mentions"]["records.UploadChunk"] >= 1
    assert proof.prove(request, now=timezone.now()).hits == 0


def _column(values: Any, kind: Any = None) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pyarrow.table({"loyalty_card": ["L-1"], "odd": pyarrow.array(values, kind)}), file)
    return file.getvalue()


ODD = {
    "a date after the year 9999": (_column([10**12], pyarrow.timestamp("s")), ""),
    "an unknown time zone": (_column([0], pyarrow.timestamp("us", tz="Mars/Base")), ""),
    "names of the web": (b"loyalty_card,total\nL-1,5.00\n", "idna"),
}


@pytest.mark.parametrize("odd", ODD)
def test_a_file_that_nobody_can_read_stops_no_erasure(odd: str, alice: Person) -> None:
    content, encoding = ODD[odd]
    load = sent(Source.objects.all()[0], content)
    FileLoad.objects.filter(pk=load.pk).update(encoding=encoding)
    named = sent(Source.objects.all()[0], (HEADER + row_of(alice)).encode())
    erased(alice)
    assert FileLoad.objects.get(pk=named.pk).state == TAKEN_BACK
    assert FileLoad.objects.get(pk=load.pk).state != TAKEN_BACK


def test_letters_written_as_numbers_are_found(alice: Person) -> None:
    """As many programs write the signs of JSON that mean something in HTML."""
    line = json.dumps({"email": alice.email}).replace("@", "\\u0040")
    load = sent(Source.objects.all()[0], line.encode() + b"\n")
    erased(alice)
    assert FileLoad.objects.get(pk=load.pk).state == TAKEN_BACK


def test_the_file_sent_again_is_loaded_without_the_erased(alice: Person) -> None:
    source = Source.objects.filter(stable_key="customer_number")[0]
    text = (HEADER + OTHERS + row_of(alice)).encode()
    erased(alice)
    load = sent(source, text)
    loading.work_on(load.pk)
    load.refresh_from_db()
    assert (load.state, load.stored, load.refused) == (LOADED, 1, 1)


@pytest.mark.parametrize("written", WRITTEN)
def test_the_proof_finds_an_upload_that_came_after(written: str, alice: Person) -> None:
    request = erased(alice)
    source = Source.objects.all()[0]
    sent(source, WRITTEN[written](HEADER + OTHERS))
    assert proof.prove(request, now=timezone.now()).hits == 0
    sent(source, WRITTEN[written](HEADER + OTHERS + row_of(alice)))
    report = proof.prove(request, now=timezone.now())
    assert [place.name for place in report.places if place.values] == ["records_uploadchunk.sealed, by its text"]
    assert ErasureCase.objects.get(pk=request.pk).proof_state == "found"


@pytest.mark.parametrize("at", [CHUNK - 7, PIECE - 7, CHUNK * 32 - 7])
def test_a_value_that_lies_on_the_edge_of_two_pieces_is_found(at: int, alice: Person) -> None:
    source = Source.objects.all()[0]
    filler = b"note\n" + b"a note of forty characters, nobody named\n" * (PIECE * 3 // 41)
    content = filler[:at] + alice.email.encode() + filler[at:]
    load = sent(source, content)
    search = Search(Wanted(own=frozenset({("email", alice.email)})))
    opening = partial(leave, request_id=new_id(), actor=erasure_case.STAGE, now=timezone.now())
    texts = texts_of(load, leave=partial(opening, [load.pk]))
    assert any(search.bearing(parts) for parts in texts)
    found = mentions.find(search, request_id=new_id(), now=timezone.now())
    assert found.uploads == [load.pk]
    scanned = [one for one in scan_sealed(search, leave=opening) if one.name.startswith("records_uploadchunk")]
    assert [bool(one.values) for one in scanned] == [True]
