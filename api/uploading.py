"""Files as they are sent: as the body, or in a form; handed on as they arrive, never kept on a disk."""

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from api.bodies import too_large
from api.errors import FieldError, Problem
from records.uploads import Receiver, TooLarge

PIECE = 256 * 1024
# A form has its boundaries beside the file.
FORM_AROUND_IT = 64 * 1024


class BrokenOff(Problem):
    """The connection ended before the file did."""

    def __init__(self) -> None:
        super().__init__(400, code="broken_off", detail="The body ended early. Send the file again.")


def pass_on(request: HttpRequest, receiver: Receiver, *, most: int) -> None:
    """Hand the file of this request to the receiver. Raises `api.errors.Problem`."""
    length = _length(request, most)
    try:
        if request.content_type == "multipart/form-data":
            _form(request, receiver)
        else:
            _body(request, receiver, length)
    except TooLarge:
        raise too_large(most) from None


def _length(request: HttpRequest, most: int) -> int:
    if not request.META.get("CONTENT_LENGTH"):
        raise Problem(411, code="length_required", detail="Send a Content-Length; a chunked body is not read.")
    packing = request.headers.get("Content-Encoding", "identity").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip"):
        raise Problem(415, code="unsupported_encoding", detail="Content-Encoding must be gzip or identity.")
    length = int(request.META["CONTENT_LENGTH"])
    if length > most + FORM_AROUND_IT:
        raise too_large(most)
    if length == 0:
        raise _empty()
    return length


def _body(request: HttpRequest, receiver: Receiver, length: int) -> None:
    while piece := request.read(PIECE):
        receiver.write(piece)
        length -= len(piece)
    if length:
        raise BrokenOff


def _form(request: HttpRequest, receiver: Receiver) -> None:
    handler = _Handler(receiver)
    try:
        MultiPartParser(request.META, request, [handler]).parse()
    except MultiPartParserError:
        raise Problem(400, code="malformed_form", detail="The body is not a form with a file in it.") from None
    if handler.files != 1:
        detail = "Send one file, as the member 'file' of the form."
        raise Problem(400, code="one_file", detail=detail, errors=[FieldError("file", "one_file", detail)])
    if not receiver.load.size:
        raise _empty()


def _empty() -> Problem:
    detail = "The file is empty."
    return Problem(400, code="empty_file", detail=detail, errors=[FieldError("file", "empty_file", detail)])


class _Handler(FileUploadHandler):
    """Hands the file of a form on, piece by piece."""

    chunk_size = PIECE

    def __init__(self, receiver: Receiver) -> None:
        super().__init__()
        self._receiver = receiver
        self.files = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.files += 1

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.files == 1:
            self._receiver.write(raw_data)

    def file_complete(self, file_size: int) -> None:
        """Nothing of it is handed to the view."""
